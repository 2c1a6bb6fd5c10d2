"""Boots a machine with given firmware under QEMU and tells how it ended:
up, refused (with its line), panic (with its reason), slow (still talking after
three times its limit), silent, or reset."""
import collections
import os
import re

import adapt
import cpus
import firmware
import records
import uefi
from touchstone import machines, qemu
from touchstone.console import Line
from touchstone.machine import Machine, MachineTimeout

KERNELS = ("ours", "xen", "linux")
CPUS_MAX = 4
MEMORY_MIB = 1024
LIMIT_S = 60
STRUCTURES_MAX = 1000
SMBIOS_INACTIVE, SMBIOS_END, SMBIOS_CPU = 126, 127, 4
SMBIOS_CPU_POPULATED = 0x40
SMBIOS_2_MAX = 60000  # and what QEMU adds
TAIL_LINES = 12
PATIENCE = 3  # limits in all, for a machine that goes on talking
OVMF = "/usr/share/OVMF/OVMF_CODE.fd"
FIRMWARES = ("auto", "bios", "uefi")

Result = collections.namedtuple(
    "Result", "record title kernel outcome reasons facts adaptations seconds "
    "accelerator tail")
# image and modules of a kernel, its options, its CPU model.
Kernel = collections.namedtuple("Kernel", "image modules options cpu")


class BootError(Exception):
    """Something that a boot needs is missing."""


