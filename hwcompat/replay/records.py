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
ROWS_MAX, CPUS_MAX = 10000, 4096
CPUID, MICROCODE = "cpu/cpuid.txt", "cpu/microcode.txt"


class RecordError(Exception):
    """The record cannot be used; the text says which file, and why."""


def check(program, path):
    try:
        done = subprocess.run([program, "--check", path], capture_output=True,
                              errors="replace", timeout=CHECK_LIMIT_S,
                              check=False)
    except FileNotFoundError as error:
        raise RecordError(f"cannot find '{program}': run 'make' first"
                          ) from error
    except subprocess.TimeoutExpired as error:
        raise RecordError(f"'{path}': not read in {CHECK_LIMIT_S} s"
                          ) from error
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
        try:
            subprocess.run([*kind, "--", path], stdout=out, check=True,
                           timeout=CHECK_LIMIT_S)
        except (OSError, subprocess.SubprocessError) as error:
            raise RecordError(f"'{path}': cannot unpack: {error}") from error
    where = os.path.join(place, "record")
    try:
        with tarfile.open(plain) as tar:
            tar.extractall(where, members=[m for m in tar if m.isfile()],
                           filter="data")
    except tarfile.TarError as error:
        raise RecordError(f"'{path}': cannot unpack: {error}") from error
    return where


def load(path, place, program):
    """The record at `path`; RecordError when it cannot be used."""
    check(program, path)
    where = unpacked(path, place)
    tables, rsdp = part(path, "acpi/tables.json", acpi, where)
    count, rows = part(path, CPUID, registers, where, CPUID)
    leaves = {at: (values + [0] * 4)[:4] for at, values in rows.items()}
    signature, vendor, brand = identity(leaves)
    names = smbios(where)
    if not signature:
        signature, vendor, brand = cpus.of_processor_id(structures(names))
    efi = part(path, "memory.json", efi_memory, where)
    return Record(path, title(where), tables, rsdp, names,
                  part(path, "memory.json", memory, where) or
                  uefi.to_e820(efi), count, signature, vendor, brand, efi,
                  leaves, microcode(part(path, MICROCODE, registers, where,
                                         MICROCODE)[1]))


def part(path, file, reader, *arguments):
    """What `reader` makes of a file, its errors with the file's name."""
    try:
        return reader(*arguments)
    except json.JSONDecodeError as error:
        raise RecordError(f"'{path}': {file} at byte {error.pos}: "
                          f"{error.msg}") from error
    except (ValueError, KeyError, TypeError, AttributeError, IndexError,
            RecursionError) as error:
        raise RecordError(f"'{path}': {file}: {type(error).__name__}: {error}"
                          ) from error


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
    tables = []
    for t in listed(where, "acpi/tables.json", "tables"):
        file, signature = t["file"], t["signature"]
        if not isinstance(file, str) or not isinstance(signature, str) or \
                os.path.isabs(file) or ".." in file.split("/"):
            raise ValueError(f"a table's file is {file!r}")
        if not t.get("dynamic"):
            tables.append(Table(file.split("/")[-1], signature,
                                content(where, file)))
    return tables, content(where, "acpi/rsdp.bin")


def smbios(where):
    return content(where, "smbios/table.bin",
                   content(where, "smbios/rebuilt.bin"))


def listed(where, path, name):
    """The objects of a list in a JSON file, each with where it stands."""
    head = parsed(where, path)
    rows = head.get(name, []) if isinstance(head, dict) else None
    if not isinstance(rows, list) or len(rows) > ROWS_MAX:
        raise ValueError(f"{name} is no list of at most {ROWS_MAX}")
    for i, row in enumerate(rows):
        if not isinstance(row, dict):
            raise ValueError(f"{name}[{i}] is no object")
        yield row


def number(row, name, bits=64):
    value = int(str(row.get(name, 0)), 0)
    if not 0 <= value < 1 << bits:
        raise ValueError(f"{name} {value:#x} is no number of {bits} bits")
    return value


def efi_memory(where):
    """[(start, size, type, attributes)] of UEFI's map; [] without one."""
    return [(number(r, "start"), number(r, "size"), number(r, "type", 32),
             number(r, "attributes"))
            for r in listed(where, "memory.json", "efi")]


def memory(where):
    """[(start, size, type)] of the firmware's E820; [] without one."""
    return [(number(r, "start"), number(r, "size"), number(r, "type", 32))
            for r in listed(where, "memory.json", "e820")]


def registers(where, path):
    """(how many CPUs, {(index, sub): [values]} of the first one)."""
    count, rows = 0, {}
    text = content(where, path).decode("ascii", "replace")
    for line, words in enumerate(map(str.split, text.split("\n")), 1):
        if words[:1] == ["cpu"]:
            count += 1
        elif count == 1 and len(words) > 2:
            try:
                values = [int(w, 16) for w in words]
            except ValueError as error:
                raise ValueError(f"line {line}: {error}") from error
            rows[values[0], values[1]] = \
                [v & 0xffffffff for v in values[2:]]
    return min(count, CPUS_MAX), rows


def microcode(rows):
    """The first CPU's revision; 0: not recorded."""
    return rows.get((0, 0), [0])[0]


def identity(leaves):
    """Signature (CPUID 1 EAX), vendor and name."""
    zero = leaves.get((0, 0), [0] * 4)
    vendor = struct.pack("<III", zero[1], zero[3], zero[2])
    name = b"".join(struct.pack("<IIII", *leaves.get((0x80000000 + i, 0),
                                                     [0] * 4))
                    for i in (2, 3, 4))
    return (leaves.get((1, 0), [0])[0],
            vendor.decode("ascii", "replace").strip("\0"),
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
