"""The command `touchstone run` with a QEMU that only pretends."""
import base64
import gzip
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__)))))
BOOT_FILES = ("touchstone.elf", "dom0/xen.elf", "dom0/vmlinux",
              "dom0/dom0.cpio")
# Says its version, ends the calibration at once, else plays the console.
FAKE_QEMU = """#!/bin/sh
case "$*" in
--version) echo "QEMU emulator version 7.2.22"; exit ;;
*isa-debug-exit*) exit 1 ;;
esac
echo $$ >"{folder}/pid"
cat "{folder}/console"
{then}
"""


class Console:
    """Text of a console, record by record."""

    def __init__(self):
        self.text = "(TS) [    0.000000] Touchstone 0.1, started\n"
        self.numbers = {}

    def say(self, source, **data):
        payload = json.dumps(data, separators=(",", ":"))
        number = self.numbers[source] = self.numbers.get(source, 0) + 1
        self.text += f"@ts {source} {number} {len(payload)} {payload}\n"

    def span(self, source, name, rc=0):
        self.say(source, t="begin", name=name)
        self.say(source, t="end", name=name, rc=rc)

    def file(self, source, name, data):
        text = base64.b64encode(gzip.compress(json.dumps(data).encode()))
        self.say(source, t="piece", name=name, n=1, d=text.decode())
        self.say(source, t="file", name=name, pieces=1)


def script_console(ok=True, rc=0):
    out = Console()
    out.say("dom0", t="mark", name="dom0_init")
    out.say("dom0", t="begin", name="scenario")
    out.text += "hello from dom0\n"
    out.say("script", t="check", name="a fact", ok=ok, detail="why")
    out.say("dom0", t="end", name="scenario", rc=rc)
    out.say("dom0", t="close", rc=rc)
    return out.text


def measured_console():
    out = Console()
    out.say("dom0", t="mark", name="dom0_init")
    for name, value in (("free_memory", "3000"), ("dom0_memory", 1000)):
        out.say("run", t="fact", name=name, value=value)
    out.span("run", "create g1")
    out.say("g1", t="mark", name="guest_init")
    fio = {"jobs": [{"read": {"iops": 9.0, "bw_bytes": 9}}]}
    for name in ("randread_qd1", "randread_qd16", "seqread"):
        out.file("g1", "fio_" + name, fio)
    for name in ("up", "down"):
        out.file("g1", "iperf3_" + name,
                 {"end": {"sum_received": {"bits_per_second": 9.0}}})
    out.say("g1", t="close", rc=0)
    out.span("run", "destroy g1")
    out.say("dom0", t="close", rc=0)
    return out.text


