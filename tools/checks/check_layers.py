"""check_layers: who may include whom, the table of ARCHITECTURE.md as code.

Bazel's visibility and deps say the same, but only as far as somebody wrote them down well; this reads every #include.
"""

import re
import sys

import source_tree

# Bottom-up. A layer includes itself and, from the others, only what it names here. core/memory includes core/exchange,
# ...
_CORE = ["core/base", "core/machine", "core/exchange", "core/memory", "core/sched", "core/dedicate", "core/kernel"]

MAY_INCLUDE = {layer: _CORE[:at] for at, layer in enumerate(_CORE)}
MAY_INCLUDE.update({
    "core/device": ["core/base"],
    "core/trace": ["core/base", "core/machine"],
    "drivers/reg": ["core/base"],
    "drivers": ["core/base", "core/device", "core/trace", "drivers/reg"],
    "services": [layer for layer in _CORE if layer != "core/kernel"] + ["core/device", "core/trace"],
    "apps": ["core", "services"],
    "platform/baremetal": ["core", "drivers", "platform/x86_64", "platform/posix"],
    "platform/hosted": ["core", "drivers", "platform/x86_64", "platform/posix", "platform/simulator"],
    "platform/simulator": ["core"],
    "platform/posix": ["core"],
    "platform/x86_64": ["core"],
})
for _upper in ("core/memory", "core/sched", "core/dedicate", "core/kernel"):
    MAY_INCLUDE[_upper] = MAY_INCLUDE[_upper] + ["core/trace", "core/device"]

_FREE = ("bench", "tests", "tools")  # may include anything of ours
_OURS = ("core", "drivers", "services", "apps", "platform", *_FREE)
_INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^">]+)[">]')
_PLATFORM_MACRO = re.compile(
    r"^\s*#\s*(?:el)?if.*\b(__linux__|__unix__|_WIN32|__APPLE__|__x86_64__|__i386__|__aarch64__|__STDC_HOSTED__|"
    r"TORO_(?:BAREMETAL|HOSTED|METAL)\w*)")
_OS_HEADER = re.compile(r"^(sys/|linux/|asm/|pthread\.h|unistd\.h|sched\.h|signal\.h|ucontext\.h|fcntl\.h)")
_PLATFORM_LABEL = re.compile(r'"//platform[/:]')
_PORTABLE = ("core/", "services/", "drivers/")


def layer_of(path):
    """The longest layer name that `path` lies in, or its first folder."""
    found = [layer for layer in MAY_INCLUDE if path.startswith(layer + "/")]
    return max(found, key=len) if found else path.split("/")[0]


def _allowed(source, target):
    return source == target or any(target == may or target.startswith(may + "/") for may in MAY_INCLUDE[source])


def check_source(path, lines):
    source = layer_of(path)
    test = re.search(r"_test\.(cc|h)$", path) is not None
    for number, line in enumerate(lines, 1):
        where = "%s:%d: " % (path, number)
        if path.startswith(_PORTABLE) and _PLATFORM_MACRO.match(line):
            yield where + "a platform #if: what differs between worlds belongs behind core/machine (PORTING.md)"
        match = _INCLUDE.match(line)
        if not match:
            continue
        included = match[1]
        if path.startswith(_PORTABLE) and not test and _OS_HEADER.match(included):
            yield where + "<%s> is the operating system's: only platform/hosted may include it" % included
        if "/" not in included or included.split("/")[0] not in _OURS or source.split("/")[0] in _FREE:
            continue
        if source not in MAY_INCLUDE:
            yield where + "%s is no layer that tools/checks/check_layers.py knows" % source
            continue
        target = layer_of(included)
        if not _allowed(source, target):
            yield where + "%s may not include %s (it may: %s)" % (
                source, target, ", ".join([source, *MAY_INCLUDE[source]]))


def check_build(path, lines):
    if path == "core/machine/BUILD.bazel" or not path.startswith(_PORTABLE + ("apps/",)):
        return
    for number, line in enumerate(lines, 1):
        if _PLATFORM_LABEL.search(line.split("#")[0]):
            yield "%s:%d: only core/machine/BUILD.bazel may name //platform; depend on //core/machine" % (path, number)


def check_tree(root):
    problems = []
    for path in source_tree.files(root, (".h", ".cc", ".S")):
        problems += check_source(path, source_tree.read_lines(root, path))
    for path in source_tree.files(root, ("BUILD.bazel",)):
        problems += check_build(path, source_tree.read_lines(root, path))
    return problems


if __name__ == "__main__":
    sys.exit(source_tree.report("check_layers", check_tree(source_tree.root_of_runfile(sys.argv[1])),
                                "The table is at the top of tools/checks/check_layers.py."))
