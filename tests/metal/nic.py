"""rawpacket on both cards, in QEMU on both machines or in a process: this script is the wire, a datagram per frame.

What goes in and what must come out is compared byte by byte, in order. Nothing here waits for a time: an answer that
does not come ends the test when the machine's own limit does.
"""

import os
import re
import socket
import subprocess
import sys
import tempfile

LIMIT_S = 60
MAC = bytes.fromhex("525400123456")
OURS = bytes.fromhex("020000000001")
ADDRESS, OUR_ADDRESS = bytes([10, 0, 2, 15]), bytes([10, 0, 2, 2])
EXPERIMENTAL = bytes.fromhex("88b5")


class Machine:
    """A booted image or hosted program, and the other end of its wire."""

    def __init__(self, program, folder, machine, cpus, cards, words):
        self.wire = None
        os.chdir(folder)  # the name of a socket has 107 characters at most
        if cards:
            self.wire = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self.wire.bind("wire0")
            self.wire.settimeout(LIMIT_S)
        command = self._qemu(program, machine, cpus, cards, words) if program.endswith(".elf") else self._hosted(
            program, cpus, cards, words)
        self.process = subprocess.Popen(["timeout", "-k", "1", str(LIMIT_S), *command], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, text=True, errors="replace")
        self.output = []

    @staticmethod
    def _hosted(program, cpus, cards, words):
        network = ["--nic=" + card.split(",")[0] for card in cards] + (["--wire=guest0,wire0"] if cards else [])
        return [program, "--cpus=%d" % cpus, "--memory=64", *network, *words.split()]

    @staticmethod
    def _qemu(elf, machine, cpus, cards, words):
        arguments = []
        for number, card in enumerate(cards):
            back_end = "dgram,id=n%d,local.type=unix,local.path=guest%d,remote.type=unix,remote.path=wire%d"
            arguments += ["-netdev", back_end % (number, number, number), "-device", card + ",netdev=n%d" % number]
        return ["qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max", "-nodefaults", "-display", "none",
                "-serial", "stdio", "-no-reboot", "-M", machine, "-smp", str(cpus), "-m", "64",
                "-device", "isa-debug-exit,iobase=0xf4,iosize=4", "-chardev", "file,id=status,path=status",
                "-device", "isa-debugcon,iobase=0xe9,chardev=status", "-kernel", elf, "-append", words, *arguments]

    def read_until(self, text):
        for line in self.process.stdout:
            self.output.append(line)
            if text in line:
                return True
        return False

    def send(self, frame):
        self.wire.sendto(frame, "guest0")

    def receive(self):
        try:
            return self.wire.recv(4096)
        except socket.timeout:
            return b""

    def exchange(self, frames):
        """Sends them as fast as they are taken, and receives as many answers meanwhile."""
        answers = []
        waiting = list(frames)
        self.wire.setblocking(False)
        while len(answers) < len(frames) and self.process.poll() is None:
            while waiting:
                try:
                    self.send(waiting[0])
                except BlockingIOError:
                    break
                waiting.pop(0)
            try:
                answers.append(self.wire.recv(4096))
            except BlockingIOError:
                pass
        self.wire.settimeout(LIMIT_S)
        return answers

    def end(self):
        self.output += list(self.process.stdout)
        self.process.wait()
        if self.wire:
            self.wire.close()
        status = str(self.process.returncode)
        if os.path.exists("status"):
            with open("status", encoding="ascii") as file:
                status = file.read().strip()
        os.chdir("/")
        return status, "".join(self.output)


def checksum(data):
    total = sum(data[i] << 8 | data[i + 1] for i in range(0, len(data), 2))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return (~total & 0xffff).to_bytes(2, "big")


def experimental(payload):
    return MAC + OURS + EXPERIMENTAL + payload


def echoed(frame):
    return OURS + MAC + frame[12:]


def arp(target):
    request = bytes.fromhex("0001080006040001") + OURS + OUR_ADDRESS + bytes(6) + target
    return b"\xff" * 6 + OURS + b"\x08\x06" + request + bytes(18)


def arp_reply():
    return OURS + MAC + b"\x08\x06" + bytes.fromhex("0001080006040002") + MAC + ADDRESS + OURS + OUR_ADDRESS + bytes(18)


