"""`--api-version RELEASE`: what an older release knew, and what it had."""

import os
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from simulation import Client, Refused, Simulation, program  # noqa: E402


class Version(unittest.TestCase):

    def assert_refused(self, words, call, *args):
        with self.assertRaises(Refused) as caught:
            call(*args)
        self.assertEqual(list(caught.exception.args), words)

    def test_what_came_later_is_unknown(self):
        with Simulation("--api-version", "naples") as simulation:
            client = Client(simulation).login()
            names = client.call("system.listMethods")
            self.assertIn("VM.start", names)
            self.assertNotIn("VTPM.set_contents", names)
            self.assertNotIn("Observer.get_all", names)
            self.assert_refused(
                ["MESSAGE_METHOD_UNKNOWN", "Observer.get_all"],
                client.do, "Observer.get_all")
            host = client.do("host.get_all_records").popitem()[1]
            self.assertNotIn("https_only", host)
            self.assertIn("hostname", host)
            self.assertEqual(host["software_version"]["product_version"],
                             "8.0.0")
            self.assertEqual(host["API_version_minor"], 12)
            counts = client.do("event.from", ["*"], "", 0.0)[
                "valid_ref_counts"]
            self.assertIn("vm", counts)
            self.assertNotIn("observer", counts)
            client.close()

    def test_what_was_removed_later_is_there(self):
        with Simulation("--api-version", "cowley") as simulation:
            client = Client(simulation).login()
            self.assertEqual(client.do("VMPP.get_all"), [])
            client.close()
        with Simulation() as simulation:
            client = Client(simulation).login()
            self.assert_refused(["MESSAGE_REMOVED"], client.do, "VMPP.get_all")
            client.close()

    def test_versions_between_releases(self):
        lengths = []
        for release in ("rio", "george", "tampa", "dundee", "stockholm",
                        "22.5.0", "24.10.0", "25.8.0", "26.17.0"):
            with Simulation("--api-version", release) as simulation:
                client = Client(simulation)
                lengths.append(len(client.call("system.listMethods")))
                client.close()
        self.assertEqual(lengths, sorted(lengths))
        self.assertEqual(lengths[-1], 2258)

    def test_a_release_that_never_was(self):
        done = subprocess.run([program(), "--api-version", "xyz"],
                              stderr=subprocess.PIPE, timeout=60, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"no release", done.stderr)


if __name__ == "__main__":
    unittest.main()
