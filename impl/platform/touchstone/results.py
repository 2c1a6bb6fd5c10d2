"""Makes the machine-readable result of a run out of what a boot told."""
import collections
import json
import statistics

from touchstone import machines

MIB = 1024 * 1024

# One figure that is compared: path into a result, which way is better, and
# how ours must stand to the peer (ours / peer), or None when only shown.
Metric = collections.namedtuple("Metric", "key title unit better target path")

METRICS = (
    Metric("boot", "power-on to dom0 init", "s", "lower", 0.9,
           ("milestones", "dom0_init_s")),
    Metric("create", "xl create returns", "s", "lower", 0.5,
           ("lifecycle", "create_s")),
    Metric("create_to_init", "xl create to guest init", "s", "lower", 0.7,
           ("lifecycle", "create_to_init_s")),
    Metric("destroy", "xl destroy", "s", "lower", 1.0,
           ("lifecycle", "destroy_s")),
    Metric("randread_qd1", "guest fio 4k random read, depth 1", "IOPS",
           "higher", 1.2, ("guests", 0, "fio", "randread_qd1_iops")),
    Metric("randread_qd16", "guest fio 4k random read, depth 16", "IOPS",
           "higher", 1.2, ("guests", 0, "fio", "randread_qd16_iops")),
    Metric("seqread", "guest fio sequential read", "MB/s", "higher", 1.2,
           ("guests", 0, "fio", "seqread_mbps")),
    Metric("iperf3_up", "iperf3 guest to dom0", "Mbit/s", "higher", 1.2,
           ("guests", 0, "iperf3", "mbps")),
    Metric("iperf3_down", "iperf3 dom0 to guest", "Mbit/s", "higher", 1.2,
           ("guests", 0, "iperf3", "down_mbps")),
    Metric("resident", "memory the hypervisor keeps", "MiB", "lower", 0.25,
           ("memory", "hypervisor_mib")),
    Metric("create_devices", "xl create with disks and network", "s",
           "lower", None, ("guests", 0, "create_s")),
    Metric("destroy_devices", "xl destroy with disks and network", "s",
           "lower", None, ("guests", 0, "destroy_s")),
    Metric("wall", "whole run", "s", "lower", None, ("wall_s",)),
)

# (key, name of the fio result file, field of its first job, factor)
FIO = (
    ("randread_qd1_iops", "fio_randread_qd1", "iops", 1),
    ("randread_iops", "fio_randread_qd16", "iops", 1),
    ("randread_qd16_iops", "fio_randread_qd16", "iops", 1),
    ("seqread_mbps", "fio_seqread", "bw_bytes", 1e-6),
)
IPERF3 = (("mbps", "iperf3_up"), ("down_mbps", "iperf3_down"))
NUMBERS = ("total_memory", "free_memory", "dom0_memory", "nr_cpus")


def result(outcome, found, config):
    """The result of one boot, with the keys that readers rely on."""
    facts = outcome.facts.get("run", {})
    guests = [guest(outcome, name) for name in guest_names(outcome)]
    return {
        "hypervisor": {
            "name": config.hypervisor,
            "title": machines.HYPERVISORS[config.hypervisor].title,
            "version": facts.get("xen_version"),
            "scheduler": facts.get("xen_scheduler"),
        },
        "accelerator": found.accelerator,
        "machine": {
            "qemu": ".".join(map(str, found.version)), "smp": config.smp,
            "memory_mib": config.memory, "options": config.append},
        "milestones": {
            f"{name}_s": rounded(time)
            for name, time in outcome.milestones.items()
            if name in ("hypervisor", "dom0_init", "dom0_tools",
                        "guest_init")},
        "guests": guests,
        "lifecycle": lifecycle(outcome),
        "memory": memory(facts, config),
        **outcome.counts,
        "errors": outcome.errors + missing(outcome, guests),
        "wall_s": rounded(outcome.seconds),
    }


def rounded(value, digits=3):
    return None if value is None else round(value, digits)


def guest_names(outcome):
    """Guests that did the measuring job, by name."""
    return sorted({span.name.split()[1] for span in outcome.spans
                   if span.name.startswith("create g")})


