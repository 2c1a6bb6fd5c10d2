"""Boots the machines that are compared, all under the same QEMU line."""
import os
import platform
import re

from lab.errors import LabError
from lab.peer import Peer
from touchstone import images, machines, qemu

DOM0_MEM = 1024
MEMORY = 3072
PLAIN_MEMORY = 1024
# A machine that is stopped keeps its clock as well.
CLOCK = ("-rtc", "clock=vm")
HERE = os.path.dirname(os.path.abspath(__file__))

PAIR = "ts/agent.d/pair.sh"
# Peers that are a hypervisor with other options; the last one counts.
OPTIONS = {"xen-pv": ("xen", "dom0=pv")}
NEEDED = {
    "ours": ("touchstone.elf", "vmlinux", "dom0.cpio"),
    "xen": ("xen.elf", "vmlinux", "dom0.cpio"),
    "xen-pv": ("xen.elf", "vmlinux", "dom0.cpio"),
    "none": ("bench/vmlinuz-cloud", "bench/plain.cpio", "vmlinuz",
             "dom0.cpio"),
}


def script(name):
    with open(os.path.join(HERE, "agent", name), "rb") as handle:
        return handle.read()


def check(boot, peer):
    """LabError when a file of that peer was not built."""
    for name in NEEDED[peer]:
        try:
            boot.path(name)
        except images.ImageMissing as error:
            package = ": it comes from Debian's xen-hypervisor-4.17-amd64" \
                if name == "xen.elf" else ""
            raise LabError(f"{error}{package}") from error


class Station:
    """Where machines are started from: QEMU, boot files, two folders."""

    def __init__(self, found, boot, scratch, logs, scale, smp, files):
        self.found = found
        self.boot = boot
        self.scratch = scratch
        self.logs = logs
        self.scale = scale
        self.smp = smp
        self.files = {"ts/agent.d/lab.sh": script("dom0.sh"),
                      "ts/hotplug": script("hotplug"),
                      PAIR: script("pair.sh"), **files}

    def platform(self, name, label, archives=(), extra=()):
        """A Peer on a hypervisor, not started."""
        hypervisor, more = OPTIONS.get(name, (name, ""))
        initrd = self.place(f"{label}.initrd")
        images.with_files(self.boot.path("dom0.cpio"),
                          [self.boot.path(item) for item in archives],
                          self.files, initrd)
        monitor = self.place(f"{label}.qmp")
        config = qemu.Config(
            hypervisor=hypervisor,
            image=self.boot.path(machines.HYPERVISORS[hypervisor].image),
            kernel=self.boot.path("vmlinux"), initrd=initrd,
            kernel_args="console=hvc0 quiet ts.scenario=agent",
            dom0_mem=DOM0_MEM, append=more, cpu=None, smp=self.smp,
            memory=MEMORY, reboots=False, monitor=monitor,
            extra=CLOCK + tuple(extra))
        return self.peer(name, label, qemu.command(self.found, config),
                         monitor)

    def plain(self, label, vcpus, kernel, extra=()):
        """A Peer that is plain Linux: the guests' kernel, or dom0's."""
        initrd = self.place(f"{label}.initrd")
        images.with_files(self.boot.path(
            "bench/plain.cpio" if kernel == "cloud" else "dom0.cpio"), [],
            {"ts/plain-init": script("plain-init"), PAIR: script("pair.sh")},
            initrd)
        monitor = self.place(f"{label}.qmp")
        kvm = self.found.accelerator == "kvm"
        command = [
            self.found.path, "-accel", "kvm" if kvm else "tcg,thread=multi",
            "-machine", "q35", "-cpu", machines.KVM_MODEL if kvm
            else machines.cpu_model(self.found.version),
            "-smp", str(vcpus), "-m", str(PLAIN_MEMORY), "-display", "none",
            "-monitor", "none", "-nic", "none", "-no-reboot",
            "-chardev", "stdio,id=console,signal=off",
            "-serial", "chardev:console",
            "-qmp", f"unix:{qemu.comma(monitor)},server=on,wait=off",
            *CLOCK, *extra,
            "-kernel", self.boot.path(
                "bench/vmlinuz-cloud" if kernel == "cloud" else "vmlinuz"),
            "-initrd", initrd, "-append",
            # QEMU's TSC is the same on all processors, but says so nowhere.
            "console=ttyS0 quiet panic=-1 tsc=reliable rdinit=/ts/plain-init"]
        machine = self.peer("none", label, command, monitor)
        machine.kernel = kernel
        return machine

    def peer(self, name, label, command, monitor):
        log = open(os.path.join(self.logs, f"console-{label}.log"), "wb")
        return Peer(name, command, log, monitor, self.scale)

    def place(self, name):
        """A path for a file that is gone afterwards."""
        return os.path.join(self.scratch, name)


def machine_id(found):
    """What figures of this machine may be compared with."""
    with open("/proc/cpuinfo") as handle:
        model = re.search(r"model name\s*: (.*)", handle.read())
    cpu = model.group(1) if model else platform.processor() or "unknown"
    cores = os.cpu_count()
    version = ".".join(map(str, found.version))
    text = f"{cpu}-{cores}-{found.accelerator}-{version}"
    return {"id": re.sub(r"[^A-Za-z0-9.]+", "-", text)[:64], "cpu": cpu,
            "cores": cores, "qemu": version,
            "accelerator": found.accelerator,
            "kernel": platform.release()}
