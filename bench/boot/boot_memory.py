"""boot_memory: the smallest `qemu -m`, in MiB, with which hello boots, found by trying from 1 upwards."""

import guests
from qemu_guest import Guest, GuestFailed, RunningGuest

_MOST_MIB = 64
_PATIENCE_S = 10  # a machine with too little memory may say nothing at all
_LIMIT_MIB = 8    # with one CPU
_AIM_MIB = 2
CPU_COUNTS = (1, 2, 4)


def _why_not(guest):
    """None if the guest boots, or the last line that it said."""
    try:
        with RunningGuest(guest) as running:
            running.wait_for_mark()
        return None
    except GuestFailed:
        text = running.output.decode(errors="replace").strip()
        return text.splitlines()[-1] if text else "silence"


def least(boot, cpus, machine="q35", most_mib=_MOST_MIB):
    """(MiB, what the machine with 1 MiB less said); MiB is None if even `most_mib` are too few."""
    said = ""
    for mib in range(1, most_mib + 1):
        problem = _why_not(Guest("%d MiB" % mib, boot, guests.HELLO, machine, cpus, mib, _PATIENCE_S))
        if problem is None:
            return mib, said
        said = problem
    return None, said


def run(files, say):
    kernel, disc = ["-kernel", files["hello.elf"]], ["-cdrom", files["hello.iso"]]
    ways = [("PVH, q35", kernel, "q35"), ("PVH, microvm", kernel, "microvm"), ("GRUB, q35", disc, "q35")]
    lines = ["%-16s %5s %9s   %s" % ("boot_memory", "CPUs", "least MiB", "with 1 MiB less it says")]
    for name, boot, machine in ways:
        for cpus in CPU_COUNTS:
            say("boot_memory: %s, %d CPUs" % (name, cpus))
            mib, said = least(boot, cpus, machine)
            lines.append("%-16s %5d %9s   %s" % (name, cpus, mib or "> %d" % _MOST_MIB, said))
            if cpus == 1:
                reached = "NO" if not mib or mib > _LIMIT_MIB else "yes, and the aim" if mib <= _AIM_MIB else "yes"
                lines[-1] += "\n%-16s limit %d MiB, aim %d MiB; reached: %s" % ("", _LIMIT_MIB, _AIM_MIB, reached)
    return lines