def icmp(source, target, source_mac, target_mac, kind, payload):
    message = bytes([kind, 0, 0, 0, 0x12, 0x34, 0, 1]) + payload
    message = message[:2] + checksum(message) + message[4:]
    header = bytes([0x45, 0]) + (20 + len(message)).to_bytes(2, "big") + bytes([0, 7, 0, 0, 64, 1, 0, 0])
    header += source + target
    header = header[:10] + checksum(header) + header[12:]
    return target_mac + source_mac + b"\x08\x00" + header + message


def not_for_us():
    """Frames that nobody answers: another card's, another address's, no type that is known."""
    yield bytes.fromhex("525400123457") + OURS + EXPERIMENTAL + bytes(46)
    yield b"\x01\x00\x5e\x00\x00\x01" + OURS + EXPERIMENTAL + bytes(46)
    yield arp(bytes([10, 0, 2, 99]))
    yield MAC + OURS + b"\x86\xdd" + bytes(46)
    yield icmp(OUR_ADDRESS, bytes([10, 0, 2, 99]), OURS, MAC, 8, bytes(32))


def lockstep_pairs():
    yield arp(ADDRESS), arp_reply()
    for size in (32, 33, 1400, 1472):
        payload = bytes(i * 7 % 256 for i in range(size + size % 2))
        yield (icmp(OUR_ADDRESS, ADDRESS, OURS, MAC, 8, payload), icmp(ADDRESS, OUR_ADDRESS, MAC, OURS, 0, payload))
    for size in (46, 47, 63, 64, 65, 512, 1023, 1499, 1500):
        frame = experimental(bytes(i % 251 for i in range(size)))
        yield frame, echoed(frame)


def serve(elf, folder, machine, cpus, card, kernel_words=""):
    pairs = list(lockstep_pairs())
    burst = [experimental(n.to_bytes(2, "big") + bytes(44 + n % 700)) for n in range(600)]
    wanted = len(pairs) + len(burst)
    guest = Machine(elf, folder, machine, cpus, [card + ",mac=52:54:00:12:34:56"],
                    kernel_words + "-- 10.0.2.15 %d" % (wanted + 1))
    problems = []
    if not guest.read_until("of CPU %d is 10.0.2.15, link up" % (cpus - 1)):
        problems.append("the card did not start")
    else:
        for frame in not_for_us():
            guest.send(frame)
        for frame, answer in pairs:
            guest.send(frame)
            got = guest.receive()
            if got != answer:
                problems.append("sent %s\n  got %s\n want %s" % (frame.hex(), got.hex(), answer.hex()))
                break
        else:
            got = guest.exchange(burst)
            if got != [echoed(frame) for frame in burst]:
                problems.append("of a burst of %d came %d, not all or not in order" % (len(burst), len(got)))
            guest.send(experimental(b"the last one: the machine ends, and what QEMU had not passed on would be lost"))
    status, text = guest.end()
    others = 3  # of not_for_us, those that the card lets through
    for line in (r"rawpacket: %d received, %d sent; ARP 1, echo 4, experimental %d, others %d$" % (
            wanted + 1 + others, wanted + 1, wanted - 4, others),
                 r"rawpacket: 0 bad frames, \d+ without a buffer, \d+ interrupts, \d+ register accesses, 0 resets$"):
        if not re.search(line, text, re.MULTILINE):
            problems.append("no line like: " + line)
    accesses = re.search(r"(\d+) register accesses", text)
    if accesses and int(accesses[1]) > 2 * (wanted + 1):
        problems.append("%s register accesses for %d frames" % (accesses[1], wanted))
    if status != "0":
        problems.append("status %r" % status)
    return problems, text


def two_cards(elf, folder):
    """Each CPU serves its own, by wire and by message, and both at once."""
    guest = Machine(elf, folder, "q35", 2, ["e1000,addr=2,mac=52:54:00:12:34:56", "e1000e,addr=3"],
                    "-- 10.0.2.15 200 2")
    second = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    second.bind("wire1")
    second.settimeout(LIMIT_S)
    problems = []
    if not (guest.read_until("link up") and guest.read_until("link up")):
        problems.append("a card did not start")
    for n in range(200 if not problems else 0):
        frames = experimental(bytes([n] * 46)), b"\xff" * 6 + OURS + EXPERIMENTAL + bytes([n] * 47)
        guest.send(frames[0])
        second.sendto(frames[1], "guest1")
        answers = guest.receive(), second.recv(4096)
        if answers[0] != echoed(frames[0]) or answers[1][:6] != OURS or answers[1][12:] != frames[1][12:]:
            problems.append("frame %d: %s %s" % (n, answers[0].hex(), answers[1].hex()))
            break
    second.close()
    status, text = guest.end()
    for line in ("of CPU 1 is", "of CPU 0 is"):
        if line not in text:
            problems.append("no '%s'" % line)
    if text.count("rawpacket: 200 received, 200 sent") != 2 or status != "0":
        problems.append("status %r" % status)
    return problems, text


