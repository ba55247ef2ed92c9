"""The cross toolchain of the bootable image: the distribution's g++, no libc, no loader, no red zone in our code."""

load("@bazel_tools//tools/build_defs/cc:action_names.bzl", "ACTION_NAMES")
load("@bazel_tools//tools/cpp:cc_toolchain_config_lib.bzl", "feature", "flag_group", "flag_set")
load(":tools.bzl", "tool_paths")

_COMPILE = [
    ACTION_NAMES.c_compile,
    ACTION_NAMES.cpp_compile,
    ACTION_NAMES.assemble,
    ACTION_NAMES.preprocess_assemble,
]

def _baremetal_cc_config_impl(ctx):
    return cc_common.create_cc_toolchain_config_info(
        ctx = ctx,
        toolchain_identifier = "baremetal",
        host_system_name = "local",
        target_system_name = "baremetal",
        target_cpu = "k8",
        target_libc = "none",
        compiler = "gcc",
        abi_version = "none",
        abi_libc_version = "none",
        cxx_builtin_include_directories = ["/usr/include", "/usr/lib/gcc/x86_64-linux-gnu/12/include"],
        features = [
            feature(
                name = "baremetal",
                enabled = True,
                flag_sets = [
                    flag_set(
                        actions = _COMPILE,
                        flag_groups = [flag_group(flags = [
                            "-O2",
                            "-g1",
                            "-fno-pic",
                            "-fno-pie",
                            "-mno-red-zone",
                            "-mcmodel=small",
                            "-ftls-model=local-exec",
                            "-fcf-protection=none",
                            "-U_FORTIFY_SOURCE",
                            "-D__NO_INLINE__",  # glibc's headers would reach into their own FILE; ours is musl's
                            "-ffunction-sections",
                            "-fdata-sections",
                            # An image is small before it is anything else: gaps before functions and loops were 6 %.
                            "-fno-align-functions",
                            "-fno-align-jumps",
                            "-fno-align-loops",
                        ])],
                    ),
                    flag_set(
                        actions = [ACTION_NAMES.cpp_link_executable],
                        flag_groups = [flag_group(flags = [
                            "-nostdlib",
                            "-static",
                            "-no-pie",
                            "-Wl,--build-id=none",
                            "-Wl,-z,max-page-size=4096",
                            "-Wl,-z,noexecstack",
                            "-Wl,--gc-sections",
                        ])],
                    ),
                ],
            ),
        ],
        tool_paths = tool_paths("g++"),
    )

baremetal_cc_config = rule(
    implementation = _baremetal_cc_config_impl,
    attrs = {},
    provides = [CcToolchainConfigInfo],
)
