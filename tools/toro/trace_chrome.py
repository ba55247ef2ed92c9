"""A trace in the JSON of chrome://tracing, which Perfetto opens too: one track per CPU, arrows between them.

Source: the "Trace Event Format" document of the Chrome project.
"""

import json

import trace_file

_PROCESS = 1


def _us(ns):
    return ns / 1000


def _slice_name(trace, piece):
    return trace.name(piece.thread) if piece.kind == trace_file.THREAD else piece.kind


def events(trace):
    """Yields the events as dictionaries."""
    yield {"ph": "M", "pid": _PROCESS, "name": "process_name", "args": {"name": "Toro"}}
    for cpu in range(trace.cpus):
        yield {"ph": "M", "pid": _PROCESS, "tid": cpu, "name": "thread_name", "args": {"name": "CPU %d" % cpu}}
        yield {"ph": "M", "pid": _PROCESS, "tid": cpu, "name": "thread_sort_index", "args": {"sort_index": cpu}}
    for piece in trace.slices:
        yield {"ph": "X", "pid": _PROCESS, "tid": piece.cpu, "cat": piece.kind, "name": _slice_name(trace, piece),
               "ts": _us(piece.begin_ns), "dur": _us(piece.end_ns - piece.begin_ns),
               "args": {"thread": piece.thread} if piece.thread else {}}
    for instant in trace.instants:
        args = dict(instant.detail)
        if instant.thread:
            args["thread"] = instant.thread
            args["name"] = trace.name(instant.thread)
        yield {"ph": "i", "s": "t", "pid": _PROCESS, "tid": instant.cpu, "cat": "event", "name": instant.event,
               "ts": _us(instant.ns), "args": args}
    for number, arrow in enumerate(trace.arrows):
        common = {"pid": _PROCESS, "cat": arrow.kind, "name": arrow.kind, "id": number}
        yield {"ph": "s", "tid": arrow.from_cpu, "ts": _us(arrow.from_ns), **common}
        yield {"ph": "f", "bp": "e", "tid": arrow.to_cpu, "ts": _us(arrow.to_ns), **common}


def write(trace, file):
    lost = json.dumps({"records lost of each CPU": trace.lost})
    file.write('{"displayTimeUnit": "ns", "otherData": %s, "traceEvents": [\n' % lost)
    separator = ""
    for event in events(trace):
        file.write(separator + json.dumps(event))
        separator = ",\n"
    file.write("\n]}\n")
