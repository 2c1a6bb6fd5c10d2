"""The runner of the ABI suite, with a program that plays QEMU."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import unittest
import xml.etree.ElementTree as ET

ABI = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "abi",
                   "abi")
LIMIT_S = 60
PAUSE = threading.Event()  # nobody sets it

# What it does with a test is in the plan: an outcome, "die", "trap", "mute"
# (no word, but goes on) or "hang"; "NAME@xen" is for upstream Xen.
FAKE = """#!%s
import json, signal, sys
words = sys.argv
arguments = words[words.index("-initrd") + 1].split(" ", 1)[1]
who = "xen" if "amd-iommu" in words else "ours"
with open(%r) as file:
    plan = json.load(file)
names = [name for name in plan if "@" not in name]
options = dict(w.split("=") for w in arguments.split() if "=" in w)
only = options.get("only", "").split("+")
def say(*words):
    print("ABI", *words, flush=True)
say("start")
for number, name in enumerate(names):
    if "list" in arguments:
        say("test", name, "public/x.h: it works")
    elif number >= int(options["from"]) and any(map(name.startswith, only)):
        what = plan.get(name + "@" + who, plan[name])
        say("begin", name)
        print("a word of", name, flush=True)
        if what == "die":
            sys.exit(1)
        if what == "trap":
            say("trap", "14 at 0x1234")
            sys.exit(1)
        if what == "hang":
            signal.pause()
        if what != "mute":
            say(what, name, "because <of it>")