def refuse(elf, folder, cards, words, sentence, serving=0):
    """The sentence and status 1, also when `serving` cards work: each ends with its first frame."""
    guest = Machine(elf, folder, "q35", 2, cards, words)
    for _ in range(serving + 1):
        guest.read_until("rawpacket: ")
    for number in range(len(cards) if serving else 0):
        guest.wire.sendto(b"\xff" * 6 + experimental(bytes(46))[6:], "guest%d" % number)
    status, text = guest.end()
    problems = [] if sentence in text else ["no sentence: " + sentence]
    if status != "1":
        problems.append("status %r, expected 1" % status)
    return problems, text


def through_user_network(program, folder):
    """libslirp asks who 10.0.2.15 is when somebody connects to the port that it forwards."""
    os.chdir(folder)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(["timeout", "-k", "1", str(LIMIT_S), program, "--cpus=2", "--memory=64",
                                "--forward=%d:80" % port, "--", "10.0.2.15", "1"], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, text=True, errors="replace")
    output = process.stdout.readline()
    with socket.create_connection(("127.0.0.1", port)):
        output += process.stdout.read()
    process.wait()
    os.chdir("/")
    wanted = "ARP 1, echo 0, experimental 0,"
    problems = [] if wanted in output else ["no '%s'" % wanted]
    if process.returncode != 0:
        problems.append("status %d" % process.returncode)
    return problems, output


def hosted_cases(program):
    for card in ("e1000", "e1000e"):
        for cpus in (1, 2):
            yield "%s with %d CPUs" % (card, cpus), lambda folder, c=card, n=cpus: serve(program, folder, "", n, c)
    yield "the user network", lambda folder: through_user_network(program, folder)
    yield "no card", lambda folder: refuse(
        program, folder, [], "", "rawpacket: this machine has no network card; add one: ./toro run APP --nic=e1000")
    yield "a card that is not there", lambda folder: refuse(
        program, folder, ["e1000"], "-- 10.0.2.15 1 2",
        "rawpacket: there is no network card 1; this machine has 1, counted from 0", 1)


def metal_cases(elf):
    for card in ("e1000", "e1000e"):
        for machine in ("q35", "pc"):
            for cpus in (1, 2):
                yield "%s on %s with %d CPUs" % (card, machine, cpus), lambda folder, c=card, m=machine, n=cpus: serve(
                    elf, folder, m, n, c)
    yield "two cards on two CPUs", lambda folder: two_cards(elf, folder)
    yield "two cards on one wire", lambda folder: refuse(
        elf, folder, ["e1000,addr=2", "e1000,addr=6"], "-- 10.0.2.15 1 2",
        "its interrupt shares a wire with that of another card in use: move it to another slot", 1)
    yield "isolated CPUs", lambda folder: serve(elf, folder, "q35", 2, "e1000", "isolate ")
    yield "no card", lambda folder: refuse(
        elf, folder, [], "", "rawpacket: this machine has no network card; add one: ./toro run APP --nic=e1000")
    yield "a card without a driver", lambda folder: refuse(
        elf, folder, ["rtl8139"], "", "rawpacket: the network card of this machine is 10ec:8139, for which there is no "
        "driver; Toro drives 8086:100e (QEMU: e1000) and 8086:10d3 (e1000e)")
    yield "a card that is not there", lambda folder: refuse(
        elf, folder, ["e1000"], "-- 10.0.2.15 1 2",
        "rawpacket: there is no network card 1; this machine has 1, counted from 0", 1)


def main(program):
    program = os.path.abspath(program)
    good = True
    cases = metal_cases(program) if program.endswith(".elf") else hosted_cases(program)
    for name, case in cases:
        with tempfile.TemporaryDirectory(dir=os.environ.get("TEST_TMPDIR")) as folder:
            problems, text = case(folder)
        if problems:
            good = False
            print("FAILED: %s: %s\n%s" % (name, "\n".join(problems), text))
        else:
            print("ok: " + name)
    if not good:
        return 1
    print("END of nic")
    return 0


if __name__ == "__main__":
    images = [path for path in sys.argv[1:] if path.endswith(".elf") and not path.endswith(".debug.elf")]
    sys.exit(main(images[0] if images else sys.argv[1]))
