"""tidy catches each planted violation, and nothing in a clean file."""

import unittest

import tidy

GUARD = "#ifndef CORE_X_Y_H_\n#define CORE_X_Y_H_\n%s\n#endif  // CORE_X_Y_H_\n"
CLEAN = "// Y: a thing.\n" + GUARD % "struct Y {};"


def check(path, text):
    return list(tidy.check_file(path, text.split("\n")))


class TidyTest(unittest.TestCase):

    def only(self, path, text, message):
        found = check(path, text)
        self.assertEqual(len(found), 1, found)
        self.assertIn(message, found[0])

    def test_clean_header_passes(self):
        self.assertEqual(check("core/x/y.h", CLEAN), [])

    def test_long_file_is_caught(self):
        self.only("core/x/y.cc", "\n" * 501, "501 lines")
        self.assertEqual(check("core/x/y.cc", "\n" * 500), [])

    def test_long_line_is_caught(self):
        self.only("core/x/y.cc", "x" * 121 + "\n", "121 columns")
        self.assertEqual(check("core/x/y.cc", "x" * 120 + "\n"), [])

    def test_trailing_space_tab_and_missing_newline_are_caught(self):
        self.only("core/x/y.cc", "int a; \n", "space at the end")
        self.only("core/x/y.cc", "\tint a;\n", "tab")
        self.only("core/x/y.cc", "int a;", "no newline")

    def test_forbidden_names_are_caught(self):
        self.only("core/x/y.cc", "class PageManager {\n", "PageManager")
        self.only("core/x/y.cc", "struct alignas(64) SlotHelper;\n", "SlotHelper")
        self.only("core/x/string_util.cc", "\n", "named after what it is")
        self.assertEqual(check("core/x/y.cc", "struct Utility {};\n"), [])

    def test_unfinished_work_is_caught(self):
        self.only("core/x/y.cc", "// TODO: later\n", "unfinished")
        self.only("apps/x/main.cc", "// FIXME\n", "unfinished")

    def test_copyright_line_is_caught(self):
        self.only("core/x/y.cc", "// Copyright somebody\n", "licence")

    def test_wrong_guard_is_caught(self):
        self.only("core/x/y.h", CLEAN.replace("CORE_X_Y_H_", "Y_H"), "guard")
        self.only("core/x/y.h", CLEAN.replace("#endif  // CORE_X_Y_H_", "#endif"), "ends with")

    def test_header_without_opening_comment_is_caught(self):
        self.only("core/x/y.h", GUARD % "struct Y {};", "opens with a comment")

    def test_lock_free_header_without_its_argument_is_caught(self):
        text = "// Y: a thing.\n// WHY. So.\n" + GUARD % "std::atomic<int> a;"
        self.only("core/x/y.h", text, "INVARIANTS, MEMORY ORDER, COST")
        whole = "// Y.\n// WHY. a\n// INVARIANTS\n// MEMORY ORDER\n// COST. b\n" + GUARD % "std::atomic<int> a;"
        self.assertEqual(check("core/x/y.h", whole), [])

    def test_reference_that_does_not_resolve_is_caught(self):
        known = tidy.reference_ids(["# References", "| id | document |", "| sdm3 | a manual |"])
        self.assertEqual(list(tidy.check_references("a.h", ["// as in [sdm3 11.5.4]", "int a[n 3];"], known)), [])
        self.assertEqual(len(list(tidy.check_references("a.h", ["// as in [sdm9 11.5.4]"], known))), 1)

    def test_sleeping_test_is_caught(self):
        self.only("core/x/y_test.cc", "std::this_thread::sleep_for(1s);\n", "does not sleep")


if __name__ == "__main__":
    unittest.main()
