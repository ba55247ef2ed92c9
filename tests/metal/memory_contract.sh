#!/bin/sh
# memory_contract.sh CHECKS FILE...: arenas, memory resources, DMA buffers and regions on the bare machine.
. tests/metal/boot.sh
end="END $1 checks, 0 failed"
shift
elf=$(one_of .elf "$@")

for cpus in 1 2 4; do
  boot 0 "$end" "$elf" -M q35 -smp "$cpus" -m 64 -append "-- metal"
done
finish
