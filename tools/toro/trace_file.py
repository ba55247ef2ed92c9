"""Reads a recorded trace (core/kernel/trace_export.h) into what happened, per CPU, in nanoseconds since its beginning.

A Trace has the slices (what a CPU did from when to when), the instants (what happened at one moment) and the arrows
(what went from one CPU to another), which `toro trace` writes down in several forms.
"""

import dataclasses
import struct

from errors import ToroError

MAGIC = b"TOROTRC1"
HEADER = struct.Struct("<8sIIQ")
COUNTS = struct.Struct("<QQ")
RECORD = struct.Struct("<QIIQQ")
MAX_CPUS = 256

# TraceEvent (core/trace/trace_ring.h), in its order.
EVENTS = ("none", "spawn", "end", "wait", "ready", "leave", "arrive", "sleep_until", "timer", "halt", "awake",
          "out_of_memory", "fault", "shutdown", "name", "run", "stop", "deliver", "sent", "taken")
_OF_A_THREAD = ("spawn", "end", "wait", "ready", "leave", "arrive", "sleep_until", "timer", "run")
_INSTANTS = ("spawn", "end", "wait", "ready", "sleep_until", "timer", "out_of_memory", "fault", "shutdown")

THREAD, MESSAGES, ASLEEP = "thread", "messages", "asleep"


@dataclasses.dataclass
class Record:
    ns: int
    event: str
    number: int
    first: int
    second: int

    def thread(self):
        """The id of the thread that the record is about, as 'home.index.generation'."""
        return "%d.%d.%d" % (self.first & 0xffffffff, self.number, self.first >> 32)


@dataclasses.dataclass
class Slice:
    cpu: int
    begin_ns: int
    end_ns: int
    kind: str  # THREAD, MESSAGES or ASLEEP
    thread: str = ""  # its id


@dataclasses.dataclass
class Instant:
    cpu: int
    ns: int
    event: str
    thread: str
    detail: dict


@dataclasses.dataclass
class Arrow:
    kind: str  # "migration" or "message"
    from_cpu: int
    from_ns: int
    to_cpu: int
    to_ns: int
    what: str


@dataclasses.dataclass
class Trace:
    cpus: int
    end_ns: int
    lost: list  # per CPU: records that the ring had no room for any more
    slices: list
    instants: list
    arrows: list
    names: dict  # of threads, by id

    def name(self, thread):
        return self.names.get(thread) or "thread " + thread


def _damaged(path, what):
    return ToroError("%s is no whole trace: %s" % (path, what),
                     "record it again with --trace=FILE, and let the program end by itself")


