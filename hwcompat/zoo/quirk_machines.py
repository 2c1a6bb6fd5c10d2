"""Machines that have a quirk: QEMU's options for a row of impl/quirks."""
import collections
import os
import struct

import animals
import firmware
import machine as k
import records

SMBIOS = {"bios_vendor": (0, "vendor"), "bios_version": (0, "version"),
          "bios_date": (0, "date"), "sys_vendor": (1, "manufacturer"),
          "product_name": (1, "product"), "product_version": (1, "version"),
          "product_family": (1, "family"), "board_vendor": (2, "manufacturer"),
          "board_name": (2, "product"), "board_version": (2, "version")}
SEABIOS = "/usr/share/seabios/bios-256k.bin"
FLASH_BYTES = 1 << 20           # one bus of configuration space
FLASH_AT = (4 << 30) - (256 << 10) - FLASH_BYTES
PROBE_AT = 0x1000000
DEVICE_SLOT, LPC, AHCI = 5 << 3, 0x1f << 3, 0x1f << 3 | 2
# Where a machine's firmware is not QEMU's own: what becomes of the tables.
Firmware = collections.namedtuple("Firmware", "change window",
                                  defaults=(None, None))


def number(text):
    return int(text, 16)


# --- What rows ask for --------------------------------------------------------
def smbios(row):
    """-smbios options with the texts that the row looks for."""
    found = {}
    for c in row["texts"]:
        if c["field"] in SMBIOS:
            kind, name = SMBIOS[c["field"]]
            found.setdefault(kind, []).append(
                f"{name}={c['text'].replace(',', ',,')}")
    arguments = []
    for kind, texts in sorted(found.items()):
        arguments += ["-smbios", f"type={kind}," + ",".join(texts)]
    return arguments


def cpu(row):
    """What the row's CPU adds to a model."""
    c = row.get("cpu")
    if not c:
        return ""
    below = number(c["microcode_below"])
    microcode = f",ucode-rev={below - 1:#x}" if below else ""
    return (f",-hypervisor,vendor={c['vendor']},family={c['family']},"
            f"model={c['models'][0][0]},stepping={c['stepping_first']}"
            + microcode)


def identity(row):
    """(vendor, device, revision) of the row's first device, or None."""
    if not row["devices"]:
        return None
    d = row["devices"][0]
    return number(d["vendor"]), number(d["first"]), number(d["revision_last"])


def acpi_names(row):
    names = {c["field"]: c["text"] for c in row["texts"]}
    return names.get("acpi_oem"), names.get("acpi_table")


# --- Firmware of our own -------------------------------------------------------
def configuration(device):
    """Configuration space of bus 0 with that device, and an AHCI controller
    with messages at 0x80 as q35 has it."""
    space = bytearray(b"\xff" * FLASH_BYTES)

    def put(function, vendor, number_, revision, kind):
        at = function << 12
        space[at:at + 4096] = bytes(4096)
        struct.pack_into("<HHHHBBH", space, at, vendor, number_, 0, 0x10,
                         revision, 0, kind)

    put(0, 0x8086, 0x29c0, 0, 0x0600)
    put(DEVICE_SLOT, *device, 0x0880)
    put(LPC, 0x8086, 0x2918, 2, 0x0601)
    space[(LPC << 12) + 0xe] = 0x80  # more functions
    put(AHCI, 0x8086, 0x2922, 2, 0x0106)
    at = AHCI << 12
    space[at + 0x34] = 0x80
    space[at + 0x80] = 5
    return bytes(space)


def own_firmware(row, change, place):
    """Options of a machine whose tables, and window to PCI, are ours."""
    m = animals.sound()
    m.root = False
    m.tables["APIC"] = k.madt(animals.CPUS[:1] + animals.LINES)
    device = identity(row)
    if device:
        m.tables["MCFG"] = k.mcfg([(FLASH_AT, 0, 0, 0)])
    for text, at in zip(acpi_names(row), (10, 16)):
        if text:
            size = 6 if at == 10 else 8
            m.tables["APIC"][at:at + size] = text.encode().ljust(size)
    if change:
        change(m)
    tables = [records.Table(name, name[:4], bytes(t))
              for name, t in m.tables.items()]
    arguments = firmware.write_all(firmware.acpi_files(tables), place)
    if device:
        path = os.path.join(place, "flash")
        with open(path, "wb") as f:
            f.write(configuration(device))
        for unit, image in enumerate((SEABIOS, path)):
            arguments += ["-drive", f"if=pflash,unit={unit},format=raw,"
                          f"readonly=on,file={image}"]
    return arguments


# --- What is booted -----------------------------------------------------------
def pvh_kernel(code):
    """An ELF64 image with a PVH entry note around flat code."""
    note_at, text_at = 0x200, 0x1000
    note = struct.pack("<III4sQ", 4, 8, 18, b"Xen\0", PROBE_AT)
    head = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 2, 62, 1,
                       PROBE_AT, 64, 0, 0, 64, 56, 2, 64, 0, 0)
    load = struct.pack("<IIQQQQQQ", 1, 7, text_at, PROBE_AT, PROBE_AT,
                       len(code), len(code), 0x1000)
    notes = struct.pack("<IIQQQQQQ", 4, 4, note_at, 0, 0, len(note), len(note),
                        4)
    image = (head + load + notes).ljust(note_at, b"\0") + note
    return image.ljust(text_at, b"\0") + code
