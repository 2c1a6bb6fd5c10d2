"""Reads what a replay needs of a hardware record. A record in a file is
unpacked into a directory first, after `touchstone record --check` took it."""
import collections
import json
import os
import struct
import subprocess
import tarfile

import cpus
import uefi

# memory: (start, size, type) of E820; efi: (start, size, type, attributes);
# leaves: {(leaf, subleaf): [EAX, EBX, ECX, EDX]} of the first CPU.
Record = collections.namedtuple(
    "Record", "path title tables rsdp smbios memory cpus signature vendor "
    "brand efi leaves microcode", defaults=((), {}, 0))
Table = collections.namedtuple("Table", "name signature data")
CHECK_LIMIT_S = 60
BYTES_MAX = 32 << 20


class RecordError(Exception):
    """The record cannot be used; the text says which file, and why."""


def check(program, path):
    done = subprocess.run([program, "--check", path], capture_output=True,
                          text=True, timeout=CHECK_LIMIT_S, check=False)
    if done.returncode:
        raise RecordError((done.stderr or done.stdout).strip() or
                          f"'{path}' is no hardware record")


def unpacked(path, place):
    """A directory with the record's files; `place`: where to unpack."""
    if os.path.isdir(path):
        return path
    plain = os.path.join(place, "record.tar")
    with open(plain, "wb") as out:
        kind = {".zst": ["zstd", "-dcq"], ".gz": ["gzip", "-dc"],
                ".xz": ["xz", "-dc"]}.get(os.path.splitext(path)[1], ["cat"])
        subprocess.run([*kind, path], stdout=out, check=True,
                       timeout=CHECK_LIMIT_S)
    where = os.path.join(place, "record")
    with tarfile.open(plain) as tar:
        tar.extractall(where, members=[m for m in tar if m.isfile()],
                       filter="data")
    return where


def load(path, place, program):
    """The record at `path`; RecordError when it cannot be used."""
    check(program, path)
    where = unpacked(path, place)
    tables, rsdp = acpi(where)
    count, leaves, signature, vendor, brand = processors(where)
    names = smbios(where)
    if not signature:
        signature, vendor, brand = cpus.of_processor_id(structures(names))
    efi = efi_memory(where)
    return Record(path, title(where), tables, rsdp, names,
                  memory(where) or uefi.to_e820(efi), count, signature, vendor,
                  brand, efi, leaves, microcode(where))


def content(where, path, missing=b""):
    try:
        with open(os.path.join(where, path), "rb") as f:
            return f.read(BYTES_MAX)
    except FileNotFoundError:
        return missing


def parsed(where, path):
    data = content(where, path)
    return json.loads(data) if data else {}


def acpi(where):
    head = parsed(where, "acpi/tables.json")
    tables = [Table(t["file"].split("/")[-1], t["signature"],
                    content(where, t["file"]))
              for t in head.get("tables", []) if not t.get("dynamic")]
    return tables, content(where, "acpi/rsdp.bin")


def smbios(where):
    return content(where, "smbios/table.bin",
                   content(where, "smbios/rebuilt.bin"))


def efi_memory(where):
    """[(start, size, type, attributes)] of UEFI's map; [] without one."""
    return [(int(str(r["start"]), 0), int(str(r["size"]), 0), r["type"],
             int(str(r.get("attributes", 0)), 0))
            for r in parsed(where, "memory.json").get("efi", [])]


def memory(where):
    """[(start, size, type)] of the firmware's E820; [] without one."""
    return [(int(str(r["start"]), 0), int(str(r["size"]), 0), r["type"])
            for r in parsed(where, "memory.json").get("e820", [])]


def registers(where, path):
    """(how many CPUs, {(index, sub): [values]} of the first one)."""
    count, rows = 0, {}
    for line in content(where, path).decode("ascii", "replace").split("\n"):
        words = line.split()
        if line.startswith("cpu "):
            count += 1
        elif count == 1 and len(words) > 2:
            values = [int(w, 16) for w in words]
            rows[values[0], values[1]] = values[2:]
    return count, rows


def microcode(where):
    """The first CPU's revision; 0: not recorded."""
    return registers(where, "cpu/microcode.txt")[1].get((0, 0), [0])[0]


def processors(where):
    """How many, leaves, signature (CPUID 1 EAX), vendor, name of the first."""
    count, rows = registers(where, "cpu/cpuid.txt")
    zero = rows.get((0, 0), [0] * 4)
    vendor = struct.pack("<III", zero[1], zero[3], zero[2]).decode("ascii",
                                                                   "replace")
    name = b"".join(struct.pack("<IIII", *rows.get((0x80000000 + i, 0),
                                                   [0] * 4)) for i in (2, 3, 4))
    return (count, rows, rows.get((1, 0), [0])[0], vendor.strip("\0"),
            name.split(b"\0")[0].decode("ascii", "replace").strip())


def title(where):
    """Names for people: vendor and product by SMBIOS."""
    data = smbios(where)
    for kind, _, fields, strings in structures(data):
        if kind == 1 and len(fields) >= 6:
            return " ".join(strings[n - 1] for n in fields[4:6]
                            if 0 < n <= len(strings)).strip()
    return ""


def structures(data):
    """(type, bytes, formatted part, strings) of each SMBIOS structure."""
    at = 0
    while at + 4 <= len(data):
        length = data[at + 1]
        end = data.find(b"\0\0", at + length)
        if length < 4 or end < 0:
            return
        text = data[at + length:end].decode("ascii", "replace")
        yield data[at], data[at:end + 2], data[at:at + length], text.split("\0")
        at = end + 2
