#!/bin/sh
# expect_caught.sh PROGRAM SAYS [seeds]: the program, which has a bug planted, must fail, and its output contain SAYS.
# With `seeds` it is run under seed 1, 2, 3... with 2 and 3 CPUs until it fails, 40 at most, and the seed is printed.
set -u
program=$1 says=$2 mode=${3:-once}
output=$TEST_TMPDIR/output

run() { # run SECONDS WORDS...
  limit=$1
  shift
  timeout -s KILL "$limit" "$program" "$@" >"$output" 2>&1
}

caught() {
  status=$?
  if ! grep -qF -e "$says" "$output"; then
    echo "FAILED: it failed with status $status, but without '$says':" && cat "$output" && exit 1
  fi
  echo "caught${1:-}: $(grep -E 'FAILED|configuration|free of|check|FATAL|deadlock' "$output" | head -n 1)"
  exit 0
}

if [ "$mode" = once ]; then
  run 100 || caught
else
  for seed in $(seq 1 40); do
    run 20 --cpus=$((2 + seed % 2)) --seed="$seed" || caught " under --cpus=$((2 + seed % 2)) --seed=$seed"
  done
fi
echo "FAILED: nobody caught the bug:" && tail -n 5 "$output"
exit 1
