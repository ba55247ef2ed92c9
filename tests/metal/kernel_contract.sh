#!/bin/sh
# kernel_contract.sh CHECKS FILE...: the kernel's contract on every machine, by both loaders, with 1 to 16 CPUs and
# little and much memory.
. tests/metal/boot.sh
end="END $1 checks, 0 failed"
shift
elf=$(one_of .elf "$@")
iso=$(one_of .iso "$@")

for cpus in 1 2 3 4 5 7 8 16; do
  boot 0 "$end" "$elf" -M q35 -smp "$cpus" -m 128
done
boot 0 "$end" "$elf" -M pc -smp 2 -m 128
boot 0 "$end" "$elf" -M microvm -smp 2 -m 128
boot 0 "$end" "$elf" -M microvm -smp 8 -m 128
boot 0 "$end" "$iso" -M q35 -smp 2 -m 128
boot 0 "$end" "$iso" -M pc -smp 4 -m 128
boot 0 "$end" "$elf" -M q35 -smp 1 -m 16
boot 0 "$end" "$elf" -M q35 -smp 2 -m 16
boot 0 "$end" "$iso" -M q35 -smp 2 -m 16
boot 0 "$end" "$elf" -M q35 -smp 3 -m 8192
boot 0 "$end" "$iso" -M q35 -smp 2 -m 8192
boot 0 "$end" "$elf" -M microvm -smp 2 -m 8192

# Two nodes: of the same size, with their CPUs by turns; and so different that the CPUs of one borrow of the other.
two_nodes() { # MIB CPUS MIB CPUS
  memory0="-object memory-backend-ram,id=m0,size=$1M -numa node,nodeid=0,memdev=m0,$2"
  memory1="-object memory-backend-ram,id=m1,size=$3M -numa node,nodeid=1,memdev=m1,$4"
  # shellcheck disable=SC2086 # words
  boot 0 "$end" "$elf" -M q35 -smp 4 -m $(($1 + $3)) $memory0 $memory1 -numa dist,src=0,dst=1,val=21
}
two_nodes 64 cpus=0,cpus=2 64 cpus=1,cpus=3
two_nodes 120 cpus=0 8 cpus=1-3
finish
