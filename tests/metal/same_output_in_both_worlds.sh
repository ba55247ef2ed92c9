#!/bin/sh
# same_output_in_both_worlds.sh WORDFREQ_PROGRAM WORDFREQ_ELF LICENSE: wordfreq prints the same bytes hosted, booted by
# PVH with any number of CPUs, and in any machine.
. tests/metal/boot.sh
program=$1
elf=$2
text=$3

"$program" --cpus=2 --input="$text" -- --all >"$TEST_TMPDIR/hosted"
for words in "-M q35 -smp 1" "-M q35 -smp 2" "-M q35 -smp 3" "-M q35 -smp 8" "-M pc -smp 4" "-M microvm -smp 2"; do
  # shellcheck disable=SC2086 # words
  timeout -k 1 "$LIMIT_S" qemu-system-x86_64 -accel tcg,thread=multi -cpu max -nodefaults -display none \
    -no-reboot -m 128 -serial "file:$TEST_TMPDIR/metal" -device isa-debug-exit,iobase=0xf4,iosize=4 $words \
    -kernel "$elf" -initrd "$text" -append "-- --all" </dev/null
  status=$?
  if [ "$status" -ne 1 ] || ! cmp "$TEST_TMPDIR/hosted" "$TEST_TMPDIR/metal"; then
    echo "FAILED: $words: QEMU ended with $status (expected 1, for status 0), or the outputs differ"
    failed=1
  else
    echo "ok: $words: $(wc -l <"$TEST_TMPDIR/metal") words"
  fi
done
finish
