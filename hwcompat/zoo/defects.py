"""A defect for each rule of `touchstone scan`: what to do to a sound machine.

Functions whose rule is about AMD's machines get one of those (see AMD)."""
import struct

import machine as k
from machine import ACPI, GIB, RAM, RESERVED

AMD = {"cpu_svm_locked", "cpu_no_nested_paging", "c1e_enabled"}
DEFECTS = {}


def on(*rules):
    """Says which rules the decorated function makes speak."""
    def keep(f):
        for r in rules:
            assert r not in DEFECTS, r
            DEFECTS[r] = f
        return f
    return keep


def simple(rule, f):
    on(rule)(f)


def poke(rule, table, at, fmt, *values):
    simple(rule, lambda m: m.poke(table, at, fmt, *values))


def tables(rule, **made):
    """Tables by name, made anew for each machine."""
    simple(rule, lambda m: m.tables.update(
        {n.replace("_", "."): f() for n, f in made.items()}))


def rsdp(rule, f):
    def act(m):
        m.change_rsdp = f
    simple(rule, act)


def put(at, fmt, *values):
    return lambda b: struct.pack_into("<" + fmt, b, at, *values)


# --- Finding tables ---------------------------------------------------------
simple("rsdp_missing", lambda m: setattr(m, "rsdp", False))
rsdp("rsdp_signature", put(0, "4s", b"XXXX"))
rsdp("rsdp_checksum", put(8, "B", 1))
rsdp("rsdp_checksum_extended", put(32, "B", 1))
rsdp("rsdp_length", put(20, "I", 20))
rsdp("rsdp_without_xsdt", put(24, "Q", 0))


@on("rsdp_above_4g", "rsdp_unaligned")
def far_rsdp(m):
    m.rsdp_at = 0x100000008


@on("root_missing")
def no_root(m):
    m.root = False


def root(rule, f):
    def act(m):
        m.change_root = lambda t: f(t)
    simple(rule, act)


def xsdt_entries(t, entries):
    t["XSDT"] = k.header("XSDT", b"".join(struct.pack("<Q", e)
                                          for e in entries))


def entries(t):
    n = (len(t["XSDT"]) - k.HEADER) // 8
    return list(struct.unpack_from("<%dQ" % n, t["XSDT"], k.HEADER))


root("root_entry_null", lambda t: xsdt_entries(t, entries(t) + [0]))
root("root_entry_twice", lambda t: xsdt_entries(t, entries(t) + entries(t)[:1]))
root("root_entry_unknown", lambda t: xsdt_entries(t, entries(t) + [0x7f123450]))
root("root_differ", lambda t: xsdt_entries(t, entries(t)[:-2]))
root("root_size", lambda t: t.update(
    XSDT=k.header("XSDT", bytes(t["XSDT"][k.HEADER:]) + bytes(3))))


@on("table_checksum")
def wrong_sum(m):
    m.broken_sums.add("HPET")
    m.tables["HPET"][9] = 0x55


@on("table_checksum_oem")
def wrong_sum_of_vendor(m):
    m.broken_sums.add("OEMB")
    m.tables["OEMB"] = k.header("OEMB", bytes(20))
    m.tables["OEMB"][9] = 0x55


poke("table_truncated", "HPET", 4, "I", 4096)
poke("table_header", "HPET", 4, "I", 20)
poke("table_huge", "HPET", 4, "I", 17 << 20)
poke("table_oem_text", "HPET", 10, "B", 0x80)
simple("table_trailing", lambda m: m.tables["HPET"].extend(b"more"))
tables("table_signature", OEM1=lambda: bytearray(b"A\x01\x02Z") +
       k.header("OEM1", b"")[4:])
tables("table_twice", HPET_1=k.hpet)


@on("table_overlap")
def overlap(m):
    m.addresses["HPET"] = 0x7f700000
    m.addresses["SLIT"] = 0x7f700010


@on("table_in_ram")
def in_ram(m):
    m.addresses["HPET"] = 0x200000


@on("table_unmapped")
def unmapped(m):
    m.addresses["HPET"] = 0xd0000000


simple("dsdt_missing", lambda m: m.tables.pop("DSDT"))
simple("facs_missing", lambda m: m.tables.pop("FACS"))
tables("facs_length", FACS=lambda: bytearray(struct.pack("<4sI", b"FACS", 32) +
                                             bytes(24)))
tables("aml_bytes", DSDT=lambda: k.header("DSDT", b"", 2))


