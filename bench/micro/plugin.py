"""Single operations as measures of the lab: a boot of the kernel for each run,
with bench/count's plugin for counts. Counts belong to the quick profile."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# pylint: disable=wrong-import-position
import kernel
from lab.errors import JobFailed, Undone
from lab.matrix import Measure, Result

PEERS = ("ours", "xen")
LACKING = {"dirty-log-pass": ("xen",)}  # who has it, where not all do
ROUNDS = 5
SILENCE_S = 120
COUNTS = {"hv-insns": "instructions in the hypervisor",
          "insns": "instructions in all", "exits": "exits"}
UNITS = {"hv-insns": "instructions", "insns": "instructions",
         "exits": "exits"}


def measures():
    out = []
    for row in kernel.operations().values():
        peers = LACKING.get(row.name, PEERS)
        out.append(Measure("micro.%s.ns" % row.name, "ns", "lower", "time",
                           row.what, peers, "micro-time", False))
        out += [Measure("micro.%s.%s" % (row.name, what), UNITS[what],
                        "lower", "count", "%s per %s: %s" % (
                            text, row.unit, row.what), peers, "micro-count")
                for what, text in COUNTS.items()]
    return out


def names_of(wanted):
    return list(dict.fromkeys(row.name.split(".")[1] for row in wanted))


def boot(lab, peer, wanted, counted):
    """One boot while the lab's own machines stand still."""
    for machine in lab.machines.values():
        machine.pause()
    build, limit_s = lab.boot.build, SILENCE_S * lab.scale
    only = names_of(wanted)
    if len(only) > len(kernel.operations()) // 2:
        only = ()  # all: the list would not fit the command line
    arguments = build, peer, ROUNDS, only
    try:
        if not counted:
            return kernel.measure(*arguments, None, limit_s, lab.qemu.path)
        with kernel.counting().Plugin(peer, build, idle=True) as plugin:
            return kernel.measure(*arguments, plugin, limit_s, lab.qemu.path)
    except kernel.BootError as problem:
        raise JobFailed("%s: %s" % (peer, problem)) from problem
    except ImportError as problem:
        raise Undone("bench/count is not there: %s" % problem) from problem


def run(lab, peer_name, wanted):
    counted = wanted[0].kind == "count"
    outcome = boot(lab, peer_name, wanted, counted)
    values = {}
    for name in names_of(wanted):
        if counted:
            for what, numbers in kernel.per_operation(outcome, name).items():
                values["micro.%s.%s" % (name, what)] = numbers
        elif name in outcome.times_ns:
            values["micro.%s.ns" % name] = outcome.times_ns[name]
    return Result(values, {
        "micro.%s.late" % name: [[upper / 1000, number]
                                 for upper, number in pairs]
        for name, pairs in outcome.histograms.items()} if not counted else {})
