"""The toolchain of fuzz programs: the distribution's clang, for a Linux process. g++ has no libFuzzer."""

load(":tools.bzl", "tool_paths")

def _clang_cc_config_impl(ctx):
    return cc_common.create_cc_toolchain_config_info(
        ctx = ctx,
        toolchain_identifier = "clang",
        host_system_name = "local",
        target_system_name = "local",
        target_cpu = "k8",
        target_libc = "glibc",
        compiler = "clang",
        abi_version = "local",
        abi_libc_version = "local",
        cxx_builtin_include_directories = [
            "/usr/include",
            "/usr/lib/gcc/x86_64-linux-gnu/12/include",
            "/usr/lib/llvm-16/lib/clang/16",
        ],
        tool_paths = tool_paths("clang++-16"),
    )

clang_cc_config = rule(
    implementation = _clang_cc_config_impl,
    attrs = {},
    provides = [CcToolchainConfigInfo],
)
