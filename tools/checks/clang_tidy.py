"""clang_tidy: clang-tidy 16 finds nothing of .clang-tidy in our sources, headers included by them too.

Tests and benchmarks are left out: googletest's macros triple the time and hide nothing that runs in the kernel.
"""

import concurrent.futures
import os
import re
import shutil
import subprocess
import sys

import source_tree

PROGRAM = "clang-tidy-16"
_FOLDERS = ("core/", "drivers/", "services/", "platform/", "apps/")
_FLAGS = ["-std=c++20", "-I.", "-Wall", "-Wextra", "-Wno-unused-parameter"]
_FINDING = re.compile(r"^(.*?):(\d+):\d+: (?:error|warning): (.*)$")


def backend_folder(path):
    """Where this file's machine_backend.h lies: the one header that the build chooses."""
    return "platform/baremetal/cpu" if path.startswith("platform/baremetal/") else "platform/hosted"


def check(root, path):
    """The findings in one source file and the headers of ours that it includes, without the repetitions."""
    words = [PROGRAM, "--quiet", path, "--", *_FLAGS, "-I" + backend_folder(path)]
    run = subprocess.run(words, cwd=root, capture_output=True, text=True, check=False)
    found = {}
    for line in run.stdout.splitlines():
        match = _FINDING.match(line)
        if match:
            found["%s:%s: %s" % (os.path.relpath(match[1], root) if match[1] else path, match[2], match[3])] = None
    if run.returncode != 0 and not found:
        found["%s:1: %s failed: %s" % (path, PROGRAM, run.stderr.strip()[-500:])] = None
    return list(found)


def sources(root):
    return [path for path in source_tree.files(root, (".cc",))
            if path.startswith(_FOLDERS) and not re.search(r"_(test|bench)\.cc$", path)]


def check_tree(root):
    if not shutil.which(PROGRAM):
        return ["there is no %s: ./toro setup installs it" % PROGRAM]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = [problem for problems in pool.map(lambda path: check(root, path), sources(root)) for problem in problems]
    return list(dict.fromkeys(found))


if __name__ == "__main__":
    top = os.path.dirname(os.path.realpath(sys.argv[1]))
    sys.exit(source_tree.report("clang_tidy", check_tree(top), "The rules are in .clang-tidy."))
