#!/bin/sh
# misuse_is_named.sh CASES FILE...: what threads must not do is named on the bare machine, too.
. tests/metal/boot.sh
cases=$1
shift
elf=$(one_of .elf "$@")

while read -r what text; do
  boot 134 "$text" "$elf" -M q35 -smp 2 -m 64 -append "-- $what"
done <"$cases"
finish
