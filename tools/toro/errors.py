"""ToroError: what toro says when something is wrong. Every message names the cause and the remedy."""

import difflib

USAGE = 2
TIMEOUT = 124
FAILED = 125


class ToroError(Exception):
    """Ends the command with `status` after printing `cause` and `remedy`."""

    def __init__(self, cause, remedy, status=FAILED):
        super().__init__(cause)
        self.cause = cause
        self.remedy = remedy
        self.status = status


def usage_error(cause, remedy):
    return ToroError(cause, remedy, USAGE)


def near_matches(word, known):
    """' (near: a, b)' for a mistyped word, or ''."""
    near = difflib.get_close_matches(word, known, n=3, cutoff=0.5)
    return " (near: %s)" % ", ".join(near) if near else ""
