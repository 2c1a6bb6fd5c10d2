"""What shows that the hypervisor acted upon a quirk, by kinds.

Each kind names what has to be booted and watched, and a function that looks at
what was seen: None, or why it is not the effect."""
import collections
import struct

import quirk_machines as machines

# probe: boot the control domain that tells what it sees; else a file that is no
# kernel, which makes the hypervisor restart the machine at once.
# trace: QEMU's events to write down. tables: firmware of our own with that change.
# debug: a function that steers the machine through its debugger port.
# options: of the hypervisor; memory in MiB; devices: more of QEMU's; machine: of
# QEMU's machine; cpus: how many.
Kind = collections.namedtuple(
    "Kind", "look probe trace tables debug options memory devices machine cpus",
    defaults=(False, (), None, None, "", 256, (), "", 1))
WRITES, READS = "memory_region_ops_write", "memory_region_ops_read"
CF9, KEYBOARD, ACPI_RESET = 0xcf9, 0x64, 0x501
RESETS = (CF9, KEYBOARD, ACPI_RESET)
POST, POST_VALUE = 0x80, 0x5a
PM_INDEX, PM_DATA = 0xcd6, 0xcd7
SMI_ENABLE, SMI_USB = 0x630, 0x20008
UNUSABLE = 5
PAGES_MIB = 1100  # the last page is above 1 GiB


def nothing(_):
    """The tables stay as they are."""


# --- Ports ----------------------------------------------------------------------
def resets(*last):
    """The machine's last words to the reset ports."""
    def look(seen, _):
        said = [(t.address, t.value) for t in seen.trace
                if t.address in RESETS][-len(last):]
        return None if said == list(last) else f"it was restarted by {said}"
    return look


def reset_port(m):
    """ACPI's reset register is a port that does nothing."""
    m.tables["FACP"][116:128] = machines.k.gas(ACPI_RESET, 8)
    m.tables["FACP"][128] = 0x5a


def acpi_twice(seen, _):
    said = [t.address for t in seen.trace
            if t.address in (ACPI_RESET, CF9)]
    said = said[said.index(ACPI_RESET):] if ACPI_RESET in said else said
    wanted = [ACPI_RESET, ACPI_RESET, CF9, CF9]
    return None if said == wanted else f"resets went to {said}"


def no_post(seen, _):
    if seen.probe is None:
        return "the control domain said nothing"
    if any(t.address == POST and t.value == POST_VALUE for t in seen.trace):
        return "dom0's write reached port 80"
    return None


def hpet_hidden(seen, _):
    said = [(t.address, t.value) for t in seen.trace
            if t.address in (PM_INDEX, PM_DATA)]
    if said[:1] == [(PM_INDEX, 0x55)] and said[1:] and said[1][1] & 0x80:
        return None
    return f"writes to the PM registers: {said}"


def usb_quiet(seen, _):
    said = [t.value for t in seen.trace
            if t.address == SMI_ENABLE and t.event == WRITES]
    if said[-2:-1] and said[-2] & SMI_USB and not said[-1] & SMI_USB:
        return None
    return f"writes to SMI_EN: {said}"


# --- What dom0 is told ----------------------------------------------------------
def table(memory, signature):
    """The bytes of a table of dom0's own, found by its name."""
    at = memory.find(signature)
    if at < 0:
        return b""
    return memory[at:at + struct.unpack_from("<I", memory, at + 4)[0]]


def overrides(madt):
    at, found = 44, []
    while at + 2 <= len(madt) and madt[at + 1]:
        if madt[at] == 2:
            found.append(madt[at + 3])
        at += madt[at + 1]
    return found


def no_override(seen, _):
    madt = table(seen.probe.tables, b"APIC") if seen.probe else b""
    if not madt:
        return "dom0 has no MADT"
    return "dom0 sees the override" if 0 in overrides(madt) else None


