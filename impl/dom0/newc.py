"""Writes cpio archives in the "newc" form that Linux unpacks at boot."""
import stat

BLOCK = 4096


def entry(name, number, mode, data=b"", device=(0, 0)):
    """One record: header, name, data, each padded to four bytes."""
    raw = name.encode() + b"\0"
    fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, device[0],
              device[1], len(raw), 0)
    head = b"070701" + b"".join(b"%08X" % value for value in fields) + raw
    head += b"\0" * (-len(head) % 4)
    return head + data + b"\0" * (-len(data) % 4)


def write(out, entries):
    """An archive of {path: (mode, data, device numbers)}, sorted by path.

    It fills whole blocks, so that a disk can hold it as it is.
    """
    for number, name in enumerate(sorted(entries), 1):
        out.write(entry(name, number, *entries[name]))
    out.write(entry("TRAILER!!!", 0, 0))
    out.write(b"\0" * (-out.tell() % BLOCK))


def files(contents):
    """Entries for {path: bytes}, with the directories above them."""
    entries = {}
    for path, data in contents.items():
        parts = path.split("/")[:-1]
        for depth in range(1, len(parts) + 1):
            entries["/".join(parts[:depth])] = (stat.S_IFDIR | 0o755,)
        entries[path] = (stat.S_IFREG | 0o755, data)
    return entries
