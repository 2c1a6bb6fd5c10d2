"""What has to change so that tables of another machine fit the devices of
QEMU's q35. Each change is one function, and says what it did."""
import collections
import struct

from records import Table

IOAPIC, HPET, MCFG = 0xfec00000, 0xfed00000, 0xb0000000
HEADER, FACS_BYTES = 36, 64
# These point at memory, devices or firmware that only the machine itself has.
ABSENT = {
    "BERT": "its boot error record", "EINJ": "its error injection",
    "ERST": "its error store", "HEST": "its error sources",
    "DMAR": "its IOMMU units", "IVRS": "its IOMMU units",
    "BGRT": "its boot logo", "FPDT": "its boot times", "UEFI": "its firmware",
    "TPM2": "its TPM", "TCPA": "its TPM", "WAET": "another hypervisor",
    "MSCT": "its nodes", "HMAT": "its nodes", "PMTT": "its memory", "NFIT": "its memory",
    "SPMI": "its controller", "ASF!": "its controller", "DBG2": "its ports",
    "DBGP": "its ports", "SPCR": "its ports", "CSRT": "its controllers",
}
# FADT: where fixed hardware is on q35 (offset, format, values).
FADT_PLACES = (
    (46, "H", 9), (48, "I", 0xb2), (52, "B", 2), (53, "B", 3), (54, "B", 0),
    (55, "B", 0), (56, "I", 0x600), (60, "I", 0), (64, "I", 0x604), (68, "I", 0),
    (72, "I", 0), (76, "I", 0x608), (80, "I", 0x620), (84, "I", 0),
    (88, "B", 4), (89, "B", 2), (90, "B", 0), (91, "B", 4), (92, "B", 16),
    (93, "B", 0))
FADT_GAS = ((148, 32, 0x600), (160, 0, 0), (172, 16, 0x604), (184, 0, 0),
            (196, 0, 0), (208, 32, 0x608), (220, 128, 0x620), (232, 0, 0))
FADT_3 = 244
RESET_SUPPORTED, HARDWARE_REDUCED = 1 << 10, 1 << 20


def replaced(t, data):
    data = bytearray(data)
    if len(data) >= HEADER:
        struct.pack_into("<I", data, 4, len(data))
    return Table(t.name, t.signature, bytes(data))


def absent(t, said):
    """None for a table that points at what is not there."""
    if t.signature in ABSENT:
        said.append(f"{t.signature}: left out, it points at "
                    f"{ABSENT[t.signature]}")
        return None
    return t


# What q35 is made to be: APIC ids of its CPUs, the recorded ids that they stand
# for, bytes of memory, {recorded APIC id: node}, nodes.
Target = collections.namedtuple("Target", "ids stand_for memory homes nodes")
NODE_MIN = 64 << 20


def fadt(t, said, _):
    data = bytearray(t.data)
    if len(data) < FADT_3:
        data += bytes(FADT_3 - len(data))
        data[8] = max(data[8], 3)
        said.append("FACP: made as long as revision 3")
    for offset, form, value in FADT_PLACES:
        struct.pack_into("<" + form, data, offset, value)
    for offset, bits, address in FADT_GAS:
        struct.pack_into("<BBBBQ", data, offset, 1, bits, 0, 0, address)
    flags = struct.unpack_from("<I", data, 112)[0]
    struct.pack_into("<I", data, 112,
                     (flags | RESET_SUPPORTED) & ~HARDWARE_REDUCED)
    struct.pack_into("<BBBBQ", data, 116, 1, 8, 0, 0, 0xcf9)
    data[128] = 6
    said.append("FACP: ports of power management, SCI and reset are q35's")
    return replaced(t, data)


def entries(data, at):
    while at + 2 <= len(data) and data[at + 1] >= 2:
        yield data[at], bytearray(data[at:at + data[at + 1]])
        at += data[at + 1]


def madt_cpu(kind, e, target):
    """Enabled CPUs get the ids of QEMU's, the others are switched off."""
    flags_at, id_at, form = (4, 3, "B") if kind == 0 else (8, 4, "I")
    flags = struct.unpack_from("<I", e, flags_at)[0]
    old = struct.unpack_from("<" + form, e, id_at)[0]
    if not flags & 1:
        return 0
    if old in target.stand_for:
        struct.pack_into("<" + form, e, id_at,
                         target.ids[target.stand_for.index(old)])
    else:
        struct.pack_into("<I", e, flags_at, 0)
    return 1


