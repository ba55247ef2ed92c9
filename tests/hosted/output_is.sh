#!/bin/sh
# output_is.sh EXPECTED PROGRAM [ARGUMENT]...: fails unless PROGRAM ends with 0 and prints EXPECTED, to the last byte.
set -u
expected=$1
shift
"$@" >"$TEST_TMPDIR/output"
status=$?
[ "$status" -eq 0 ] || echo "FAILED: status $status"
diff "$expected" "$TEST_TMPDIR/output" && [ "$status" -eq 0 ]
