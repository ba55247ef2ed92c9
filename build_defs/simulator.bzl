"""toro_simulated_program: an application built for the simulator (docs/simulator.md)."""

def _simulator_impl(settings, attr):
    return {
        "//build_defs:sanitizer": attr.sanitizer,
        "//build_defs:simulator": "on",
    }

_simulator = transition(
    implementation = _simulator_impl,
    inputs = [],
    outputs = [
        "//build_defs:sanitizer",
        "//build_defs:simulator",
    ],
)

def _simulated_impl(ctx):
    info = ctx.attr.program[0][DefaultInfo]
    executable = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(output = executable, target_file = info.files_to_run.executable, is_executable = True)


    # Without those of the program, whose path is the same as of the one that is not for the simulator.
    return [DefaultInfo(executable = executable, runfiles = ctx.runfiles([executable]))]

toro_simulated_program = rule(
    implementation = _simulated_impl,
    executable = True,
    attrs = {
        "program": attr.label(cfg = _simulator, executable = True, mandatory = True),
        "sanitizer": attr.string(default = "none", values = ["none", "address", "undefined"]),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
)
