import unittest

import bench
from errors import ToroError


class BenchTest(unittest.TestCase):
    def test_without_a_filter_both_programs_run(self):
        self.assertEqual(bench.programs_for([]), ["suite", "boot"])

    def test_a_filter_that_begins_with_boot_idle_wake_or_spread_runs_the_boot_benchmark_alone(self):
        for word in ("boot", "boot_time", "boot_memory", "idle", "wake", "spread"):
            self.assertEqual(bench.programs_for([word]), ["boot"])

    def test_any_other_filter_runs_the_suite_alone(self):
        self.assertEqual(bench.programs_for(["slot.*"]), ["suite"])

    def test_a_second_filter_is_refused(self):
        with self.assertRaises(ToroError):
            bench.bench_command(["boot", "idle"])


if __name__ == "__main__":
    unittest.main()
