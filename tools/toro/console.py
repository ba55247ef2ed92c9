"""Progress lines. Standard output belongs to the application alone, so everything here goes to standard error."""

import sys


def say(text):
    sys.stderr.write("toro: %s\n" % text)
    sys.stderr.flush()
