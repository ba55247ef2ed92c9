"""The packed form of several files, and the kernel command line."""

import io
import os
import tempfile
import unittest

import pack


class PackTest(unittest.TestCase):

    def test_files_keep_name_order_and_every_byte(self):
        with tempfile.TemporaryDirectory(dir=os.environ.get("TEST_TMPDIR")) as folder:
            files = []
            for name, content in (("a.txt", b"one\n"), ("empty", b""), ("b c", bytes(range(256)))):
                path = os.path.join(folder, name)
                with open(path, "wb") as file:
                    file.write(content)
                files.append((name, path))
            output = io.BytesIO()
            pack.write_pack(output, files)
        self.assertEqual(output.getvalue(),
                         b"TOROPACK1\n4 5\na.txt\none\n0 5\nempty\n256 3\nb c\n" + bytes(range(256)))

    def test_plain_words_stay_and_others_are_quoted(self):
        self.assertEqual(pack.kernel_words(["plain", "--cpus=4", "a/b.c"]), "plain --cpus=4 a/b.c")
        self.assertEqual(pack.kernel_words(["two words", "", "--"]), '"two words" "" "--"')
        self.assertEqual(pack.kernel_words(['say "hi"', "back\\slash", "$x;"]), '"say \\"hi\\"" "back\\\\slash" "$x;"')


if __name__ == "__main__":
    unittest.main()
