#!/bin/sh
# run_soak.sh PROGRAM OPERATIONS: the soak ends well after exactly so many operations, and faults were injected.
set -u
output=$("$1" --seed=1 --operations="$2" 2>&1)
status=$?
last=$(printf '%s\n' "$output" | tail -n 1)
case $status,$last in
  *" 0 page runs refused"*) problem="no page run was refused on purpose" ;;
  0,"END soak: $2 operations, "*", nothing wrong") problem= ;;
  *) problem="status $status" ;;
esac
printf '%s\n' "$output"
[ -z "$problem" ] || printf 'FAILED: %s\n' "$problem"
[ -z "$problem" ]
