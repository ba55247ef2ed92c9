"""wake: what it costs to wake a CPU that sleeps, beside Linux in the same machine.

METHOD. Latency is measured inside of the guest, by one clock: from right before the send to the first statement of the
thread that it woke, which ran on another CPU and had slept for 2 ms. `interrupt` is the floor: the same with an
interrupt and a halt alone, without messages and threads, in the same boot. The guests take turns, round after round.
The cost of a load is the CPU time of QEMU over a window, one guest after the other, so that they do not disturb each
other; each counts how often it was woken, because a guest that misses wake-ups has less to do.
"""

import dataclasses
import math
import re
import statistics
import time

import guests
import hosted
from qemu_guest import Guest, GuestFailed, RunningGuest, cpu_time_ns

SETTLE_S = 1
WINDOW_S = 4
RATES = (0, 1000, 10000)
SLEEPS = 1000
_WAKE_LIMIT = 1.1  # times the bare interrupt
_SLEEP_LIMIT_NS = 1e6
_WOKEN = re.compile(rb"woken (\d+) times in (\d+) ns")
_LINE = re.compile(rb"(\w+) median (\d+) p99.9 (\d+) most (\d+) ns of (\d+)")


def _ours(files, words, cpus=2):
    arguments = ["-kernel", files["wake.elf"], "-append", "-- " + words]
    return Guest("ours", arguments, guests.READY, cpus=cpus, timeout_s=60)


def _linux(linux_words, words, cpus=2):
    asked = linux_words[:-1] + [linux_words[-1] + " -- " + words]
    return dataclasses.replace(guests.linux(asked), cpus=cpus, name="Linux")


def _both(files, linux_words, words):
    return [_ours(files, words)] + ([_linux(linux_words, words)] if linux_words else [])


def latencies(guest):
    """{what: (median, p99.9)} in nanoseconds of one boot."""
    with RunningGuest(guest) as running:
        running.wait_for_mark()
        running.wait_for_end()
        return {what.decode(): (int(median), int(most)) for what, median, most, _, _ in _LINE.findall(running.output)}


def load_percent(guest, ends, settle_s, window_s):
    """(percent of one CPU of the host that the guest takes, its wake-ups a second, None if it does not end)."""
    with RunningGuest(guest) as running:
        running.wait_for_mark()
        time.sleep(settle_s)
        before, start = cpu_time_ns(running.pid), time.perf_counter()
        time.sleep(window_s)
        percent = 100 * (cpu_time_ns(running.pid) - before) / ((time.perf_counter() - start) * 1e9)
        if not ends:
            return percent, None
        running.wait_for_end()
        woken = _WOKEN.search(running.output)
        if not woken:
            raise GuestFailed("%s: did not say how often it was woken; its output: %s" % (guest.name, running.shown()))
        return percent, int(woken[1]) / (int(woken[2]) / 1e9)


def measure_latencies(files, linux_words, rounds, sleeps, say):
    """{(guest, what): [(median, p99.9) of each round]}"""
    found = {}
    for number in range(rounds):
        say("wake: round %d of %d" % (number + 1, rounds))
        for words in ("latency %d" % sleeps, "sleep %d" % sleeps):
            for guest in _both(files, linux_words, words):
                for what, pair in latencies(guest).items():
                    found.setdefault((guest.name, what), []).append(pair)
    return found


def latency_lines(found):
    lines = ["%-24s %12s %12s" % ("wake", "median us", "99.9 % us")]
    for (name, what), pairs in found.items():
        lines.append("%-24s %12.1f %12.1f" % (name + ", " + what, *(statistics.median(p[i] for p in pairs) / 1e3
                                                                  for i in (0, 1))))
    ratio = statistics.median(m[0] / i[0] for m, i in zip(found["ours", "message"], found["ours", "interrupt"]))
    lines.append("%-24s %.2f of the bare interrupt, limit %.1f; reached: %s" % (
        "ours, message", ratio, _WAKE_LIMIT, "yes" if ratio <= _WAKE_LIMIT else "NO"))
    late = statistics.median(p[0] for p in found["ours", "overshoot"])
    lines.append("%-24s limit %.0f us; reached: %s" % (
        "ours, overshoot", _SLEEP_LIMIT_NS / 1e3, "yes" if late < _SLEEP_LIMIT_NS else "NO"))
    return lines


def load_lines(files, linux_words, say, settle_s=SETTLE_S, window_s=WINDOW_S):
    lines = ["%-40s %12s %12s" % ("load", "% of a CPU", "woken a s")]
    seconds = math.ceil(settle_s + window_s) + 1
    asked = [(guest, "%d wake-ups a second" % rate, True) for rate in RATES
             for guest in _both(files, linux_words, "load %d %d" % (rate, seconds))]
    asked += [(_ours(files, "poll", cpus), "3 pollers a CPU, %d CPU%s" % (cpus, "s" if cpus > 1 else ""), False)
              for cpus in (1, 4, 8)]
    for guest, what, ends in asked:
        say("wake: %s, %s" % (guest.name, what))
        percent, rate = load_percent(guest, ends, settle_s, window_s)
        lines.append("%-40s %12.2f %12s" % (guest.name + ", " + what, percent, "" if rate is None else "%.0f" % rate))
    return lines


def run(files, linux_words, rounds, say):
    found = measure_latencies(files, linux_words, rounds, SLEEPS, say)
    return (latency_lines(found) + [""] + hosted.sleep_lines(files, say) + [""] +
            load_lines(files, linux_words, say))
