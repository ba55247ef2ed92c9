"""Python tests and programs, run by /usr/bin/python3.

WHY not py_test: Bazel 4.2.3 starts it by `env python`, which Debian 12 does not have.
"""

def _python_impl(ctx):
    folders = {src.dirname: None for src in ctx.files.srcs}
    launcher = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.write(
        output = launcher,
        is_executable = True,
        content = "#!/bin/sh\nPYTHONPATH=%s exec python3 -B -P %s \"$@\"\n" % (
            ":".join(["$PWD/" + folder for folder in folders]),
            ctx.file.main.path,
        ),
    )
    return [DefaultInfo(
        executable = launcher,
        runfiles = ctx.runfiles(files = ctx.files.srcs + ctx.files.data + [ctx.file.main]),
    )]

_ATTRS = {
    "main": attr.label(allow_single_file = [".py"], mandatory = True),
    "srcs": attr.label_list(allow_files = [".py"], doc = "Modules that `main` imports, by file name."),
    "data": attr.label_list(allow_files = True),
}

python_test = rule(implementation = _python_impl, attrs = _ATTRS, test = True)

# For `bazel run`: it starts in its runfiles.
python_program = rule(implementation = _python_impl, attrs = _ATTRS, executable = True)
