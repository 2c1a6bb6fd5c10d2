"""Boots of the test kernel under QEMU, and what its console says."""

import collections
import os
import queue
import re
import subprocess
import threading
import time

CPU = "EPYC,+svm,+npt,-smap,-monitor,-rdtscp,-xsave"
TARGETS = {
    "ours": ("touchstone.elf", "console=com1 dom0_mem=256M dom0_max_vcpus=2 "
             "spare_boot_cpu", []),  # QEMU's threads spoil its first CPU
    "xen": ("dom0/xen.elf",
            "console=com1 com1=115200 dom0=pvh dom0_mem=256M "
            "dom0_max_vcpus=2 dom0_vcpus_pin maxcpus=2 loglvl=info "
            "cpuidle=0 noreboot",
            ["-device", "amd-iommu"]),  # it takes no PVH dom0 without
}
HERE = os.path.dirname(os.path.abspath(__file__))
DEBIAN = "../../impl/dom0/test/debian.sh"
TAP = re.compile(r"^(not )?ok \d+ - ([\w-]+)(?: # SKIP (.*))?$", re.MULTILINE)
LINE = re.compile(r"^ABI (start|begin|pass|fail|skip|trap|end|test) ?(.*)$")
ARGUMENTS_MAX = 400  # the kernel's, without from=
NAMES_MAX = 5        # more are asked for by suite
LOG_LINES = 40       # of a test
STUCK_MAX = 2        # boots in a row that bring nothing

Result = collections.namedtuple("Result", "name outcome detail seconds log")
Test = collections.namedtuple("Test", "index name source claim")


class Stopped(Exception):
    """Somebody wants the run to end."""


class Boot:
    """One QEMU; its lines as a queue that ends with None."""

    def __init__(self, options, target, arguments):
        image, append, extra = TARGETS[target]
        kernel = os.path.join(options.build, "conform-abi.elf")
        self.log = []
        self.lines = queue.Queue()
        # pylint: disable=consider-using-with
        self.process = subprocess.Popen(
            [options.qemu, "-accel", "tcg,thread=multi", "-machine", "q35",
             "-cpu", CPU, "-smp", "3", "-m", "1024", "-nodefaults",
             "-no-reboot", "-display", "none", "-serial", "stdio", *extra,
             "-kernel", os.path.join(options.build, image), "-append", append,
             "-initrd", "%s %s" % (kernel, arguments)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, process_group=0)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            self.log.append(text)
            match = LINE.match(text.split("(d0) ")[-1])
            self.lines.put(match.groups() if match else ("", text))
        self.lines.put(None)

    def next(self, limit_s, stop):
        """The next line; None at the end, or after so long a silence."""
        until = time.monotonic() + limit_s
        while time.monotonic() < until:
            if stop.is_set():
                raise Stopped
            try:
                return self.lines.get(timeout=0.2)
            except queue.Empty:
                continue
        return None

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.reader.join()
        self.process.stdout.close()


class Unit:
    """Tests of one target that are run one after the other, in as many boots
    as it takes."""

    def __init__(self, options, target, tests, report, stop):
        self.options, self.target, self.stop = options, target, stop
        self.pending = list(tests)
        self.report = report
        self.log = []

    def arguments(self):
        names = [test.name for test in self.pending]
        if len(names) > NAMES_MAX:
            names = sorted({name.split("/")[0] + "/" for name in names})
        only = "only=" + "+".join(names)
        return "from=%d %s" % (self.pending[0].index,
                               only if len(only) <= ARGUMENTS_MAX else "")

    def run(self):
        stuck = 0
        while self.pending and stuck < STUCK_MAX:
            before = len(self.pending)
            boot = Boot(self.options, self.target, self.arguments())
            try:
                whole = self.judge(boot)
            finally:
                boot.stop()
                self.log += boot.log
            stuck = 0 if len(self.pending) < before else stuck + 1
            if whole:
                break
        for test in list(self.pending):
            self.done(test.name, "error", "it said nothing" if not stuck else
                      "the kernel reports nothing: " +
                      " | ".join(self.log[-3:]), 0.0, [])

    def done(self, name, outcome, detail, seconds, log):
        for test in self.pending:
            if test.name == name:
                self.pending.remove(test)
                self.report(self.target, Result(
                    name, outcome, detail, seconds,
                    "\n".join(log[-LOG_LINES:])))
                return

    def judge(self, boot):
        """Reads one boot to its end. Whether it came to the last test."""
        begun, name, log = time.monotonic(), None, []
        while True:
            what, rest = boot.next(self.options.timeout,
                                   self.stop) or ("gone", "")
            passed = time.monotonic() - begun
            if what == "begin":
                begun, name, log = time.monotonic(), rest, []
            elif what in ("pass", "fail", "skip"):
                test, _, detail = rest.partition(" ")
                self.done(test, what, detail, passed, log)
                name = None
            elif what == "end":
                return True
            elif what in ("gone", "trap"):
                if name:
                    self.done(name, "crash", rest or "silence", passed, log)
                return False
            elif not what:
                log.append(rest)


def debian_tests(options, target, report):
    """Debian's own tests of hypervisors, in the control domain of a boot of
    the platform."""
    env = {**os.environ, "O": options.build}
    if target == "xen":
        env["TS_RUN"] = "--hypervisor xen"
    begun = time.monotonic()
    done = subprocess.run([os.path.join(HERE, DEBIAN)], check=False, env=env,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    found = TAP.findall(done.stdout)
    each_s = (time.monotonic() - begun) / max(len(found), 1)
    for bad, name, skip in found:
        report(target, Result(
            "debian/" + name, "fail" if bad else "skip" if skip else "pass",
            skip or (done.stdout[-400:] if bad else ""), each_s,
            done.stdout[-4000:] if bad else ""))
    if not found:
        report(target, Result("debian/boot", "error", done.stdout[-400:] or
                              "silence", each_s, ""))


def tests_of(options, target, stop):
    """Every test that the kernel has, in its order."""
    boot, found = Boot(options, target, "list"), []
    try:
        while True:
            what, rest = boot.next(options.timeout, stop) or ("gone", "")
            if what == "test":
                name, source, claim = rest.split(" ", 2)
                found.append(Test(len(found), name, source.rstrip(":"), claim))
            elif what == "end":
                return found
            elif what == "gone":
                raise OSError("%s does not boot the test kernel: %s" % (
                    target, " | ".join(boot.log[-3:]) or "no output"))
    finally:
        boot.stop()
