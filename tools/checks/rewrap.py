"""Moves the words that hang over the right edge of a comment to its next line. clang-format does not: it would reflow
diagrams too (ReflowComments: false)."""

import re
import sys

import source_tree

COLUMNS = 120

_COMMENT = re.compile(r"^(\s*(?://|#)\s+)(\S.*)$")
_ITEM = re.compile(r"^([A-Z]\d+\.|\d+\.|[-*|+]|[A-Z]{2,}[A-Z ]*\b)(\s|$|\.)")


def rewrap(lines):
    """`lines` with no comment line longer than COLUMNS, if it has a space to break at."""
    lines = list(lines)
    at = 0
    while at < len(lines):
        match = _COMMENT.match(lines[at])
        if not match or len(lines[at]) <= COLUMNS or lines[at].startswith("#!"):
            at += 1
            continue
        cut = lines[at].rfind(" ", len(match[1]), COLUMNS + 1)
        if cut < 0:
            at += 1
            continue
        moved = lines[at][cut + 1:]
        lines[at] = lines[at][:cut].rstrip()
        following = _COMMENT.match(lines[at + 1]) if at + 1 < len(lines) else None
        prefix = match[1]
        hangs = following and len(following[1]) > len(prefix) and _ITEM.match(match[2])
        if following and (following[1] == prefix or hangs) and not _ITEM.match(following[2]):
            lines[at + 1] = following[1] + moved + " " + following[2]
        else:
            item = _ITEM.match(match[2])
            lines.insert(at + 1, prefix + (" " * (len(item[1]) + 1) if item and item[1][-1] in ".-*+" else "") + moved)
        at += 1
    return lines


def rewrap_tree(root):
    for path in source_tree.files(root, (".h", ".cc", ".S", ".bzl", "BUILD.bazel", ".py", ".sh")):
        before = source_tree.read_lines(root, path)
        after = rewrap(before)
        if after != before:
            with open("%s/%s" % (root, path), "w", encoding="utf-8") as file:
                file.write("\n".join(after))
            print("rewrapped", path)


if __name__ == "__main__":
    rewrap_tree(source_tree.root_of_runfile(sys.argv[1]))
