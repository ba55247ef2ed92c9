"""check_disassembly: no locked instruction and no system call in the objects of core, services and drivers.

Disassembles the libraries of both worlds and fails on a LOCK prefix, XCHG with memory (which locks by itself), MFENCE,
SYSCALL, SYSENTER and INT n, unless allowed.txt names the function, with a reason; and on values that are kept across a
switch to another thread and must not be (thread_pointer.py). Every line of allowed.txt must be needed. It
also counts the memory accesses of ExchangeSlot::Put and Take (slot_probe.cc): one load and one store each.
"""

import collections
import os
import re
import subprocess
import sys

import thread_pointer

Instruction = collections.namedtuple("Instruction", ["function", "mnemonic", "operands"])
Allowed = collections.namedtuple("Allowed", ["kind", "function", "reason", "line"])

_FUNCTION = re.compile(r"^[0-9a-f]+ <(.*)>:$")
_INSTRUCTION = re.compile(r"^\s+[0-9a-f]+:\t(.*)$")
_REGISTER = re.compile(r"^%[a-z0-9]+$")
_PREFIXES = ("lock", "rep", "repz", "repnz", "notrack", "bnd", "data16", "cs", "ds", "es", "ss", "addr32", "xacquire",
             "xrelease", "rex.W")
_LAYERS = ("core", "services", "drivers")
_PROBES = {"ProbeSlotPut": (1, 1), "ProbeSlotTake": (1, 1)}


def parse(text):
    """The instructions of `objdump -dC --no-show-raw-insn`, in order. A lock prefix stays in the mnemonic."""
    function = ""
    for line in text.splitlines():
        match = _FUNCTION.match(line)
        if match:
            function = match[1]
            continue
        match = _INSTRUCTION.match(line)
        if not match:
            continue
        words = match[1].split("#")[0].split()
        locked = False
        while len(words) > 1 and words[0] in _PREFIXES:
            locked |= words.pop(0) == "lock"
        if words:
            yield Instruction(function, ("lock " if locked else "") + words[0], "".join(words[1:]))


def operands_of(text):
    """The operands, split at the commas that stand outside of parentheses."""
    return [part for part in re.split(r",(?![^(]*\))", text.split("<")[0]) if part]


def forbidden(instruction):
    """The kind of forbidden instruction that this is, or None."""
    name = instruction.mnemonic
    if name == "lock" or name.startswith("lock "):
        return "lock"
    if re.fullmatch(r"xchg[bwlq]?", name):
        return None if all(_REGISTER.match(o) for o in operands_of(instruction.operands)) else "xchg"
    if name in ("mfence", "syscall", "sysenter"):
        return name
    if name == "int":
        return "int"
    return None


def read_allowed(text):
    """Lines `KIND | regular expression of the whole function name | reason`."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            parts = [part.strip() for part in line.split(" | ")]
            if len(parts) != 3 or not parts[2]:
                raise SystemExit("allowed.txt:%d: is not `KIND | FUNCTION | REASON`" % number)
            yield Allowed(parts[0], re.compile(parts[1]), parts[2], number)


def problems_in(instructions, allowed, used):
    """Texts for the forbidden instructions; adds each line of `allowed` that excuses one to `used`."""
    for instruction in instructions:
        kind = forbidden(instruction)
        if not kind:
            continue
        excuse = next((a for a in allowed if a.kind == kind and a.function.fullmatch(instruction.function)), None)
        if excuse:
            used.add(excuse.line)
        else:
            yield "%s: %s %s" % (instruction.function, instruction.mnemonic, instruction.operands)


def kept_across_switches(path, allowed, used):
    """Texts for what thread_pointer.py finds in a library."""
    words = ["objdump", "-dCrw", "--no-show-raw-insn", path]
    listing = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    for function, kind, instruction in thread_pointer.problems_in(listing.splitlines()):
        excuse = next((a for a in allowed if a.kind == kind and a.function.fullmatch(function)), None)
        if excuse:
            used.add(excuse.line)
        else:
            yield "%s: %s: %s" % (function, kind, instruction)


def memory_accesses(instructions):
    """(loads, stores) of a function, without those of its own stack frame (push, pop, call, ret)."""
    loads = stores = 0
    for instruction in instructions:
        operands = operands_of(instruction.operands)
        name = instruction.mnemonic
        if not any("(" in o for o in operands) or name.startswith(("lea", "nop", "prefetch")):
            continue
        target = "(" in operands[-1]
        if name.startswith(("cmp", "test")) or not target:
            loads += 1
        elif name.startswith("mov"):
            stores += 1
        else:  # read-modify-write
            loads += 1
            stores += 1
    return loads, stores


def probe_problems(world, instructions):
    by_function = collections.defaultdict(list)
    for instruction in instructions:
        by_function[instruction.function].append(instruction)
    for name, wanted in _PROBES.items():
        body = by_function.get(name)
        if not body:
            yield "%s: no function %s in the libraries" % (world, name)
            continue
        calls = [i for i in body if i.mnemonic.startswith("call")]
        found = memory_accesses(body)
        if found != wanted or calls:
            yield "%s: %s has %d loads, %d stores and %d calls, not %d, %d and none" % (
                world, name, *found, len(calls), *wanted)


def uncovered(root, packages):
    """Folders of our layers with code that no library of the test comes from; `testing` is what tests are made of."""
    for layer in _LAYERS:
        for folder, subfolders, names in os.walk(os.path.join(root, layer)):
            subfolders[:] = [name for name in subfolders if name != "testing"]
            code = [n for n in names if n.endswith((".cc", ".S")) and not re.search(r"_(test|bench)\.", n)]
            package = os.path.relpath(folder, root)
            if code and package not in packages:
                yield "%s: %s is in no library that //tools/check_disassembly looks at: add it" % (package, code[0])


def disassemble(path):
    words = ["objdump", "-dC", "--no-show-raw-insn", "-w", path]
    return list(parse(subprocess.run(words, capture_output=True, text=True, check=True).stdout))


def main(listing, allowed_path, root_file):
    with open(allowed_path, encoding="utf-8") as text:
        allowed = list(read_allowed(text.read()))
    used, problems, packages, libraries = set(), [], set(), collections.defaultdict(list)
    with open(listing, encoding="utf-8") as lines:
        for line in lines:
            what, world, name = line.split()
            packages.add(name) if what == "package" else libraries[world].append(name)
    total = 0
    for world, paths in libraries.items():
        instructions = []
        for path in paths:
            code = disassemble(path)
            problems += ["%s %s: %s" % (world, path, p) for p in problems_in(code, allowed, used)]
            problems += ["%s %s: %s" % (world, path, p) for p in kept_across_switches(path, allowed, used)]
            instructions += code
        problems += probe_problems(world, instructions)
        total += len(instructions)
    problems += ["allowed.txt:%d: nothing needs this line any more: remove it" % a.line for a in allowed
                 if a.line not in used]
    problems += uncovered(os.path.dirname(os.path.realpath(root_file)), packages)
    print("%d instructions in %d libraries, %d problems" % (total, sum(map(len, libraries.values())), len(problems)))
    for problem in problems:
        print(problem)
    return 1 if problems or not total else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
