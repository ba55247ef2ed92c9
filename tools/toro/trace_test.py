"""A recorded trace as file, picture and JSON; and every way in which a file can be no trace."""

import io
import json
import os
import struct
import tempfile
import unittest
import xml.dom.minidom

import options as option_parser
import trace
import trace_chrome
import trace_file
import trace_svg
from errors import ToroError


def record(ns, event, number=0, first=0, second=0):
    return trace_file.RECORD.pack(ns, trace_file.EVENTS.index(event), number, first, second)


def file_of(end_ns, *cpus):
    """The bytes of a trace; of each CPU (records ever written, [records])."""
    data = trace_file.HEADER.pack(trace_file.MAGIC, len(cpus), 32, end_ns)
    for written, records in cpus:
        data += trace_file.COUNTS.pack(written, len(records)) + b"".join(records)
    return data


MAIN = (7, 5 << 32)  # thread 0.7.5
NAME = struct.unpack("<QQ", b"m<in".ljust(16, b"\0"))
TWO_CPUS = file_of(
    2000,
    (9, [record(1000, "spawn", *MAIN), record(1000, "name", 0, *NAME), record(1100, "run", *MAIN),
         record(1200, "leave", *MAIN, 1), record(1210, "stop"), record(1220, "sent", 1, 1, 0),
         record(1300, "halt", 0, 2**64 - 1)]),
    (6, [record(1050, "halt", 0, 2**64 - 1), record(1400, "awake"), record(1450, "deliver", 0, 1410),
         record(1450, "taken", 0, 1, 0), record(1440, "arrive", *MAIN), record(1500, "run", *MAIN)]))


