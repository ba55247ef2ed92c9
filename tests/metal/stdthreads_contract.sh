#!/bin/sh
# stdthreads_contract.sh CHECKS FILE...: the standard library's threads on the bare machine, with 1 to 16 CPUs.
. tests/metal/boot.sh
end="END $1 checks, 0 failed"
shift
elf=$(one_of .elf "$@")

for cpus in 1 2 3 8 16; do
  boot 0 "$end" "$elf" -M q35 -smp "$cpus" -m 128
done
boot 0 "$end" "$elf" -M microvm -smp 2 -m 64
# Without FSGSBASE the thread pointer is set by WRMSR.
boot 0 "$end" "$elf" -M q35 -smp 2 -m 128 -cpu max,-fsgsbase
finish
