"""Every guest that is booted, made from the files that Bazel built."""

import dataclasses
import os

import linux_guest
from qemu_guest import Guest

READY = b"READY"
HELLO = b"Hello World, I am Toro!"
_FILES = ("floor.elf", "floor.iso", "floor_waits.elf", "linux_init.elf", "hello.elf", "hello.iso", "idle.elf",
          "wake.elf", "wake")


class MissingFile(Exception):
    """A file that the benchmark boots was not named on its command line."""


def files_by_name(paths):
    """{name: path} of what is needed among `paths`."""
    found = {os.path.basename(path): path for path in paths}
    missing = [name for name in _FILES if name not in found]
    if missing:
        raise MissingFile("without %s; `bazel build //bench/boot:guests` builds all" % ", ".join(missing))
    return {name: found[name] for name in _FILES}


def boot_guests(files):
    """The guests whose time to the first line is measured, in pairs: the floor, then hello on the same way."""
    guests = []
    for machine in ("q35", "pc", "microvm"):
        for what, mark in (("floor", READY), ("hello", HELLO)):
            guests.append(Guest("%s, PVH, %s" % (what, machine), ["-kernel", files[what + ".elf"]], mark, machine))
    for what, mark in (("floor", READY), ("hello", HELLO)):
        guests.append(Guest("%s, GRUB, q35" % what, ["-cdrom", files[what + ".iso"]], mark))
    return guests


def linux(words):
    return Guest("Linux, -kernel, q35", words, READY, memory_mib=linux_guest.MEMORY_MIB,
                 timeout_s=linux_guest.TIMEOUT_S)


def waiting_guests(files, linux_words=None):
    """The guests that say READY and then wait for ever."""
    guests = [Guest("floor, waits", ["-kernel", files["floor_waits.elf"]], READY, cpus=1)]
    for cpus in (1, 2, 4, 8):
        guests.append(Guest("idle, %d CPU%s" % (cpus, "s" if cpus > 1 else ""), ["-kernel", files["idle.elf"]], READY,
                            cpus=cpus))
    for bound_ms in (1000, 100):
        guests.append(Guest("idle, 4 CPUs, watchdog=%d" % bound_ms,
                            ["-kernel", files["idle.elf"], "-append", "watchdog=%d" % bound_ms], READY, cpus=4))
    if linux_words:
        waits = linux_words[:-1] + [linux_words[-1] + " -- wait"]
        guests.append(dataclasses.replace(linux(waits), name="Linux, waits, 2 CPUs"))
    return guests
