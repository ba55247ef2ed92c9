"""toro_fuzz_program: a libFuzzer program, built by clang with AddressSanitizer and UndefinedBehaviorSanitizer.

The target `NAME_program` is an ordinary cc_binary that only clang can build; `NAME` is that binary, whatever else is
built with, so that plain `bazel build //...` and `bazel test //...` have it.
"""

load(":toro_cc.bzl", "toro_cc_binary")

def _fuzz_impl(settings, attr):
    return {
        "//build_defs:sanitizer": "fuzzer",
        "//command_line_option:platforms": "//build_defs:x86_64_fuzz",
    }

_fuzz = transition(
    implementation = _fuzz_impl,
    inputs = [],
    outputs = [
        "//build_defs:sanitizer",
        "//command_line_option:platforms",
    ],
)

def _fuzz_program_impl(ctx):
    executable = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(
        output = executable,
        target_file = ctx.attr.program[0][DefaultInfo].files_to_run.executable,
        is_executable = True,
    )
    return [DefaultInfo(
        executable = executable,
        files = depset([executable] + ctx.files.corpus),
        runfiles = ctx.runfiles([executable] + ctx.files.corpus),
    )]

_fuzz_program = rule(
    implementation = _fuzz_program_impl,
    executable = True,
    attrs = {
        "program": attr.label(cfg = _fuzz, executable = True, mandatory = True),
        "corpus": attr.label(allow_single_file = [".txt"], mandatory = True),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
)

def toro_fuzz_program(name, corpus, testonly = True, **kwargs):
    """A fuzzer.

    Args:
      name: what `./toro fuzz` calls it.
      corpus: its seeds, one input per line, in hexadecimal digits.
      testonly: as everywhere.
      **kwargs: srcs and deps, for instance; `srcs` define LLVMFuzzerTestOneInput.
    """
    toro_cc_binary(
        name = name + "_program",
        target_compatible_with = ["//build_defs:clang"],
        testonly = testonly,
        **kwargs
    )
    _fuzz_program(
        name = name,
        program = ":%s_program" % name,
        corpus = corpus,
        testonly = testonly,
    )
