"""Counts of paravirtual I/O: what becomes of two snapshots, and of a run."""

import importlib.util
import os
import sys
import types
import unittest
from unittest import mock

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
for part in ("impl/platform", "impl/dom0", "bench"):
    sys.path.insert(0, os.path.join(ROOT, part))
from lab import block  # noqa: E402
from lab.errors import JobFailed  # noqa: E402
from lab.lab import Lab  # noqa: E402


def load():
    """As the lab loads it: there is another plugin.py."""
    spec = importlib.util.spec_from_file_location(
        "io_counts", os.path.join(ROOT, "bench/count/plugin.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


io_counts = load()
KIND = block.DEVICES[io_counts.BLOCK].guest
NAME = "blk.blkfront-raw.randread-4k-qd16.v1"


def snapshot(scale, calls):
    return {"insns": 1000 * scale, "hv": 100 * scale, "vmruns": 10 * scale,
            "spins": 0, "idle": 20 * scale, "waits": [0, 5 * scale],
            "exits": {"VMMCALL": 7 * scale, "hypercall 32": 3 * scale},
            "calls": [[path, insns * scale, entries * scale]
                      for path, insns, entries in calls]}


OURS = [["vt;do_event_channel_op;evtchn_op_send", 50, 3],
        ["vt;gnttab_op_copy;gnttab_pin", 9, 2],
        ["vt;gnttab_op_map_grant_ref;gnttab_pin", 9, 1],
        ["vt;gnttab_op_copy;memmove", 512, 1],
        ["vt;other;memmove", 512, 1]]


class Figures(unittest.TestCase):
    def setUp(self):
        self.found = io_counts.figures("ours", snapshot(1, OURS),
                                       snapshot(3, OURS))

    def test_what_is_between_two_snapshots_counts(self):
        self.assertEqual(self.found["hv-insns"], 160)
        self.assertEqual(self.found["exits"], 20)
        self.assertEqual(self.found["exits-vmmcall"], 14)
        self.assertEqual(self.found["exits-npf"], 0)
        self.assertEqual(self.found["hypercalls-event"], 6)

    def test_entries_count_below_their_caller(self):
        self.assertEqual(self.found["notifications"], 6)
        self.assertEqual(self.found["grant-copies"], 4)
        self.assertEqual(self.found["grant-maps"], 2)

    def test_only_copies_between_domains_count(self):
        self.assertEqual(self.found["copied-bytes"], 2 * 512 * 8)

    def test_every_measure_has_a_figure(self):
        wanted = {row.name.rpartition(".")[2] for row in io_counts.measures()}
        self.assertEqual(wanted, set(self.found))


class Counter:
    """A plugin whose counters grow by the work that was asked for."""

    def __init__(self):
        self.total, self.rows = 1, {}

    def snap(self, name, calls=False):
        assert calls
        self.rows[name] = snapshot(self.total, OURS)

    def between(self, first, second):
        return self.rows[first], self.rows[second]


class Machine(unittest.TestCase):
    """The guest gets its disk and card once, whoever else asks for them."""

    def parts(self, modules):
        lab = Lab.__new__(Lab)
        lab.rows = [(module, row) for module in modules
                    for row in module.measures()
                    if module is io_counts or NAME in row.name]
        peer = types.SimpleNamespace(name="ours", lab=lab, kernel="dom0")
        return (lab.asked("guest_disks", peer, "bench-v1", KIND),
                lab.asked("guest_lines", peer))

    def test_alone(self):
        disks, lines = self.parts([io_counts])
        self.assertEqual(len(disks), 1)
        self.assertEqual(len(lines), 1)

    def test_beside_the_labs_own(self):
        disks, _ = self.parts([block, io_counts])
        self.assertEqual(len(disks), 1)


class Runs(unittest.TestCase):
    def run_with(self, requests):
        """One run of a batch; requests(amount): what fio says it did."""
        counter = Counter()

        def work(*rest):
            counter.total += 40 + rest[-1]  # starting fio, then requests
            return requests(rest[-1])
        peer = types.SimpleNamespace(name="ours", guest=lambda vcpus: "g")
        wanted = [row for row in io_counts.measures()
                  if row.batch == NAME + ".count"]
        with mock.patch.object(io_counts, "machine",
                               lambda *_: (peer, counter)), \
                mock.patch.dict(io_counts.DOERS, {"blk": work}):
            return io_counts.run(None, "ours", wanted), wanted

    def test_starting_the_program_is_not_in_the_figures(self):
        result, wanted = self.run_with(lambda amount: amount)
        self.assertEqual(set(result.values), {row.name for row in wanted})
        self.assertEqual(result.values[NAME + ".hv-insns"], 80)
        self.assertEqual(result.values[NAME + ".notifications"], 3)
        self.assertEqual(result.histograms[NAME + ".wake-to-run"],
                         [[0.002, 5 * 1140]])
        self.assertIn(b"gnttab_pin", result.raw[NAME + ".ours.flame.svg"])

    def test_work_that_is_not_done_is_a_failure(self):
        with self.assertRaises(JobFailed):
            self.run_with(lambda amount: 1)


if __name__ == "__main__":
    unittest.main()
