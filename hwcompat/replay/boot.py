"""Boots a machine with given firmware under QEMU and tells how it ended:
up, refused (with its line), panic (with its reason), slow (still talking when
time was up), silent, or reset."""
import collections
import os
import re

import adapt
import firmware
import records
from touchstone import machines, qemu
from touchstone.console import Line
from touchstone.machine import Machine, MachineTimeout

KERNELS = ("ours", "xen", "linux")
CPUS_MAX = 4
MEMORY_MIB = 1024
LIMIT_S = 60
STRUCTURES_MAX = 64
# Structures that describe the machine and not its firmware's insides.
SMBIOS_TYPES = (0, 1, 2, 3, 4, 9, 11, 16, 17, 19, 32)
TAIL_LINES = 12
SILENT_S = 15
OVMF = "/usr/share/OVMF/OVMF_CODE.fd"

Result = collections.namedtuple(
    "Result", "record title kernel outcome reasons facts adaptations seconds "
    "accelerator tail")
# image and modules of a kernel, its options, its CPU model.
Kernel = collections.namedtuple("Kernel", "image modules options cpu")


class BootError(Exception):
    """Something that a boot needs is missing."""


LINUX = "panic=-1 quiet=0 printk.time=0 random.trust_cpu=on"
KERNEL_ROWS = {
    "ours": Kernel("touchstone.elf", ("dom0/vmlinuz", "up.cpio"),
                   "console=com1 com1=115200 dom0_mem=512M noreboot "
                   "spare_boot_cpu", None),
    # A control domain that is paravirtual: PVH would ask for an IOMMU.
    "xen": Kernel("dom0/xen.elf", ("dom0/vmlinuz", "up.cpio"),
                  "console=com1 com1=115200 dom0_mem=512M loglvl=warning "
                  "noreboot iommu=0", "Nehalem-v1"),
    "linux": Kernel("dom0/vmlinuz", ("up.cpio",),
                    "console=ttyS0 " + LINUX, "max"),
}

# (what a line has to match, the outcome, the group that says why)
ENDS = (
    (re.compile(r"@up (.*)"), "up"),
    (re.compile(r"Kernel panic - not syncing: (.*)"), "panic"),
    (re.compile(r"^\(XEN\) Panic on CPU \d+:(.*)"), "panic"),
    (re.compile(r"^\(TS\).*?\] (panic.*)", re.I), "panic"),
    (re.compile(r"^\(TS\).*?\] (d0 crashed.*)"), "panic"),
    (re.compile(r"^halted \(option noreboot\)"), "refused"),
)
# What says that a defect was seen and worked around.
HINTS = re.compile(r"(firmware|ACPI|MADT|SRAT|SLIT|HPET|MCFG|e820|BIOS).*"
                   r"(bug|error|warn|invalid|ignor|bad|broken|wrong|beyond|"
                   r"refus)", re.I)
HINTS_MAX = 12
# A hypervisor's line that is no panic: its reason for not going on.
OURS_SAYS = re.compile(r"^\(TS\) \[[ .\d]*\] (?!panic)(.+)")


def path_of(build, name):
    path = os.path.join(build, name)
    if not os.path.exists(path):
        raise BootError(f"cannot find '{path}': run 'make all dom0' first")
    return path


def comma(text):
    return text.replace(",", ",,")


def modules(kernel, row, build):
    """-kernel, -append, -initrd for a hypervisor or for Linux itself."""
    paths = [comma(path_of(build, m)) for m in row.modules]
    if kernel == "linux":
        return ["-kernel", path_of(build, row.image), "-append", row.options,
                "-initrd", paths[0]]
    paths[0] += " console=hvc0 earlyprintk=xen " + LINUX
    return ["-kernel", path_of(build, row.image), "-append", row.options,
            "-initrd", ",".join(paths)]


# --- The CPU ----------------------------------------------------------------
def signature(eax):
    family, model = eax >> 8 & 15, eax >> 4 & 15
    if family in (6, 15):
        model |= eax >> 12 & 0xf0
    if family == 15:
        family += eax >> 20 & 0xff
    return family, model, eax & 15


def cpu_model(record, kernel, version, said):
    base = KERNEL_ROWS[kernel].cpu or machines.cpu_model(version)
    if not record.signature:
        return base
    family, model, stepping = signature(record.signature)
    if record.vendor != "AuthenticAMD" and kernel == "ours":
        said.append(f"CPU: AMD with SVM instead of {record.vendor} family "
                    f"{family}: the hypervisor has no VMX")
        return base
    name = re.sub(r"[^\w .()@-]", "", record.brand)[:47]
    said.append("CPU: named as recorded; features are those that QEMU "
                "emulates")
    return (f"{base},vendor={record.vendor},family={family},model={model},"
            f"stepping={stepping}" + (f",model-id={name}" if name else ""))


def enabled_cpus(tables):
    """How many CPUs the MADT enables; 0 without one."""
    for t in tables:
        if t.signature == "APIC":
            return sum(
                1 for kind, e in adapt.entries(t.data, 44)
                if kind in (0, 9) and len(e) >= 8 and
                e[4 if kind == 0 else 8 if len(e) > 8 else 4] & 1)
    return 0


# --- Firmware ---------------------------------------------------------------
def smbios_arguments(data, place):
    """-smbios for each structure; QEMU takes one structure in a file."""
    arguments = []
    for i, (kind, whole, _, _) in enumerate(records.structures(data)):
        if kind not in SMBIOS_TYPES or len(arguments) >= 2 * STRUCTURES_MAX:
            continue
        path = os.path.join(place, f"smbios-{i}")
        with open(path, "wb") as f:
            f.write(whole)
        arguments += ["-smbios", f"file={path}"]
    return arguments


