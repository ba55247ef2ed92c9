"""--nic, --forward, --tap and --wire of `toro run`: the network of the machine, in both worlds."""

import dataclasses
import errno
import os
import re
import socket

from errors import usage_error

CARDS = ("e1000", "e1000e")
MAX_CARDS = 8
MAX_SOCKET_PATH = 107
_FORWARD_FORM = "--forward=8080:80 leads port 8080 of this host's 127.0.0.1 to port 80 of the machine; " \
                "--forward=udp:5353:53 does it for UDP"


@dataclasses.dataclass(frozen=True)
class Forward:
    protocol: str
    host_port: int
    guest_port: int


def parse_forward(text):
    found = re.fullmatch(r"(?:(tcp|udp):)?([0-9]{1,5}):([0-9]{1,5})", text)
    ports = [int(port) for port in found.groups()[1:]] if found else []
    if not found or not all(1 <= port <= 65535 for port in ports):
        raise usage_error("--forward=%s is no pair of ports" % text, _FORWARD_FORM)
    return Forward(found[1] or "tcp", *ports)


def parse_tap(text):
    if not re.fullmatch(r"[A-Za-z0-9_.:-]{1,15}", text):
        raise usage_error("--tap=%s is no name of a network interface" % text, "for instance --tap=tap0")
    return text


def parse_wire(text):
    """The two sockets, as absolute paths."""
    here, _, there = text.partition(",")
    if not here or not there or "," in there:
        raise usage_error("--wire=%s is no pair of sockets" % text,
                          "--wire=HERE,THERE: frames come to the socket HERE, and are sent to the socket THERE")
    paths = [os.path.abspath(path) for path in (here, there)]
    for path in paths:
        if len(os.fsencode(path)) > MAX_SOCKET_PATH:
            raise usage_error("--wire: the path %s is longer than %d bytes" % (path, MAX_SOCKET_PATH),
                              "take a shorter one: no system call takes more")
    return paths


def settle(options):
    """Completes what was left out, and refuses what contradicts itself."""
    if (options.forward or options.tap or options.wire) and not options.nic:
        options.nic = [CARDS[0]]
    if not options.nic:
        return
    if len(options.nic) > MAX_CARDS:
        raise usage_error("--nic names %d cards" % len(options.nic), "%d at most" % MAX_CARDS)
    if bool(options.forward) + bool(options.tap) + bool(options.wire) > 1:
        raise usage_error("--forward, --tap and --wire contradict each other: a wire has one other end",
                          "with --tap and --wire the machine has an address of its own: connect to that")
    if options.world == "metal" and options.machine == "microvm":
        raise usage_error("--machine=microvm has no PCI bus, so no network card fits in",
                          "take --machine=q35, or leave --nic, --forward and --tap out")
    if options.world == "hosted" and options.seed is not None:
        raise usage_error("--seed runs in virtual time, and a network outside of the process does not",
                          "leave --seed out, or --nic, --forward and --tap")
    taken = set()
    for forward in options.forward:
        if (forward.protocol, forward.host_port) in taken:
            raise usage_error("--forward: port %d is forwarded twice" % forward.host_port, "choose another port")
        taken.add((forward.protocol, forward.host_port))
        _check_port(forward)
    if options.tap:
        _check_tap(options.tap)
    if options.wire and not os.path.exists(options.wire[1]):
        raise usage_error("--wire: nobody listens at %s" % options.wire[1], "start the other end of the wire first")
    if options.wire and os.path.exists(options.wire[0]):
        raise usage_error("--wire: there is something at %s already" % options.wire[0],
                          "choose another path, or remove what an earlier run left there")


def _check_port(forward):
    kind = socket.SOCK_STREAM if forward.protocol == "tcp" else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, kind) as probe:
        if kind == socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", forward.host_port))
        except OSError as error:
            remedy = "choose another port: --forward=%d:%d" % (forward.host_port + 10000 if forward.host_port < 50000
                                                               else 8080, forward.guest_port)
            if error.errno == errno.EADDRINUSE:
                raise usage_error("--forward: port %d of 127.0.0.1 is in use" % forward.host_port, remedy) from error
            raise usage_error("--forward: port %d: %s" % (forward.host_port, error.strerror), remedy) from error


def _check_tap(name):
    try:
        socket.if_nametoindex(name)
    except OSError as error:
        raise usage_error("--tap=%s: there is no such network interface" % name,
                          "make one (as root): ip tuntap add %s mode tap user $(id -un) && ip link set %s up"
                          % (name, name)) from error
    # In a network namespace sysfs may show another one's interfaces.
    folder = "/sys/class/net/" + name
    if os.path.isdir(folder) and not os.path.exists(folder + "/tun_flags"):
        raise usage_error("--tap=%s is a network interface, but not a tap device" % name,
                          "make one (as root): ip tuntap add tap0 mode tap user $(id -un)")


def qemu_words(options):
    """The cards; what leads out, forwarded ports or a tap device, belongs to the first."""
    words = []
    for number, card in enumerate(options.nic):
        if number == 0 and options.tap:
            back_end = "tap,id=net0,ifname=%s,script=no,downscript=no" % options.tap
        elif number == 0 and options.wire:
            back_end = "dgram,id=net0,local.type=unix,local.path=%s,remote.type=unix,remote.path=%s" % tuple(
                path.replace(",", ",,") for path in options.wire)
        else:
            back_end = "user,id=net%d" % number
            for forward in options.forward if number == 0 else []:
                back_end += ",hostfwd=%s:127.0.0.1:%d-:%d" % (forward.protocol, forward.host_port, forward.guest_port)
        words += ["-netdev", back_end, "-device", "%s,netdev=net%d" % (card, number)]
    return words


def as_words(options):
    """The same for a hosted program's command line."""
    words = ["--nic=" + card for card in options.nic]
    words += ["--forward=%s:%d:%d" % dataclasses.astuple(forward) for forward in options.forward]
    words += ["--tap=" + options.tap] if options.tap else []
    return words + (["--wire=" + ",".join(options.wire)] if options.wire else [])