def late(rule, at, fmt, *values):
    """A poke at the FADT once addresses are in it."""
    def act(m):
        m.change_tables = lambda n: n.poke("FACP", at, fmt, *values)
    simple(rule, act)


late("dsdt_differ", 140, "Q", 0x7f000040)
late("facs_differ", 132, "Q", 0x7f000040)
late("facs_unaligned", 132, "Q", 0x7f000041)

# --- FADT -------------------------------------------------------------------
simple("fadt_missing", lambda m: m.tables.pop("FACP"))


@on("fadt_length")
def short_fadt(m):
    m.tables["FACP"] = m.tables["FACP"][:244]
    m.poke("FACP", 4, "I", 244)


FLAGS = 0x581
poke("fadt_hardware_reduced", "FACP", 112, "I", FLAGS | 1 << 20)
simple("fadt_pm1a_event", lambda m: (m.poke("FACP", 56, "I", 0),
                                     m.poke("FACP", 152, "Q", 0)))
simple("fadt_pm1a_control", lambda m: (m.poke("FACP", 64, "I", 0),
                                       m.poke("FACP", 176, "Q", 0)))
poke("fadt_blocks_differ", "FACP", 56, "I", 0x700)
poke("fadt_block_space", "FACP", 148, "B", 3)
poke("fadt_block_width", "FACP", 149, "B", 8)
poke("fadt_pm1_length", "FACP", 88, "B", 2)
simple("fadt_pm_timer_missing", lambda m: (m.poke("FACP", 76, "I", 0),
                                           m.poke("FACP", 212, "Q", 0)))
poke("fadt_pm_timer_length", "FACP", 91, "B", 3)
poke("fadt_pm_timer_24", "FACP", 112, "I", FLAGS & ~(1 << 8))
poke("fadt_sci_zero", "FACP", 46, "H", 0)
poke("fadt_sci_unrouted", "FACP", 46, "H", 600)
tables("fadt_sci_trigger", APIC=lambda: k.madt(
    [k.lapic(0, 0), k.ioapic(8, 0xfec00000, 0), k.override(9, 9, 5)]))
poke("fadt_smi_enable", "FACP", 52, "B", 0)
poke("fadt_reset_missing", "FACP", 112, "I", FLAGS & ~(1 << 10))
poke("fadt_reset_invalid", "FACP", 117, "B", 16)
poke("fadt_no_legacy", "FACP", 109, "H", 2)
poke("fadt_no_keyboard_controller", "FACP", 109, "H", 1)
poke("fadt_no_vga", "FACP", 109, "H", 7)
poke("fadt_no_msi", "FACP", 109, "H", 11)
poke("fadt_no_aspm", "FACP", 109, "H", 0x13)
poke("fadt_no_cmos_clock", "FACP", 109, "H", 0x23)
poke("fadt_force_physical", "FACP", 112, "I", FLAGS | 1 << 19)
poke("fadt_force_cluster", "FACP", 112, "I", FLAGS | 1 << 18)
poke("fadt_flags_contradict", "FACP", 112, "I", FLAGS | 3 << 18)
poke("fadt_no_wbinvd", "FACP", 112, "I", FLAGS & ~1)
poke("fadt_profile", "FACP", 45, "B", 77)
poke("fadt_gpe_length", "FACP", 92, "B", 15)
simple("fadt_gpe_overlap", lambda m: (m.poke("FACP", 84, "I", 0x628),
                                      m.poke("FACP", 93, "B", 4)))
poke("fadt_c2_c3", "FACP", 96, "HH", 101, 1001)
poke("fadt_virtual", "FACP", 268, "8s", b"KVMKVM")

# --- MADT -------------------------------------------------------------------
CPUS = [k.lapic(i, i * 2) for i in range(4)]
LINES = [k.ioapic(8, 0xfec00000, 0), k.ioapic(9, 0xfec40000, 24),
         k.override(0, 2), k.override(9, 9, 0xd), k.lint(0xff, 1)]


def madt(rule, *more, cpus=CPUS, lines=LINES, **how):
    tables(rule, APIC=lambda: k.madt([*cpus, *lines, *more], **how))


