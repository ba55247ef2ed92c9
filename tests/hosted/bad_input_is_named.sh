#!/bin/sh
# bad_input_is_named.sh WORDFREQ PINGPONG FAULTS: whatever is wrong is named, with a failing status.
set -u
wordfreq=$1
pingpong=$2
faults=$3
failed=0

expect() { # STATUS TEXT COMMAND...
  status=$1
  text=$2
  shift 2
  output=$("$@" 2>&1 </dev/null)
  actual=$?
  case $output in
    *"$text"*) named=yes ;;
    *) named=no ;;
  esac
  if [ "$actual" -eq "$status" ] && [ "$named" = yes ]; then
    echo "ok: $text"
  else
    echo "FAILED: $*: status $actual (expected $status), output without '$text':"
    printf '%s\n' "$output"
    failed=1
  fi
}

: >"$TEST_TMPDIR/empty"
expect 2 "--cpus=0: expected a number, 1 to 256" "$wordfreq" --cpus=0
expect 2 "--cpus=two: expected a number" "$wordfreq" --cpus=two
expect 2 "--cpus=257: expected a number" "$wordfreq" --cpus=257
expect 2 "too little for 64 CPUs" "$wordfreq" --cpus=64 --memory=64
expect 2 "--memory=: expected a number" "$wordfreq" --memory=
expect 2 "'' is no node; expected --nodes=N with 1 to 32" "$wordfreq" --nodes=
expect 2 "'0' is no node" "$wordfreq" --nodes=0
expect 2 "'33' is no node" "$wordfreq" --nodes=33
expect 2 "'64' is no node" "$wordfreq" --nodes=64:1,64
expect 2 "'64:x' is no node" "$wordfreq" --nodes=64:x
expect 2 "'-1:1' is no node" "$wordfreq" --nodes=-1:1
expect 2 "the nodes have 2 CPUs together, but --cpus says 3" "$wordfreq" --nodes=64:2 --cpus=3
expect 2 "the nodes have 64 MiB together, but --memory says 65" "$wordfreq" --memory=65 --nodes=64:2
expect 2 "neither memory nor CPUs" "$wordfreq" --nodes=64:2,0:0
expect 2 "neither memory nor CPUs" "$wordfreq" --nodes=32 --cpus=1 --memory=8
expect 2 "the nodes have 0 CPUs together" "$wordfreq" --nodes=64:0
expect 2 "0 MiB are too little for 2 CPUs" "$wordfreq" --nodes=0:2
expect 2 "--distances needs --nodes" "$wordfreq" --distances=10
expect 2 "as many numbers in each, as there are nodes: 2" "$wordfreq" --nodes=2 --distances=10,20/20
expect 2 "'10' cannot be" "$wordfreq" --nodes=2 --distances=10,10/20,10
expect 2 "'256' cannot be" "$wordfreq" --nodes=2 --distances=10,256/20,10
expect 2 "'' cannot be" "$wordfreq" --nodes=2 --distances=
expect 2 "input file '/no/such/file': No such file" "$wordfreq" --input=/no/such/file
expect 2 "is not a regular file" "$wordfreq" --input=/
expect 2 "unknown option '--colour'" "$wordfreq" --colour=red
expect 2 "unexpected 'words'" "$wordfreq" words
expect 2 "--steps and --trace-hash need --seed" "$wordfreq" --steps=5
expect 2 "wordfreq: no input file; give one with --input=FILE" "$wordfreq"
expect 2 "wordfreq: unexpected argument '--al'" "$wordfreq" --input="$TEST_TMPDIR/empty" -- --al
expect 1 "the run did not end within 3 steps" "$wordfreq" --seed=1 --steps=3 --input="$TEST_TMPDIR/empty"
expect 1 "needs two CPUs or more" "$pingpong" --cpus=1
expect 2 "expected the number of rounds" "$pingpong" -- many