def memory_arguments(record, options, place, said):
    if options.no_memory_map or not record.memory:
        return []
    if options.firmware == "uefi":
        said.append("memory: the map is the UEFI firmware's own")
        return []
    ranges = record.memory
    if not options.raw:
        ranges, more = adapt.memory(ranges, options.memory << 20)
        said += more
    if len(ranges) > firmware.ROM_ENTRY * 8:
        ranges = ranges[:firmware.ROM_ENTRY * 8]
        said.append(f"memory: the first {len(ranges)} ranges")
    path = os.path.join(place, "e820.rom")
    with open(path_of(options.build, "e820.bin"), "rb") as f:
        rom = firmware.e820_rom(f.read(), ranges)
    with open(path, "wb") as f:
        f.write(rom)
    return ["-option-rom", path]


# What a machine of the zoo has besides tables: sums that stay wrong,
# addresses that the root tables name, options of QEMU's machine.
Oddities = collections.namedtuple("Oddities", "sums extra machine",
                                  defaults=((), (), ()))


def firmware_arguments(record, options, cpus, place, said, odd):
    if options.raw:
        tables = record.tables
    else:
        tables, more = adapt.tables(record, cpus)
        said += more
    if not tables:
        said.append("ACPI: QEMU's own tables, the record has none")
        return []
    files = firmware.acpi_files(tables, odd.sums, odd.extra)
    return firmware.write_all(files, place)


def command(record, options, emulator, place, said, odd=Oddities()):
    row = KERNEL_ROWS[options.kernel]
    wanted = enabled_cpus(record.tables) or record.cpus or 1
    cpus = max(1, min(wanted, options.cpus))
    if cpus < wanted:
        said.append(f"CPU: {cpus} of {wanted}")
    tables = firmware_arguments(record, options, cpus, place, said, odd)
    machine = ",".join(["q35", *(["acpi=off"] if tables else []),
                        *odd.machine])
    bios = ["-bios", OVMF] if options.firmware == "uefi" else []
    model = cpu_model(record, options.kernel, emulator.version, said)
    return [emulator.path, "-accel", "tcg,thread=multi", "-machine", machine,
            "-cpu", model, "-smp", str(cpus), "-m", str(options.memory),
            "-nodefaults", "-display", "none", "-no-reboot", "-serial",
            "stdio", *bios, *tables, *smbios_arguments(record.smbios, place),
            *memory_arguments(record, options, place, said),
            *modules(options.kernel, row, options.build)]


# --- Watching ---------------------------------------------------------------
class Watch:
    """Sorts console lines until one tells the end."""

    def __init__(self):
        self.outcome, self.reasons, self.facts = None, [], {}
        self.hints = []
        self.tail = collections.deque(maxlen=TAIL_LINES)
        self.last = 0.0

    def take(self, event):
        if not isinstance(event, Line) or not event.text.strip():
            return
        self.last = event.time
        if self.outcome == "panic":  # upstream Xen's reason is a line of its own
            self.reasons = [event.text.replace("(XEN)", "").strip()]
            return
        before = self.tail[-1] if self.tail else ""
        self.tail.append(event.text)
        if HINTS.search(event.text) and len(self.hints) < HINTS_MAX:
            self.hints.append(event.text.strip())
        for pattern, outcome in ENDS:
            found = pattern.search(event.text)
            if found:
                # A refusal is one line, and the machine halts behind it.
                self.end(outcome, found, before if outcome == "refused"
                         else event.text)
                return

    def end(self, outcome, found, text):
        if self.outcome:
            return
        self.outcome = outcome
        reason = found.group(1).strip() if found.groups() else text.strip()
        if outcome == "up":
            self.facts = dict(re.findall(r"(\w+)=(.*?)(?= \w+=|$)", reason))
        else:
            self.reasons = [reason] if reason or outcome == "panic" \
                else [text.strip()]

    def complete(self):
        """Is the end told, and its reason?"""
        return self.outcome and (self.outcome != "panic" or any(self.reasons))

    def ended(self, complaint):
        """The machine ended by itself: refused, when it had said why."""
        last = OURS_SAYS.match(self.tail[-1]) if self.tail else None
        self.outcome = "refused" if last else "reset"
        self.reasons = [self.tail[-1] if last else
                        complaint or "the machine ended without a word"]

    def unfinished(self, seconds):
        """No line told the end, and time is up."""
        talking = seconds - self.last < SILENT_S
        self.outcome = "slow" if talking else "silent"
        self.reasons = [f"no end after {seconds:.0f} s; last: "
                        f"{self.tail[-1] if self.tail else 'nothing'}"]


def watch(arguments, limit_s, log):
    seen = Watch()
    with Machine(arguments, log) as machine:
        try:
            for event in machine.events(limit_s):
                seen.take(event)
                if seen.complete():
                    break
            if not seen.outcome:
                seen.ended(machine.complaint())
        except MachineTimeout:
            if not seen.outcome:
                seen.unfinished(machine.seconds())
        seconds = machine.seconds()
    return seen, seconds


def replay(record, options, emulator, place, odd=Oddities()):
    """Boots `record`; a Result."""
    said = []
    arguments = command(record, options, emulator, place, said, odd)
    limit_s = options.limit * (options.slowness or qemu.calibrate(emulator))
    log = open(options.log, "wb") if options.log else None
    try:
        seen, seconds = watch(arguments, limit_s, log)
    finally:
        if log:
            log.close()
    reasons = seen.reasons + ([] if seen.outcome == "up" else seen.hints)
    return Result(record.path, record.title, options.kernel, seen.outcome,
                  reasons, seen.facts, said, round(seconds, 1), "tcg",
                  list(seen.tail))
