#!/bin/sh
# same_seed_same_trace.sh WORDFREQ CONTRACT TEXT: two runs with one seed take the same steps; another seed takes others.
set -eu
wordfreq=$1
contract=$2
text=$3

hash_of() {
  "$@" 2>&1 >/dev/null | tail -n 1
}

for cpus in 1 2 4 8; do
  first=$(hash_of "$contract" --cpus=$cpus --seed=7 --trace-hash)
  second=$(hash_of "$contract" --cpus=$cpus --seed=7 --trace-hash)
  case $first in
    *"trace hash "*) ;;
    *) echo "FAILED: no trace hash: $first"; exit 1 ;;
  esac
  [ "$first" = "$second" ] || { echo "FAILED: '$first' and '$second'"; exit 1; }
  echo "ok: $cpus CPUs: $first"
done

first=$(hash_of "$wordfreq" --cpus=4 --seed=1 --trace-hash --input="$text")
second=$(hash_of "$wordfreq" --cpus=4 --seed=1 --trace-hash --input="$text")
other=$(hash_of "$wordfreq" --cpus=4 --seed=2 --trace-hash --input="$text")
[ "$first" = "$second" ] || { echo "FAILED: '$first' and '$second'"; exit 1; }
[ "$first" != "$other" ] || { echo "FAILED: seeds 1 and 2 give the same trace: '$first'"; exit 1; }
echo "ok: wordfreq: $first"
