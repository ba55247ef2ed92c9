"""What is measured in a process of this host: how late a sleep ends, and what work on request gains (section spread).

METHOD. The program is wake/main.cc, built for the hosted world. Sleeps stand beside those of a Linux process, taken in
the same run. Unbalanced work, all created on CPU 0, is done three times a round, in turns: by threads that must not
move, by threads that may while no CPU takes work, and while each does. Ratios are taken within a round.
"""

import re
import statistics
import subprocess
import time

from qemu_guest import GuestFailed

ROUNDS = 1000
SLEEP_S = 0.002
THREADS = 64
_SLEEP_LIMIT_US = 100
_TIMEOUT_S = 120
_LATENCY = re.compile(r"overshoot median (\d+) p99.9 (\d+) most (\d+) ns of (\d+)")
_SPREAD = re.compile(r"spread: fixed (\d+) us, off (\d+) us, on (\d+) us, (\d+) arrivals elsewhere")


def output_of(words):
    """What the program says. Raises GuestFailed when it fails or does not end."""
    try:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, errors="replace", timeout=_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        raise GuestFailed("`%s` did not end within %d s" % (" ".join(words), _TIMEOUT_S)) from None
    if done.returncode != 0:
        raise GuestFailed("`%s` ended with status %d: %s" % (" ".join(words), done.returncode, done.stdout[-2000:]))
    return done.stdout


def _ours(files, rounds):
    said = output_of([files["wake"], "--cpus=1", "--", "sleep", str(rounds)])
    found = _LATENCY.search(said)
    if not found:
        raise GuestFailed("wake: no overshoot in its output: %s" % said[-2000:])
    return tuple(int(found[i]) / 1e3 for i in (1, 2, 3))


def _linux_process(rounds):
    """The same by clock_nanosleep with an absolute time, which is what Python's sleep is on Linux."""
    late = []
    for _ in range(rounds):
        start = time.perf_counter()
        time.sleep(SLEEP_S)
        late.append((time.perf_counter() - start - SLEEP_S) * 1e6)
    late.sort()
    return statistics.median(late), late[-1 - rounds // 1000], late[-1]


def sleep_lines(files, say, rounds=ROUNDS):
    """How much later than asked for a sleep of 2 ms ends, in a process."""
    say("wake: sleeps in a process")
    lines = ["%-28s %12s %12s %12s" % ("hosted, overshoot of 2 ms", "median us", "99.9 % us", "most us")]
    for name, found in (("ours", _ours(files, rounds)), ("Linux process", _linux_process(rounds))):
        lines.append("%-28s %12.1f %12.1f %12.1f" % (name, *found))
        if name == "ours":
            reached = "yes" if found[0] < _SLEEP_LIMIT_US else "NO"
            lines[-1] += "   limit %d us; reached: %s" % (_SLEEP_LIMIT_US, reached)
    return lines


def spread(files, threads):
    """[(microseconds fixed, off, on, arrivals)] of each round."""
    said = output_of([files["wake"], "--cpus=2", "--", "spread", str(threads)])
    found = [tuple(map(int, row)) for row in _SPREAD.findall(said)]
    if not found:
        raise GuestFailed("wake: no round in its output: %s" % said[-2000:])
    return found


def spread_lines(rounds):
    lines = ["%-40s %10s %10s %10s %10s" % ("spread, %d rounds, 2 CPUs" % len(rounds), "fixed us", "off us", "on us",
                                            "arrivals")]
    lines.append("%-40s %10d %10d %10d %10d" % ("time of all, medians", *map(statistics.median, zip(*rounds))))
    for name, above, below in (("off, of the time of threads that stay", 1, 0), ("on, of the time of off", 2, 1)):
        ratios = sorted(row[above] / row[below] for row in rounds)
        lines.append("%-40s %10.2f   from %.2f to %.2f" % (name, statistics.median(ratios), ratios[0], ratios[-1]))
    return lines


def run_spread(files, say):
    say("spread: %d threads" % THREADS)
    return spread_lines(spread(files, THREADS))
