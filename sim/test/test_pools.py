"""Several hosts and pools in one process, and files that describe them."""

import os
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from simulation import Client, Refused, Simulation, program  # noqa: E402

SITE = """
pools:
  - name: site A
    hosts:
      - {name: alpha, memory: 128 GiB, cpus: 4}
      - {name: beta, count: 2}
    storage:
      - {name: NFS, type: nfs, shared: true, size: 2 TiB, default: true}
    vms:
      - {name: web, count: 5, memory: 2 GiB, vcpus: 2, running: true}
  - name: site B
"""


class Topology(unittest.TestCase):

    def test_each_host_has_an_address(self):
        with Simulation("--hosts", "3") as simulation:
            client = Client(simulation).login()
            addresses = sorted(
                h["address"]
                for h in client.do("host.get_all_records").values())
            self.assertEqual(addresses,
                             ["127.0.0.1", "127.0.0.2", "127.0.0.3"])
            with self.assertRaises(Refused) as refused:
                Client(simulation, "127.0.0.2").login()
            self.assertEqual(refused.exception.args,
                             ("HOST_IS_SLAVE", "127.0.0.1"))

    def test_pools_know_nothing_of_each_other(self):
        with Simulation("--pools", "2", "--hosts", "2") as simulation:
            one = Client(simulation).login()
            two = Client(simulation, "127.0.1.1").login()
            self.assertNotEqual(one.do("pool.get_all"), two.do("pool.get_all"))
            with self.assertRaises(Refused) as refused:
                Client(simulation, "127.0.1.2").login()
            self.assertEqual(refused.exception.args,
                             ("HOST_IS_SLAVE", "127.0.1.1"))

    def test_a_file_describes_pools(self):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(SITE)
            file.flush()
            with Simulation("--pool", file.name) as simulation:
                self.check_site(Client(simulation).login())
                other = Client(simulation, "127.0.1.1").login()
                pool = list(other.do("pool.get_all_records").values())[0]
                self.assertEqual(pool["name_label"], "site B")

    def check_site(self, client):
        hosts = client.do("host.get_all_records").values()
        self.assertEqual(sorted(h["name_label"] for h in hosts),
                         ["alpha", "beta1", "beta2"])
        alpha = client.do("host.get_by_name_label", "alpha")[0]
        self.assertEqual(len(client.do("host.get_host_CPUs", alpha)), 4)
        pool = list(client.do("pool.get_all_records").values())[0]
        sr = client.do("SR.get_record", pool["default_SR"])
        self.assertEqual((sr["name_label"], sr["shared"], len(sr["PBDs"])),
                         ("NFS", True, 3))
        web = client.do("VM.get_by_name_label", "web3")[0]
        self.assertEqual(client.do("VM.get_power_state", web), "Running")

    def test_a_bad_file_is_refused(self):
        for text, said in (("{bad: 1}", b"a pool has no 'bad'"),
                           ("a: [1\nb: {", b"line 2"),
                           ("hosts: [{memory: lots}]", b"64 GiB"),
                           ("vms: [{count: 0}]", b"count"),
                           ("pools: []", b"list")):
            with tempfile.NamedTemporaryFile("w") as file:
                file.write(text)
                file.flush()
                done = subprocess.run(
                    [program(), "--port", "0", "--pool", file.name],
                    capture_output=True, timeout=20, check=False)
            self.assertEqual(done.returncode, 2, text)
            self.assertIn(said, done.stderr)


if __name__ == "__main__":
    unittest.main()
