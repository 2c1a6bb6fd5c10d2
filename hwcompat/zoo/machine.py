"""Machines made of nothing: firmware tables, memory, CPUs, written as records.

`Machine()` is a sound two-socket server with VT-d, `amd()` one with AMD's IOMMU.
Tests damage a copy. Numbers are as the specifications have them; tables get
their sums when the record is written, unless `broken_sums` names them."""
import json
import os
import struct

RAM, RESERVED, ACPI, NVS = 1, 2, 3, 4
GIB = 1 << 30
TABLES_AT = 0x7f000000
HEADER = 36


def header(signature, body, revision=1):
    return bytearray(struct.pack("<4sIBB6s8sI4sI", signature.encode(),
                                 HEADER + len(body), revision, 0, b"TOUCHS",
                                 b"STONE   ", 1, b"TEST", 1) + body)


def gas(address, bits, space=1, access=0):
    return struct.pack("<BBBBQ", space, bits, 0, access, address)


def fadt():
    t = header("FACP", bytes(276 - HEADER), 6)
    struct.pack_into("<IIBBHIBB", t, 36, 0, 0, 0, 4, 9, 0xb2, 2, 3)
    struct.pack_into("<6I", t, 56, 0x600, 0, 0x604, 0, 0, 0x608)
    struct.pack_into("<II", t, 80, 0x620, 0)
    struct.pack_into("<BBBBBB", t, 88, 4, 2, 0, 4, 16, 0)
    struct.pack_into("<HH", t, 96, 1, 57)
    t[108] = 0x32
    struct.pack_into("<H", t, 109, 0x0003)
    struct.pack_into("<I", t, 112, 0x00000581 | 1 << 8)
    t[116:128] = gas(0xcf9, 8)
    t[128] = 6
    for at, address, bits in ((148, 0x600, 32), (172, 0x604, 16),
                              (208, 0x608, 32), (220, 0x620, 128)):
        t[at:at + 12] = gas(address, bits)
    return t


def lapic(uid, apic_id, flags=1):
    return struct.pack("<BBBBI", 0, 8, uid, apic_id, flags)


def x2apic(uid, apic_id, flags=1):
    return struct.pack("<BBHIII", 9, 16, 0, apic_id, flags, uid)


def ioapic(nr, address, gsi):
    return struct.pack("<BBBBII", 1, 12, nr, 0, address, gsi)


def override(irq, gsi, flags=0, bus=0):
    return struct.pack("<BBBBIH", 2, 10, bus, irq, gsi, flags)


def lint(uid, pin, flags=5):
    return struct.pack("<BBBHB", 4, 6, uid, flags, pin)


def madt(entries=None, address=0xfee00000, flags=1):
    if entries is None:
        entries = [lapic(i, i * 2) for i in range(4)]
        entries += [ioapic(8, 0xfec00000, 0), ioapic(9, 0xfec40000, 24),
                    override(0, 2), override(9, 9, 0xd), lint(0xff, 1)]
    return header("APIC", struct.pack("<II", address, flags) +
                  b"".join(entries), 4)


def srat_cpu(domain, apic_id, flags=1):
    return struct.pack("<BBBBIB3sI", 0, 16, domain, apic_id, flags, 0, bytes(3),
                       0)


def srat_memory(domain, base, length, flags=1):
    return struct.pack("<BBIHQQIIQ", 1, 40, domain, 0, base, length, 0, flags,
                       0)