class Run(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = holder.name
        for name in BOOT_FILES:
            path = os.path.join(self.folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            open(path, "w").close()
        with open(self.path("script.sh"), "w") as out:
            out.write("exit 0\n")

    def path(self, name):
        return os.path.join(self.folder, name)

    def fake(self, console, then="exit 0"):
        with open(self.path("console"), "w") as out:
            out.write(console)
        with open(self.path("qemu"), "w") as out:
            out.write(FAKE_QEMU.format(folder=self.folder, then=then))
        os.chmod(self.path("qemu"), 0o755)

    def start(self, *options):
        env = {**os.environ, "PYTHONPATH": f"{ROOT}/impl/platform:"
               f"{ROOT}/impl/dom0", "PYTHONDONTWRITEBYTECODE": "1",
               "TOUCHSTONE_BUILD": self.folder, "TS_RUN": ""}
        return subprocess.Popen(
            [sys.executable, "-m", "touchstone.run", "--qemu",
             self.path("qemu"), *options], env=env, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)

    def run_it(self, *options):
        process = self.start(*options)
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err

    def script(self, *options):
        return self.run_it("--script", self.path("script.sh"), *options)

    def test_script_that_passes_is_0_and_tap(self):
        self.fake(script_console())
        code, out, _ = self.script()
        self.assertEqual(code, 0)
        self.assertEqual(out.splitlines(),
                         ["hello from dom0", "ok 1 - a fact", "1..1"])

    def test_failed_check_is_1(self):
        self.fake(script_console(ok=False))
        code, out, _ = self.script()
        self.assertEqual(code, 1)
        self.assertIn("not ok 1 - a fact", out)

    def test_script_with_a_status_is_1(self):
        self.fake(script_console(rc=7))
        self.assertEqual(self.script()[0], 1)

    def test_machine_that_dies_is_1_with_its_last_words(self):
        self.fake("(TS) [    0.000000] panic: out of luck\n", "exit 1")
        code, _, err = self.script()
        self.assertEqual(code, 1)
        self.assertIn("out of luck", err)

    def test_machine_that_hangs_is_1_in_time(self):
        self.fake(script_console()[:200], "exec sleep 60")
        code, _, err = self.script("--timeout", "0.5")
        self.assertEqual(code, 1)
        self.assertIn("no end after", err)

    def test_measured_run_leaves_page_and_json(self):
        self.fake(measured_console())
        code, out, err = self.run_it("--json", self.path("out.json"))
        self.assertEqual(code, 0, err)
        self.assertIn("xl create returns", out)
        self.assertTrue(os.path.exists(self.path("report/index.html")))
        with open(self.path("out.json")) as handle:
            result = json.load(handle)
        self.assertIn(result["accelerator"], ("tcg", "kvm"))
        self.assertEqual(result["memory"]["hypervisor_mib"], 96)
        self.assertEqual(result["guests"][0]["fio"]["randread_iops"], 9.0)

    def test_the_page_leads_to_the_coverage_when_there_is_one(self):
        self.fake(measured_console())
        self.run_it()
        page = self.path("report/index.html")
        with open(page) as handle:
            self.assertNotIn("coverage", handle.read())
        os.mkdir(self.path("coverage"))
        with open(self.path("coverage/index.html"), "w") as handle:
            handle.write("x")
        self.run_it()
        with open(page) as handle:
            self.assertIn('href="../coverage/index.html"', handle.read())

    def test_raw_output_of_guests_is_kept(self):
        self.fake(measured_console())
        code, _, err = self.run_it("--raw", self.path("raw"))
        self.assertEqual(code, 0, err)
        with open(self.path("raw/ours/g1/fio_seqread.json")) as handle:
            self.assertEqual(json.load(handle)["jobs"][0]["read"]["iops"], 9.0)

    def test_incomplete_run_is_1_and_still_reports(self):
        self.fake(script_console())
        self.assertEqual(self.run_it()[0], 1)
        self.assertTrue(os.path.exists(self.path("report/report.json")))

    def test_missing_qemu_is_2(self):
        code, _, err = self.script()
        self.assertEqual(code, 2)
        self.assertIn("cannot find", err)

    def test_missing_image_is_2_and_says_what_to_do(self):
        self.fake(script_console())
        os.unlink(self.path("touchstone.elf"))
        code, _, err = self.script()
        self.assertEqual(code, 2)
        self.assertIn("touchstone.elf", err)
        self.assertIn("make", err)

    def test_wrong_usage_is_2(self):
        for options in (("--guests", "9"), ("--nonsense",),
                        ("--script", "/no/such/file"),
                        ("--file", "a=b"),
                        ("--script", self.path("script.sh"), "--file", "a")):
            self.fake(script_console())
            self.assertEqual(self.run_it(*options)[0], 2, options)

    def interrupted(self, number):
        """(status, whether the machine was alive, and is gone)."""
        self.fake(script_console()[:200], "exec sleep 60")
        process = self.start("--script", self.path("script.sh"))
        self.assertIn("dom0_init", process.stderr.readline()
                      + process.stderr.readline() + process.stderr.readline()
                      + process.stderr.readline())
        with open(self.path("pid")) as handle:
            watched = os.pidfd_open(int(handle.read()))
        try:
            alive = not select.select([watched], [], [], 0)[0]
            process.send_signal(number)
            process.communicate(timeout=60)
            gone = bool(select.select([watched], [], [], 10)[0])
        finally:
            os.close(watched)
        return process.returncode, alive, gone

    def test_interrupt_leaves_nothing(self):
        self.assertEqual(self.interrupted(signal.SIGINT), (1, True, True))

    def test_termination_leaves_nothing(self):
        self.assertEqual(self.interrupted(signal.SIGTERM), (1, True, True))


if __name__ == "__main__":
    unittest.main()
