#!/bin/sh
# cpus_are_isolated.sh MEMORY_CHECKS ISOLATION_ELF HELLO_ELF MEMORY_ELF: no CPU can write into the memory of another,
# and what the kernel offers works all the same.
. tests/metal/boot.sh
memory_end="END $1 checks, 0 failed"
isolation=$2
hello=$3
memory=$4

# shellcheck disable=SC2086 # words
{
  for machine in "-M q35 -smp 2" "-M q35 -smp 3" "-M q35 -smp 8" "-M microvm -smp 4" "-M q35 -smp 4 -cpu qemu64"; do
    boot 0 "END 31 checks, 0 failed" "$isolation" $machine -m 64 -append isolate
  done
  boot 134 "this is the memory of CPU 0: write to " "$isolation" -M q35 -smp 3 -m 64 -append "isolate -- wild"
  boot 134 "on CPU 2, thread wild" "$isolation" -M q35 -smp 3 -m 64 -append "isolate -- wild"
  boot 2 "" "$isolation" -M q35 -smp 3 -m 64 -append "-- wild"
  boot 134 "a value that can only be moved cannot go to another CPU: the CPUs are isolated" "$isolation" -M q35 -smp 3 \
    -m 64 -append "isolate -- moved"
  boot 134 "thread spin" "$isolation" -M q35 -smp 3 -m 64 -append "isolate watchdog=50,poweroff -- spin"
  # Arenas, memory resources, DMA and regions.
  boot 0 "$memory_end" "$memory" -M q35 -smp 3 -m 64 -append isolate
  boot 0 "CPU 1 is isolated: of the memory of others it can write 24 KiB" "$hello" -M q35 -smp 3 -m 64 \
    -append "isolate report"
  boot 0 "Hello" "$hello" -M q35 -smp 1 -m 16 -append isolate
  boot 0 "Hello" "$hello" -M q35 -smp 2 -m 8192 -append isolate
}
finish
