"""`--db FILE`: what was acknowledged is there after `kill -9` and a restart."""

import http.client
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import threading
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from simulation import Client, Simulation, program  # noqa: E402

ROUNDS = int(os.environ.get("TOUCHSTONE_KILLS", "3"))
LONGEST_S = 0.4


class Store(unittest.TestCase):

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.file = os.path.join(self.folder.name, "pool.db")

    def write_until_killed(self, seconds, number):
        """Labels made, destroyed, begun; and whose destruction was asked for."""
        simulation = Simulation("--db", self.file)
        client = Client(simulation).login()
        base = client.do("VM.get_by_name_label", "vm1")[0]
        threading.Timer(seconds, simulation.process.kill).start()
        made, gone, begun, doomed = set(), set(), set(), set()
        try:
            while True:
                label = "made-%d-%d" % (number, len(begun))
                begun.add(label)
                vm = client.do("VM.clone", base, label)
                made.add(label)
                if len(begun) % 3 == 0:
                    doomed.add(label)
                    client.do("VM.destroy", vm)
                    gone.add(label)
        except (OSError, http.client.HTTPException) as error:
            self.assertTrue(begun, error)
        simulation.stop()
        client.close()
        return made, gone, begun, doomed - gone

    def labels(self):
        with Simulation("--db", self.file) as simulation:
            client = Client(simulation).login()
            records = client.do("VM.get_all_records").values()
            client.close()
        return {record["name_label"] for record in records}

    def test_nothing_acknowledged_is_lost(self):
        dice = random.Random(1)
        for number in range(ROUNDS):
            made, gone, begun, doomed = self.write_until_killed(
                dice.uniform(0.01, LONGEST_S), number)
            labels = self.labels()
            # The last destroy may have happened without an answer.
            self.assertLessEqual(len(made - gone - labels), 1)
            self.assertLessEqual(made - gone - labels, doomed)
            self.assertFalse(gone & labels)
            self.assertFalse({name for name in labels
                              if name.startswith("made-%d-" % number)} - begun)

    def test_a_pool_survives_a_restart(self):
        with Simulation("--db", self.file) as simulation:
            client = Client(simulation).login()
            vm = client.do("VM.get_by_name_label", "vm0")[0]
            before = client.do("VM.get_record", vm)
            client.do("VM.start", client.do("VM.get_by_name_label", "vm1")[0],
                      False, False)
            client.close()
        with Simulation("--db", self.file) as simulation:
            client = Client(simulation).login()
            self.assertEqual(client.do("VM.get_record", vm), before)
            other = client.do("VM.get_by_name_label", "vm1")[0]
            self.assertEqual(client.do("VM.get_power_state", other), "Halted")
            client.do("VM.start", other, False, False)
            client.close()

    def test_a_file_of_a_later_release_is_refused(self):
        with Simulation("--db", self.file):
            pass
        connection = sqlite3.connect(self.file)
        connection.execute("PRAGMA user_version=99")
        connection.commit()
        connection.close()
        done = subprocess.run([program(), "--port", "0", "--db", self.file],
                              stderr=subprocess.PIPE, timeout=60, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"cannot use", done.stderr)


if __name__ == "__main__":
    unittest.main()
