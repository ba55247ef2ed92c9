"""Runs one child process that can leave nothing behind.

INVARIANTS
  I1. The child leads its own process group. When the run ends for whatever reason (it exits, the timeout, Ctrl-C,
      SIGTERM, an exception), the whole group gets SIGTERM, then SIGKILL.
  I2. When toro itself is killed with SIGKILL, the kernel kills the child (PR_SET_PDEATHSIG).
  I3. What the child writes is read at once, whatever our own reader does: QEMU drops serial output that nobody takes.
"""

import contextlib
import ctypes
import os
import queue
import signal
import subprocess
import sys
import threading
import time

_PR_SET_PDEATHSIG = 1
_GRACE_S = 1
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_libc = ctypes.CDLL(None, use_errno=True)


class Interrupted(Exception):
    """A signal asked toro to end."""

    def __init__(self, number):
        super().__init__(signal.Signals(number).name)
        self.number = number


class TimedOut(Exception):
    """The child ran longer than it was allowed to."""


@contextlib.contextmanager
def signals_as_exceptions():
    """Inside, SIGINT, SIGTERM and SIGHUP raise Interrupted in the main thread, the first one only."""

    def on_signal(number, _frame):
        for each in _ENDING:
            signal.signal(each, signal.SIG_IGN)
        raise Interrupted(number)

    before = {number: signal.signal(number, on_signal) for number in _ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _die_with_parent():
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def end_group(child):
    """Ends the process group of `child` and collects the child."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGTERM)
        deadline = time.monotonic() + _GRACE_S
        while time.monotonic() < deadline:
            child.poll()
            os.killpg(child.pid, 0)  # raises when nobody is left
            time.sleep(0.01)
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


class _Relay:
    """Copies what a child writes to `sink`, without ever keeping the child waiting for `sink` (I3)."""

    def __init__(self, source, sink):
        self.first_byte = threading.Event()
        self.sink_gone = threading.Event()
        self._chunks = queue.SimpleQueue()
        self._source, self._sink = source, sink
        self._threads = [threading.Thread(target=t, daemon=True) for t in (self._read, self._write)]
        for thread in self._threads:
            thread.start()

    def _read(self):
        while True:
            chunk = os.read(self._source, 1 << 16)
            if chunk:
                self.first_byte.set()
            self._chunks.put(chunk)
            if not chunk:
                return

    def _write(self):
        while True:
            chunk = self._chunks.get()
            if not chunk:
                return
            while chunk:
                try:
                    chunk = chunk[os.write(self._sink, chunk):]
                except OSError:  # our reader has gone, as in `toro run x | head`
                    self.sink_gone.set()
                    return

    def finish(self):
        for thread in self._threads:
            thread.join()


def run(command, timeout_s, watch=None, stderr=None):
    """Runs `command`, its output relayed to ours. Returns the exit status as subprocess does (negative: the signal).

    Raises TimedOut after `timeout_s` seconds. `watch(elapsed_s, has_output)` is called about ten times a second and may
    raise to end the run.
    """
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=stderr,
                             start_new_session=True, preexec_fn=_die_with_parent)
    try:
        relay = _Relay(child.stdout.fileno(), sys.stdout.fileno())
        start = time.monotonic()
        while True:
            elapsed = time.monotonic() - start
            if elapsed >= timeout_s:
                raise TimedOut()
            try:
                child.wait(min(0.1, timeout_s - elapsed))
                break
            except subprocess.TimeoutExpired:
                if relay.sink_gone.is_set():
                    raise Interrupted(signal.SIGPIPE) from None
                if watch:
                    watch(elapsed, relay.first_byte.is_set())
    finally:
        end_group(child)
    relay.finish()
    return child.returncode
