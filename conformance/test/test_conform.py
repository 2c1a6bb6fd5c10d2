"""`touchstone conform`: what it writes, and when it fails."""

import json
import os
import shutil
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree as ET

LIMIT_S = 300
SCHEMA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "junit.xsd")


def conform(*words):
    build = os.path.abspath(os.environ.get("O", "build"))
    return subprocess.run(
        [os.path.join(build, "touchstone-conform"), *words], check=False,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        stdin=subprocess.DEVNULL, timeout=LIMIT_S,
        env={**os.environ, "TOUCHSTONE_BUILD": build})


class Conform(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.path = staticmethod(
            lambda name: os.path.join(cls.folder.name, name))
        cls.done = conform("sim", "--json", cls.path("j"),
                           "--junit", cls.path("x"), "--tap", cls.path("t"),
                           "--jsonl", cls.path("l"), "--html", cls.path("h"))

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def read(self, name):
        with open(os.path.join(self.folder.name, name),
                  encoding="utf-8") as file:
            return file.read()

    def summary(self):
        return json.loads(self.read("j"))

    def test_the_simulation_is_judged(self):
        summary = self.summary()
        self.assertGreater(summary["passed"], 10000)
        self.assertEqual(summary["coverage"]["messages_total"], 2258)
        self.assertEqual(self.done.returncode,
                         1 if summary["failed"] + summary["errors"] else 0)

    def test_nothing_of_the_simulation_fails_or_stays_out(self):
        done, summary = self.done, self.summary()
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(summary["skipped"], 0, done.stdout)
        columns = summary["coverage"]["columns"]
        for name, least in (("success", 95), ("event", 90), ("async", 95),
                            ("role_allowed", 98), ("unknown_ref", 98),
                            ("role_denied", 100), ("bad_session", 100)):
            column = columns[name]
            self.assertGreaterEqual(
                100 * column["exercised"] / column["applicable"], least, name)
        waived = {(w["message"], w["column"]) for w in summary["waived"]}
        silent = [(m["message"], c) for m in summary["missing"]
                  for c in m["columns"]
                  if c in columns and (m["message"], c) not in waived]
        self.assertEqual(silent, [])

    def test_every_form_tells_the_same(self):
        summary = self.summary()
        total = sum(summary[k] for k in ("passed", "failed", "skipped",
                                         "errors"))
        suite = ET.fromstring(self.read("x"))
        self.assertEqual(int(suite.get("tests")), total)
        self.assertEqual(len(suite.findall("testcase")), total)
        self.assertEqual(len(suite.findall("testcase/skipped")),
                         summary["skipped"])
        tap = self.read("t").splitlines()
        self.assertEqual(tap[:2], ["TAP version 13", "1..%d" % total])
        self.assertEqual(sum(line.startswith("ok ") for line in tap),
                         summary["passed"] + summary["skipped"])
        lines = [json.loads(line) for line in self.read("l").splitlines()]
        self.assertEqual(len(lines), total)
        self.assertIn("VM.start", self.read("h"))

    @unittest.skipUnless(shutil.which("xmllint"), "no xmllint here")
    def test_junit_keeps_to_its_schema(self):
        valid = subprocess.run(["xmllint", "--noout", "--schema", SCHEMA,
                                os.path.join(self.folder.name, "x")],
                               check=False, stderr=subprocess.PIPE, text=True)
        self.assertEqual(valid.returncode, 0, valid.stderr[-500:])

    @unittest.skipUnless(shutil.which("chromium"), "no chromium here")
    def test_the_page_shows_its_data(self):
        page = os.path.join(self.folder.name, "page.html")
        shutil.copy(os.path.join(self.folder.name, "h"), page)
        shown = subprocess.run(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu",
             "--user-data-dir=" + self.folder.name + "/browser", "--dump-dom",
             "--virtual-time-budget=5000", "file://" + page], check=False,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            stdin=subprocess.DEVNULL, timeout=LIMIT_S).stdout
        self.assertIn("of 2258 messages exercised", shown)
        for part, least in (('<tr class="m">', 100), ("<details>", 100),
                            ('<h2>Claims</h2>', 1)):
            self.assertGreaterEqual(shown.count(part), least, part)

    def test_what_is_missing_is_named(self):
        conform("sim", "--filter", "parameter_count VM.start", "--json",
                self.path("some"))
        missing = {m["message"]: m["columns"]
                   for m in json.loads(self.read("some"))["missing"]}
        self.assertIn("role_denied", missing["VM.start"])
        self.assertNotIn("parameter_count", missing["VM.start"])

    def test_documented_errors_are_met_or_explained(self):
        done = conform("sim", "--filter", "error*", "--json", self.path("e"))
        self.assertEqual(done.returncode, 0, done.stdout)
        summary = json.loads(self.read("e"))
        errors = summary["coverage"]["columns"]["errors"]
        waived = [w for w in summary["waived"] if "error" in w]
        self.assertTrue(all(w["reason"] for w in waived))
        self.assertEqual(errors["exercised"] + len(waived),
                         errors["applicable"])

    def test_a_filter_leaves_the_rest_out(self):
        done = conform("sim", "--filter", "parameter_count VM.start", "--json",
                       "-")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("2 passed, 0 failed", done.stdout)  # and VM.start_on

    def test_checks_are_listed(self):
        done = conform("sim", "--list", "--profile", "storage")
        self.assertEqual(done.returncode, 0)
        self.assertIn("vdi_lifecycle", done.stdout)
        self.assertNotIn("bad_session", done.stdout)

    def test_wrong_usage_is_told(self):
        for words, text in (((), "TARGET"), (("sim", "--profile", "x"), "'x'"),
                            (("nowhere",), "no target"),
                            (("http://root:x@127.0.0.1:1",), "log in")):
            done = conform(*words)
            self.assertEqual(done.returncode, 2, words)
            self.assertIn(text, done.stderr)


if __name__ == "__main__":
    unittest.main()
