"""The UEFI way of a memory map: a program that OVMF starts, which takes what
the recorded map does not leave free, and then starts GRUB with the kernel."""
import io
import os
import struct
import subprocess
import tarfile

RAM, RESERVED = 7, 0
HOLE = 0x80000000
PAGE = 4096
PLAN_MAGIC = 0x50414d4c41455254
HOLD, TELL = 0, 1
RANGES_MAX = 1000
GRUB_LIMIT_S = 60
GRUB_MODULES = ("memdisk", "tar", "multiboot2", "linux", "boot", "normal")
# Where the head of the program has sizes to enlarge (arch/efi_head.S).
SIZES_AT = (0x40 + 24 + 4, 0x40 + 24 + 56, 0x40 + 24 + 112 + 48 + 8,
            0x40 + 24 + 112 + 48 + 16)
HEAD = 0x1000
# Commands of QEMU's table loader.
LOADER_ROW, POINTER, CHECKSUM = 128, 2, 3
OF_E820 = {1: RAM, 2: RESERVED, 3: 9, 4: 10, 5: 8}
TO_E820 = {1: 1, 2: 1, 3: 1, 4: 1, 7: 1, 8: 5, 9: 3, 10: 4}
FREE_LATER = (1, 2, 3, 4, RAM)
RUNTIME = (5, 6)


class UefiError(Exception):
    """The program cannot be made."""


def of_e820(ranges):
    """UEFI's descriptors (start, size, type, attributes) of an E820 map."""
    return [(start, size, OF_E820.get(kind, RESERVED), 0xf)
            for start, size, kind in ranges]


def to_e820(ranges):
    return [(start, size, TO_E820.get(kind, 2))
            for start, size, kind, _ in ranges]


def simple(ranges, said):
    """Kinds as they matter once boot services are left."""
    out, runtime = [], 0
    for start, size, kind, attributes in ranges[:RANGES_MAX]:
        if kind in FREE_LATER:
            kind = RAM
        elif kind in RUNTIME:
            kind, runtime = RESERVED, runtime + 1
        out.append((start, size, kind, attributes & ~(1 << 63)))
    if runtime:
        said.append(f"memory: {runtime} ranges of runtime services are "
                    "reserved, the services are OVMF's")
    if len(ranges) > RANGES_MAX:
        said.append(f"memory: the first {RANGES_MAX} ranges")
    return out


