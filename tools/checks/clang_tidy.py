"""clang_tidy: clang-tidy 16 finds nothing of .clang-tidy in our sources, headers included by them too.

Left out: tests and benchmarks, since googletest's macros triple the time and nothing of it runs in the kernel; and the
C library's back end of the image (platform/baremetal/runtime), which defines what the host's headers declare otherwise.

It is also the job of the thread-safety analysis: who touches what belongs to another CPU (core/base/affinity.h).
"""

import concurrent.futures
import os
import re
import shutil
import subprocess
import sys

import source_tree

PROGRAM = "clang-tidy-16"
_LEFT_OUT = re.compile(r"_(test|bench)\.cc$|^platform/(baremetal/runtime|posix)/")
_FOLDERS = ("core/", "drivers/", "services/", "platform/", "apps/")
_FLAGS = ["-std=c++20", "-I.", "-Icore/machine/no_simulation", "-Wall", "-Wextra", "-Wno-unused-parameter",
          "-Wthread-safety"]
_FINDING = re.compile(r"^(.*?):(\d+):\d+: (?:error|warning): (.*)$")


def backend_folder(path):
    """Where this file's machine_backend.h lies: the one header that the build chooses."""
    return "platform/baremetal/cpu" if path.startswith("platform/baremetal/") else "platform/hosted"


def check(root, path):
    """The findings in one source file and the headers of ours that it includes, without the repetitions."""
    words = [PROGRAM, "--quiet", path, "--", *_FLAGS, "-I" + backend_folder(path)]
    environment = dict(os.environ, PWD=root)  # clang names files by it
    run = subprocess.run(words, cwd=root, env=environment, capture_output=True, text=True, check=False)
    found = {}
    for line in run.stdout.splitlines():
        match = _FINDING.match(line)
        if match:
            named = os.path.relpath(os.path.join(root, match[1]), root)
            found["%s:%s: %s" % (named, match[2], match[3])] = None
    if run.returncode != 0 and not found:
        found["%s:1: %s failed: %s" % (path, PROGRAM, run.stderr.strip()[-500:])] = None
    return list(found)


def sources(root):
    paths = source_tree.files(root, (".cc",))
    return [path for path in paths if path.startswith(_FOLDERS) and not _LEFT_OUT.search(path)]


def check_tree(root):
    if not shutil.which(PROGRAM):
        return ["there is no %s: ./toro setup installs it" % PROGRAM]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = pool.map(lambda path: check(root, path), sources(root))
    return list(dict.fromkeys(problem for problems in found for problem in problems))


if __name__ == "__main__":
    top = os.path.dirname(os.path.realpath(sys.argv[1]))
    sys.exit(source_tree.report("clang_tidy", check_tree(top), "The rules are in .clang-tidy."))
