"""The zoo: machines that are broken on purpose, each by one thing.

A row names a machine and says what is wrong; its function damages a sound q35
with two CPUs and 1 GiB. What becomes of them is in outcomes.tsv."""
import collections
import struct

import machine as k
from machine import GIB, NVS, RAM, RESERVED

# map: the memory map is part of the defect. sums: tables whose sum stays
# wrong. extra: addresses that RSDT and XSDT name besides. options: of QEMU's
# machine. arguments: QEMU's own. revision: the RSDP's. firmware: what boots it.
Animal = collections.namedtuple("Animal", "name what build quick")
ANIMALS = []
MIB = 1 << 20
MEMORY = 1024 * MIB
IOAPIC, HPET, MCFG = 0xfec00000, 0xfed00000, 0xb0000000
CPUS = [k.lapic(0, 0), k.lapic(1, 1)]
LINES = [k.ioapic(0, IOAPIC, 0), k.override(0, 2), k.override(9, 9, 0xd),
         k.lint(0xff, 1)]


def sound():
    """A q35 as it is: every row begins with one of these."""
    m = k.Machine()
    m.tables = {"FACP": k.fadt(), "APIC": k.madt(CPUS + LINES),
                "HPET": k.hpet(HPET), "MCFG": k.mcfg([(MCFG, 0, 0, 255)]),
                "DSDT": k.header("DSDT", b"\xa4\x00", 2),
                "FACS": bytearray(struct.pack("<4sI56s", b"FACS", 64,
                                              bytes(56)))}
    m.memory = None
    m.sums, m.extra, m.options, m.arguments = (), (), (), ()
    m.revision, m.firmware = 2, "bios"
    m.cpus = m.cpus[:0]
    return m


def animal(what, quick=False):
    """The decorated function's name is the machine's."""
    def keep(f):
        ANIMALS.append(Animal(f.__name__, what, f, quick))
        return f
    return keep


def of_tables(name, what, quick=False, **made):
    """A machine that differs by tables alone; None: without that one."""
    def build(m):
        for signature, table in made.items():
            if table is None:
                m.tables.pop(signature, None)
            else:
                m.tables[signature.replace("_", ".")] = bytearray(table())
    ANIMALS.append(Animal(name, what, build, quick))


def of_madt(name, what, entries, quick=False, **how):
    of_tables(name, what, quick, APIC=lambda: k.madt(entries, **how))


def of_map(name, what, *ranges, quick=False, base=True):
    """A machine with a memory map of its own."""
    def build(m):
        m.memory = (ordinary() if base else []) + list(ranges)
    ANIMALS.append(Animal(name, what, build, quick))


def ordinary():
    return [(0, 0x9fc00, RAM), (0x9fc00, 0x400, RESERVED),
            (0xf0000, 0x10000, RESERVED), (MIB, MEMORY - MIB - 0x60000, RAM),
            (MEMORY - 0x60000, 0x60000, RESERVED),
            (MCFG, 256 * MIB, RESERVED), (0xfed1c000, 0x4000, RESERVED)]


@animal("nothing is wrong", quick=True)
def sound_machine(m):
    del m


# --- CPUs and interrupts ----------------------------------------------------
of_madt("madt_entry_empty", "an entry without length: readers that trust it "
        "never end", [*CPUS, *LINES, bytes(4)], quick=True)
of_madt("madt_entry_empty_first", "an entry without length before all CPUs",
        [bytes(4), *CPUS, *LINES])
of_madt("madt_entry_beyond", "an entry that reaches behind the table",
        [*CPUS, *LINES, bytes([0, 200, 7, 7])])
of_madt("madt_entry_short", "a CPU's entry of four bytes",
        [*CPUS, bytes([0, 4, 7, 7]), *LINES])
of_madt("madt_entry_unknown", "entries of types that nobody knows",
        [*CPUS, bytes([99, 8]) + bytes(6), *LINES, bytes([200, 3, 1])])
of_madt("madt_cpu_twice", "two CPUs with one APIC id",
        [*CPUS, k.lapic(2, 1), *LINES])
