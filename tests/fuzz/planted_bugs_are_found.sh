#!/bin/sh
# planted_bugs_are_found.sh ALLOCATOR PAGE_RUNS SOAK ALLOCATOR_CORPUS PAGE_RUNS_CORPUS: a run that is handed out twice
# and one that is lost are found by each, and what each of them prints for a replay shows the bug again.
set -u
. tests/fuzz/unpack_corpus.sh
unpack_corpus "$4" "$TEST_TMPDIR/allocator"
unpack_corpus "$5" "$TEST_TMPDIR/page_runs"
failed=0

expect_failure() { # WHAT STATUS-AND-OUTPUT
  case $2 in
    0,*) problem="went unnoticed" ;;
    *"fuzz: FAILED: "*) problem= ;;
    *) problem="ended without a report" ;;
  esac
  if [ -n "$problem" ]; then
    printf '%s\nFAILED: %s: %s\n' "$2" "$1" "$problem"
    failed=1
  else
    printf 'ok: %s: %s\n' "$1" "$(printf '%s\n' "$2" | grep -m 1 'fuzz: FAILED')"
  fi
}

for bug in twice lost; do
  export TORO_PLANT="$bug"
  for fuzzer in "$1" "$2"; do
    name=$(basename "$fuzzer")
    input=$TEST_TMPDIR/$name.$bug
    output=$("$fuzzer" -runs=20000 -seed=1 -len_control=0 -max_len=4096 -exact_artifact_path="$input" \
      "$TEST_TMPDIR/$name" 2>&1)
    expect_failure "$name, $bug" "$?,$output"
    output=$("$fuzzer" "$input" 2>&1)
    expect_failure "$name, $bug, replayed" "$?,$output"
  done
  output=$("$3" --seed=1 --operations=200000 2>&1)
  expect_failure "soak, $bug" "$?,$output"
  replay=$(printf '%s\n' "$output" | sed -n 's|^replay: ./toro soak allocator ||p')
  # shellcheck disable=SC2086 # words
  again=$("$3" $replay 2>&1)
  expect_failure "soak, $bug, replayed by $replay" "$?,$again"
done
exit "$failed"
