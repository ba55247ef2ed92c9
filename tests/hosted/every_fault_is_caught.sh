#!/bin/sh
# every_fault_is_caught.sh EXCEPTIONS: the application exceptions catches each fault on each CPU, on real threads and
# under seeds, and prints the same on both.
set -u
program=$1
failed=0

expect_end() { # TEXT ARGUMENT...
  text=$1
  shift
  output=$("$program" "$@" 2>&1)
  status=$?
  if [ "$status" -ne 0 ] || [ "$(printf '%s\n' "$output" | tail -n 1)" != "$text" ]; then
    printf '%s\nFAILED: %s: status %s, expected 0 and the last line "%s"\n' "$output" "$*" "$status" "$text"
    failed=1
  fi
}

expect_end "END 18 exceptions, 0 wrong" --cpus=1
for seed in 0 1 2 3 4 5 6 7 8 9; do
  expect_end "END 36 exceptions, 0 wrong" --cpus=2
  parallel=$output
  expect_end "END 36 exceptions, 0 wrong" --cpus=2 --seed="$seed"
  [ "$output" = "$parallel" ] || { echo "FAILED: --seed=$seed prints something else"; failed=1; }
done
case $output in
  *"CPU 1: 5 / 0: Division by Zero"*) ;;
  *) echo "FAILED: no division by zero on CPU 1"; failed=1 ;;
esac
[ "$failed" -eq 0 ] && echo "END of $0"
exit "$failed"
