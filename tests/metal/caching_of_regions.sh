#!/bin/sh
# caching_of_regions.sh FILE...: every CPU caches a region as it was set.
. tests/metal/boot.sh
elf=$(one_of .elf "$@")

boot 0 "END 5 checks, 0 failed" "$elf" -M q35 -smp 3 -m 64
boot 0 "END 5 checks, 0 failed" "$elf" -M microvm -smp 2 -m 64
finish
