#!/bin/bash
# run_image.sh FILE... EXPECTED STATUS: boots the image and compares what it prints and how it ends.
#
# FILE... is what //apps/APP:image or :iso consists of: of it, the .iso is booted through GRUB, or else the .elf by PVH.
# EXPECTED is the whole output if it is called expected_output*; if it is called expected_lines*, each of its lines must
# be part of a line of the output, in this order. STATUS is the value that the application ends with.
set -u

readonly TIMEOUT_S=50
status_wanted=${!#}
expected=${*: -2:1}

boot=()
for file in "${@:1:$#-2}"; do
  case $file in
    *.iso) boot=(-cdrom "$file") ;;
    *.debug.elf) ;;
    *.elf) [[ ${#boot[@]} -eq 0 ]] && boot=(-kernel "$file") ;;
  esac
done
if [[ ${#boot[@]} -eq 0 || ! -r $expected ]]; then
  echo "run_image.sh: no image, or no file '$expected': usage: run_image.sh FILE... EXPECTED STATUS" >&2
  exit 2
fi

folder=$(mktemp -d "${TEST_TMPDIR:-/tmp}/run_image.XXXXXX")
trap 'rm -rf "$folder"' EXIT
output=$folder/output
touch "$output" "$folder/status"
timeout -k 1 "$TIMEOUT_S" qemu-system-x86_64 -accel tcg,thread=multi -cpu max -m 64 -smp 2 -nodefaults -display none \
  -serial "file:$output" -device isa-debug-exit,iobase=0xf4,iosize=4 -chardev "file,id=status,path=$folder/status" \
  -device isa-debugcon,iobase=0xe9,chardev=status -no-reboot "${boot[@]}" </dev/null
qemu_status=$?
# The kernel writes its whole status to the debug console: isa-debug-exit carries seven bits of it.
status=$(<"$folder/status")

failed=0
if [[ $qemu_status -eq 124 || $qemu_status -eq 137 ]]; then
  echo "FAILED: the machine did not power off within $TIMEOUT_S s" >&2
  failed=1
elif [[ $status != "$status_wanted" ]]; then
  echo "FAILED: the status is '$status', not $status_wanted (QEMU's is $qemu_status)" >&2
  failed=1
fi

if [[ $(basename "$expected") == expected_lines* ]]; then
  place=0
  while IFS= read -r line; do
    found=$(tail -n "+$((place + 1))" "$output" | grep -n -m1 -F -e "$line" | cut -d: -f1)
    if [[ -z $found ]]; then
      echo "FAILED: after line $place of the output there is no line with: $line" >&2
      failed=1
      break
    fi
    place=$((place + found))
  done <"$expected"
elif ! diff --label expected --label output -u "$expected" "$output"; then
  echo "FAILED: the output differs" >&2
  failed=1
fi
if [[ $failed -ne 0 ]]; then
  echo "--- the output was:" >&2
  cat "$output" >&2
fi
exit $failed
