#!/bin/sh
# expect_end.sh PROGRAM CHECKS [ARGUMENT]...: runs a contract test and fails unless it exits with 0 and its last line
# says that exactly CHECKS checks were made and none failed. Several argument lists are separated by the word AND.
set -u
program=$1
checks=$2
shift 2

run() {
  output=$("$program" "$@" 2>&1)
  status=$?
  last=$(printf '%s\n' "$output" | tail -n 1)
  if [ "$status" -ne 0 ] || [ "$last" != "END $checks checks, 0 failed" ]; then
    printf '%s\n' "$output"
    printf 'FAILED: %s %s: exit status %s, last line "%s", expected 0 and "END %s checks, 0 failed"\n' \
      "$program" "$*" "$status" "$last" "$checks"
    exit 1
  fi
  printf 'ok: %s\n' "$*"
}

arguments=
for word in "$@" AND; do
  if [ "$word" = AND ]; then
    # shellcheck disable=SC2086 # the words of one list
    run $arguments
    arguments=
  else
    arguments="$arguments $word"
  fi
done
