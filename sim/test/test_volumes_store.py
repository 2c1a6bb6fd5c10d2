"""`--db FILE`: contents of disks that were acknowledged survive `kill -9`."""

import http.client
import os
import random
import struct
import sys
import tempfile
import threading
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from simulation import Client, Refused, Simulation  # noqa: E402

ROUNDS = int(os.environ.get("TOUCHSTONE_KILLS", "5"))
LONGEST_S = 0.5
SIZE = 1 << 20


class VolumesStore(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = os.path.join(folder.name, "pool.db")

    def http(self, simulation, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", simulation.port,
                                                timeout=60)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def write(self, simulation, client, vdi, offset, data):
        """Returns once the task says that it is done."""
        task = client.do("task.create", "write", "")
        self.http(simulation, "PUT",
                  "/import_raw_vdi?session_id=%s&vdi=%s&task_id=%s&chunked=1" %
                  (client.session, vdi, task),
                  struct.pack("<QI", offset, len(data)) + data + bytes(12))
        while client.do("task.get_status", task) == "pending":
            client.do("event.from", ["task/" + task], "", 1.0)

    def read(self, simulation, client, vdi):
        status, data = self.http(
            simulation, "GET", "/export_raw_vdi?session_id=%s&vdi=%s" %
            (client.session, vdi))
        assert status == 200, data
        return data

    def work_until_killed(self, seconds, dice, known):
        """Changes `known`: contents by uuid; says what was under way."""
        simulation = Simulation("--db", self.file)
        client = Client(simulation).login()
        sr = client.do("SR.get_by_name_label", "Local storage")[0]
        threading.Timer(seconds, simulation.process.kill).start()
        doing = None
        try:
            while True:
                uuid = dice.choice(sorted(known)) if known else None
                vdi = client.do("VDI.get_by_uuid", uuid) if uuid else None
                what = dice.choice("create snapshot write write destroy".split())
                doing = (what, uuid, None)
                if what == "create" or not uuid:
                    new = client.do("VDI.create", {
                        "name_label": "d", "name_description": "", "SR": sr,
                        "virtual_size": SIZE, "type": "user",
                        "sharable": False, "read_only": False,
                        "other_config": {}})
                    known[client.do("VDI.get_uuid", new)] = bytes(SIZE)
                elif what == "snapshot":
                    new = client.do("VDI.snapshot", vdi, {})
                    known[client.do("VDI.get_uuid", new)] = known[uuid]
                elif what == "write":
                    at = dice.randrange(SIZE - 5000)
                    data = dice.randbytes(5000)
                    after = bytearray(known[uuid])
                    after[at:at + len(data)] = data
                    doing = (what, uuid, bytes(after))
                    self.write(simulation, client, vdi, at, data)
                    known[uuid] = bytes(after)
                elif len(known) > 3:
                    client.do("VDI.destroy", vdi)
                    del known[uuid]
        except (OSError, http.client.HTTPException):
            pass
        simulation.stop()
        client.close()
        return doing

    def check(self, known, doing):
        """Everything is as it was known, but for what was under way."""
        with Simulation("--db", self.file) as simulation:
            client = Client(simulation).login()
            for uuid in sorted(known):
                touched = doing and uuid == doing[1]
                try:
                    vdi = client.do("VDI.get_by_uuid", uuid)
                except Refused:
                    self.assertTrue(touched and doing[0] == "destroy", doing)
                    del known[uuid]
                    continue
                if touched and doing[0] == "destroy":
                    client.do("VDI.destroy", vdi)
                    del known[uuid]
                    continue
                data = self.read(simulation, client, vdi)
                if touched and doing[0] == "write":
                    self.assertTrue(
                        all(d in (a, b) for d, a, b in
                            zip(data, known[uuid], doing[2])))
                    known[uuid] = data
                self.assertEqual(data, known[uuid], (uuid, doing))
            client.close()

    def test_nothing_acknowledged_is_lost(self):
        dice = random.Random(1)
        known = {}
        for _ in range(ROUNDS):
            doing = self.work_until_killed(dice.uniform(0.05, LONGEST_S), dice,
                                           known)
            self.check(known, doing)
        self.assertTrue(known)


if __name__ == "__main__":
    unittest.main()