of_madt("madt_place_holders", "disabled entries repeat an id that is in use",
        [*CPUS, *[k.lapic(i, 0, 0) for i in range(2, 60)], *LINES])
of_madt("madt_cpu_absent", "a CPU that is not there",
        [*CPUS, k.lapic(2, 77), *LINES])
of_madt("madt_offline_first", "sixty disabled CPUs before the first enabled",
        [*[k.lapic(i, i, 0) for i in range(100, 160)], *CPUS, *LINES])
of_madt("madt_300_ids", "300 CPUs, with ids above 254",
        [*CPUS, *[k.x2apic(i, i) for i in range(256, 556)], *LINES])
of_madt("madt_x2apic_only", "small ids in x2APIC entries",
        [k.x2apic(0, 0), k.x2apic(1, 1), *LINES])
of_madt("madt_both_kinds", "every CPU twice: local APIC and x2APIC",
        [*CPUS, k.x2apic(0, 0), k.x2apic(1, 1), *LINES])
of_madt("madt_no_cpu", "no CPU is enabled",
        [k.lapic(0, 0, 0), k.lapic(1, 1, 0), *LINES])
of_madt("madt_broadcast_id", "a CPU with the id of the broadcast",
        [*CPUS, k.lapic(2, 255), *LINES])
of_madt("madt_no_ioapic", "no IO-APIC", [*CPUS, *LINES[1:]])
of_madt("madt_ioapic_zero", "an IO-APIC at address 0",
        [*CPUS, k.ioapic(0, 0, 0), *LINES[1:]])
of_madt("madt_ioapic_absent", "a second IO-APIC where nothing is",
        [*CPUS, k.ioapic(1, 0xfec80000, 24), *LINES])
of_madt("madt_ioapic_same_gsi", "two IO-APICs from the same GSI",
        [*CPUS, k.ioapic(1, 0xfec80000, 0), *LINES])
of_madt("madt_ioapic_in_ram", "an IO-APIC in memory",
        [*CPUS, k.ioapic(1, 0x8000000, 24), *LINES])
of_madt("madt_override_wild", "overrides of interrupts that do not exist",
        [*CPUS, *LINES, k.override(77, 3), k.override(5, 1000),
         k.override(6, 6, 2)])
of_madt("madt_sci_edge", "the override makes the SCI edge triggered",
        [*CPUS, LINES[0], k.override(0, 2), k.override(9, 9, 5)])
of_madt("madt_lapic_elsewhere", "the local APIC at a wrong address",
        CPUS + LINES, address=0xfee10000)
of_madt("madt_ioapics_many", "twenty IO-APICs, nineteen of them not there",
        [*CPUS, *LINES, *[k.ioapic(i, IOAPIC + 0x1000 * i, 24 * i)
                          for i in range(1, 20)]])
of_madt("madt_nmi_wild", "NMI lines of CPUs and pins that do not exist",
        [*CPUS, *LINES, k.lint(77, 1), k.lint(0, 9), bytes([3, 8, 5, 0]) +
         struct.pack("<I", 5000)])
of_madt("madt_timer_override_missing", "the timer is not where the MADT says",
        [*CPUS, LINES[0], *LINES[2:]])
of_tables("madt_missing", "no MADT", APIC=None)
of_tables("madt_empty", "a MADT that ends with its header",
          APIC=lambda: k.header("APIC", b""))


@animal("the MADT's sum is wrong")
def madt_sum(m):
    m.tables["APIC"][9] ^= 0x55
    m.sums = ("APIC",)


@animal("the MADT is longer than what is there", quick=True)
def madt_truncated(m):
    struct.pack_into("<I", m.tables["APIC"], 4, 4096)
    m.sums = ("APIC",)


def wrong_sum(name, what, table, quick=False):
    def build(m):
        if table in m.tables:
            m.tables[table][9] ^= 0x55
        m.sums = (table,)
    ANIMALS.append(Animal(name, what, build, quick))


wrong_sum("hpet_sum", "the HPET table's sum is wrong", "HPET")
wrong_sum("mcfg_sum", "the MCFG's sum is wrong", "MCFG")
wrong_sum("dsdt_sum", "the DSDT's sum is wrong", "DSDT")
wrong_sum("xsdt_sum", "the XSDT's sum is wrong, the RSDT's is right", "XSDT")
wrong_sum("rsdp_sum", "the RSDP's sum over all of it is wrong", "RSDP")


