#!/bin/sh
# wordfreq_agrees_with_coreutils.sh WORDFREQ: `wordfreq -- --all` is byte for byte what tr, sort and uniq say, whatever
# the input and however many CPUs. (tr prints an empty line for what precedes the first word; it is no word.)
set -eu
export LC_ALL=C
wordfreq=$1
directory=${TEST_TMPDIR:?}

reference() {
  tr -cs A-Za-z '\n' <"$1" | tr A-Z a-z | sed '/^$/d' | sort | uniq -c
}

compare() { # FILE CPUS...
  file=$1
  shift
  reference "$file" >"$directory/expected"
  for cpus in "$@"; do
    "$wordfreq" --cpus="$cpus" --memory=1024 --input="$file" -- --all >"$directory/actual"
    cmp "$directory/expected" "$directory/actual"
    echo "ok: $file with $cpus CPUs, $(wc -l <"$directory/actual") different words"
  done
}

: >"$directory/empty"
printf 'x' >"$directory/one_letter"
printf '%s' '--- no words: 123 ---' | tr -d a-z >"$directory/no_words"
head -c 1000000 /dev/zero | tr '\0' a >"$directory/one_long_word"
# Noise that is the same in every run.
awk 'BEGIN {
  srand(1)
  for (i = 0; i < 700000; ++i) printf "%c%c%c", rand() * 255 + 1, rand() * 64 + 64, rand() * 255 + 1
}' >"$directory/noise"

compare "$directory/empty" 1 2 3
compare "$directory/one_letter" 1 2 3
compare "$directory/no_words" 1 2 3
compare "$directory/one_long_word" 1 2 3
compare "$directory/noise" 1 2 3 5 8
compare LICENSE 1 2 3 4 5 7 8 16
for licence in /usr/share/common-licenses/*; do
  [ -f "$licence" ] && compare "$licence" 2 3
done

# 100 MB: the reference is the one of the text, times the number of copies.
copies=$((100000000 / $(wc -c <LICENSE) + 1))
yes LICENSE | head -n "$copies" | xargs cat >"$directory/large"
reference LICENSE | awk -v copies="$copies" '{ printf "%7d %s\n", $1 * copies, $2 }' >"$directory/expected"
for cpus in 1 2; do
  "$wordfreq" --cpus="$cpus" --input="$directory/large" -- --all >"$directory/actual"
  cmp "$directory/expected" "$directory/actual"
  echo "ok: $(wc -c <"$directory/large") bytes with $cpus CPUs"
done