expect 139 "null dereference" "$faults" -- null
expect 134 "a thread locks a mutex that it holds already" "$faults" -- lock-twice
expect 134 "has to wait for a mutex" "$faults" -- lock-in-handler
expect 134 "changed MXCSR" "$faults" -- rounding
expect 139 "stack overflow" "$faults" -- stack
expect 139 "thread deep" "$faults" -- stack
expect 139 "access above the thread's stack" "$faults" -- above-stack
expect 134 "stack overrun: a function wrote beyond an array of its frame" "$faults" -- smash
expect 134 "thread deep" "$faults" -- smash
expect 134 "Smash() (" "$faults" -- smash
expect 136 "division by zero" "$faults" -- divide
expect 134 "double free" "$faults" -- double-free
expect 134 "lies in no partition" "$faults" -- foreign-free
expect 134 "an arena was used on another CPU" "$faults" -- arena-elsewhere
expect 134 "a thread's arena was used by another thread" "$faults" -- arena-of-another-thread
expect 134 "asked for a thread's arena outside of a thread" "$faults" -- arena-in-handler
expect 134 "scratch memory was released out of order" "$faults" -- scratch-order
expect 139 "page fault" "$faults" -- write-read-only
expect 134 "freed a region that is none of this CPU" "$faults" -- free-region-elsewhere
expect 134 "set the access of a region outside of a thread" "$faults" -- region-in-handler
expect 134 "blocked outside of a thread" "$faults" -- block-in-handler
for seed in "" --seed=1; do
  # shellcheck disable=SC2086 # no word when there is no seed
  {
    expect 134 "stall: this thread has not yielded for" "$faults" $seed --watchdog=100,poweroff -- never-yields
    expect 134 "thread deep" "$faults" $seed --watchdog=100,poweroff -- never-yields
    expect 134 "tests/faults/main.cc" "$faults" $seed --watchdog=100,poweroff -- never-yields
  }
done
expect 0 "went on" "$faults" -- stalls-once
expect 0 "thread deep" "$faults" -- stalls-once
expect 2 "--watchdog=0: expected a number, 1 to 3600000 ms, and perhaps ,poweroff" "$faults" --watchdog=0
expect 2 "--watchdog=5s: expected a number" "$faults" --watchdog=5s
expect 136 "DivideInNoexcept" "$faults" -- noexcept
expect 136 "DividesWhenDestroyed" "$faults" -- unwinding
expect 136 "on CPU 1, thread (loop)" "$faults" -- in-handler
expect 136 "on CPU 1, thread deep; nobody caught it" "$faults" -- on-last-cpu
expect 136 "tests/faults/main.cc:" "$faults" --seed=1 -- on-last-cpu
expect 136 "  CPU 0 was in thread main" "$faults" -- while-main-spins
expect 136 "SpinForEver" "$faults" -- while-main-spins
expect 136 "  CPU 0 was to go on with thread main" "$faults" --seed=1 -- fault-beside-ready
expect 1 "CPU 1 was to go on with thread deep; --steps=N" "$faults" --seed=1 --steps=1000 -- only-yields
expect 132 "rax 0x000000000fedcba9" "$faults" -- registers
expect 132 "r12 0x0000000001234567" "$faults" -- registers
expect 132 "FaultInALoopOfFrames" "$faults" -- frame-loop
expect 136 "] fault 0 at 0x" "$faults" -- on-last-cpu
expect 136 "CPU 0: [0] spawn thread 0.0.1" "$faults" -- on-last-cpu
expect 143 "the hook runs" "$faults" -- shutdown-request
expect 143 "the hook runs" "$faults" --seed=1 -- shutdown-request
expect 134 "type std::runtime_error: nobody is there" "$faults" -- exception
expect 139 "stack overflow" "$faults" -- large-frame
expect 1 "deadlock: every CPU halts" "$faults" --seed=1 -- deadlock
# One report, whole, even when all CPUs fail at once.
for _ in 1 2 3 4 5 6 7 8 9 10; do
  expect 139 "  #1 " "$faults" --cpus=8 -- fault-everywhere
done
expect 3 "leaving" "$faults" -- exit-status
exit "$failed"
