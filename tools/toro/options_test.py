"""Every option means what its help says, and every wrong one is refused with cause and remedy."""

import os
import tempfile
import unittest

import nodes
import options
from errors import ToroError

APPS = ["hello", "wordfreq"]
HELP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "help", "run.txt")


class OptionsTest(unittest.TestCase):

    def parse(self, *words):
        return options.parse_run(words, APPS)

    def refused(self, cause, *words):
        with self.assertRaises(ToroError) as caught:
            self.parse(*words)
        self.assertIn(cause, caught.exception.cause)
        self.assertTrue(caught.exception.remedy)
        self.assertEqual(caught.exception.status, 2)

    def test_defaults(self):
        parsed = self.parse("hello")
        self.assertEqual((parsed.world, parsed.boot, parsed.machine, parsed.accel), ("metal", "grub", "q35", "auto"))
        self.assertEqual((parsed.cpus, parsed.memory, parsed.timeout, parsed.seed), (2, 128, 60, None))

    def test_values_may_follow_an_equals_sign_or_a_space(self):
        parsed = self.parse("--cpus", "4", "hello", "--memory=256")
        self.assertEqual((parsed.cpus, parsed.memory), (4, 256))

    def test_words_after_dashes_are_the_applications(self):
        self.assertEqual(self.parse("hello", "--", "--cpus=4", "--", "x y").arguments, ["--cpus=4", "--", "x y"])

    def test_every_option_is_in_the_help_and_no_other(self):
        with open(HELP, encoding="utf-8") as text:
            named = {line.split()[0].split("=")[0] for line in text if line.startswith("  --")}
        fields = {"--" + f.name.replace("_", "-") for f in options.dataclasses.fields(options.RunOptions)}
        self.assertEqual(named, fields - {"--app", "--arguments", "--given"})

    def test_wrong_application_is_refused_with_near_matches(self):
        self.refused("no such application: wordfrq (near: wordfreq)", "wordfrq")
        self.refused("no application named")
        self.refused("unexpected word: hello", "hello", "hello")

    def test_wrong_numbers_are_refused(self):
        for cause, word in (("out of range", "--cpus=0"), ("out of range", "--cpus=256"),
                            ("not a whole number", "--cpus=two"), ("not a whole number", "--cpus=-1"),
                            ("not a whole number", "--cpus="), ("out of range", "--timeout=0"),
                            ("not a whole number", "--memory=1G")):
            self.refused(cause, "hello", word)

    def test_unknown_option_is_refused_with_near_matches(self):
        self.refused("unknown option --cpu (near: --cpus", "hello", "--cpu=3")
        self.refused("unknown option -c", "hello", "-c")
        self.refused("option --cpus needs a value", "hello", "--cpus")

    def test_too_little_memory_is_refused_with_the_least(self):
        self.refused("--memory=37 is too small for 16 CPUs", "hello", "--cpus=16", "--memory=37")
        self.assertEqual(self.parse("hello", "--cpus=1", "--memory=8").memory, 8)

    def test_nodes_say_how_many_cpus_and_how_much_memory_there_are(self):
        parsed = self.parse("hello", "--nodes=64:2,0:1,34:0")
        self.assertEqual((parsed.nodes, parsed.cpus, parsed.memory), ([(64, 2), (0, 1), (34, 0)], 3, 98))
        parsed = self.parse("hello", "--nodes=3", "--cpus=4", "--memory=131", "--report")
        self.assertEqual((parsed.nodes, parsed.report), ([(45, 2), (44, 1), (42, 1)], True))
        parsed = self.parse("hello", "--nodes", "2", "--distances=10,30/40,10")
        self.assertEqual((parsed.nodes, parsed.distances), ([(64, 1), (64, 1)], [[10, 30], [40, 10]]))

    def test_nodes_become_words_for_qemu_and_for_the_hosted_world(self):
        parsed = self.parse("hello", "--nodes=64:2,0:1,34:0", "--distances=10,11,12/13,10,14/15,16,10")
        self.assertEqual(nodes.as_words(parsed),
                         ["--nodes=64:2,0:1,34:0", "--distances=10,11,12/13,10,14/15,16,10"])
        self.assertEqual(" ".join(nodes.qemu_words(parsed)),
                         "-object memory-backend-ram,id=node0,size=64M -numa node,nodeid=0,memdev=node0,cpus=0-1 "
                         "-numa node,nodeid=1,cpus=2-2 "
                         "-object memory-backend-ram,id=node2,size=34M -numa node,nodeid=2,memdev=node2 "
                         "-numa dist,src=0,dst=1,val=11 -numa dist,src=0,dst=2,val=12 -numa dist,src=1,dst=0,val=13 "
                         "-numa dist,src=1,dst=2,val=14 -numa dist,src=2,dst=0,val=15 -numa dist,src=2,dst=1,val=16")
        self.assertEqual(nodes.qemu_words(self.parse("hello")) + nodes.as_words(self.parse("hello")), [])

    def test_wrong_nodes_and_distances_are_refused(self):
        for cause, word in (("'' is no node", "--nodes="), ("'0' is no node", "--nodes=0"),
                            ("'33' is no node", "--nodes=33"), ("'64' is no node", "--nodes=64:1,64"),
                            ("'64:x' is no node", "--nodes=64:x"), ("0 CPUs and 64 MiB", "--nodes=64:0"),
                            ("256 CPUs and", "--nodes=900:256"), ("neither memory nor CPUs", "--nodes=64:2,0:0"),
                            ("too small for 2 CPUs", "--nodes=2:2"), ("--distances without", "--distances=10"),
                            ("'' cannot be", "--distances="), ("'20' cannot be", "--distances=20")):
            self.refused(cause, "hello", word)
        self.refused("--nodes has 2 for --cpus", "hello", "--nodes=64:2", "--cpus=3")
        self.refused("--nodes has 64 for --memory", "hello", "--nodes=64:2", "--memory=128")
        for distances in ("10", "10,20/20", "10,20/20,10/20,20,10"):
            self.refused("no square of the 2 nodes", "hello", "--nodes=2", "--distances=" + distances)
        for cause, distances in (("'10' cannot", "10,10/20,10"), ("'256' cannot", "10,256/20,10"),
                                 ("'x' cannot", "10,x")):
            self.refused(cause, "hello", "--nodes=2", "--distances=" + distances)
        self.refused("microvm has no nodes", "hello", "--nodes=2", "--machine=microvm", "--boot=pvh")

    def test_flag_takes_no_value(self):
        self.refused("option --report takes no value", "hello", "--report=1")

    def test_combinations_without_a_meaning_are_refused(self):
        self.refused("no CD drive", "hello", "--machine=microvm")
        self.assertEqual(self.parse("hello", "--machine=microvm", "--boot=pvh").boot, "pvh")
        self.refused("--seed chooses", "hello", "--seed=1")
        self.refused("--isolate needs page tables", "hello", "--isolate", "--world=hosted")
        self.assertTrue(self.parse("hello", "--isolate").isolate)
        self.assertEqual(self.parse("hello", "--seed=1", "--world=hosted").seed, 1)

    def test_wrong_input_files_are_refused(self):
        self.refused("No such file", "hello", "--input=/nowhere/at/all")
        self.refused("is a directory", "hello", "--input=/")
        self.refused("no regular file", "hello", "--input=/dev/null")

    def test_input_beyond_the_memory_is_refused(self):
        with tempfile.NamedTemporaryFile(dir=os.environ.get("TEST_TMPDIR")) as file:
            file.truncate(200 << 20)
            self.refused("does not fit into --memory=128", "hello", "--input=" + file.name)
            self.assertEqual(self.parse("hello", "--memory=512", "--input=" + file.name).input, [file.name])


if __name__ == "__main__":
    unittest.main()
