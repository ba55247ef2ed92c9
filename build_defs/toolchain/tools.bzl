"""What the toolchains have in common: the distribution's binutils."""

load("@bazel_tools//tools/cpp:cc_toolchain_config_lib.bzl", "tool_path")

def tool_paths(compiler):
    """The programs of a toolchain whose compiler is /usr/bin/`compiler`."""
    return [
        tool_path(name = name, path = "/usr/bin/" + program)
        for name, program in [
            ("gcc", compiler),
            ("ld", "ld"),
            ("ar", "ar"),
            ("cpp", "cpp"),
            ("gcov", "gcov"),
            ("nm", "nm"),
            ("objdump", "objdump"),
            ("strip", "strip"),
            ("objcopy", "objcopy"),
        ]
    ]
