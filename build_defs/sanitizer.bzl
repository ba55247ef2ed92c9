"""toro_sanitizer_test: runs an existing test built with a sanitizer, as part of plain `bazel test //...`."""

def _sanitizer_impl(settings, attr):
    return {"//build_defs:sanitizer": attr.sanitizer}

_sanitizer = transition(
    implementation = _sanitizer_impl,
    inputs = [],
    outputs = ["//build_defs:sanitizer"],
)

# Every report fails the test; a report names its file and line. An allocation of an absurd size is no report: what it
# returns is a matter of the tests.
SANITIZER_ENVIRONMENT = {
    "address": {"ASAN_OPTIONS": "detect_stack_use_after_return=0:exitcode=66:allocator_may_return_null=1"},
    "thread": {"TSAN_OPTIONS": "halt_on_error=1:exitcode=66:second_deadlock_stack=1:allocator_may_return_null=1"},
    "undefined": {"UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1"},
}

def _sanitized_impl(ctx):
    info = ctx.attr.program[0][DefaultInfo]
    executable = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(output = executable, target_file = info.files_to_run.executable, is_executable = True)
    return [
        DefaultInfo(
            executable = executable,
            runfiles = ctx.runfiles([executable] + ctx.files.data).merge(info.default_runfiles),
        ),
        testing.TestEnvironment(SANITIZER_ENVIRONMENT[ctx.attr.sanitizer]),
    ]

_ATTRS = {
    "program": attr.label(cfg = _sanitizer, executable = True, mandatory = True),
    "data": attr.label_list(allow_files = True),
    "sanitizer": attr.string(mandatory = True, values = ["address", "thread", "undefined"]),
    "_allowlist_function_transition": attr.label(
        default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
    ),
}

_toro_sanitizer_test = rule(
    implementation = _sanitized_impl,
    test = True,
    attrs = _ATTRS,
)

# A toro_cc_binary built with a sanitizer, for tests that start it themselves.
toro_sanitized_program = rule(
    implementation = _sanitized_impl,
    executable = True,
    attrs = _ATTRS,
)

def toro_sanitizer_test(name, test, sanitizer, size = "small", **kwargs):
    """Builds the cc_test (or program) `test` with a sanitizer, whatever else is built without, and runs it.

    Args:
      name: the new test.
      test: label of a toro_cc_test; its arguments are not carried over, so give them here.
      sanitizer: "address", "thread" or "undefined".
      size: as for any test; a sanitizer costs 2 to 10 times the time.
      **kwargs: args, tags and the like.
    """
    _toro_sanitizer_test(
        name = name,
        program = test,
        sanitizer = sanitizer,
        size = size,
        **kwargs
    )

def toro_sanitizer_tests(test, sanitizers = ["address", "thread", "undefined"], **kwargs):
    """One toro_sanitizer_test per sanitizer, named TEST_address and so on, for the test `test` of the same package."""
    for sanitizer in sanitizers:
        toro_sanitizer_test(
            name = "%s_%s" % (test.lstrip(":"), sanitizer),
            test = ":" + test.lstrip(":"),
            sanitizer = sanitizer,
            **kwargs
        )
