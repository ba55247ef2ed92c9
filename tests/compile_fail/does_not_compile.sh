#!/bin/sh
# does_not_compile.sh LICENSE FILE...: clang's thread-safety analysis rejects each with the diagnostic after EXPECT in
# its first line and with no other, or finds nothing where the file expects that.
set -u
# The headers are those of the tree that the licence lies in.
cd "$(dirname "$(readlink -f "$1")")" || exit 1
shift
failures=0
for file; do
  expected=$(sed -n '1s|^// EXPECT: ||p' "$file")
  said=$(clang++-16 -std=c++20 -fsyntax-only -I. -Iplatform/hosted -Icore/machine/no_simulation -Wall \
    -Wthread-safety -Werror "$file" 2>&1)
  status=$?
  errors=$(printf '%s\n' "$said" | grep -c ' error: ')
  if [ -z "$expected" ] && head -n 1 "$file" | grep -q '^// EXPECT nothing' && [ "$status" -eq 0 ]; then
    echo "ok: $file: compiles"
  elif [ -n "$expected" ] && [ "$status" -ne 0 ] && [ "$errors" -eq 1 ] &&
    printf '%s\n' "$said" | grep -qF -e "error: $expected"; then
    echo "ok: $file: $expected"
  else
    echo "FAILED: $file: status $status, $errors errors, expected '$expected':"
    printf '%s\n' "$said"
    failures=$((failures + 1))
  fi
done
[ "$failures" -eq 0 ]
