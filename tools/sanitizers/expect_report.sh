#!/bin/sh
# expect_report.sh PROGRAM BUG TEXT: the program, built with the sanitizer, must fail on the planted bug and say TEXT.
set -u
output=$("$1" "$2" 2>&1)
status=$?
echo "$output"
if [ "$status" = 0 ]; then
  echo "the planted bug '$2' went unnoticed" >&2
  exit 1
fi
case $output in
  *"$3"*) ;;
  *)
    echo "the program failed, but not with a report of '$3'" >&2
    exit 1
    ;;
esac
if ! "$1" none; then
  echo "the program fails without a bug too" >&2
  exit 1
fi
