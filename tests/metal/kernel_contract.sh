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
finish