LINUX = "panic=-1 loglevel=5 printk.time=0 random.trust_cpu=on"
KERNEL_ROWS = {
    "ours": Kernel("touchstone.elf", ("dom0/vmlinuz", "up.cpio"),
                   "console=com1 com1=115200 dom0_mem=512M noreboot", None),
    # A control domain that is paravirtual: PVH would ask for an IOMMU.
    "xen": Kernel("dom0/xen.elf", ("dom0/vmlinuz", "up.cpio"),
                  "console=com1 com1=115200 dom0_mem=512M loglvl=warning "
                  "noreboot iommu=0", "Nehalem-v1"),
    "linux": Kernel("dom0/vmlinuz", ("up.cpio",),
                    "console=ttyS0", "max"),
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


def modules(kernel, row, build, words):
    """[(path, arguments)]: for a hypervisor the first one is a kernel."""
    paths = [path_of(build, m) for m in row.modules]
    if kernel == "linux":
        return [(paths[0], "")]
    return [(paths[0], "console=hvc0 earlyprintk=xen " + words),
            *((path, "") for path in paths[1:])]


def started_by_bios(row, options, started):
    """-kernel, -append, -initrd: QEMU's own multiboot."""
    return ["-kernel", path_of(options.build, row.image), "-append",
            row.options, "-initrd",
            ",".join(f"{comma(path)} {words}".rstrip()
                     for path, words in started)]


def started_by_uefi(record, row, options, started, files, place, said):
    """OVMF starts a program that imposes map and tables, it GRUB, GRUB the
    kernel."""
    if not os.path.exists(OVMF):
        raise BootError(f"cannot find '{OVMF}': install ovmf")
    rows = []
    if record.memory and not options.no_memory_map:
        rows = uefi.plan(record.efi or uefi.of_e820(record.memory),
                         options.memory << 20, options.raw, said)
    with open(path_of(options.build, "efi-map.bin"), "rb") as f:
        template = f.read()
    grub = uefi.loader(options.kernel == "linux",
                       path_of(options.build, row.image), row.options, started,
                       place)
    path = os.path.join(place, "replay.efi")
    with open(path, "wb") as f:
        f.write(uefi.program(template, rows, files, grub))
    return ["-drive", f"if=pflash,format=raw,readonly=on,file={OVMF}",
            "-kernel", path]


# --- Firmware ---------------------------------------------------------------
def is_populated(structure):
    fields = structure[2]
    return len(fields) > 0x18 and bool(fields[0x18] & SMBIOS_CPU_POPULATED)


def smbios_structures(data, sockets, said):
    """What QEMU takes: as many CPUs as it has sockets, and no end."""
    found = [r for r in records.structures(data)
             if r[0] not in (SMBIOS_INACTIVE, SMBIOS_END)]
    cpu = [i for i, r in enumerate(found) if r[0] == SMBIOS_CPU]
    kept = sorted(cpu, key=lambda i: not is_populated(found[i]))[:sockets]
    if len(kept) < sockets:
        kept = []  # QEMU's own
    if len(kept) < len(cpu):
        said.append(f"SMBIOS: {len(kept)} of {len(cpu)} processors, q35 has "
                    f"{sockets}")
    out = [r for i, r in enumerate(found)
           if r[0] != SMBIOS_CPU or i in kept]
    if len(out) > STRUCTURES_MAX:
        said.append(f"SMBIOS: the first {STRUCTURES_MAX} of {len(out)} "
                    "structures")
    return out[:STRUCTURES_MAX]


def smbios_arguments(data, sockets, place, said):
    """-smbios for each structure; QEMU takes one structure in a file."""
    arguments = []
    for i, row in enumerate(smbios_structures(data, sockets, said)):
        path = os.path.join(place, f"smbios-{i}")
        with open(path, "wb") as f:
            f.write(row[1])
        arguments += ["-smbios", f"file={path}"]
    return arguments


def large_smbios(data, said):
    """More than 64 KiB needs the entry point of SMBIOS 3."""
    if len(data) < SMBIOS_2_MAX:
        return []
    said.append("SMBIOS: with the entry point of version 3, it is large")
    return ["smbios-entry-point-type=64"]


def rom_arguments(record, options, files, place, said):
    """The option ROM: a memory map, and no SMI for what AML writes."""
    ranges = [] if options.no_memory_map else record.memory
    if ranges and not options.raw:
        ranges, more = adapt.memory(ranges, options.memory << 20,
                                    len(files.get("etc/acpi/tables", b"")))
        said += more
    if len(ranges) > firmware.ROM_ENTRIES:
        ranges = ranges[:firmware.ROM_ENTRIES]
        said.append(f"memory: the first {len(ranges)} ranges")
    path = os.path.join(place, "e820.rom")
    with open(path_of(options.build, "e820.bin"), "rb") as f:
        rom = firmware.e820_rom(f.read(), ranges)
    with open(path, "wb") as f:
        f.write(rom)
    return ["-option-rom", path]


# What a machine of the zoo has besides tables: sums that stay wrong,
# addresses that the root tables name, options of QEMU's machine, QEMU's
# arguments, the RSDP's revision.
Oddities = collections.namedtuple(
    "Oddities", "sums extra machine arguments revision",
    defaults=((), (), (), (), 2))


def acpi_files(record, options, ids, said, odd):
    """What firmware.acpi_files() makes of the record; {} without tables."""
    if options.raw:
        tables = record.tables
    else:
        tables, more = adapt.tables(record, ids, options.memory << 20)
        said += more
    if not tables:
        said.append("ACPI: QEMU's own tables, the record has none")
        return {}
    return firmware.acpi_files(tables, odd.sums, odd.extra, odd.revision)


def is_uefi(record, options):
    """A machine whose memory map is UEFI's was started by UEFI."""
    return options.firmware == "uefi" or \
        (options.firmware == "auto" and bool(record.efi))


def emulated_cpus(record, options, said):
    """(topology, whether one CPU is left alone, as TCG needs it)."""
    topology = cpus.of_record(record, list(records.structures(record.smbios)),
                              len(adapt.enabled(record.tables)), options.cpus,
                              said)
    spare = options.kernel == "ours" and cpus.count(topology) > 1
    if spare:
        said.append("CPU: one is left alone, QEMU's TCG spoils the first one")
    return topology, spare


def command(record, options, emulator, place, said, odd=Oddities()):
    row = KERNEL_ROWS[options.kernel]
    topology, spare = emulated_cpus(record, options, said)
    files = acpi_files(record, options, cpus.apic_ids(topology), said, odd)
    names = smbios_arguments(record.smbios, topology.sockets, place, said)
    machine = ",".join(["q35", *(["acpi=off"] if files else []),
                        *large_smbios(record.smbios, said), *odd.machine])
    if spare:
        row = row._replace(options=row.options + " spare_boot_cpu")
    words = LINUX
    if adapt.has_ec(record.tables) and not options.raw:
        words += " acpi.ec_delay=1"
        said.append("EC: its answers are awaited for 1 ms, q35 has none")
    started = modules(options.kernel, row, options.build, words)
    if options.kernel == "linux":
        row = row._replace(options=row.options + " " + words)
    if is_uefi(record, options):
        starting = started_by_uefi(record, row, options, started, files, place,
                                   said)
    else:
        starting = [*firmware.write_all(files, place),
                    *rom_arguments(record, options, files, place, said),
                    *started_by_bios(row, options, started)]
    model = cpus.model(record, row.cpu or machines.cpu_model(emulator.version),
                       options.kernel == "ours", emulator, said)
    return [emulator.path, "-accel", "tcg,thread=multi", "-machine", machine,
            "-cpu", model, "-smp", cpus.smp(topology), "-m",
            str(options.memory), "-nodefaults", "-display", "none",
            "-no-reboot", "-serial", "stdio", *odd.arguments,
            *names, *starting]


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

    def deadline(self, limit_s):
        """A machine has the limit again after each line: firmware whose AML waits
        for devices that are not here says so now and then, and comes up."""
        return min(self.last + limit_s, PATIENCE * limit_s)

    def unfinished(self, seconds, limit_s):
        """No line told the end, and time is up."""
        talking = seconds - self.last < limit_s
        self.outcome = "slow" if talking else "silent"
        self.reasons = [f"no end after {seconds:.0f} s; last: "
                        f"{self.tail[-1] if self.tail else 'nothing'}"]


def watch(arguments, limit_s, log):
    seen = Watch()
    with Machine(arguments, log) as machine:
        listen(machine, seen, limit_s)
        seconds = machine.seconds()
    return seen, seconds


def listen(machine, seen, limit_s):
    """Until the end is told, or the machine says nothing for the limit."""
    while True:
        until = seen.deadline(limit_s)
        try:
            for event in machine.events(until):
                seen.take(event)
                if seen.complete():
                    return
            if not seen.outcome:
                seen.ended(machine.complaint())
            return
        except MachineTimeout:
            if seen.outcome:
                return
            if seen.deadline(limit_s) <= until:
                seen.unfinished(machine.seconds(), limit_s)
                return


STUCK_IN_AML = "AE_AML_LOOP_TIMEOUT"


def replay(record, options, emulator, place, odd=Oddities()):
    """Boots `record`; a Result. Where AML waits for devices that are not here,
    half a minute each, a second boot goes without that AML."""
    result = replay_once(record, options, emulator, place, odd, [])
    stuck = any(STUCK_IN_AML in line for line in (*result.reasons, *result.tail))
    if result.outcome in ("up", "refused") or not stuck or options.raw:
        return result
    without, said = adapt.without_aml(record.tables)
    return replay_once(record._replace(tables=without), options, emulator,
                       place, odd, said)


def replay_once(record, options, emulator, place, odd, said):
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