simple("madt_missing", lambda m: m.tables.pop("APIC"))
madt("madt_no_cpu", cpus=[k.lapic(0, 0, 0)])
madt("madt_cpu_twice", k.lapic(9, 2))
madt("madt_cpu_placeholder", k.lapic(9, 2, 0))
madt("madt_uid_twice", k.lapic(1, 8))
madt("madt_id_255", k.lapic(9, 255))
madt("madt_id_above_254", k.x2apic(9, 300))
madt("madt_x2apic_low", k.x2apic(9, 20))
madt("madt_both_kinds", k.x2apic(9, 2))
madt("madt_disabled_first", cpus=[k.lapic(9, 9, 0), *CPUS])
madt("madt_many_cpus", *(k.x2apic(i, i) for i in range(300, 820)))
madt("madt_no_ioapic", lines=[])
madt("madt_ioapic_id_twice", k.ioapic(9, 0xfec80000, 48))
madt("madt_ioapic_address_twice", k.ioapic(10, 0xfec00000, 48))
madt("madt_ioapic_address", k.ioapic(10, 0, 48))
madt("madt_ioapic_unaligned", k.ioapic(10, 0xfec80010, 48))
madt("madt_ioapic_in_ram", k.ioapic(10, 0x200000, 48))
madt("madt_gsi_overlap", k.ioapic(10, 0xfec80000, 24))
madt("madt_gsi_zero", lines=[k.ioapic(8, 0xfec00000, 24)])
madt("madt_many_ioapics", *(k.ioapic(i, 0xfec00000 + i * 4096, 24 * i)
                            for i in range(10, 30)))
madt("madt_override_irq", k.override(20, 20))
madt("madt_override_bus", k.override(5, 5, 0, 1))
madt("madt_override_twice", k.override(9, 10))
madt("madt_override_flags", k.override(5, 5, 2))
madt("madt_override_unserved", k.override(5, 1000))
madt("madt_timer_direct", lines=LINES[:2])
madt("madt_lint_pin", k.lint(1, 2))
madt("madt_lint_missing", lines=LINES[:4])
madt("madt_lapic_address", address=0xfee10000)
madt("madt_lapic_zero", address=0)
madt("madt_no_8259", flags=0)
madt("madt_cpuid_count", k.lapic(9, 8))
madt("madt_cpuid_unknown", cpus=CPUS[:3])

