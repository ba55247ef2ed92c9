#!/bin/sh
# contract_boots.sh CHECKS FILE...: a contract test on the bare machine, with 1 to 4 CPUs.
. tests/metal/boot.sh
end="END $1 checks, 0 failed"
shift
elf=$(one_of .elf "$@")

for cpus in 1 2 3 4; do
  boot 0 "$end" "$elf" -M q35 -smp "$cpus" -m 128
done
finish