def enabled(tables):
    """APIC ids of the CPUs that the MADT enables, each once."""
    for t in tables:
        if t.signature == "APIC":
            rows = [(struct.unpack_from("<I", e, 8)[0] if kind == 9 else e[4],
                     struct.unpack_from("<I", e, 4)[0] if kind == 9 else e[3])
                    for kind, e in entries(t.data, 44)
                    if (kind == 0 and len(e) >= 8) or
                    (kind == 9 and len(e) >= 16)]
            return list(dict.fromkeys(i for flags, i in rows if flags & 1))
    return []


def madt(t, said, target):
    out, used, dropped = bytearray(t.data[:44]), 0, 0
    for kind, e in entries(t.data, 44):
        if (kind == 0 and len(e) >= 8) or (kind == 9 and len(e) >= 16):
            used += madt_cpu(kind, e, target)
        elif kind == 1 and len(e) >= 12:
            if struct.unpack_from("<I", e, 8)[0]:
                dropped += 1
                continue
            struct.pack_into("<I", e, 4, IOAPIC)
        out += e
    struct.pack_into("<I", out, 36, 0xfee00000)
    said.append(f"APIC: {min(used, len(target.ids))} of {used} CPUs, with "
                "q35's ids")
    if dropped:
        said.append(f"APIC: {dropped} IO-APICs left out, q35 has one")
    return replaced(t, out)


# --- Nodes ------------------------------------------------------------------
def homes(tables):
    """({APIC id: node}, nodes) by the SRAT; ({}, []) without one."""
    found, nodes = {}, set()
    for t in tables:
        if t.signature != "SRAT":
            continue
        for kind, e in entries(t.data, 48):
            if kind == 0 and len(e) >= 16 and e[4] & 1:
                found[e[3]] = e[2] | int.from_bytes(e[9:12], "little") << 8
            elif kind == 2 and len(e) >= 24 and e[12] & 1:
                node, apic_id = struct.unpack_from("<II", e, 4)
                found[apic_id] = node
            elif kind == 1 and len(e) >= 40 and e[28] & 1 and \
                    any(e[16:24]):
                nodes.add(struct.unpack_from("<I", e, 2)[0])
    return found, sorted(nodes | set(found.values()))


