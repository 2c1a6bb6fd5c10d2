"""Lines and records on a console that two writers share."""
import base64
import gzip
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from touchstone import console  # noqa: E402
from touchstone.console import Line, Record  # noqa: E402


def wire(number, payload, source="dom0"):
    """A record as impl/dom0/lib/ts.sh prints it."""
    return f"@ts {source} {number} {len(payload)} {payload}"


def read(*lines):
    """(reader, events) after feeding lines of text."""
    reader, out = console.RecordReader(), []
    for time, text in enumerate(lines):
        out += reader.feed(Line(float(time), text))
    return reader, out


def records(events):
    return [event for event in events if isinstance(event, Record)]


def texts(events):
    return [event.text for event in events if isinstance(event, Line)]


class Splitting(unittest.TestCase):
    def test_line_in_two_reads_has_the_time_of_its_first_byte(self):
        lines = console.LineSplitter()
        self.assertEqual(lines.feed(b"hel", 1.0), [])
        self.assertEqual(lines.feed(b"lo\r\nwor", 2.0), [Line(1.0, "hello")])
        self.assertEqual(lines.close(9.0), [Line(2.0, "wor")])

    def test_terminal_controls_are_removed(self):
        lines = console.LineSplitter()
        self.assertEqual(lines.feed(b"\x1bc\x1b[?7l\x1b[2Jhi\n", 0.0),
                         [Line(0.0, "hi")])

    def test_endless_line_is_cut(self):
        lines = console.LineSplitter()
        out = lines.feed(b"x" * (console.LINE_LIMIT + 1), 0.0)
        self.assertEqual(len(out), 1)
        self.assertEqual(lines.rest, b"")


class Records(unittest.TestCase):
    def test_whole_record(self):
        _, out = read(wire(1, '{"t":"mark"}'))
        self.assertEqual(out, [Record(0.0, "dom0", 1, {"t": "mark"})])

    def test_plain_line_stays_a_line(self):
        self.assertEqual(texts(read("login:")[1]), ["login:"])

    def test_text_before_a_record_is_kept(self):
        _, out = read("$ " + wire(1, "{}"))
        self.assertEqual(texts(out), ["$ "])
        self.assertEqual(len(records(out)), 1)

    def test_hypervisor_line_inside_a_record_is_taken_out(self):
        whole = wire(1, '{"t":"fact","name":"a","value":"b"}')
        for cut in range(5, len(whole)):
            _, out = read(whole[:cut] + "(XEN) hello", whole[cut:])
            self.assertEqual([r.data["value"] for r in records(out)], ["b"],
                             f"cut at {cut}")
            self.assertEqual(texts(out), ["(XEN) hello"])

    def test_two_hypervisor_lines_inside_a_record(self):
        whole = wire(1, '{"t":"mark","name":"x"}')
        _, out = read(whole[:12] + "(TS) one", "(TS) two", whole[12:])
        self.assertEqual(len(records(out)), 1)
        self.assertEqual(texts(out), ["(TS) one", "(TS) two"])

    def test_record_cut_twice(self):
        whole = wire(1, '{"t":"mark","name":"x"}')
        _, out = read(whole[:9] + "(XEN) one",
                      whole[9:20] + "(XEN) two", whole[20:])
        self.assertEqual(len(records(out)), 1)

    def test_wrong_length_is_no_record(self):
        _, out = read("@ts dom0 1 5 {}")
        self.assertEqual(records(out), [])

    def test_broken_json_is_no_record(self):
        self.assertEqual(records(read(wire(1, "{oops"))[1]), [])

    def test_json_that_is_no_object_is_no_record(self):
        self.assertEqual(records(read(wire(1, "[1]"))[1]), [])

    def test_next_record_ends_a_torn_one(self):
        _, out = read("@ts dom0 1 40 {(XEN) boom", wire(2, "{}"))
        self.assertEqual([r.number for r in records(out)], [2])

    def test_missing_numbers_are_lost_records(self):
        reader, _ = read(wire(1, "{}"), wire(4, "{}"))
        self.assertEqual(reader.lost, 2)

    def test_source_that_starts_again_loses_nothing(self):
        reader, _ = read(wire(1, "{}", "g1"), wire(2, "{}", "g1"),
                         wire(1, "{}", "g1"))
        self.assertEqual(reader.lost, 0)


class SentFiles(unittest.TestCase):
    def setUp(self):
        self.text = base64.b64encode(gzip.compress(b"contents")).decode()

    def send(self, *pieces, announced=None):
        files = console.Files()
        for number, text in enumerate(pieces, 1):
            files.feed(Record(0, "g1", number, {
                "t": "piece", "name": "f", "n": number, "d": text}))
        return files.feed(Record(0, "g1", 9, {
            "t": "file", "name": "f", "pieces": announced or len(pieces)}))

    def test_pieces_make_the_file(self):
        self.assertEqual(self.send(self.text[:9], self.text[9:]),
                         b"contents")

    def test_missing_piece_is_refused(self):
        with self.assertRaises(ValueError):
            self.send(self.text[:9], announced=2)

    def test_damaged_file_is_refused(self):
        damaged = base64.b64encode(gzip.compress(b"contents")[:-6]).decode()
        with self.assertRaises(ValueError):
            self.send(damaged)


if __name__ == "__main__":
    unittest.main()
