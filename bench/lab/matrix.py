"""What is measured: the rows that modules offer, and choosing among them."""
import collections
import fnmatch

# Who can be measured. xen-pv: upstream with a paravirtual dom0, which nobody
# else here can boot. none: plain Linux.
PEERS = ("ours", "xen", "xen-pv", "none")
# Those with guests, and those whose dom0 is driven like ours.
PLATFORMS = ("ours", "xen", "xen-pv")
PVH = ("ours", "xen")

# name: area.device.workload.vN, micro.OPERATION.MEASURE, ...
# kind: "time" (noise moves it) or "count" (noise does not).
# peers: on which it can be taken.
# batch: measures of one module with the same batch are taken together.
# quick: whether the quick profile takes it when nothing is asked for.
Measure = collections.namedtuple(
    "Measure", "name unit better kind note peers batch quick",
    defaults=("time", "", PEERS, None, True))


class Result:
    """What one run of a batch on one peer brought.

    values: {measure: number or list of numbers}; histograms: {measure:
    [[upper bound in microseconds, count], ...]}; raw: {file name: bytes}.
    """

    def __init__(self, values=None, histograms=None, raw=None):
        self.values = values or {}
        self.histograms = histograms or {}
        self.raw = raw or {}


# module: what takes them; measures: those of one batch.
Batch = collections.namedtuple("Batch", "module name measures")


def chosen(measures, args):
    """The measures that the options leave, in their order."""
    out = [row for row in measures if set(row.peers) & set(args.hypervisor)]
    if not (args.only or args.device or args.workload or args.vcpus) \
            and args.profile == "quick":
        out = [row for row in out if row.quick]
    for patterns, part in ((args.only, None), (args.device, 1),
                           (args.workload, 2)):
        if patterns:
            out = [row for row in out
                   if matches(field(row.name, part), patterns)]
    if args.vcpus:
        wanted = {f"v{number}" for number in args.vcpus}
        out = [row for row in out if row.name.split(".")[-1] in wanted]
    return out


def field(name, part):
    """The whole name, or one of its parts between dots ("" if absent)."""
    if part is None:
        return name
    parts = name.split(".")
    return parts[part] if part < len(parts) else ""


def matches(text, patterns):
    return any(fnmatch.fnmatchcase(text, pattern) for pattern in patterns)


def batches(rows):
    """[(module, Measure)] grouped into what is taken together, by the same
    peers."""
    groups = {}
    for module, row in rows:
        key = (module, row.batch or row.name, row.peers)
        groups.setdefault(key, []).append(row)
    return [Batch(module, name, measures)
            for (module, name, _), measures in groups.items()]
