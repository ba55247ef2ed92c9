"""check_layers catches each kind of violation that it is for, and nothing in a clean file."""

import unittest

import check_layers


def source(path, text):
    return list(check_layers.check_source(path, text.split("\n")))


class CheckLayersTest(unittest.TestCase):

    def test_lower_layer_including_upper_is_caught(self):
        found = source("core/base/a.h", '\n#include "core/exchange/outbox.h"')
        self.assertEqual(len(found), 1)
        self.assertIn("core/base/a.h:2: core/base may not include core/exchange", found[0])

    def test_upper_layer_including_lower_is_fine(self):
        self.assertEqual(source("core/sched/a.h", '#include "core/base/check.h"\n#include <atomic>'), [])

    def test_driver_including_scheduler_or_sibling_is_caught(self):
        self.assertEqual(len(source("drivers/e1000/a.cc", '#include "core/sched/thread.h"')), 1)

    def test_application_including_platform_or_driver_is_caught(self):
        self.assertEqual(len(source("apps/x/main.cc", '#include "platform/hosted/executor.h"')), 1)
        self.assertEqual(len(source("apps/x/main.cc", '#include "drivers/apic/lapic.h"')), 1)
        self.assertEqual(source("apps/x/main.cc", '#include "core/kernel/toro.h"'), [])

    def test_worlds_including_each_other_is_caught(self):
        self.assertEqual(len(source("platform/hosted/a.cc", '#include "platform/baremetal/cpu/gdt.h"')), 1)
        self.assertEqual(len(source("platform/baremetal/a.cc", '#include "platform/hosted/fibers.h"')), 1)

    def test_core_including_kernel_from_service_is_caught(self):
        self.assertEqual(len(source("services/net/a.cc", '#include "core/kernel/cluster.h"')), 1)

    def test_platform_macro_in_core_is_caught(self):
        self.assertEqual(len(source("core/base/a.h", "#ifdef __linux__")), 1)
        self.assertEqual(len(source("core/base/a.h", "#if defined(__x86_64__)")), 1)
        self.assertEqual(source("platform/hosted/a.cc", "#ifdef __linux__"), [])

    def test_header_of_the_operating_system_in_core_is_caught(self):
        self.assertEqual(len(source("core/memory/a.cc", "#include <sys/mman.h>")), 1)
        self.assertEqual(source("core/memory/a_test.cc", "#include <pthread.h>"), [])

    def test_build_file_naming_platform_is_caught(self):
        line = ['deps = ["//platform/hosted:services"]']
        self.assertEqual(len(list(check_layers.check_build("core/sched/BUILD.bazel", line))), 1)
        self.assertEqual(list(check_layers.check_build("core/machine/BUILD.bazel", line)), [])
        self.assertEqual(list(check_layers.check_build("tests/sim/BUILD.bazel", line)), [])


if __name__ == "__main__":
    unittest.main()
