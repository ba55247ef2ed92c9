#!/bin/sh
# planted_bugs_are_found.sh FAULTS MEMORY MEMORY_CHECKS PRESSURE PRESSURE_CHECKS: the expectations of the tests hold
# without a planted bug, and do not with it. A bug is found when the END line, or the text that a fault must have, is
# missing.
set -u
faults=$1
memory=$2
memory_end="END $3 checks, 0 failed"
pressure=$4
pressure_end="END $5 checks, 0 failed"
failed=0

# found BUG LINE COMMAND...: prints LINE somewhere without the bug, and not with it.
found() {
  bug=$1
  line=$2
  shift 2
  sound=$("$@" 2>&1 </dev/null)
  output=$(TORO_PLANT=$bug timeout -s KILL 60 "$@" 2>&1 </dev/null)
  if ! printf '%s\n' "$sound" | grep -qF -e "$line"; then
    printf '%s\nFAILED: without a bug there is no "%s"\n' "$sound" "$line"
    failed=1
  elif printf '%s\n' "$output" | grep -qF -e "$line"; then
    printf '%s\nFAILED: %s went unnoticed\n' "$output" "$bug"
    failed=1
  else
    printf 'ok: %s: %s\n' "$bug" "$(printf '%s\n' "$output" | grep -m 1 -e 'FAILED' -e 'fatal' -e 'no fault' || true)"
  fi
}

found upper-guard "access above the thread's stack" "$faults" --cpus=2 -- above-stack
found lost-free "$pressure_end" "$pressure" --cpus=2 --seed=1
found lost-waiting "$pressure_end" "$pressure" --cpus=2 --seed=1
found lost-arena "$memory_end" "$memory" --cpus=2 --seed=1
found unaligned "$memory_end" "$memory" --cpus=2 --seed=1
found page-neighbour "$memory_end" "$memory" --cpus=2 --seed=1
found page-access "which is read-only" "$faults" --cpus=2 -- write-read-only
exit "$failed"
