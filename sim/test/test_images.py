"""Disks in and out as files: raw, VHD, qcow2 and tar, byte by byte."""

import base64
import hashlib
import http.client
import json
import os
import random
import socket
import struct
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from simulation import Client, Refused, Simulation  # noqa: E402

MIB = 1 << 20
BLOCK = 64 << 10
NULL = "OpaqueRef:NULL"


def disk_record(sr, size):
    """What VDI.create wants."""
    return {"name_label": "disk", "name_description": "", "SR": sr,
            "virtual_size": size, "type": "user", "sharable": False,
            "read_only": False, "other_config": {}}


def sparse_bytes(dice, size):
    """Random runs between zeros."""
    data = bytearray(size)
    for _ in range(size // (300 << 10) + 1):
        at = dice.randrange(size)
        run = dice.randbytes(min(dice.randrange(1, 200 << 10), size - at))
        data[at:at + len(run)] = run
    return bytes(data)


class Images(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.simulation = Simulation()
        cls.client = Client(cls.simulation).login()
        cls.sr = cls.client.do("SR.get_by_name_label", "Local storage")[0]

    @classmethod
    def tearDownClass(cls):
        cls.client.close()
        cls.simulation.stop()

    def setUp(self):
        self.dice = random.Random(self.id())
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def disk(self, size):
        return self.client.do("VDI.create", disk_record(self.sr, size))

    def http(self, method, path, body=None, encoded=False, **query):
        query = "&".join("%s=%s" % pair for pair in query.items())
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.simulation.port, timeout=60)
        self.addCleanup(connection.close)
        connection.request(
            method, "/%s?session_id=%s&%s" % (path, self.client.session, query),
            body, encode_chunked=encoded,
            headers={"Transfer-Encoding": "chunked"} if encoded else {})
        answer = connection.getresponse()
        return answer, answer.read()

    def export(self, vdi, **query):
        answer, data = self.http("GET", "export_raw_vdi", vdi=vdi, **query)
        self.assertEqual(answer.status, 200, data)
        return data

    def task_end(self, task):
        """Its status, once that is known, and its error."""
        token = ""
        while True:
            record = self.client.do("task.get_record", task)
            if record["status"] not in ("pending", "cancelling"):
                return record["status"], record["error_info"]
            token = self.client.do("event.from", ["task/" + task], token,
                                   10.0)["token"]

    def upload(self, vdi, body, encoded=False, **query):
        """How the task of the import ended."""
        task = self.client.do("task.create", "import", "")
        try:
            self.http("PUT", "import_raw_vdi", body, encoded, vdi=vdi,
                      task_id=task, **query)
        except ConnectionError:
            pass  # refused before all of it was sent: the task says why
        return self.task_end(task)

    def filled(self, data):
        vdi = self.disk(len(data))
        self.assertEqual(self.upload(vdi, data), ("success", []))
        return vdi

    def convert(self, data, kind, *options):
        """The bytes as an image that qemu-img makes."""
        with open(self.path("raw"), "wb") as file:
            file.write(data)
        subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", kind,
                        *options, self.path("raw"), self.path("image")],
                       check=True)
        with open(self.path("image"), "rb") as file:
            return file.read()

    def expand(self, image, kind):
        """What qemu-img reads in an image."""
        with open(self.path("image"), "wb") as file:
            file.write(image)
        subprocess.run(["qemu-img", "convert", "-f", kind, "-O", "raw",
                        self.path("image"), self.path("raw")], check=True)
        with open(self.path("raw"), "rb") as file:
            return file.read()

    def test_raw_comes_back_as_it_was(self):
        data = sparse_bytes(self.dice, 5 * MIB + 1536)
        vdi = self.filled(data)
        self.assertEqual(self.export(vdi), data)
        answer, _ = self.http("GET", "export_raw_vdi", vdi=vdi)
        self.assertEqual(answer.headers["Content-Type"],
                         "application/octet-stream")
        self.assertEqual(int(answer.headers["Content-Length"]), len(data))
        used = self.client.do("VDI.get_physical_utilisation", vdi)
        self.assertEqual(used, BLOCK * sum(
            any(data[i:i + BLOCK]) for i in range(0, len(data), BLOCK)))

    def test_chunked_uploads(self):
        data = sparse_bytes(self.dice, 2 * MIB)
        vdi = self.disk(len(data))
        pieces = [data[i:i + 70001] for i in range(0, len(data), 70001)]
        self.assertEqual(self.upload(vdi, iter(pieces), True), ("success", []))
        self.assertEqual(self.export(vdi), data)
        vdi = self.disk(len(data))
        places = [(0, 1000), (MIB, 70000), (MIB + BLOCK, 5)]
        body = b"".join(struct.pack("<QI", at, nr) + data[at:at + nr]
                        for at, nr in places) + bytes(12)
        self.assertEqual(self.upload(vdi, body, chunked="true"),
                         ("success", []))
        expected = bytearray(len(data))
        for at, nr in places:
            expected[at:at + nr] = data[at:at + nr]
        self.assertEqual(self.export(vdi), expected)

    def test_an_upload_makes_its_disk(self):
        data = sparse_bytes(self.dice, MIB)
        task = self.client.do("task.create", "import", "")
        self.http("PUT", "import_raw_vdi", data, sr_id=self.sr, task_id=task)
        self.assertEqual(self.task_end(task), ("success", []))
        result = self.client.do("task.get_result", task)
        vdi = result[len("<value>"):-len("</value>")]
        self.assertEqual(self.export(vdi), data)

    def test_our_images_are_those_of_qemu(self):
        data = sparse_bytes(self.dice, 9 * MIB)
        vdi = self.filled(data)
        for kind, name in (("vpc", "vhd"), ("qcow2", "qcow2")):
            image = self.export(vdi, format=name)
            self.assertEqual(self.expand(image, kind)[:len(data)], data, name)
            if kind == "qcow2":
                subprocess.run(["qemu-img", "check", "-q", self.path("image")],
                               check=True)
            again = self.disk(len(data))
            self.assertEqual(self.upload(again, image, format=name),
                             ("success", []))
            self.assertEqual(self.export(again), data)

    def test_images_of_qemu_come_in(self):
        data = sparse_bytes(self.dice, 7 * MIB)
        for kind, name, *options in (
                ("vpc", "vhd", "-o", "subformat=dynamic,force_size=on"),
                ("vpc", "vhd", "-o", "subformat=fixed,force_size=on"),
                ("qcow2", "qcow2"), ("qcow2", "qcow2", "-c"),
                ("qcow2", "qcow2", "-o", "compat=0.10"),
                ("qcow2", "qcow2", "-o", "cluster_size=4k"),
                ("qcow2", "qcow2", "-o", "cluster_size=2M"),
                ("qcow2", "qcow2", "-o", "preallocation=metadata")):
            vdi = self.disk(len(data))
            image = self.convert(data, kind, *options)
            self.assertEqual(self.upload(vdi, image, format=name),
                             ("success", []), (name, options))
            self.assertEqual(self.export(vdi), data, (name, options))

    def test_clusters_may_come_in_any_order(self):
        """A qcow2 file whose tables lie behind its data."""
        data = self.dice.randbytes(4 * BLOCK)
        header = struct.pack(">IIQIIQIIQQIIQQQQII", 0x514649fb, 3, 0, 0, 16,
                             len(data), 0, 1, 6 * BLOCK, 7 * BLOCK, 1, 0, 0, 0,
                             0, 0, 4, 104)
        l2 = b"".join(struct.pack(">Q", 1 << 63 | at * BLOCK)
                      for at in (4, 3, 2, 1))
        l1 = struct.pack(">Q", 1 << 63 | 5 * BLOCK)
        clusters = [header] + [data[i * BLOCK:][:BLOCK] for i in (3, 2, 1, 0)]
        clusters += [l2, l1, struct.pack(">Q", 8 * BLOCK), b"\0\1" * 9]
        image = b"".join(part.ljust(BLOCK, b"\0") for part in clusters)
        vdi = self.disk(len(data))
        self.assertEqual(self.upload(vdi, image, format="qcow2"),
                         ("success", []))
        self.assertEqual(self.export(vdi), data)

    def test_tar_comes_back_as_it_was(self):
        data = sparse_bytes(self.dice, 3 * MIB) + bytes(3 * MIB)
        image = self.export(self.filled(data), format="tar")
        vdi = self.disk(len(data))
        self.assertEqual(self.upload(vdi, image, format="tar"),
                         ("success", []))
        self.assertEqual(self.export(vdi), data)
        image = bytearray(image)
        image[1000] ^= 1
        self.assertEqual(self.upload(vdi, bytes(image), format="tar")[0],
                         "failure")

    def test_deltas_rebuild_the_disk(self):
        before = sparse_bytes(self.dice, 6 * MIB)
        vdi = self.filled(before)
        snapshot = self.client.do("VDI.snapshot", vdi, {})
        after = bytearray(before)
        for at in (0, 2 * MIB + 5, 6 * MIB - 3):
            run = self.dice.randbytes(3)
            after[at:at + 3] = run
            self.upload(vdi, struct.pack("<QI", at, 3) + run + bytes(12),
                        chunked="true")
        for name in ("vhd", "qcow2"):
            delta = self.export(vdi, format=name, base=snapshot)
            self.assertLess(len(delta), 5 * MIB if name == "qcow2" else 7 * MIB)
            other = self.filled(before)
            self.assertEqual(self.upload(other, delta, format=name),
                             ("success", []))
            self.assertEqual(self.export(other), after, name)
        self.assertEqual(self.export(snapshot), before)
        self.client.do("VDI.revert", snapshot)
        self.assertEqual(self.export(vdi), before)

    def changed(self, before, after, size):
        """The blocks that list_changed_blocks names."""
        bits = base64.b64decode(
            self.client.do("VDI.list_changed_blocks", before, after))
        self.assertEqual(len(bits), (size // BLOCK + 7) // 8)
        return {i for i in range(size // BLOCK) if bits[i // 8] << i % 8 & 128}

    def test_changed_blocks_are_those_that_were_written(self):
        size = 4 * MIB
        vdi = self.filled(sparse_bytes(self.dice, size))
        self.client.do("VDI.enable_cbt", vdi)
        first = self.client.do("VDI.snapshot", vdi, {})
        written = set()
        for _ in range(5):
            at, nr = self.dice.randrange(size - BLOCK), self.dice.randrange(BLOCK)
            self.upload(vdi, struct.pack("<QI", at, nr) +
                        self.dice.randbytes(nr) + bytes(12), chunked="true")
            written |= set(range(at // BLOCK, (at + nr - 1) // BLOCK + 1))
        second = self.client.do("VDI.snapshot", vdi, {})
        before, after = self.export(first), self.export(second)
        self.assertEqual(self.changed(first, second, size), written)
        self.assertEqual(written, {
            i for i in range(size // BLOCK) if before[i * BLOCK:][:BLOCK] !=
            after[i * BLOCK:][:BLOCK]})
        self.client.do("VDI.data_destroy", first)
        record = self.client.do("VDI.get_record", first)
        self.assertEqual(record["type"], "cbt_metadata")
        self.assertEqual(record["physical_utilisation"], 0)
        self.assertEqual(self.changed(first, second, size), written)
        answer, _ = self.http("GET", "export_raw_vdi", vdi=first)
        self.assertEqual(answer.status, 500)
        with self.assertRaises(Refused):
            self.changed(second, first, size)
        self.client.do("VDI.disable_cbt", vdi)
        with self.assertRaises(Refused):
            self.changed(second, vdi, size)

    def test_a_disk_moves_with_its_snapshots_under_a_running_machine(self):
        states = [sparse_bytes(self.dice, 3 * MIB) for _ in range(3)]
        vdi = self.filled(states[0])
        first = self.client.do("VDI.snapshot", vdi, {})
        self.upload(vdi, states[1])
        second = self.client.do("VDI.snapshot", vdi, {})
        self.upload(vdi, states[2])
        host = self.client.do("host.get_all")[0]
        sr = self.client.do("SR.create", host, {"device": "/dev/sdm"}, 1 << 30,
                            "target", "", "lvm", "user", False, {})
        vm = self.client.do("VM.clone", self.client.do(
            "VM.get_by_name_label", "vm1")[0], "moving")
        vbd = self.client.do("VBD.create", {
            "VM": vm, "VDI": vdi, "userdevice": "0", "bootable": False,
            "mode": "RW", "type": "Disk", "empty": False, "other_config": {},
            "qos_algorithm_type": "", "qos_algorithm_params": {}})
        self.client.do("VM.start", vm, False, False)
        new = self.client.do("VDI.pool_migrate", vdi, sr, {})
        self.assertEqual(self.client.do("VBD.get_VDI", vbd), new)
        self.assertTrue(self.client.do("VBD.get_currently_attached", vbd))
        self.client.do("VM.hard_shutdown", vm)
        record = self.client.do("VDI.get_record", new)
        self.assertEqual(record["SR"], sr)
        self.assertEqual(len(record["snapshots"]), 2)
        self.assertEqual(self.export(new), states[2])
        self.assertEqual({self.export(o) for o in record["snapshots"]},
                         set(states[:2]))
        for old in (vdi, first, second):
            with self.assertRaises(Refused):
                self.client.do("VDI.get_uuid", old)

    def test_nbd_serves_what_the_disk_holds(self):
        data = sparse_bytes(self.dice, 3 * MIB)
        vdi = self.filled(data)
        self.assertEqual(self.client.do("VDI.get_nbd_info", vdi), [])
        network = self.client.do("network.get_all")[0]
        self.client.do("network.add_purpose", network, "insecure_nbd")
        self.client.do("host.reset_server_certificate",
                       self.client.do("host.get_all")[0])
        self.addCleanup(self.client.do, "network.remove_purpose", network,
                        "insecure_nbd")
        info = self.client.do("VDI.get_nbd_info", vdi)[0]
        place = "json:" + json.dumps({
            "driver": "raw", "file": {
                "driver": "nbd", "export": info["exportname"], "server": {
                    "type": "inet", "host": info["address"],
                    "port": str(info["port"])}}})
        subprocess.run(["qemu-img", "convert", "-O", "raw", place,
                        self.path("raw")], check=True)
        with open(self.path("raw"), "rb") as file:
            self.assertEqual(file.read(), data)
        place = place.replace(self.client.session, "OpaqueRef:nobody")
        self.assertNotEqual(subprocess.run(
            ["qemu-img", "info", place], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, check=False).returncode, 0)
        with socket.create_connection((info["address"], info["port"])) as peer:
            peer.sendall(b"\0\0\0\3" + b"IHAVEOPT" + b"\xff" * 8)
            while peer.recv(4096):
                pass
        self.assertEqual(self.export(vdi), data)

    def await_free(self, vdi):
        """Returns once nobody holds the disk."""
        token = ""
        while self.client.do("VDI.get_VBDs", vdi):
            token = self.client.do("event.from", ["VDI/" + vdi], token,
                                   10.0)["token"]

    def test_work_that_is_cancelled_ends(self):
        vdi = self.disk(1 << 45)  # its checksum would take days
        task = self.client.do("Async.VDI.checksum", vdi)
        self.assertEqual(len(self.client.do("VDI.get_VBDs", vdi)), 1)
        self.client.do("task.cancel", task)
        self.assertEqual(self.task_end(task)[0], "cancelled")
        self.await_free(vdi)

    def test_long_work_is_done_in_slices(self):
        data = self.dice.randbytes(MIB) * 40
        vdi = self.filled(data)
        self.assertEqual(self.client.do("VDI.checksum", vdi),
                         hashlib.md5(data).hexdigest())
        copy = self.client.do("VDI.copy", vdi, self.sr, NULL, NULL)
        self.assertEqual(self.client.do("VDI.checksum", copy),
                         hashlib.md5(data).hexdigest())

    def test_copies_and_clones_have_the_contents(self):
        data = sparse_bytes(self.dice, 4 * MIB)
        vdi = self.filled(data)
        clone = self.client.do("VDI.clone", vdi, {})
        host = self.client.do("host.get_all")[0]
        sr = self.client.do("SR.create", host, {"device": "/dev/sdc"}, 1 << 30,
                            "second", "", "ext", "user", False, {})
        task = self.client.do("Async.VDI.copy", vdi, sr, NULL, NULL)
        self.assertEqual(self.task_end(task)[0], "success")
        copy = self.client.do("SR.get_VDIs", sr)[0]
        self.upload(vdi, bytes(len(data)))
        self.assertEqual(self.export(vdi), bytes(len(data)))
        self.assertEqual(self.export(clone), data)
        self.assertEqual(self.export(copy), data)
        self.assertEqual(self.client.do("VDI.get_physical_utilisation", vdi), 0)

    def test_more_than_two_tebibytes(self):
        size = 3 << 40
        vdi = self.disk(size)
        run = self.dice.randbytes(BLOCK)
        body = b"".join(struct.pack("<QI", at, BLOCK) + run
                        for at in (0, size - BLOCK)) + bytes(12)
        self.assertEqual(self.upload(vdi, body, chunked="true"),
                         ("success", []))
        image = self.export(vdi, format="qcow2")
        self.assertLess(len(image), 4 * MIB)
        with open(self.path("image"), "wb") as file:
            file.write(image)
        info = json.loads(subprocess.run(
            ["qemu-img", "info", "--output", "json", self.path("image")],
            check=True, stdout=subprocess.PIPE).stdout)
        self.assertEqual(info["virtual-size"], size)
        subprocess.run(["qemu-img", "check", "-q", self.path("image")],
                       check=True)
        again = self.disk(size)
        self.assertEqual(self.upload(again, image, format="qcow2"),
                         ("success", []))
        self.assertEqual(
            self.client.do("VDI.get_physical_utilisation", again), 2 * BLOCK)

    def test_what_is_no_image_is_refused(self):
        vdi = self.disk(MIB)
        data = self.convert(self.dice.randbytes(MIB), "qcow2")
        for name, body, code in (
                ("qcow2", data[:-BLOCK], "VDI_IO_ERROR"),
                ("qcow2", bytes(MIB), "VDI_IO_ERROR"),
                ("vhd", b"conectix" + bytes(MIB), "VDI_IO_ERROR"),
                ("raw", b"x" * (MIB + 1), "VDI_TOO_SMALL")):
            status, error = self.upload(vdi, body, format=name)
            self.assertEqual((status, error[0]), ("failure", code), name)
        answer, _ = self.http("GET", "export_raw_vdi", vdi=vdi, format="floppy")
        self.assertEqual(answer.status, 404)
        answer, _ = self.http("PUT", "import_raw_vdi", b"")
        self.assertEqual(answer.status, 400)
        self.assertEqual(self.client.do("VDI.get_VBDs", vdi), [])


if __name__ == "__main__":
    unittest.main()
