"""What toro concludes from QEMU, KVM and the processor, without starting either."""

import os
import tempfile
import unittest

import monitor
import qemu
from errors import ToroError


class QemuTest(unittest.TestCase):

    def failure(self, status, errors="", accel="tcg", reported=""):
        with self.assertRaises(ToroError) as caught:
            qemu.guest_status(status, errors, accel, reported)
        return caught.exception

    def test_status_of_the_application_comes_back_whole(self):
        for status, returncode in ((0, 1), (42, 85), (126, 253), (127, 255), (139, 255), (255, 255)):
            self.assertEqual(qemu.guest_status(returncode, "", "tcg", "%d\n" % status), status)

    def test_warnings_of_qemu_are_no_failure(self):
        self.assertEqual(qemu.guest_status(1, "qemu-system-x86_64: warning: TCG lacks a feature\n", "tcg", "0\n"), 0)

    def test_qemu_that_could_not_start_is_no_status_zero(self):
        self.assertIn("could not load", self.failure(1, "qemu-system-x86_64: -kernel: could not load\n").cause)
        self.assertIn("No such file", self.failure(1, "qemu: could not open kernel file '/x': No such file\n").cause)
        self.assertIn("without an exit status", self.failure(1).cause)

    def test_reset_crash_and_contradiction_are_failures(self):
        self.assertIn("without an exit status", self.failure(0).cause)
        self.assertIn("signal 6", self.failure(-6).cause)
        self.assertIn("without an exit status", self.failure(85, reported="41\n").cause)

    def test_failure_under_kvm_proposes_tcg(self):
        self.assertIn("--accel=tcg", self.failure(-6, "qemu-system-x86_64: error: failed to set MSR\n", "kvm").remedy)

    def test_accelerator_is_chosen_and_the_reason_told(self):
        self.assertEqual(qemu.choose_accel("auto", None)[0], "kvm")
        self.assertEqual(qemu.choose_accel("auto", "there is no /dev/kvm"), ("tcg", "there is no /dev/kvm"))
        self.assertEqual(qemu.choose_accel("tcg", None)[0], "tcg")
        self.assertEqual(qemu.choose_accel("kvm", "the processor offers neither vmx nor svm")[0], "kvm")
        with self.assertRaises(ToroError):
            qemu.choose_accel("kvm", "there is no /dev/kvm")

    def test_kvm_needs_the_device_and_the_processor(self):
        with tempfile.TemporaryDirectory(dir=os.environ.get("TEST_TMPDIR")) as folder:
            device, cpuinfo = os.path.join(folder, "kvm"), os.path.join(folder, "cpuinfo")
            self.assertIn("there is no", qemu.kvm_problem(device, cpuinfo))
            with open(device, "w", encoding="ascii"):
                pass
            with open(cpuinfo, "w", encoding="ascii") as text:
                text.write("flags\t\t: fpu sse\n")
            self.assertIn("neither vmx nor svm", qemu.kvm_problem(device, cpuinfo))
            with open(cpuinfo, "w", encoding="ascii") as text:
                text.write("flags\t\t: fpu svm sse\n")
            self.assertIsNone(qemu.kvm_problem(device, cpuinfo))

    def test_guest_that_never_left_the_firmware_is_recognised(self):
        self.assertFalse(monitor.in_long_mode("EIP=000ea661\r\nEFER=0000000000000000\r\n"))
        self.assertTrue(monitor.in_long_mode("RIP=0000000000100000\r\nEFER=0000000000000500\r\n"))
        self.assertFalse(monitor.in_long_mode(""))


if __name__ == "__main__":
    unittest.main()
