"""`--faults FILE` and `--clock`: what goes wrong, and when."""

import os
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from simulation import Client, Simulation, program  # noqa: E402


class Faults(unittest.TestCase):

    def file(self, text):
        """A file with that text; its name."""
        out = tempfile.NamedTemporaryFile("w", suffix=".yaml", delete=False)
        self.addCleanup(os.unlink, out.name)
        with out:
            out.write(text)
        return out.name

    def test_a_slow_machine_keeps_its_task_waiting(self):
        faults = self.file("faults:\n"
                           "- {what: latency, target: vm0, delay: 0.2}\n")
        with Simulation("--faults", faults) as simulation:
            client = Client(simulation).login()
            vm = client.do("VM.get_by_name_label", "vm0")[0]
            task = client.do("Async.VM.start", vm, False, False)
            self.assertEqual(client.do("task.get_status", task), "pending")
            token = client.do("event.from", ["task"], "", 0.0)["token"]
            while client.do("task.get_status", task) == "pending":
                token = client.do("event.from", ["task"], token, 9.9)["token"]
            self.assertEqual(client.do("task.get_status", task), "success")
            # Its own getters are as slow, but right.
            self.assertEqual(client.do("VM.get_power_state", vm), "Running")
            client.close()

    def start_for_ever(self, client):
        """A task that does not end, and its machine."""
        vm = client.do("VM.get_by_name_label", "vm0")[0]
        task = client.do("Async.VM.start", vm, False, False)
        self.assertEqual(client.do("task.get_status", task), "pending")
        return task, vm

    def test_a_call_that_waits_can_be_cancelled(self):
        faults = self.file("- {what: latency, target: vm0, delay: 1e6}")
        with Simulation("--faults", faults) as simulation:
            client = Client(simulation).login()
            task, vm = self.start_for_ever(client)
            self.assertEqual(client.do("task.get_allowed_operations", task),
                             ["cancel"])
            client.do("task.cancel", task)
            self.assertEqual(client.do("task.get_status", task), "cancelled")
            self.assertEqual(client.do("task.get_error_info", task),
                             ["TASK_CANCELLED", task])
            records = client.do("VM.get_all_records")
            self.assertEqual(records[vm]["power_state"], "Halted")
            client.close()

    def test_a_task_of_a_killed_process_has_failed(self):
        faults = self.file("- {what: latency, target: vm0, delay: 1e6}")
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "pool.db")
            simulation = Simulation("--faults", faults, "--db", file)
            client = Client(simulation).login()
            task, _ = self.start_for_ever(client)
            simulation.process.kill()
            simulation.stop()
            client.close()
            with Simulation("--db", file) as simulation:
                client = Client(simulation).login()
                self.assertEqual(client.do("task.get_status", task), "failure")
                self.assertEqual(client.do("task.get_error_info", task)[0],
                                 "INTERNAL_ERROR")
                client.close()

    def test_a_file_that_makes_no_sense_is_refused(self):
        for text, reason in (("- {what: rain}", b"a map with 'what'"),
                             ("- {what: eio, colour: red}", b"'colour'"),
                             ("- {what: eio, count: 0}", b"'count'"),
                             ("- {what: eio, probability: 2}",
                              b"'probability'"),
                             ("- {what: &a eio, target: *a}", b"alias"),
                             ("{a: [}", b"line 1"), ("hello", b"list")):
            done = subprocess.run(
                [program(), "--port", "0", "--faults", self.file(text)],
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60,
                check=False)
            self.assertEqual(done.returncode, 2, text)
            self.assertIn(reason, done.stderr)


class Clock(unittest.TestCase):

    def test_a_virtual_clock_stands_still(self):
        with Simulation("--clock", "virtual=2030-02-03") as simulation:
            client = Client(simulation).login()
            host = client.do("host.get_all")[0]
            for _ in range(2):
                self.assertEqual(client.do("host.get_servertime", host),
                                 "20300203T00:00:00Z")
            client.close()


if __name__ == "__main__":
    unittest.main()