@animal("the sums of RSDT and XSDT are wrong")
def root_sums(m):
    m.sums = ("XSDT", "RSDT")


@animal("an RSDP of 1996, without XSDT")
def rsdp_old(m):
    m.revision = 0


@animal("the RSDP is known to UEFI alone: no copy below 1 MiB")
def rsdp_efi(m):
    m.firmware = "uefi"


# --- Fixed hardware and clocks ----------------------------------------------
of_tables("fadt_missing", "no FADT", FACP=None)
of_tables("dsdt_missing", "no DSDT", DSDT=None)
of_tables("facs_missing", "no FACS", FACS=None)


@animal("a FADT of 1996")
def fadt_short(m):
    m.tables["FACP"] = m.tables["FACP"][:116]
    struct.pack_into("<IB", m.tables["FACP"], 4, 116, 1)


@animal("no PM timer")
def pm_timer_absent(m):
    m.poke("FACP", 76, "I", 0)
    m.poke("FACP", 212, "Q", 0)


@animal("a PM timer where nothing counts")
def pm_timer_dead(m):
    m.poke("FACP", 76, "I", 0x1234)
    m.poke("FACP", 212, "Q", 0x1234)


@animal("the command that switches ACPI on is not the firmware's")
def acpi_enable_wrong(m):
    m.poke("FACP", 52, "BB", 0xe1, 0x1e)


@animal("the FADT says that hardware is reduced")
def hardware_reduced(m):
    m.poke("FACP", 112, "I", 0x581 | 1 << 20)


@animal("no register block has an address")
def fadt_zero_blocks(m):
    for at in (56, 64, 76, 80):
        m.poke("FACP", at, "I", 0)
    for at in (152, 176, 212, 224):
        m.poke("FACP", at, "Q", 0)


of_tables("hpet_absent", "no HPET", HPET=None)
of_tables("hpet_zero", "a HPET at address 0", HPET=lambda: k.hpet(0))
of_tables("hpet_dead", "a HPET where nothing counts", quick=True,
          HPET=lambda: k.hpet(0xfed80000))
of_tables("hpet_in_ram", "a HPET in memory", HPET=lambda: k.hpet(0x9000000))
of_tables("hpet_twice", "two HPET tables, the first one lies",
          HPET=lambda: k.hpet(0xfed80000), HPET_1=lambda: k.hpet(HPET))


PERIOD_100_MHZ = 10000000  # femtoseconds


@animal("a HPET that tells a period and never moves")
def hpet_frozen(m):
    m.tables["HPET"] = k.hpet(0x9000000)
    m.arguments = ("-device", "loader,addr=0x9000000,data-len=8,data=%#x" %
                   (PERIOD_100_MHZ << 32 | 0x8086a201))


@animal("no HPET, and a PM timer that is the PIT's port")
def pm_timer_elsewhere(m):
    del m.tables["HPET"]
    m.poke("FACP", 76, "I", 0x40)
    m.poke("FACP", 212, "Q", 0x40)


@animal("no HPET, and a PM timer in memory space")
def pm_timer_in_memory(m):
    del m.tables["HPET"]
    m.poke("FACP", 76, "I", 0)
    m.poke("FACP", 208, "B", 0)
    m.poke("FACP", 212, "Q", 0x608)


@animal("the SCI is an interrupt that does not exist")
def sci_wild(m):
    m.poke("FACP", 46, "H", 600)


@animal("neither HPET nor PM timer: the PIT alone")
def pit_alone(m):
    del m.tables["HPET"]
    pm_timer_absent(m)


@animal("no PIT")
def no_pit(m):
    m.options = ("pit=off",)


@animal("no PIT, and neither HPET nor PM timer")
def no_clock(m):
    pit_alone(m)
    m.options = ("pit=off", "hpet=off")


# --- PCI, nodes, IOMMUs -----------------------------------------------------
of_tables("mcfg_over_ram", "the configuration window over memory", quick=True,
          MCFG=lambda: k.mcfg([(0x10000000, 0, 0, 255)]))
