"""idle: the CPU time and the memory that the host spends on a machine that has booted and waits.

METHOD. All guests wait at the same time, beside each other: an idle guest disturbs nobody, and each QEMU's own CPU time
is counted. After SETTLE_S, for the work that follows a boot, it is counted over WINDOW_S.
"""

import contextlib
import time

import guests
from qemu_guest import RunningGuest, cpu_time_ns, resident_mib

SETTLE_S = 3
WINDOW_S = 10
_LIMIT_PERCENT = 0.5
_AIM_PERCENT = 0.3
_GOAL_FOR = "idle, 4 CPUs"


def measure(waiting, settle_s=SETTLE_S, window_s=WINDOW_S):
    """[(name, percent of one CPU of the host, MiB resident)]"""
    with contextlib.ExitStack() as stack:
        running = []
        for guest in waiting:
            running.append(stack.enter_context(RunningGuest(guest)))
            running[-1].wait_for_mark()
        time.sleep(settle_s)
        before = [cpu_time_ns(each.pid) for each in running]
        start = time.perf_counter()
        time.sleep(window_s)
        spent = [cpu_time_ns(each.pid) - b for each, b in zip(running, before)]
        window_ns = (time.perf_counter() - start) * 1e9
        return [(each.guest.name, 100 * ns / window_ns, resident_mib(each.pid)) for each, ns in zip(running, spent)]


def report(rows):
    lines = ["%-28s %12s %9s" % ("idle", "% of a CPU", "RSS MiB")]
    for name, percent, mib in rows:
        lines.append("%-28s %12.2f %9.1f" % (name, percent, mib))
        if name == _GOAL_FOR:
            reached = "NO" if percent >= _LIMIT_PERCENT else "yes, and the aim" if percent <= _AIM_PERCENT else "yes"
            lines[-1] += "   limit %g %%, aim %g %%; reached: %s" % (_LIMIT_PERCENT, _AIM_PERCENT, reached)
    return lines


def run(files, linux_words, say):
    say("idle: %d s" % (SETTLE_S + WINDOW_S))
    return report(measure(guests.waiting_guests(files, linux_words)))
