"""The command line of `toro run`, parsed and checked into a RunOptions.

WHY by hand: argparse abbreviates, swallows `--`, and its messages name no remedy.
"""

import dataclasses
import os
import stat

import network
import nodes
from errors import near_matches, usage_error

WORLDS = ("metal", "hosted")
BOOTS = ("grub", "pvh")
MACHINES = ("q35", "pc", "microvm")
ACCELS = ("auto", "kvm", "tcg")
METAL_ONLY = ("boot", "machine", "accel")
FLAGS = ("report", "isolate", "json", "svg", "summary", "shrink")

MAX_CPUS = 255
MAX_MEMORY_MIB = 1024 * 1024
BASE_MEMORY_MIB = 6
CPU_MEMORY_MIB = 2
MAX_SEED = 2**64 - 1


@dataclasses.dataclass
class RunOptions:
    """What the user asked for. `given` holds the names of the options that stood on the command line."""

    app: str = ""
    world: str = "metal"
    boot: str = "grub"
    machine: str = "q35"
    cpus: int = 2
    memory: int = 128
    nodes: list = dataclasses.field(default_factory=list)
    distances: list = dataclasses.field(default_factory=list)
    report: bool = False
    nic: list = dataclasses.field(default_factory=list)
    forward: list = dataclasses.field(default_factory=list)
    tap: str = ""
    wire: list = dataclasses.field(default_factory=list)
    input: list = dataclasses.field(default_factory=list)
    accel: str = "auto"
    isolate: bool = False
    trace: str = None
    trace_records: int = 16384
    timeout: int = 60
    seed: int = None
    arguments: list = dataclasses.field(default_factory=list)
    given: set = dataclasses.field(default_factory=set)


_RUN_REMEDY = "./toro run --help lists the options; the application's own arguments come after --"


def split_options(words, known, remedy=_RUN_REMEDY):
    """Returns ([(option, value)], [other words]); understands --option=value and --option value."""
    options, others = [], []
    words = list(words)
    while words:
        word = words.pop(0)
        if not word.startswith("-") or word == "-":
            others.append(word)
            continue
        name, equals, value = word.partition("=")
        if not name.startswith("--") or name[2:] not in known:
            raise usage_error(
                "unknown option %s%s" % (name, near_matches(name, ["--" + k for k in known])),
                remedy)
        if name[2:] in FLAGS:
            if equals:
                raise usage_error("option %s takes no value" % name, "write %s" % name)
            value = "yes"
        elif not equals:
            if not words:
                raise usage_error("option %s needs a value" % name, "write %s=VALUE" % name)
            value = words.pop(0)
        options.append((name[2:], value))
    return options, others


def number(name, text, least, most):
    if not (text.isascii() and text.isdigit()) or len(text) > 20:
        raise usage_error("--%s=%s is not a whole number" % (name, text), "give one from %d to %d" % (least, most))
    value = int(text)
    if not least <= value <= most:
        raise usage_error("--%s=%s is out of range" % (name, text), "give a number from %d to %d" % (least, most))
    return value


def _word(name, text, words):
    if text not in words:
        raise usage_error("--%s=%s is not one of %s" % (name, text, ", ".join(words)),
                          "for instance --%s=%s" % (name, words[0]))
    return text


def least_memory_mib(cpus):
    return BASE_MEMORY_MIB + CPU_MEMORY_MIB * cpus


def check_file(name, path, remedy="name a file"):
    """The absolute path of the file that option `name` gives, which exists, is a regular file and can be read."""
    try:
        mode = os.stat(path).st_mode
    except OSError as error:
        raise usage_error("--%s=%s: %s" % (name, path, error.strerror), "name a file that exists") from error
    if not stat.S_ISREG(mode):
        kind = "a directory" if stat.S_ISDIR(mode) else "no regular file"
        raise usage_error("--%s=%s is %s" % (name, path, kind), remedy)
    try:
        with open(path, "rb"):
            pass
    except OSError as error:
        raise usage_error("--%s=%s: %s" % (name, path, error.strerror),
                          "make it readable: chmod +r %s" % path) from error
    return os.path.abspath(path)


def check_output(name, path):
    """The absolute path of a file that option `name` lets us write."""
    path = os.path.abspath(path)
    folder = os.path.dirname(path)
    if os.path.isdir(path):
        raise usage_error("--%s=%s is a directory" % (name, path), "name a file")
    if not os.path.isdir(folder) or not os.access(path if os.path.exists(path) else folder, os.W_OK):
        raise usage_error("--%s=%s cannot be written" % (name, path), "name a file in a folder that you may write to")
    return path


