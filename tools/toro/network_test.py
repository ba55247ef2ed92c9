"""The network options: what is accepted, what is refused and how, and what QEMU gets."""

import socket
import tempfile
import unittest

import network
import options
from errors import ToroError


def parse(*words):
    return options.parse_run(["rawpacket", *words], ["rawpacket"])


class NetworkTest(unittest.TestCase):

    def refused(self, part, *words):
        with self.assertRaises(ToroError) as caught:
            parse(*words)
        self.assertIn(part, str(caught.exception))

    def test_without_options_there_is_no_card(self):
        self.assertEqual(network.qemu_words(parse()), [])

    def test_a_card_has_a_network_of_its_own(self):
        self.assertEqual(network.qemu_words(parse("--nic=e1000e")),
                         ["-netdev", "user,id=net0", "-device", "e1000e,netdev=net0"])

    def test_ports_are_forwarded_to_the_first_card(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        words = network.qemu_words(parse("--nic=e1000", "--nic=e1000e", "--forward=%d:80" % port,
                                         "--forward=udp:%d:53" % port))
        self.assertEqual(words, [
            "-netdev", "user,id=net0,hostfwd=tcp:127.0.0.1:%d-:80,hostfwd=udp:127.0.0.1:%d-:53" % (port, port),
            "-device", "e1000,netdev=net0", "-netdev", "user,id=net1", "-device", "e1000e,netdev=net1"])

    def test_a_forwarded_port_brings_a_card(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        given = parse("--forward=%d:80" % port, "--world=hosted")
        self.assertEqual(network.as_words(given), ["--nic=e1000", "--forward=tcp:%d:80" % port])

    def test_a_port_in_use_is_named(self):
        with socket.socket() as user:
            user.bind(("127.0.0.1", 0))
            user.listen()
            port = user.getsockname()[1]
            self.refused("port %d of 127.0.0.1 is in use" % port, "--forward=%d:80" % port)

    def test_what_is_no_port_is_refused(self):
        for text in ("80", "0:80", "8080:65536", "sctp:1:2", "a:b", ":", "8080:80:80"):
            self.refused("is no pair of ports", "--forward=" + text)

    def test_contradictions_are_refused(self):
        self.refused("is not one of e1000, e1000e", "--nic=virtio")
        self.refused("contradict each other", "--forward=48080:80", "--tap=tap0")
        self.refused("contradict each other", "--wire=/a,/b", "--tap=tap0")
        self.refused("forwarded twice", "--forward=48080:80", "--forward=48080:81")
        self.refused("no PCI bus", "--nic=e1000", "--machine=microvm", "--boot=pvh")
        self.refused("virtual time", "--nic=e1000", "--world=hosted", "--seed=1")
        self.refused("names 9 cards", *["--nic=e1000"] * 9)

    def test_a_wire_is_two_sockets(self):
        self.refused("is no pair of sockets", "--wire=one")
        self.refused("is no pair of sockets", "--wire=,two")
        self.refused("nobody listens", "--wire=/nonexistent/here,/nonexistent/there")
        self.refused("longer than 107 bytes", "--wire=/%s,/there" % ("x" * 107))
        with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
            here, there = folder + "/here", folder + "/there"
            end.bind(there)
            given = parse("--wire=%s,%s" % (here, there))
            self.assertEqual(network.as_words(given), ["--nic=e1000", "--wire=%s,%s" % (here, there)])
            self.assertEqual(network.qemu_words(given)[1], "dgram,id=net0,local.type=unix,local.path=%s,"
                             "remote.type=unix,remote.path=%s" % (here, there))
            self.refused("something at %s already" % there, "--wire=%s,%s" % (there, there))

    def test_a_tap_device_must_exist_and_be_one(self):
        self.refused("no such network interface", "--tap=nosuchtap0")
        self.refused("not a tap device", "--tap=lo")
        self.refused("is no name", "--tap=a/b")


if __name__ == "__main__":
    unittest.main()
