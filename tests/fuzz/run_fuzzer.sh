#!/bin/sh
# run_fuzzer.sh FUZZER CORPUS RUNS: the fuzzer finds nothing in so many runs, which begin with the seeds of the corpus.
set -u
. tests/fuzz/unpack_corpus.sh
unpack_corpus "$2" "$TEST_TMPDIR/corpus"
output=$("$1" -runs="$3" -seed=1 -max_len=256 -len_control=0 -artifact_prefix="$TEST_TMPDIR/" \
  "$TEST_TMPDIR/corpus" 2>&1)
status=$?
case $status,$output in
  0,*"Done $3 runs"*) echo "ok: $1: $3 runs" ;;
  *)
    printf '%s\nFAILED: %s: status %s, expected 0 and "Done %s runs"\n' "$output" "$1" "$status" "$3"
    exit 1
    ;;
esac
