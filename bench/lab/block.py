"""Block devices under fio."""
import collections

from lab.answers import answer, histogram
from lab.errors import JobFailed, Undone
from lab.matrix import PLATFORMS, PVH, Measure, Result

DISK_MIB = 64
# A thin disk is written piece by piece, each piece for the first time.
THIN_MIB = 1024
PIECE_MIB = 4
PIECES_MAX = 80
VCPUS = (1, 2, 4)
FILLED, THIN = "filled", "thin"

# kind: FILLED or THIN. once, each: what dom0 does before any guest, and
# before one; disk: the guest's line of configuration; path: where fio finds
# it; args: QEMU's for a disk of the machine itself; module: its
# drivers; guest: the kind of guest that has it.
Device = collections.namedtuple(
    "Device", "kind path note disk once each archives args module guest",
    defaults=("", "", "", (), (), "", ""))

DRIVE = "if=none,format=raw,cache=writeback,aio=threads"
VIRTIO = "virtio-blk-pci,disable-legacy=on{iommu}"
PHY = "format=raw, access=rw, script=/ts/hotplug, "
# QEMU as a backend takes long to start: its disks are in guests of their own.
QEMU = "-qcow2"
VIRTIO_BLK = "virtio_pci virtio_blk"
HOST = "a file of the host, raw, cache writeback, aio threads"
DEVICES = {
    "blkfront-raw": Device(
        FILLED, "/dev/xvdb", "blkback on a RAM disk, raw, filled",
        PHY + "vdev=xvdb, target=/dev/ram{index}",
        f"lab_ram {{count}} {DISK_MIB}"),
    "blkfront-null": Device(
        FILLED, "/dev/xvdc", "blkback on null_blk",
        PHY + "vdev=xvdc, target=/dev/nullb{index}", "lab_null {count}"),
    "blkfront-thin": Device(
        THIN, "/dev/xvdd", "blkback on a loop device on a sparse file in "
        "tmpfs, raw", PHY + "vdev=xvdd, target=/dev/loop{loop}", "",
        f"lab_thin {{loop}} {THIN_MIB}"),
    "blkfront-qcow2": Device(
        FILLED, "/dev/xvde", "QEMU's xen-qdisk on a file in tmpfs, qcow2, "
        "filled, cache writeback, aio threads",
        "format=qcow2, vdev=xvde, access=rw, target=/tmp/{guest}.qcow2", "",
        f"lab_qcow2 {{guest}} {DISK_MIB}", ("qemu.cpio",), guest=QEMU),
    "blkfront-qcow2-thin": Device(
        THIN, "/dev/xvdf", "QEMU's xen-qdisk on a file in tmpfs, qcow2, "
        "cache writeback, aio threads",
        "format=qcow2, vdev=xvdf, access=rw, target=/tmp/{guest}-thin.qcow2",
        "", f"lab_qcow2_thin {{guest}} {THIN_MIB}",
        ("qemu.cpio",), guest=QEMU),
    "virtio-raw": Device(
        FILLED, "/dev/vda", f"virtio-blk, {HOST}, filled", args=(
            "-drive", f"{DRIVE},id=vraw,file={{filled}}",
            "-device", f"{VIRTIO},drive=vraw"), module=VIRTIO_BLK),
    "virtio-null": Device(
        FILLED, "/dev/vdb", "virtio-blk, QEMU's null-co", args=(
            "-blockdev", "driver=null-co,node-name=vnull,size=1073741824",
            "-device", f"{VIRTIO},drive=vnull"), module=VIRTIO_BLK),
    "virtio-thin": Device(
        THIN, "/dev/vdc", f"virtio-blk, {HOST}, sparse", args=(
            "-drive", f"{DRIVE},id=vthin,file={{sparse}}",
            "-device", f"{VIRTIO},drive=vthin"), module=VIRTIO_BLK),
    "ahci-raw": Device(
        FILLED, "/dev/sda", f"emulated AHCI, {HOST}, filled", args=(
            "-drive", f"{DRIVE},id=sraw,file={{filled2}}",
            "-device", "ide-hd,drive=sraw,bus=ide.0"), module="ahci sd_mod"),
}
# Disks of a kind get their names in this order, so all of them are there.
TOGETHER = ("virtio-raw", "virtio-null", "virtio-thin")

