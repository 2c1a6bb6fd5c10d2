"""What QEMU's firmware takes from outside: ACPI tables with the script that
links them (fw_cfg etc/table-loader), an option ROM with a memory map, SMBIOS."""
import os
import struct

TABLES, RSDP = b"etc/acpi/tables", b"etc/acpi/rsdp"
LOADER_ROW = 128
HEADER = 36
NOT_LINKED = ("DSDT", "FACS", "RSDT", "XSDT")
ROM_COUNT, ROM_TABLE, ROM_ENTRY, ROM_BYTES = 0x28, 0x200, 20, 4096
ROM_ENTRIES = (ROM_BYTES - ROM_TABLE - 1) // ROM_ENTRY


class Loader:
    """Commands for the firmware (QEMU docs/specs and bios-linker-loader.c)."""

    def __init__(self):
        self.rows = bytearray()

    def row(self, command, body):
        self.rows += struct.pack("<I", command) + body.ljust(LOADER_ROW - 4,
                                                             b"\0")

    def allocate(self, file, align, zone):
        self.row(1, struct.pack("<56sIB", file, align, zone))

    def pointer(self, where, to, offset, size):
        self.row(2, struct.pack("<56s56sIB", where, to, offset, size))

    def checksum(self, file, offset, start, length):
        self.row(3, struct.pack("<56sIII", file, offset, start, length))


class Blob:
    """All tables in one file; offsets become addresses by the loader."""

    def __init__(self):
        self.data = bytearray()

    def put(self, data, align=16):
        self.data += bytes(-len(self.data) % align)
        at = len(self.data)
        self.data += data
        return at


def root(signature, offsets, width):
    """An RSDT or XSDT of offsets, to be made addresses."""
    body = b"".join(o.to_bytes(width, "little") for o in offsets)
    return struct.pack("<4sIBB6s8sI4sI", signature, HEADER + len(body), 1, 0,
                       b"RECORD", b"REPLAYED", 1, b"TOUC", 1) + body


def link_fadt(loader, blob, at, length, facs, dsdt):
    for offset, size, to in ((36, 4, facs), (40, 4, dsdt), (132, 8, facs),
                             (140, 8, dsdt)):
        if to is None or offset + size > length:
            continue
        value = 0 if offset == 132 else to
        blob.data[at + offset:at + offset + size] = value.to_bytes(size,
                                                                   "little")
        if value or offset != 132:
            loader.pointer(TABLES, TABLES, at + offset, size)


def link_roots(loader, blob, offsets, extra, keep_sums):
    places = []
    for signature, width in ((b"XSDT", 8), (b"RSDT", 4)):
        rows = offsets + list(extra)
        at = blob.put(root(signature, rows, width))
        for i in range(len(offsets)):
            loader.pointer(TABLES, TABLES, at + HEADER + i * width, width)
        if signature.decode() not in keep_sums:
            loader.checksum(TABLES, at + 9, at, HEADER + len(rows) * width)
        places.append(at)
    return places


def rsdp_files(loader, xsdt, rsdt, revision, keep_sums):
    """The RSDP: as long as its revision has it."""
    rsdp = struct.pack("<8sB6sBIIQB3x", b"RSD PTR ", 0, b"RECORD", revision,
                       rsdt, 36, xsdt, 0)
    loader.pointer(RSDP, TABLES, 16, 4)
    if revision < 2:
        rsdp = rsdp[:20]
    else:
        loader.pointer(RSDP, TABLES, 24, 8)
    loader.checksum(RSDP, 8, 0, 20)
    if revision >= 2 and "RSDP" not in keep_sums:
        loader.checksum(RSDP, 32, 0, 36)
    return rsdp


def acpi_files(tables, keep_sums=(), extra=(), revision=2):
    """{fw_cfg name: bytes} for tables [(name, signature, bytes)].

    Sums are made right unless the name is in keep_sums; a FADT, which is
    linked to other addresses, always gets a new one; XSDT, RSDT and RSDP (its
    sum over all) may be named there too. The root tables also name the
    addresses `extra`; `revision` is the RSDP's."""
    loader, blob = Loader(), Blob()
    loader.allocate(RSDP, 16, 2)
    loader.allocate(TABLES, 64, 1)
    single = {t.signature: t for t in reversed(tables)}
    facs = blob.put(single["FACS"].data, 64) if "FACS" in single else None
    dsdt = blob.put(single["DSDT"].data) if "DSDT" in single else None
    offsets = []
    if dsdt is not None and len(single["DSDT"].data) >= HEADER and \
            single["DSDT"].name not in keep_sums:
        loader.checksum(TABLES, dsdt + 9, dsdt, len(single["DSDT"].data))
    for t in tables:
        if t.signature in NOT_LINKED:
            continue
        at = blob.put(t.data)
        offsets.append(at)
        if t.signature == "FACP":
            link_fadt(loader, blob, at, len(t.data), facs, dsdt)
        if t.signature == "FACP" or t.name not in keep_sums:
            if len(t.data) >= HEADER:
                loader.checksum(TABLES, at + 9, at, len(t.data))
    xsdt, rsdt = link_roots(loader, blob, offsets, extra, keep_sums)
    rsdp = rsdp_files(loader, xsdt, rsdt, revision, keep_sums)
    return {"etc/acpi/rsdp": rsdp, "etc/acpi/tables": bytes(blob.data),
            "etc/table-loader": bytes(loader.rows)}


def e820_rom(template, ranges):
    """The option ROM that serves a memory map of [(start, size, type)]."""
    if len(ranges) > ROM_ENTRIES:
        raise ValueError(f"{len(ranges)} ranges, room for {ROM_ENTRIES}")
    rom = bytearray(template)
    struct.pack_into("<H", rom, ROM_COUNT, len(ranges))
    for i, (start, size, kind) in enumerate(ranges):
        struct.pack_into("<QQI", rom, ROM_TABLE + i * ROM_ENTRY, start, size,
                         kind)
    rom[-1] = 0
    rom[-1] = -sum(rom) & 0xff
    return bytes(rom)


def write_all(files, place):
    """QEMU arguments for {fw_cfg name: bytes}, written below `place`."""
    arguments = []
    for name, data in files.items():
        path = os.path.join(place, name.replace("/", "-"))
        with open(path, "wb") as f:
            f.write(data)
        arguments += ["-fw_cfg", f"name={name},file={path}"]
    return arguments
