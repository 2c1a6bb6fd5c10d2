"""Dumps of machines that do not exist, in the formats of many tools."""

import io
import struct
import tarfile


def table(signature, body=b"", length=None, oem=b"TOUCH "):
    """An ACPI table with a right checksum; `length` may be a lie."""
    size = 36 + len(body) if length is None else length
    head = struct.pack("<4sIBB6s8sI4sI", signature, size, 2, 0, oem,
                       b"TOUCHSTN", 1, b"TEST", 1)
    total = sum(head + body) & 0xff
    return head[:9] + bytes([-total & 0xff]) + head[10:] + body


def rsdp(xsdt=0x7ff0000):
    """A root pointer of revision 2."""
    first = b"RSD PTR \0TOUCH \2" + struct.pack("<I", 0)
    first = first[:8] + bytes([-sum(first) & 0xff]) + first[9:]
    rest = struct.pack("<IQB3x", 36, xsdt, 0)
    total = sum(first + rest) & 0xff
    return first + rest[:12] + bytes([-total & 0xff]) + rest[13:]


def structure(kind, handle, body=b"", strings=()):
    """One structure of SMBIOS."""
    text = b"".join(s.encode() + b"\0" for s in strings) or b"\0"
    return bytes([kind, 4 + len(body)]) + struct.pack("<H", handle) + body \
        + text + b"\0"


SERIAL = "QW3RTY77"
UUID = bytes(range(1, 17))


def smbios():
    """BIOS, system, board, a memory module, the end."""
    return b"".join([
        structure(0, 0, bytes([1, 2, 0, 0xe0, 3, 0xff]) + bytes(14),
                  ["Testware", "1.2", "01/02/2026"]),
        structure(1, 1, bytes([1, 2, 3, 4]) + UUID + bytes([6, 0, 0]),
                  ["Touch & Co", "Stone 1", "A", SERIAL]),
        structure(2, 2, bytes([1, 2, 3, 4, 5, 0, 0, 0, 0, 10, 0]),
                  ["Touch & Co", "Board 1", "B", "BRD-90210-X",
                   "To be filled by O.E.M."]),
        structure(17, 3, bytes(0x14) + bytes([1, 2, 3]) + bytes(1),
                  ["DIMMs Ltd", "SN5551212", "Not Specified"]),
        structure(127, 4),
    ])


def dump_bin():
    """What `dmidecode --dump-bin` writes."""
    entry = b"_SM3_\0\x18\3\2\0\1\0" + struct.pack("<IQ", len(smbios()), 32)
    entry = entry[:5] + bytes([-sum(entry) & 0xff]) + entry[6:]
    return entry.ljust(32, b"\0") + smbios()


def acpidump(tables):
    """What acpidump prints of {address: bytes}."""
    lines = []
    for address, data in tables.items():
        lines.append("%s @ 0x%016X" % (data[:4].decode(), address))
        for at in range(0, len(data), 16):
            part = data[at:at + 16]
            text = "".join(chr(c) if 32 <= c < 127 else "." for c in part)
            lines.append("  %04X: %-48s %s" % (
                at, " ".join("%02X" % c for c in part), text))
        lines.append("")
    return "\n".join(lines) + "\n"


LEAVES = {
    (0, 0): (0xd, 0x756e6547, 0x6c65746e, 0x49656e69),
    (1, 0): (0x306f2, 0x00200800, 0x7ffefbff, 0xbfebfbff),
    (4, 0): (0x1c004121, 0x01c0003f, 0x3f, 0),
    (4, 1): (0x1c004122, 0x01c0003f, 0x3f, 0),
    (0x80000000, 0): (0x80000008, 0, 0, 0),
}


def leaves_of(cpu):
    """The same leaves, and the CPU's own number in leaf 1."""
    leaves = dict(LEAVES)
    a, b, c, d = leaves[1, 0]
    leaves[1, 0] = (a, b | cpu << 24, c, d)
    return leaves


def cpuid_raw(cpus):
    """`cpuid -r`."""
    lines = []
    for cpu in range(cpus):
        lines.append("CPU %d:" % cpu)
        for (leaf, sub), regs in leaves_of(cpu).items():
            lines.append("   0x%08x 0x%02x: eax=0x%08x ebx=0x%08x "
                         "ecx=0x%08x edx=0x%08x" % ((leaf, sub) + regs))
    return "\n".join(lines) + "\n"


def instlat(cpus):
    """A dump of AIDA64."""
    lines = []
    for cpu in range(cpus):
        lines += ["------[ Logical CPU #%d ]------" % cpu, ""]
        for (leaf, _), regs in leaves_of(cpu).items():
            lines.append("CPUID %08X: %s" % (
                leaf, "-".join("%08X" % r for r in regs)))
        lines.append("")
    lines += ["------[ MSR Registers ]------", "",
              "MSR 0000001B: 0000-0000-FEE0-0900",
              "MSR 0000008B: 0000-002B-0000-0000 [REV = 2B]"]
    return "\r\n".join(lines) + "\r\n"


def hwloc(cpu):
    """A file of hwloc-gather-cpuid."""
    lines = ["# mask e[abcd]x => e[abcd]x"]
    for (leaf, sub), regs in leaves_of(cpu).items():
        lines.append("%d %x 0 %x 0 => %s" % (
            5 if leaf == 4 else 1, leaf, sub,
            " ".join("%x" % r for r in regs)))
    return "\n".join(lines) + "\n"


