#!/bin/sh
# contract_boots.sh CHECKS RUN...: a contract test on the bare machine. Each RUN is shell words, the image and QEMU's
# arguments; the machine is a q35 with 128 MiB, unless they say otherwise.
. tests/metal/boot.sh
end="END $1 checks, 0 failed"
shift

boot_one() {
  image=$1
  shift
  boot 0 "$end" "$image" -M q35 -m 128 "$@"
}

for run in "$@"; do
  eval "boot_one $run"
done
finish
