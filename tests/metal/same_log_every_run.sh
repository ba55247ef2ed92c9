#!/bin/sh
# same_log_every_run.sh DETERMINISTIC_ELF: when QEMU counts instructions instead of time, a booted image is a function
# of its inputs: the same bytes on the serial line in every run, and others for another seed of QEMU's random numbers.
set -u
elf=$1
failed=0

log() { # log SEED CPUS FILE
  timeout -k 1 100 qemu-system-x86_64 -accel tcg,thread=single -icount shift=3,sleep=off,align=off -seed "$1" \
    -rtc base=2020-01-01,clock=vm -cpu max -M q35 -smp "$2" -m 64 -nodefaults -display none -serial stdio -no-reboot \
    -device isa-debug-exit,iobase=0xf4,iosize=4 -kernel "$elf" >"$3" 2>&1 </dev/null
  tail -n 1 "$3" | grep -q "^END [0-9a-f]* on $2 CPUs" || {
    echo "FAILED: seed $1, $2 CPUs: no END line:" && cat "$3"
    failed=1
  }
}

for cpus in 1 2 4; do
  log 1 "$cpus" "$TEST_TMPDIR/first"
  for run in 2 3; do
    log 1 "$cpus" "$TEST_TMPDIR/again"
    if cmp "$TEST_TMPDIR/first" "$TEST_TMPDIR/again"; then
      echo "ok: $cpus CPUs, run $run: $(tail -n 1 "$TEST_TMPDIR/again")"
    else
      echo "FAILED: $cpus CPUs: run $run differs from the first" && failed=1
    fi
  done
  log 2 "$cpus" "$TEST_TMPDIR/other"
  if cmp -s "$TEST_TMPDIR/first" "$TEST_TMPDIR/other"; then
    echo "FAILED: $cpus CPUs: another seed of the machine changes nothing, so this test would see nothing" && failed=1
  fi
done
[ "$failed" -eq 0 ] && echo "END of $0"
exit "$failed"
