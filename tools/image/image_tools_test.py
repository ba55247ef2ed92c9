#!/usr/bin/python3
"""Tests of add_symbols, make_iso and check_system_calls: the parts that need no kernel."""

import importlib.machinery
import importlib.util
import os
import struct
import subprocess
import sys
import tempfile
import unittest

FOLDER = os.path.dirname(os.path.abspath(__file__))


def load(name):
    """The program tools/image/NAME as a module."""
    loader = importlib.machinery.SourceFileLoader(name, os.path.join(FOLDER, name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


sys.dont_write_bytecode = True
sys.path.insert(0, FOLDER)
import bit_coder  # noqa: E402

add_symbols = load("add_symbols")
line_table = load("line_table")
make_iso = load("make_iso")
check_system_calls = load("check_system_calls")


def tiny_image(last_content):
    """An ELF with two loaded segments, the last of which holds `last_content`."""
    head = add_symbols.EHDR.pack(b"\x7fELF\x02\x01\x01" + bytes(9), 2, 62, 1, 0, 64, 0, 0, 64, 56, 2, 64, 0, 0)
    first = add_symbols.PHDR.pack(1, 5, 0, 0x100000, 0x100000, 176, 176, 4096)
    last = add_symbols.PHDR.pack(1, 4, 4096, 0x101000, 0x101000, len(last_content), len(last_content), 4096)
    return (head + first + last).ljust(4096, b"\0") + last_content


class LineTableTest(unittest.TestCase):
    ROWS = [(0x100100, "a.cc", 10), (0x100104, "a.cc", 9), (0x100110, "b.h", 200), (0x100114, "a.cc", 12),
            (0x100180, "a.cc", 13), (0x100190, None, 0)]

    def test_a_table_is_what_the_kernel_reads(self):  # as platform/baremetal/cpu/line_table_test.cc
        self.assertEqual(line_table.make_table(self.ROWS, 0x100000).hex(),
                         "544c494e06000000270000000001000014000000feebf780cfb0c81b3a371b0e"
                         "e02b9237a0ff023d44c9c5e216e58602ffff")

    def test_rows_outside_of_the_image_and_repetitions_are_left_out(self):
        left_out = [(0x100108, "a.cc", 9), (0x10010a, "core/base/units.h", 7), (0x10010c, "c++/12/vector", 7)]
        rows = [(0, "gone.cc", 1), (8, None, 0)] + self.ROWS[:2] + left_out + self.ROWS[2:]
        long_rows = [row for row in self.ROWS if row[1] != "b.h"]
        self.assertEqual(line_table.useful_rows(rows, 0x100000), long_rows)  # the row of b.h has four bytes

    def test_the_next_function_wins_over_the_end_of_the_one_before(self):
        rows = self.ROWS + [(0x100190, "c.cc", 3), (0x1001a0, None, 0)]
        self.assertIn((0x100190, "c.cc", 3), line_table.useful_rows(rows, 0x100000))

    def test_the_lines_of_a_program_are_those_of_its_source(self):
        with tempfile.TemporaryDirectory() as folder:
            source, program = os.path.join(folder, "two.cc"), os.path.join(folder, "two.elf")
            with open(source, "w", encoding="utf-8") as file:
                file.write("int a(int x) {\n  return x + 1;\n}\nint _start() {\n\n  return a(2);\n}\n")
            subprocess.run(["g++", "-g1", "-O0", "-nostdlib", "-static", "-no-pie", source, "-o", program], check=True)
            output = os.path.join(folder, "lines")
            self.assertEqual(line_table.main(["--linked", program, "--image-start", "0x400000", "--output", output]), 0)
            with open(output, "rb") as file:
                content = file.read()
            magic, rows, names = struct.unpack_from("<III", content)
            self.assertEqual(magic, line_table.MAGIC)
            self.assertGreaterEqual(rows, 4)  # both functions, their bodies
            expected = bit_coder.BitCoder()
            expected.text(source)
            self.assertEqual(content[names:], expected.finish())


class AddSymbolsTest(unittest.TestCase):
    def test_a_table_is_sorted_and_what_the_kernel_reads(self):  # as platform/baremetal/cpu/symbol_table_test.cc
        table = add_symbols.make_table([(0x100200, "second"), (0x100100, "first")], 0x100000)
        self.assertEqual(table.hex(), "5453594d02000000000000000001000014000000f992b461335a5714e7da398abf540202ff")

    def test_one_address_has_one_name(self):
        self.assertEqual(add_symbols.make_table([(0x100100, "write"), (0x100100, "alias_of_write")], 0x100000),
                         add_symbols.make_table([(0x100100, "alias_of_write")], 0x100000))

    def test_an_image_without_functions_gets_an_empty_table(self):
        self.assertEqual(add_symbols.make_table([], 0x100000), struct.pack("<III", add_symbols.MAGIC, 0, 0))

    def test_names_lose_arguments_and_templates(self):
        names = {
            "_ZN4toro9Scheduler5YieldEv": "Scheduler::Yield",
            "_ZNSt6vectorIiSaIiEE9push_backERKi": "std::vector::push_back",
            "_ZN4toro12_GLOBAL__N_17RunMainEPv": "RunMain",
            "_ZlsRSoi": "operator<<",
            "_ZNK3BoxptEv": "Box::operator->",
            "main": "main",
        }
        found = [add_symbols.short_name(name) for name in add_symbols.demangle(list(names))]
        self.assertEqual(found, list(names.values()))

    def test_table_becomes_the_last_segment(self):
        image = add_symbols.Elf(tiny_image(struct.pack("<III", add_symbols.MAGIC, 0, 0)), "tiny")
        table = add_symbols.make_table([(0x100100, "f")], 0x100000)
        add_symbols.append_table(image, table)
        segment = image.segments()[1]
        self.assertEqual(image.content[segment[2]:segment[2] + segment[5]], table)
        self.assertEqual((segment[2] - segment[3]) % 4096, 0)
        self.assertEqual(len(image.content), segment[2] + segment[5])
        self.assertEqual((struct.unpack_from("<Q", image.content, 40)[0], image.content[60:64]), (0, bytes(4)))
        self.assertEqual(segment[5], segment[6])

    def test_segments_move_together(self):
        image = add_symbols.Elf(tiny_image(b"last"), "tiny")
        add_symbols.close_gaps(image)
        first, last = image.segments()
        self.assertEqual((first[2], first[3], last[2], last[3]), (0, 0x100000, 176, 0x101000))
        self.assertEqual(bytes(image.content[176:]), b"last")

    def test_an_image_without_the_segment_is_refused(self):
        image = add_symbols.Elf(tiny_image(b"something"), "tiny")
        with self.assertRaisesRegex(add_symbols.ImageError, "kernel.ld"):
            add_symbols.append_table(image, b"")

    def test_what_is_no_elf_is_refused(self):
        with self.assertRaisesRegex(add_symbols.ImageError, "not a 64-bit"):
            add_symbols.Elf(b"#!/bin/sh\n" + bytes(100), "script")


class MakeIsoTest(unittest.TestCase):
    def test_words_are_split_as_the_kernel_splits_them(self):
        self.assertEqual(make_iso.split_words('-- a "b c" it\\"s \'d "e\' ""'), ["--", "a", "b c", 'it"s', 'd "e', ""])

    def test_an_open_quote_is_an_error(self):
        with self.assertRaisesRegex(make_iso.UserError, "not closed"):
            make_iso.split_words('-- "a')

    def test_a_word_is_quoted_for_grub(self):
        self.assertEqual(make_iso.grub_word("it's $x", "word"), "'it'\\''s $x'")

    def test_what_grub_would_change_is_refused(self):
        for word in ["", "a\nb", "a\tb", "\\x41"]:
            with self.assertRaises(make_iso.UserError):
                make_iso.grub_word(word, "word")

    def make(self, folder, *words):
        program = os.path.join(FOLDER, "make_iso")
        return subprocess.run([program, *words], cwd=folder, stderr=subprocess.PIPE, text=True, check=False)

    def test_the_same_input_gives_the_same_bytes(self):
        with tempfile.TemporaryDirectory() as folder:
            for name, content in [("kernel", b"\x7fELF"), ("empty", b""), ("odd 'name=\"x", b"text")]:
                with open(os.path.join(folder, name), "wb") as file:
                    file.write(content)
            isos = []
            for output, stamp in [("a.iso", 1), ("b.iso", 10 ** 9)]:
                os.utime(os.path.join(folder, "kernel"), (stamp, stamp))
                done = self.make(folder, "--kernel", "kernel", "--cmdline", "-- x", "--module", "none=empty",
                                 "--module", "an 'odd\" name=odd 'name=\"x", "--output", output)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                with open(os.path.join(folder, output), "rb") as file:
                    isos.append(file.read())
            self.assertEqual(isos[0], isos[1])
            self.assertLess(len(isos[0]), 600 * 1024)

    def test_a_missing_module_is_named(self):
        with tempfile.TemporaryDirectory() as folder:
            done = self.make(folder, "--kernel", "/bin/sh", "--module", "a=absent", "--output", "a.iso")
            self.assertEqual(done.returncode, 1)
            self.assertIn("module absent: no such file", done.stderr)


class CheckSystemCallsTest(unittest.TestCase):
    LINES = ["0000000000001000 <main>:", "    1000:\tcall   2000 <fork>",
             "0000000000002000 <fork>:", "    2000:\tsyscall"]

    def test_the_function_and_its_caller_are_found(self):
        forbidden, callers = check_system_calls.scan(self.LINES)
        self.assertEqual(forbidden, {"fork": "syscall"})
        self.assertEqual(callers["fork"], {"main"})

    def test_a_function_that_is_called_syscall_is_none(self):
        self.assertEqual(check_system_calls.scan(["0 <main>:", "    1000:\tcall   2000 <syscall>"])[0], {})


if __name__ == "__main__":
    unittest.main()
