"""`toro trace FILE`: turns a recorded trace into what people look at."""

import os
import sys

import options as option_parser
import trace_chrome
import trace_file
import trace_svg
from console import say
from errors import ToroError, usage_error

_REMEDY = "./toro trace --help lists the options"
_UNITS = {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": 1_000_000_000}


def parse_time(name, text):
    """Nanoseconds of '250us', '1.5ms', ..."""
    for unit in ("ns", "us", "ms", "s"):
        if text.endswith(unit):
            try:
                value = float(text[:-len(unit)])
            except ValueError:
                break
            if 0 <= value < 1e12:
                return int(value * _UNITS[unit])
            break
    raise usage_error("--%s=%s is no time" % (name, text), "write a number and a unit, as 250us or 1.5ms")


def parse(words):
    """(file, {form, output, from, to}) of the words after `toro trace`."""
    values, others = option_parser.split_options(words, ["json", "svg", "summary", "output", "from", "to"], _REMEDY)
    given = dict(values)
    if len(others) != 1:
        raise usage_error("no trace named" if not others else "unexpected word: %s" % others[1],
                          "./toro trace FILE; --trace=FILE of ./toro run writes one")
    forms = [form for form in ("json", "svg", "summary") if form in given]
    if len(forms) > 1:
        raise usage_error("--%s and --%s together" % (forms[0], forms[1]), "one form at a time")
    form = forms[0] if forms else "summary"
    if ("from" in given or "to" in given) and form != "svg":
        raise usage_error("--from and --to choose what the picture shows", "add --svg, or leave them out")
    begin_ns = parse_time("from", given["from"]) if "from" in given else None
    end_ns = parse_time("to", given["to"]) if "to" in given else None
    if end_ns is not None and end_ns <= (begin_ns or 0):
        raise usage_error("--to=%s does not come after --from" % given["to"], "give a later --to")
    return others[0], {"form": form, "output": given.get("output"), "from": begin_ns, "to": end_ns}


def trace_command(words):
    path, chosen = parse(words)
    trace = trace_file.read(path)
    if chosen["from"] is not None and chosen["from"] >= trace.end_ns > 0:
        raise usage_error("--from=%d ns lies behind the end of the trace, %d ns" % (chosen["from"], trace.end_ns),
                          "give an earlier --from")
    if chosen["output"] is None:
        _write(trace, chosen, sys.stdout)
        return 0
    try:
        with open(chosen["output"], "w", encoding="utf-8") as file:
            _write(trace, chosen, file)
    except OSError as error:
        raise ToroError("%s: %s" % (chosen["output"], error.strerror), "name a file that can be written") from error
    say("wrote %s" % os.path.abspath(chosen["output"]))
    return 0


def _write(trace, chosen, file):
    if chosen["form"] == "json":
        trace_chrome.write(trace, file)
    elif chosen["form"] == "svg":
        trace_svg.write(trace, file, chosen["from"], chosen["to"])
    else:
        write_summary(trace, file)


def write_summary(trace, file):
    """A table: per CPU, what it did, and per thread, how long it ran."""
    span = max(1, trace.end_ns)
    file.write("%d CPUs, %.3f ms\n\n" % (trace.cpus, trace.end_ns / 1e6))
    file.write("%-6s%10s%12s%10s%10s%12s%10s\n" % ("CPU", "threads %", "messages %", "asleep %", "runs", "arrows out",
                                                  "lost"))
    for cpu in range(trace.cpus):
        time = {kind: 0 for kind in (trace_file.THREAD, trace_file.MESSAGES, trace_file.ASLEEP)}
        runs = 0
        for piece in trace.slices:
            if piece.cpu == cpu:
                time[piece.kind] += piece.end_ns - piece.begin_ns
                runs += piece.kind == trace_file.THREAD
        sent = sum(arrow.from_cpu == cpu for arrow in trace.arrows)
        file.write("%-6d%10.1f%12.1f%10.1f%10d%12d%10d\n" % (
            cpu, *(100 * time[kind] / span for kind in time), runs, sent, trace.lost[cpu]))
    ran = {}
    for piece in trace.slices:
        if piece.kind == trace_file.THREAD:
            times = ran.setdefault(piece.thread, [0, 0, 0, set()])
            times[0] += piece.end_ns - piece.begin_ns
            times[1] += 1
            times[2] = max(times[2], piece.end_ns - piece.begin_ns)
            times[3].add(piece.cpu)
    file.write("\n%-26s%-14s%12s%8s%14s  %s\n" % ("thread", "id", "ran, us", "runs", "longest, us", "on CPUs"))
    for thread in sorted(ran, key=lambda thread: (-ran[thread][0], thread))[:MOST_THREADS]:
        total, runs, longest, cpus = ran[thread]
        file.write("%-26s%-14s%12.1f%8d%14.1f  %s\n" % (
            trace.names.get(thread, ""), thread, total / 1e3, runs, longest / 1e3, ",".join(map(str, sorted(cpus)))))
    if len(ran) > MOST_THREADS:
        file.write("... and %d more\n" % (len(ran) - MOST_THREADS))


MOST_THREADS = 30
