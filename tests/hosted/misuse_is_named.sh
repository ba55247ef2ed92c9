#!/bin/sh
# misuse_is_named.sh MISUSE CASES: what threads must not do is named, with status 134, in both ways to run.
set -u
misuse=$1
cases=$2
failed=0
count=0

while read -r what text; do
  for how in --cpus=2 "--cpus=2 --seed=1"; do
    # shellcheck disable=SC2086 # words
    output=$("$misuse" $how -- "$what" 2>&1 </dev/null)
    status=$?
    if [ "$status" -eq 134 ] && printf '%s\n' "$output" | grep -qF -e "$text"; then
      count=$((count + 1))
    else
      printf 'FAILED: %s -- %s: status %s (expected 134), output without "%s":\n%s\n' \
        "$how" "$what" "$status" "$text" "$output"
      failed=1
    fi
  done
done <"$cases"
[ "$count" -eq 50 ] || failed=1
echo "END $count of 50"
exit "$failed"
