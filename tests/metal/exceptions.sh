#!/bin/sh
# exceptions.sh CHECKS CONTRACT_ELF EXCEPTIONS_ELF EXCEPTIONS_ISO: faults of the CPU are caught on every CPU.
. tests/metal/boot.sh
end="END $1 checks, 0 failed"
contract=$2
elf=$3
iso=$4

for cpus in 1 2 4; do
  boot 0 "$end" "$contract" -M q35 -smp "$cpus" -m 64 -append "-- 2000"
done
boot 0 "$end" "$contract" -M microvm -smp 2 -m 64 -append "-- 2000"
boot 0 "END 36 exceptions, 0 wrong" "$elf" -M q35 -smp 2 -m 64
boot 0 "END 36 exceptions, 0 wrong" "$iso" -M pc -smp 2 -m 64
boot 0 "END 18 exceptions, 0 wrong" "$elf" -M q35 -smp 1 -m 64
# The first processor with long mode, without a WRFSBASE instruction.
boot 0 "END 36 exceptions, 0 wrong" "$elf" -M q35 -smp 2 -m 64 -cpu qemu64
boot 0 "CPU 1: 5 / 0: Division by Zero" "$elf" -M q35 -smp 2 -m 64
boot 0 "CPU 1: write to the last address: Page Fault, write" "$elf" -M q35 -smp 2 -m 64
finish
