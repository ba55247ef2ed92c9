#!/bin/sh
# sweep_can_be_ended.sh MIXED: a sweep that is ended by a signal says what was covered, with the status of the signal.
set -u
mixed=$1
said=$TEST_TMPDIR/said
mkfifo "$said"
exec 3<>"$said"

for signal in INT:2 TERM:15; do
  number=${signal#*:}
  "$mixed" --seeds=1..1000000000 --jobs=2 >/dev/null 2>&3 &
  sweep=$!
  read -r progress <&3
  kill -${signal%:*} $sweep
  wait $sweep
  status=$?
  while read -r line <&3; do
    case $line in "toro: ended by"* | *failed*) break ;; esac
  done
  case "$status $line" in
    "$((128 + number)) toro: ended by signal $number; all seeds from 1 to below "*", and none failed") ;;
    *) echo "FAILED: $signal: status $status, '$progress', '$line'" && exit 1 ;;
  esac
  echo "ok: $signal: $line"
done
