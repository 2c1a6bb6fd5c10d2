"""The soak: guests under mixed I/O while everything around them changes.

Every block written is read back and compared, by the guest that wrote it and
by the guest that gets the disk afterwards; every byte received is checked by
both ends of a stream. What is random follows from the seed.
"""
import collections
import random
import time

from lab.errors import JobFailed
from lab.lab import TOOLS
from lab.station import script

SLOTS = 3
ROAMING = 2
DISK_MIB = 8
STREAM_MIB = 2
GUEST_MEM = 160
JOB_LIMIT_S = 120
# How the random actions are weighed against each other.
WEIGHTS = {"work": 12, "pause": 3, "unpause": 6, "attach": 3, "detach": 2,
           "create": 4, "destroy": 1}


class Guest:
    """One guest that is up."""

    def __init__(self, slot, name):
        self.slot = slot
        self.name = name
        self.paused = False
        self.roaming = None
        self.job = None
        self.disk = None


class Disk:
    """A disk in dom0; seed is that of what it holds, None if unknown."""

    def __init__(self, node, vdev):
        self.node = node
        self.vdev = vdev
        self.seed = None
        self.guest = None

    def line(self):
        return (f"format=raw, vdev={self.vdev}, access=rw, "
                f"script=/ts/hotplug, target={self.node}")


