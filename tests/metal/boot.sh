# Sourced by the tests of this folder: boots an image in QEMU, by emulation, with a limit of time.
#
#   boot STATUS TEXT IMAGE [QEMU-ARGUMENT]...
#
# boots IMAGE (an .iso through GRUB, an .elf by PVH) and fails unless the application ends with STATUS, and its output
# contains TEXT; TEXT that begins with END must be the whole last line. Sets `failed`. `finish` ends the test.
failed=0
readonly LIMIT_S=60

boot() {
  status_wanted=$1
  text=$2
  image=$3
  shift 3
  case $image in
    *.iso) set -- -cdrom "$image" "$@" ;;
    *) set -- -kernel "$image" "$@" ;;
  esac
  rm -f "$TEST_TMPDIR/status"
  output=$(timeout -k 1 "$LIMIT_S" qemu-system-x86_64 -accel tcg,thread=multi -cpu max -nodefaults -display none \
    -serial stdio -no-reboot -device isa-debug-exit,iobase=0xf4,iosize=4 \
    -chardev file,id=status,path="$TEST_TMPDIR/status" -device isa-debugcon,iobase=0xe9,chardev=status "$@" \
    2>&1 </dev/null)
  ended=$?
  # The kernel writes its status to the debug console before it ends QEMU by isa-debug-exit, which carries seven bits;
  # the first instructions, in assembly, use isa-debug-exit only. QEMU ends with 2 N + 1.
  status=$(cat "$TEST_TMPDIR/status" 2>/dev/null)
  [ -n "$status" ] || status=$(((ended - 1) / 2))
  problem=
  case $ended in
    124 | 137) problem="it did not power off within $LIMIT_S s" ;;
    *)
      [ "$status" = "$status_wanted" ] || problem="status '$status', expected $status_wanted (QEMU ended with $ended)"
      ;;
  esac
  case $text in
    END*)
      [ "$(printf '%s\n' "$output" | tail -n 1)" = "$text" ] || problem="$problem; the last line is not '$text'"
      ;;
    *) printf '%s\n' "$output" | grep -qF -e "$text" || problem="$problem; no '$text' in the output" ;;
  esac
  if [ -n "$problem" ]; then
    printf 'FAILED: %s: %s\n%s\n' "$*" "$problem" "$output"
    failed=1
  else
    printf 'ok: %s: %s\n' "$*" "$text"
  fi
}

finish() {
  [ "$failed" -eq 0 ] && echo "END of $0"
  exit "$failed"
}

# one_of SUFFIX FILE...: the file with that suffix, of what //apps/APP:image or :iso consists of.
one_of() {
  suffix=$1
  shift
  for file in "$@"; do
    case $file in
      *.debug.elf) ;;
      *"$suffix") printf '%s\n' "$file" && return ;;
    esac
  done
}
