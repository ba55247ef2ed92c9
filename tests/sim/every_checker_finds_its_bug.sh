#!/bin/sh
# every_checker_finds_its_bug.sh PLANTED: for each rule of the checkers a bug that breaks it (tests/sim/planted), and
# the report that names it. Without a bug the same program ends well.
set -u
planted=$1
failed=0

expect() { # expect STATUS TEXT OPTIONS...
  status=$1 text=$2
  shift 2
  output=$("$planted" --cpus=2 "$@" 2>&1)
  actual=$?
  case $output in
    *"$text"*) [ "$actual" -eq "$status" ] && echo "ok: $*: $text" && return ;;
  esac
  printf 'FAILED: %s: status %s (expected %s), no "%s" in:\n%s\n' "$*" "$actual" "$status" "$text" "$output"
  failed=1
}

found() { # found BUG RULE TEXT
  for seed in 1 2 3 4 5; do expect 134 "check failed: $2: $3" --seed=$seed -- "$1"; done
}

found message-twice ownership "CPU 0 posts message"
found message-dropped liveness "lost wake-up: every CPU halts, and a message of CPU 0 to CPU 1"
found foreign-allocation affinity "CPU 0 allocates"
found foreign-wake-up affinity "CPU 0 makes ready a thread that is waiting, on CPU 1"
found forgotten-thread liveness "a thread of CPU 0 is ready and has not run for"
found overlapping-objects ownership "object 0x"
found wrong-balance balance "CPU 0 says that"
expect 134 "check failed: conservation: CPU 1 gets message" --seed=1 --faults=full-slot@1,full-slot@2 -- message-skipped
expect 1 "determinism: it was run twice and took different steps" --seeds=16..16 -- host-clock
# The machine loses a wake-up for good.
expect 134 "check failed: liveness: lost wake-up: every CPU halts, and a line of CPU" --seed=1 \
  --faults=dropped-ipi=3 -- talk
for seed in 1 2 3 4 5; do expect 0 "" --seed=$seed --faults=swarm -- talk; done
exit "$failed"
