"""The command line of `toro sim`: what it means, and that wrong ones are named."""

import os
import tempfile
import unittest

import sim
from errors import ToroError

HELP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "help")


class SimTest(unittest.TestCase):

    def setUp(self):
        self.root = tempfile.mkdtemp(dir=os.environ.get("TEST_TMPDIR"))
        for package, text in (("tests/sim/mixed", "toro_cc_app(\n"), ("tests/unit", "toro_cc_test(\n")):
            os.makedirs(os.path.join(self.root, package))
            with open(os.path.join(self.root, package, "BUILD.bazel"), "w", encoding="utf-8") as build:
                build.write(text)

    def parse(self, *words):
        return sim.parse_sim(words, ["hello", "wordfreq"], self.root)

    def refused(self, cause, *words):
        with self.assertRaises(ToroError) as caught:
            self.parse(*words)
        self.assertIn(cause, caught.exception.cause)
        self.assertTrue(caught.exception.remedy)
        self.assertEqual(caught.exception.status, 2)

    def test_defaults(self):
        options = self.parse("hello")
        self.assertEqual(options.app, "apps/hello")
        self.assertEqual(options.words, ["--cpus=2", "--memory=128", "--seed=1", "--trace-hash"])

    def test_values_reach_the_program(self):
        options = self.parse("tests/sim/mixed", "--seed=7", "--cpus", "256", "--steps=10", "--store-delay=0",
                             "--order=priority", "--faults=stall=9,late-ipi@3", "--", "5", "--cpus=9")
        self.assertEqual(options.app, "tests/sim/mixed")
        self.assertEqual(options.words, ["--cpus=256", "--memory=4096", "--seed=7", "--trace-hash", "--steps=10",
                                         "--store-delay=0", "--order=priority", "--faults=stall=9,late-ipi@3"])
        self.assertEqual(options.arguments, ["5", "--cpus=9"])

    def test_a_sweep(self):
        options = self.parse("hello", "--seeds=3..12", "--jobs=2")
        self.assertEqual(options.seeds, (3, 12))
        self.assertEqual(options.words, ["--cpus=2", "--memory=128", "--seeds=3..12", "--jobs=2"])

    def test_what_to_shrink(self):
        options = self.parse("hello", "--seed=9", "--cpus=4", "--faults=stall", "--shrink", "--store-delay=3")
        self.assertEqual(options.case.words(), ["--seed=9", "--cpus=4", "--faults=stall", "--store-delay=3"])

    def test_how_a_seed_of_a_sweep_is_run_again(self):
        self.assertEqual(sim.again_words(["x", "--seeds=1..9", "--cpus=4", "--jobs", "2", "--", "--seeds=1"]),
                         ["x", "--cpus=4", "--seed=SEED", "--", "--seeds=1"])

    def test_wrong_values_are_named(self):
        self.refused("--cpus=0 is out of range", "hello", "--cpus=0")
        self.refused("--cpus=300 is out of range", "hello", "--cpus=300")
        self.refused("--cpus=two is not a whole number", "hello", "--cpus=two")
        self.refused("--steps=0 is out of range", "hello", "--steps=0")
        self.refused("--order=random is not one of", "hello", "--order=random")
        self.refused("--store-delay=70000 is out of range", "hello", "--store-delay=70000")
        self.refused("--seeds=5 is no range", "hello", "--seeds=5")
        self.refused("the first seed is above the last", "hello", "--seeds=9..5")
        self.refused("--seed and --seeds do not go together", "hello", "--seed=1", "--seeds=1..2")
        self.refused("--jobs has no meaning without --seeds", "hello", "--jobs=2")
        self.refused("--timeout has no meaning with --seeds", "hello", "--seeds=1..2", "--timeout=2")
        self.refused("--shrink has no meaning with --seeds", "hello", "--seeds=1..2", "--shrink")
        self.refused("--seed stands there twice", "hello", "--seed=1", "--seed=2")
        self.refused("unknown option --fault (near: --faults", "hello", "--fault=stall")
        self.refused("--input=/no/such: No such file", "hello", "--input=/no/such")

    def test_wrong_applications_are_named(self):
        self.refused("no application named")
        self.refused("no such application: helo (near: hello)", "helo")
        self.refused("no such application: tests/nothing has no BUILD.bazel", "tests/nothing")
        self.refused("no such application: ../x has no BUILD.bazel", "../x")
        self.refused("tests/unit is no application", "tests/unit")
        self.refused("unexpected word: wordfreq", "hello", "wordfreq")

    def test_help_names_every_option_and_fault(self):
        with open(os.path.join(HELP, "sim.txt"), encoding="utf-8") as text:
            words = text.read()
        for option in sim.OPTIONS:
            self.assertIn("--%s%s" % (option, " " if option == "shrink" else "="), words)


if __name__ == "__main__":
    unittest.main()