def pages_of(start, size, kind):
    """First and last page boundary: memory shrinks to whole pages, the rest
    grows."""
    end = start + size
    if kind == RAM:
        return -(-start // PAGE) * PAGE, end // PAGE * PAGE
    return start // PAGE * PAGE, -(-end // PAGE) * PAGE


def kinds_below(ranges, total):
    """[(start, end, kind)] without RAM and overlaps, of what is below total."""
    spans = [(*pages_of(start, size, kind), kind)
             for start, size, kind, _ in ranges]
    edges = sorted({0, total, *(min(max(e, 0), total)
                                for span in spans for e in span[:2])})
    out = []
    for low, high in zip(edges, edges[1:]):
        here = [kind for start, end, kind in spans
                if start <= low and high <= end]
        kind = next((k for k in here if k != RAM), RAM if here else HOLE)
        if kind == RAM:
            continue
        if out and out[-1][1:] == (low, kind):
            low = out.pop()[0]
        out.append((low, high, kind))
    return out


def plan(recorded, total, raw, said):
    """Rows (start, pages, attributes, kind, action) for `total` bytes of low
    memory."""
    ranges = simple(recorded, said)
    rows = [(low, (high - low) // PAGE, 0xf, kind, HOLD)
            for low, high, kind in kinds_below(ranges, total)]
    lost = 0
    for start, size, kind, attributes in ranges:
        low, high = pages_of(start, size, kind)
        if kind == RAM and not raw:
            lost += max(0, high - max(low, total))
            continue
        low = max(low, total)
        if low < high:
            rows.append((low, (high - low) // PAGE, attributes, kind, TELL))
    if lost:
        said.append(f"memory: {lost >> 20} MiB of RAM left out, the machine "
                    f"has {total >> 20} MiB")
    said.append("memory: what OVMF keeps for itself stays its own")
    return rows


def memdisk(files):
    """A tar for GRUB: {name: bytes}."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as t:
        for name, data in files.items():
            head = tarfile.TarInfo(name)
            head.size = len(data)
            t.addfile(head, io.BytesIO(data))
    return out.getvalue()


def quoted(text):
    return " ".join("'" + w.replace("'", "") + "'" for w in text.split())


def menu(linux, options, arguments):
    """What GRUB does; `arguments`: of each module."""
    first = "linux" if linux else "multiboot2"
    lines = [f"{first} (memdisk)/kernel {quoted(options)}"]
    for i, words in enumerate(arguments):
        lines.append("initrd (memdisk)/module0" if linux else
                     f"module2 (memdisk)/module{i} {quoted(words)}")
    return "\n".join(lines + ["boot", ""])


def loader(linux, image, options, modules, place):
    """GRUB with all that it starts; modules: [(path, arguments)]."""
    files = {}
    for name, path in [("kernel", image), *(
            (f"module{i}", m[0]) for i, m in enumerate(modules))]:
        with open(path, "rb") as f:
            files[name] = f.read()
    disk, early, out = (os.path.join(place, n)
                        for n in ("grub.tar", "grub.cfg", "grub.efi"))
    with open(disk, "wb") as f:
        f.write(memdisk(files))
    with open(early, "w", encoding="utf-8") as f:
        f.write(menu(linux, options, [m[1] for m in modules]))
    try:
        done = subprocess.run(
            ["grub-mkimage", "-O", "x86_64-efi", "-o", out, "-p", "(memdisk)/",
             "-m", disk, "-c", early, *GRUB_MODULES], capture_output=True,
            text=True, timeout=GRUB_LIMIT_S, check=False)
    except FileNotFoundError as error:
        raise UefiError("cannot find grub-mkimage: install grub-common and "
                        "grub-efi-amd64-bin") from error
    if done.returncode:
        raise UefiError(f"grub-mkimage: {done.stderr.strip()}")
    with open(out, "rb") as f:
        return f.read()


def tables_of(files):
    """What the loader's script says, as one blob: (bytes, where its root
    pointer is, fixes (at, bytes, start, length))."""
    if not files:
        return b"", 0, []
    tables = files["etc/acpi/tables"]
    rsdp = -(-len(tables) // 16) * 16
    blob = tables.ljust(rsdp, b"\0") + files["etc/acpi/rsdp"]
    fixes = []
    for at in range(0, len(files["etc/table-loader"]), LOADER_ROW):
        row = files["etc/table-loader"][at:at + LOADER_ROW]
        command, = struct.unpack_from("<I", row)
        base = rsdp if row[4:60].rstrip(b"\0") == b"etc/acpi/rsdp" else 0
        if command == POINTER:
            offset, size = struct.unpack_from("<IB", row, 116)
            fixes.append((base + offset, size, 0, 0))
        elif command == CHECKSUM:
            offset, start, length = struct.unpack_from("<III", row, 60)
            fixes.append((base + offset, 0, base + start, length))
    return blob, rsdp, fixes


def program(template, rows, files, grub):
    """The program with its plan, the tables of firmware.acpi_files() and its
    loader behind it."""
    image = bytearray(template[:len(template) // PAGE * PAGE])
    tables, rsdp, fixes = tables_of(files)
    head = 72 + 32 * len(rows)
    acpi_at = head + 16 * len(fixes)
    image += struct.pack("<9Q", PLAN_MAGIC, len(rows), acpi_at + len(tables),
                         len(grub), acpi_at, len(tables), rsdp, head,
                         len(fixes))
    for start, pages, attributes, kind, action in rows:
        image += struct.pack("<QQQII", start & (1 << 64) - 1,
                             pages & (1 << 64) - 1, attributes, kind, action)
    for row in fixes:
        image += struct.pack("<4I", *row)
    image += tables + grub
    image += bytes(-len(image) % PAGE)
    for offset, less in zip(SIZES_AT, (HEAD, 0, HEAD, HEAD)):
        struct.pack_into("<I", image, offset, len(image) - less)
    return bytes(image)
