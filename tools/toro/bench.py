"""`toro bench`: the benchmarks, with their table on standard output."""

import process
import bazel
from errors import ToroError, usage_error

LABEL = "//bench:bench"
TIMEOUT_S = 3600


def bench_command(words):
    if len(words) > 1 or (words and words[0].startswith("-")):
        raise usage_error("unexpected: %s" % " ".join(words), "./toro bench [FILTER]")
    files = bazel.build([LABEL], "building the benchmarks").get(LABEL)
    if not files:
        raise ToroError("Bazel built no file for %s" % LABEL, "`bazel build %s` says more" % LABEL)
    return process.run([files[0], *words], TIMEOUT_S)