def srat(entries=None):
    if entries is None:
        entries = [srat_cpu(i // 2, i * 2) for i in range(4)]
        entries += [srat_memory(0, 0, 4 * GIB), srat_memory(1, 4 * GIB, 4 * GIB)]
    return header("SRAT", struct.pack("<IQ", 1, 0) + b"".join(entries), 3)


def slit(nodes=2, distances=(10, 21, 21, 10)):
    return header("SLIT", struct.pack("<Q", nodes) + bytes(distances))


def mcfg(windows=((0xe0000000, 0, 0, 255),)):
    return header("MCFG", bytes(8) + b"".join(
        struct.pack("<QHBBI", *w, 0) for w in windows))


def hpet(address=0xfed00000, number=0, space=0, identity=0x8086a201):
    return header("HPET", struct.pack("<I", identity) +
                  gas(address, 64, space) + struct.pack("<BHB", number, 128, 0))


def scope(kind, nr, bus, device, function):
    return struct.pack("<BBHBBBB", kind, 8, 0, nr, bus, device, function)


def drhd(address, flags=0, segment=0, scopes=()):
    body = b"".join(scopes)
    return struct.pack("<HHBBHQ", 0, 16 + len(body), flags, 0, segment,
                       address) + body


def rmrr(base, limit, scopes=None):
    body = b"".join([scope(1, 0, 0, 0x1d, 0)] if scopes is None else scopes)
    return struct.pack("<HHHHQQ", 1, 24 + len(body), 0, 0, base, limit) + body


def rhsa(address, domain):
    return struct.pack("<HHIQI", 3, 20, 0, address, domain)


def dmar(entries=None, width=45, flags=1):
    if entries is None:
        entries = [drhd(0xfed91000, 1, 0, [scope(3, 8, 0xf0, 0x1f, 0),
                                           scope(3, 9, 0x80, 5, 4)]),
                   rmrr(0x7e000000, 0x7e00ffff), rhsa(0xfed91000, 0)]
    return header("DMAR", struct.pack("<BB10s", width, flags, bytes(10)) +
                  b"".join(entries))


def special(kind, nr, device):
    return struct.pack("<BHBBHB", 0x48, 0, 0, nr, device, kind)


def ivhd(address, devices=None, kind=0x10, device=2):
    if devices is None:
        devices = [special(1, 8, 0xa0), special(1, 9, 0x01),
                   special(2, 0, 0xa0)]
    pad = bytes(16) if kind != 0x10 else b""
    body = pad + b"".join(devices)
    return struct.pack("<BBHHHQHHI", kind, 0, 24 + len(body), device, 0x40,
                       address, 0, 0, 0) + body


def ivmd(base, length, kind=0x20):
    return struct.pack("<BBHHHQQQ", kind, 8, 32, 0, 0, 0, base, length)


def ivrs(entries=None):
    entries = [ivhd(0xfeb80000)] if entries is None else entries
    return header("IVRS", struct.pack("<I8s", 0x203000, bytes(8)) +
                  b"".join(entries), 2)


def structure(kind, handle, fields, *strings):
    text = b"".join(s.encode() + b"\0" for s in strings) or b"\0"
    return bytearray(struct.pack("<BBH", kind, 4 + len(fields), handle) +
                     fields + text + b"\0")


def smbios_structures():
    bios = bytearray(22)
    bios[0:5] = bytes([1, 2, 0, 0xf0, 3])
    cpu = bytearray(44)
    cpu[20] = 0x41
    cpu[31:34] = bytes([4, 4, 4])
    chassis = bytes([1, 23]) + bytes(9)
    memory = bytearray(36)
    struct.pack_into("<H", memory, 8, 6144)
    array = struct.pack("<BBBIHH", 3, 3, 6, 0, 0xfffe, 1)
    return [structure(0, 0, bytes(bios), "Touchstone", "1.0", "03/05/2021"),
            structure(1, 1, bytes([1, 2, 3]) + bytes(20), "Maker", "Server 1",
                      "A"),
            structure(2, 2, bytes([1, 2, 3, 0]), "Maker", "Board 1", "A"),
            structure(3, 3, chassis, "Maker"),
            structure(4, 4, bytes(cpu), "Maker"),
            structure(16, 5, array), structure(17, 6, bytes(memory)),
            structure(127, 7, b"")]


def leaves(vendor="GenuineIntel", signature=0x000a06d1, apic_id=0):
    v = struct.unpack("<III", vendor.encode())
    intel = vendor == "GenuineIntel"
    out = {(0, 0): [0x16, v[0], v[2], v[1]],
           (1, 0): [signature, apic_id << 24 | 0x40800,
                    0x7ffefbff & ~(0 if intel else 1 << 5), 0xbfebfbff],
           (6, 0): [4, 0, 0, 0],
           (7, 0): [0, 0x280 | 1, 0,
                    1 << 26 | 1 << 28 | 1 << 29 | 1 << 10],
           (0xb, 0): [1, 1, 0x100, apic_id], (0xb, 1): [4, 4, 0x201, apic_id],
           (0x80000000, 0): [0x8000001f, 0, 0, 0],
           (0x80000001, 0): [0, 0, 0x21 | (0 if intel else 4), 0x2c100800],
           (0x80000007, 0): [0, 0, 0, 0x100],
           (0x80000008, 0): [0x302e, 0 if intel else 1 << 12, 0, 0]}
    if not intel:
        out[(0x8000000a, 0)] = [1, 0x8000, 0, 0xff]
    return out


def msrs():
    return {0x3a: 5, 0x3b: 0, 0x8b: 0x0d000331 << 32, 0xfe: 0xd0a,
            0x1a0: 0x850089, 0x200: 6, 0x201: 0x3ffe00000800, 0x277: 0x7040600070406,
            0x2ff: 0xc00, 0x48b: 0x77ff7fff00000000}


def config(vendor, device, kind, size=256, bars=(), capabilities=(), header=0,
           command=6):
    c = bytearray(size)
    struct.pack_into("<HHHHB3B", c, 0, vendor, device, command, 0x10, 1, 0,
                     kind & 0xff, kind >> 8)
    c[0xe] = header
    for i, bar in enumerate(bars):
        struct.pack_into("<I", c, 0x10 + 4 * i, bar)
    at = 0x40
    c[0x34] = at if capabilities else 0
    for i, (nr, body) in enumerate(capabilities):
        step = (2 + len(body) + 3) & ~3
        c[at] = nr
        c[at + 1] = at + step if i + 1 < len(capabilities) else 0
        c[at + 2:at + 2 + len(body)] = body
        at += step
    return c


def express(port=0, flr=True):
    return (0x10, struct.pack("<HI", port << 4 | 2, (1 << 28) * flr) + bytes(12))


MSI = (5, bytes(12))
POWER = (1, struct.pack("<HHH", 3, 0, 0))


def acs_port():
    c = config(0x8086, 0x2030, 0x0604, 272, header=1,
               capabilities=(POWER, MSI, express(4, False)))
    c[0x18:0x1b] = bytes([0, 1, 1])
    struct.pack_into("<I", c, 0x100, 0xd | 1 << 16)
    return c


class Machine:
    """A record in the making. `tables`: by name, "SSDT.1" for a second one."""

    def __init__(self):
        self.tables = {"FACP": fadt(), "APIC": madt(), "SRAT": srat(),
                       "SLIT": slit(), "MCFG": mcfg(), "HPET": hpet(),
                       "DMAR": dmar(), "DSDT": header("DSDT", b"\xa4\x00", 2),
                       "FACS": bytearray(struct.pack("<4sI56s", b"FACS", 64,
                                                     bytes(56)))}
        self.addresses = {}
        self.broken_sums = set()
        self.root = True       # RSDT and XSDT
        self.rsdp = True
        self.rsdp_at = 0xf0000
        self.change_rsdp = None
        self.change_root = None
        self.change_tables = None  # when addresses and sums are done
        self.structures = smbios_structures()
        self.entry = None      # bytes: instead of a sound entry point
        self.memory = [(0, 0x9f000, RAM), (0x9f000, 0x61000, RESERVED),
                       (0x100000, 0x7ddfffff + 1 - 0x100000, RAM),
                       (0x7de00000, 0x1200000, RESERVED),
                       (0x7f000000, 0x800000, ACPI),
                       (0xe0000000, 0x10000000, RESERVED),
                       (0xfec00000, 0x1400000, RESERVED),
                       (4 * GIB, 4 * GIB, RAM)]
        self.efi = None
        self.cpus = [leaves(apic_id=i * 2) for i in range(4)]
        self.msrs = [msrs() for _ in range(4)]
        self.microcode = [0xd000331] * 4
        self.pci = {"0000:00:00.0": config(0x8086, 0x09a2, 0x0600),
                    "0000:00:1c.0": acs_port(),
                    "0000:00:1d.0": config(0x8086, 0xa1a6, 0x0c03),
                    "0000:01:00.0": config(0x1af4, 0x1041, 0x0200, 272,
                                           (0xc0000004, 0),
                                           (POWER, MSI, express()))}
        self.log = "Linux version 6.1\n"
        self.hypervisor_log = ""

    def poke(self, table, at, fmt, *values):
        struct.pack_into("<" + fmt, self.tables[table], at, *values)

    # --- Laying out ---------------------------------------------------------
    def place(self):
        at = TABLES_AT + 0x1000
        for name, t in self.tables.items():
            if name not in self.addresses:
                self.addresses[name] = at
            room = 512 if name in ("RSDT", "XSDT") else len(t)  # they grow
            at += (room + 63) & ~63
        if "FACP" in self.tables and len(self.tables["FACP"]) >= 148:
            facs, dsdt = (self.addresses.get(n, 0) for n in ("FACS", "DSDT"))
            self.poke("FACP", 36, "II", facs, dsdt)
            self.poke("FACP", 132, "QQ", facs, dsdt)

    def named(self):
        return [self.addresses[n] for n in self.tables
                if n not in ("FACS", "DSDT")]

    def rsdp_bytes(self):
        r = bytearray(struct.pack("<8sB6sBIIQB3s", b"RSD PTR ", 0, b"TOUCHS", 2,
                                  self.addresses.get("RSDT", 0), 36,
                                  self.addresses.get("XSDT", 0), 0, bytes(3)))
        if self.change_rsdp:
            self.change_rsdp(r)
        return r

    def sums(self):
        for name, t in self.tables.items():
            if name == "FACS" or name in self.broken_sums or len(t) < HEADER:
                continue
            length = struct.unpack_from("<I", t, 4)[0]
            t[9] = 0
            t[9] = -sum(t[:length]) & 0xff

    def acpi(self):
        if self.root:
            self.tables["RSDT"] = header("RSDT", b"")
            self.tables["XSDT"] = header("XSDT", b"")
        self.place()
        if self.root:
            named = [self.addresses[n] for n in self.tables
                     if n not in ("FACS", "DSDT", "RSDT", "XSDT")]
            self.tables["RSDT"] = header("RSDT", b"".join(
                struct.pack("<I", a & 0xffffffff) for a in named))
            self.tables["XSDT"] = header("XSDT", b"".join(
                struct.pack("<Q", a) for a in named))
        if self.change_root:
            self.change_root(self.tables)
        if self.change_tables:
            self.change_tables(self)
        self.sums()
        rsdp = self.rsdp_bytes() if self.rsdp else None
        if rsdp and not self.change_rsdp:
            rsdp[8] = -sum(rsdp[:20]) & 0xff
            rsdp[32] = -sum(rsdp[:36]) & 0xff
        return rsdp

    # --- Writing ------------------------------------------------------------
    def files(self):
        out = {}
        rsdp = self.acpi()
        rows = []
        for name, t in self.tables.items():
            signature, _, nr = name.partition(".")
            path = "acpi/%s.%s.bin" % (signature, nr or "0")
            out[path] = bytes(t)
            rows.append({"file": path, "signature": signature,
                         "address": hex(self.addresses.get(name, 0)),
                         "dynamic": False})
        head = {"tables": rows}
        if rsdp:
            out["acpi/rsdp.bin"] = bytes(rsdp)
            head["rsdp"] = hex(self.rsdp_at)
        if rows:
            out["acpi/tables.json"] = json.dumps(head).encode()
        if self.structures is not None:
            raw = b"".join(bytes(s) for s in self.structures)
            out["smbios/table.bin"] = raw
            out["smbios/entry.bin"] = self.entry_point(raw)
        if self.memory is not None:
            out["memory.json"] = json.dumps(self.memory_map()).encode()
        if self.cpus:
            out["cpu/cpuid.txt"] = registers(
                {k: v for k, v in c.items()} for c in self.cpus)
        if self.msrs:
            out["cpu/msr.txt"] = registers(
                {(k, 0): [v >> 32, v & 0xffffffff] for k, v in m.items()}
                for m in self.msrs)
        if self.microcode:
            out["cpu/microcode.txt"] = registers(
                {(0, 0): [m]} for m in self.microcode)
        if self.pci:
            out["pci/config.txt"] = "\n".join(
                listing(a, c) for a, c in sorted(self.pci.items())).encode()
        if self.log:
            out["logs/kernel.txt"] = self.log.encode()
        if self.hypervisor_log:
            out["logs/hypervisor.txt"] = self.hypervisor_log.encode()
        return out

    def entry_point(self, raw):
        if self.entry is not None:
            return bytes(self.entry)
        e = bytearray(struct.pack("<4sBBBBHB5s5sBHIHB", b"_SM_", 0, 31, 2, 8,
                                  256, 0, bytes(5), b"_DMI_", 0, len(raw),
                                  0xf1000, len(self.structures), 0x28))
        e[4] = -sum(e) & 0xff
        return bytes(e)

    def memory_map(self):
        if self.efi is not None:
            return {"efi": [{"start": hex(s), "size": hex(n), "type": t,
                             "attributes": hex(a)}
                            for s, n, t, a in self.efi]}
        return {"e820": [{"start": hex(s), "size": hex(n), "type": t}
                         for s, n, t in self.memory]}

    def write(self, directory):
        files = self.files()
        present = {p.split("/")[0].split(".")[0] for p in files}
        head = {"format": "touchstone-hardware-record", "version": 1,
                "id": identity(files), "tool": "test", "origin": "import",
                "sources": [{"kind": "test", "name": "test"}],
                "missing": [], "identifiers": False, "scrubbed": [],
                "notes": sorted(present),
                "files": [{"path": p, "bytes": len(b)}
                          for p, b in sorted(files.items())]}
        files = dict(files)
        files["record.json"] = json.dumps(head).encode()
        for path, b in files.items():
            full = os.path.join(directory, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "wb") as f:
                f.write(b)


def amd():
    m = Machine()
    del m.tables["DMAR"]
    m.tables["IVRS"] = ivrs()
    m.cpus = [leaves("AuthenticAMD", 0x00b00f21, i * 2) for i in range(4)]
    for r in m.msrs:
        for nr in (0x3a, 0x48b):
            del r[nr]
        r[0xc0010114] = 0
        r[0xc0010055] = 0
    return m


def registers(cpus):
    lines = []
    for nr, rows in enumerate(cpus):
        lines.append("cpu %d" % nr)
        lines += ["%08x %02x %s" % (leaf, sub, " ".join("%08x" % v for v in regs))
                  for (leaf, sub), regs in sorted(rows.items())]
    return ("\n".join(lines) + "\n").encode()


def listing(address, c):
    kind = c[0xb] << 8 | c[0xa]
    vendor, device = struct.unpack_from("<HH", c)
    lines = ["%s %04x: %04x:%04x" % (address, kind, vendor, device)]
    lines += ["%02x: %s" % (i, " ".join("%02x" % b for b in c[i:i + 16]))
              for i in range(0, len(c), 16)]
    return "\n".join(lines) + "\n"


def identity(files):
    """FNV-1a over name, zero, size and bytes of each file."""
    h = 0xcbf29ce484222325
    for path, b in sorted(files.items()):
        for byte in path.encode() + b"\0" + struct.pack("<Q", len(b)) + b:
            h = (h ^ byte) * 0x100000001b3 & 0xffffffffffffffff
    return "%016x" % h