def ranges(start):
    """(start, end, type) of the memory map in a start page."""
    info = struct.unpack_from("<IIIIQQQQI", start)
    base = info[5] - len_to_command(start)
    at = info[7] - base
    return [(a, a + n, t) for a, n, t, _ in struct.iter_unpack(
        "<QQII", start[at:at + 24 * info[8]])]


def len_to_command(start):
    """Where the command line is in a start page."""
    return start.index(b"probe ")


def memory_kept(seen, row):
    if seen.probe is None:
        return "the control domain said nothing"
    known = ranges(seen.probe.start)
    for m in row["memory"]:
        first, end = (machines.number(m[n]) for n in ("start", "end"))
        if not any(s <= first and end <= e and t == UNUSABLE
                   for s, e, t in known):
            return f"{first:#x} is not kept: {known}"
    return None


def leaf_without(nr, register, bit):
    def look(seen, _):
        if seen.probe is None:
            return "the control domain said nothing"
        value = seen.probe.leaves[nr][register]
        return f"CPUID says {value:#x}" if value >> bit & 1 else None
    return look


def both(*looks):
    def look(seen, row):
        return next(filter(None, (one(seen, row) for one in looks)), None)
    return look


def no_messages(seen, _):
    if seen.probe is None:
        return "the control domain said nothing"
    return f"a capability is shown: {seen.probe.config:#x}" \
        if seen.probe.config & 0xff else None


# --- What the console says ------------------------------------------------------
def says(text):
    def look(seen, _):
        return None if text in seen.console else f"no '{text}' on the console"
    return look


# --- Through the debugger -------------------------------------------------------
KEPT = 1 << 40  # a bit that no quirk is about


def msr_access(gdb, symbols, row, facts, last="arch_quirks_dump"):
    """Gives the CPU's MSRs the bits that are to go, none of those to come, and
    notes what is written to them until all quirks are done."""
    read, written = symbols["rdmsr_safe_insn"], symbols["wrmsr_safe_insn"]
    wanted = {machines.number(m["msr"]): m for m in row["msrs"]}
    for at in (read, read + 2, written, symbols[last]):
        gdb.stop_at(at)
    r, given = gdb.go_on(), {}
    while r["rip"] != symbols[last]:
        msr = r["rcx"] & 0xffffffff
        if r["rip"] == read + 2 and msr in wanted:
            given[msr] = machines.number(wanted[msr]["clear"]) | KEPT
            gdb.set_register("rax", given[msr] & 0xffffffff)
            gdb.set_register("rdx", given[msr] >> 32)
        elif r["rip"] == written and msr in given:
            facts.setdefault(msr, []).append(
                r["rax"] & 0xffffffff | (r["rdx"] & 0xffffffff) << 32)
        r = gdb.go_on()


def msr_changed(seen, row):
    for m in row["msrs"]:
        msr = machines.number(m["msr"])
        values = seen.facts.get(msr, [])
        if KEPT | machines.number(m["set"]) not in values:
            return f"MSR {msr:#x} got {[hex(v) for v in values]}"
    return None


def msr_access_of_all(gdb, symbols, row, facts):
    """The same until all CPUs have started."""
    msr_access(gdb, symbols, row, facts, "dom0_build")


def msr_changed_twice(seen, row):
    """On both CPUs."""
    msr = machines.number(row["msrs"][0]["msr"])
    wanted = KEPT | machines.number(row["msrs"][0]["set"])
    values = seen.facts.get(msr, [])
    return None if values.count(wanted) == 2 else \
        f"MSR {msr:#x} got {[hex(v) for v in values]}"


def fault_at_msr(gdb, symbols, row, facts):
    """The CPU has no such MSR: reading it faults."""
    read = symbols["rdmsr_safe_insn"]
    wanted = {machines.number(m["msr"]) for m in row["msrs"]}
    gdb.stop_at(read)
    while not facts:
        r = gdb.go_on()
        if r["rcx"] & 0xffffffff in wanted:
            gdb.set_register("rax", 1 << 62)  # no address
            gdb.set_memory(read, b"\x8a\x00")  # mov (%rax), %al
            facts["faulted"] = 1
    gdb.stop_no_more_at(read)


