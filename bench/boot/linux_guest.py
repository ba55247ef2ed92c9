"""The Linux guest: the distribution's kernel package, taken apart, never installed, and an initramfs of one program.

What apt offers is what is measured. Without network, and without the package in apt's cache, there is no Linux guest:
LinuxMissing says why, and the report says it again.
"""

import glob
import gzip
import os
import re
import stat
import subprocess

PACKAGE = "linux-image-cloud-amd64"
MEMORY_MIB = 128
TIMEOUT_S = 120

# Nothing that the guest does not need: no output before the program's, no calibration, no probing of what QEMU lacks.
COMMAND_LINE = ("console=ttyS0 quiet loglevel=0 rdinit=/init mitigations=off tsc=reliable no_timer_check noreplace-smp "
                "i8042.noaux i8042.nokbd random.trust_cpu=on cryptomgr.notests raid=noautodetect pci=lastbus=0")


class LinuxMissing(Exception):
    """The kernel's package cannot be had here; the message says why."""


def _output_of(words, folder):
    try:
        done = subprocess.run(words, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace", timeout=300, check=False)
    except (FileNotFoundError, subprocess.TimeoutExpired) as error:
        raise LinuxMissing(str(error)) from None
    if done.returncode != 0:
        raise LinuxMissing("`%s` failed: %s" % (" ".join(words), done.stdout.strip()[-500:]))
    return done.stdout


def kernel_image(folder):
    """Path of the kernel in `folder`, and the name and version of its package."""
    depends = _output_of(["apt-cache", "depends", PACKAGE], folder)
    found = re.search(r"Depends: (linux-image-\d\S*)", depends)
    if not found:
        raise LinuxMissing("%s depends on no kernel: apt-get update" % PACKAGE)
    _output_of(["apt-get", "download", found[1]], folder)
    packages = glob.glob(os.path.join(folder, "linux-image-*.deb"))
    _output_of(["dpkg-deb", "-x", packages[0], os.path.join(folder, "package")], folder)
    kernels = glob.glob(os.path.join(folder, "package/boot/vmlinuz-*"))
    if not kernels:
        raise LinuxMissing("%s holds no /boot/vmlinuz-*" % packages[0])
    return kernels[0], os.path.basename(packages[0])[:-len(".deb")]


def cpio_entry(number, name, mode, data=b"", device=(0, 0)):
    """One entry of a cpio archive of the format `newc`, which the kernel unpacks."""
    path = name.encode() + b"\0"
    fields = [number, mode, 0, 0, 1, 0, len(data), 0, 0, device[0], device[1], len(path), 0]
    header = b"070701" + b"".join(b"%08x" % value for value in fields) + path
    return header + b"\0" * (-len(header) % 4) + data + b"\0" * (-len(data) % 4)


def initramfs(program):
    """An archive with /init and the console that the kernel gives it as standard output."""
    return b"".join([
        cpio_entry(1, "dev", stat.S_IFDIR | 0o755),
        cpio_entry(2, "dev/console", stat.S_IFCHR | 0o600, device=(5, 1)),
        cpio_entry(3, "init", stat.S_IFREG | 0o755, program),
        cpio_entry(0, "TRAILER!!!", 0),
    ])


def boot_words(folder, init_path):
    """QEMU's words that boot Linux, and what is booted. Writes into `folder`."""
    kernel, package = kernel_image(folder)
    with open(init_path, "rb") as program:
        archive = initramfs(program.read())
    path = os.path.join(folder, "initramfs.cpio.gz")
    with open(path, "wb") as file:
        file.write(gzip.compress(archive, 1))
    return ["-kernel", kernel, "-initrd", path, "-append", COMMAND_LINE], package
