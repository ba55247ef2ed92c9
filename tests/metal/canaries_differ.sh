#!/bin/sh
# canaries_differ.sh CANARY_ELF: no two threads of any two boots have the same stack canary, whatever the CPU has to
# make random numbers from, and whatever seed the user gives.
. tests/metal/boot.sh
elf=$1
all=$TEST_TMPDIR/canaries
: >"$all"

run() {
  boot 0 "END 4 checks, 0 failed" "$elf" -m 64 "$@"
  printf '%s\n' "$output" | grep '^canary ' >>"$all"
}

for _ in 1 2 3 4; do
  run -M q35 -smp 2
  run -M q35 -smp 2 -append seed=7
  run -M q35 -smp 2 -cpu qemu64
  run -M microvm -smp 3 -cpu qemu64 -append seed=7
done
# 1 of main, 3 a CPU of threads, 1 of each other CPU's loop; 12 boots with 2 CPUs and 4 with 3.
wanted=$((12 * 8 + 4 * 12))
lines=$(wc -l <"$all")
different=$(sort -u "$all" | wc -l)
if [ "$lines" -ne "$wanted" ] || [ "$different" -ne "$wanted" ]; then
  echo "FAILED: $lines canaries, $different different ones; expected $wanted of both"
  failed=1
fi
finish
