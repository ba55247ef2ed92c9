"""QEMU: its command line, the choice of accelerator, and what its exit status means.

The kernel powers off in two steps: it writes its status, a decimal number and a newline, to the debug console (port
0xe9), and then ends QEMU by isa-debug-exit. WHY both: isa-debug-exit carries 7 bits only, and QEMU ends with the status
that means 0 there also when it could not start at all.
"""

import os
import re
import shutil

import monitor
import network
import nodes
import process
from console import say
from errors import TIMEOUT, ToroError

PROGRAM = "qemu-system-x86_64"
KVM_PATIENCE_S = 10
_PROBLEM = re.compile(r"^qemu[\w-]*: (?!warning:)")


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


def command(options, accel, boot_words, status_path):
    """QEMU's command line; `boot_words` are what boots, -cdrom or -kernel. Its status goes to `status_path`."""
    accel_words = ["-accel", "kvm", "-cpu", "host"] if accel == "kvm" else ["-accel", "tcg,thread=multi", "-cpu", "max"]
    return [program(), "-nodefaults", "-no-user-config", "-display", "none", "-serial", "stdio", "-no-reboot",
            "-device", "isa-debug-exit,iobase=0xf4,iosize=4", "-chardev", "file,id=status,path=" + status_path,
            "-device", "isa-debugcon,iobase=0xe9,chardev=status", *accel_words, "-M", options.machine,
            "-smp", str(options.cpus), "-m", str(options.memory), *nodes.qemu_words(options),
            *network.qemu_words(options), *boot_words]


def guest_status(returncode, errors, accel, reported):
    """The application's exit status, or a ToroError that says what went wrong.

    `returncode` and `errors` are QEMU's, `reported` is what the kernel wrote to the debug console.
    """
    if re.fullmatch(r"\d{1,3}\n", reported) and returncode == 2 * min(int(reported), 127) + 1:
        return int(reported)
    problems = "".join("\n  " + line for line in errors.splitlines() if _PROBLEM.match(line))
    if accel == "kvm" and (returncode < 0 or problems):
        raise ToroError("KVM does not run this machine: QEMU gave up:%s" % (problems or " signal %d" % -returncode),
                        "--accel=tcg runs without KVM; --accel=auto checks first")
    if returncode < 0:
        raise ToroError("QEMU was killed by signal %d%s" % (-returncode, problems),
                        "see the lines above" if problems else "start again")
    if problems:
        raise ToroError("QEMU could not run the machine:%s" % problems, "change the option that it names")
    raise ToroError("the machine ended without an exit status of the application (QEMU's is %d)" % returncode,
                    "the kernel died before it could report, or was reset: see the last lines of its output")


def boot(options, boot_words, folder):
    """Boots and returns the application's exit status. `folder` is a temporary one, for QEMU's messages."""
    accel, why = choose_accel(options.accel, kvm_problem())
    say("booting %s: %s, %s, %d CPUs, %d MiB, %s (%s)" % (
        options.app, options.machine, "GRUB" if options.boot == "grub" else "PVH", options.cpus, options.memory,
        accel.upper(), why))
    status_path = os.path.join(folder, "status.txt")
    words = command(options, accel, boot_words, status_path)
    trace_path = os.path.join(folder, "trace")
    if options.trace:
        words += ["-chardev", "file,id=trace,path=" + trace_path, "-device", "isa-debugcon,iobase=0xe8,chardev=trace"]
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
    errors = _read(errors_path)
    for line in errors.splitlines():
        say("| " + line)
    if options.trace:
        _keep_trace(trace_path, options.trace)
    return guest_status(status, errors, accel, _read(status_path))


def _keep_trace(written, wanted):
    if not os.path.exists(written) or os.path.getsize(written) == 0:
        say("no trace was written: the kernel did not come so far")
        return
    shutil.copyfile(written, wanted)


def _read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as text:
            return text.read()
    except FileNotFoundError:
        return ""


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
