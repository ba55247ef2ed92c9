"""check_format: every C++ file is as clang-format 16 leaves it (.clang-format).

Debian 12's default clang-format is 14, which mangles concepts; so the version is part of the rule. With --fix it
rewrites, comments that hang over the right edge included (rewrap.py).
"""

import concurrent.futures
import os
import re
import shutil
import subprocess
import sys

import rewrap
import source_tree

PROGRAM = "clang-format-16"
_FILES_A_CALL = 16
_FINDING = re.compile(r"^(.*?):(\d+):\d+: .*code should be clang-formatted")


def unformatted(root, paths, fix=False):
    """clang-format's complaints about `paths`, or with `fix` none after it rewrote them."""
    mode = ["-i"] if fix else ["--dry-run", "--ferror-limit=3"]
    words = [PROGRAM, "--style=file", *mode, *paths]
    run = subprocess.run(words, cwd=root, capture_output=True, text=True, check=False)
    problems = {}  # the first of each file
    for line in run.stderr.splitlines():
        match = _FINDING.match(line)
        if match:
            problems.setdefault(match[1], "%s:%s: not as clang-format leaves it" % (match[1], match[2]))
    problems = list(problems.values())
    if run.returncode != 0 and not problems:
        problems = ["%s failed: %s" % (PROGRAM, run.stderr.strip())]
    return problems


def check_tree(root, fix=False):
    if not shutil.which(PROGRAM, path="/usr/bin"):
        return ["there is no %s: ./toro setup installs it" % PROGRAM]
    paths = source_tree.files(root, (".h", ".cc", ".c"))
    groups = [paths[at:at + _FILES_A_CALL] for at in range(0, len(paths), _FILES_A_CALL)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = pool.map(lambda group: unformatted(root, group, fix), groups)
    return [problem for group in found for problem in group]


if __name__ == "__main__":
    top, fixing = source_tree.root_of_runfile(sys.argv[1]), "--fix" in sys.argv[2:]
    if fixing:
        rewrap.rewrap_tree(top)
    sys.exit(source_tree.report("check_format", check_tree(top, fixing),
                                "`bazel run //tools/checks:reformat` repairs them."))
