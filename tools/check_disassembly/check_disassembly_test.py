"""check_disassembly reports each planted instruction, honours and audits the allow-list, and counts accesses right."""

import os
import sys
import tempfile
import unittest

import check_disassembly as check

PLANTED = sys.argv.pop()  # an object made of planted.cc


class CheckDisassemblyTest(unittest.TestCase):

    def setUp(self):
        self.code = check.disassemble(PLANTED)

    def reported(self, allowed=()):
        return {text.split(":")[0] for text in check.problems_in(self.code, allowed, set())}

    def test_every_planted_function_is_reported_and_no_allowed_one(self):
        functions = self.reported()
        self.assertEqual(functions, {"PlantedLockedAdd", "PlantedSequentialStore", "PlantedFence", "PlantedSystemCall",
                                     "PlantedOldSystemCall"})

    def test_what_is_kept_across_a_switch_is_reported(self):
        found = {tuple(text.split(": ")[:2]) for text in check.kept_across_switches(PLANTED, [], set())}
        self.assertEqual(found, {("PlantedCpuPointer", "cpu-pointer"), ("PlantedPartOfCpu", "cpu-pointer"),
                                 ("PlantedThreadAddress", "thread-address")})
        allowed = list(check.read_allowed("cpu-pointer | PlantedPartOfCpu | a test\n"))
        used = set()
        self.assertFalse([text for text in check.kept_across_switches(PLANTED, allowed, used) if "PartOfCpu" in text])
        self.assertEqual(used, {1})

    def test_allow_list_excuses_the_named_kind_in_the_named_function_only(self):
        allowed = list(check.read_allowed("mfence | PlantedFence | on the way to sleep\nint | PlantedFence | no\n"))
        used = set()
        found = list(check.problems_in(self.code, allowed, used))
        self.assertFalse([text for text in found if text.startswith("PlantedFence")])
        self.assertEqual(used, {1})

    def test_allow_list_line_without_a_reason_is_refused(self):
        with self.assertRaises(SystemExit):
            list(check.read_allowed("mfence | PlantedFence |"))

    def test_accesses_are_counted(self):
        text = ("0 <f>:\n   0:\tpush   %rbp\n   1:\tmov    (%rdi),%rax\n   2:\tmovq   $0x0,0x8(%rdi)\n"
                "   3:\tcmpq   $0x0,(%rdi)\n   4:\taddl   $0x1,(%rdi,%rax,4)\n   5:\tlea    0x8(%rdi),%rax\n")
        self.assertEqual(check.memory_accesses(list(check.parse(text))), (3, 2))

    def test_slot_with_a_second_store_is_reported(self):
        text = ("0 <ProbeSlotPut>:\n   0:\tcmpq   $0x0,(%rdi)\n   1:\tmov    %rsi,(%rdi)\n   2:\tmov    %rsi,(%rdi)\n"
                "0 <ProbeSlotTake>:\n   0:\tmov    (%rdi),%rax\n   1:\tmovq   $0x0,(%rdi)\n")
        found = list(check.probe_problems("hosted", list(check.parse(text))))
        self.assertEqual(found, ["hosted: ProbeSlotPut has 1 loads, 2 stores and 0 calls, not 1, 1 and none"])

    def test_code_that_no_library_holds_is_reported(self):
        with tempfile.TemporaryDirectory(dir=os.environ.get("TEST_TMPDIR")) as root:
            os.makedirs(os.path.join(root, "core", "new"))
            for name in ("new.cc", "new_test.cc"):
                with open(os.path.join(root, "core", "new", name), "w", encoding="utf-8"):
                    pass
            self.assertEqual(len(list(check.uncovered(root, set()))), 1)
            self.assertEqual(list(check.uncovered(root, {"core/new"})), [])


if __name__ == "__main__":
    unittest.main()
