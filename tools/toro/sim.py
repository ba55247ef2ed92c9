"""`toro sim`: runs an application in the simulator (docs/simulator.md), for one seed or for many.

The program that is built for the simulator does all of it; this finds it and checks what the user asked for.
"""

import dataclasses
import os
import re
import shlex

import bazel
import options as option_parser
import process
import shrink
from apps import app_names
from console import say
from errors import TIMEOUT, ToroError, near_matches, usage_error
from paths import ROOT

MAX_CPUS = 256
MAX_STEPS = 2**63
MAX_DELAY = 65535
ORDERS = ("uniform", "priority", "swarm")
REMEDY = "./toro sim --help lists the options; the application's own arguments come after --"
OPTIONS = ("seed", "seeds", "cpus", "memory", "steps", "order", "store-delay", "faults", "input", "jobs", "timeout",
           "shrink")
SWEEP_ONLY = ("jobs",)
SINGLE_ONLY = ("timeout", "shrink")
# The inboxes of a CPU grow with the number of CPUs.
LEAST_MEMORY_MIB = 128
CPU_MEMORY_MIB = 16
SINGLE_TIMEOUT_S = 60
SWEEP_TIMEOUT_S = 30 * 24 * 3600


@dataclasses.dataclass
class SimOptions:
    """What the user asked for."""

    app: str = ""
    seeds: tuple = None  # first and last; None: one seed
    words: list = dataclasses.field(default_factory=list)  # for the program
    inputs: list = dataclasses.field(default_factory=list)
    case: shrink.Case = None  # what to shrink
    kept: list = dataclasses.field(default_factory=list)  # what shrinking does not change, as the user wrote it
    timeout: int = SINGLE_TIMEOUT_S
    arguments: list = dataclasses.field(default_factory=list)


def package_of(name, apps, root=ROOT):
    """The package of an application: a name below apps/, or the path of a folder such as tests/sim/mixed."""
    if name in apps:
        return "apps/" + name
    if "/" not in name:
        raise usage_error("no such application: %s%s" % (name, near_matches(name, apps)),
                          "./toro list shows the applications; a folder of tests/ can be named by its path")
    package = os.path.normpath(name)
    build = os.path.join(root, package, "BUILD.bazel")
    if package.startswith(("/", "..")) or not os.path.isfile(build):
        raise usage_error("no such application: %s has no BUILD.bazel" % name, "for instance tests/sim/mixed")
    with open(build, encoding="utf-8") as text:
        if not re.search(r"^toro_cc_app\(", text.read(), re.MULTILINE):
            raise usage_error("%s is no application: its BUILD.bazel has no toro_cc_app" % name,
                              "for instance tests/sim/mixed")
    return package


def parse_seeds(text):
    match = re.fullmatch(r"(\d{1,20})\.\.(\d{1,20})", text)
    if not match:
        raise usage_error("--seeds=%s is no range" % text, "for instance --seeds=1..10000")
    first, last = (option_parser.number("seeds", seed, 0, option_parser.MAX_SEED) for seed in match.groups())
    if first > last:
        raise usage_error("--seeds=%s: the first seed is above the last" % text, "for instance --seeds=1..10000")
    return first, last


