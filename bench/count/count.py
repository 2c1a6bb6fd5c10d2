"""Loads the counting plugin into a QEMU line and reads what it counted.

    with count.Plugin("ours", build) as plugin:
        run QEMU with plugin.arguments(memory_mib) added to its line
        plugin.snap("begin") ... plugin.snap("end", calls=True)
        delta = count.delta(*plugin.between("begin", "end"))

Markers that guests execute (plugin.c) come out as brackets().
"""
import collections
import json
import os
import shutil
import struct
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import xensyms  # pylint: disable=wrong-import-position

# image: where its symbols are; low, high: where its code is, in every guest
# nothing; wake, run: the functions between which a vCPU waits for a CPU;
# idle: where a CPU waits for vCPUs.
Target = collections.namedtuple("Target", "image low high wake run idle")
TARGETS = {
    "ours": Target("touchstone.elf64", 0xFFFFFFFF80200000, 0xFFFFFFFF80800000,
                   "vcpu_wake", "vt_load", "arch_cpu_idle"),
    "xen": Target("dom0/xen.elf", xensyms.BASE, xensyms.BASE + 0x40000000,
                  "vcpu_wake", "svm_do_resume", "default_idle"),
}
PLUGIN = "count-plugin.so"
SHT_SYMTAB = 2
STT_FUNC = 2
ANSWER_LIMIT_S = 60
SCALARS = ("insns", "hv", "vmruns", "spins", "idle")


class CountError(Exception):
    """A snapshot did not come, or is not there."""


def elf_symbols(image):
    """[(address, name)] of the code labels of an ELF64 file, in order."""
    table_at, = struct.unpack_from("<Q", image, 0x28)
    size, count = struct.unpack_from("<HH", image, 0x3A)
    sections = [struct.unpack_from("<IIQQQQIIQQ", image, table_at + i * size)
                for i in range(count)]
    out = []
    for section in sections:
        if section[1] != SHT_SYMTAB:
            continue
        names = sections[section[6]][4]
        for at in range(section[4], section[4] + section[5], 24):
            name, info, _, index, value, _ = struct.unpack_from(
                "<IBBHQQ", image, at)
            code = 0 < index < count and sections[index][2] & 4
            if code and info & 15 in (0, STT_FUNC):
                end = image.index(b"\0", names + name)
                out.append((value, image[names + name:end].decode()))
    return sorted(out)


def symbols(hypervisor, build):
    """[(address, name)] of a hypervisor's functions."""
    with open(os.path.join(build, TARGETS[hypervisor].image), "rb") as handle:
        image = handle.read()
    return elf_symbols(image) if hypervisor == "ours" \
        else xensyms.symbols(image)


class Plugin:
    """The plugin in one QEMU; use as a context manager.

    calls: keep the call tree as well; insns: count all instructions, not only
    the hypervisor's; idle: those apart that a CPU executes while it waits for
    work. What is left out makes the machine faster.
    """

    # pylint: disable-next=too-many-arguments
    def __init__(self, hypervisor, build, calls=False, insns=True, idle=False):
        self.target = TARGETS[hypervisor]
        self.names = symbols(hypervisor, build)
        self.plugin = os.path.join(build, PLUGIN)
        self.more = {**({"calls": "on"} if calls else {}),
                     **({} if insns else {"insns": "off"}),
                     **({"idle": self.target.idle} if idle else {})}
        self.folder = None

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="touchstone-count-")
        with open(self.path("symbols"), "w", encoding="ascii") as handle:
            for address, name in self.names:
                handle.write(f"{address:x} {name}\n")
        os.mkfifo(self.path("control"))
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def arguments(self, memory_mib):
        """What the QEMU line gets besides; memory is all of the machine's."""
        options = {
            "out": self.path("out"), "symbols": self.path("symbols"),
            "control": self.path("control"), "low": f"{self.target.low:x}",
            "high": f"{self.target.high:x}", "wake": self.target.wake,
            "run": self.target.run, **self.more}
        text = ",".join(f"{key}={value}" for key, value in options.items())
        return ["-object", f"memory-backend-memfd,id=count,share=on,"
                f"size={memory_mib}M", "-machine", "memory-backend=count",
                "-plugin", f"{self.plugin},{text}"]

    def snap(self, name, calls=False):
        """Have all counters written down now, and wait until they are."""
        with open(self.path("control"), "w", encoding="ascii") as handle:
            handle.write(f"{'+' if calls else ''}{name}\n")
        limit = time.monotonic() + ANSWER_LIMIT_S
        while not any(row["name"] == name for row in self.snapshots()):
            if time.monotonic() > limit:
                raise CountError(f"QEMU did not answer to '{name}'")
            time.sleep(0.02)

    def snapshots(self):
        """All so far, in order; a line being written is left out."""
        with open(self.path("out"), encoding="ascii") as handle:
            return [json.loads(line) for line in handle
                    if line.endswith("\n")]

    def between(self, first, second):
        """The last snapshots of two names, as a pair."""
        found = {row["name"]: row for row in self.snapshots()}
        for name in (first, second):
            if name not in found:
                raise CountError(f"no snapshot '{name}'")
        return found[first], found[second]


