"""tidy: the rules of STYLE.md that a machine can hold."""

import re
import sys

import source_tree

MAX_LINES = 500
MAX_COLUMNS = 120

_CODE = (".h", ".cc", ".S", ".ld", ".bzl", "BUILD.bazel", ".py", ".sh", "toro", ".ci/run", "prove_fresh_debian")
_TEXT = _CODE + (".txt", ".md")
_FORBIDDEN_TYPE = re.compile(
    r"\b(?:class|struct|enum class|concept|using)\s+(?:alignas\([^)]*\)\s*)?(\w*(?:Manager|Helper|Util|Utils))\b")
_FORBIDDEN_FILE = re.compile(r"(?:^|[/_])(?:manager|helper|helpers|util|utils)(?:[._]|$)", re.IGNORECASE)
_UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
_SIGNED = re.compile(r"(?i)\bcopyright\b|@author\b")
_LOCK_FREE = re.compile(r"\b(?:ProductAtomics|std::atomic|Atomics::(?:template )?(?:Word|Plain))\b")
_SECTIONS = ("WHY", "INVARIANTS", "MEMORY ORDER", "COST")
_TIMED_TEST = re.compile(r"\b(?:sleep_for|sleep_until|usleep|nanosleep)\s*\(")
_SLEEP = re.compile(r"\bstd::this_thread::sleep|\busleep\s*\(")
_REFERENCE = re.compile(r"\[([a-z][a-z0-9]{1,7}) (?:table |figure )?[0-9A-Z][\w.-]*\]")
_UNFINISHED_EXEMPT = ("tools/checks/", "STYLE.md", "CONTRIBUTING.md", "ARCHITECTURE.md")


def guard_of(path):
    return re.sub(r"[^A-Z0-9]", "_", path.upper()) + "_"


def check_text(path, lines):
    """What holds for every text file."""
    code = path.endswith(_CODE)
    if lines and lines[-1] != "":
        yield "%s:%d: no newline at the end of the file" % (path, len(lines))
    if code and len(lines) - 1 > MAX_LINES:
        yield "%s:1: %d lines; a file has at most %d: split it by idea" % (path, len(lines) - 1, MAX_LINES)
    for number, line in enumerate(lines, 1):
        where = "%s:%d: " % (path, number)
        if line != line.rstrip():
            yield where + "space at the end of the line"
        if "\t" in line:
            yield where + "tab; indent by spaces"
        if code and len(line) > MAX_COLUMNS and not re.search(r"https?://\S{60,}", line):
            yield where + "%d columns; at most %d" % (len(line), MAX_COLUMNS)
        if not path.startswith(_UNFINISHED_EXEMPT):
            if _UNFINISHED.search(line):
                yield where + "unfinished work: do it, or open an issue and leave the mark out"
            if _SIGNED.search(line) and path != "LICENSE":
                yield where + "the licence stands in LICENSE and authors in the history: remove this line"


def check_names(path, lines):
    if _FORBIDDEN_FILE.search(path.rsplit("/", 1)[-1]):
        yield "%s:1: a file is named after what it is; Manager, Helper and Util say nothing" % path
    for number, line in enumerate(lines, 1):
        match = _FORBIDDEN_TYPE.search(line.split("//")[0])
        if match:
            yield "%s:%d: %s: name the type after what it is; Manager, Helper and Util say nothing" % (
                path, number, match[1])


def check_header(path, lines):
    if not lines or not lines[0].startswith("//"):
        yield "%s:1: a header opens with a comment: what it is, in one sentence, and why" % path
    guard = guard_of(path)
    code = [line for line in lines if line.strip() and not line.startswith("//")]
    if code[:2] != ["#ifndef " + guard, "#define " + guard]:
        yield "%s:1: the include guard is spelt %s, above all else" % (path, guard)
    elif code[-1] != "#endif  // " + guard:
        yield "%s:%d: the file ends with `#endif  // %s`" % (path, len(lines), guard)


def check_lock_free(path, lines):
    """Every header that shares words between CPUs argues its protocol in its opening comment."""
    if not path.startswith("core/") or not _LOCK_FREE.search("\n".join(line.split("//")[0] for line in lines)):
        return
    opening = []
    for line in lines:
        if not line.startswith("//"):
            break
        opening.append(line)
    text = "\n".join(opening)
    missing = [s for s in _SECTIONS if not re.search(r"^//\s*%s\b" % s, text, re.MULTILINE)]
    if path == "core/exchange/atomics.h":
        missing = [s for s in missing if s not in ("WHY", "INVARIANTS", "COST")]
    if missing:
        yield "%s:1: shares words; opening comment without %s" % (path, ", ".join(missing))


def check_test(path, lines):
    for number, line in enumerate(lines, 1):
        if _SLEEP.search(line) or _TIMED_TEST.search(line.split("//")[0]):
            yield "%s:%d: a test does not sleep; it waits for the event" % (path, number)


def reference_ids(lines):
    """The ids in the first column of the table of docs/references.md."""
    return {match[1] for match in map(re.compile(r"^\| (\w+) \|").match, lines) if match}


def check_references(path, lines, known):
    """Every [id section] in a comment resolves."""
    for number, line in enumerate(lines, 1):
        for match in _REFERENCE.finditer(line[line.find("//"):] if "//" in line else ""):
            if match[1] not in known:
                yield "%s:%d: [%s ...] is not in docs/references.md: add the document" % (path, number, match[1])


def check_file(path, lines):
    yield from check_text(path, lines)
    if path.endswith((".h", ".cc")):
        yield from check_names(path, lines)
    if path.endswith(".h"):
        yield from check_header(path, lines)
        yield from check_lock_free(path, lines)
    if re.search(r"_test\.(cc|py)$", path) and not path.startswith("tools/checks/"):
        yield from check_test(path, lines)


def check_tree(root):
    problems = []
    known = reference_ids(source_tree.read_lines(root, "docs/references.md"))
    for path in source_tree.files(root, _TEXT):
        try:
            lines = source_tree.read_lines(root, path)
        except UnicodeDecodeError:
            problems.append("%s:1: is not UTF-8 text" % path)
            continue
        problems += check_file(path, lines)
        if path.endswith((".h", ".cc", ".S")):
            problems += check_references(path, lines, known)
    return problems


if __name__ == "__main__":
    top = source_tree.root_of_runfile(sys.argv[1])
    sys.exit(source_tree.report("tidy", check_tree(top), "STYLE.md has the rules."))
