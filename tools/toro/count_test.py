"""The count of passed and failed test cases is right whatever happened to a test."""

import os
import tempfile
import unittest

import test as test_command


class CountTest(unittest.TestCase):

    def result(self, status, xml=None):
        outputs = []
        if xml is not None:
            handle, path = tempfile.mkstemp(dir=os.environ.get("TEST_TMPDIR"))
            with os.fdopen(handle, "w") as file:
                file.write(xml)
            outputs = [{"name": "test.log", "uri": "file:///x"}, {"name": "test.xml", "uri": "file://" + path}]
        return {"id": {"testResult": {}}, "testResult": {"status": status, "testActionOutput": outputs}}

    def count(self, *events):
        return test_command.count(list(events))

    def test_cases_of_a_passing_test_are_counted_without_the_skipped(self):
        xml = ("<a><b><testcase status='run'/><testcase/><testcase status='notrun'/>"
               "<testcase><skipped/></testcase></b></a>")
        self.assertEqual(self.count(self.result("PASSED", xml)), (2, 0))

    def test_failed_cases_are_counted(self):
        xml = "<a><testcase><failure/></testcase><testcase/><testcase><error/></testcase></a>"
        self.assertEqual(self.count(self.result("FAILED", xml)), (1, 2))

    def test_a_test_that_fails_after_all_cases_passed_has_one_failure(self):
        self.assertEqual(self.count(self.result("FAILED", "<a><testcase/><testcase/></a>")), (1, 1))

    def test_timeout_or_crash_without_xml_is_one_failure(self):
        self.assertEqual(self.count(self.result("TIMEOUT")), (0, 1))
        self.assertEqual(self.count(self.result("FAILED", "<a><testcase")), (0, 1))

    def test_what_does_not_build_is_a_failure(self):
        event = {"id": {"targetCompleted": {"label": "//x"}}, "completed": {}}
        self.assertEqual(self.count(event, self.result("PASSED")), (1, 1))

    def test_what_this_world_cannot_build_is_no_failure(self):
        label = {"targetCompleted": {"label": "//platform/baremetal:world"}}
        self.assertEqual(self.count({"id": label, "aborted": {"reason": "SKIPPED"}}, self.result("PASSED")), (1, 0))

    def test_what_bazel_reports_as_aborted_and_then_as_failed_counts_once(self):
        label = {"targetCompleted": {"label": "//x"}}
        self.assertEqual(self.count({"id": label, "aborted": {}}, {"id": label, "completed": {}}), (0, 1))


if __name__ == "__main__":
    unittest.main()
