# Sourced: `unpack_corpus TEXT FOLDER` writes the seeds of a corpus file, one input per line in hexadecimal digits, each
# into a file of its own, as libFuzzer wants them. A line that begins with # is a comment.
unpack_corpus() {
  mkdir -p "$2"
  python3 - "$1" "$2" <<'PYTHON'
import pathlib
import sys
lines = [line for line in pathlib.Path(sys.argv[1]).read_text().splitlines() if line and line[0] != "#"]
for number, line in enumerate(lines):
    pathlib.Path(sys.argv[2], "seed%03d" % number).write_bytes(bytes.fromhex(line))
PYTHON
}