def delta(before, after):
    """What was counted between two snapshots."""
    out = {key: after[key] - before[key] for key in SCALARS}
    out["exits"] = {key: value - before["exits"].get(key, 0)
                    for key, value in after["exits"].items()
                    if value != before["exits"].get(key, 0)}
    out["waits"] = [b - a for a, b in zip(before["waits"], after["waits"])]
    stacks = collections.Counter()
    for sign, row in ((1, after), (-1, before)):
        for path, insns, _ in row.get("calls", ()):
            stacks[path] += sign * insns
    out["stacks"] = {path: n for path, n in stacks.items() if n > 0}
    return out


def brackets(rows):
    """What guests marked, in the order of the ends.

    cpu: what the CPU did that executed both markers, meaningless when moved
    (another one executed the end); all: what all did.
    """
    begun = {}
    for row in rows:
        kind, _, number = row["name"].partition(" ")
        if kind == "begin" and number.isdigit():
            begun[number] = row
        elif kind == "end" and number in begun:
            yield bracket(int(number), begun.pop(number), row)


def bracket(number, before, after):
    cpu = after["cpu"]
    hv, vmruns, idle = (b - a for a, b in zip(before["cpus"][cpu],
                                              after["cpus"][cpu]))
    counted = delta(before, after)
    return {"marker": number, "moved": before["cpu"] != cpu,
            "cpu": {"hv": hv, "vmrun": vmruns, "idle": idle},
            "all": {"insns": counted["insns"], "hv": counted["hv"],
                    "vmrun": counted["vmruns"], "idle": counted["idle"]},
            "counted": counted}


def functions(stacks):
    """[(function, own instructions, with those it calls)], most own first."""
    own, whole = collections.Counter(), collections.Counter()
    for path, insns in stacks.items():
        names = path.split(";")
        own[names[-1]] += insns
        for name in set(names):
            whole[name] += insns
    return [(name, n, whole[name]) for name, n in own.most_common()]


def samples(prefix, counted, units):
    """Rows for the lab's JSON: {name: (unit, value per unit of work)}."""
    out = {
        f"{prefix}.hv-insns": ("instructions", counted["hv"] / units),
        f"{prefix}.insns": ("instructions", counted["insns"] / units),
        f"{prefix}.exits": ("exits", counted["vmruns"] / units),
        f"{prefix}.spins": ("spins", counted["spins"] / units),
    }
    for reason, number in counted["exits"].items():
        name = reason.lower().replace("_", "-").replace(" ", "-")
        out[f"{prefix}.exits-{name}"] = ("exits", number / units)
    return out


def waits_histogram(counted):
    """[[upper bound in us, n]] of the time from a wake-up to running."""
    return [[2 ** i / 1000, n] for i, n in enumerate(counted["waits"]) if n]
