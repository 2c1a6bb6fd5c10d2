"""ci/run-tests adds up what tests report, and takes silence for failure."""

import os
import subprocess
import sys
import tempfile
import time
import unittest
import xml.etree.ElementTree as ET

RUN_TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                         os.pardir, "run-tests")


class RunTests(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.addCleanup(self.dir.cleanup)

    def file(self, name, text, mode=0o755):
        path = os.path.join(self.dir.name, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def script(self, body):
        return self.file("script", "#!/bin/sh\n" + body + "\n")

    def run_tests(self, *args):
        """The exit status and the last line."""
        done = subprocess.run(
            [sys.executable, RUN_TESTS, "--build", self.dir.name, *args],
            stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, check=False,
            env={k: v for k, v in os.environ.items() if k != "ONLY"})
        return done.returncode, done.stdout.decode().splitlines()[-1]

    def outcome(self, body, *args):
        return self.run_tests("--script", self.script(body), *args)

    @staticmethod
    def alive(pid):
        state = subprocess.run(["ps", "-o", "stat=", "-p", pid],
                               stdout=subprocess.PIPE, check=False).stdout
        return state[:1] in (b"R", b"S", b"D")

    def test_passed_and_skipped_are_counted(self):
        got = self.outcome("echo 'ok 1 - a'; echo 'ok 2 - b # SKIP no kvm'")
        self.assertEqual(got, (0, "1 passed, 0 failed, 1 skipped"))

    def test_a_machine_that_was_lost_boots_again_and_is_told(self):
        lost = ("echo 'd0 crashed: vcpu 1: cannot emulate access to 0x26bff8 "
                "at rip 0xffffffff802012a3'\nexit 1\n")
        once = 'if mkdir "%s/mark" 2>/dev/null; then %sfi\n' % (
            self.dir.name, lost)
        script = self.script(once + "echo 'ok 1 - a'; echo 1..1")
        self.assertEqual(self.run_tests("--boot", script),
                         (0, "1 passed, 0 failed, 1 skipped"))
        # Not for ever, not for another reason, not for other kinds of tests.
        self.assertEqual(self.run_tests("--boot", self.script(lost)),
                         (1, "0 passed, 1 failed, 2 skipped"))
        self.assertEqual(self.run_tests("--boot", self.script("exit 1")),
                         (1, "0 passed, 1 failed"))
        self.assertEqual(self.outcome(lost), (1, "0 passed, 1 failed"))

    def test_not_ok_is_a_failure(self):
        got = self.outcome("echo 'ok 1 - a'; echo 'not ok 2 - b'; exit 1")
        self.assertEqual(got, (1, "1 passed, 1 failed"))

    def test_silence_is_a_failure(self):
        self.assertEqual(self.outcome("exit 0"), (1, "0 passed, 1 failed"))

    def test_nothing_to_run_is_a_failure(self):
        self.assertEqual(self.run_tests(), (1, "0 passed, 0 failed"))

    def test_a_crash_is_a_failure(self):
        got = self.outcome("echo 'ok 1 - a'; kill -SEGV $$")
        self.assertEqual(got, (1, "1 passed, 1 failed"))

    def test_an_unkept_plan_is_a_failure(self):
        got = self.outcome("echo 1..2; echo 'ok 1 - a'")
        self.assertEqual(got, (1, "1 passed, 1 failed"))

    def test_a_bad_exit_status_is_a_failure(self):
        got = self.outcome("echo 'ok 1 - a'; exit 3")
        self.assertEqual(got, (1, "1 passed, 1 failed"))

    def test_a_hang_is_ended_and_is_a_failure(self):
        got = self.outcome("echo 'ok 1 - a'; tail -f /dev/null",
                           "--timeout", "1")
        self.assertEqual(got, (1, "1 passed, 1 failed"))

    def test_what_a_test_leaves_running_is_ended(self):
        pid_file = os.path.join(self.dir.name, "pid")
        self.outcome("tail -f /dev/null >/dev/null 2>&1 & echo $! >%s; "
                     "echo 'ok 1 - a'" % pid_file)
        with open(pid_file, encoding="utf-8") as file:
            pid = file.read().strip()
        deadline = time.monotonic() + 5
        while self.alive(pid) and time.monotonic() < deadline:
            pass
        self.assertFalse(self.alive(pid))

    def test_a_program_that_cannot_start_is_a_failure(self):
        got = self.run_tests("--program", os.path.join(self.dir.name, "none"))
        self.assertEqual(got, (1, "0 passed, 1 failed"))

    def test_a_program_reports_through_its_tap_log(self):
        path = self.file("prog", '#!/bin/sh\necho "ok 1 - a" '
                         '>"$CK_TAP_LOG_FILE_NAME"\necho "not ok 9 - x"\n')
        self.assertEqual(self.run_tests("--program", path),
                         (0, "1 passed, 0 failed"))

    def test_python_failures_and_subtests_are_counted(self):
        path = self.file("test_sample.py", "import unittest\n"
                         "class T(unittest.TestCase):\n"
                         "    def test_a(self): pass\n"
                         "    def test_b(self): self.fail('x')\n"
                         "    def test_c(self):\n"
                         "        for i in (1, 2):\n"
                         "            with self.subTest(i=i): 1 / 0\n", 0o644)
        self.assertEqual(self.run_tests("--python", path),
                         (1, "1 passed, 3 failed"))

    def test_a_broken_python_file_is_a_failure(self):
        path = self.file("test_sample.py", "import no_such_module\n", 0o644)
        self.assertEqual(self.run_tests("--python", path),
                         (1, "0 passed, 1 failed"))

    def test_junit_names_each_case(self):
        self.outcome("echo 'ok 1 - a'; echo 'not ok 2 - b'")
        root = ET.parse(os.path.join(self.dir.name, "test", "junit.xml"))
        cases = [(case.get("name"), case.find("failure") is not None)
                 for case in root.iter("testcase")]
        self.assertEqual(cases, [("a", False), ("b", True)])


if __name__ == "__main__":
    unittest.main()
