"""check_format catches a planted violation, accepts clean code, and --fix repairs."""

import os
import shutil
import sys
import tempfile
import unittest

import check_format

STYLE = sys.argv.pop()  # the runfile of //:.clang-format


class CheckFormatTest(unittest.TestCase):

    def setUp(self):
        self.root = tempfile.mkdtemp(dir=os.environ.get("TEST_TMPDIR"))
        shutil.copy(STYLE, os.path.join(self.root, ".clang-format"))

    def write(self, text):
        with open(os.path.join(self.root, "a.cc"), "w", encoding="utf-8") as file:
            file.write(text)

    def test_clean_code_passes(self):
        self.write("template <typename T>\nconcept C = requires(T t) { t.f(); };\nint* a;\n")
        self.assertEqual(check_format.check_tree(self.root), [])

    def test_planted_violation_is_caught_and_repaired(self):
        self.write("int   *a ;\n")
        self.assertIn("a.cc:1", check_format.check_tree(self.root)[0])
        self.assertEqual(check_format.check_tree(self.root, fix=True), [])
        self.assertEqual(check_format.check_tree(self.root), [])


if __name__ == "__main__":
    unittest.main()