# kind: of the device. figure: what of fio's answer.
Workload = collections.namedtuple("Workload",
                                  "kind unit figure options note quick")


def row(unit, figure, rw, size, depth, more="", quick=False, kind=FILLED):
    return Workload(kind, unit, figure,
                    f"--rw={rw} --bs={size} --iodepth={depth} {more}".strip(),
                    f"fio {rw} {size}, libaio, direct, depth {depth}"
                    + (f", {more}" if more else ""), quick)


WORKLOADS = {
    "randread-4k-qd1": row("IOPS", "iops", "randread", "4k", 1, quick=True),
    "randread-4k-qd32": row("IOPS", "iops", "randread", "4k", 32, quick=True),
    "randwrite-4k-qd1": row("IOPS", "iops", "randwrite", "4k", 1),
    "randwrite-4k-qd32": row("IOPS", "iops", "randwrite", "4k", 32,
                             quick=True),
    "seqread-1m-qd4": row("MiB/s", "mib", "read", "1m", 4, quick=True),
    "seqwrite-1m-qd4": row("MiB/s", "mib", "write", "1m", 4, quick=True),
    "mixed-4k-qd16": row("IOPS", "iops", "randrw", "4k", 16,
                         "--rwmixread=70"),
    "fsync-4k-qd1": row("us", "sync", "randwrite", "4k", 1, "--fsync=1"),
    "firstwrite-64k-qd4": row("MiB/s", "mib", "write", "64k", 4, kind=THIN),
    "rewrite-64k-qd4": row("MiB/s", "mib", "write", "64k", 4, kind=THIN),
}
QUICK_DEVICES = ("blkfront-raw",)


def measures():
    out = []
    for device, kind in DEVICES.items():
        for vcpus in VCPUS:
            peers = PLATFORMS if kind.disk else (
                *PVH, "none") if vcpus == 2 else ("none",)
            for name, work in WORKLOADS.items():
                if work.kind != kind.kind:
                    continue
                out.append(Measure(
                    f"blk.{device}.{name}.v{vcpus}", work.unit,
                    "lower" if work.figure == "sync" else "higher", "time",
                    f"{work.note}; {kind.note}", peers,
                    f"blk.{device}.v{vcpus}" if kind.kind == THIN else None,
                    work.quick and vcpus == 1 and device in QUICK_DEVICES))
    return out


def devices(wanted, peer_name):
    """Names of the devices that a machine needs, in our order."""
    names = {measure.name.split(".")[1] for measure in wanted
             if peer_name in measure.peers}
    if names & set(TOGETHER):
        names |= set(TOGETHER)
    return [name for name in DEVICES if name in names]


def sizes(wanted):
    """The guests that are wanted, by their processors."""
    return sorted({int(measure.name.rpartition("v")[2])
                   for measure in wanted})


def archives(wanted, peer_name):
    return [item for name in devices(wanted, peer_name)
            for item in DEVICES[name].archives]


def kernel(name):
    """Of plain Linux: Debian's cloud kernel knows no AHCI."""
    return "amd64" if name == "ahci-raw" else "cloud"


def machine_args(wanted, peer_name, place):
    """QEMU's arguments for disks of the machine; place(name) is a path."""
    names = [name for name in devices(wanted, peer_name)
             if DEVICES[name].args]
    if not names:
        return []
    files = {"filled": filled(place("filled.img")),
             "filled2": filled(place("filled2.img")),
             "sparse": sparse(place("sparse.img")),
             "iommu": ",iommu_platform=on" if peer_name in PVH else ""}
    return [arg.format(**files) for name in names
            for arg in DEVICES[name].args]


def filled(path):
    block = bytes(range(256)) * 4096
    with open(path, "wb") as handle:
        for _ in range(DISK_MIB):
            handle.write(block)
    return path.replace(",", ",,")


def sparse(path):
    with open(path, "wb") as handle:
        handle.truncate(THIN_MIB << 20)
    return path.replace(",", ",,")


