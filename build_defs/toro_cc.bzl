"""The only place where compile flags are chosen.

toro_cc_library and toro_cc_test build core, services, drivers and platform code; toro_cc_app builds an application for
both worlds. What the world, the sanitizer and the layer imply is decided here and nowhere else.
"""

load("//build_defs:image.bzl", "toro_image", "toro_iso")
load("//build_defs:simulator.bzl", "toro_simulated_program")

_ALL_WARNINGS = [
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wno-unused-parameter",
    "-Wshadow=local",
]

_WARNINGS = _ALL_WARNINGS + [
    "-Wnon-virtual-dtor",
    "-Wno-array-bounds",  # g++ 12 reports accesses to fixed physical addresses
]

_COMMON = [
    "-std=c++20",
    "-O2",
    "-g1",  # backtraces name file and line
    "-fno-omit-frame-pointer",  # panic walks the frames
    "-fno-delete-null-pointer-checks",
    "-fno-strict-aliasing",
    "-fstack-protector-strong",  # bare metal: a canary per thread, platform/baremetal/runtime/thread_block.h
] + _WARNINGS

# The core throws nothing, and nothing may be thrown through it: see ARCHITECTURE.md, "Errors". So its code has no
# unwind tables, and the unwinder stops where it meets a frame of it. (Sanitizers find their own way by those tables.)
_CORE = _COMMON + [
    "-fno-exceptions",
    "-fno-rtti",
    "-fno-threadsafe-statics",
]

_NO_UNWIND_TABLES = select({
    "//build_defs:address_sanitizer": [],
    "//build_defs:thread_sanitizer": [],
    "//build_defs:undefined_sanitizer": [],
    "//build_defs:fuzzer_sanitizer": [],
    "//conditions:default": [
        "-fno-asynchronous-unwind-tables",
        "-fno-unwind-tables",
    ],
})

# A fault of the CPU may become an exception at any instruction (core/kernel/cpu_fault.h).
# A frame larger than a page is touched page by page, so that it meets the guard page below the stack.
_APPLICATION = _COMMON + [
    "-fstack-clash-protection",
    "-fnon-call-exceptions",
    "-fasynchronous-unwind-tables",
]

# libFuzzer comes with clang only; g++ is the compiler that decides about warnings.
_FUZZER_COPTS = [
    "-fsanitize=fuzzer-no-link,address,undefined",
    "-fno-sanitize-recover=all",
    "-g1",
    "-O1",
    "-Wno-error",
    "-Wno-unknown-warning-option",
]

# GCC's manual on -fsanitize: it raises the rate of false reports, of -Wmaybe-uninitialized most, so the two do not go
# together. Every file is also compiled without a sanitizer, and then this warning is an error.
_SANITIZED = ["-Wno-maybe-uninitialized"]

def _sanitizer_copts():
    return select({
        "//build_defs:address_sanitizer": _SANITIZED + ["-fsanitize=address"],
        "//build_defs:thread_sanitizer": _SANITIZED + ["-fsanitize=thread", "-Wno-tsan"],
        "//build_defs:undefined_sanitizer": _SANITIZED + ["-fsanitize=undefined", "-fno-sanitize-recover=all"],
        "//build_defs:fuzzer_sanitizer": _FUZZER_COPTS,
        "//conditions:default": [],
    })

def _sanitizer_linkopts():
    return select({
        "//build_defs:address_sanitizer": ["-fsanitize=address"],
        "//build_defs:thread_sanitizer": ["-fsanitize=thread"],
        "//build_defs:undefined_sanitizer": ["-fsanitize=undefined"],
        "//build_defs:fuzzer_sanitizer": ["-fsanitize=fuzzer,address,undefined"],
        "//conditions:default": [],
    })