def parse_sim(words, apps, root=ROOT):
    """SimOptions from the words after `toro sim`."""
    words, options = list(words), SimOptions()
    if "--" in words:
        at = words.index("--")
        words, options.arguments = words[:at], words[at + 1:]
    values, names = option_parser.split_options(words, OPTIONS, REMEDY)
    if not names:
        raise usage_error("no application named", "./toro sim APP; ./toro list shows the applications")
    if len(names) > 1:
        raise usage_error("unexpected word: %s" % names[1],
                          "one application at a time; its own arguments come after --")
    options.app = package_of(names[0], apps, root)
    given = dict(values)
    for name in given:
        if name != "input" and sum(other == name for other, _ in values) > 1:
            raise usage_error("--%s stands there twice" % name, "give it once")
    options.inputs = [option_parser.check_file("input", text) for name, text in values if name == "input"]
    _check_together(given)

    cpus = option_parser.number("cpus", given.get("cpus", "2"), 1, MAX_CPUS)
    memory = option_parser.number("memory", given.get("memory", str(max(LEAST_MEMORY_MIB, CPU_MEMORY_MIB * cpus))),
                                  2, option_parser.MAX_MEMORY_MIB)
    options.words = ["--cpus=%d" % cpus, "--memory=%d" % memory]
    if "seeds" in given:
        options.seeds = parse_seeds(given["seeds"])
        options.timeout = SWEEP_TIMEOUT_S
        jobs = option_parser.number("jobs", given.get("jobs", str(len(os.sched_getaffinity(0)))), 1, 1024)
        options.words += ["--seeds=%d..%d" % options.seeds, "--jobs=%d" % jobs]
    else:
        seed = option_parser.number("seed", given.get("seed", "1"), 0, option_parser.MAX_SEED)
        options.words += ["--seed=%d" % seed, "--trace-hash"]
        options.timeout = option_parser.number("timeout", given.get("timeout", str(options.timeout)), 1, 7 * 24 * 3600)
    if "shrink" in given:
        options.kept = [names[0]] + ["--%s=%s" % pair for pair in values if pair[0] in ("memory", "steps", "input")]
        delay = given.get("store-delay")
        if delay is not None:
            delay = option_parser.number("store-delay", delay, 0, MAX_DELAY)
        options.case = shrink.Case(seed, cpus, given.get("faults", "none"), given.get("order"), delay)
    if "steps" in given:
        options.words.append("--steps=%d" % option_parser.number("steps", given["steps"], 1, MAX_STEPS))
    if "store-delay" in given:
        options.words.append("--store-delay=%d" % option_parser.number(
            "store-delay", given["store-delay"], 0, MAX_DELAY))
    if "order" in given:
        if given["order"] not in ORDERS:
            raise usage_error("--order=%s is not one of %s" % (given["order"], ", ".join(ORDERS)),
                              "for instance --order=%s" % ORDERS[0])
        options.words.append("--order=" + given["order"])
    if "faults" in given:
        options.words.append("--faults=" + given["faults"])
    return options


def _shrink(options, program, inputs):
    common = [word for word in options.words if word.startswith(("--memory=", "--steps="))]
    runner = shrink.Runner(program, [*common, *["--input=" + path for path in inputs]], options.arguments)
    say("shrinking; this takes many runs")
    case, failure, first = shrink.shrink(options.case, runner)
    say("%d runs; the failure: %s" % (runner.runs, failure.kind))
    say("from %d CPUs, %d steps, %d faults to %d CPUs, %d steps, %d faults:" % (
        options.case.cpus, first.steps, len(first.fired), case.cpus, failure.steps, len(failure.fired)))
    line = ["./toro", "sim", *options.kept, *case.words()]
    print(shlex.join(line + (["--", *options.arguments] if options.arguments else [])))
    return 0


def again_words(words):
    """The words of a sweep as those of one seed, for which SEED stands."""
    kept, words = [], list(words)
    while words and words[0] != "--":
        word = words.pop(0)
        if word in ("--seeds", "--jobs"):
            words = words[1:]
        elif not word.startswith(("--seeds=", "--jobs=")):
            kept.append(word)
    return kept + ["--seed=SEED"] + words


def _check_together(given):
    if "seeds" in given and "seed" in given:
        raise usage_error("--seed and --seeds do not go together", "leave one out")
    for name in SWEEP_ONLY if "seeds" not in given else SINGLE_ONLY:
        if name in given:
            raise usage_error("--%s has no meaning %s --seeds" % (name, "with" if "seeds" in given else "without"),
                              "leave it out")


def sim_command(words):
    options = parse_sim(words, app_names())
    labels = ["//%s:%s" % (options.app, name) for name in ("sim", "modules")]
    built = bazel.build(labels, "building %s for the simulator" % options.app)
    if not built.get(labels[0]):
        raise ToroError("Bazel built no file for %s" % labels[0], "`bazel build %s` says more" % labels[0])
    inputs = options.inputs or built.get(labels[1], [])
    line = [built[labels[0]][0], *options.words, *["--input=" + path for path in inputs]]
    if options.case:
        return _shrink(options, built[labels[0]][0], inputs)
    if options.seeds:
        line.append("--again=" + shlex.join(["./toro", "sim", *again_words(words)]))
    try:
        status = process.run([*line, "--", *options.arguments], options.timeout)
    except process.TimedOut:
        raise ToroError("%s did not end within %d s" % (options.app, options.timeout),
                        "--timeout=S allows more, --steps=N bounds the run; or a thread runs for ever without yielding",
                        TIMEOUT) from None
    if status < 0:
        raise ToroError("%s was killed by signal %d" % (options.app, -status), "see its last lines of output")
    if status != 0 and options.seeds is None:
        say("the run failed with status %d; the same command runs it again, step by step" % status)
    return status
