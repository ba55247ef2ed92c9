"""plant.py SOURCE OUTPUT OLD NEW: copies a source with one text replaced by another.

OLD must be there exactly once: when the source changes, the bug has to be planted anew.
"""

import sys


def main(source, output, old, new):
    with open(source, encoding="utf-8") as file:
        text = file.read()
    if text.count(old) != 1:
        sys.exit("plant.py: %s has this text %d times, not once: plant the bug anew in tests/mutants/bugs.bzl:\n%s" %
                 (source, text.count(old), old))
    with open(output, "w", encoding="utf-8") as file:
        file.write(text.replace(old, new))


if __name__ == "__main__":
    main(*sys.argv[1:])
