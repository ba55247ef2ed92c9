"""rewrap breaks long comments where a reader would, and touches nothing else."""

import unittest

import rewrap

LONG = "word " * 30  # 150 columns


class RewrapTest(unittest.TestCase):

    def test_short_comments_and_code_stay(self):
        lines = ["// short", "x" * 200, "#!/bin/sh " + LONG]
        self.assertEqual(rewrap.rewrap(lines), lines)

    def test_what_hangs_over_moves_to_the_next_line_of_the_paragraph(self):
        lines = rewrap.rewrap(["// " + LONG + "end", "// next", "code"])
        self.assertEqual(len(lines), 3)
        self.assertTrue(lines[1].endswith("end next"))
        self.assertLessEqual(max(map(len, lines)), 120)

    def test_an_item_is_not_merged_into_its_successor(self):
        lines = rewrap.rewrap(["//   I1. " + LONG + "end", "//   I2. next"])
        self.assertEqual(lines[1][:9], "//       ")
        self.assertEqual(lines[2], "//   I2. next")

    def test_what_hangs_over_an_item_joins_its_indented_rest(self):
        lines = rewrap.rewrap(["//   I1. " + LONG + "end", "//       rest", "//   I2. next"])
        self.assertEqual(len(lines), 3)
        self.assertTrue(lines[1].endswith("end rest"))


if __name__ == "__main__":
    unittest.main()
