"""The applications of the repository: each folder of apps/ with a main.cc or a main.c."""

import os

from paths import ROOT


def main_source(name, root=ROOT):
    """The path of the file with the application's main, or None."""
    paths = [os.path.join(root, "apps", name, main) for main in ("main.cc", "main.c")]
    return next((path for path in paths if os.path.isfile(path)), None)


def app_names(root=ROOT):
    folder = os.path.join(root, "apps")
    if not os.path.isdir(folder):
        return []
    return sorted(name for name in os.listdir(folder) if main_source(name, root))


def describe(name, root=ROOT):
    """The first sentence of the opening comment of the file with main."""
    text = []
    with open(main_source(name, root), encoding="utf-8") as source:
        for line in source:
            if not line.startswith("//"):
                break
            text.append(line[2:].strip())
    sentence = " ".join(text)
    end = sentence.find(". ")
    sentence = sentence[:end] if end >= 0 else sentence.rstrip(".")
    prefix, colon, rest = sentence.partition(": ")
    return rest if colon and prefix.lower() == name else sentence


def list_command():
    names = app_names()
    width = max([len(name) for name in names], default=0)
    for name in names:
        print("%-*s  %s" % (width, name, describe(name)))
    return 0
