"""The lab itself: machines side by side, one of them running at a time."""
import collections
import tempfile

from lab import plugins, station
from lab.errors import JobFailed, Undone

BOOT_LIMIT_S = 60
# A machine that failed to come up so often is not tried again.
BOOTS_MAX = 2
GUEST_MEM = 256
TOOLS = ("format=raw, vdev=xvda, access=ro, script=/ts/hotplug, "
         "target=/dev/loop0")


class Lab:
    """What modules measure with."""

    def __init__(self, found, boot, scale, folder, seconds, smp, rows):
        self.found = self.qemu = found
        self.boot = boot
        self.scale = scale
        self.folder = folder
        self.seconds = seconds
        self.rows = rows
        self.smp = smp
        self.machines = {}
        self.facts = {}
        self.broken = collections.Counter()
        self.scratch = tempfile.TemporaryDirectory(prefix="touchstone-")
        self.station = station.Station(found, boot, self.scratch.name, folder,
                                       scale, smp, self.files())

    def modules(self):
        return list(dict.fromkeys(module for module, _ in self.rows))

    def measures_of(self, module):
        return [row for owner, row in self.rows if owner is module]

    def files(self):
        """What modules want to find in dom0."""
        out = {}
        for module in self.modules():
            if hasattr(module, "files"):
                out.update(module.files(self.boot.build))
        return out

    def asked(self, what, *args):
        """The items that modules' functions of a name return."""
        return [item for module in self.modules() if hasattr(module, what)
                for item in getattr(module, what)(self.measures_of(module),
                                                  *args)]

    def peer(self, name, extra=(), key="", vcpus=None, kernel="cloud"):
        """The machine of a peer, booted, running, the others paused.

        key names a machine of its own, which may have more arguments for
        QEMU; vcpus and kernel are for plain Linux.
        """
        label = [name, key]
        if name == "none":
            label += [f"v{vcpus or self.smp}", kernel]
        label = "-".join(filter(None, label))
        for other, machine in self.machines.items():
            if other != label:
                machine.pause()
        if self.broken[label] >= BOOTS_MAX:
            raise Undone(f"'{label}' does not come up")
        if label not in self.machines:
            self.start(label, name, extra, vcpus or self.smp, kernel)
        machine = self.machines[label]
        machine.resume()
        return machine

    def start(self, label, name, extra, vcpus, kernel):
        def place(part):
            return self.station.place(f"{label}-{part}")
        extra = [*self.asked("machine_args", name, place), *extra]
        if name == "none":
            machine = self.station.plain(label, vcpus, kernel, extra)
        else:
            machine = self.station.platform(
                name, label, sorted(set(self.asked("archives", name))), extra)
        self.facts.setdefault(name, {"command": machine.command})
        self.machines[label] = machine
        machine.lab = self
        try:
            machine.start(BOOT_LIMIT_S)
            self.prepare(machine)
        except JobFailed as error:
            self.drop(machine)
            self.broken[label] += 1
            if self.broken[label] < BOOTS_MAX:
                raise
            raise Undone(f"'{label}' does not come up: {error}") from error

    def prepare(self, machine):
        """Disks and networks that the chosen measures need."""
        for module in self.modules():
            if hasattr(module, "prepare"):
                module.prepare(self, machine, self.measures_of(module))

    def guest(self, machine, vcpus, kind=""):
        """The name of the machine's guest of that size, which is up.

        Guests of another kind have other disks, which modules choose.
        """
        name = f"bench{kind}-v{vcpus}"
        if name not in machine.guests:
            if "tools" not in machine.ready:
                machine.do("lab_tools")
                machine.ready.add("tools")
            disks = [TOOLS, *self.asked("guest_disks", machine, name, kind)]
            lines = ["disk = [ " + ", ".join(f"'{disk}'" for disk in disks)
                     + " ]", *self.asked("guest_lines", machine)]
            words = " ".join('"' + line + '"' for line in lines)
            machine.do(f"lab_guest {name} {GUEST_MEM} {vcpus} {words}",
                       BOOT_LIMIT_S)
            machine.guests[name] = vcpus
        return name

    def drop(self, machine):
        """End a machine that failed; the next who asks boots it again."""
        machine.stop()
        for label in [label for label, other in self.machines.items()
                      if other is machine]:
            del self.machines[label]

    def drop_all(self, name):
        for machine in list(self.machines.values()):
            if machine.name == name:
                self.drop(machine)

    def close(self):
        for machine in list(self.machines.values()):
            self.drop(machine)
        self.scratch.cleanup()


def rows(modules=None):
    """[(module, Measure)] of everything that can be measured."""
    return [(module, measure) for module in modules or plugins.modules()
            for measure in module.measures()]
