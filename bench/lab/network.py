"""Network devices under iperf3, and under fio as a client that waits."""
import collections


from lab.answers import answer, histogram
from lab.errors import JobFailed, Undone
from lab.matrix import PLATFORMS, PVH, Measure, Result
from lab.station import script

VCPUS = (1, 2, 4)
ECHO_PORT = 8765
FIRST_PORT = 8700
PORTS = 900

# kind: vif (guest and dom0), guests (guest and guest), pair (two cards).
Device = collections.namedtuple("Device", "kind module note")

DEVICES = {
    "netfront": Device("vif", None, "netback, bridge, dom0 at the other end"),
    "netfront-guest": Device("guests", None, "netback, bridge, a guest with "
                             "one processor at the other end"),
    "virtio-net": Device("pair", "virtio_pci virtio_net",
                         "two cards on one QEMU hub"),
    "e1000e": Device("pair", "e1000e", "two cards on one QEMU hub"),
}
# QEMU's name of a card, the addresses of the two, and their subnet.
CARDS = {
    "virtio-net": ("virtio-net-pci", "52:54:00:00:01:0", "10.1.1", 1),
    "e1000e": ("e1000e", "52:54:00:00:02:0", "10.1.2", 2),
}

Workload = collections.namedtuple("Workload", "unit better figure options "
                                  "note quick")
WORKLOADS = {
    "tx-p1": Workload("Mbit/s", "higher", "mbit", "-P 1",
                      "iperf3 TCP, one stream", True),
    "tx-p4": Workload("Mbit/s", "higher", "mbit", "-P 4",
                      "iperf3 TCP, four streams", False),
    "rx-p1": Workload("Mbit/s", "higher", "mbit", "-P 1 -R",
                      "iperf3 TCP back, one stream", True),
    "rx-p4": Workload("Mbit/s", "higher", "mbit", "-P 4 -R",
                      "iperf3 TCP back, four streams", False),
    "packets-64": Workload("packets/s", "higher", "packets", "-u -b 0 -l 64",
                           "iperf3 UDP, 64 bytes, as received", True),
    "echo-64": Workload("us", "lower", "echo", "",
                        "fio net pingpong over TCP, 64 bytes, median", True),
}


def measures():
    out = []
    for device, row in DEVICES.items():
        for vcpus in VCPUS:
            for name, work in WORKLOADS.items():
                out.append(Measure(
                    f"net.{device}.{name}.v{vcpus}", work.unit, work.better,
                    "time", f"{work.note}; {row.note}",
                    PLATFORMS if row.kind != "pair" else
                    (*PVH, "none") if vcpus == 2 else ("none",), None,
                    work.quick and vcpus == 1 and (
                        row.kind == "vif" or
                        row.kind == "guests" and name == "tx-p1")))
    return out


def kinds(wanted, peer_name):
    return {measure.name.split(".")[1] for measure in wanted
            if peer_name in measure.peers}


def machine_args(wanted, peer_name, place):
    """The cards that a machine needs."""
    out = []
    for name in sorted(kinds(wanted, peer_name) & set(CARDS)):
        model, address, _, hub = CARDS[name]
        platform = ",iommu_platform=on,disable-legacy=on" \
            if peer_name in PVH and name == "virtio-net" else ""
        for end in (1, 2):
            label = f"{name}{end}"
            out += ["-netdev", f"hubport,id={label},hubid={hub}", "-device",
                    f"{model},netdev={label},mac={address}{end}{platform}"]
    return out


def kernel(name):
    """Of plain Linux: Debian's cloud kernel knows no e1000e."""
    return "amd64" if name == "e1000e" else "cloud"


def prepare(lab, peer, wanted):
    names = kinds(wanted, peer.name)
    if names & {"netfront", "netfront-guest"}:
        peer.do("lab_bridge")
    for name in sorted(names & set(CARDS)):
        _, address, subnet, _ = CARDS[name]
        if peer.kernel not in ("dom0", kernel(name)):
            continue
        peer.attempt(name, f"lab_pair {name} {address}1 {address}2 {subnet} "
                     f"{DEVICES[name].module}")


