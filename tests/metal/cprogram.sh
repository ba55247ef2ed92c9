#!/bin/sh
# cprogram.sh FILE...: a C program with POSIX threads boots, counts right, and says what is wrong with its argument.
. tests/metal/boot.sh
elf=$(one_of .elf "$@")
iso=$(one_of .iso "$@")

for cpus in 1 2 5; do
  boot 0 "1229 primes up to 10000" "$elf" -M q35 -smp "$cpus" -m 64
  printf '%s\n' "$output" | grep -qE -e "^$cpus workers, [0-9]+\.[0-9] ms, on 20[0-9]{2}-" || {
    printf 'FAILED: no line of %s workers, a time and a date:\n%s\n' "$cpus" "$output"
    failed=1
  }
done
boot 0 "1229 primes up to 10000" "$iso" -M q35 -smp 2 -m 64
boot 0 "168 primes up to 1000" "$elf" -M microvm -smp 2 -m 64 -append "-- 1000"
boot 2 "cprogram: 'many': expected a number from 1 to 1000000" "$elf" -M q35 -smp 2 -m 64 -append "-- many"
finish
