#!/bin/sh
# same_seed_same_hash.sh WORDFREQ WORDFREQ_ADDRESS MIXED MIXED_ADDRESS TEXT: a run is a function of its seed: twice, and
# under AddressSanitizer once, it takes the same steps; its last line is their hash. Another seed takes others.
set -eu
wordfreq=$1
wordfreq_address=$2
mixed=$3
mixed_address=$4
text=$5

hash_of() {
  "$@" 2>/dev/null | tail -n 1
}

check() { # check NAME PROGRAM SANITIZED OPTIONS...
  name=$1 program=$2 sanitized=$3
  shift 3
  first=$(hash_of "$program" "$@")
  second=$(hash_of "$program" "$@")
  third=$(hash_of "$sanitized" "$@")
  case $first in
    *[!0-9a-f]* | "") echo "FAILED: $name: the last line is no hash: '$first'" && exit 1 ;;
  esac
  [ "${#first}" = 16 ] || { echo "FAILED: $name: the last line is no hash: '$first'" && exit 1; }
  [ "$first" = "$second" ] || { echo "FAILED: $name: '$first' and '$second'" && exit 1; }
  [ "$first" = "$third" ] || { echo "FAILED: $name: '$first', and with AddressSanitizer '$third'" && exit 1; }
  echo "ok: $name: $first"
}

for cpus in 1 2 4 64 256; do
  memory=--memory=$((cpus * 16 + 64))
  check "wordfreq on $cpus" "$wordfreq" "$wordfreq_address" --cpus=$cpus $memory --seed=7 --trace-hash --input="$text"
done
for cpus in 1 3 8; do
  for seed in 1 2 3; do
    check "mixed on $cpus, seed $seed" "$mixed" "$mixed_address" --cpus=$cpus --seed=$seed --trace-hash --faults=swarm
  done
done

one=$(hash_of "$mixed" --seed=1 --trace-hash)
two=$(hash_of "$mixed" --seed=2 --trace-hash)
[ "$one" != "$two" ] || { echo "FAILED: seeds 1 and 2 give the same trace: $one" && exit 1; }