class Soak:
    """One hypervisor's soak; report() is what came of it."""

    def __init__(self, peer, seed, minutes, view):
        self.peer = peer
        self.seed = seed
        self.random = random.Random(seed)
        self.until = time.monotonic()
        self.minutes = minutes
        self.view = view
        self.counts = collections.Counter()
        self.errors = []
        self.guests = [None] * SLOTS
        self.disks = [Disk(f"/dev/ram{slot}", "xvdb") for slot in
                      range(SLOTS)]
        self.roaming = [Disk(f"/dev/ram{SLOTS + number}", "xvdc")
                        for number in range(ROAMING)]
        self.names = 0
        self.checksum = None
        self.before = self.after = None

    def run(self):
        self.start()
        self.until = time.monotonic() + self.minutes * 60
        while time.monotonic() < self.until:
            self.step()
        self.end()

    def start(self):
        peer = self.peer
        peer.do("lab_tools && lab_bridge")
        peer.do(f"lab_ram {SLOTS + ROAMING} {DISK_MIB}", 120)
        self.checksum = peer.do(f"lab_stream {STREAM_MIB}").text.strip()
        # What dom0 keeps from its first guest on is not lost.
        self.create()
        self.destroy()
        peer.do("lab_gone")
        self.before = self.state()

    def step(self):
        possible = [name for name in WEIGHTS if self.can(name)]
        name = self.random.choices(
            possible, [WEIGHTS[each] for each in possible])[0]
        self.view.at(f"soak: {name}", self.peer.name,
                     self.until - time.monotonic())
        getattr(self, name)()
        self.counts[name] += 1

    def can(self, name):
        if name in ("create", "attach"):
            return bool(getattr(self, "may_" + name)())
        return bool(self.able(name))

    def up(self):
        return [guest for guest in self.guests if guest]

    def may_create(self):
        return None in self.guests

    def may_attach(self):
        return [(guest, disk) for guest in self.up() for disk in self.roaming
                if not guest.paused and not guest.roaming and not disk.guest]

    def able(self, name):
        """The guests to which something may happen."""
        up = self.up()
        running = [guest for guest in up if not guest.paused]
        return {
            "work": running,
            "pause": running if len(running) > 1 else [],
            "unpause": [guest for guest in up if guest.paused],
            "detach": [guest for guest in running if guest.roaming],
            "destroy": up if len(up) > 1 or not self.before else [],
        }[name]

    def some(self, name):
        return self.random.choice(self.able(name))

    def create(self):
        slot = self.random.choice([slot for slot in range(SLOTS)
                                   if not self.guests[slot]])
        self.names += 1
        guest = Guest(slot, f"soak{self.names}")
        self.peer.do(
            f"lab_guest {guest.name} {GUEST_MEM} "
            f"{self.random.choice((1, 2))} \"disk = [ '{TOOLS}', "
            f"'{self.disks[slot].line()}' ]\" "
            "\"vif = [ 'bridge=xenbr0,script=/ts/hotplug' ]\"", JOB_LIMIT_S)
        self.guests[slot] = guest
        self.peer.put(guest.name, "/tmp/soak.sh", script("soak.sh"))
        self.peer.guest_sh(guest.name, f"ifconfig eth0 10.0.0.{10 + slot} "
                           "netmask 255.255.255.0")

    def destroy(self):
        """At any time: what was being written is unknown afterwards."""
        guest = self.some("destroy")
        self.peer.do(f"guest_stop {guest.name}", JOB_LIMIT_S)
        if guest.job:
            guest.disk.seed = None
            self.counts["cut off"] += 1
        if guest.roaming:
            guest.roaming.guest = None
        self.guests[guest.slot] = None

    def pause(self):
        guest = self.some("pause")
        self.peer.do(f"xl pause {guest.name}")
        guest.paused = True

    def unpause(self):
        guest = self.some("unpause")
        self.peer.do(f"xl unpause {guest.name}")
        guest.paused = False

    def attach(self):
        guest, disk = self.random.choice(self.may_attach())
        self.peer.do(f"xl block-attach {guest.name} '{disk.line()}'",
                     JOB_LIMIT_S)
        guest.roaming, disk.guest = disk, guest

    def detach(self):
        guest = self.some("detach")
        self.settle(guest)
        self.peer.do(f"xl block-detach {guest.name} {guest.roaming.vdev}",
                     JOB_LIMIT_S)
        guest.roaming.guest = None
        guest.roaming = None

    def work(self):
        """Hand a guest something to do, after what it did before."""
        guest = self.some("work")
        self.settle(guest)
        disk = guest.roaming if guest.roaming and self.random.random() < 0.5 \
            else self.disks[guest.slot]
        known = disk.seed is not None and self.random.random() < 0.5
        if not known:
            disk.seed = self.random.randrange(1, 1 << 30)
        guest.disk = disk
        guest.job = self.peer.begin(
            f"to:{guest.name}", f". /tmp/soak.sh; soak_work /dev/{disk.vdev} "
            f"{DISK_MIB} {disk.seed} {'verify' if known else 'write'}")

    def settle(self, guest):
        """What a guest was doing is done, and was right."""
        if not guest.job:
            return
        job = self.peer.finish(guest.job, JOB_LIMIT_S, f"work of {guest.name}")
        guest.job = None
        words = job.text.split()
        if job.status or len(words) != 6 or words[0] != "soak":
            guest.disk.seed = None
            self.errors.append(f"{guest.name}: {guest.disk.vdev}: "
                               f"{job.text.strip()[-300:]}")
            return
        written, verified, received = map(int, words[1:4])
        self.counts["blocks written"] += written
        self.counts["blocks verified"] += verified
        self.counts["bytes received"] += received
        if verified != DISK_MIB * 256:
            self.errors.append(f"{guest.name}: {verified} of "
                               f"{DISK_MIB * 256} blocks were verified")
        if set(words[4:]) != {self.checksum}:
            self.errors.append(f"{guest.name}: the stream's checksum is "
                               f"{words[4]}, sent back {words[5]}, not "
                               f"{self.checksum}")

    def end(self):
        """Everything stops in good order, and nothing was lost."""
        for guest in self.up():
            if guest.paused:
                self.peer.do(f"xl unpause {guest.name}")
                guest.paused = False
            self.settle(guest)
            self.peer.do(f"guest_stop {guest.name}", JOB_LIMIT_S)
            self.guests[guest.slot] = None
        self.peer.do("lab_gone")
        self.after = self.state()
        self.compare()

    def state(self):
        words = self.peer.do("lab_state").text.split()
        return dict(zip(("free MiB", "domains", "xenstore entries",
                         "libxl entries", "kernel complaints"),
                        map(int, words)))

    def compare(self):
        for name, was in self.before.items():
            if self.after.get(name) != was:
                self.errors.append(f"{name}: {was} before, "
                                   f"{self.after.get(name)} afterwards")

    def report(self):
        return {"seed": self.seed, "minutes": self.minutes,
                "counts": dict(self.counts), "before": self.before,
                "after": self.after, "errors": self.errors}


def soak(lab, name, seed, minutes, view):
    """A whole soak of one hypervisor; what failed is in the report."""
    done = None
    try:
        done = Soak(lab.peer(name), seed, minutes, view)
        done.run()
    except JobFailed as error:
        if not done:
            return {"seed": seed, "errors": [str(error)]}
        done.errors.append(str(error))
    return done.report()