def libvirt_xml():
    """CPU data of libvirt."""
    rows = ["  <cpuid eax_in='0x%08x' ecx_in='0x%02x' eax='0x%08x' "
            "ebx='0x%08x' ecx='0x%08x' edx='0x%08x'/>" % (key + regs)
            for key, regs in leaves_of(0).items()]
    return "<!-- a test -->\n<cpudata arch='x86'>\n" + "\n".join(rows) + \
        "\n  <msr index='0x10a' edx='0x1' eax='0x2b'/>\n</cpudata>\n"


LIBVIRT_JSON = """{"return": {"model": {"name": "base", "props": {
 "vendor": "GenuineIntel", "family": 6, "model": 63, "stepping": 2,
 "level": 13, "xlevel": 2147483656, "model-id": "Test(R) CPU",
 "fpu": true, "pni": true, "sse4.1": true, "avx2": true, "nx": true,
 "lahf-lm": true, "svm": false, "hv-time": true}}}, "id": "x"}

{"return": [], "id": "y"}
"""

KERNEL_LOG = """[    0.000000] Linux version 6.1.0 (test)
[    0.000000] BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable
[    0.000000] BIOS-e820: [mem 0x000000000009fc00-0x000000000009ffff] reserved
[    0.000000] BIOS-e820: [mem 0x000000007ff00000-0x000000007fffffff] ACPI data
[    0.000000] efi: mem00: [Boot Data          |   |  |  |  |  |  |  |  |  |  \
|   |WB|WT|WC|UC] range=[0x0000000000000000-0x0000000000000fff] (0MB)
[    0.000000] ACPI: APIC 0x000000007FF01000 00002C (v02 TOUCH  TOUCHSTN)
[    0.000000] microcode: CPU1 sig=0x306f2, pf=0x1, revision=0x2b
[    1.000000] e1000e 0000:00:19.0 eth0: 52:54:00:12:34:56
[    1.100000] usb 1-1: SerialNumber: 4C530001260
[    1.200000] Serial: 8250/16550 driver, 4 ports
[    1.300000] Command line: root=UUID=0a1b2c3d-1111-2222-3333-444455556666
"""

OLD_KERNEL_LOG = """Linux version 2.6.18 (test)
 BIOS-e820: 0000000000000000 - 000000000009fc00 (usable)
 BIOS-e820: 00000000000f0000 - 0000000000100000 (reserved)
 BIOS-e820: 000000007fff0000 - 0000000080000000 (ACPI NVS)
"""

XEN_LOG = """(XEN) Xen version 4.17 (test)
(XEN) Xen-e820 RAM map:
(XEN)  [0000000000000000, 000000000009fbff] (usable)
(XEN)  [00000000fed1c000, 00000000fed1ffff] (reserved)
(XEN) ACPI: RSDP 000F0490, 0024 (r2 TOUCH )
(XEN) System RAM: 2047MB
"""

def xen_policy():
    """`xen-cpuid -p`: the raw policy, and one that is not."""
    rows = ["  %08x:%08x -> %s" % (
        leaf, sub if leaf == 4 else 0xffffffff,
        ":".join("%08x" % r for r in regs))
        for (leaf, sub), regs in leaves_of(0).items()]
    return "\n".join(
        ["Xen reports there are maximum 120 leaves and 2 MSRs",
         "Raw policy: %d leaves, 1 MSRs" % len(rows), " CPUID:",
         "  leaf     subleaf  -> eax      ebx      ecx      edx", *rows,
         " MSRs:", "  index    -> value", "  0000010a -> 000000000000002b",
         "Host policy: 1 leaves, 0 MSRs", " CPUID:",
         "  00000001:ffffffff -> 00000000:00000000:00000000:00000000"]) + "\n"


DMIDECODE = """# dmidecode 3.4
Getting SMBIOS data from sysfs.
SMBIOS 2.8 present.
Table at 0x000EC9B0.

Handle 0x0000, DMI type 0, 24 bytes
BIOS Information
\tVendor: Testware
\tVersion: 1.2
\tRelease Date: 01/02/2026
\tAddress: 0xE0000
\tROM Size: 16 MB
\tCharacteristics:
\t\tPCI is supported
\t\tUEFI is supported
\tBIOS Revision: 5.11

Handle 0x0001, DMI type 1, 27 bytes
System Information
\tManufacturer: Touch & Co
\tProduct Name: Stone 1
\tSerial Number: QW3RTY77
\tUUID: 01020304-0506-0708-090a-0b0c0d0e0f10
\tWake-up Type: Power Switch

Handle 0x0030, DMI type 17, 40 bytes
Memory Device
\tTotal Width: 72 bits
\tSize: 64 GB
\tLocator: DIMM A1
\tType: DDR4
\tSerial Number: SN5551212

Handle 0x0031, DMI type 222, 8 bytes
OEM-specific Type
\tHeader and Data:
\t\tDE 08 31 00 AA BB 01 02
\tStrings:
\t\tfirst
\t\tsecond

Handle 0x0032, DMI type 127, 4 bytes
End Of Table
"""

LSPCI = """00:1f.0 ISA bridge: Test LPC
00: 86 80 16 29 07 00 10 02 02 00 01 06 00 00 80 00
10: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
20: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
30: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00

"""


def archive(members, mode="w:gz"):
    """A tar of (name or TarInfo, bytes)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as tar:
        for name, data in members:
            info = name if isinstance(name, tarfile.TarInfo) \
                else tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()
