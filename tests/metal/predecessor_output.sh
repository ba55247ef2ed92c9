#!/bin/sh
# predecessor_output.sh EXPECTED ELF: what the predecessor's scenarios print on the bare machine, to the last byte; and
# that CPUs whose APIC ids have gaps are numbered without.
. tests/metal/boot.sh
expected=$1
elf=$2

boot 0 "$(tail -n 1 "$expected")" "$elf" -M q35 -smp 2 -m 128
printf '%s\n' "$output" | tr -d '\r' | diff "$expected" - || failed=1
# Two sockets of three cores: APIC ids 0, 1, 2, 4, 5, 6.
boot 0 "CPU 3, APIC id 4: " "$elf" -M q35 -smp 6,sockets=2,cores=3 -m 128 -append report
finish
