"""QEMU: its command line, the choice of accelerator, and what its exit status means.

The kernel powers off by writing its status to isa-debug-exit, which makes QEMU exit with 2 * status + 1. QEMU also
exits with 1 when it cannot start at all, so status 0 counts only if QEMU reported no error.
"""

import os
import re
import shutil

import monitor
import process
from console import say
from errors import TIMEOUT, ToroError

PROGRAM = "qemu-system-x86_64"
KVM_PATIENCE_S = 10
_PROBLEM = re.compile(r"^qemu-system-x86_64: (?!warning:)", re.MULTILINE)


def program():
    path = shutil.which(PROGRAM)
    if not path:
        raise ToroError("there is no %s on the path" % PROGRAM, "./toro setup, or apt-get install qemu-system-x86")
    return path


def kvm_problem(device="/dev/kvm", cpuinfo="/proc/cpuinfo"):
    """Why KVM cannot be used here, or None. An open /dev/kvm proves little: some hosts never run the guest."""
    if not os.path.exists(device):
        return "there is no %s" % device
    try:
        os.close(os.open(device, os.O_RDWR))
    except OSError as error:
        return "%s: %s" % (device, error.strerror)
    with open(cpuinfo, encoding="utf-8", errors="replace") as text:
        flags = next((line.split() for line in text if line.startswith("flags")), [])
    if "vmx" not in flags and "svm" not in flags:
        return "the processor offers neither vmx nor svm"
    return None


def choose_accel(wanted, problem):
    """('kvm' or 'tcg', why), given kvm_problem()."""
    if wanted == "tcg":
        return "tcg", "as asked"
    if wanted == "kvm":
        if problem and problem.startswith(("there is no", "/dev")):
            raise ToroError("--accel=kvm: %s" % problem,
                            "load the module (modprobe kvm_intel or kvm_amd) and give yourself access to /dev/kvm "
                            "(group kvm), or take --accel=tcg")
        return "kvm", "as asked" + (", though " + problem if problem else "")
    return ("tcg", problem) if problem else ("kvm", "it works here")


def command(options, accel, boot_words):
    """The QEMU command line; `boot_words` are what boots: -cdrom or -kernel."""
    accel_words = ["-accel", "kvm", "-cpu", "host"] if accel == "kvm" else ["-accel", "tcg,thread=multi", "-cpu", "max"]
    return [program(), "-nodefaults", "-no-user-config", "-display", "none", "-serial", "stdio", "-no-reboot",
            "-device", "isa-debug-exit,iobase=0xf4,iosize=4", *accel_words, "-M", options.machine,
            "-smp", str(options.cpus), "-m", str(options.memory), *boot_words]


def guest_status(returncode, errors, accel):
    """The application's exit status from QEMU's, or a ToroError that says what went wrong."""
    problems = "".join("\n  " + line for line in errors.splitlines() if _PROBLEM.match(line))
    kvm = "" if accel == "tcg" else "; if KVM is at fault, --accel=tcg runs without it"
    if returncode < 0:
        raise ToroError("QEMU was killed by signal %d%s" % (-returncode, problems),
                        "read the lines above" + kvm if problems else "start again" + kvm)
    if problems:
        raise ToroError("QEMU could not run the machine:%s" % problems, "change the option that it names" + kvm)
    if returncode == 0:
        raise ToroError("the machine was reset or switched off without an exit status",
                        "the kernel died before it could report: see the last lines of its output")
    if returncode % 2 == 0:
        raise ToroError("QEMU ended with status %d, which no guest can cause" % returncode, "start again" + kvm)
    return returncode // 2


def boot(options, boot_words, folder):
    """Boots and returns the application's exit status. `folder` is a temporary one, for QEMU's messages."""
    accel, why = choose_accel(options.accel, kvm_problem())
    say("booting %s: %s, %s, %d CPUs, %d MiB, %s (%s)" % (
        options.app, options.machine, "GRUB" if options.boot == "grub" else "PVH", options.cpus, options.memory,
        accel.upper(), why))
    words = command(options, accel, boot_words)
    watch = None
    if accel == "kvm":
        socket = os.path.join(folder, "monitor")
        words += ["-chardev", "socket,id=monitor,path=%s,server=on,wait=off" % socket, "-mon", "monitor"]
        watch = _KvmWatch(socket).look
    errors_path = os.path.join(folder, "qemu.txt")
    with open(errors_path, "wb") as errors:
        try:
            status = process.run(words, options.timeout, watch, errors)
        except process.TimedOut:
            raise ToroError("%s did not end within %d s" % (options.app, options.timeout),
                            "--timeout=S allows more; or the application waits for something that never comes",
                            TIMEOUT) from None
    with open(errors_path, encoding="utf-8", errors="replace") as errors:
        text = errors.read()
    for line in text.splitlines():
        say("| " + line)
    return guest_status(status, text, accel)


class _KvmWatch:
    """Ends the run when KVM accepted the guest and does not truly run it: after KVM_PATIENCE_S without output the first
    CPU is still in firmware or loader. (Seen on nested hosts: SeaBIOS never gets beyond its first loop.)"""

    def __init__(self, socket):
        self._socket = socket
        self._looked = False

    def look(self, elapsed_s, has_output):
        if self._looked or has_output or elapsed_s < KVM_PATIENCE_S:
            return
        self._looked = True
        registers = monitor.ask(self._socket, "info registers")
        if not monitor.in_long_mode(registers):
            raise ToroError("KVM took the guest, but it has not reached the kernel in %d s" % KVM_PATIENCE_S,
                            "this host's KVM does not run guests: take --accel=tcg (or auto, which checks)")
