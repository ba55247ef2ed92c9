#!/bin/sh
# bad_input_is_named.sh SIMULATED PLAIN: what is wrong with the options of a simulated program is named, with a failing
# status; a program that is not built for the simulator has none of them.
set -u
simulated=$1
plain=$2
failed=0

expect() { # STATUS TEXT COMMAND...
  status=$1 text=$2
  shift 2
  output=$("$@" 2>&1 </dev/null)
  actual=$?
  case $output in
    *"$text"*) [ "$actual" -eq "$status" ] && echo "ok: $text" && return ;;
  esac
  printf 'FAILED: %s: status %s (expected %s), output:\n%s\n' "$*" "$actual" "$status" "$output"
  failed=1
}

expect 2 "--cpus=0: expected a number, 1 to 256" "$simulated" --seed=1 --cpus=0
expect 2 "--cpus=300: expected a number, 1 to 256" "$simulated" --seed=1 --cpus=300
expect 2 "the simulator needs --seed=N" "$simulated" --cpus=2
expect 2 "--seed=x: expected a number" "$simulated" --seed=x
expect 2 "--seeds=5: expected FIRST..LAST" "$simulated" --seeds=5
expect 2 "--seeds=9..3: expected FIRST..LAST" "$simulated" --seeds=9..3
expect 2 "--jobs=0: expected a number" "$simulated" --seeds=1..2 --jobs=0
expect 2 "--order=random: expected uniform, priority or swarm" "$simulated" --seed=1 --order=random
expect 2 "--store-delay=65536: expected a number, 0 to 65535" "$simulated" --seed=1 --store-delay=65536
expect 2 "'late-ip' is no fault; a plan is none, swarm, or a list of: full-slot" "$simulated" --seed=1 --faults=late-ip
expect 2 "'' is no fault" "$simulated" --seed=1 --faults=stall,
expect 2 "'stall=0': after = and @ stands a number from 1" "$simulated" --seed=1 --faults=stall=0
expect 2 "'stall@x': after = and @ stands a number from 1" "$simulated" --seed=1 --faults=stall@x
expect 2 "stall stands there with a rate and with exact times" "$simulated" --seed=1 --faults=stall=9,stall@3
expect 2 "'swarm' is no fault" "$simulated" --seed=1 --faults=swarm,stall
expect 1 "the run did not end within 10 steps" "$simulated" --seed=1 --steps=10
expect 1 "toro: faults: none" "$simulated" --seed=1 --steps=10
expect 1 "the first seed that fails is 4; to run it again: --seed=4" "$simulated" --seeds=4..9 --steps=10
expect 2 "unknown option '--faults'" "$plain" --seed=1 --faults=stall
expect 2 "unknown option '--seeds'" "$plain" --seeds=1..2
exit "$failed"
