"""Every guest boots and says its line, and the report can be read. Says nothing about time, and needs no network."""

import re
import sys
import unittest

import boot_bench
import boot_memory
import boot_time
import guests
import hosted
import idle
import linux_guest
import wake
from qemu_guest import Guest, GuestFailed, Sample, boot_once

FILES = guests.files_by_name([word for word in sys.argv[1:] if not word.startswith("-")])


def quiet(_text):
    pass


class BootTimeTest(unittest.TestCase):
    def test_every_guest_says_its_line_and_the_report_has_each(self):
        lines = boot_time.run(FILES, None, 1, quiet)
        for guest in guests.boot_guests(FILES):
            row = next(line for line in lines if line.startswith(guest.name))
            self.assertEqual(len(re.findall(r"\d+\.\d", row)), 5, row)
        goals = [line for line in lines if re.search(r" (yes|yes, and the aim|NO)$", line)]
        self.assertEqual(len(goals), 6, lines)

    def test_a_guest_that_says_something_else_is_named_with_its_words(self):
        guest = Guest("floor", ["-kernel", FILES["floor.elf"]], b"something else")
        with self.assertRaisesRegex(GuestFailed, "floor: ended without 'something else'; its output: READY"):
            boot_once(guest)

    def test_a_guest_that_does_not_end_is_ended(self):
        guest = Guest("floor, waits", ["-kernel", FILES["floor_waits.elf"]], guests.READY, timeout_s=2)
        with self.assertRaisesRegex(GuestFailed, "nothing more within 2 s"):
            boot_once(guest)

    def test_differences_are_taken_within_a_round(self):
        samples = {"floor, x": [], "hello, x": []}
        for floor, hello in ((1, 10), (12, 20), (90, 100)):
            samples["floor, x"].append(Sample(floor, floor, floor))
            samples["hello, x"].append(Sample(hello, hello, hello))
        self.assertEqual(boot_time.differences(samples, "hello, x", "ready_ms"), [8, 9, 10])

    def test_the_middle_half_leaves_a_quarter_out_on_each_side(self):
        self.assertEqual(boot_time.middle_half([1, 2, 3, 4, 5, 6, 7, 8]), (3, 6))
        self.assertEqual(boot_time.middle_half([1]), (1, 1))


class BootMemoryTest(unittest.TestCase):
    def test_hello_boots_in_8_mib_with_one_cpu(self):
        mib, said = boot_memory.least(["-kernel", FILES["hello.elf"]], 1, most_mib=8)
        self.assertIsNotNone(mib, said)


class IdleTest(unittest.TestCase):
    def test_every_waiting_guest_says_ready_and_waits(self):
        rows = idle.measure(guests.waiting_guests(FILES), settle_s=0, window_s=0.1)
        self.assertEqual([name for name, _, _ in rows], [guest.name for guest in guests.waiting_guests(FILES)])
        for _, percent, mib in rows:
            self.assertGreaterEqual(percent, 0)
            self.assertGreater(mib, 1)
        self.assertEqual(len([line for line in idle.report(rows) if "reached:" in line]), 1)


class WakeTest(unittest.TestCase):
    def test_latencies_are_reported_and_compared(self):
        lines = wake.latency_lines(wake.measure_latencies(FILES, None, 1, 20, quiet))
        for what in ("message", "interrupt", "overshoot"):
            row = next(line for line in lines if line.startswith("ours, " + what))
            self.assertEqual(len(re.findall(r"\d+\.\d", row)), 2, row)
        self.assertEqual(len([line for line in lines if re.search(r"reached: (yes|NO)$", line)]), 2, lines)

    def test_every_load_is_measured(self):
        lines = wake.load_lines(FILES, None, quiet, settle_s=0, window_s=0.2)
        self.assertEqual(len(lines), 1 + len(wake.RATES) + 3)
        for rate, line in zip(wake.RATES, lines[1:]):
            percent, woken = map(float, line.split()[-2:])
            self.assertGreaterEqual(percent, 0)
            self.assertEqual(woken > 0, rate > 0, line)
        for line in lines[1 + len(wake.RATES):]:
            self.assertGreaterEqual(float(line.split()[-1]), 0)

    def test_what_is_not_understood_is_named(self):
        guest = Guest("wake", ["-kernel", FILES["wake.elf"], "-append", "-- nap"], guests.READY)
        with self.assertRaisesRegex(GuestFailed, "wake: say poll, load RATE"):
            boot_once(guest)


class HostedTest(unittest.TestCase):
    def test_sleeps_are_reported_beside_those_of_linux(self):
        lines = hosted.sleep_lines(FILES, quiet, 10)
        for line, name in zip(lines[1:], ("ours", "Linux process")):
            self.assertTrue(line.startswith(name), line)
            self.assertEqual(len(re.findall(r"\d+\.\d", line)), 3, line)

    def test_work_on_request_is_done_by_the_other_cpu_too(self):
        rounds = hosted.spread(FILES, 8)
        self.assertEqual(len(rounds), 15)
        self.assertGreater(sum(arrivals for _, _, _, arrivals in rounds), 0)

    def test_ratios_of_work_on_request_are_taken_within_a_round(self):
        lines = hosted.spread_lines([(100, 200, 100, 1), (10, 10, 4, 1), (1000, 1000, 300, 1)])
        self.assertRegex(lines[2], r"1\.00   from 1\.00 to 2\.00$")
        self.assertRegex(lines[3], r"0\.40   from 0\.30 to 0\.50$")

    def test_a_program_that_fails_is_named_with_its_words(self):
        with self.assertRaisesRegex(GuestFailed, "ended with status 2: wake: say poll"):
            hosted.output_of([FILES["wake"], "--", "nap"])


class LinuxGuestTest(unittest.TestCase):
    def test_an_archive_entry_is_padded_to_words(self):
        entry = linux_guest.cpio_entry(3, "init", 0o100755, b"12345")
        self.assertEqual(len(entry) % 4, 0)
        self.assertTrue(entry.startswith(b"070701" + b"00000003" + b"000081ed"))
        self.assertIn(b"init\0", entry)

    def test_the_archive_ends_with_its_trailer(self):
        self.assertIn(b"TRAILER!!!\0", linux_guest.initramfs(b"program")[-16:])


class ArgumentsTest(unittest.TestCase):
    def test_a_section_is_chosen_by_how_its_name_begins(self):
        self.assertEqual(boot_bench.chosen("boot"), ["boot_time", "boot_memory"])
        self.assertEqual(boot_bench.chosen("idle"), ["idle"])
        self.assertEqual(boot_bench.chosen("slot"), [])

    def test_a_missing_file_is_named(self):
        with self.assertRaisesRegex(guests.MissingFile, "without floor.iso"):
            guests.files_by_name([path for name, path in FILES.items() if name != "floor.iso"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
