"""`toro bench`: the benchmarks, with their tables on standard output.

Two programs: the suite of //bench, in a process, and //bench/boot, which boots machines and measures them from outside.
"""

import os
import sys

import process
import bazel
from console import say
from errors import ToroError, usage_error
from paths import ROOT

SUITE = "//bench:bench"
BOOT_GUESTS = "//bench/boot:guests"
TIMEOUT_S = 3600


def programs_for(words):
    """Which of "suite" and "boot" the words of the command ask for."""
    if not words:
        return ["suite", "boot"]
    return ["boot"] if words[0].startswith(("boot", "idle", "wake", "spread")) else ["suite"]


def bench_command(words):
    if len(words) > 1 or (words and words[0].startswith("-")):
        raise usage_error("unexpected: %s" % " ".join(words), "./toro bench [FILTER]")
    status = 0
    for name in programs_for(words):
        status = (_boot(words) if name == "boot" else _suite(words)) or status
    return status


def _build(label, doing):
    files = bazel.build([label], doing).get(label)
    if not files:
        raise ToroError("Bazel built no file for %s" % label, "`bazel build %s` says more" % label)
    return files


def _suite(words):
    program = _build(SUITE, "building the benchmarks")[0]
    say("the suite of //bench; it takes one to two minutes")
    return process.run([program, *words], TIMEOUT_S)


def _boot(words):
    guests = _build(BOOT_GUESTS, "building what the boot benchmark boots")
    say("//bench/boot: boot time, least memory, idle and wake-up cost in QEMU, all of it in five to eight minutes")
    section = ["--section=" + words[0]] if words else []
    program = os.path.join(ROOT, "bench", "boot", "boot_bench.py")
    return process.run([sys.executable, "-B", program, *section, *guests], TIMEOUT_S)
