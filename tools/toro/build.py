"""`toro build` and `toro size`."""

import os
import subprocess

import bazel
import options as option_parser
from apps import app_names
from errors import ToroError
from paths import ROOT

SIZE_REPORT = os.path.join(ROOT, "tools", "image", "size_report")


def _only_app(command, words):
    _, names = option_parser.split_options(words, [])
    return option_parser.parse_app(command, names, app_names())


def _built_file(app, name):
    label = "//apps/%s:%s" % (app, name)
    files = bazel.build([label], "building " + app).get(label)
    if not files:
        raise ToroError("Bazel built no file for %s" % label, "`bazel build %s` says more" % label)
    return os.path.realpath(files[0])


def build_command(words):
    print(_built_file(_only_app("build", words), "iso"))
    return 0


def size_command(words):
    image = _built_file(_only_app("size", words), "image")
    return subprocess.run([SIZE_REPORT, "--image", image, image], check=False).returncode
