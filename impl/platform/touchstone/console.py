"""Turns the bytes of a machine's console into lines and records.

A record is what impl/dom0/lib/ts.sh prints: `@ts SOURCE NUMBER LENGTH JSON`.
Hypervisor and dom0 share the serial line, and dom0's text arrives there a few
bytes at a time, so the hypervisor may print a whole line of its own in the
middle of a record. LENGTH makes that visible, and the rest of the record
follows the foreign line: it is put together again here. Numbers that are
missing count as lost.
"""
import base64
import collections
import gzip
import json
import re
import zlib

from touchstone.machines import HYPERVISOR_LINE

HEADER = re.compile(r"@ts (\S+) (\d+) (\d+) (.*)$", re.DOTALL)
ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z]|[()][A-Z0-9]|c)")
# Foreign lines that may come between the parts of one record.
PARTS_LIMIT = 64
LINE_LIMIT = 1 << 16

Record = collections.namedtuple("Record", "time source number data")
Line = collections.namedtuple("Line", "time text")


class LineSplitter:
    """Bytes to lines of text; the time is when the first byte arrived."""

    def __init__(self):
        self.rest = b""
        self.since = None

    def feed(self, data, time):
        out = []
        if not self.rest:
            self.since = time
        self.rest += data
        while b"\n" in self.rest or len(self.rest) > LINE_LIMIT:
            raw, _, self.rest = self.rest.partition(b"\n")
            out.append(Line(self.since, clean(raw)))
            self.since = time
        return out

    def close(self, time):
        raw, self.rest = self.rest, b""
        return [Line(self.since or time, clean(raw))] if raw else []


def clean(raw):
    """Text without carriage returns and terminal control sequences."""
    return ESCAPES.sub("", raw.decode("utf-8", "replace").replace("\r", ""))


class RecordReader:
    """Lines in, records and all other lines out.

    feed() returns a list of Record and Line. lost counts records that a
    source numbered but that never arrived whole.
    """

    def __init__(self):
        self.partial = None
        self.held = []
        self.next_number = {}
        self.lost = 0

    def feed(self, line):
        if self.partial is not None:
            return self.resume(line)
        start = line.text.find("@ts ")
        if start < 0:
            return [line]
        before = line.text[:start]
        out = [Line(line.time, before)] if before else []
        return out + self.begin(Line(line.time, line.text[start:]))

    def begin(self, line):
        record = self.parse(line)
        if record:
            return [record]
        foreign = HYPERVISOR_LINE.search(line.text)
        if not foreign:
            return [line]
        self.partial = Line(line.time, line.text[:foreign.start()])
        self.held = [Line(line.time, line.text[foreign.start():])]
        return []

    def resume(self, line):
        """The next line while a record is open."""
        begins_new = line.text.startswith("@ts ")
        if begins_new or len(self.held) >= PARTS_LIMIT:
            given_up = [self.partial] + self.held
            self.partial, self.held = None, []
            return given_up + self.feed(line)
        foreign = HYPERVISOR_LINE.search(line.text)
        own = line.text[:foreign.start()] if foreign else line.text
        joined = Line(self.partial.time, self.partial.text + own)
        if foreign:
            self.held.append(Line(line.time, line.text[foreign.start():]))
        record = self.parse(joined)
        if record or not foreign:
            out = [record or joined] + self.held
            self.partial, self.held = None, []
            return out
        self.partial = joined
        return []

    def parse(self, line):
        """The record of a whole line, or None."""
        found = HEADER.match(line.text)
        if not found or len(found.group(4)) != int(found.group(3)):
            return None
        try:
            data = json.loads(found.group(4))
        except ValueError:
            return None
        if not isinstance(data, dict):
            return None
        source, number = found.group(1), int(found.group(2))
        self.count(source, number)
        return Record(line.time, source, number, data)

    def count(self, source, number):
        expected = self.next_number.get(source, 1)
        # A guest that is created again starts from 1.
        if number > expected:
            self.lost += number - expected
        self.next_number[source] = number + 1


class Files:
    """Collects the pieces of files sent as records."""

    def __init__(self):
        self.pieces = {}
        self.done = {}

    def feed(self, record):
        """The file's contents when this record completes it, else None.

        ValueError if pieces are missing or damaged.
        """
        data = record.data
        key = (record.source, data.get("name"))
        if data.get("t") == "piece":
            self.pieces.setdefault(key, {})[data["n"]] = data["d"]
            return None
        if data.get("t") != "file":
            return None
        parts = self.pieces.pop(key, {})
        if sorted(parts) != list(range(1, data["pieces"] + 1)):
            raise ValueError(f"file '{key[1]}' of {key[0]}: pieces missing")
        text = "".join(parts[n] for n in sorted(parts))
        try:
            return gzip.decompress(base64.b64decode(text))
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError(f"file '{key[1]}' of {key[0]}: damaged: "
                             f"{error}") from error
