"""The counting plugin: known programs give exactly the known counts."""
import os
import struct
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__)))))
sys.path[:0] = [os.path.join(ROOT, "bench/count"),
                os.path.join(ROOT, "impl/platform")]
import count  # pylint: disable=wrong-import-position
import flame  # pylint: disable=wrong-import-position
import xensyms  # pylint: disable=wrong-import-position
from touchstone import machines, qemu  # pylint: disable=wrong-import-position

BUILD = os.environ.get("TOUCHSTONE_BUILD", os.path.join(ROOT, "build"))
BASE = 0x100000
ENTRY = BASE + 32
ROUNDS = 1000
LIMIT_S = 60


def mark(number, end=False):
    return b"\x0f\x1f\x84\x00" + struct.pack(
        "<I", 0x54530000 + 0x1000 * end + number)


def image(code):
    """A multiboot kernel of these bytes; they start at ENTRY."""
    flags = 1 << 16
    end = ENTRY + len(code)
    return struct.pack("<IIIIIIII", 0x1BADB002, flags,
                       -(0x1BADB002 + flags) & 0xFFFFFFFF,
                       BASE, BASE, end, end, ENTRY) + code


END = b"\x31\xc0\xe6\xf4\xf4"                       # out 0xf4, al ends QEMU
LOOP = b"\xb9" + struct.pack("<I", ROUNDS) + b"\x49\x75\xfd"  # ecx to 0


class Counting(unittest.TestCase):
    def run_code(self, code, low, symbols):
        """Snapshots of a program whose bytes from low on count as hv."""
        target = count.Target("", low, ENTRY + len(code), "", "",
                              "inner")
        with mock.patch.dict(count.TARGETS, {"test": target}), \
                mock.patch.object(count, "symbols", lambda *_: symbols), \
                tempfile.NamedTemporaryFile() as kernel, \
                count.Plugin("test", BUILD, calls=True,
                             idle=True) as plugin:
            kernel.write(image(code))
            kernel.flush()
            subprocess.run(
                [qemu.find().path, "-accel", "tcg", "-display", "none",
                 "-nodefaults", "-m", "32", *plugin.arguments(32),
                 "-device", "isa-debug-exit,iobase=0xf4",
                 "-kernel", kernel.name], timeout=LIMIT_S, check=False,
                stdin=subprocess.DEVNULL, capture_output=True)
            return plugin.snapshots()

    def test_loop_is_counted_exactly(self):
        code = mark(5) + LOOP + mark(5, True) + END
        found, = count.brackets(self.run_code(code, ENTRY + len(code), []))
        self.assertEqual(found["marker"], 5)
        self.assertFalse(found["moved"])
        # One of the two markers, the load, and two for each round.
        self.assertEqual(found["all"], {"insns": 2 + 2 * ROUNDS, "hv": 0,
                                        "vmrun": 0, "idle": 0})

    def test_range_is_the_hypervisors(self):
        # The caller, outside of the range; the called loop, inside of it.
        call = b"\xe8" + struct.pack("<i", 8 + len(END))
        code = mark(1) + call + mark(1, True) + END
        inside = ENTRY + len(code)
        # outer calls inner twice, inner spins.
        inner = LOOP + b"\xf3\x90\xc3"
        outer = b"\xe8\x06\x00\x00\x00" + b"\xe8\x01\x00\x00\x00" + b"\xc3"
        rows = self.run_code(code + outer + inner, inside,
                             [(inside, "outer"), (inside + 11, "inner")])
        found, = count.brackets(rows)
        inner_insns = 2 * (1 + 2 * ROUNDS + 2)
        self.assertEqual(found["all"]["hv"], inner_insns + 3)
        self.assertEqual(found["all"]["insns"], inner_insns + 3 + 2)
        self.assertEqual(found["all"]["idle"], inner_insns)
        self.assertEqual(found["cpu"]["idle"], inner_insns)
        self.assertEqual(found["counted"]["spins"], 2)
        self.assertEqual(found["counted"]["stacks"],
                         {"outer": 3, "outer;inner": inner_insns})

    def test_jumps_and_returns_that_are_none_keep_the_path(self):
        call = b"\xe8" + struct.pack("<i", 8 + len(END))
        code = mark(1) + call + mark(1, True) + END
        at = {"outer": ENTRY + len(code)}
        at["thunk"] = at["outer"] + 11
        at["target"] = at["thunk"] + 9
        at["tail"] = at["target"] + 3
        # outer has the thunk go to target, which ends with a jump to tail.
        outer = (b"\xb8" + struct.pack("<I", at["target"])
                 + b"\xe8\x01\x00\x00\x00\xc3")
        thunk = b"\xe8\x00\x00\x00\x00\x89\x04\x24\xc3"
        target, tail = b"\x90\xeb\x00", b"\x90\x90\xc3"
        rows = self.run_code(code + outer + thunk + target + tail,
                             at["outer"],
                             [(where, name) for name, where in at.items()])
        found, = count.brackets(rows)
        self.assertEqual(found["counted"]["stacks"], {
            "outer": 3, "outer;thunk": 3, "outer;target": 2, "outer;tail": 3})

    def test_exits_of_our_hypervisor_have_reasons(self):
        with count.Plugin("ours", BUILD, calls=True, insns=False) as plugin:
            out = subprocess.run(
                [qemu.find().path, "-accel", "tcg", "-machine", "q35", "-cpu",
                 machines.cpu_model(qemu.find().version), "-smp", "1", "-m",
                 "512", *plugin.arguments(512), "-display", "none",
                 "-nodefaults", "-no-reboot", "-serial", "stdio", "-kernel",
                 os.path.join(BUILD, "touchstone.elf"), "-append",
                 "console=com1", "-initrd", os.path.join(
                     BUILD, "conform-abi.elf") + " only=evtchn/close"],
                timeout=LIMIT_S, check=True, capture_output=True,
                stdin=subprocess.DEVNULL, text=True).stdout
            last = plugin.snapshots()[-1]
        self.assertIn("ABI end", out)
        reasons = {name: n for name, n in last["exits"].items()
                   if not name.startswith("hypercall")}
        calls = sum(last["exits"].values()) - sum(reasons.values())
        self.assertEqual(calls, reasons["VMMCALL"])
        # The last exit ends the machine before it is counted as left.
        self.assertIn(last["vmruns"] - sum(reasons.values()), (0, 1))
        self.assertTrue(last["exits"]["hypercall 32"])
        self.assertTrue(any(path.endswith("svm_handle_exit") and insns
                            for path, insns, _ in last["calls"]))


