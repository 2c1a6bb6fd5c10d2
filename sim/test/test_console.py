"""Consoles: RFB behind CONNECT and WebSocket, serial lines, pictures."""

import base64
import hashlib
import os
import socket
import struct
import sys
import unittest
import zlib

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from simulation import Client, Simulation  # noqa: E402

TIMEOUT_S = 30
WIDTH, HEIGHT = 320, 192
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Stream:
    """Bytes of a console after CONNECT."""

    def __init__(self, test, path, method="CONNECT", headers=""):
        self.socket = socket.create_connection(
            ("127.0.0.1", test.simulation.port), TIMEOUT_S)
        test.addCleanup(self.socket.close)
        self.file = self.socket.makefile("rb")
        test.addCleanup(self.file.close)
        self.write(("%s %s HTTP/1.1\r\nHost: x\r\n%s\r\n"
                    % (method, path, headers)).encode())
        self.status = int(self.file.readline().split()[1])
        self.headers = {}
        for line in iter(self.file.readline, b"\r\n"):
            name, _, value = line.decode().partition(":")
            self.headers[name.lower()] = value.strip()

    def write(self, data):
        self.socket.sendall(data)

    def read(self, size):
        return self.file.read(size)


class WebSocket(Stream):
    """The same through a WebSocket."""

    def __init__(self, test, path):
        key = base64.b64encode(os.urandom(16))
        super().__init__(test, path, "GET", (
            "Upgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: binary\r\n"
            "Sec-WebSocket-Key: %s\r\n" % key.decode()))
        test.assertEqual(self.status, 101)
        test.assertEqual(self.headers["sec-websocket-accept"].encode(),
                         base64.b64encode(hashlib.sha1(key + GUID).digest()))
        self.write, self.kept = self.write_frame, b""

    def write_frame(self, data, opcode=2):
        mask = os.urandom(4)
        head = bytes([0x80 | opcode])
        head += (bytes([0x80 | len(data)]) if len(data) < 126 else
                 struct.pack(">BH", 0x80 | 126, len(data)))
        self.socket.sendall(head + mask + bytes(
            byte ^ mask[nr % 4] for nr, byte in enumerate(data)))

    def read_frame(self):
        opcode, length = self.file.read(2)
        if length == 126:
            length, = struct.unpack(">H", self.file.read(2))
        elif length == 127:
            length, = struct.unpack(">Q", self.file.read(8))
        return opcode & 15, self.file.read(length)

    def read(self, size):
        while len(self.kept) < size:
            self.kept += self.read_frame()[1]
        data, self.kept = self.kept[:size], self.kept[size:]
        return data


def handshake(test, stream):
    """RFB 3.8 until the screen's size is known."""
    test.assertEqual(stream.read(12), b"RFB 003.008\n")
    stream.write(b"RFB 003.008\n")
    test.assertEqual(stream.read(2), b"\x01\x01")
    stream.write(b"\x01")
    test.assertEqual(stream.read(4), bytes(4))
    stream.write(b"\x01")
    width, height = struct.unpack(">HH", stream.read(4))
    test.assertEqual((width, height), (WIDTH, HEIGHT))
    test.assertEqual(stream.read(16)[:2], b"\x20\x18")
    length, = struct.unpack(">I", stream.read(4))
    return stream.read(length).decode()


def update(stream, incremental=0, pixel_bytes=4, size=(WIDTH, HEIGHT)):
    """The pixels of one update of the whole screen."""
    stream.write(struct.pack(">BBHHHH", 3, incremental, 0, 0, *size))
    kind, _, rectangles = struct.unpack(">BBH", stream.read(4))
    assert (kind, rectangles) == (0, 1)
    _, _, width, height, encoding = struct.unpack(">HHHHi", stream.read(12))
    assert encoding == 0
    return stream.read(width * height * pixel_bytes)


def press(stream, keysym):
    for down in (1, 0):
        stream.write(struct.pack(">BBHI", 4, down, 0, keysym))


