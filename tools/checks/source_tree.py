"""The files of the repository, for the checks that read all of them.

WHY not a Bazel filegroup: a check must see a file that somebody forgot to name in a BUILD file. The tests that use this
are tagged "external", so that Bazel runs them each time, and find the repository behind the runfile of //:LICENSE.
"""

import os
import sys

_SKIPPED = {".git", "out", "__pycache__", ".cache"}


def root_of_runfile(runfile):
    """The real repository behind a runfile that lies at its top level."""
    return os.path.dirname(os.path.realpath(runfile))


def files(root, suffixes):
    """Paths below `root`, relative to it, that end in one of `suffixes`; sorted. Symbolic links are not followed."""
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = [f for f in folders if f not in _SKIPPED and not os.path.islink(os.path.join(folder, f))]
        for name in names:
            path = os.path.join(folder, name)
            if name.endswith(tuple(suffixes)) and not os.path.islink(path):
                found.append(os.path.relpath(path, root))
    return sorted(found)


def read_lines(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as text:
        return text.read().split("\n")


def report(name, problems, remedy):
    """Prints the problems, one a line as PATH:LINE: what, and returns the exit status."""
    for problem in problems:
        print(problem)
    if problems:
        print("%s: %d problems. %s" % (name, len(problems), remedy), file=sys.stderr)
    return 1 if problems else 0
