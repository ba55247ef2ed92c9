#!/bin/sh
# spin_agrees.sh MODEL.pml VERDICTS.txt MEMORY_MODEL.md: SPIN's verdict on each variant is the expected one, and the one
# that the table of docs/memory_model.md has for it under x86-TSO.
set -eu
model=$PWD/$1 verdicts=$PWD/$2 table=$PWD/$3
folder=$(mktemp -d "${TEST_TMPDIR:-/tmp}/spin.XXXXXX")
cd "$folder"
failures=0
count=0

check() { # check NAME CONFIGURATION VERDICT DEFINITIONS...
  name=$1 configuration=$2 expected=$3
  shift 3
  options=
  for definition; do options="$options -D$definition"; done
  # shellcheck disable=SC2086
  spin $options -a "$model"
  gcc -O0 -w -DSAFETY -DNOREDUCE -o pan pan.c
  ./pan -n -m100000 >output 2>&1
  if grep -q 'max search depth too small' output; then
    said="an incomplete search"
  elif grep -q 'errors: 0$' output; then
    said=holds
  elif grep -q 'invalid end state' output; then
    said=deadlock
  elif grep -q 'assertion violated' output; then
    said=assertion
  else
    said="something else"
    cat output
  fi
  states=$(sed -n 's/^ *\([0-9]*\) states, stored.*/\1/p' output)
  printf '| %s | %s | %s | %s |\n' "$name" "$configuration" "$states" "$said"
  count=$((count + 1))
  if [ "$said" != "$expected" ]; then
    echo "SPIN says '$said', verdicts.txt '$expected'"
    failures=$((failures + 1))
  fi
  [ "$configuration" != - ] || configuration=
  if ! grep -F "| $name | $configuration" "$table" | grep -F '| x86-TSO |' | grep -Eq "\| $expected(:.*)? \|\$"; then
    echo "docs/memory_model.md has no row '$name' with '$expected' under x86-TSO"
    failures=$((failures + 1))
  fi
}

while IFS='|' read -r name configuration expected definitions; do
  case $name in '#'* | '') continue ;; esac
  # Words lose the blanks around them; definitions are a list.
  # shellcheck disable=SC2086,SC2116
  check "$(echo $name)" "$(echo $configuration)" "$(echo $expected)" $definitions
done <"$verdicts"
echo "$count variants, $failures disagreements"
[ "$failures" = 0 ] && [ "$count" -ge 20 ]
