#!/bin/sh
# shutdown.sh FAULTS: SIGTERM and SIGINT run the hook, in both executors; without a hook they end the process.
set -u
faults=$1
failed=0

ask() { # STATUS SIGNAL TEXT ARGUMENT...
  wanted=$1
  signal=$2
  text=$3
  shift 3
  fifo=$TEST_TMPDIR/fifo
  rm -f "$fifo"
  mkfifo "$fifo"
  "$faults" "$@" >"$fifo" 2>&1 &
  child=$!
  exec 3<"$fifo"
  read -r output <&3 # it says that it waits
  kill -s "$signal" "$child"
  output="$output$(cat <&3)"
  wait "$child"
  status=$?
  exec 3<&-
  case $output in
    *"$text"*) named=yes ;;
    *) named=no ;;
  esac
  if [ "$status" -eq "$wanted" ] && [ "$named" = yes ]; then
    echo "ok: $signal $*"
  else
    echo "FAILED: $signal $*: status $status (expected $wanted), output without '$text': $output"
    failed=1
  fi
}

ask 143 TERM "the hook runs" --cpus=2 -- shutdown
ask 143 INT "the hook runs" --cpus=1 -- shutdown
ask 143 TERM "waiting" --cpus=2 -- no-hook
[ "$failed" -eq 0 ] && echo "END of $0"
exit "$failed"
