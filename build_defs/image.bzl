"""toro_image: the ELF that boots. toro_iso: the ISO that GRUB boots.

An application is one cc_binary. Built as it is, it is a Linux process; built for the platform
//build_defs:x86_64_baremetal, its dependency //core/machine:world brings the entry point, the linker script and the C++
runtime, and the same target is a kernel. The transition below is all that chooses.
"""

ToroImageInfo = provider(
    "A bootable image.",
    fields = {"elf": "the stripped ELF, with the names and lines of its functions"},
)

def _baremetal_impl(settings, attr):
    return {"//command_line_option:platforms": "//build_defs:x86_64_baremetal"}

_baremetal = transition(
    implementation = _baremetal_impl,
    inputs = [],
    outputs = ["//command_line_option:platforms"],
)

_POST_LINK = """set -e
"$1" "$5"
strip -o "$6.stripped" "$5"
"$9" --linked "$5" --image-start 0x100000 --output "$6.lines"
"$2" --linked "$5" --image "$6.stripped" --lines "$6.lines" --output "$6"
rm -f "$6.stripped" "$6.lines"
cp "$5" "$7"
"$3" --image "$6" "$5" > "$8"
"""

def _toro_image_impl(ctx):
    linked = ctx.attr.program[0][DefaultInfo].files_to_run.executable
    elf = ctx.actions.declare_file(ctx.attr.app + ".elf")
    debug = ctx.actions.declare_file(ctx.attr.app + ".debug.elf")
    report = ctx.actions.declare_file(ctx.attr.app + ".map")
    tools = [ctx.file._check_system_calls, ctx.file._add_symbols, ctx.file._size_report]
    inputs = tools + [ctx.file._line_table, ctx.file._bit_coder]
    ctx.actions.run_shell(
        mnemonic = "ToroImage",
        progress_message = "Making the image of %s" % ctx.attr.app,
        inputs = [linked] + inputs,
        outputs = [elf, debug, report],
        command = _POST_LINK,
        arguments = [tool.path for tool in tools] + ["-"] +
                    [file.path for file in [linked, elf, debug, report, ctx.file._line_table]],
        use_default_shell_env = True,
    )
    return [
        DefaultInfo(
            files = depset([elf, debug, report], order = "preorder"),
            runfiles = ctx.runfiles([elf, debug, report]),
        ),
        ToroImageInfo(elf = elf),
    ]

toro_image = rule(
    doc = "APP.elf (stripped, with function names), APP.debug.elf (for addr2line), APP.map (what takes the space).",
    implementation = _toro_image_impl,
    attrs = {
        "program": attr.label(mandatory = True, cfg = _baremetal, executable = True, doc = "a cc_binary"),
        "app": attr.string(mandatory = True, doc = "how the files are called"),
        "_add_symbols": attr.label(default = "//tools/image:add_symbols", allow_single_file = True),
        "_bit_coder": attr.label(default = "//tools/image:bit_coder.py", allow_single_file = True),
        "_check_system_calls": attr.label(default = "//tools/image:check_system_calls", allow_single_file = True),
        "_line_table": attr.label(default = "//tools/image:line_table", allow_single_file = True),
        "_size_report": attr.label(default = "//tools/image:size_report", allow_single_file = True),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
    provides = [ToroImageInfo],
)

def _toro_iso_impl(ctx):
    kernel = ctx.attr.image[ToroImageInfo].elf
    iso = ctx.actions.declare_file(ctx.attr.app + ".iso")
    arguments = ctx.actions.args()
    arguments.add("--kernel", kernel)
    arguments.add("--output", iso)
    for module in ctx.files.modules:
        arguments.add("--module", "%s=%s" % (module.basename, module.path))
    ctx.actions.run(
        mnemonic = "ToroIso",
        progress_message = "Making the ISO of %s" % ctx.attr.app,
        executable = ctx.file._make_iso,
        inputs = [kernel] + ctx.files.modules,
        tools = [ctx.file._make_iso],
        outputs = [iso],
        arguments = [arguments],
        use_default_shell_env = True,
    )
    return [DefaultInfo(files = depset([iso]), runfiles = ctx.runfiles([iso]))]

toro_iso = rule(
    doc = "APP.iso: the image behind GRUB, with the modules as input files.",
    implementation = _toro_iso_impl,
    attrs = {
        "image": attr.label(mandatory = True, providers = [ToroImageInfo]),
        "app": attr.string(mandatory = True, doc = "how the file is called"),
        "modules": attr.label_list(allow_files = True, doc = "input files; the kernel knows each by its base name"),
        "_make_iso": attr.label(default = "//tools/image:make_iso", allow_single_file = True),
    },
)
