#!/bin/sh
# pressure_contract.sh CHECKS FILE...: full channels, full partitions and busy CPUs, on the bare machine.
. tests/metal/boot.sh
end="END $1 checks, 0 failed"
shift
elf=$(one_of .elf "$@")

for cpus in 1 2 3 8; do
  boot 0 "$end" "$elf" -M q35 -smp "$cpus" -m 128
done
finish
