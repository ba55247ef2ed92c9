"""An NMI from QEMU's monitor: the hook runs and the machine powers off; a second one, or no hook, is reported."""

import os
import socket
import subprocess
import sys
import tempfile

LIMIT_S = 50


def run(elf, mode, presses, wanted_status, wanted_texts):
    """Boots, sends an NMI each time that a line of `presses` has appeared, and compares how it ends."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("TEST_TMPDIR")) as folder:
        os.chdir(folder)  # the name of a socket has 107 characters at most
        status_path = os.path.join(folder, "status")
        machine = subprocess.Popen(
            ["timeout", "-k", "1", str(LIMIT_S), "qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max",
             "-nodefaults", "-display", "none", "-serial", "stdio", "-no-reboot", "-M", "q35", "-smp", "2", "-m", "64",
             "-device", "isa-debug-exit,iobase=0xf4,iosize=4", "-chardev", "file,id=status,path=" + status_path,
             "-device", "isa-debugcon,iobase=0xe9,chardev=status", "-monitor",
             "unix:monitor,server=on,wait=off", "-kernel", elf, "-append", "-- " + mode],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, errors="replace")
        monitor = socket.socket(socket.AF_UNIX)
        output, left = [], list(presses)
        for line in machine.stdout:
            output.append(line)
            if left and left[0] in line:
                if left == list(presses):
                    monitor.connect("monitor")
                left.pop(0)
                try:
                    monitor.sendall(b"nmi\n")
                except OSError:  # it powers off
                    left = []
        machine.wait()
        monitor.close()
        output = output[:20] + output[-60:]
        with open(status_path, encoding="ascii") as file:
            status = file.read().strip()
        os.chdir("/")
    text = "".join(output)
    missing = [wanted for wanted in wanted_texts if wanted not in text]
    if status != wanted_status or missing:
        print("FAILED: %s: status %r, expected %r; missing: %s\n%s" % (mode, status, wanted_status, missing, text))
        return False
    print("ok: %s" % mode)
    return True


def main(elf):
    elf = os.path.abspath(elf)
    waiting = "waiting to be asked"
    good = [
        run(elf, "shutdown", [waiting], "143", [waiting, "the hook runs"]),
        run(elf, "shutdown-stuck", ["busy"] * 100_000, "134", ["non-maskable interrupt", "on CPU 0, thread main"]),
        run(elf, "no-hook", [waiting], "134", ["non-maskable interrupt", "on CPU 0, thread "]),
        run(elf, "shutdown-request", [], "143", ["the hook runs"]),
    ]
    if not all(good):
        return 1
    print("END of shutdown")
    return 0


if __name__ == "__main__":
    sys.exit(main(next(path for path in sys.argv[1:] if path.endswith(".elf") and not path.endswith(".debug.elf"))))