# --- Nodes ------------------------------------------------------------------
HOME = [k.srat_cpu(i // 2, i * 2) for i in range(4)]
LOW, HIGH = k.srat_memory(0, 0, 4 * GIB), k.srat_memory(1, 4 * GIB, 4 * GIB)


def srat(rule, *rows):
    tables(rule, SRAT=lambda: k.srat(rows))


srat("srat_memory_overlap", *HOME, LOW, k.srat_memory(1, 3 * GIB, 5 * GIB))
srat("srat_memory_wraps", *HOME, LOW, HIGH,
     k.srat_memory(1, (1 << 64) - 4096, 8192))
srat("srat_memory_empty", *HOME, LOW, HIGH, k.srat_memory(1, 9 * GIB, 0))
srat("srat_memory_hotplug", *HOME, LOW, HIGH,
     k.srat_memory(1, 16 * GIB, GIB, 3))
srat("srat_ram_uncovered", *HOME, LOW, k.srat_memory(1, 4 * GIB, GIB))
srat("srat_cpu_unknown", *HOME, k.srat_cpu(1, 99), LOW, HIGH)
srat("srat_cpu_homeless", *HOME[:3], LOW, HIGH)
srat("srat_cpu_twice", *HOME, k.srat_cpu(1, 0), LOW, HIGH)
srat("srat_no_memory", *HOME)
srat("srat_node_without_memory", *HOME, k.srat_memory(0, 0, 8 * GIB))
srat("srat_node_without_cpu", *HOME, LOW, HIGH, k.srat_memory(5, 8 * GIB, GIB))
srat("srat_many_nodes", *HOME, LOW, HIGH,
     *(k.srat_memory(i, i * 8 * GIB, GIB) for i in range(2, 70)))
tables("slit_size", SLIT=lambda: k.slit(5))
tables("slit_empty", SLIT=lambda: k.slit(0, ()))
tables("slit_self", SLIT=lambda: k.slit(2, (11, 21, 21, 10)))
tables("slit_small", SLIT=lambda: k.slit(2, (10, 10, 10, 10)))
tables("slit_asymmetric", SLIT=lambda: k.slit(2, (10, 21, 31, 10)))
tables("slit_unreachable", SLIT=lambda: k.slit(2, (10, 255, 255, 10)))
tables("slit_nodes", SLIT=lambda: k.slit(1, (10,)))

# --- IOMMUs -----------------------------------------------------------------
IOAPICS = [k.scope(3, 8, 0xf0, 0x1f, 0), k.scope(3, 9, 0x80, 5, 4)]
UNIT = k.drhd(0xfed91000, 1, 0, IOAPICS)


def dmar(rule, *rows, **how):
    tables(rule, DMAR=lambda: k.dmar(rows, **how))


dmar("dmar_unit_zero", k.drhd(0, 0), UNIT)
dmar("dmar_unit_in_ram", k.drhd(0x200000, 0), UNIT)
dmar("dmar_unit_unaligned", k.drhd(0xfed90010, 0), UNIT)
dmar("dmar_unit_twice", k.drhd(0xfed91000, 0), UNIT)
dmar("dmar_no_unit", k.rmrr(0x7e000000, 0x7e00ffff))
dmar("dmar_all_not_last", UNIT, k.drhd(0xfed90000, 0))
dmar("dmar_all_twice", UNIT, k.drhd(0xfed90000, 1))
dmar("dmar_width", UNIT, width=3)
dmar("dmar_no_intremap", UNIT, flags=0)
dmar("dmar_x2apic_opt_out", UNIT, flags=3)
dmar("dmar_rmrr_reversed", UNIT, k.rmrr(0x7e010000, 0x7e000000))
dmar("dmar_rmrr_unaligned", UNIT, k.rmrr(0x7e000000, 0x7e000fff - 16))
dmar("dmar_rmrr_in_ram", UNIT, k.rmrr(0x200000, 0x200fff))
dmar("dmar_rmrr_unreserved", UNIT, k.rmrr(0xd0000000, 0xd0000fff))
dmar("dmar_rmrr_no_device", UNIT, k.rmrr(0x7e000000, 0x7e00ffff, []))
dmar("dmar_scope_absent", UNIT,
     k.rmrr(0x7e000000, 0x7e00ffff, [k.scope(1, 0, 5, 5, 5)]))
dmar("dmar_ioapic_missing", k.drhd(0xfed91000, 1, 0, IOAPICS[:1]))
dmar("dmar_ioapic_unknown",
     k.drhd(0xfed91000, 1, 0, [*IOAPICS, k.scope(3, 77, 0, 1, 0)]))
dmar("dmar_rhsa_unknown", UNIT, k.rhsa(0xfed95000, 0))
simple("dmar_missing", lambda m: m.tables.pop("DMAR"))


def ivrs(rule, *rows):
    AMD.add(rule)
    tables(rule, IVRS=lambda: k.ivrs(rows))


DEVICES = [k.special(1, 8, 0xa0), k.special(1, 9, 1), k.special(2, 0, 0xa0)]
ivrs("ivrs_unit_zero", k.ivhd(0))
ivrs("ivrs_unit_unaligned", k.ivhd(0xfeb80010))
ivrs("ivrs_unit_in_ram", k.ivhd(0x200000))
ivrs("ivrs_no_unit", k.ivmd(0x7e000000, 4096))
ivrs("ivrs_unit_twice", k.ivhd(0xfeb80000), k.ivhd(0xfeb90000))
ivrs("ivrs_ioapic_missing", k.ivhd(0xfeb80000, DEVICES[:1] + DEVICES[2:]))
ivrs("ivrs_ioapic_unknown",
     k.ivhd(0xfeb80000, [*DEVICES, k.special(1, 77, 0x10)]))
ivrs("ivrs_ioapic_twice",
     k.ivhd(0xfeb80000, [*DEVICES, k.special(1, 9, 0x10)]))
ivrs("ivrs_no_southbridge",
     k.ivhd(0xfeb80000, [k.special(1, 8, 2), *DEVICES[1:]]))
ivrs("ivrs_hpet_missing", k.ivhd(0xfeb80000, DEVICES[:2]))
ivrs("ivrs_ivmd_unaligned", k.ivhd(0xfeb80000), k.ivmd(0x7e000010, 4096))
ivrs("ivrs_ivmd_empty", k.ivhd(0xfeb80000), k.ivmd(0x7e000000, 0))
ivrs("ivrs_ivmd_in_ram", k.ivhd(0xfeb80000), k.ivmd(0x200000, 4096))
AMD.add("ivrs_missing")
simple("ivrs_missing", lambda m: m.tables.pop("IVRS"))

# --- MCFG, HPET, errors -----------------------------------------------------
simple("mcfg_missing", lambda m: m.tables.pop("MCFG"))


def mcfg(rule, *windows):
    tables(rule, MCFG=lambda: k.mcfg(windows))


mcfg("mcfg_empty")
mcfg("mcfg_zero", (0, 0, 0, 255))
mcfg("mcfg_in_ram", (0x10000000, 0, 0, 255))
mcfg("mcfg_unreserved", (0xc0000000, 0, 0, 255))
mcfg("mcfg_reversed", (0xe0000000, 0, 10, 5))
mcfg("mcfg_unaligned", (0xe0001000, 0, 0, 15))
mcfg("mcfg_overlap", (0xe0000000, 0, 0, 255), (0xe8000000, 0, 128, 130))
mcfg("mcfg_first_bus", (0xe0000000, 0, 16, 255))
mcfg("pci_bus_beyond_mcfg", (0xe0000000, 0, 0, 0))
simple("hpet_missing", lambda m: m.tables.pop("HPET"))
tables("hpet_zero", HPET=lambda: k.hpet(0))
tables("hpet_space", HPET=lambda: k.hpet(space=1))
tables("hpet_unaligned", HPET=lambda: k.hpet(0xfed00010))
tables("hpet_in_ram", HPET=lambda: k.hpet(0x200000))
tables("hpet_vendor", HPET=lambda: k.hpet(identity=0xffff0000))
tables("hpet_high_address", HPET=lambda: k.hpet(0x400000000))
HEST_ROW = struct.pack("<HH", 6, 0) + bytes(44)
tables("hest_count", HEST=lambda: k.header("HEST", struct.pack("<I", 3) +
                                           HEST_ROW))
tables("bert_region", BERT=lambda: k.header("BERT", struct.pack("<IQ", 0, 0)))
tables("bert_in_ram", BERT=lambda: k.header(
    "BERT", struct.pack("<IQ", 4096, 0x200000)))
tables("erst_broken", ERST=lambda: k.header(
    "ERST", struct.pack("<III", 48, 0, 5)))
tables("einj_broken", EINJ=lambda: k.header(
    "EINJ", struct.pack("<III", 48, 0, 5)))

# --- Entries that do not fit ------------------------------------------------
madt("madt_entry_short", bytes([0, 4, 0, 0]))
madt("madt_entry_beyond", bytes([0, 80, 0, 0]))
madt("madt_entry_empty", bytes([0, 0, 0, 0]))
madt("madt_entry_type", bytes([77, 8, 0, 0, 0, 0, 0, 0]))
srat("srat_entry_short", *HOME, LOW, HIGH, bytes([0, 4, 0, 0]))
srat("srat_entry_beyond", *HOME, LOW, HIGH, bytes([0, 80, 0, 0]))
srat("srat_entry_empty", *HOME, LOW, HIGH, bytes([0, 0, 0, 0]))
srat("srat_entry_type", *HOME, LOW, HIGH, bytes([77, 8, 0, 0, 0, 0, 0, 0]))
dmar("dmar_entry_short", UNIT, struct.pack("<HHI", 0, 8, 0))
dmar("dmar_entry_beyond", UNIT, struct.pack("<HHI", 0, 800, 0))
dmar("dmar_entry_empty", UNIT, bytes(8))
dmar("dmar_entry_type", UNIT, struct.pack("<HHI", 77, 8, 0))
ivrs("ivrs_entry_short", k.ivhd(0xfeb80000), struct.pack("<BBHI", 16, 0, 8, 0))
ivrs("ivrs_entry_beyond", k.ivhd(0xfeb80000),
     struct.pack("<BBHI", 16, 0, 900, 0))
ivrs("ivrs_entry_empty", k.ivhd(0xfeb80000), bytes(8))
ivrs("ivrs_entry_type", k.ivhd(0xfeb80000), struct.pack("<BBHI", 7, 0, 8, 0))
tables("mcfg_entry_beyond", MCFG=lambda: k.header(
    "MCFG", bytes(k.mcfg()[k.HEADER:]) + bytes(5)))
tables("hest_entry_beyond", HEST=lambda: k.header(
    "HEST", struct.pack("<I", 1) + HEST_ROW[:20]))
tables("hest_entry_type", HEST=lambda: k.header(
    "HEST", struct.pack("<IHH", 1, 99, 0)))


def structures(rule, f):
    def act(m):
        m.structures = f(m.structures)
    simple(rule, act)


structures("smbios_entry_empty", lambda s: s[:-1] + [bytearray([9, 2, 0, 0, 0, 0])])
structures("smbios_entry_beyond", lambda s: s[:-1] + [bytearray([9, 200, 0, 0])])
madt("too_many", *(k.override(5, 5) for _ in range(70)))

# --- SMBIOS -----------------------------------------------------------------
simple("smbios_missing", lambda m: setattr(m, "structures", None))


@on("smbios_entry_sum")
def entry_sum(m):
    raw = b"".join(bytes(s) for s in m.structures)
    e = bytearray(m.entry_point(raw))
    e[4] ^= 1
    m.entry = e


@on("smbios_count")
def entry_count(m):
    raw = b"".join(bytes(s) for s in m.structures)
    e = bytearray(m.entry_point(raw))
    e[28] += 3
    m.entry = e


@on("smbios_length")
def entry_length(m):
    raw = b"".join(bytes(s) for s in m.structures)
    e = bytearray(m.entry_point(raw))
    struct.pack_into("<H", e, 22, len(raw) + 10)
    m.entry = e


@on("smbios_version")
def entry_version(m):
    raw = b"".join(bytes(s) for s in m.structures)
    e = bytearray(m.entry_point(raw))
    e[7] = 1
    m.entry = e


simple("smbios_entry_unknown", lambda m: setattr(m, "entry", b"_XX_" + bytes(27)))
structures("smbios_no_end", lambda s: s[:-1])
structures("smbios_string", lambda s: [k.structure(
    1, 1, bytes([1, 9, 3]) + bytes(20), "Maker", "S", "A"), *s[2:], s[0]])
structures("smbios_handle_twice", lambda s: [s[0], s[0], *s[1:]])
structures("smbios_no_bios", lambda s: s[1:])
structures("smbios_no_system", lambda s: [s[0], *s[2:]])
structures("smbios_no_board", lambda s: [*s[:2], *s[3:]])
structures("smbios_no_cpu", lambda s: [*s[:4], *s[5:]])
structures("smbios_placeholder", lambda s: [s[0], k.structure(
    1, 1, bytes([1, 2, 3]) + bytes(20), "Maker", "To Be Filled By O.E.M.",
    "A"), *s[2:]])


def bios(date, virtual=0):
    fields = bytearray(22)
    fields[0:5] = bytes([1, 2, 0, 0xf0, 3])
    fields[15] = virtual
    return k.structure(0, 0, bytes(fields), "Touchstone", "1.0", date)


structures("smbios_date", lambda s: [bios("yesterday"), *s[1:]])
structures("smbios_old", lambda s: [bios("03/05/2009"), *s[1:]])
structures("smbios_virtual", lambda s: [bios("03/05/2021", 0x10), *s[1:]])


def cpu_structure(threads):
    fields = bytearray(44)
    fields[20] = 0x41
    fields[33] = threads
    return k.structure(4, 4, bytes(fields), "Maker")


structures("smbios_cpu_count", lambda s: [*s[:4], cpu_structure(64), *s[5:]])


def dimm(mib):
    fields = bytearray(36)
    struct.pack_into("<H", fields, 8, mib)
    return k.structure(17, 6, bytes(fields))


structures("smbios_memory", lambda s: [*s[:6], dimm(30000), s[7]])
structures("smbios_no_ecc", lambda s: [*s[:5], k.structure(
    16, 5, struct.pack("<BBBIHH", 3, 3, 3, 0, 0xfffe, 1)), *s[6:]])
structures("smbios_chassis_open", lambda s: [*s[:3], k.structure(
    3, 3, bytes([1, 2]) + bytes(9), "Maker"), *s[4:]])


# --- Memory -----------------------------------------------------------------
def memory(rule, *ranges, base=None):
    def act(m):
        m.memory = (m.memory if base is None else base) + list(ranges)
    simple(rule, act)


simple("map_missing", lambda m: setattr(m, "memory", None))
memory("map_no_ram", (0, 1 << 30, RESERVED), base=[])
memory("map_little_ram", (0, 0x9f000, RAM), (0x100000, 1 << 28, RAM), base=[])
memory("map_wraps", (1 << 63, (1 << 64) - 4096, RESERVED))
memory("map_empty_range", (9 * GIB, 0, RESERVED))
memory("map_overlap", (0xf0000000, 0x0, RESERVED),
       (0x7de00000, 0x1000, ACPI))
memory("map_conflict", (0x200000, 0x1000, RESERVED))
memory("map_unsorted", (0xd0000000, 0x1000, RESERVED))
memory("map_unaligned", (8 * GIB + 16, 4096, RAM))
memory("map_no_low", (0x100000, GIB, RAM), base=[])
memory("map_little_low", (0, 0x8000, RAM), (0x100000, GIB, RAM), base=[])
memory("map_hole_at_1m", (0, 0x9f000, RAM), (0x200000, GIB, RAM), base=[])
memory("map_bios_area", (0xa0000, 0x10000, RAM))
memory("map_apic_in_ram", (0xfee00000, 0x1000, RAM))
memory("map_ioapic_in_ram", (0xfec00000, 0x1000, RAM))
memory("map_beyond_cpu", (1 << 50, GIB, RAM))
memory("map_many", *((0x10000000000 + i * 8192, 4096, RESERVED)
                     for i in range(140)))
memory("map_type", (0xd0000000, 4096, 9))
memory("map_unusable", (0xd0000000, 4096, 5))
memory("map_pmem", (16 * GIB, GIB, 7))
memory("map_scattered", *((0x90000000 + i * 8192, 4096, RAM)
                          for i in range(40)))
EFI = [(0, 0x9f000, 7, 0xf), (0x100000, 3 * GIB, 7, 0xf),
       (4 * GIB, 4 * GIB, 7, 0xf)]


def efi(rule, *more):
    simple(rule, lambda m: setattr(m, "efi", EFI + list(more)))


efi("efi_runtime_writable", (0xd8000000, 0x1000, 5, 0xf))
efi("efi_runtime_unaligned", (0xd8000000, 0x1010, 6, 0xf))
efi("efi_boot_services", (16 * GIB, 2 * GIB, 4, 0xf))


# --- CPUs -------------------------------------------------------------------
def cpuid(rule, leaf, reg, clear=0, bits=0, only=None):
    """Clears and sets bits in a register of every CPU, or of one."""
    def act(m):
        for c in m.cpus if only is None else [m.cpus[only]]:
            c[leaf][reg] = c[leaf][reg] & ~clear | bits
    simple(rule, act)


A, B, C, D = range(4)
simple("cpu_missing", lambda m: setattr(m, "cpus", []))
cpuid("cpu_no_virtualisation", (1, 0), C, 1 << 5)
cpuid("cpu_no_nested_paging", (0x8000000a, 0), D, 1)
cpuid("cpu_no_nx", (0x80000001, 0), D, 1 << 20)
cpuid("cpu_no_1g_pages", (0x80000001, 0), D, 1 << 26)
cpuid("cpu_no_long_mode", (0x80000001, 0), D, 1 << 29)
cpuid("cpu_tsc_varies", (0x80000007, 0), D, 1 << 8)
cpuid("cpu_no_deadline", (1, 0), C, 1 << 24)
cpuid("cpu_no_x2apic", (1, 0), C, 1 << 21)
cpuid("cpu_apic_timer_stops", (6, 0), A, 4)
cpuid("smep_missing", (7, 0), B, 1 << 7)
cpuid("cpu_in_guest", (1, 0), C, 0, 1 << 31)
cpuid("cpus_hybrid", (7, 0), D, 0, 1 << 15)
cpuid("tsx_present", (7, 0), B, 0, 1 << 11)
cpuid("cpu_limited_leaves", (0, 0), A, 0xff, 3)
cpuid("cpu_phys_bits", (0x80000008, 0), A, 0xff, 60)
cpuid("no_speculation_control", (7, 0), D, 1 << 26)


@on("cpu_unknown_vendor")
def vendor(m):
    for c in m.cpus:
        c[(0, 0)][1:] = struct.unpack("<III", b"SomebodyElse")


@on("l1tf", "mds")
def leaky(m):
    for c in m.cpus:
        c[(1, 0)][A] = 0x000506e3
        c[(7, 0)][D] = 1 << 26


@on("cpus_vendor_differ")
def vendors(m):
    m.cpus[1][(0, 0)][1:] = struct.unpack("<III", b"AuthcAMDenti")


cpuid("cpus_model_differ", (1, 0), A, 0xf0, 0, only=1)
cpuid("cpus_stepping_differ", (1, 0), A, 0xf, 5, only=1)
cpuid("cpus_features_differ", (7, 0), B, 1, 0, only=2)
cpuid("cpus_leaves_differ", (0, 0), A, 0xff, 0x14, only=3)
cpuid("cpus_phys_bits_differ", (0x80000008, 0), A, 0xff, 40, only=3)


@on("cpus_apic_id_twice")
def twice(m):
    m.cpus[1] = k.leaves(apic_id=0)


@on("smt_uneven")
def uneven(m):
    for c, apic_id in zip(m.cpus, (0, 2, 4, 5)):
        c[(0xb, 0)] = [1, 1, 0x100, apic_id]
        c[(1, 0)][B] = apic_id << 24 | 0x40800


simple("microcode_missing", lambda m: setattr(m, "microcode", []))


@on("microcode_differ")
def microcode(m):
    m.microcode[2] += 1


def msr(rule, nr, value, only=None):
    def act(m):
        for r in m.msrs if only is None else [m.msrs[only]]:
            r[nr] = value
    simple(rule, act)


msr("cpu_vmx_locked", 0x3a, 1)
msr("cpu_svm_locked", 0xc0010114, 0x18)
msr("cpu_nx_disabled", 0x1a0, 1 << 34)
msr("cpu_no_ept", 0x48b, 0)
msr("microcode_zero", 0x8b, 0)
msr("mtrr_off", 0x2ff, 0)
msr("mtrr_default_cached", 0x2ff, 0xc06)
msr("mtrr_ram_uncached", 0x201, 0x3fffc0000800)
msr("mtrr_differ", 0x200, 0, only=1)
msr("pat_differ", 0x277, 0, only=1)
msr("tsc_adjusted", 0x3b, 1000, only=1)


@on("c1e_enabled")
def c1e(m):
    m.cpus = [k.leaves("AuthenticAMD", 0x00100f42, i * 2) for i in range(4)]
    for r in m.msrs:
        r[0xc0010055] = 0x18000000


# --- Devices ----------------------------------------------------------------
NIC = (0x1af4, 0x1041, 0x0200)


def device(rule, c):
    simple(rule, lambda m: m.pci.update({"0000:02:00.0": c()}))


simple("pci_missing", lambda m: setattr(m, "pci", {}))
device("pci_dead", lambda: bytearray(b"\xff" * 256))
device("pci_header", lambda: k.config(*NIC, header=9))
device("pci_no_msi", lambda: k.config(*NIC, capabilities=(k.POWER,)))
device("pci_no_reset", lambda: k.config(*NIC, capabilities=(k.MSI,)))
device("pci_no_acs", lambda: k.config(0x8086, 0x2031, 0x0604, 272, header=1,
                                      capabilities=(k.express(4, False),)))
device("pci_bar_in_ram", lambda: k.config(*NIC, bars=(0x200000,)))
device("pci_bar_overlap", lambda: k.config(*NIC, bars=(0xc0000000,)))
device("pci_bar_unset", lambda: k.config(*NIC, bars=(0x8,)))


@on("pci_capability_loop")
def loop(m):
    c = k.config(*NIC, capabilities=(k.POWER, k.MSI))
    c[c[0x34] + 1] = c[0x34]
    m.pci["0000:02:00.0"] = c


@on("pci_capability_place")
def place(m):
    c = k.config(*NIC, capabilities=(k.POWER,))
    c[0x34] = 0x10
    m.pci["0000:02:00.0"] = c


@on("pci_bridge_buses")
def buses(m):
    m.pci["0000:00:1c.0"][0x18:0x1b] = bytes([0, 5, 3])


for name, line in {
        "log_firmware_bug": "[Firmware Bug]: TSC is wrong",
        "log_machine_check": "mce: [Hardware Error]: CPU 0",
        "log_acpi_error": "ACPI Error: AE_NOT_FOUND",
        "log_dmar_fault": "DMAR: [DMA Read] Request device [00:02.0]",
        "log_pcie_error": "pcieport: PCIe Bus Error: severity=Corrected",
        "log_tsc_unstable": "Marking TSC unstable due to check_tsc_sync",
        "log_x2apic": "x2apic disabled by BIOS",
        "log_lockup": "watchdog: BUG: soft lockup - CPU#1 stuck for 22s!",
        "log_spurious": "irq 16: nobody cared (try booting with irqpoll)",
        "log_panic": "(XEN) Panic on CPU 0:"}.items():
    simple(name, lambda m, line=line: setattr(m, "log", m.log + line + "\n"))