def usb_bits_on(gdb, symbols, _row, _facts):
    gdb.stop_at(symbols["quirks_find_devices"])
    gdb.go_on()
    gdb.monitor(f"o /w {SMI_ENABLE:#x} {SMI_USB:#x}")


def has_rdseed(gdb, symbols, _row, _facts):
    """The CPU has RDSEED, which QEMU cannot do."""
    leaf = symbols["machine_leaf"]
    gdb.stop_at(leaf)
    while True:
        r = gdb.go_on()
        if r["rdi"] & 0xffffffff == 7 and not r["rsi"] & 0xffffffff:
            break
    back = int.from_bytes(gdb.memory(r["rsp"], 8), "little")
    out = r["rdx"] + 4
    gdb.stop_at(back)
    gdb.go_on()
    value = int.from_bytes(gdb.memory(out, 4), "little") | 1 << 18
    gdb.set_memory(out, value.to_bytes(4, "little"))


def one_clock_read(gdb, symbols, _row, facts):
    """From one read of the PM timer to the next."""
    gdb.stop_at(symbols["pm_read"])
    gdb.go_on()
    facts["before"] = facts["traced"]()
    gdb.go_on()
    facts["reads"] = facts["traced"]() - facts["before"]


def many_reads(seen, _):
    reads = seen.facts.get("reads", 0)
    return None if reads >= 4 else f"the port was read {reads} times"


# QEMU traces only accesses to ports that something answers at.
PM_PORTS = tuple(word for port in (PM_INDEX, PM_DATA) for word in (
    "-device", f"isa-debugcon,iobase={port:#x},chardev=none"))
TRACED = {"probe": False, "trace": (WRITES,)}
MSR = Kind(msr_changed, debug=msr_access)
PM = Kind(many_reads, trace=(READS,), tables=nothing, debug=one_clock_read,
          options="clocksource=acpi")
KINDS = {
    "reboot_cf9": Kind(resets((CF9, 2), (CF9, 6)), **TRACED),
    "reboot_keyboard": Kind(resets((KEYBOARD, 0xfe)), **TRACED),
    "reboot_acpi": Kind(acpi_twice, tables=reset_port, machine=",i8042=off",
                        **TRACED),
    "port_80": Kind(no_post, probe=True, trace=(WRITES,)),
    "timer_pin_0": Kind(no_override, probe=True),
    "hpet_idle": Kind(says("kHz by acpi"), tables=nothing),
    "hpet_bar": Kind(hpet_hidden, tables=nothing, devices=PM_PORTS, **TRACED),
    "pm_timer_reads": PM,
    "tsc_nodes": Kind(both(leaf_without(2, 3, 8), leaf_without(3, 0, 1)),
                      probe=True),
    "xsdt_broken": Kind(says("acpi: rsdt at"), tables=nothing),
    "usb_smi": Kind(usb_quiet, debug=usb_bits_on, **TRACED),
    "msi_off_all": Kind(no_messages, probe=True, tables=nothing),
    "low_memory": Kind(memory_kept, probe=True),
    "graphics_pages": Kind(memory_kept, probe=True, tables=nothing,
                           memory=PAGES_MIB, options="dom0_mem=1060M"),
    "rdseed_broken": Kind(leaf_without(1, 1, 18), probe=True,
                          debug=has_rdseed),
    "rdrand_broken": Kind(both(leaf_without(0, 2, 30), leaf_without(1, 1, 18)),
                          probe=True, debug=has_rdseed),
    **{kind: MSR for kind in (
        "wc_lock", "stibp_fetch", "op_cache", "zenbleed", "lfence_loose",
        "divide_wrong", "divider_leak", "branch_guess", "tlb_match",
        "way_filter", "wc_uncached", "gart_errors", "c1e", "mtrr_open")},
}
