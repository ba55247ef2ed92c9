#!/bin/sh
# faults_are_named.sh FAULTS_ELF HELLO_ELF HELLO_ISO: what goes wrong on the bare machine is named, with a failing
# status.
. tests/metal/boot.sh
faults=$1
hello=$2
iso=$3
q35="-M q35 -smp 2 -m 64"

# shellcheck disable=SC2086 # $q35 is words
{
  boot 3 "leaving" "$faults" $q35 -append "-- exit-status"
  boot 134 "null dereference" "$faults" $q35 -append "-- null"
  boot 134 "stack overflow" "$faults" $q35 -append "-- stack"
  boot 134 "thread deep" "$faults" $q35 -append "-- stack"
  boot 134 "Descend" "$faults" $q35 -append "-- stack"
  boot 134 "access above the thread's stack" "$faults" $q35 -append "-- above-stack"
  boot 134 "stack overrun: a function wrote beyond an array of its frame: " "$faults" $q35 -append "-- smash"
  boot 134 "Smash" "$faults" $q35 -append "-- smash"
  boot 134 "on CPU 1, thread deep" "$faults" $q35 -append "-- smash"
  boot 134 "divi" "$faults" $q35 -append "-- divide"
  boot 134 "invalid instruction" "$faults" $q35 -append "-- illegal"
  boot 134 "read-only" "$faults" $q35 -append "-- write-text"
  boot 134 "double free" "$faults" $q35 -append "-- double-free"
  boot 134 "lies in no partition" "$faults" $q35 -append "-- foreign-free"
  boot 134 "an arena was used on another CPU" "$faults" $q35 -append "-- arena-elsewhere"
  boot 134 "a thread's arena was used by another thread" "$faults" $q35 -append "-- arena-of-another-thread"
  boot 134 "scratch memory was released out of order" "$faults" $q35 -append "-- scratch-order"
  boot 134 "which is read-only" "$faults" $q35 -append "-- write-read-only"
  boot 134 "freed a region that is none of this CPU" "$faults" $q35 -append "-- free-region-elsewhere"
  boot 134 "blocked outside of a thread" "$faults" $q35 -append "-- block-in-handler"
  boot 134 "a thread locks a mutex that it holds already" "$faults" $q35 -append "-- lock-twice"
  boot 134 "has to wait for a mutex" "$faults" $q35 -append "-- lock-in-handler"
  boot 134 "changed MXCSR" "$faults" $q35 -append "-- rounding"
  boot 134 "#0 0x" "$faults" $q35 -append "-- noexcept"
  boot 134 "DivideInNoexcept" "$faults" $q35 -append "-- noexcept"
  boot 134 " (tests/faults/main.cc:" "$faults" $q35 -append "-- noexcept"
  boot 134 "DividesWhenDestroyed" "$faults" $q35 -append "-- unwinding"
  boot 134 "on CPU 1, thread (loop)" "$faults" $q35 -append "-- in-handler"
  boot 134 "on CPU 1, thread deep; nobody caught it" "$faults" $q35 -append "-- on-last-cpu"
  boot 134 "free of a pointer" "$faults" $q35 -append "-- in-kernel"
  boot 134 "rax 0x000000000fedcba9" "$faults" $q35 -append "-- registers"
  boot 134 "r12 0x0000000001234567" "$faults" $q35 -append "-- registers"
  boot 134 "r15 0x00000000089abcde" "$faults" $q35 -append "-- registers"
  boot 134 "type std::runtime_error: nobody is there" "$faults" $q35 -append "-- exception"
  boot 134 "stack overflow" "$faults" $q35 -append "-- large-frame"
  boot 134 "  CPU 0 was in thread main" "$faults" $q35 -append "-- while-main-spins"
  boot 134 "SpinForEver" "$faults" $q35 -append "-- while-main-spins"
  boot 134 "on CPU 1, thread deep; nobody caught it" "$faults" $q35 -append "-- while-main-spins"
  boot 134 "fatal: double fault" "$faults" $q35 -append "-- double-fault"
  boot 134 "#0 0x" "$faults" $q35 -append "-- double-fault"
  boot 134 "FaultDoubly" "$faults" $q35 -append "-- double-fault"
  boot 134 "FaultInALoopOfFrames" "$faults" $q35 -append "-- frame-loop"
  boot 134 "] fault 0 at 0x" "$faults" $q35 -append "-- on-last-cpu"
  boot 134 "CPU 0: [0] spawn thread 0.0.1" "$faults" $q35 -append "-- on-last-cpu"

  boot 1 "cpus=" "$hello" $q35 -append "cpus=0"
  boot 1 "cpus=" "$hello" $q35 -append "cpus=9"
  boot 1 "cpus=" "$hello" $q35 -append "cpus=many"
  boot 1 "colour=red" "$hello" $q35 -append "colour=red"
  boot 1 "memory" "$hello" -M q35 -smp 16 -m 16
  boot 1 "no ACPI tables" "$hello" -M microvm,acpi=off -smp 2 -m 64
  boot 1 "no ACPI tables" "$hello" -M pc,acpi=off -smp 2 -m 64
  boot 0 "Hello" "$hello" -M microvm,acpi=off -smp 2 -m 64 -append "cpus=1"
  boot 0 "Hello" "$hello" $q35 -append "cpus=1"
  boot 0 "writable and executable 0 KiB, page 0 absent" "$hello" $q35 -append "report"
  boot 0 "Hello" "$hello" -M q35 -smp 1 -m 8
  boot 0 "Hello" "$iso" -M q35 -smp 1 -m 8
}

# A loader that hands over neither protocol: the same image, looking for another magic number than PVH's.
unknown=$TEST_TMPDIR/unknown_loader.elf
python3 - "$hello" "$unknown" <<'PYTHON'
import sys
image = open(sys.argv[1], "rb").read()
magic = (0x336ec578).to_bytes(4, "little")
assert magic in image, "the image does not look for PVH's magic number"
open(sys.argv[2], "wb").write(image.replace(magic, b"nope"))
PYTHON
boot 1 "neither multiboot2 (GRUB) nor PVH" "$unknown" -M q35 -smp 1 -m 64
finish
