"""The thin CLI of `touchstone sim`, through a client of our own."""

import os
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import thin_cli  # noqa: E402
from simulation import Client, Simulation, program  # noqa: E402


class Lines(unittest.TestCase):
    """Command lines on one simulation; each test cleans up after itself."""

    @classmethod
    def setUpClass(cls):
        cls.simulation = Simulation()

    @classmethod
    def tearDownClass(cls):
        cls.simulation.stop()

    def run_line(self, *line, stdin="", password="x"):
        """Exit status, output, errors."""
        client = thin_cli.Client("127.0.0.1", self.simulation.port, stdin)
        status = client.run([*line, "username=root", "password=" + password])
        return status, "".join(client.out), "".join(client.err)

    def xe(self, *line, stdin=""):
        """The output of a command that must succeed."""
        status, out, err = self.run_line(*line, stdin=stdin)
        self.assertEqual((status, err), (0, ""), line)
        return out.rstrip("\n")

    def refused(self, *line):
        status, out, err = self.run_line(*line)
        self.assertEqual((status, out), (1, ""), line)
        return err

    def install(self, name):
        return self.xe("vm-install", "template=Other install media",
                       "new-name-label=" + name)

    def test_a_machine_lives_through_its_commands(self):
        vm = self.install("cli")
        for line, state in (("vm-start", "running"), ("vm-pause", "paused"),
                            ("vm-unpause", "running"),
                            ("vm-reboot", "running"),
                            ("vm-shutdown", "halted")):
            self.xe(line, "uuid=" + vm, "--force")
            self.assertEqual(self.xe("vm-param-get", "uuid=" + vm,
                                     "param-name=power-state"), state)
        self.assertIn("All objects destroyed",
                      self.xe("vm-uninstall", "uuid=" + vm, "--force"))
        self.assertEqual(self.xe("vm-list", "uuid=" + vm, "--minimal"), "")

    def test_maps_and_sets_take_and_lose_keys(self):
        vm = self.install("keys")
        self.xe("vm-param-set", "uuid=" + vm, "other-config:a=1",
                "other-config:b=2")
        self.assertEqual(self.xe("vm-param-get", "uuid=" + vm,
                                 "param-name=other-config", "param-key=b"),
                         "2")
        self.xe("vm-param-remove", "uuid=" + vm, "param-name=other-config",
                "param-key=a")
        self.assertIn("Key a not found in map", self.refused(
            "vm-param-get", "uuid=" + vm, "param-name=other-config",
            "param-key=a"))
        self.xe("vm-param-add", "uuid=" + vm, "param-name=tags",
                "param-key=red")
        self.assertEqual(self.xe("vm-list", "tags:contains=red", "--minimal"),
                         vm)
        self.xe("vm-param-clear", "uuid=" + vm, "param-name=tags")
        self.assertEqual(self.xe("vm-param-get", "uuid=" + vm,
                                 "param-name=tags"), "")
        self.xe("vm-uninstall", "uuid=" + vm, "--force")

    def test_several_machines_need_to_be_asked_for(self):
        for _ in range(2):
            self.install("twin")
        self.assertIn("--multiple required",
                      self.refused("vm-start", "vm=twin"))
        self.xe("vm-start", "vm=twin", "--multiple")
        self.assertEqual(self.xe("vm-list", "name-label=twin",
                                 "params=power-state", "--minimal"),
                         "running,running")
        self.xe("vm-uninstall", "vm=twin", "--multiple", "--force")

    def test_the_password_counts(self):
        self.assertEqual(
            self.run_line("vm-list", password=""),
            (1, "", "Authentication failed\nFor usage run: 'xe help'\n"))

    def test_a_session_of_the_api_will_do(self):
        client = Client(self.simulation).login()
        link = thin_cli.Client("127.0.0.1", self.simulation.port)
        self.assertEqual(link.run(["session_id=" + client.session,
                                   "pool-list", "--minimal"]), 0)
        self.assertEqual(client.do("pool.get_all"),
                         client.do("pool.get_all"))  # it is still there
        client.close()

    def test_who_says_no_keeps_the_machine(self):
        vm = self.install("kept")
        self.assertIn("Aborted (you typed: 'no')",
                      self.xe("vm-uninstall", "uuid=" + vm, stdin="no"))
        self.assertEqual(self.xe("vm-list", "uuid=" + vm, "--minimal"), vm)
        self.xe("vm-uninstall", "uuid=" + vm, stdin="yes")
        self.assertEqual(self.xe("vm-list", "uuid=" + vm, "--minimal"), "")

    def test_a_wait_ends_with_the_event(self):
        vm = self.install("waited")
        client = Client(self.simulation).login()
        link = thin_cli.Client("127.0.0.1", self.simulation.port)
        link.run(["vm-start", "uuid=" + vm, "username=root", "password=x"])
        self.assertEqual(self.xe("event-wait", "class=vm", "uuid=" + vm,
                                 "power-state=/=halted"), "")
        client.close()
        self.xe("vm-uninstall", "uuid=" + vm, "--force")

    def test_contents_of_a_disk_go_out_and_come_back(self):
        sr = self.xe("sr-list", "name-label=Local storage", "--minimal")
        vdi = self.xe("vdi-create", "sr-uuid=" + sr, "name-label=d",
                      "virtual-size=1MiB")
        data = bytes(range(256)) * 4096
        with tempfile.TemporaryDirectory() as folder:
            there, back = (os.path.join(folder, name) for name in "ab")
            with open(there, "wb") as file:
                file.write(data)
            self.xe("vdi-import", "uuid=" + vdi, "filename=" + there)
            self.xe("vdi-export", "uuid=" + vdi, "filename=" + back)
            with open(back, "rb") as file:
                self.assertEqual(file.read(), data)
        self.xe("vdi-destroy", "uuid=" + vdi)

    def test_a_machine_is_exported_and_imported(self):
        vm = self.install("moved")
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "x.xva")
            self.assertEqual(self.xe("vm-export", "uuid=" + vm,
                                     "filename=" + path), "Export succeeded")
            other = self.xe("vm-import", "filename=" + path)
        self.assertNotEqual(other, vm)
        self.assertEqual(self.xe("vm-list", "uuid=" + other,
                                 "params=name-label", "--minimal"), "moved")
        for uuid in (vm, other):
            self.xe("vm-uninstall", "uuid=" + uuid, "--force")

    def test_uploads_answer_before_the_body_comes(self):
        vm = self.install("blobs")
        blob = self.xe("blob-create", "name=b", "vm-uuid=" + vm)
        with tempfile.TemporaryDirectory() as folder:
            there, back, dump = (os.path.join(folder, n) for n in "abc")
            with open(there, "wb") as file:
                file.write(b"contents")
            self.xe("blob-put", "uuid=" + blob, "filename=" + there)
            self.xe("blob-get", "uuid=" + blob, "filename=" + back)
            with open(back, "rb") as file:
                self.assertEqual(file.read(), b"contents")
            self.xe("pool-dump-database", "file-name=" + dump)
            self.assertIn("successful", self.xe(
                "pool-restore-database", "file-name=" + dump, "dry-run=true"))
        self.xe("vm-uninstall", "uuid=" + vm, "--force")

    def test_no_command_line_ends_the_daemon(self):
        for line in (["vm-list", "params="], ["vm-list", "a:b:c=d"],
                     ["vm-param-set", "uuid="], ["help", "--all"],
                     ["vm-start", "vm=\""], ["vm-list", "x" * 100000],
                     ["\0"], ["vm-list", "uuid=\xff\xfe"], ["-u"], [""]):
            link = thin_cli.Client("127.0.0.1", self.simulation.port)
            self.assertIn(link.run([*line, "username=root", "password=x"]),
                          (0, 1), line)

    def test_a_machine_goes_to_another_host_and_back(self):
        with Simulation("--hosts", "2") as pool:
            def xe(*line):
                client = thin_cli.Client("127.0.0.1", pool.port)
                self.assertEqual(client.run([*line, "username=root",
                                             "password=x"]), 0, client.err)
                return "".join(client.out).strip()
            hosts = xe("host-list", "--minimal").split(",")
            self.assertEqual(len(hosts), 2)
            xe("vm-start", "vm=vm1", "on=" + hosts[1])
            self.assertEqual(xe("vm-list", "name-label=vm1",
                                "params=resident-on", "--minimal"), hosts[1])
            xe("host-disable", "uuid=" + hosts[0])
            self.assertEqual(xe("host-list", "enabled=false", "--minimal"),
                             hosts[0])
            xe("host-enable", "uuid=" + hosts[0])

    def test_a_machine_is_copied_to_another_pool(self):
        with Simulation("--pools", "2") as pools:
            def xe(server, *line):
                client = thin_cli.Client(server, pools.port)
                self.assertEqual(client.run([*line, "username=root",
                                             "password=x"]), 0, client.err)
                return "".join(client.out).strip()
            text = xe("127.0.0.1", "vm-migrate", "vm=vm1", "copy=true",
                      "remote-master=127.0.1.1", "remote-username=root",
                      "remote-password=x")
            self.assertIn(text.split("\n")[-1],
                          xe("127.0.1.1", "vm-list", "--minimal").split(","))

    def test_what_calls_a_missing_message_is_counted(self):
        text = subprocess.run([program(), "--list-missing-commands"],
                              stdout=subprocess.PIPE,
                              check=True).stdout.decode()
        lines = text.splitlines()
        self.assertEqual(lines[-1], "%d of 675 commands call a message that "
                         "is missing" % (len(lines) - 1))

    def test_help_knows_every_command(self):
        names = self.xe("help", "--all", "--minimal").split(",")
        self.assertEqual(len(names), 646)  # 29 are hidden
        self.assertEqual(names, sorted(names))


if __name__ == "__main__":
    unittest.main()
