"""clang_tidy reports a planted bug, in a header too, and nothing in clean code."""

import os
import shutil
import sys
import tempfile
import unittest

import clang_tidy

RULES = sys.argv.pop()  # the runfile of //:.clang-tidy


class ClangTidyTest(unittest.TestCase):

    def setUp(self):
        self.root = os.path.realpath(tempfile.mkdtemp(dir=os.environ.get("TEST_TMPDIR")))
        shutil.copy(RULES, os.path.join(self.root, ".clang-tidy"))

    def write(self, path, text):
        full = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)

    def test_clean_code_passes(self):
        self.write("core/a/a.cc", "int Twice(int x) { return 2 * x; }\n")
        self.assertEqual(clang_tidy.check_tree(self.root), [])

    def test_planted_bugs_in_source_and_header_are_reported(self):
        self.write("core/a/a.h", "inline int* Nothing() { return 0; }\n")
        self.write("core/a/a.cc", '#include "core/a/a.h"\nbool Same(int x) { return x == x; }\n')
        found = clang_tidy.check_tree(self.root)
        self.assertTrue([text for text in found if text.startswith("core/a/a.h:1: use nullptr")], found)
        self.assertTrue([text for text in found if text.startswith("core/a/a.cc:2: ")], found)

    def test_what_belongs_to_somebody_else_is_reported(self):
        self.write("core/a/a.cc", """struct __attribute__((capability("CPU"))) Cpu {};
struct Counter {
  Cpu& owner;
  int count __attribute__((guarded_by(owner)));
};
void Count(Counter& counter) { ++counter.count; }
""")
        self.assertTrue([text for text in clang_tidy.check_tree(self.root) if "requires holding CPU" in text])

    def test_code_that_does_not_compile_is_reported(self):
        self.write("core/a/a.cc", "int Half(\n")
        self.assertTrue(clang_tidy.check_tree(self.root))


if __name__ == "__main__":
    unittest.main()
