"""`toro run`: builds an application and runs it in the world that the user chose."""

import os
import subprocess
import sys
import tempfile

import bazel
import network
import nodes
import options as option_parser
import pack
import process
import qemu
from apps import app_names
from console import say
from errors import TIMEOUT, ToroError, usage_error
from paths import ROOT

MAKE_ISO = os.path.join(ROOT, "tools", "image", "make_iso")


def run_command(words):
    options = option_parser.parse_run(words, app_names())
    with tempfile.TemporaryDirectory(prefix="toro_run.") as folder:
        return _run_hosted(options) if options.world == "hosted" else _run_metal(options, folder)


def _build(app, names):
    """Paths of the one file that each of the targets //apps/APP:NAME consists of, and of the default input files."""
    labels = ["//apps/%s:%s" % (app, name) for name in [*names, "modules"]]
    built = bazel.build(labels, "building " + app)
    files = []
    for label in labels[:-1]:
        if not built.get(label):
            raise ToroError("Bazel built no file for %s" % label, "`bazel build %s` says more" % label)
        files.append(built[label][0])
    return files, built.get(labels[-1], [])


def _input_files(options, defaults):
    return [(os.path.basename(path), path) for path in options.input or defaults]


def _run_hosted(options):
    ignored = sorted(options.given & set(option_parser.METAL_ONLY))
    if ignored:
        say("note: %s: no meaning in the hosted world" % ", ".join("--" + name for name in ignored))
    (program,), defaults = _build(options.app, [options.app])
    command = [program, "--cpus=%d" % options.cpus, "--memory=%d" % options.memory]
    command += ["--input=" + path for _, path in _input_files(options, defaults)]
    command += nodes.as_words(options) + network.as_words(options)
    if options.report:
        command.append("--report")
    if options.trace:
        command += ["--trace=" + options.trace, "--trace-records=%d" % options.trace_records]
    if options.seed is not None:
        command.append("--seed=%d" % options.seed)
    say("running %s: hosted, %d CPUs, %d MiB%s" % (
        options.app, options.cpus, options.memory,
        "" if options.seed is None else ", one step at a time by seed %d" % options.seed))
    try:
        status = process.run([*command, "--", *options.arguments], options.timeout)
    except process.TimedOut:
        raise ToroError("%s did not end within %d s" % (options.app, options.timeout),
                        "--timeout=S allows more; or the application waits for something that never comes",
                        TIMEOUT) from None
    if status < 0:
        raise ToroError("%s was killed by signal %d" % (options.app, -status), "see its last lines of output")
    return status


def _run_metal(options, folder):
    for word in options.arguments:
        if "\n" in word or "\0" in word:
            raise usage_error("an argument with a line break cannot pass through the kernel command line",
                              "put it into a file and use --input=FILE")
    qemu.program()
    if options.boot == "pvh":
        return _run_pvh(options, folder)
    return _run_grub(options, folder)


def _command_line(options):
    words = ["report"] if options.report else []
    if options.isolate:
        words.append("isolate")
    if options.trace:
        words.append("trace=%d" % options.trace_records)
    if options.arguments:
        words += ["--", pack.kernel_words(options.arguments)]
    return " ".join(words)


def _run_grub(options, folder):
    if options.input or _command_line(options):
        (kernel,), defaults = _build(options.app, ["image"])
        iso = os.path.join(folder, options.app + ".iso")
        words = [MAKE_ISO, "--kernel=" + kernel, "--cmdline=" + _command_line(options), "--output=" + iso]
        for name, path in _input_files(options, defaults):
            if "=" in name:
                raise usage_error("--input=%s: GRUB cannot hand over a file with a = in its name" % path,
                                  "rename it, or add --boot=pvh")
            words.append("--module=%s=%s" % (name, path))
        say("writing an ISO with this run's input and words ...")
        made = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False)
        if made.returncode != 0:
            raise ToroError("tools/image/make_iso failed with status %d" % made.returncode, "see its message above")
    else:
        (iso,), _ = _build(options.app, ["iso"])
    return qemu.boot(options, ["-cdrom", iso], folder)


def _run_pvh(options, folder):
    (kernel,), defaults = _build(options.app, ["image"])
    words = ["-kernel", kernel, "-append", _command_line(options)]
    files = _input_files(options, defaults)
    if files:
        packed = os.path.join(folder, "modules.pack")
        with open(packed, "wb") as output:
            pack.write_pack(output, files)
        words += ["-initrd", packed]
    return qemu.boot(options, words, folder)