class Consoles(unittest.TestCase):
    """Against one simulation, with one machine that runs."""

    @classmethod
    def setUpClass(cls):
        cls.simulation = Simulation()
        cls.client = Client(cls.simulation).login()
        cls.vm = cls.client.do("VM.get_by_name_label", "vm0")[0]
        cls.client.do("VM.start", cls.vm, False, False)

    @classmethod
    def tearDownClass(cls):
        cls.client.close()
        assert cls.simulation.stop() == 0

    def path(self, console):
        location = self.client.do("console.get_location", console)
        return "%s&session_id=%s" % (location[location.index("/console"):],
                                     self.client.session)

    def console(self):
        return self.client.do("VM.get_consoles", self.vm)[0]

    def test_a_viewer_sees_what_is_typed(self):
        stream = Stream(self, self.path(self.console()))
        self.assertEqual(stream.status, 200)
        self.assertEqual(handshake(self, stream), "vm0")
        before = update(stream)
        press(stream, ord("a"))
        after = update(stream, incremental=1)
        self.assertEqual(len(before), WIDTH * HEIGHT * 4)
        self.assertNotEqual(before, after)

    def test_every_viewer_is_told(self):
        one = Stream(self, self.path(self.console()))
        other = Stream(self, self.path(self.console()))
        for stream in (one, other):
            handshake(self, stream)
            update(stream)
        other.write(struct.pack(">BBHHHH", 3, 1, 0, 0, 8, 8))
        press(one, ord("b"))
        self.assertEqual(other.read(4)[:1], b"\0")

    def test_a_viewer_chooses_its_pixels(self):
        stream = Stream(self, self.path(self.console()))
        handshake(self, stream)
        stream.write(b"\0\0\0\0" + struct.pack(
            ">BBBBHHHBBB3x", 16, 16, 1, 1, 31, 63, 31, 11, 5, 0))
        stream.write(struct.pack(">BBHii", 2, 0, 2, 0, 1))
        pixels = update(stream, pixel_bytes=2, size=(16, 8))
        self.assertEqual(len(pixels), 16 * 8 * 2)

    def test_an_old_viewer_is_understood(self):
        stream = Stream(self, self.path(self.console()))
        stream.read(12)
        stream.write(b"RFB 003.003\n")
        self.assertEqual(stream.read(4), b"\0\0\0\1")
        stream.write(b"\x01")
        self.assertEqual(stream.read(4), struct.pack(">HH", WIDTH, HEIGHT))

    def test_nonsense_ends_the_stream(self):
        for data in (b"HTTP/1.1 200", b"RFB 003.008\n\x07"):
            stream = Stream(self, self.path(self.console()))
            stream.write(data)
            stream.socket.shutdown(socket.SHUT_WR)
            self.assertLess(len(stream.file.read()), 64)

    def test_a_websocket_carries_the_same(self):
        stream = WebSocket(self, self.path(self.console()))
        self.assertEqual(stream.headers["sec-websocket-protocol"], "binary")
        self.assertEqual(handshake(self, stream), "vm0")
        self.assertEqual(len(update(stream)), WIDTH * HEIGHT * 4)
        stream.write_frame(b"hello", opcode=9)
        self.assertEqual(stream.read_frame(), (10, b"hello"))
        stream.write_frame(b"", opcode=8)
        self.assertEqual(stream.read_frame()[0], 8)
        self.assertEqual(stream.file.read(), b"")

    def test_a_bad_frame_ends_the_websocket(self):
        stream = WebSocket(self, self.path(self.console()))
        stream.read(12)
        stream.socket.sendall(b"\x82\x01x")  # not masked
        self.assertEqual(stream.file.read(), b"")

    def test_a_control_domain_has_a_line(self):
        host = self.client.do("host.get_all")[0]
        dom0 = self.client.do("host.get_control_domain", host)
        lines = [console for console in self.client.do("VM.get_consoles", dom0)
                 if self.client.do("console.get_protocol", console) == "vt100"]
        stream = Stream(self, self.path(lines[0]))
        stream.write(b"ls\r")
        seen = b""
        while not seen.endswith(b"ls\r\nlogin: "):
            seen += stream.read(1)

    def test_a_picture_is_a_png(self):
        client = Client(self.simulation)
        self.addCleanup(client.close)
        client.connection.request("GET", "/vncsnapshot?ref=%s&session_id=%s" % (
            self.vm, self.client.session))
        answer = client.connection.getresponse()
        data = answer.read()
        self.assertEqual((answer.status, answer.getheader("content-type")),
                         (200, "image/png"))
        self.assertTrue(answer.getheader("task-id"))
        self.assertEqual(data[:8], b"\x89PNG\r\n\x1a\n")
        length, = struct.unpack(">I", data[33:37])
        self.assertEqual(len(zlib.decompress(data[41:41 + length])),
                         HEIGHT * (1 + 3 * WIDTH))

    def test_who_may_not_is_told(self):
        path = self.path(self.console())
        for wrong, status in ((path.partition("&")[0], 401),
                              (path[:-3], 401),
                              ("/console?uuid=x&session_id="
                               + self.client.session, 404)):
            self.assertEqual(Stream(self, wrong).status, status, wrong)

    def test_one_viewer_is_enough_if_the_pool_says_so(self):
        pool = self.client.do("pool.get_all")[0]
        first = Stream(self, self.path(self.console()))
        first.read(12)
        self.client.do("pool.set_limit_console_sessions", pool, True)
        try:
            self.assertEqual(Stream(self, self.path(self.console())).status,
                             503)
        finally:
            self.client.do("pool.set_limit_console_sessions", pool, False)

    def test_a_halted_machine_has_no_console(self):
        vm = self.client.do("VM.get_by_name_label", "vm1")[0]
        self.assertEqual(self.client.do("VM.get_consoles", vm), [])
        self.assertEqual(Stream(self, "/console?ref=%s&session_id=%s" % (
            vm, self.client.session)).status, 404)


if __name__ == "__main__":
    unittest.main()
