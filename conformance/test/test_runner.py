"""The runner of `touchstone conform`: what it sends, and how it ends."""

import glob
import json
import os
import re
import signal
import tempfile
import threading
import unittest
import xml.etree.ElementTree as ET

from endpoint import Endpoint, conform, started
from proxy import Proxy

# What may be sent to an endpoint that is only read: written anew here, so
# that a slip in the suite's own table is seen.
READS = re.compile(
    r"^(\w+\.(get_\w+|assert_\w+|compute_\w+|list_\w+|query_data_source|"
    r"has_extension|is_in_emergency_mode|dmesg)|"
    r"pool\.ha_(compute_\w+|failover_plan_exists)|"
    r"event\.(from|next|register|unregister)|message\.get|"
    r"session\.(login_with_password|logout)|system\.listMethods|"
    r"HTTP /(rrd_updates|\w+_rrd)\?.*)$")
PAUSE = threading.Event()  # nobody sets it
KEPT = ("VM", "VDI", "VBD", "VIF", "network", "PIF", "SR", "PBD", "pool",
        "secret", "task", "message")


def lines_of(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def wait_for_lines(path, process, nr):
    """Until a journal has as many lines."""
    while process.poll() is None:
        if os.path.exists(path):
            with open(path, "rb") as file:
                if file.read().count(b"\n") >= nr:
                    return
        PAUSE.wait(0.01)
    raise AssertionError("it ended early: " + process.stderr.read())


class Runner(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.state = self.path("state")

    def path(self, name):
        return os.path.join(self.folder, name)

    def endpoint(self, *options):
        one = Endpoint(*options)
        self.addCleanup(one.__exit__)
        return one

    def interrupted(self, endpoint, signal_nr, *words):
        """A destructive run that is ended in its middle."""
        process = started(endpoint.url, "--destructive", "--state", self.state,
                          *words)
        wait_for_lines(self.state, process, 100)
        process.send_signal(signal_nr)
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err

    def test_without_destructive_nothing_is_changed(self):
        endpoint = self.endpoint()
        before = endpoint.records(*KEPT)
        with Proxy(endpoint.port) as proxy:
            done = conform(proxy.url, "--state", self.state)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertGreater(len(proxy.sent), 3000)
        self.assertEqual(sorted({name for name in proxy.sent
                                 if not READS.match(name)}), [])
        self.assertEqual(endpoint.records(*KEPT), before)

    def test_an_interrupted_run_tidies_up_and_goes_on(self):
        endpoint = self.endpoint()
        words = [word for name in ("constructor", "destructor", "lifecycle",
                                   "vdi_*", "snapshot*", "bad_session",
                                   "property") for word in ("--filter", name)]
        code, _, err = self.interrupted(endpoint, signal.SIGINT, "--junit",
                                        self.path("x"), *words)
        self.assertEqual(code, 2, err)
        self.assertIn("--resume", err)
        suite = ET.parse(self.path("x")).getroot()
        cases = len(suite.findall(".//testcase"))
        self.assertGreater(len(suite.findall(".//skipped")), 1000)
        self.assertEqual(endpoint.left_behind(), [])
        done = conform(endpoint.url, "--destructive", "--state", self.state,
                       "--resume", "--jsonl", self.path("l"), *words)
        self.assertEqual(done.returncode, 0, done.stdout)
        rows = lines_of(self.path("l"))
        self.assertEqual(len(rows), cases)
        self.assertNotIn("interrupted", done.stdout)
        self.assertEqual(endpoint.left_behind(), [])

    def test_what_a_killed_run_left_is_removed(self):
        endpoint = self.endpoint()
        self.interrupted(endpoint, signal.SIGKILL)
        done = conform(endpoint.url, "--cleanup")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(endpoint.left_behind(), [])

    def test_results_have_the_same_order_with_more_workers(self):
        names = []
        for jobs in ("1", "3"):
            done = conform("sim", "--jobs", jobs, "--filter", "* VM.get_*",
                           "--filter", "vdi_*", "--state", self.state,
                           "--jsonl", self.path(jobs))
            self.assertEqual(done.returncode, 0, done.stdout)
            names.append([(row["check"], row.get("message"), row["outcome"])
                          for row in lines_of(self.path(jobs))])
        self.assertEqual(*names)
        self.assertGreater(len(names[0]), 100)

    def test_only_what_failed_runs_again(self):
        conform("sim", "--filter", "*VM.start*", "--state", self.state)
        with open(self.state, encoding="utf-8") as file:
            rows = file.read().splitlines()
        bad = [i for i, row in enumerate(rows) if '"passed"' in row][3]
        rows[bad] = rows[bad].replace('"passed"', '"failed"')
        with open(self.state, "w", encoding="utf-8") as file:
            file.write("\n".join(rows) + "\n")
        again = [conform("sim", "--only-failed", "--state", self.state)
                 for _ in range(2)]
        self.assertIn("1 passed, 0 failed", again[0].stdout)
        self.assertIn("0 passed, 0 failed", again[1].stdout)

    def test_a_password_is_not_shown(self):
        with Proxy(self.endpoint().port) as proxy:
            process = started(proxy.url, "--filter", "all_records *",
                              "--state", self.state, "--html", self.path("h"),
                              "--json", self.path("j"))
            wait_for_lines(self.state, process, 2)
            with open("/proc/%d/cmdline" % process.pid, "rb") as file:
                shown = file.read()
            process.communicate(timeout=60)
        self.assertNotIn(b"secret@", shown)
        for name in ("h", "j", "state"):
            with open(self.path(name), encoding="utf-8") as file:
                self.assertNotIn("root:secret", file.read())

    def test_an_address_may_stand_elsewhere(self):
        endpoint = self.endpoint()
        with open(self.path("address"), "w", encoding="utf-8") as file:
            file.write(endpoint.url + "\n")
        for word in ("@" + self.path("address"), "env:ADDRESS"):
            done = conform(word, "--filter", "methods", "--state", self.state,
                           ADDRESS=endpoint.url)
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_check_that_ends_its_process_is_an_error(self):
        process = started("sim", "--jobs", "2", "--filter", "bad_session",
                          "--filter", "property", "--state", self.state,
                          "--seeds", "2", "--steps", "3000")
        wait_for_lines(self.state, process, 50)
        with open("/proc/%d/task/%d/children" % ((process.pid,) * 2),
                  encoding="ascii") as file:
            os.kill(int(file.read().split()[1]), signal.SIGSEGV)
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 1, err)
        self.assertIn("ended its process: Segmentation fault", out)
        self.assertRegex(out, r"\d{4} passed, 1 failed, \d+ skipped")

    def test_a_check_that_hangs_is_an_error(self):
        def slowly(method, _):
            if method == "VM_group.get_all":
                PAUSE.wait(4)
        with Proxy(self.endpoint().port, slowly) as proxy:
            done = conform(proxy.url, "--filter", "all_records VM_*",
                           "--timeout", "1", "--state", self.state)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, "(no end within 1 s|no answer)")

    def test_certificates_are_checked(self):
        endpoint = self.endpoint("--tls")
        url = endpoint.url.replace("http:", "https:")
        words = ("--filter", "methods", "--state", self.state)
        done = conform(url, *words)
        self.assertEqual(done.returncode, 2)
        self.assertIn("certificate", done.stderr)
        self.assertEqual(conform(url, "--insecure", *words).returncode, 0)


