"""`toro fuzz` and `toro soak`: random tests of the product's parts on this machine, for as long as one likes.

Both run programs of //tests/fuzz. A fuzzer's new inputs go into a folder that --corpus names, or are forgotten; an
input that fails is kept in the current folder, with the command that shows the failure again.
"""

import os
import shutil
import tempfile

import bazel
import options as option_parser
import process
from console import say
from errors import ToroError, near_matches, usage_error

FUZZERS = ("allocator", "net", "page_runs", "tcp_options")
SOAKS = ("allocator",)
DEFAULT_SECONDS = 60
MAX_SECONDS = 30 * 24 * 3600
MAX_JOBS = 256
MAX_OPERATIONS = 10**15
MOST_INPUT_BYTES = 4096
GRACE_S = 300  # for one slow input, and for building the report


def _parse(command, words, known, names):
    remedy = "./toro %s --help lists the options" % command
    values, others = option_parser.split_options(words, known, remedy)
    if not others:
        raise usage_error("nothing named", "./toro %s NAME, where NAME is one of: %s" % (command, ", ".join(names)))
    if len(others) > 1:
        raise usage_error("unexpected word: %s" % others[1], "one at a time: ./toro %s %s" % (command, others[0]))
    if others[0] not in names:
        raise usage_error("no such %s: %s%s" % ({"fuzz": "fuzzer"}.get(command, command), others[0],
                                                near_matches(others[0], names)), "take one of: %s" % ", ".join(names))
    return others[0], dict(values)


def parse_fuzz(words):
    """(fuzzer, {seconds, jobs, corpus, replay}) of the words after `toro fuzz`."""
    name, given = _parse("fuzz", words, ["seconds", "jobs", "corpus", "replay"], FUZZERS)
    if "replay" in given and len(given) > 1:
        raise usage_error("--replay runs one input, once", "leave the other options out")
    return name, {
        "seconds": option_parser.number("seconds", given.get("seconds", str(DEFAULT_SECONDS)), 1, MAX_SECONDS),
        "jobs": option_parser.number("jobs", given.get("jobs", "1"), 1, MAX_JOBS),
        "corpus": _folder(given.get("corpus")),
        "replay": option_parser.check_file("replay", given["replay"]) if "replay" in given else None,
    }


def _folder(path):
    if path is not None and not os.path.isdir(path):
        raise usage_error("--corpus=%s is no folder" % path, "make it first: mkdir %s" % path)
    return path


def parse_soak(words):
    """(soak, {seed, operations, seconds}) of the words after `toro soak`; None: not given."""
    name, given = _parse("soak", words, ["seed", "operations", "seconds"], SOAKS)
    limits = {"seed": (0, option_parser.MAX_SEED), "operations": (1, MAX_OPERATIONS), "seconds": (1, MAX_SECONDS)}
    return name, {key: option_parser.number(key, given[key], *limits[key]) if key in given else None for key in limits}


def seeds_of(text):
    """The inputs that a corpus file describes: one per line, in hexadecimal digits; # begins a comment."""
    return [bytes.fromhex(line) for line in text.splitlines() if line.strip() and not line.startswith("#")]


def fuzz_line(program, choices, corpus, artifacts):
    """The command line of a fuzzer."""
    if choices["replay"]:
        return [program, choices["replay"]]
    line = [program, "-max_total_time=%d" % choices["seconds"], "-max_len=%d" % MOST_INPUT_BYTES, "-len_control=0",
            "-print_final_stats=1", "-artifact_prefix=" + artifacts]
    if choices["jobs"] > 1:
        line.append("-fork=%d" % choices["jobs"])
    return line + [corpus]


def _build(label, doing):
    files = bazel.build([label], doing).get(label)
    if not files:
        raise ToroError("Bazel built no file for %s" % label, "`bazel build %s` says more" % label)
    return files


def fuzz_command(words):
    name, choices = parse_fuzz(words)
    files = _build("//tests/fuzz:" + name, "building the fuzzer")
    program = next(file for file in files if not file.endswith(".txt"))
    with tempfile.TemporaryDirectory(prefix="toro_fuzz.") as folder:
        corpus = choices["corpus"] or folder
        with open(next(file for file in files if file.endswith(".txt")), encoding="utf-8") as text:
            for number, seed in enumerate(seeds_of(text.read())):
                with open(os.path.join(corpus, "seed%03d" % number), "wb") as file:
                    file.write(seed)
        artifacts = os.path.join(folder, "failed_")
        say("replaying one input" if choices["replay"] else "fuzzing for %d s" % choices["seconds"])
        status = process.run(fuzz_line(program, choices, corpus, artifacts), choices["seconds"] + GRACE_S)
        if status == 0:
            say("nothing wrong")
            return 0
        for file in sorted(os.listdir(folder)):
            if file.startswith("failed_"):
                kept = "%s_%s" % (name, file)
                shutil.move(os.path.join(folder, file), kept)
                say("the input is kept; ./toro fuzz %s --replay=%s shows the failure again" % (name, kept))
    say("the fuzzer found something: its report is above")
    return 1


def soak_command(words):
    name, choices = parse_soak(words)
    program = _build("//tests/fuzz:%s_soak" % name, "building the soak")[0]
    line = [program] + ["--%s=%d" % (key, value) for key, value in choices.items() if value is not None]
    status = process.run(line, (choices["seconds"] or MAX_SECONDS) + GRACE_S)
    if status != 0:
        say("the soak found something: its report is above, with the command that replays it")
        return 1
    return 0
