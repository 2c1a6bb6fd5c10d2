"""Boots of the measuring kernel under QEMU, and what its console says."""

import collections
import importlib
import os
import queue
import shutil
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "count"))

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
MEMORY_MIB = 1024
LOG_LINES = 6
COUNTED_PART = 8  # of an operation's loop

Operation = collections.namedtuple("Operation", "name unit target what")
# scope: cpu, one CPU has all of it; all, several have a part.
Found = collections.namedtuple("Found", "marker name scope operations unit")


class BootError(Exception):
    """The kernel did not come to its end."""


def operations():
    """The rows of operations.tsv, by name."""
    found = {}
    with open(os.path.join(HERE, "operations.tsv"), encoding="utf-8") as file:
        for line in file:
            if not line.startswith("#"):
                name, unit, target, what = line.rstrip("\n").split("\t")
                found[name] = Operation(
                    name, unit, None if target == "-" else float(target), what)
    return found


class Outcome:
    """What one boot said. times_ns and counts: a number for each round, per
    operation; counts have one for the warm-up before them. broken: why the
    kernel did not come to its end."""

    def __init__(self):
        self.found, self.times_ns, self.histograms = {}, {}, {}
        self.skipped, self.failed, self.counts = {}, {}, {}
        self.ended, self.broken = False, ""

    def take(self, line):
        word, _, rest = line.partition(" ")
        name, _, rest_of = rest.partition(" ")
        if word == "op":
            marker, name, scope, number, unit = rest.split(" ")
            self.found[name] = Found(int(marker), name, scope, int(number),
                                     unit)
        elif word == "times":
            number = self.found[name].operations
            self.times_ns[name] = [int(ns) / number for ns in rest_of.split()]
        elif word == "histogram":
            self.histograms[name] = [
                [int(part) for part in pair.split(":")]
                for pair in rest_of.split()]
        elif word == "skip":
            self.skipped[name] = rest_of
        elif word == "fail":
            self.failed[name] = rest_of
        elif word == "end":
            self.ended = True

    def take_counts(self, brackets):
        """What the plugin counted, by operation and round."""
        names = {found.marker: found for found in self.found.values()}
        for bracket in brackets:
            found = names.get(bracket["marker"])
            if found and (found.scope == "all" or not bracket["moved"]):
                self.counts.setdefault(found.name, []).append(bracket)


class Boot:
    """One QEMU; its lines as a queue that ends with None."""

    def __init__(self, build, target, arguments, more, qemu=None):
        image, append, extra = TARGETS[target]
        kernel = os.path.join(build, "bench-micro.elf")
        for path in (kernel, os.path.join(build, image)):
            if not os.path.exists(path):
                raise BootError("'%s' is not there: make all, or make dom0"
                                % path)
        qemu = qemu or shutil.which("qemu-system-x86_64")
        if not qemu:
            raise BootError("no qemu-system-x86_64: install qemu-system-x86")
        self.log, self.lines = [], queue.Queue()
        # pylint: disable=consider-using-with
        self.process = subprocess.Popen(
            [qemu, "-machine", "q35",
             "-cpu", CPU, "-smp", "3", "-m", str(MEMORY_MIB), "-nodefaults",
             "-no-reboot", "-display", "none", "-serial", "stdio", *extra,
             *more, "-kernel", os.path.join(build, image), "-append", append,
             "-initrd", "%s %s" % (kernel, arguments)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, process_group=0)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            self.log.append(text)
            self.lines.put(text.split("(d0) ")[-1])
        self.lines.put(None)

    def follow(self, outcome, limit_s):
        """Reads to the last line; BootError after so long a silence."""
        while not outcome.ended:
            try:
                line = self.lines.get(timeout=limit_s)
            except queue.Empty:
                line = None
            if line is None or line.startswith("ABI trap"):
                raise BootError("the kernel ended before its last operation: "
                                + " | ".join(self.log[-LOG_LINES:]))
            if line.startswith("MICRO "):
                outcome.take(line[len("MICRO "):])

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.reader.join()
        self.process.stdout.close()


# pylint: disable-next=too-many-arguments
def measure(build, target, rounds, only=(), plugin=None, limit_s=120,
            qemu=None):
    """Boots once; the Outcome. `plugin`: a count.Plugin that is entered."""
    words = "rounds=%d" % rounds + (" only=" + "+".join(only) if only else "")
    more = ["-accel", "tcg,thread=multi"]
    if plugin:  # one thread: what a CPU does while it waits depends on no host
        words += " part=%d" % COUNTED_PART
        more = ["-accel", "tcg,thread=single", *plugin.arguments(MEMORY_MIB)]
    outcome = Outcome()
    boot = Boot(build, target, words, more, qemu)
    try:
        boot.follow(outcome, limit_s)
    except BootError as problem:
        if not outcome.times_ns:
            raise
        outcome.broken = str(problem)
    finally:
        boot.stop()
    if plugin:
        count = counting()
        outcome.take_counts(count.brackets(plugin.snapshots()))
    return outcome


def counting(name="count"):
    """A module of bench/count, which only counts need."""
    return importlib.import_module(name)


def per_operation(outcome, name):
    """{measure: [(a number for each round)]} of what was counted."""
    found = outcome.found[name]
    rows = outcome.counts.get(name, [])[1:]
    return {
        "hv-insns": [(row[found.scope]["hv"] - row[found.scope]["idle"])
                     / found.operations for row in rows],
        "exits": [row[found.scope]["vmrun"] / found.operations
                  for row in rows],
        "insns": [row["all"]["insns"] / found.operations for row in rows],
    } if rows else {}


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
