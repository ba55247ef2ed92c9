"""disassembly_test: what the compiler made of core, services and drivers, in both worlds.

The rule collects the static libraries behind `deps` once per world, by a transition on the platform, and hands the
paths of those whose package is under core/, services/ or drivers/ to check_disassembly.py.
"""

_LAYERS = ("core", "services", "drivers")

def _baremetal_impl(settings, attr):
    return {"//command_line_option:platforms": "//build_defs:x86_64_baremetal"}

_baremetal = transition(
    implementation = _baremetal_impl,
    inputs = [],
    outputs = ["//command_line_option:platforms"],
)

def _libraries(deps, probe):
    """Struct of the packages and library files of our layers behind `deps`; `probe` counts too."""
    files = []
    packages = {}
    for dep in deps:
        for linker_input in dep[CcInfo].linking_context.linker_inputs.to_list():
            owner = linker_input.owner
            if owner.workspace_name or not (owner.package.split("/")[0] in _LAYERS or owner.name == probe):
                continue
            for library in linker_input.libraries:
                packages[owner.package] = None
                for file in [library.static_library or library.pic_static_library]:
                    if file and file not in files:
                        files.append(file)
    return struct(files = files, packages = packages.keys())

def _disassembly_test_impl(ctx):
    lines = []
    files = []
    for world, deps in [("hosted", ctx.attr.deps), ("baremetal", ctx.attr.baremetal_deps)]:
        found = _libraries(deps, ctx.attr.probe)
        files += found.files
        lines += ["package %s %s" % (world, package) for package in found.packages]
        lines += ["library %s %s" % (world, file.short_path) for file in found.files]
    listing = ctx.actions.declare_file(ctx.label.name + ".list")
    ctx.actions.write(listing, "\n".join(lines) + "\n")
    launcher = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.write(
        output = launcher,
        is_executable = True,
        content = "#!/bin/sh\nexec python3 -B %s %s %s %s\n" % (
            ctx.file._checker.short_path,
            listing.short_path,
            ctx.file.allowed.short_path,
            ctx.file.root.short_path,
        ),
    )
    return [DefaultInfo(
        executable = launcher,
        runfiles = ctx.runfiles(
            files = files + [listing, ctx.file._checker, ctx.file._thread_pointer, ctx.file.allowed, ctx.file.root],
        ),
    )]

disassembly_test = rule(
    implementation = _disassembly_test_impl,
    test = True,
    attrs = {
        "deps": attr.label_list(providers = [CcInfo]),
        "baremetal_deps": attr.label_list(providers = [CcInfo], cfg = _baremetal),
        "probe": attr.string(doc = "Name of the library that instantiates the slot to be counted."),
        "allowed": attr.label(allow_single_file = True),
        "root": attr.label(allow_single_file = True, doc = "A file at the top level of the repository."),
        "_checker": attr.label(allow_single_file = True, default = ":check_disassembly.py"),
        "_thread_pointer": attr.label(allow_single_file = True, default = ":thread_pointer.py"),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
)