def read_records(path):
    """(end in ns, [[Record of CPU 0], ...], [records lost per CPU]); a ToroError says what is wrong with the file."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise ToroError("%s: %s" % (path, error.strerror), "name a file that --trace=FILE has written") from error
    if data[:len(MAGIC)] != MAGIC:
        if len(data) >= len(MAGIC) and data.startswith(MAGIC[:-1]):
            raise ToroError("%s was written by another version of Toro" % path, "record it again with this one")
        if not data:
            raise _damaged(path, "it is empty")
        raise ToroError("%s is no trace" % path, "name a file that --trace=FILE has written")
    if len(data) < HEADER.size:
        raise _damaged(path, "it ends in its header")
    _, cpus, record_bytes, end_ns = HEADER.unpack_from(data)
    if not 1 <= cpus <= MAX_CPUS or record_bytes != RECORD.size:
        raise _damaged(path, "its header speaks of %d CPUs and records of %d bytes" % (cpus, record_bytes))
    at = HEADER.size
    records, lost = [], []
    for cpu in range(cpus):
        if at + COUNTS.size > len(data):
            raise _damaged(path, "it ends before CPU %d" % cpu)
        written, kept = COUNTS.unpack_from(data, at)
        at += COUNTS.size
        if kept > written or kept > (len(data) - at) // RECORD.size:
            raise _damaged(path, "CPU %d is said to have %d records, and the file ends before" % (cpu, kept))
        of_cpu = [_record(path, cpu, fields) for fields in RECORD.iter_unpack(data[at:at + kept * RECORD.size])]
        # A CPU that ran on while the file was written may have begun its last record only.
        records.append([record for record in of_cpu if record.event != "none"])
        lost.append(written - kept)
        at += kept * RECORD.size
    if at != len(data):
        raise _damaged(path, "%d bytes follow its last record" % (len(data) - at))
    return end_ns, records, lost


def _record(path, cpu, fields):
    ns, event, number, first, second = fields
    if event >= len(EVENTS):
        raise _damaged(path, "CPU %d has an event %d, which there is not" % (cpu, event))
    return Record(ns, EVENTS[event], number, first, second)


def read(path):
    """The Trace in the file."""
    end_ns, records, lost = read_records(path)
    begin_ns = min([of_cpu[0].ns for of_cpu in records if of_cpu], default=end_ns)
    end_ns = max([of_cpu[-1].ns for of_cpu in records if of_cpu] + [end_ns])
    for record in (record for of_cpu in records for record in of_cpu):
        record.ns -= begin_ns
        if record.event == "deliver":
            record.first = max(0, record.first - begin_ns)
    trace = Trace(len(records), end_ns - begin_ns, lost, [], [], [], {})
    for cpu, of_cpu in enumerate(records):
        _read_names(trace, of_cpu)
        _read_slices(trace, cpu, of_cpu)
        _read_instants(trace, cpu, of_cpu, begin_ns)
    _read_migrations(trace, records)
    _read_messages(trace, records)
    return trace


def _read_names(trace, records):
    for before, record in zip(records, records[1:]):
        if record.event == "name" and before.event == "spawn":
            text = struct.pack("<QQ", record.first, record.second).split(b"\0", 1)[0]
            if text:
                trace.names[before.thread()] = text.decode("utf-8", "replace")


def _read_slices(trace, cpu, records):
    open_slice = None

    def close(ns):
        nonlocal open_slice
        if open_slice is not None:
            open_slice.end_ns = ns
            trace.slices.append(open_slice)
        open_slice = None

    for record in records:
        if record.event == "run":
            close(record.ns)
            open_slice = Slice(cpu, record.ns, record.ns, THREAD, record.thread())
        elif record.event == "halt":
            close(record.ns)
            open_slice = Slice(cpu, record.ns, record.ns, ASLEEP)
        elif record.event in ("stop", "awake"):
            close(record.ns)
        elif record.event == "deliver":
            trace.slices.append(Slice(cpu, record.first, record.ns, MESSAGES))
    close(trace.end_ns)


def _read_instants(trace, cpu, records, begin_ns):
    for record in records:
        if record.event not in _INSTANTS:
            continue
        detail = {}
        if record.event == "sleep_until":
            detail["until_ns"] = record.second - begin_ns
        elif record.event == "out_of_memory":
            detail["used_bytes"] = record.first
        elif record.event == "fault":
            detail = {"vector": record.number, "instruction": hex(record.first), "address": hex(record.second)}
        thread = record.thread() if record.event in _OF_A_THREAD else ""
        trace.instants.append(Instant(cpu, record.ns, record.event, thread, detail))


def _read_migrations(trace, records):
    """Each departure with the next arrival of the same thread at the CPU that it left for."""
    arrivals = {}
    for cpu, of_cpu in enumerate(records):
        for record in of_cpu:
            if record.event == "arrive":
                arrivals.setdefault((cpu, record.thread()), []).append(record.ns)
    for cpu, of_cpu in enumerate(records):
        for record in of_cpu:
            if record.event != "leave":
                continue
            left = arrivals.get((record.second, record.thread()), [])
            arrival_ns = next((ns for ns in left if ns >= record.ns), None)
            if arrival_ns is not None:
                left.remove(arrival_ns)
                trace.arrows.append(Arrow("migration", cpu, record.ns, record.second, arrival_ns, record.thread()))


def _read_messages(trace, records):
    """Lines and messages of one pair arrive in the order in which they were sent: their numbers tell which is which."""
    sent = {}
    for cpu, of_cpu in enumerate(records):
        for record in of_cpu:
            if record.event == "sent":
                sent.setdefault((cpu, record.number), []).append((record.ns, record.first, record.second))
    for cpu, of_cpu in enumerate(records):
        before = {}
        for record in of_cpu:
            if record.event != "taken" or record.number == cpu:
                continue
            pair = (record.number, cpu)
            for field, value in ((1, record.first), (2, record.second)):
                if value == before.get((record.number, field), 0):
                    continue
                before[(record.number, field)] = value
                from_ns = next((at[0] for at in sent.get(pair, []) if at[field] >= value), None)
                # A CPU notes what it sent when the thread that did so stops: that may be after it has arrived.
                if from_ns is not None:
                    trace.arrows.append(Arrow("message", record.number, min(from_ns, record.ns), cpu, record.ns,
                                              "line" if field == 1 else "message"))
