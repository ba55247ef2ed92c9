"""Nothing that toro starts outlives it, and what a child writes arrives byte for byte."""

import os
import select
import signal
import subprocess
import sys
import tempfile
import unittest

ENVIRONMENT = {"PYTHONPATH": os.path.dirname(os.path.abspath(__file__)), "PATH": "/usr/bin:/bin"}

# Starts a child that starts a grandchild, both of which ignore SIGTERM; prints their process ids and waits for ever.
STUBBORN = ("trap '' TERM INT HUP; sh -c 'trap \"\" TERM INT HUP; echo $$; while :; do read x; done' <%s & "
            "echo $$; wait; wait")

DRIVER = """
import sys
import process
try:
    with process.signals_as_exceptions():
        print("status", process.run(sys.argv[2:], float(sys.argv[1])), file=sys.stderr)
except process.TimedOut:
    print("timed out", file=sys.stderr)
except process.Interrupted as interrupt:
    print("interrupted by", interrupt, file=sys.stderr)
"""


def gone(pid):
    """Waits until the process has ended: the test's own timeout is the limit."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    select.select([handle], [], [])
    os.close(handle)
    return True


class ProcessTest(unittest.TestCase):

    def start(self, timeout_s, *command):
        return subprocess.Popen([sys.executable, "-B", "-c", DRIVER, str(timeout_s), *command], env=ENVIRONMENT,
                                text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def start_stubborn(self, timeout_s):
        fifo = os.path.join(tempfile.mkdtemp(dir=os.environ.get("TEST_TMPDIR")), "never")
        os.mkfifo(fifo)
        self.keeper = os.open(fifo, os.O_RDWR)  # so that reading it waits for ever
        self.addCleanup(os.close, self.keeper)
        driver = self.start(timeout_s, "sh", "-c", STUBBORN % fifo)
        return driver, [int(driver.stdout.readline()) for _ in range(2)]

    def test_exit_status_is_the_childs(self):
        driver = self.start(60, "sh", "-c", "exit 42")
        self.assertEqual(driver.communicate()[1], "status 42\n")

    def test_timeout_ends_child_and_grandchild(self):
        driver, pids = self.start_stubborn(0.5)
        self.assertEqual(driver.communicate()[1], "timed out\n")
        self.assertTrue(all(gone(pid) for pid in pids))

    def test_signals_end_child_and_grandchild(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(number=number):
                driver, pids = self.start_stubborn(600)
                driver.send_signal(number)
                self.assertEqual(driver.communicate()[1], "interrupted by %s\n" % signal.Signals(number).name)
                self.assertTrue(all(gone(pid) for pid in pids))

    def test_killing_toro_kills_the_child(self):
        driver = self.start(600, "sh", "-c", "echo $$; read x <>%s" % self.fifo())
        pid = int(driver.stdout.readline())
        driver.kill()
        driver.communicate()
        self.assertTrue(gone(pid))

    def fifo(self):
        path = os.path.join(tempfile.mkdtemp(dir=os.environ.get("TEST_TMPDIR")), "fifo")
        os.mkfifo(path)
        return path

    def test_output_arrives_byte_for_byte_even_if_its_reader_is_slow_to_start(self):
        wanted = bytes(range(256)) * 4096
        with tempfile.NamedTemporaryFile(dir=os.environ.get("TEST_TMPDIR")) as file:
            file.write(wanted)
            file.flush()
            driver = subprocess.Popen([sys.executable, "-B", "-c", DRIVER, "60", "cat", file.name], env=ENVIRONMENT,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            got, errors = driver.communicate()
        self.assertEqual(errors, b"status 0\n")
        self.assertEqual(got, wanted)

    def test_reader_that_leaves_ends_the_run(self):
        driver = self.start(600, "sh", "-c", "while echo y; do :; done")
        driver.stdout.readline()
        driver.stdout.close()
        self.assertIn("interrupted by SIGPIPE", driver.stderr.read())
        driver.stderr.close()
        driver.wait()


if __name__ == "__main__":
    unittest.main()
