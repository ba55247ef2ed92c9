#!/bin/sh
# cprogram.sh CPROGRAM: a C program with POSIX threads counts right, on any number of CPUs and in any order, and says
# what is wrong with its argument.
set -u
cprogram=$1
failed=0

# counts STATUS FIRST-LINE SECOND-LINE-PATTERN WORD...
counts() {
  status_wanted=$1
  first=$2
  second=$3
  shift 3
  output=$("$cprogram" "$@" 2>&1 </dev/null)
  status=$?
  if [ "$status" -eq "$status_wanted" ] && [ "$(printf '%s\n' "$output" | sed -n 1p)" = "$first" ] &&
    printf "%s\n" "$(printf "%s\n" "$output" | sed -n 2p)" | grep -qE -e "$second"; then
    echo "ok: $*"
  else
    printf 'FAILED: %s: status %s, expected %s, "%s" and "%s"; output:\n%s\n' \
      "$*" "$status" "$status_wanted" "$first" "$second" "$output"
    failed=1
  fi
}

for cpus in 1 2 4 8; do
  counts 0 "1229 primes up to 10000" "^$cpus workers, [0-9]+\.[0-9] ms, on 20[0-9]{2}-" --cpus="$cpus"
done
for seed in 1 2 3 4 5 6 7 8 9 10; do
  counts 0 "168 primes up to 1000" "^3 workers, [0-9]+\.[0-9] ms, on " --cpus=3 --seed="$seed" -- 1000
done
counts 0 "0 primes up to 1" "^2 workers" --cpus=2 -- 1
for wrong in 0 -5 many 1000001 99999999999999999999 ""; do
  counts 2 "cprogram: '$wrong': expected a number from 1 to 1000000, up to which primes are counted" "^$" -- "$wrong"
done
exit "$failed"
