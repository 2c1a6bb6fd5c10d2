"""Reads what a replay needs of a hardware record. A record in a file is
unpacked into a directory first, after `touchstone record --check` took it."""
import collections
import json
import os
import struct
import subprocess
import tarfile

Record = collections.namedtuple(
    "Record", "path title tables rsdp smbios memory cpus signature vendor brand")
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
    cpus, signature, vendor, brand = processors(where)
    return Record(path, title(where), tables, rsdp, smbios(where),
                  memory(where), cpus, signature, vendor, brand)


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


def memory(where):
    """[(start, size, type)] of the firmware's E820; [] without one."""
    return [(int(str(r["start"]), 0), int(str(r["size"]), 0), r["type"])
            for r in parsed(where, "memory.json").get("e820", [])]


def processors(where):
    """How many, signature (CPUID 1 EAX), vendor and name of the first."""
    count, rows = 0, {}
    for line in content(where, "cpu/cpuid.txt").decode("ascii",
                                                       "replace").split("\n"):
        words = line.split()
        if line.startswith("cpu "):
            count += 1
        elif count == 1 and len(words) == 6:
            rows[words[0], words[1]] = [int(w, 16) for w in words[2:]]
    zero = rows.get(("00000000", "00"), [0] * 4)
    vendor = struct.pack("<III", zero[1], zero[3], zero[2]).decode("ascii",
                                                                   "replace")
    name = b"".join(struct.pack("<IIII", *rows.get(
        ("8000000%d" % i, "00"), [0] * 4)) for i in (2, 3, 4))
    return (count, rows.get(("00000001", "00"), [0])[0], vendor.strip("\0"),
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