of_tables("mcfg_zero", "the configuration window at address 0",
          MCFG=lambda: k.mcfg([(0, 0, 0, 255)]))
of_tables("mcfg_reversed", "buses from 200 to 3",
          MCFG=lambda: k.mcfg([(MCFG, 0, 200, 3)]))
of_tables("mcfg_absent_window", "a configuration window where nothing is",
          MCFG=lambda: k.mcfg([(0xc0000000, 0, 0, 255)]))
HOME = [k.srat_cpu(0, 0), k.srat_cpu(1, 1)]
of_tables("srat_overlap", "memory that belongs to two nodes",
          SRAT=lambda: k.srat([*HOME, k.srat_memory(0, 0, GIB),
                               k.srat_memory(1, GIB // 2, GIB)]))
of_tables("srat_uncovered", "memory that belongs to no node",
          SRAT=lambda: k.srat([*HOME, k.srat_memory(0, 0, 64 * MIB)]))
of_tables("srat_wraps", "a node that wraps around the address space",
          SRAT=lambda: k.srat([*HOME, k.srat_memory(0, 0, GIB),
                               k.srat_memory(1, (1 << 64) - 4096, 8192)]))
of_tables("srat_entry_empty", "an entry of the SRAT without length",
          SRAT=lambda: k.srat([*HOME, bytes(4)]))
of_tables("slit_small", "a node that is as near to others as to itself",
          SRAT=lambda: k.srat([*HOME, k.srat_memory(0, 0, GIB)]),
          SLIT=lambda: k.slit(2, (10, 10, 10, 10)))
of_tables("slit_truncated", "a SLIT of a thousand nodes and no distances",
          SLIT=lambda: k.slit(1000, ()))
of_tables("dmar_zero", "an IOMMU at address 0",
          DMAR=lambda: k.dmar([k.drhd(0, 1)]))
of_tables("dmar_absent_unit", "an IOMMU where nothing is",
          DMAR=lambda: k.dmar([k.drhd(0xfed91000, 1)]))
of_tables("dmar_entry_empty", "an entry of the DMAR without length",
          DMAR=lambda: k.dmar([bytes(8)]))
of_tables("ivrs_zero", "AMD's IOMMU at address 0",
          IVRS=lambda: k.ivrs([k.ivhd(0)]))
of_tables("ivrs_entry_beyond", "an entry of the IVRS behind its end",
          IVRS=lambda: k.ivrs([struct.pack("<BBHI", 16, 0, 900, 0)]))
of_tables("hest_overflow", "error sources behind the end of the HEST",
          HEST=lambda: k.header("HEST", struct.pack("<IHH", 9, 6, 0)))
of_tables("bert_in_ram", "a boot error record in memory",
          BERT=lambda: k.header("BERT", struct.pack("<IQ", 4096, 0x8000000)))


@animal("the root table names address 0")
def root_null(m):
    m.extra = (0,)


@animal("the root table names an address where no table is")
def root_wild(m):
    m.extra = (0x8000000, 0xfffffff0)


@animal("a table whose signature is no text")
def table_unnamed(m):
    m.tables["OEM1"] = bytearray(b"\x1b[2J") + k.header("OEM1", b"")[4:]


@animal("a DSDT of random bytes")
def aml_garbage(m):
    m.tables["DSDT"] = k.header(
        "DSDT", bytes((i * 167 + 13) % 251 for i in range(400)), 2)


@animal("a table of 4 GiB")
def table_huge(m):
    m.tables["OEM1"] = k.header("OEM1", bytes(8))
    struct.pack_into("<I", m.tables["OEM1"], 4, 0xffffffff)
    m.sums = ("OEM1",)


@animal("a table of no length")
def table_empty(m):
    m.tables["OEM1"] = bytearray(b"OEM1" + bytes(32))


# --- Memory -----------------------------------------------------------------
of_map("map_kernel_taken", "the memory that a kernel is linked at is reserved",
       (0x4000000, 0x200000, RESERVED))
of_map("map_overlap", "ranges of different kinds overlap",
       (0x14000000, 0x200000, RESERVED), (0x14100000, 0x200000, NVS),
       quick=True)
of_map("map_wraps", "a range that wraps around",
       ((1 << 64) - 4096, 0x2000, RESERVED), quick=True)
of_map("map_empty_ranges", "ranges without length",
       (0x8000000, 0, RAM), (0, 0, RESERVED))
of_map("map_bios_ram", "memory between 640 KiB and 1 MiB",
       (0xa0000, 0x50000, RAM), quick=True)
of_map("map_apic_ram", "the local APIC's page as memory",
       (0xfee00000, 0x1000, RAM))
of_map("map_beyond", "memory at addresses that no CPU has",
       (1 << 60, GIB, RAM))
of_map("map_hole_at_1m", "a hole of 1 MiB at 1 MiB",
       (0, 0x9fc00, RAM), (2 * MIB, MEMORY - 2 * MIB - 0x60000, RAM),
       base=False, quick=True)
of_map("map_no_low", "nothing below 1 MiB",
       (MIB, MEMORY - MIB - 0x60000, RAM), base=False)
of_map("map_pieces", "memory in 30 pieces",
       *[(128 * MIB + i * 8 * MIB, 4096, RESERVED) for i in range(30)])
of_map("map_too_long", "a map of 107 ranges: QEMU's multiboot loader loses it",
       *[(128 * MIB + i * 8 * MIB, 4096, RESERVED) for i in range(100)])
of_map("map_backwards", "ranges from the highest to the lowest",
       *reversed(ordinary()), base=False)
of_map("map_tables_in_ram", "the ACPI tables lie in memory",
       (0, 0x9fc00, RAM), (0xf0000, 0x10000, RESERVED),
       (MIB, MEMORY - MIB, RAM), base=False, quick=True)
of_map("map_types_unknown", "ranges of types that nobody knows",
       (0x10000000, MIB, 7), (0x11000000, MIB, 12), (0x12000000, MIB, 0xffffffff),
       (0x13000000, MIB, 0))
of_map("map_unaligned", "ranges that end within pages",
       (0, 0x9f123, RAM), (0xf0000, 0x10000, RESERVED),
       (MIB + 77, MEMORY // 2 - 5, RAM),
       (MIB + 72 + MEMORY // 2, MEMORY // 2 - 2 * MIB, RAM),
       (MEMORY - MIB // 2, MIB // 2, RESERVED), base=False)
of_map("map_twice", "every range twice", *ordinary())
of_map("map_low_whole", "the EBDA is not reserved",
       (0, 0xa0000, RAM))
of_map("map_no_ram", "no memory at all",
       (0, 0x100000, RESERVED), (MIB, MEMORY, RESERVED), base=False)
of_map("map_low_gone", "all below 1 MiB is reserved",
       (0, MIB, RESERVED), (MIB, MEMORY - MIB - 0x60000, RAM), base=False)
of_map("map_absent", "a GiB of memory that is not there",
       (MEMORY, GIB, RAM), quick=True)
of_map("map_absent_high", "4 GiB of memory above 4 GiB that are not there",
       (4 * GIB, 4 * GIB, RAM))
of_map("map_too_large", "a range of memory that ends behind what is there",
       (0, 0x9fc00, RAM), (0xf0000, 0x10000, RESERVED),
       (MIB, 2 * MEMORY - MIB, RAM), base=False)
of_map("map_to_4g", "the devices below 4 GiB are memory",
       (3 * GIB, GIB - 0x100000, RAM))
of_map("map_little", "48 MiB of memory",
       (0, 0x9fc00, RAM), (MIB, 48 * MIB, RAM), base=False, quick=True)


# --- Names ------------------------------------------------------------------
@animal("SMBIOS with strings that have no end")
def smbios_endless(m):
    m.structures = [bytearray(bytes([1, 27, 1, 0, 1, 2, 3]) + bytes(20) +
                              b"A" * 200 + b"\0\0")]


@animal("SMBIOS with unprintable names")
def smbios_garbage(m):
    m.structures = [bytearray(bytes([1, 27, 1, 0, 1, 2, 3]) + bytes(20) +
                              b"\x01\x02\xff\0%n%s\0\x1b[2J\0\0")]
