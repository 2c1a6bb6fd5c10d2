"""What paravirtual I/O costs, counted: measures of the lab.

A machine of its own runs under the counting plugin. Each workload runs twice
with a fixed amount of work, little and much, and what is between the two is
divided by the work between them: starting fio or iperf3 costs the same in both.
"""
import atexit
import collections
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# pylint: disable=wrong-import-position
import count
import flame
from lab import block, network
from lab.answers import answer
from lab.errors import JobFailed
from lab.matrix import Measure, Result
from lab.station import MEMORY

# Machines of their own, for what it costs them: one that keeps the call tree,
# and one, much slower, that counts the guests' instructions too.
PLUGINS = {"count": {"calls": True, "insns": False, "idle": True},
           "count-all": {}}
PEERS = ("ours", "xen")
GUEST_VCPUS = 1
LIMIT_S = 300
BYTES_AN_INSTRUCTION = 8  # REP MOVSQ, which both hypervisors copy with

# unit: of work; least, most: how much of it; options: fio's or iperf3's.
Workload = collections.namedtuple("Workload", "unit least most options quick")
BLOCK = "blkfront-raw"
NET = "netfront"
WORKLOADS = {
    f"blk.{BLOCK}.randread-4k-qd1.v1":
        Workload("request", 50, 450, "--rw=randread --bs=4k --iodepth=1",
                 True),
    f"blk.{BLOCK}.randread-4k-qd16.v1":
        Workload("request", 100, 1100, "--rw=randread --bs=4k --iodepth=16",
                 True),
    f"blk.{BLOCK}.randwrite-4k-qd16.v1":
        Workload("request", 100, 1100, "--rw=randwrite --bs=4k --iodepth=16",
                 False),
    f"blk.{BLOCK}.seqread-1m-qd4.v1":
        Workload("request", 4, 44, "--rw=read --bs=1m --iodepth=4", False),
    f"net.{NET}.tx-p1.v1": Workload("MiB", 8, 56, "-P 1", True),
    f"net.{NET}.rx-p1.v1": Workload("MiB", 8, 56, "-P 1 -R", True),
}

REASONS = ("VMMCALL", "INTR", "VINTR", "HLT", "NPF", "MSR", "IOIO", "CPUID")
HYPERCALLS = {"hypercalls-event": 32, "hypercalls-grant": 20,
              "hypercalls-vcpu": 24, "hypercalls-sched": 29}
# Functions by what an entry into them is: (a caller or "", the function).
ENTRIES = {
    "ours": {"notifications": ("", "evtchn_op_send"),
             "grant-maps": ("gnttab_op_map_grant_ref", "gnttab_pin"),
             "grant-copies": ("gnttab_op_copy", "gnttab_pin")},
    "xen": {"notifications": ("", "evtchn_send"),
            "grant-maps": ("", "create_grant_p2m_mapping"),
            "grant-copies": ("", "acquire_grant_for_copy")},
}
COPIES = {"ours": ("gnttab_op_copy", "memmove"),
          "xen": ("gnttab_copy", "memcpy")}
IN_ALL = "insns"
# name: (unit, note); each is for one unit of work.
COUNTS = {
    "hv-insns": ("instructions", "instructions in the hypervisor, but for "
                 "looking for work"),
    IN_ALL: ("instructions", "instructions in all"),
    "exits": ("exits", "exits from guests"),
    **{"exits-" + reason.lower(): ("exits", f"exits by {reason}")
       for reason in REASONS},
    **{name: ("calls", f"hypercalls {number}")
       for name, number in HYPERCALLS.items()},
    "spins": ("turns", "turns of waiting for a lock of the hypervisor"),
    "notifications": ("events", "event channel sends"),
    "grant-maps": ("pages", "grants mapped"),
    "grant-copies": ("copies", "grants copied from or to"),
    "copied-bytes": ("bytes", "bytes that the hypervisor copied between "
                              "domains"),
}


def machine_of(name):
    return "count-all" if name == IN_ALL else "count"


def measures():
    return [Measure(f"{workload}.{name}", unit, "lower", "count",
                    f"{note} per {work.unit}; {work.options}", PEERS,
                    f"{workload}.{machine_of(name)}",
                    work.quick and name != IN_ALL)
            for workload, work in WORKLOADS.items()
            for name, (unit, note) in COUNTS.items()]


# --- What the machine needs: as the lab's own modules have it ---------------

def plain(wanted, area):
    """Our measures as that module's, without what is counted."""
    names = {measure.name.rpartition(".")[0]: measure for measure in wanted}
    return [measure._replace(name=name) for name, measure in names.items()
            if name.startswith(area)]


def offered(lab, module, part):
    """Whether the module itself sees to that device of our guest."""
    return any(part in measure.name and
               measure.name.endswith(f".v{GUEST_VCPUS}")
               for measure in lab.measures_of(module))


def prepare(lab, peer, wanted):
    if not offered(lab, block, BLOCK):
        block.prepare(lab, peer, plain(wanted, "blk"))
    if not offered(lab, network, NET):
        network.prepare(lab, peer, plain(wanted, "net"))


