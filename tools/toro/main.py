"""The second half of ./toro: dispatches to one module per command. The first half, a shell script, installs Python."""

import os
import signal
import sys

import apps
import bench
import build
import fuzz
import process
import run
import sim
import test
import trace
from console import say
from errors import ToroError

COMMANDS = {
    "run": run.run_command,
    "build": build.build_command,
    "trace": trace.trace_command,
    "size": build.size_command,
    "list": lambda _words: apps.list_command(),
    "test": test.test_command,
    "bench": bench.bench_command,
    "fuzz": fuzz.fuzz_command,
    "sim": sim.sim_command,
    "soak": fuzz.soak_command,
    "setup": lambda _words: 0,
}


def main(words):
    with process.signals_as_exceptions():
        try:
            return COMMANDS[words[0]](words[1:])
        except ToroError as error:
            say("error: " + error.cause)
            say("remedy: " + error.remedy)
            return error.status
        except process.Interrupted as interrupt:
            if interrupt.number != signal.SIGPIPE:  # `toro run x | head` is no news
                say("ended by %s" % interrupt)
            return 128 + interrupt.number
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 128 + signal.SIGPIPE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
