"""One guest in QEMU: how it is started, and what is seen from outside: when its first line arrives, what it costs."""

import os
import resource
import select
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field

PROGRAM = "qemu-system-x86_64"

# By emulation: KVM is not everywhere, and what is measured is what the guest does, not how fast this host virtualises.
# The serial port is a pipe, and there is no device that nobody asked for: a VGA adapter alone costs a boot 60 ms.
_COMMON = ["-nodefaults", "-no-user-config", "-display", "none", "-serial", "stdio", "-no-reboot", "-accel",
           "tcg,thread=multi", "-cpu", "max", "-device", "isa-debug-exit,iobase=0xf4,iosize=4"]
_PIECE_BYTES = 1 << 16


class GuestFailed(Exception):
    """A guest did not say its line; the message holds what it said instead."""


@dataclass
class Guest:
    """What is booted, and the line that says that it runs."""

    name: str
    boot: list                # QEMU's words: what boots
    mark: bytes               # part of its first line
    machine: str = "q35"
    cpus: int = 2
    memory_mib: int = 128
    timeout_s: float = 30

    def words(self):
        return [PROGRAM, *_COMMON, "-M", self.machine, "-smp", str(self.cpus), "-m", str(self.memory_mib), *self.boot]


@dataclass
class Sample:
    """One boot. `cpu_ms` is QEMU's user and system time until it ended: less disturbed by other work on the host."""

    ready_ms: float
    ended_ms: float
    cpu_ms: float


@dataclass
class RunningGuest:
    """A guest that was started. Use as a context manager: the process ends with the block, however that is left."""

    guest: Guest
    output: bytes = b""
    _child: subprocess.Popen = field(default=None, repr=False)
    _start: float = 0.0

    def __enter__(self):
        if not shutil.which(PROGRAM):
            raise GuestFailed("there is no %s: apt-get install qemu-system-x86" % PROGRAM)
        self._start = time.perf_counter()
        self._child = subprocess.Popen(self.guest.words(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=subprocess.STDOUT)
        return self

    def __exit__(self, *_):
        if self._child.returncode is None:
            self._child.send_signal(signal.SIGKILL)
            self._child.wait()
        self._child.stdout.close()

    @property
    def pid(self):
        return self._child.pid

    def elapsed_ms(self):
        return (time.perf_counter() - self._start) * 1e3

    def read(self):
        """More output, or b"" at its end. Raises GuestFailed when the guest's time is over."""
        left_s = self.guest.timeout_s - self.elapsed_ms() / 1e3
        source = self._child.stdout.fileno()
        if left_s <= 0 or not select.select([source], [], [], left_s)[0]:
            raise GuestFailed("%s: nothing more within %g s; its output: %s" % (
                self.guest.name, self.guest.timeout_s, self.shown()))
        piece = os.read(source, _PIECE_BYTES)
        self.output += piece
        return piece

    def shown(self):
        return self.output[-2000:].decode(errors="replace").strip() or "none"

    def wait_for_mark(self):
        """Milliseconds from the start of QEMU until the mark was read."""
        while self.guest.mark not in self.output:
            if not self.read():
                raise GuestFailed("%s: ended without %r; its output: %s" % (
                    self.guest.name, self.guest.mark.decode(), self.shown()))
        return self.elapsed_ms()

    def wait_for_end(self):
        """Milliseconds of CPU time that QEMU took, once it has ended."""
        while self.read():
            pass
        _, status, usage = os.wait4(self._child.pid, 0)
        self._child.returncode = os.waitstatus_to_exitcode(status)
        return (usage.ru_utime + usage.ru_stime) * 1e3


def boot_once(guest):
    with RunningGuest(guest) as running:
        ready_ms = running.wait_for_mark()
        cpu_ms = running.wait_for_end()
        return Sample(ready_ms, running.elapsed_ms(), cpu_ms)


def cpu_time_ns(pid):
    """CPU time of all threads of a process so far. (/proc/PID/stat counts in ticks of 10 ms: too coarse for 0.1 %.)"""
    total = 0
    for thread in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/schedstat" % (pid, thread), encoding="ascii") as text:
            total += int(text.read().split()[0])
    return total


def resident_mib(pid):
    with open("/proc/%d/statm" % pid, encoding="ascii") as text:
        return int(text.read().split()[1]) * resource.getpagesize() / (1 << 20)
