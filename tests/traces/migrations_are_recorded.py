"""`migrate` runs and records its trace: on real threads, by seeds, and on the bare machine. What the trace says must be
what the application did: each hop an arrow, each CPU one thing at a time, each line taken one that was sent."""

import os
import subprocess
import sys
import tempfile

import trace_file

LIMIT_S = 50
ROUNDS = 3


def record_hosted(program, path, cpus, *options):
    subprocess.run([program, "--cpus=%d" % cpus, "--trace=" + path, *options, "--", str(ROUNDS)], check=True,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=LIMIT_S)


def record_metal(elf, path, cpus, folder):
    status = os.path.join(folder, "status")
    ended = subprocess.run(
        ["timeout", "-k", "1", str(LIMIT_S), "qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max",
         "-nodefaults", "-display", "none", "-serial", "stdio", "-no-reboot", "-M", "q35", "-smp", str(cpus),
         "-m", "64", "-device", "isa-debug-exit,iobase=0xf4,iosize=4", "-chardev", "file,id=status,path=" + status,
         "-device", "isa-debugcon,iobase=0xe9,chardev=status", "-chardev", "file,id=trace,path=" + path,
         "-device", "isa-debugcon,iobase=0xe8,chardev=trace", "-kernel", elf, "-append", "trace=8192 -- %d" % ROUNDS],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, errors="replace", check=False)
    with open(status, encoding="ascii") as file:
        assert file.read() == "0\n", (ended.returncode, ended.stdout)


def check(path, cpus):
    trace = trace_file.read(path)
    assert trace.cpus == cpus and trace.lost == [0] * cpus, (trace.cpus, trace.lost)
    mains = [thread for thread, name in trace.names.items() if name == "main"]
    assert len(mains) == 1, trace.names
    hops = [(arrow.from_cpu, arrow.to_cpu) for arrow in sorted(trace.arrows, key=lambda arrow: arrow.from_ns)
            if arrow.kind == "migration"]
    wanted = [((i - 1) % cpus, i % cpus) for _ in range(ROUNDS) for i in range(1, cpus + 1)] if cpus > 1 else []
    assert hops == wanted, (hops, wanted)
    ran_on = {piece.cpu for piece in trace.slices if piece.thread == mains[0]}
    assert ran_on == set(range(cpus)), ran_on
    for cpu in range(cpus):
        pieces = sorted((piece for piece in trace.slices if piece.cpu == cpu), key=lambda p: (p.begin_ns, p.end_ns))
        for before, after in zip(pieces, pieces[1:]):
            assert before.end_ns <= after.begin_ns, (before, after)
        assert all(0 <= piece.begin_ns <= piece.end_ns <= trace.end_ns for piece in pieces)
    check_traffic(path, cpus)


def check_traffic(path, cpus):
    """Of each pair: as many lines and messages taken as sent, but for what is under way at the end."""
    _, records, _ = trace_file.read_records(path)
    sent, taken = {}, {}
    for cpu, of_cpu in enumerate(records):
        for record in of_cpu:
            if record.event == "sent":
                sent[cpu, record.number] = (record.first, record.second)
            elif record.event == "taken":
                taken[record.number, cpu] = (record.first, record.second)
    assert cpus == 1 or taken
    for pair, (lines, messages) in taken.items():
        assert lines <= sent[pair][0] and messages <= sent[pair][1], (pair, taken[pair], sent[pair])
        assert sent[pair][0] - lines <= 2 and sent[pair][1] - messages <= 1, (pair, taken[pair], sent[pair])


def main(program, *image):
    elf = next(path for path in image if path.endswith(".elf") and not path.endswith(".debug.elf"))
    with tempfile.TemporaryDirectory(dir=os.environ.get("TEST_TMPDIR")) as folder:
        path, again = os.path.join(folder, "a.trace"), os.path.join(folder, "b.trace")
        for cpus in (1, 2, 3, 8):
            record_hosted(program, path, cpus)
            check(path, cpus)
            print("ok: hosted, %d CPUs" % cpus)
            for seed in range(20):
                record_hosted(program, path, cpus, "--seed=%d" % seed)
                check(path, cpus)
            record_hosted(program, again, cpus, "--seed=19")
            with open(path, "rb") as one, open(again, "rb") as other:
                assert one.read() == other.read(), "two runs with one seed leave two traces"
            print("ok: by seeds, %d CPUs" % cpus)
        for cpus in (1, 2, 4):
            record_metal(os.path.abspath(elf), path, cpus, folder)
            check(path, cpus)
            print("ok: metal, %d CPUs" % cpus)
    print("END")


if __name__ == "__main__":
    main(*sys.argv[1:])
