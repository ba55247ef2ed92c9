#!/bin/sh
# run_soak.sh "PROGRAM OPERATIONS"...: each soak ends well after exactly so many operations, and faults were injected.
set -u
for run in "$@"; do
  operations=${run#* }
  output=$("${run% *}" --seed=1 --operations="$operations" 2>&1)
  status=$?
  last=$(printf '%s\n' "$output" | tail -n 1)
  case $status,$last in
    *" 0 page runs refused"*) problem="no page run was refused on purpose" ;;
    0,"END soak: $operations operations, "*", nothing wrong") problem= ;;
    *) problem="status $status" ;;
  esac
  if [ -n "$problem" ]; then
    printf '%s\nFAILED: %s: %s\n' "$output" "$run" "$problem"
    exit 1
  fi
  printf 'ok: %s: %s\n' "$run" "$last"
done
