"""planted_bug: a program with one bug in it, and the test that somebody catches it.

The bug is planted in a copy of one source file. A header is included before everything else, so that its include guard
keeps the product's out; the object of a .cc file is linked whole, so that the linker has no use for the product's.
"""

load("//build_defs:toro_cc.bzl", "toro_cc_binary", "toro_cc_library")

def _copy_with_bug(bug):
    folder, _, base = bug.file.rpartition("/")
    copy = "%s_source/%s" % (bug.name, base)
    native.genrule(
        name = bug.name + "_copy",
        srcs = ["//%s:%s" % (folder, base)],
        outs = [copy],
        cmd = "/usr/bin/python3 -B $(location plant.py) $< $@ '%s' '%s'" % (
            bug.old.replace("$", "$$").replace("'", "'\\''"),
            bug.new.replace("$", "$$").replace("'", "'\\''"),
        ),
        tools = ["plant.py"],
    )
    return copy

def planted_bug(bug, tests):
    """The targets NAME_program and NAME.

    Args:
      bug: an entry of bugs.bzl.
      tests: the libraries with the tests, by bug.by.
    """
    copy = _copy_with_bug(bug)
    if bug.by == "model":
        toro_cc_binary(
            name = bug.name + "_program",
            testonly = True,
            srcs = ["exchange_is_searched.cc", copy],
            copts = ["-include", "$(location %s)" % copy, "-O1", "-Wno-error"],
            deps = ["//tests/models:model_exchange"],
        )
    else:
        toro_cc_library(
            name = bug.name + "_object",
            testonly = True,
            srcs = [copy],
            alwayslink = True,
            copts = ["-Wno-error"],
            deps = ["//core/kernel"],
        )
        toro_cc_binary(
            name = bug.name + "_program",
            testonly = True,
            linkopts = ["-lpthread"],
            deps = [":" + bug.name + "_object"] + tests[bug.by],
        )
    native.sh_test(
        name = bug.name,
        size = "medium",
        srcs = ["expect_caught.sh"],
        args = ["$(location :%s_program)" % bug.name, "'%s'" % bug.says] + (["seeds"] if bug.by == "seeds" else []),
        data = [":" + bug.name + "_program"],
    )
