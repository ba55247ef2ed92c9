#!/bin/sh
# power_contract.sh CHECKS FILE...: CPUs that sleep and what wakes them, on the bare machine.
. tests/metal/boot.sh
end="END $1 checks, 0 failed"
shift
elf=$(one_of .elf "$@")

for cpus in 1 2 4 8; do
  boot 0 "$end" "$elf" -M q35 -smp "$cpus" -m 128
done
finish
