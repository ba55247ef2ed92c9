"""`toro sim --shrink`: from a run that fails to the smallest one found that fails in the same way.

Smaller is: fewer CPUs, then fewer faults, then fewer steps. Every candidate is run; what is reported has failed.
"""

import dataclasses
import re
import subprocess

from console import say
from errors import ToroError

SEEDS_PER_TRY = 300
MOST_FAULTS = 5000
RUN_TIMEOUT_S = 120
_RUN = re.compile(r"^toro: seed (\d+), (\d+) CPUs, (\d+) steps", re.MULTILINE)
_FATAL = re.compile(r"^toro: fatal: (.*)$", re.MULTILINE)
_FIRED = re.compile(r"^toro: these faults happened: (.*)$", re.MULTILINE)
_FAILED_SEED = re.compile(r"the first seed that fails is (\d+);")


@dataclasses.dataclass(frozen=True)
class Case:
    """What is run. `faults` is a plan; None for `order` and `delay`: the seed chooses."""

    seed: int
    cpus: int
    faults: str = "none"
    order: str = None
    delay: int = None

    def words(self):
        words = ["--seed=%d" % self.seed, "--cpus=%d" % self.cpus, "--faults=" + self.faults]
        if self.order is not None:
            words.append("--order=" + self.order)
        if self.delay is not None:
            words.append("--store-delay=%d" % self.delay)
        return words


@dataclasses.dataclass(frozen=True)
class Failure:
    kind: str  # what failed, without numbers
    steps: int
    fired: tuple  # "stall@3", ...


def kind_of(status, text):
    """What a failed run complains of, so that two failures can be compared."""
    fatal = _FATAL.search(text)
    if fatal is None:
        return "status %d" % status
    return re.sub(r"0x[0-9a-f]+|\b[0-9a-f]*\d[0-9a-f]*\b", "#", fatal[1])


def failure_of(status, text):
    """The Failure that a run shows, or None."""
    if status == 0:
        return None
    run, fired = _RUN.search(text), _FIRED.search(text)
    words = fired[1].split(",") if fired and fired[1] != "none" else []
    return Failure(kind_of(status, text), int(run[3]) if run else 0, tuple(words))


class Runner:
    """Runs cases of one program. `common` are the words that all of them have, `arguments` the application's."""

    def __init__(self, program, common, arguments):
        self._line = [program, *common]
        self._arguments = ["--", *arguments]
        self.runs = 0

    def _run(self, words):
        self.runs += 1
        try:
            done = subprocess.run([*self._line, *words, *self._arguments], stdin=subprocess.DEVNULL, text=True,
                                  errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  timeout=RUN_TIMEOUT_S, check=False)
        except subprocess.TimeoutExpired:
            return 124, ""
        return done.returncode, done.stdout

    def failure(self, case):
        """How `case` fails, or None."""
        return failure_of(*self._run([*case.words(), "--trace-hash", "--list-faults"]))

    def first_failing_seed(self, case):
        """The first seed from 1 to SEEDS_PER_TRY for which `case` fails, or None."""
        words = [word for word in case.words() if not word.startswith("--seed=")]
        _, text = self._run([*words, "--seeds=1..%d" % SEEDS_PER_TRY])
        found = _FAILED_SEED.search(text)
        return int(found[1]) if found else None


def fewest(items, fails):
    """A subset of `items` for which fails(subset) holds, and of which no single one can be left out."""
    items, chunk = list(items), max(1, len(items) // 2)
    while items:
        at, shorter = 0, False
        while at < len(items):
            rest = items[:at] + items[at + chunk:]
            if fails(rest):
                items, shorter = rest, True
            else:
                at += chunk
        if chunk == 1 and not shorter:
            break
        chunk = max(1, chunk // 2)
    return items


def shrink(case, runner):
    """(the smallest case found, its Failure, the Failure of `case`)."""
    first = runner.failure(case)
    if first is None:
        raise ToroError("seed %d does not fail" % case.seed, "leave --shrink out, or name a seed that fails")

    def failure(candidate):
        found = runner.failure(candidate)
        return found if found is not None and found.kind == first.kind else None

    for cpus in range(1, case.cpus):
        candidate = dataclasses.replace(case, cpus=cpus)
        seed = runner.first_failing_seed(candidate)
        if seed is not None and failure(dataclasses.replace(candidate, seed=seed)) is not None:
            case = dataclasses.replace(candidate, seed=seed)
            break
    say("%d CPUs" % case.cpus)
    case = _fewest_faults(case, failure)
    say("%d faults" % _count(case.faults))
    return (*_fewest_steps(case, failure), first)


def _count(faults):
    return 0 if faults == "none" else len(faults.split(","))


def _fewest_faults(case, failure):
    if case.faults == "none":
        return case
    without = dataclasses.replace(case, faults="none")
    if failure(without) is not None:
        return without
    fired = failure(case).fired
    if not fired or len(fired) > MOST_FAULTS:
        return case

    def plan(faults):
        return dataclasses.replace(case, faults=",".join(faults) or "none")

    # The same faults at the same times: the same run.
    if failure(plan(fired)) is None:
        return case
    return plan(fewest(fired, lambda faults: failure(plan(faults)) is not None))


def _fewest_steps(case, failure):
    best, found = case, failure(case)
    for order in (None, "uniform", "priority"):
        for delay in (None, 0, 15):
            candidate = dataclasses.replace(case, order=order or case.order,
                                            delay=case.delay if delay is None else delay)
            other = failure(candidate)
            if other is not None and other.steps < found.steps:
                best, found = candidate, other
    return best, found