def chosen(tables, ids, memory):
    """The target; of more CPUs than q35 gets, each node keeps some."""
    where, nodes = homes(tables)
    groups = {}
    for apic_id in enabled(tables):
        groups.setdefault(where.get(apic_id), []).append(apic_id)
    share = max(1, len(ids) // max(1, len(groups)))
    first = [i for g in groups.values() for i in g[:share]]
    rest = [i for g in groups.values() for i in g[share:]]
    return Target(ids, (first + rest)[:len(ids)], memory, where, nodes)


def srat(t, said, target):
    """The recorded nodes over the memory that q35 has."""
    nodes = target.nodes
    if not nodes or len(nodes) * NODE_MIN > target.memory:
        said.append("SRAT: left out, it points at its nodes")
        return None
    out = bytearray(t.data[:48])
    for new, old in zip(target.ids, target.stand_for):
        if old in target.homes:
            node = target.homes[old]
            out += struct.pack("<BBBBIB3sI", 0, 16, node & 0xff, new, 1, 0,
                               (node >> 8).to_bytes(4, "little")[:3], 0)
    part = target.memory // len(nodes) & -NODE_MIN
    for i, node in enumerate(nodes):
        end = target.memory if i + 1 == len(nodes) else (i + 1) * part
        out += struct.pack("<BBIHQQIIQ", 1, 40, node, 0, i * part,
                           end - i * part, 0, 1, 0)
    said.append(f"SRAT: {len(nodes)} nodes over q35's memory and CPUs")
    return replaced(t, out)


def slit(t, said, target):
    if not target.nodes or len(target.nodes) * NODE_MIN > target.memory:
        said.append("SLIT: left out, it points at its nodes")
        return None
    return t


def hpet(t, said, _):
    data = bytearray(t.data)
    if len(data) >= 52 and struct.unpack_from("<Q", data, 44)[0] != HPET:
        struct.pack_into("<BBBBQ", data, 40, 0, 64, 0, 0, HPET)
        said.append("HPET: moved to q35's")
    return replaced(t, data)


def mcfg(t, said, _):
    said.append("MCFG: one window, where q35 has it")
    return replaced(t, t.data[:36] + bytes(8) +
                    struct.pack("<QHBBI", MCFG, 0, 0, 255, 0))


def pointed_at(found, said):
    """A FADT's pointers lead to tables of the record, or nowhere. Firmware of
    reduced hardware needs no FACS; q35 is not reduced."""
    have = {t.signature for t in found}
    if "FACP" not in have:
        return found
    if "FACS" not in have:
        said.append("FACS: made, the record has none")
        found = [*found, Table("FACS.0.bin", "FACS", struct.pack(
            "<4sI56s", b"FACS", FACS_BYTES, b""))]
    if "DSDT" not in have:
        said.append("FACP: names no DSDT, the record has none")
        found = [without_dsdt(t) if t.signature == "FACP" and
                 len(t.data) >= FADT_3 else t for t in found]
    return found


def without_dsdt(t):
    data = bytearray(t.data)
    struct.pack_into("<I", data, 40, 0)
    struct.pack_into("<Q", data, 140, 0)
    return replaced(t, data)


CHANGES = {"FACP": fadt, "APIC": madt, "HPET": hpet, "MCFG": mcfg,
           "SRAT": srat, "SLIT": slit}


def tables(record, ids, total):
    """The tables as q35 with CPUs of these APIC ids and so many bytes of memory
    can bear them, and what was changed."""
    out, said = [], []
    target = chosen(record.tables, ids, total)
    for t in record.tables:
        t = absent(t, said)
        if t and t.signature in CHANGES and len(t.data) >= 44:
            t = CHANGES[t.signature](t, said, target)
        if t:
            out.append(t)
    return pointed_at(out, said), said


def without_aml(tables_):
    """(tables with an empty DSDT and no SSDT, what was changed)."""
    kept = [replaced(t, t.data[:HEADER]) if t.signature == "DSDT" else t
            for t in tables_ if t.signature != "SSDT"]
    return kept, ["DSDT, SSDT: emptied, their AML waits for devices that q35 "
                  "has not"]


# The embedded controller's hardware id, as text and as AML's number.
EC_IDS = (b"PNP0C09", b"\x0c\x41\xd0\x0c\x09")


def has_ec(tables_):
    """Whether AML or an ECDT knows an embedded controller; q35 has none."""
    return any(t.signature == "ECDT" or
               (t.signature in ("DSDT", "SSDT") and
                any(i in t.data for i in EC_IDS)) for t in tables_)


# --- Memory -----------------------------------------------------------------
RAM, RESERVED = 1, 2
# What q35's own firmware needs: tables and its data at the end of low memory.
KEPT_AT_END, KEPT_STEP = 0x60000, 0x10000
BIOS_AREA = (0xf0000, 0x10000, RESERVED)


def cut(start, size, low, high):
    """The part of [start, start + size) in [low, high), or None."""
    first, last = max(start, low), min(start + size, high)
    return (first, last - first) if first < last else None


def memory(recorded, total, tables_bytes=0):
    """A map for `total` bytes of low memory, with the recorded one's shape."""
    kept = KEPT_AT_END + (tables_bytes & -KEPT_STEP)
    said, out = [], [(total - kept, kept, RESERVED), BIOS_AREA]
    lost = 0
    for start, size, kind in recorded:
        if kind != RAM:
            out.append((start, size, kind))
            continue
        part = cut(start, size, 0, total - kept)
        lost += size - (part[1] if part else 0)
        if part:
            out.append((*part, RAM))
    if lost:
        said.append(f"memory: {lost >> 20} MiB of RAM left out, the machine "
                    f"has {total >> 20} MiB")
    said.append(f"memory: the last {kept >> 10} KiB stay the firmware's own")
    return sorted(out), said