def toro_cc_library(name, copts = [], linkopts = [], is_cold = False, **kwargs):
    """A library of core, services, drivers or platform: no exceptions, no RTTI.

    Args:
      name: the target's name.
      copts: more flags.
      linkopts: more flags for the linker.
      is_cold: runs once, at boot or at the end: small code matters, fast code does not.
      **kwargs: passed to cc_library.
    """
    native.cc_library(
        name = name,
        copts = _CORE + _NO_UNWIND_TABLES + _sanitizer_copts() + (["-Os"] if is_cold else []) + copts,
        linkopts = linkopts + _sanitizer_linkopts(),
        linkstatic = True,
        **kwargs
    )

def toro_cc_test(name, copts = [], linkopts = [], deps = [], size = "small", **kwargs):
    """A googletest of the hosted world."""
    native.cc_test(
        name = name,
        size = size,
        copts = _COMMON + _sanitizer_copts() + copts,
        linkopts = linkopts + _sanitizer_linkopts(),
        linkstatic = True,
        deps = deps + ["@system//:gtest_main"],
        **kwargs
    )

def toro_cc_binary(name, copts = [], linkopts = [], **kwargs):
    """A program of the hosted world: benchmarks and tools."""
    native.cc_binary(
        name = name,
        copts = _COMMON + _sanitizer_copts() + copts,
        linkopts = linkopts + _sanitizer_linkopts(),
        linkstatic = True,
        **kwargs
    )

# C of applications. -x c: the cross toolchain compiles with g++. -fexceptions: pthread_exit and cancellation run the
# cleanup handlers of C functions by unwinding, as they do elsewhere. _GNU_SOURCE: as in C++, where g++ defines it.
_C_APPLICATION = [
    "-x",
    "c",
    "-std=gnu17",
    "-D_GNU_SOURCE",
    "-O2",
    "-fno-omit-frame-pointer",
    "-fno-strict-aliasing",
    "-fexceptions",
    "-fnon-call-exceptions",
    "-fasynchronous-unwind-tables",
] + _ALL_WARNINGS

def toro_cc_app(name, srcs, deps = [], copts = [], modules = [], **kwargs):
    """An application: `:NAME` is the hosted program, `:sim` the one for the simulator, `:image` the ELF that boots,
    `:iso` the ISO that GRUB boots.

    Args:
      name: the application's name; its package is //apps/NAME.
      srcs: its sources, C++ or, with the suffix .c, C. `main` is an ordinary main of either.
      deps: libraries beside the kernel.
      copts: more flags, for instance -fno-exceptions.
      modules: files that every run of the application gets as input unless the user names others.
      **kwargs: passed to cc_binary.
    """
    c_srcs = [src for src in srcs if src.endswith(".c")]
    if c_srcs:
        native.cc_library(
            name = name + "_c",
            srcs = c_srcs + [src for src in srcs if src.endswith(".h")],
            copts = _C_APPLICATION + _sanitizer_copts() + [copt for copt in copts if not copt.startswith("-std=")],
            linkstatic = True,
            alwayslink = True,
            deps = deps,
        )
        deps = deps + [":" + name + "_c"]
    native.cc_binary(
        name = name,
        srcs = [src for src in srcs if not src.endswith(".c")],
        copts = _APPLICATION + _sanitizer_copts() + copts,
        linkopts = _sanitizer_linkopts(),
        linkstatic = True,
        deps = deps + [
            "//core/kernel:toro",
            "//core/machine:world",
        ],
        visibility = ["//visibility:public"],
        **kwargs
    )
    toro_simulated_program(
        name = "sim",
        program = ":" + name,
        testonly = kwargs.get("testonly", False),
        visibility = ["//visibility:public"],
    )
    toro_image(
        name = "image",
        program = ":" + name,
        app = name,
        visibility = ["//visibility:public"],
    )
    toro_iso(
        name = "iso",
        image = ":image",
        app = name,
        modules = modules,
        visibility = ["//visibility:public"],
    )
    native.filegroup(
        name = "modules",
        srcs = modules,
        visibility = ["//visibility:public"],
    )