def guest_disks(wanted, peer, guest, kind):
    if offered(peer.lab, block, BLOCK):
        return []
    return block.guest_disks(plain(wanted, "blk"), peer, guest, kind)


def guest_lines(wanted, peer):
    if offered(peer.lab, network, NET):
        return []
    return network.guest_lines(plain(wanted, "net"), peer)


COUNTERS = {}


def machine(lab, peer_name, key):
    """The machine and what counts in it."""
    label = f"{peer_name}-{key}"
    if label not in lab.machines:
        plugin = count.Plugin(peer_name, lab.boot.build, **PLUGINS[key])
        atexit.register(plugin.__exit__)
        COUNTERS[label] = plugin.__enter__()
    peer = lab.peer(peer_name, COUNTERS[label].arguments(MEMORY), key)
    return peer, COUNTERS[label]


# --- Work ------------------------------------------------------------------

def disk_work(peer, guest, work, amount):
    """Requests done."""
    text = peer.guest_sh(guest, block.fio(
        block.DEVICES[BLOCK].path, f"{work.options} --norandommap "
        f"--number_ios={amount}"), LIMIT_S).text
    job = answer(text)["jobs"][0]
    return job["read"]["total_ios"] + job["write"]["total_ios"]


def net_work(peer, guest, work, amount):
    """MiB received."""
    network.Ends.address_up(peer, guest, 10 + GUEST_VCPUS)
    text = peer.guest_sh(guest, f"iperf3 -c 10.0.0.1 -p 5201 -n {amount}M "
                         f"{work.options} -J", LIMIT_S).text
    return answer(text)["end"]["sum_received"]["bytes"] / 1048576


DOERS = {"blk": disk_work, "net": net_work}


def counted(peer, plugin, guest, name, amount):
    """(units of work done, two snapshots around it)."""
    doer, work = DOERS[name.partition(".")[0]], WORKLOADS[name]
    before, after = f"{name} {amount} begin", f"{name} {amount} end"
    try:
        plugin.snap(before, calls=True)
        done = doer(peer, guest, work, amount)
        plugin.snap(after, calls=True)
        return done, plugin.between(before, after)
    except (ValueError, KeyError, IndexError, count.CountError) as error:
        raise JobFailed(f"{peer.name}: '{name}': {error}") from error


def paths(row):
    """{path: (instructions, entries)} of a snapshot's call tree."""
    out = collections.defaultdict(lambda: [0, 0])
    for path, insns, entries in row.get("calls", ()):
        out[path][0] += insns
        out[path][1] += entries
    return out


def under(tree, place, which):
    """A sum over the paths to a function, below a caller if one is named."""
    caller, function = place
    return sum(numbers[which] for path, numbers in tree.items()
               if path.rpartition(";")[2] == function
               and (not caller or caller in path.split(";")))


def figures(peer_name, before, after):
    """All of COUNTS between two snapshots."""
    delta = count.delta(before, after)
    trees = paths(before), paths(after)

    def grown(place, which):
        return under(trees[1], place, which) - under(trees[0], place, which)
    return {
        "hv-insns": delta["hv"] - delta["idle"], "insns": delta["insns"],
        "exits": delta["vmruns"], "spins": delta["spins"],
        **{"exits-" + reason.lower(): delta["exits"].get(reason, 0)
           for reason in REASONS},
        **{name: delta["exits"].get(f"hypercall {number}", 0)
           for name, number in HYPERCALLS.items()},
        **{name: grown(place, 1)
           for name, place in ENTRIES[peer_name].items()},
        "copied-bytes": BYTES_AN_INSTRUCTION * grown(COPIES[peer_name], 0),
    }


def run(lab, peer_name, wanted):
    name, _, what = wanted[0].name.rpartition(".")
    peer, plugin = machine(lab, peer_name, machine_of(what))
    guest = peer.guest(GUEST_VCPUS)
    work = WORKLOADS[name]
    counted(peer, plugin, guest, name, work.least)  # warms up
    few, rows = counted(peer, plugin, guest, name, work.least)
    little = figures(peer_name, *rows)
    many, rows = counted(peer, plugin, guest, name, work.most)
    much = figures(peer_name, *rows)
    if many <= few:
        raise JobFailed(f"{peer_name}: '{name}': {many} {work.unit}s are not "
                        f"more than {few}")
    values = {row.name: (much[what] - little[what]) / (many - few)
              for row in wanted for what in [row.name.rpartition(".")[2]]}
    return Result(values, *details(peer_name, name, count.delta(*rows)))


def details(peer_name, name, delta):
    """Histograms and files: waits for a CPU, a flame graph."""
    waits = {f"{name}.wake-to-run": count.waits_histogram(delta)}
    if not delta["stacks"]:
        return waits, {}
    return waits, {f"{name}.{peer_name}.flame.svg": flame.svg(
        delta["stacks"], f"{name} on {peer_name}").encode()}
