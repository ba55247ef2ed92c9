"""Calls Bazel: progress in short lines, the whole output when it fails, and the files it built."""

import collections
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

import process
from console import say
from errors import ToroError
from paths import ROOT

PROGRESS_EVERY_S = 10
_ACTIONS = re.compile(r"^\[([\d,]+) / ([\d,]+)\]")

Outcome = collections.namedtuple("Outcome", ["status", "output", "events"])


def server_pid():
    """The process id of the Bazel server of this workspace, or None."""
    mark = ("--workspace_directory=" + ROOT).encode()
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open("/proc/%s/cmdline" % entry, "rb") as command:
                    if mark in command.read().split(b"\0"):
                        return int(entry)
            except OSError:
                continue
    return None


def _program():
    program = shutil.which("bazel")
    if not program:
        raise ToroError("there is no `bazel` on the path", "./toro setup, or apt-get install bazel-bootstrap")
    return program


def invoke(command, targets, doing, options=()):
    """Runs `bazel COMMAND TARGETS`. Returns its status, its output, and the build events. Ctrl-C leaves no process that
    was not there before: a Bazel server that this call started is shut down again."""
    had_server = server_pid() is not None
    with tempfile.TemporaryDirectory(prefix="toro_bazel.") as folder:
        events = os.path.join(folder, "events.json")
        line = [_program(), command, "--color=no", "--curses=no", "--show_progress_rate_limit=5",
                "--build_event_json_file=" + events, *options, "--", *targets]
        say(doing + " ...")
        child = subprocess.Popen(line, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, start_new_session=True, text=True, errors="replace")
        try:
            output = _follow(child, doing)
        except process.Interrupted:
            _interrupt(child, had_server)
            raise
        return Outcome(child.wait(), output, _read_events(events))


def _follow(child, doing):
    kept, shown = [], time.monotonic()
    for line in child.stdout:
        actions = _ACTIONS.match(line)
        if actions or line.startswith(("Loading:", "Analyzing:")):
            if actions and time.monotonic() - shown >= PROGRESS_EVERY_S:
                shown = time.monotonic()
                say("%s: %s of %s actions" % (doing, actions[1], actions[2]))
        else:
            kept.append(line)
            if "Another command" in line:
                say("waiting for another Bazel command in this workspace")
    return "".join(kept)


def _interrupt(child, had_server):
    say("interrupted: ending the build")
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGINT)
    try:
        child.wait(20)
    except subprocess.TimeoutExpired:
        pass
    process.end_group(child)
    if not had_server:
        server = server_pid()
        if server:
            os.kill(server, signal.SIGTERM)


def _read_events(path):
    try:
        with open(path, encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]
    except FileNotFoundError:
        return []


def build(targets, doing):
    """Builds `targets`. Returns {target: [absolute path of each file]}."""
    outcome = invoke("build", targets, doing)
    if outcome.status != 0:
        for line in outcome.output.splitlines():
            say("| " + line)
        raise ToroError("%s failed: Bazel's output is above" % doing,
                        "repair what its first ERROR names; `bazel build %s` repeats it" % " ".join(targets))
    return files_of(outcome.events)


def files_of(events):
    """{label: [path]} of the build events' completed targets."""
    sets, result = {}, {}
    for event in events:
        if "namedSet" in event["id"]:
            sets[event["id"]["namedSet"]["id"]] = event.get("namedSetOfFiles", {})
    for event in events:
        if "targetCompleted" in event["id"] and event.get("completed", {}).get("success"):
            paths = []
            for group in event["completed"].get("outputGroup", []):
                if group["name"] == "default":
                    for reference in group.get("fileSets", []):
                        paths += _paths(sets, reference["id"])
            result[event["id"]["targetCompleted"]["label"]] = paths
    return result


def _paths(sets, name):
    here = sets.get(name, {})
    paths = [f["uri"][len("file://"):] for f in here.get("files", []) if f.get("uri", "").startswith("file://")]
    for reference in here.get("fileSets", []):
        paths += _paths(sets, reference["id"])
    return paths
