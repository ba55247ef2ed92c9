#!/bin/sh
# hardening.sh HELLO_ELF PLANTED_ELF: the kernel checks its own page tables and control bits, says what it found, and
# refuses to start on a planted defect.
. tests/metal/boot.sh
hello=$1
planted=$2
q35="-M q35 -smp 2 -m 64"

# shellcheck disable=SC2086 # $q35 is words
{
  boot 0 "writable and executable 0 KiB, page 0 absent" "$hello" $q35 -append report
  boot 0 "toro: CPU 0: WP NXE SMEP SMAP UMIP" "$hello" $q35 -append report
  boot 0 "toro: CPU 1: WP NXE SMEP SMAP UMIP" "$hello" $q35 -append report
  boot 0 "toro: CPU 0: WP NXE; this CPU has no SMEP SMAP UMIP" "$hello" $q35 -cpu qemu64 -append report
  boot 0 "toro: CPU 1: WP NXE; this CPU has no SMEP SMAP UMIP" "$hello" $q35 -cpu qemu64 -append report
  boot 0 "r-x code" "$hello" $q35 -append report
  boot 0 "r-- tables of the kernel" "$hello" $q35 -append report
  boot 0 "r-- tables of the kernel" "$hello" $q35 -append "report isolate"
  boot 0 "rw- memory of CPU 0 to memory of CPU 1" "$hello" $q35 -append report
  boot 1 "no-execute pages" "$hello" $q35 -cpu qemu64,-nx -append report

  boot 0 "the self-check let it start" "$planted" $q35 -append "-- nothing"
  boot 1 "is both writable and executable" "$planted" $q35 -append "-- writable-code"
  boot 1 "0x0001000000..0x00011fffff is both writable and executable" "$planted" $q35 -append "-- executable-data"
  boot 1 "0x0000000000..0x0000000fff is mapped, and lies where null" "$planted" $q35 -append "-- null-page"
  boot 1 "0x000000f000..0x000000ffff is mapped, and lies where null" "$planted" $q35 -append "-- low-page"
  boot 1 "is mapped to another physical address" "$planted" $q35 -append "-- second-address"
  boot 1 "on CPU 0 WP is off" "$planted" $q35 -append "-- no-write-protect"
  boot 1 "on CPU 0 SMEP is off" "$planted" $q35 -append "-- no-smep"
  boot 1 "on CPU 0 SMAP is off" "$planted" $q35 -append "-- no-smap"
}
finish
