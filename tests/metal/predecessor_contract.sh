#!/bin/sh
# predecessor_contract.sh CHECKS EXPECTED FILE...: the predecessor's scenarios and defects on the bare machine: with
# those numbers of CPUs between which its memory did not divide, and with APIC ids that have gaps.
. tests/metal/boot.sh
end="END $1 checks, 0 failed"
expected=$2
shift 2
elf=$(one_of .elf "$@")

boot 0 "$end" "$elf" -M q35 -smp 2 -m 128
if [ "$(printf '%s\n' "$output" | tr -d '\r')" != "$(cat "$expected")" ]; then
  printf 'FAILED: the output is not that of %s\n%s\n' "$expected" "$output"
  failed=1
fi
for cpus in 1 3 5 6 7; do
  boot 0 "$end" "$elf" -M q35 -smp "$cpus" -m 128
done
# Two sockets of three cores: APIC ids 0, 1, 2, 4, 5, 6.
boot 0 "$end" "$elf" -M q35 -smp 6,sockets=2,cores=3 -m 128
boot 0 "CPU 3, APIC id 4: " "$elf" -M q35 -smp 6,sockets=2,cores=3 -m 128 -append report
boot 0 "$end" "$elf" -M q35 -smp 4 -m 256 -object memory-backend-ram,id=m0,size=128M \
  -object memory-backend-ram,id=m1,size=128M \
  -numa node,nodeid=0,memdev=m0,cpus=0-1 -numa node,nodeid=1,memdev=m1,cpus=2-3
finish
