#!/bin/sh
# expect_nothing.sh PROGRAM: exchange_is_searched over the product's sources finds nothing.
"$1" | tee "$TEST_TMPDIR/output"
tail -n 1 "$TEST_TMPDIR/output" | grep -q ' configurations: all holds$'