def prepare(lab, peer, wanted):
    """What comes before the guests, and the machine's own disks."""
    count = len(sizes(wanted))
    for name in devices(wanted, peer.name):
        device = DEVICES[name]
        if device.once:
            peer.do(device.once.format(count=count), 120)
        if device.module and peer.kernel in ("dom0", kernel(name)):
            peer.attempt(name, f"lab_disk {device.path} {device.module}")


def guest_disks(wanted, peer, guest, kind):
    """The guest's disks, made ready in dom0."""
    size = int(guest.rpartition("v")[2])
    names = [name for name in devices(wanted, peer.name)
             if DEVICES[name].guest == kind]
    if size not in sizes(wanted):
        return []
    index = sizes(wanted).index(size)
    out = []
    for name in names:
        device = DEVICES[name]
        words = {"guest": guest, "index": index, "loop": index + 1}
        if device.each:
            peer.do(device.each.format(**words), 120)
        if device.disk:
            out.append(device.disk.format(**words))
    return out


def run(lab, peer_name, wanted):
    """Each measure is one run of fio."""
    result = Result()
    device, size = wanted[0].name.split(".")[1::2]
    command = runner(lab, peer_name, device, int(size[1:]))
    if DEVICES[device].kind == THIN:
        thin(lab, command, device, peer_name, wanted, result)
        return result
    for measure in wanted:
        work = WORKLOADS[measure.name.split(".")[2]]
        text = command(fio(DEVICES[device].path, work.options + " "
                           f"--time_based --runtime={lab.seconds * 1000:.0f}"
                           "ms --norandommap"), 30 + lab.seconds)
        take(result, measure.name, peer_name, text, work)
    return result


def runner(lab, peer_name, device, vcpus):
    """f(command, limit) -> output, where the device is."""
    if DEVICES[device].disk:
        peer = lab.peer(peer_name)
        guest = peer.guest(vcpus, DEVICES[device].guest)
        return lambda text, limit: peer.guest_sh(guest, text, limit).text
    if peer_name in PVH and vcpus != lab.smp:
        raise Undone(f"dom0 has {lab.smp} processors, not {vcpus}")
    peer = lab.peer(peer_name, vcpus=vcpus, kernel=kernel(device))
    peer.need(device)
    return lambda text, limit: peer.sh(text, limit).text


def thin(lab, command, device, peer_name, wanted, result):
    """One piece that was never written before is written twice."""
    where = (device, wanted[0].name.rpartition(".")[2])
    peer = lab.peer(peer_name)
    piece = peer.pieces[where]
    if piece >= PIECES_MAX:
        raise Undone(f"the thin disk is full after {PIECES_MAX} samples")
    peer.pieces[where] += 1
    names = {measure.name.split(".")[2]: measure.name for measure in wanted}
    for name in ("firstwrite-64k-qd4", "rewrite-64k-qd4"):
        work = WORKLOADS[name]
        text = command(fio(DEVICES[device].path, work.options + " "
                           f"--offset={piece * PIECE_MIB}m "
                           f"--size={PIECE_MIB}m"), 60)
        if name in names:
            take(result, names[name], peer_name, text, work)


def fio(path, options):
    """The command; its answer is all that it prints."""
    return (f"fio --name=b --filename={path} --ioengine=libaio --direct=1 "
            f"{options} --output-format=json+")


def take(result, name, peer_name, text, work):
    """Sort one answer of fio into the result."""
    try:
        job = answer(text)["jobs"][0]
        value = FIGURES[work.figure](job)
    except (ValueError, KeyError, IndexError) as error:
        raise JobFailed(f"{peer_name}: '{name}': not an answer of fio: "
                        f"{text[-200:]!r} ({error})") from error
    if job.get("error") or not value:
        raise JobFailed(f"{peer_name}: '{name}': fio: error {job['error']}")
    result.values[name] = value
    result.histograms[name] = histogram(job)
    result.raw[f"{name}.{peer_name}.json"] = text.encode()


def iops(job):
    return job["read"]["iops"] + job["write"]["iops"]


def mib(job):
    return (job["read"]["bw_bytes"] + job["write"]["bw_bytes"]) / 1048576


def sync(job):
    return job["sync"]["lat_ns"]["percentile"]["50.000000"] / 1000


FIGURES = {"iops": iops, "mib": mib, "sync": sync}