def guest(outcome, name):
    """One measured guest."""
    facts = outcome.facts.get(name, {})
    return {
        "name": name,
        "up": (name, "guest_init") in outcome.marks,
        "finished": outcome.closed.get(name) == 0,
        **times(outcome, name),
        "facts": facts,
        "fio": fio(outcome, name),
        "iperf3": iperf3(outcome, name),
    }


def times(outcome, name):
    """How long a guest's create, start and destroy took."""
    create = outcome.span("create " + name)
    destroy = outcome.span("destroy " + name)
    init = outcome.marks.get((name, "guest_init"))
    return {
        "create_s": rounded(create and create.seconds),
        "create_to_init_s": rounded(
            init - create.start if create and init else None),
        "destroy_s": rounded(destroy and destroy.seconds),
    }


def loaded(outcome, source, name):
    """A result file as JSON, or None when it is missing or no JSON."""
    try:
        return json.loads(outcome.files.get((source, name), b""))
    except ValueError:
        return None


def fio(outcome, source):
    out = {}
    for key, name, field, factor in FIO:
        data = loaded(outcome, source, name)
        if data and data.get("jobs"):
            out[key] = rounded(data["jobs"][0]["read"][field] * factor, 1)
    return out


def iperf3(outcome, source):
    out = {}
    for key, name in IPERF3:
        data = loaded(outcome, source, name)
        end = (data or {}).get("end", {}).get("sum_received")
        if end:
            out[key] = rounded(end["bits_per_second"] * 1e-6, 1)
    return out


def lifecycle(outcome):
    """Medians over the bare guests, with the samples."""
    rounds = [times(outcome, span.name.split()[1]) for span in outcome.spans
              if span.name.startswith("create bare")]
    out = {}
    for key in ("create_s", "create_to_init_s", "destroy_s"):
        samples = [row[key] for row in rounds if row[key] is not None]
        out[key] = rounded(statistics.median(samples)) if samples else None
        out[key + "_samples"] = samples
    return out


def memory(facts, config):
    """What is neither free nor a domain's belongs to the hypervisor.

    Counted against the machine's memory, so that a hypervisor cannot look
    smaller by reporting less of it. MiB is the unit of xl info.
    """
    try:
        free, dom0 = int(facts["free_memory"]), int(facts["dom0_memory"])
    except (KeyError, ValueError):
        return {}
    out = {"machine_mib": config.memory, "free_mib": free, "dom0_mib": dom0,
           "hypervisor_mib": config.memory - free - dom0}
    if "free_memory_end" in facts:
        out["free_end_mib"] = int(facts["free_memory_end"])
    return out


def missing(outcome, guests):
    """What a complete run must have and this one has not."""
    out = []
    if not guests:
        out.append("no guest was created")
    for row in guests:
        if not row["up"]:
            out.append(f"guest {row['name']} did not reach its init")
        for key, name in ((k, n) for k, n, *_ in FIO):
            if key not in row["fio"]:
                out.append(f"guest {row['name']}: no result '{name}'")
        for key, name in IPERF3:
            if key not in row["iperf3"]:
                out.append(f"guest {row['name']}: no result '{name}'")
    if outcome.closed.get("dom0") != 0:
        out.append("the scenario did not end well")
    return out


def at(data, path):
    """The value at a path of keys and indexes, or None."""
    for step in path:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def compare(ours, peer):
    """{metric: {ours, peer, ratio, better, target, verdict}}."""
    out = {}
    for row in METRICS:
        a, b = at(ours, row.path), at(peer, row.path)
        ratio = a / b if a is not None and b else None
        out[row.key] = {"title": row.title, "unit": row.unit, "ours": a,
                        "peer": b, "ratio": rounded(ratio),
                        "better": row.better, "target": row.target,
                        "verdict": verdict(row, ratio)}
    return out


def verdict(row, ratio):
    if ratio is None:
        return "missing"
    if row.target is None:
        return "shown"
    good = (ratio <= row.target if row.better == "lower"
            else ratio >= row.target)
    return "met" if good else "missed"


def combined(runs):
    """The report of one or two runs: {name: result}.

    One: its own keys. Two: those of ours, the other as "peer", and "ratios".
    """
    if len(runs) == 1:
        return next(iter(runs.values()))
    peer = next(run for name, run in runs.items() if name != "ours")
    return {**runs["ours"], "peer": peer,
            "ratios": compare(runs["ours"], peer)}
