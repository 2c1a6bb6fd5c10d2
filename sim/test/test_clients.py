"""Clients that nobody here wrote, against a simulation."""

import json
import os
import shutil
import subprocess
import unittest

from simulation import TIMEOUT_S, Client, Simulation

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "clients")
XENAPI_PY = "/usr/share/fence"
INSTALL_LIMIT_S = 180


def run(*words, limit=TIMEOUT_S, **environment):
    """A finished program: its exit status, and what it printed."""
    return subprocess.run(
        words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=limit,
        stdin=subprocess.DEVNULL, check=False, text=True,
        env={**os.environ, **environment})


@unittest.skipUnless(shutil.which("fence_xenapi"), "fence-agents is missing")
class FenceAgent(unittest.TestCase):
    """The agent that clusters fence machines with."""

    def fence(self, simulation, *words):
        return run("fence_xenapi", "-s", simulation.url, "-l", "root",
                   "-p", "x", *words)

    def test_it_lists_and_switches_machines(self):
        with Simulation() as simulation:
            done = self.fence(simulation, "-o", "list")
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assertRegex(done.stdout, r"(?m)^[0-9a-f-]{36},vm1$")
            for action, status, text in (("status", 2, "OFF"),
                                         ("on", 0, "Powered ON"),
                                         ("status", 0, "ON"),
                                         ("reboot", 0, "Rebooted"),
                                         ("off", 0, "Powered OFF"),
                                         ("status", 2, "OFF")):
                done = self.fence(simulation, "-n", "vm0", "-o", action)
                self.assertEqual(done.returncode, status, done.stdout)
                self.assertIn(text, done.stdout)

    def test_a_wrong_password_is_told(self):
        with Simulation("--password", "secret") as simulation:
            done = self.fence(simulation, "-o", "list")
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("SESSION_AUTHENTICATION_FAILED", done.stdout)


@unittest.skipUnless(shutil.which("ansible-playbook") and
                     os.path.exists(XENAPI_PY + "/XenAPI.py"),
                     "ansible or fence-agents is missing")
class Ansible(unittest.TestCase):
    """community.general.xenserver_guest and its relatives."""

    def test_the_playbook_passes(self):
        with Simulation() as simulation:
            client = Client(simulation).login()
            records = client.do("VM.get_all_records")
            client.close()
            template = next(r["name_label"] for r in records.values()
                            if r["is_a_template"] and not r["is_a_snapshot"])
            done = run("ansible-playbook", os.path.join(HERE, "playbook.yml"),
                       PYTHONPATH=XENAPI_PY, XENSERVER_URL=simulation.url,
                       TEMPLATE=template, ANSIBLE_LOCALHOST_WARNING="false")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertRegex(done.stdout, r"ok=7 .*failed=0")


def node_modules():
    """Where npm put the clients, or why it could not."""
    folder = os.path.abspath(os.path.join(os.environ.get("O", "build"),
                                          "clients"))
    os.makedirs(folder, exist_ok=True)
    for name in ("package.json", "lifecycle.mjs"):
        shutil.copy(os.path.join(HERE, name), folder)
    if os.path.isdir(os.path.join(folder, "node_modules", "xen-api")):
        return folder, None
    if not shutil.which("npm"):
        return folder, "npm is missing"
    done = run("npm", "--prefix", folder, "install", "--no-audit", "--no-fund",
               limit=INSTALL_LIMIT_S)
    return folder, done.stdout[-300:] if done.returncode else None


class XenApi(unittest.TestCase):
    """npm's xen-api, the library below Xen Orchestra."""

    def test_it_watches_a_machine_live(self):
        folder, problem = node_modules()
        if problem:
            self.skipTest("npm cannot fetch xen-api: " + problem)
        with Simulation() as simulation:
            done = run("node", os.path.join(folder, "lifecycle.mjs"),
                       simulation.url)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(json.loads(done.stdout.splitlines()[-1]),
                         ["Running", "before", "Halted", True])


if __name__ == "__main__":
    unittest.main()