class Properties(unittest.TestCase):
    """A test of the tester: an endpoint that lies is found out."""

    def test_a_swallowed_call_is_found_and_shrunk(self):
        def swallow(method, _):
            return "" if method == "VM.unpause" else None
        with Endpoint() as endpoint, tempfile.TemporaryDirectory() as folder:
            state = os.path.join(folder, "state")
            with Proxy(endpoint.port, swallow) as proxy:
                done = conform(proxy.url, "--destructive", "--filter",
                               "property*", "--seeds", "3", "--scripts",
                               folder, "--state", state)
                self.assertEqual(done.returncode, 1, done.stdout)
                script = glob.glob(os.path.join(folder, "*.script"))[0]
                again = conform(proxy.url, "--destructive", "--replay", script,
                                "--state", state)
            with open(script, encoding="utf-8") as file:
                steps = [line.split()[0] for line in file
                         if not line.startswith("#")]
            self.assertLessEqual(len(steps), 4, steps)
            self.assertEqual((steps[0], steps[-1]),
                             ("vm.create", "vm.unpause"))
            self.assertEqual(again.returncode, 1)
            self.assertIn("failed replay", again.stdout)
            honest = conform(endpoint.url, "--destructive", "--replay", script,
                             "--state", state)
            self.assertEqual(honest.returncode, 0, honest.stdout)


if __name__ == "__main__":
    unittest.main()
