"""boot_time: from the start of QEMU to the first line on the serial port, beside the floor and beside Linux.

METHOD. The guests boot one after the other, round after round, a guest right beside its floor, and every other round
backwards: a slow second of the host meets both alike. What is compared is the difference of two boots of a round; what
is reported is its median over the rounds, and between which values the middle half of the differences lies: where that
is wide, the host was busy. "CPU ms" is what QEMU took of the host's CPUs until it had ended: less disturbed, but it
counts both CPUs of the guest, which come up side by side, and the end of the machine.
"""

import os
import statistics
from dataclasses import dataclass

import guests
from qemu_guest import boot_once

KIB = 1 << 10


@dataclass(frozen=True)
class Goal:
    """`what` may take `limit`; `aim` is the harder goal of the design. Both in `unit`."""

    what: str
    value: float
    limit: float
    aim: float
    unit: str

    def line(self):
        return "%-46s %9.1f %-4s %9g %9g   %s" % (
            self.what, self.value, self.unit, self.limit, self.aim, self.verdict())

    def verdict(self):
        return "yes, and the aim" if self.value <= self.aim else "yes" if self.value <= self.limit else "NO"


# The limits of the first release, and what the design aims at.
_OVER_FLOOR_MS = {"PVH": (25, 5), "GRUB": (30, 10)}
_ISO_KIB = (2048, 600)
_HELLO_KIB = (150, 64)
_OF_LINUX = (1 / 20, 1 / 20)


def measure(all_guests, rounds, say):
    """{name of the guest: [Sample of each round]}"""
    samples = {guest.name: [] for guest in all_guests}
    for number in range(rounds):
        say("boot_time: round %d of %d" % (number + 1, rounds))
        for guest in all_guests if number % 2 else reversed(all_guests):
            samples[guest.name].append(boot_once(guest))
    return samples


def differences(samples, name, what):
    """What `name`, a hello, took more than its floor in each round; sorted."""
    floor = samples["floor" + name[len("hello"):]]
    return sorted(getattr(one, what) - getattr(other, what) for one, other in zip(samples[name], floor))


def middle_half(values):
    """(the value a quarter of the way up, the one three quarters up) of sorted values."""
    return values[len(values) // 4], values[len(values) - 1 - len(values) // 4]


def _row(name, samples):
    ready, cpu = [s.ready_ms for s in samples], [s.cpu_ms for s in samples]
    return "%-24s %9.1f %9.1f %9.1f   %9.1f %9.1f" % (
        name, statistics.median(ready), min(ready), max(ready), statistics.median(cpu), min(cpu))


def goals(samples, files):
    """The goals, with what this run says about them."""
    found = []
    for name in samples:
        what, _, way = name.partition(", ")
        if what != "hello":
            continue
        limit, aim = _OVER_FLOOR_MS[way.split(",")[0]]
        found.append(Goal("over the floor, " + way, statistics.median(differences(samples, name, "ready_ms")),
                          limit, aim, "ms"))
    linux = next((name for name in samples if name.startswith("Linux")), None)
    if linux:
        ratio = statistics.median(h.ready_ms / l.ready_ms for h, l in zip(samples["hello, PVH, q35"], samples[linux]))
        found.append(Goal("hello, PVH, q35, of the time of Linux", ratio * 100, *(100 * r for r in _OF_LINUX), "%"))
    found.append(Goal("size of hello.iso", os.path.getsize(files["hello.iso"]) / KIB, *_ISO_KIB, "KiB"))
    found.append(Goal("size of hello.elf", os.path.getsize(files["hello.elf"]) / KIB, *_HELLO_KIB, "KiB"))
    return found


def report(samples, files):
    lines = ["%-24s %9s %9s %9s   %9s %9s" % ("boot_time", "ready ms", "least", "most", "CPU ms", "least")]
    lines += [_row(name, taken) for name, taken in samples.items()]
    lines += ["", "%-24s %9s %21s   %9s" % ("hello less its floor", "ready ms", "middle half", "CPU ms")]
    for name in samples:
        if name.startswith("hello"):
            more = differences(samples, name, "ready_ms")
            lines.append("%-24s %9.1f %9.1f to %8.1f   %9.1f" % (name, statistics.median(more), *middle_half(more),
                                                              statistics.median(differences(samples, name, "cpu_ms"))))
    lines += ["", "%-46s %9s %-4s %9s %9s   %s" % ("goal", "measured", "", "limit", "aim", "reached")]
    lines += [goal.line() for goal in goals(samples, files)]
    return lines


def run(files, linux_words, rounds, say):
    all_guests = guests.boot_guests(files)
    if linux_words:
        all_guests.append(guests.linux(linux_words))
    return report(measure(all_guests, rounds, say), files)