class Reading(unittest.TestCase):
    BEFORE = {"insns": 10, "hv": 4, "vmruns": 1, "spins": 0, "idle": 1, "waits": [0, 1],
              "exits": {"HLT": 1}, "calls": [["a", 3, 1]]}
    AFTER = {"insns": 110, "hv": 44, "vmruns": 5, "spins": 2, "idle": 3, "waits": [0, 4],
             "exits": {"HLT": 1, "hypercall 32": 4},
             "calls": [["a", 5, 1], ["a;b", 38, 2], ["a", 1, 1]]}

    def test_delta_subtracts_and_adds_cpus(self):
        found = count.delta(self.BEFORE, self.AFTER)
        self.assertEqual(found["exits"], {"hypercall 32": 4})
        self.assertEqual(found["stacks"], {"a": 3, "a;b": 38})
        self.assertEqual(count.functions(found["stacks"]),
                         [("b", 38, 38), ("a", 3, 41)])
        self.assertEqual(count.waits_histogram(found), [[0.002, 3]])

    def test_samples_are_per_unit(self):
        rows = count.samples("x", count.delta(self.BEFORE, self.AFTER), 4)
        self.assertEqual(rows["x.hv-insns"], ("instructions", 10))
        self.assertEqual(rows["x.exits-hypercall-32"], ("exits", 1))

    def test_flame_graph_names_every_wide_box(self):
        text = flame.svg({"a": 3, "a;b<c": 38}, "title & more")
        self.assertIn("a: 41 instructions, 100.0 %", text)
        self.assertIn("b&lt;c: 38 instructions, 92.7 %", text)
        self.assertIn("title &amp; more", text)


class XenSymbols(unittest.TestCase):
    def table(self, names):
        """An image with a table in which only characters are tokens."""
        tokens = [bytes((i,)) if 32 < i < 127 else b"" for i in range(256)]
        text = b"".join(token + b"\0" for token in tokens)
        starts, place = [], 0
        for token in tokens:
            starts.append(place)
            place += len(token) + 1
        offsets = b"".join(struct.pack("<I", at) for at, _ in names)
        packed = [bytes((len(n),)) + n.encode() for _, n in names]
        marks = [sum(map(len, packed[:i]))
                 for i in range(0, len(names), xensyms.MARKED)]
        body = b"\xff" * 64 + offsets + struct.pack("<I", len(names))
        body += b"".join(packed)
        return (body + b"\0" * (-len(body) % 4)
                + struct.pack(f"<{len(marks)}I", *marks) + text
                + b"\0" * (len(text) % 2) + struct.pack("<256H", *starts))

    def test_names_and_addresses_come_back(self):
        names = [(16 * i, f"Tfunction{i}") for i in range(300)]
        names[7], names[8] = (112, "dvariable"), (128, "tfile.c#go")
        found = xensyms.symbols(self.table(names))
        self.assertEqual(len(found), 299)
        self.assertEqual(found[0], (xensyms.BASE, "function0"))
        self.assertEqual(found[7], (xensyms.BASE + 128, "go"))
        self.assertEqual(found[-1][1], "function299")

    def test_other_files_are_refused(self):
        for data in (b"", b"\0" * 4096, xensyms.DIGITS, b"x" * 100):
            with self.assertRaises(xensyms.NoSymbols):
                xensyms.symbols(data)


if __name__ == "__main__":
    unittest.main()
