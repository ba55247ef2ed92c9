#!/bin/sh
# faults_happen_and_are_survived.sh MIXED: each class of faults alone, and all together: under 60 seeds it has happened,
# as often as the sweep says, and every run ended well.
set -u
mixed=$1

survives() { # survives CLASSES PLAN
  output=$("$mixed" --cpus=4 --seeds=1..60 --jobs=2 --faults="$2" -- 60 2>&1) || {
    printf '%s\nFAILED: --faults=%s\n' "$output" "$2" && exit 1
  }
  marks=$(printf '%s\n' "$output" | sed -n 's/^toro: faults: //p')
  for class in $1; do
    case $marks in
      *"$class "[1-9]*) ;;
      *) echo "FAILED: --faults=$2: $class never happened: $marks" && exit 1 ;;
    esac
  done
  echo "ok: $2: $marks"
}

all="full-slot full-channel full-queue no-memory late-ipi lost-ipi spurious-ipi stall clock-jump"
for class in $all; do survives "$class" "$class"; done
survives "$all" "$(echo "$all" | tr ' ' ,)"
survives "$all" swarm

# The N-th time, and no other.
output=$("$mixed" --cpus=2 --seed=1 --trace-hash --faults=late-ipi@3,late-ipi@5 2>&1 >/dev/null) || exit 1
case $output in
  *"late-ipi 2 of"*) echo "ok: late-ipi@3,late-ipi@5 happen twice" ;;
  *) echo "FAILED: $output" && exit 1 ;;
esac
