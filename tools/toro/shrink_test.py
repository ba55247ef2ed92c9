"""Shrinking: it ends at the smallest case that fails in the same way."""

import unittest

import shrink
from errors import ToroError


class FakeRunner:
    """Fails with 2 CPUs or more when faults 5 and 9 are both there; with 1 CPU in another way."""

    def __init__(self, needed=("stall@5", "stall@9")):
        self.needed = needed

    def failure(self, case):
        fired = tuple("stall@%d" % time for time in range(1, 20)) if case.faults == "stall" else ()
        if case.faults not in ("stall", "none"):
            fired = tuple(case.faults.split(","))
        if case.cpus == 1:
            return shrink.Failure("another", 1, ())
        if not all(fault in fired for fault in self.needed):
            return None
        return shrink.Failure("liveness", 100 if case.delay is None else 40 + case.delay, fired)

    def first_failing_seed(self, case):
        return 3 if self.failure(case) else None


class ShrinkTest(unittest.TestCase):

    def test_cpus_faults_and_steps_become_fewer(self):
        case, failure, first = shrink.shrink(shrink.Case(seed=7, cpus=8, faults="stall"), FakeRunner())
        self.assertEqual((case.cpus, case.faults, case.delay), (2, "stall@5,stall@9", 0))
        self.assertEqual((failure.steps, first.steps), (40, 100))

    def test_faults_that_do_not_matter_go_all(self):
        case, _, _ = shrink.shrink(shrink.Case(seed=7, cpus=2, faults="stall"), FakeRunner(needed=()))
        self.assertEqual(case.faults, "none")

    def test_a_seed_that_does_not_fail_is_named(self):
        with self.assertRaises(ToroError) as caught:
            shrink.shrink(shrink.Case(seed=7, cpus=2), FakeRunner())
        self.assertIn("seed 7 does not fail", caught.exception.cause)

    def test_fewest_leaves_nothing_out_that_is_needed(self):
        for needed in ({3}, {0, 99}, {1, 2, 50, 98}, set(range(100)), set()):
            kept = shrink.fewest(range(100), lambda rest, needed=needed: needed <= set(rest))
            self.assertEqual(set(kept), needed)

    def test_failures_are_compared_without_their_numbers(self):
        one = "toro: fatal: x.cc:12: check failed: liveness: a line of CPU 0 to CPU 1, 0x7f3a, 99 ticks\n"
        two = "toro: fatal: x.cc:12: check failed: liveness: a line of CPU 3 to CPU 2, 0x1234, 7 ticks\n"
        other = "toro: fatal: x.cc:12: check failed: ownership: a line of CPU 3 to CPU 2\n"
        self.assertEqual(shrink.kind_of(134, one), shrink.kind_of(134, two))
        self.assertNotEqual(shrink.kind_of(134, one), shrink.kind_of(134, other))
        self.assertEqual(shrink.kind_of(3, "no report"), "status 3")

    def test_a_report_is_read(self):
        text = ("toro: fatal: x.cc:1: check failed: y\ntoro: seed 7, 4 CPUs, 812 steps, 9000 ticks; order uniform\n"
                "toro: these faults happened: stall@3,late-ipi@1\n")
        self.assertEqual(shrink.failure_of(134, text),
                         shrink.Failure("x.cc:#: check failed: y", 812, ("stall@3", "late-ipi@1")))
        self.assertIsNone(shrink.failure_of(0, text))


if __name__ == "__main__":
    unittest.main()