def _parse_value(options, name, text):
    if name == "input":
        options.input.append(check_file("input", text, "name a file; repeat --input for more than one"))
    elif name == "world":
        options.world = _word(name, text, WORLDS)
    elif name == "boot":
        options.boot = _word(name, text, BOOTS)
    elif name == "machine":
        options.machine = _word(name, text, MACHINES)
    elif name == "accel":
        options.accel = _word(name, text, ACCELS)
    elif name == "isolate":
        options.isolate = True
    elif name == "cpus":
        options.cpus = number(name, text, 1, MAX_CPUS)
    elif name == "memory":
        options.memory = number(name, text, 1, MAX_MEMORY_MIB)
    elif name == "trace":
        options.trace = check_output("trace", text)
    elif name == "trace-records":
        options.trace_records = number(name, text, 64, 2**24)
        if options.trace_records & (options.trace_records - 1):
            raise usage_error("--trace-records=%s is no power of two" % text,
                              "for instance --trace-records=%d" % 2**options.trace_records.bit_length())
    elif name == "nodes":
        options.nodes = nodes.parse_nodes(text)
    elif name == "distances":
        options.distances = nodes.parse_distances(text)
    elif name == "nic":
        options.nic.append(_word(name, text, network.CARDS))
    elif name == "forward":
        options.forward.append(network.parse_forward(text))
    elif name == "tap":
        options.tap = network.parse_tap(text)
    elif name == "wire":
        options.wire = network.parse_wire(text)
    elif name == "report":
        options.report = True
    elif name == "timeout":
        options.timeout = number(name, text, 1, 7 * 24 * 3600)
    elif name == "seed":
        options.seed = number(name, text, 0, MAX_SEED)


def _check_together(options):
    if "trace-records" in options.given and options.trace is None:
        raise usage_error("--trace-records says how much of a trace is kept, and none is recorded",
                          "add --trace=FILE, or leave it out")
    nodes.settle(options)
    network.settle(options)
    if not 1 <= options.cpus <= MAX_CPUS or options.memory > MAX_MEMORY_MIB:
        raise usage_error("--nodes has %d CPUs and %d MiB together" % (options.cpus, options.memory),
                          "1 to %d CPUs, and %d MiB at most" % (MAX_CPUS, MAX_MEMORY_MIB))
    least = least_memory_mib(options.cpus)
    if options.memory < least:
        raise usage_error(
            "--memory=%d is too small for %d CPUs" % (options.memory, options.cpus),
            "--memory=%d or more: %d MiB, and %d MiB per CPU" % (least, BASE_MEMORY_MIB, CPU_MEMORY_MIB))
    if options.world == "hosted":
        if options.isolate:
            raise usage_error("--isolate needs page tables for each CPU; those of a process share one address space",
                              "leave --isolate out, or leave --world=hosted out")
        return
    if options.seed is not None:
        raise usage_error("--seed chooses the order of CPUs in the hosted world; QEMU's CPUs take their own",
                          "add --world=hosted, or leave --seed out")
    if options.machine == "microvm" and options.boot == "grub":
        raise usage_error("--machine=microvm has no CD drive and no BIOS disk, so GRUB cannot start there",
                          "add --boot=pvh, or take --machine=q35")
    if options.machine == "microvm" and options.nodes:
        raise usage_error("--machine=microvm has no nodes", "take --machine=q35, or leave --nodes out")
    input_mib = sum(os.stat(path).st_size for path in options.input) / 2**20
    if options.memory < least + input_mib:
        raise usage_error(
            "the input files have %.1f MiB, which does not fit into --memory=%d" % (input_mib, options.memory),
            "--memory=%d or more" % (least + int(2 * input_mib) + 1))


def parse_run(words, apps):
    """RunOptions from the words after `toro run`. `apps` are the names of the applications that there are."""
    words = list(words)
    options = RunOptions()
    if "--" in words:
        at = words.index("--")
        words, options.arguments = words[:at], words[at + 1:]
    known = [f.name.replace("_", "-") for f in dataclasses.fields(RunOptions)
             if f.name not in ("app", "arguments", "given")]
    values, names = split_options(words, known)
    options.app = parse_app("run", names, apps)
    for name, text in values:
        _parse_value(options, name, text)
        options.given.add(name)
    _check_together(options)
    return options


def parse_app(command, names, apps):
    """The one application that stands on the command line."""
    if not names:
        raise usage_error("no application named", "./toro %s APP; ./toro list shows the applications" % command)
    if len(names) > 1:
        raise usage_error("unexpected word: %s" % names[1],
                          "one application at a time; its own arguments come after --")
    if names[0] not in apps:
        raise usage_error("no such application: %s%s" % (names[0], near_matches(names[0], apps)),
                          "./toro list shows the applications")
    return names[0]
