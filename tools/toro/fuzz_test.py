"""The command lines of `toro fuzz` and `toro soak`: what they mean, and that wrong ones are named."""

import os
import tempfile
import unittest

import fuzz
from errors import ToroError

HELP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "help")


class FuzzTest(unittest.TestCase):

    def refused(self, cause, parse, *words):
        with self.assertRaises(ToroError) as caught:
            parse(words)
        self.assertIn(cause, caught.exception.cause)
        self.assertTrue(caught.exception.remedy)
        self.assertEqual(caught.exception.status, 2)

    def test_defaults(self):
        self.assertEqual(fuzz.parse_fuzz(["allocator"]),
                         ("allocator", {"seconds": 60, "jobs": 1, "corpus": None, "replay": None}))
        self.assertEqual(fuzz.parse_soak(["allocator"]),
                         ("allocator", {"seed": None, "operations": None, "seconds": None}))

    def test_values(self):
        _, choices = fuzz.parse_fuzz(["--seconds=5", "page_runs", "--jobs", "2"])
        self.assertEqual((choices["seconds"], choices["jobs"]), (5, 2))
        _, choices = fuzz.parse_soak(["allocator", "--seed=0", "--operations=7"])
        self.assertEqual((choices["seed"], choices["operations"]), (0, 7))

    def test_wrong_words_are_named(self):
        for parse in (fuzz.parse_fuzz, fuzz.parse_soak):
            self.refused("nothing named", parse)
            self.refused("allocater (near: allocator)", parse, "allocater")
            self.refused("unexpected word: more", parse, "allocator", "more")
            self.refused("unknown option --second (near: --seconds", parse, "allocator", "--second=3")
            self.refused("--seconds=0 is out of range", parse, "allocator", "--seconds=0")
            self.refused("--seconds=two is not a whole number", parse, "allocator", "--seconds=two")
            self.refused("--seconds needs a value", parse, "allocator", "--seconds")
        self.refused("--jobs=0 is out of range", fuzz.parse_fuzz, "allocator", "--jobs=0")
        self.refused("no folder", fuzz.parse_fuzz, "allocator", "--corpus=/no/such/folder")
        self.refused("--replay=/no/such/file: No such file", fuzz.parse_fuzz, "allocator", "--replay=/no/such/file")
        self.refused("--replay=/ is a directory", fuzz.parse_fuzz, "allocator", "--replay=/")
        self.refused("--operations=0 is out of range", fuzz.parse_soak, "allocator", "--operations=0")

    def test_replay_stands_alone(self):
        with tempfile.NamedTemporaryFile(dir=os.environ.get("TEST_TMPDIR")) as file:
            self.refused("--replay runs one input", fuzz.parse_fuzz, "allocator", "--jobs=2", "--replay=" + file.name)
            _, choices = fuzz.parse_fuzz(["allocator", "--replay=" + file.name])
            self.assertEqual(fuzz.fuzz_line("fuzzer", choices, "corpus", "a"), ["fuzzer", file.name])

    def test_several_jobs_fork(self):
        _, choices = fuzz.parse_fuzz(["allocator", "--jobs=3"])
        self.assertIn("-fork=3", fuzz.fuzz_line("fuzzer", choices, "corpus", "a"))

    def test_corpus_files_are_hexadecimal_lines(self):
        self.assertEqual(fuzz.seeds_of("# a comment\n00ff\n\n10\n"), [b"\x00\xff", b"\x10"])

    def test_every_option_is_in_the_help_and_no_other(self):
        for command, parse in (("fuzz", fuzz.parse_fuzz), ("soak", fuzz.parse_soak)):
            known = parse(["allocator"])[1]
            with open(os.path.join(HELP, command + ".txt"), encoding="utf-8") as text:
                named = {line.split()[0].split("=")[0] for line in text if line.startswith("  --")}
            self.assertEqual(named, {"--" + key for key in known})


if __name__ == "__main__":
    unittest.main()
