#!/bin/bash
# size_report_test.sh SIZE_REPORT HELLO_ELF: what `./toro size hello` prints is right, whole or in part.
set -u
size_report=$1
hello=$2
failed=0

fail() {
  printf 'FAILED: %s\n%s\n' "$1" "$2"
  failed=1
}

output=$("$size_report" --image "$hello" "$hello" 2>&1) || fail "status $?" "$output"
for title in "Sections, bytes" "By archive or namespace, bytes in the file" "By archive member" "Largest symbols" \
  "Largest zero-filled symbols" "Tables of a backtrace, bytes"; do
  grep -qF -e "$title" <<<"$output" || fail "no '$title'" "$output"
done
bytes=$(stat -L -c %s "$hello")
last=$(tail -n 1 <<<"$output")
[ "$last" = "$(printf '%9d  the whole file' "$bytes")" ] || fail "the file has $bytes bytes" "$output"
# The code and the constants of the kernel, by what they belong to, are most of the two sections.
in_sections=$(awk '$2 == ".text" || $2 == ".rodata" { sum += $1 } END { print sum }' <<<"$output")
in_table=$(awk '/^By archive or/ { on = 1; next } /^$/ { on = 0 } on { sum += $1 } END { print sum }' <<<"$output")
((in_table > in_sections / 2 && in_table <= in_sections + 65536)) ||
  fail "the table sums up to $in_table bytes, .text and .rodata have $in_sections" "$output"
grep -qE '^ *[0-9]+  toro::Scheduler$' <<<"$output" || fail "no line for the scheduler" "$output"

first=$("$size_report" --image "$hello" "$hello" 2>&1 | head -n 1)
[ "$first" = "Sections, bytes" ] || fail "the first line is '$first'" ""
# A reader that goes away at once.
errors=$({ "$size_report" "$hello" 2>&1 >&3 | cat; } 3> >(exec true))
[ -z "$errors" ] || fail "a reader that goes away is no error" "$errors"
output=$("$size_report" no/such.elf 2>&1) && fail "status 0 for a file that is not there" "$output"
grep -qF "no/such.elf: no such file" <<<"$output" || fail "the missing file is not named" "$output"
exit "$failed"