def guest_lines(wanted, peer):
    if not kinds(wanted, peer.name) & {"netfront", "netfront-guest"}:
        return []
    return ["vif = [ 'bridge=xenbr0,script=/ts/hotplug' ]"]


class Ends:
    """Who sends and who answers in one measure: two shells, an address."""

    def __init__(self, lab, peer_name, device, vcpus):
        kind = DEVICES[device].kind
        if kind == "pair":
            if peer_name in PVH and vcpus != lab.smp:
                raise Undone(f"dom0 has {lab.smp} processors, not {vcpus}")
            self.peer = peer = lab.peer(peer_name, vcpus=vcpus,
                                        kernel=kernel(device))
            peer.need(device)
            self.client = peer.sh
            self.address = CARDS[device][2] + ".2"
            self.server = lambda text: peer.do(
                f"{text} /usr/bin/ip netns exec {device}")
            return
        self.peer = peer = lab.peer(peer_name)
        guest = peer.guest(vcpus)
        self.address_up(peer, guest, 10 + vcpus)
        self.client = lambda text, limit: peer.guest_sh(guest, text, limit)
        self.address = "10.0.0.1"
        self.server = peer.do
        if kind == "guests":
            other = peer.guest(1, "-peer")
            if self.address_up(peer, other, 2):
                peer.put(other, "/tmp/pair.sh", script("pair.sh"))
                peer.guest_sh(other, "iperf3 -s -D -p 5201")
            self.address = "10.0.0.2"
            self.server = lambda text: peer.guest_sh(
                other, f". /tmp/pair.sh; {text}")

    @staticmethod
    def address_up(peer, guest, number):
        """Once per guest; whether this was the first time."""
        if ("address", guest) in peer.ready:
            return False
        peer.guest_sh(guest, f"ifconfig eth0 10.0.0.{number} netmask "
                      "255.255.255.0")
        peer.ready.add(("address", guest))
        return True


def run(lab, peer_name, wanted):
    result = Result()
    for measure in wanted:
        _, device, workload, size = measure.name.split(".")
        ends = Ends(lab, peer_name, device, int(size[1:]))
        work = WORKLOADS[workload]
        measured = echo if work.figure == "echo" else iperf
        text, value, bins = measured(lab, ends, work, measure.name)
        result.values[measure.name] = value
        if bins:
            result.histograms[measure.name] = bins
        result.raw[f"{measure.name}.{peer_name}.json"] = text.encode()
    return result


def iperf(lab, ends, work, name):
    seconds = max(1, round(lab.seconds))
    job = ends.client(f"iperf3 -c {ends.address} -p 5201 -t {seconds} "
                      f"{work.options} -J", 30 + seconds)
    try:
        end = answer(job.text)["end"]
        return job.text, FIGURES[work.figure](end), None
    except (ValueError, KeyError, ZeroDivisionError) as error:
        raise JobFailed(f"{ends.peer.name}: '{name}': not an answer of "
                        f"iperf3: {job.text[-200:]!r} ({error})") from error


def mbit(end):
    return end["sum_received"]["bits_per_second"] / 1e6


def packets(end):
    done = end["sum"]
    return (done["packets"] - done["lost_packets"]) / done["seconds"]


FIGURES = {"mbit": mbit, "packets": packets}


def echo(lab, ends, work, name):
    """A port of its own each time: the last one rests for a minute."""
    ends.peer.port = FIRST_PORT + (ends.peer.port + 1 - FIRST_PORT) % PORTS
    ends.server(f"lab_echo {ends.peer.port}")
    job = ends.client(
        "fio --name=e --ioengine=net --protocol=tcp "
        f"--hostname={ends.address} --port={ends.peer.port} --rw=write "
        f"--bs=64 --size=1g --pingpong=1 --time_based "
        f"--runtime={int(lab.seconds * 1000)}ms --output-format=json+",
        30 + lab.seconds)
    try:
        done = answer(job.text)["jobs"][0]
        middle = done["write"]["clat_ns"]["percentile"]["50.000000"] / 1000
    except (ValueError, KeyError, IndexError) as error:
        raise JobFailed(f"{ends.peer.name}: '{name}': not an answer of fio: "
                        f"{job.text[-200:]!r} ({error})") from error
    return job.text, middle, histogram(done, ("write",))