class TraceTest(unittest.TestCase):

    def setUp(self):
        self._folder = tempfile.TemporaryDirectory(dir=os.environ.get("TEST_TMPDIR"))
        self.addCleanup(self._folder.cleanup)

    def path_of(self, data):
        path = os.path.join(self._folder.name, "a.trace")
        with open(path, "wb") as file:
            file.write(data)
        return path

    def test_slices_arrows_and_names(self):
        read = trace_file.read(self.path_of(TWO_CPUS))
        self.assertEqual((read.cpus, read.end_ns, read.lost), (2, 1000, [2, 0]))
        self.assertEqual(read.names, {"0.7.5": "m<in"})
        self.assertEqual([(p.cpu, p.begin_ns, p.end_ns, p.kind, p.thread) for p in read.slices], [
            (0, 100, 210, "thread", "0.7.5"), (0, 300, 1000, "asleep", ""),
            (1, 50, 400, "asleep", ""), (1, 410, 450, "messages", ""), (1, 500, 1000, "thread", "0.7.5")])
        self.assertEqual([(a.kind, a.from_cpu, a.from_ns, a.to_cpu, a.to_ns) for a in read.arrows],
                         [("migration", 0, 200, 1, 440), ("message", 0, 220, 1, 450)])
        self.assertEqual([(i.cpu, i.ns, i.event, i.thread) for i in read.instants], [(0, 0, "spawn", "0.7.5")])

    def test_json_opens_and_binds_each_arrow(self):
        output = io.StringIO()
        trace_chrome.write(trace_file.read(self.path_of(TWO_CPUS)), output)
        events = json.loads(output.getvalue())["traceEvents"]
        runs = [e for e in events if e["ph"] == "X" and e["name"] == "m<in"]
        self.assertEqual([(e["tid"], e["ts"], e["dur"]) for e in runs], [(0, 0.1, 0.11), (1, 0.5, 0.5)])
        begins, ends = ({e["id"]: e for e in events if e["ph"] == kind} for kind in "sf")
        self.assertEqual(set(begins), {0, 1})
        self.assertEqual(set(ends), {0, 1})
        self.assertEqual([e["tid"] for e in begins.values()] + [e["tid"] for e in ends.values()], [0, 0, 1, 1])

    def test_picture_is_xml_with_every_slice_and_arrow(self):
        output = io.StringIO()
        trace_svg.write(trace_file.read(self.path_of(TWO_CPUS)), output)
        picture = xml.dom.minidom.parseString(output.getvalue())
        titles = [t.firstChild.data for t in picture.getElementsByTagName("title")]
        self.assertEqual(sorted(titles), ["asleep, 0.35 us", "asleep, 0.7 us", "m<in, 0.11 us", "m<in, 0.5 us",
                                          "messages, 0.04 us"])
        arrows = [p for p in picture.getElementsByTagName("path") if p.getAttribute("marker-end")]
        self.assertEqual(len(arrows), 2)
        self.assertIn("of the beginning, 2 records were not kept", output.getvalue())

    def test_summary_adds_up(self):
        output = io.StringIO()
        trace.write_summary(trace_file.read(self.path_of(TWO_CPUS)), output)
        lines = [line.split() for line in output.getvalue().splitlines()]
        self.assertIn(["0", "11.0", "0.0", "70.0", "1", "2", "2"], lines)
        self.assertIn(["1", "50.0", "4.0", "35.0", "1", "0", "0"], lines)
        self.assertIn(["m<in", "0.7.5", "0.6", "2", "0.5", "0,1"], lines)

    def test_a_file_cut_anywhere_is_named(self):
        for length in range(len(TWO_CPUS)):
            with self.assertRaises(ToroError) as raised:
                trace_file.read(self.path_of(TWO_CPUS[:length]))
            self.assertRegex(raised.exception.cause, "is no whole trace|is no trace")
            self.assertTrue(raised.exception.remedy)

    def test_other_damage_is_named(self):
        for data, cause in (
                (b"TOROTRC2" + TWO_CPUS[8:], "another version"),
                (TWO_CPUS + b"x", "1 bytes follow"),
                (trace_file.HEADER.pack(trace_file.MAGIC, 0, 32, 0), "0 CPUs"),
                (trace_file.HEADER.pack(trace_file.MAGIC, 300, 32, 0), "300 CPUs"),
                (trace_file.HEADER.pack(trace_file.MAGIC, 1, 40, 0), "records of 40 bytes"),
                (file_of(5, (1, [trace_file.RECORD.pack(1, 999, 0, 0, 0)])), "an event 999"),
                (file_of(5, (0, [record(1, "stop")])), "is said to have 1 records")):
            with self.assertRaises(ToroError) as raised:
                trace_file.read(self.path_of(data))
            self.assertIn(cause, raised.exception.cause)
        with self.assertRaises(ToroError) as raised:
            trace_file.read("/nowhere/a.trace")
        self.assertIn("No such file", raised.exception.cause)

    def test_a_trace_without_events_is_fine(self):
        for write in (trace_chrome.write, trace_svg.write, trace.write_summary):
            write(trace_file.read(self.path_of(file_of(5, (0, []), (0, [])))), io.StringIO())

    def test_command_line(self):
        self.assertEqual(trace.parse(["f"])[1]["form"], "summary")
        self.assertEqual(trace.parse(["f", "--svg", "--from=1.5us", "--to", "2ms"]),
                         ("f", {"form": "svg", "output": None, "from": 1500, "to": 2_000_000}))
        for words, cause in ((["f", "--svg", "--json"], "together"), ([], "no trace named"), (["f", "g"], "word: g"),
                             (["f", "--from=1ms"], "--from and --to"), (["f", "--svg", "--from=1"], "is no time"),
                             (["f", "--svg", "--from=nanms"], "is no time"), (["f", "--wat"], "unknown option"),
                             (["f", "--svg", "--from=2ms", "--to=1ms"], "does not come after")):
            with self.assertRaises(ToroError) as raised:
                trace.parse(words)
            self.assertIn(cause, raised.exception.cause)

    def test_events_have_the_names_of_the_kernel(self):
        with open("core/trace/trace_ring.h", encoding="utf-8") as header:
            text = header.read().split("enum class TraceEvent", 1)[1].split("};", 1)[0]
        names = [line.split(",")[0].strip()[1:] for line in text.splitlines() if line.strip().startswith("k")]
        self.assertEqual([name[0].lower() + name[1:] for name in names],
                         ["".join(part.capitalize() if i else part for i, part in enumerate(event.split("_")))
                          for event in trace_file.EVENTS])


class RunOptionsTest(unittest.TestCase):

    def test_where_a_trace_goes_is_checked_before_the_run(self):
        with tempfile.TemporaryDirectory(dir=os.environ.get("TEST_TMPDIR")) as folder:
            path = os.path.join(folder, "t")
            self.assertEqual(option_parser.parse_run(["a", "--trace=" + path], ["a"]).trace, path)
            for words, cause in ((["--trace=" + folder], "is a directory"),
                                 (["--trace=/nowhere/t"], "cannot be written"),
                                 (["--trace-records=64"], "none is recorded"),
                                 (["--trace=" + path, "--trace-records=65"], "no power of two"),
                                 (["--trace=" + path, "--trace-records=32"], "out of range")):
                with self.assertRaises(ToroError) as raised:
                    option_parser.parse_run(["a", *words], ["a"])
                self.assertIn(cause, raised.exception.cause)


if __name__ == "__main__":
    unittest.main()
