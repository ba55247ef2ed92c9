"""Boot time, least memory, the cost of waiting, of waking and of moving work. README.md: how to read it."""

import argparse
import os
import platform
import signal
import sys
import tempfile

import boot_memory
import boot_time
import guests
import hosted
import idle
import linux_guest
import wake
from qemu_guest import GuestFailed

SECTIONS = ("boot_time", "boot_memory", "idle", "wake", "spread")
_WITHOUT_LINUX = {"boot_memory", "spread"}
MOST_WAKE_ROUNDS = 3
DEFAULT_ROUNDS = 15


def _say(text):
    print("boot_bench: " + text, file=sys.stderr, flush=True)


def _linux_words(files, folder, wanted):
    """(QEMU's words that boot Linux, a line that says what was booted or why nothing)."""
    if not wanted:
        return None, "No Linux guest in this run"
    try:
        _say("fetching %s" % linux_guest.PACKAGE)
        words, package = linux_guest.boot_words(folder, files["linux_init.elf"])
        return words, "Linux guest: %s, with %s" % (package, linux_guest.COMMAND_LINE)
    except linux_guest.LinuxMissing as missing:
        return None, "NO LINUX GUEST, its rows are left out: %s" % missing


def chosen(pattern):
    """The sections whose name begins with `pattern`."""
    return [name for name in SECTIONS if name.startswith(pattern)]


def parse(arguments):
    parser = argparse.ArgumentParser(prog="boot_bench", description=__doc__)
    parser.add_argument("--section", default="",
                        help="the sections that begin so: %s (default: all)" % ", ".join(SECTIONS))
    parser.add_argument("--rounds", type=int, default=DEFAULT_ROUNDS, help="boots of each guest (default %(default)s)")
    parser.add_argument("--no-linux", action="store_true", help="without the Linux guest, which is downloaded")
    parser.add_argument("files", nargs="+", help="what //bench/boot:guests builds")
    options = parser.parse_args(arguments)
    if not chosen(options.section):
        parser.error("--section=%s: there are %s" % (options.section, ", ".join(SECTIONS)))
    if options.rounds < 1:
        parser.error("--rounds=%d: at least 1" % options.rounds)
    return options


def _run(options):
    files = guests.files_by_name(options.files)
    sections = chosen(options.section)
    with tempfile.TemporaryDirectory(prefix="boot_bench.") as folder:
        wanted = not options.no_linux and not _WITHOUT_LINUX.issuperset(sections)
        linux_words, note = _linux_words(files, folder, wanted)
        print("Boot and idle, QEMU by emulation (TCG); %d CPUs of the host, load %.1f, Linux %s" % (
            os.cpu_count(), os.getloadavg()[0], platform.release()))
        print(note, flush=True)
        for section in sections:
            if section == "boot_time":
                lines = boot_time.run(files, linux_words, options.rounds, _say)
            elif section == "boot_memory":
                lines = boot_memory.run(files, _say)
            elif section == "wake":
                lines = wake.run(files, linux_words, min(options.rounds, MOST_WAKE_ROUNDS), _say)
            elif section == "spread":
                lines = hosted.run_spread(files, _say)
            else:
                lines = idle.run(files, linux_words, _say)
            print("\n" + "\n".join(lines), flush=True)


def _end(number, _frame):
    sys.exit(128 + number)


def main(arguments):
    signal.signal(signal.SIGTERM, _end)  # so that the guests' blocks are left, and the guests end
    options = parse(arguments)
    try:
        _run(options)
    except (GuestFailed, guests.MissingFile) as failure:
        _say("error: %s" % failure)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