say("end", len(names))
"""


class Abi(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.qemu = self.path("qemu")
        with open(self.qemu, "w", encoding="utf-8") as file:
            file.write(FAKE % (sys.executable, self.path("plan")))
        os.chmod(self.qemu, 0o755)

    def path(self, name):
        return os.path.join(self.folder, name)

    def words(self, *words):
        return [ABI, words[0], "--qemu", self.qemu, "--build", self.folder,
                "--json", self.path("j"), "--state", self.path("state"),
                "--timeout", "20", *words[1:]]

    def plan(self, **tests):
        """Keyword names have "_" where tests have "/"."""
        self.write({name.replace("_", "/", 1): what
                    for name, what in tests.items()})

    def write(self, tests):
        with open(self.path("plan"), "w", encoding="utf-8") as file:
            json.dump(tests, file)

    def run_abi(self, *words):
        return subprocess.run(
            self.words(*words), check=False, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL,
            timeout=LIMIT_S)

    def results(self, target="ours"):
        with open(self.path("j"), encoding="utf-8") as file:
            return {test["name"]: (test["outcome"], test["result"])
                    for test in json.load(file)[target]["tests"]}

    def test_a_crash_does_not_end_the_run(self):
        self.plan(a_one="pass", a_two="die", b_three="trap", b_four="fail",
                  c_five="skip", c_six="pass")
        done = self.run_abi("platform", "--filter", "/")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertEqual(self.results(), {
            "a/one": ("passed", "pass"), "a/two": ("failed", "crash"),
            "b/three": ("failed", "crash"), "b/four": ("failed", "fail"),
            "c/five": ("skipped", "skip"), "c/six": ("passed", "pass")})

    def test_silence_is_an_error(self):
        self.plan(a_one="pass", a_two="mute", a_three="pass")
        done = self.run_abi("platform", "--filter", "/")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(self.results()["a/two"], ("error", "error"))
        self.assertEqual(self.results()["a/three"], ("passed", "pass"))

    def test_a_kernel_that_never_starts_is_named(self):
        self.plan(a_one="die")
        with open(self.qemu, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\necho no kernel here\nexit 1\n")
        done = self.run_abi("platform")
        self.assertEqual(done.returncode, 2)
        self.assertIn("no kernel here", done.stderr)

    def test_more_boots_give_the_same_order(self):
        self.write({"s%d/t%d" % (i % 5, i): "pass" for i in range(20)})
        found = []
        for jobs in ("1", "3"):
            done = self.run_abi("both", "--filter", "/", "--jobs", jobs)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            found.append(list(self.results()) + list(self.results("xen")))
        self.assertEqual(found[0], found[1])
        self.assertEqual(len(found[0]), 40)

    def test_a_difference_without_a_reason_fails(self):
        self.write({"a/one": "pass", "a/two": "pass", "a/one@ours": "skip"})
        done = self.run_abi("both", "--filter", "/")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(self.results()["a/one"], ("failed", "skip"))
        self.assertEqual(self.results("xen")["a/one"], ("passed", "pass"))

    def test_known_defects_are_no_failures_until_they_pass(self):
        self.write({"version/compile_info": "fail"})
        done = self.run_abi("platform", "--filter", "version")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(self.results()["version/compile_info"],
                         ("skipped", "xfail"))
        self.write({"version/compile_info": "pass"})
        self.assertEqual(self.run_abi("platform", "--filter",
                                      "version").returncode, 1)

    def test_what_known_tsv_names_must_be_there(self):
        self.plan(a_one="pass")
        done = self.run_abi("platform")
        self.assertEqual(done.returncode, 1)
        self.assertIn("not there", done.stdout)

    def test_an_interrupted_run_goes_on(self):
        self.plan(a_one="pass", a_two="fail", b_one="hang", b_two="pass")
        # pylint: disable=consider-using-with
        process = subprocess.Popen(self.words("platform", "--filter", "/",
                                              "--junit", self.path("x")),
                                   stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        while process.poll() is None and not self.journal_has(3):
            PAUSE.wait(0.01)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=LIMIT_S)
        self.assertEqual(process.returncode, 2, err)
        self.assertIn("--resume", err)
        self.assertEqual(len(ET.parse(self.path("x")).findall(
            ".//testcase")), 2)
        self.plan(a_one="die", a_two="die", b_one="pass", b_two="pass")
        self.run_abi("platform", "--filter", "/", "--resume")
        self.assertEqual([row[1] for row in self.results().values()],
                         ["pass", "fail", "pass", "pass"])
        self.plan(a_one="die", a_two="pass", b_one="die", b_two="die")
        done = self.run_abi("platform", "--only-failed")
        self.assertEqual((done.returncode, list(self.results())),
                         (0, ["a/two"]), done.stderr)

    def journal_has(self, lines):
        try:
            with open(self.path("state"), encoding="utf-8") as file:
                return len(file.readlines()) >= lines
        except FileNotFoundError:
            return False

    def test_every_form_tells_the_same(self):
        self.plan(a_one="pass", a_two="fail", a_three="skip")
        self.run_abi("platform", "--filter", "/", "--junit", self.path("x"),
                     "--tap", self.path("t"), "--jsonl", self.path("l"),
                     "--html", self.path("h"))
        suite = ET.parse(self.path("x")).find("testsuite")
        self.assertEqual([suite.get(key) for key in (
            "tests", "failures", "skipped", "errors")], ["3", "1", "1", "0"])
        with open(self.path("t"), encoding="utf-8") as file:
            tap = file.read().splitlines()
        self.assertEqual(tap[:2], ["TAP version 13", "1..3"])
        with open(self.path("l"), encoding="utf-8") as file:
            lines = [json.loads(line) for line in file]
        self.assertEqual([line["result"] for line in lines],
                         ["pass", "fail", "skip"])
        self.assertEqual(lines[0]["claim"], "it works")
        with open(self.path("h"), encoding="utf-8") as file:
            page = file.read()
        self.assertIn("a word of a/two", page)
        self.assertNotIn("<of it>", page)

    def test_tests_are_listed(self):
        self.plan(a_one="pass", b_two="pass")
        done = self.run_abi("platform", "--list", "--filter", "b/*")
        self.assertEqual(done.stdout, "b/two\n")

    def test_a_profile_without_abi_is_refused(self):
        self.assertEqual(self.run_abi("platform", "--profile",
                                      "ha").returncode, 2)


if __name__ == "__main__":
    unittest.main()
