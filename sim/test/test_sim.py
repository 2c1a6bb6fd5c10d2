"""`touchstone sim` seen from outside: wire, sessions, lifecycle, bad input."""

import json
import os
import subprocess
import sys
import threading
import time
import unittest
import xmlrpc.client

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from simulation import Client, Refused, Simulation, program  # noqa: E402

PARKED = 100
WAIT_S = 45.0
MESSAGES_ON_WIRE = 2258


class Running(unittest.TestCase):
    """Tests against one simulation."""

    @classmethod
    def setUpClass(cls):
        cls.simulation = Simulation()

    @classmethod
    def tearDownClass(cls):
        assert cls.simulation.stop() == 0

    def setUp(self):
        self.client = Client(self.simulation).login()
        self.addCleanup(self.client.close)

    def new_machine(self, label="t"):
        template = self.client.do("VM.get_by_name_label", "vm1")[0]
        return self.client.do("VM.clone", template, label)

    def test_every_message_is_listed_without_a_session(self):
        names = self.client.call("system.listMethods")
        self.assertEqual(len(names), MESSAGES_ON_WIRE)
        self.assertEqual(len(set(names)), MESSAGES_ON_WIRE)

    def test_an_empty_password_is_refused(self):
        with self.assertRaises(Refused) as caught:
            self.client.call("session.login_with_password", "root", "")
        self.assertEqual(caught.exception.args[0],
                         "SESSION_AUTHENTICATION_FAILED")

    def test_xml_answers_what_json_answers(self):
        status, body = self.client.post("/", (
            "<methodCall><methodName>pool.get_all</methodName><params><param>"
            "<value>%s</value></param></params></methodCall>"
            % self.client.session), "text/xml")
        self.assertEqual(status, 200)
        self.assertIn(self.client.do("pool.get_all")[0].encode(), body)

    def test_pythons_own_client_understands_every_record(self):
        xen = xmlrpc.client.ServerProxy(self.simulation.url)
        self.addCleanup(xen("close"))
        session = xen.session.login_with_password("root", "x")["Value"]
        for name in ("VM", "host", "pool", "network", "SR", "PIF", "role"):
            answer = getattr(xen, name).get_all_records(session)
            self.assertEqual(answer["Status"], "Success")
            self.assertTrue(answer["Value"])

    def test_a_snapshot_has_disks_of_its_own(self):
        vm = self.client.do("VM.get_by_name_label", "vm0")[0]
        disk = self.client.do("VBD.get_VDI", self.client.do(
            "VM.get_VBDs", vm)[0])
        snapshot = self.client.do("VM.snapshot", vm, "s")
        copy = self.client.do("VBD.get_VDI", self.client.do(
            "VM.get_VBDs", snapshot)[0])
        self.assertNotEqual(copy, disk)
        self.assertEqual(self.client.do("VDI.get_snapshot_of", copy), disk)
        self.client.do("VM.destroy", snapshot)
        self.client.do("VDI.destroy", copy)

    def test_a_machine_goes_through_its_life(self):
        vm = self.new_machine()
        moves = (("start", (False, False), "Running"), ("pause", (), "Paused"),
                 ("unpause", (), "Running"), ("hard_reboot", (), "Running"),
                 ("hard_shutdown", (), "Halted"))
        for verb, params, state in moves:
            self.client.do("VM." + verb, vm, *params)
            self.assertEqual(self.client.do("VM.get_power_state", vm), state)
        self.client.do("VM.destroy", vm)
        with self.assertRaises(Refused) as caught:
            self.client.do("VM.get_record", vm)
        self.assertEqual(caught.exception.args, ("HANDLE_INVALID", "VM", vm))

    def test_what_is_not_there_says_so(self):
        with self.assertRaises(Refused) as caught:
            self.client.do("console.create", {"other_config": {}})
        self.assertEqual(caught.exception.args,
                         ("NOT_IMPLEMENTED", "Console.create"))

    def test_a_parked_call_wakes_when_something_changes(self):
        pool = self.client.do("pool.get_all")[0]
        token = self.client.do("event.from", ["pool"], "", 0.0)["token"]
        answers = []

        def watch():
            watcher = Client(self.simulation)
            watcher.session = self.client.session
            answers.append(watcher.do("event.from", ["pool"], token, WAIT_S))
            watcher.close()

        threads = [threading.Thread(target=watch) for _ in range(PARKED)]
        start = time.monotonic()
        for thread in threads:
            thread.start()
        self.client.do("pool.set_name_description", pool, str(time.time()))
        for thread in threads:
            thread.join()
        self.assertLess(time.monotonic() - start, WAIT_S)
        self.assertEqual(len(answers), PARKED)
        for answer in answers:
            self.assertEqual([e["ref"] for e in answer["events"]], [pool])

    def test_a_parked_call_ends_in_time(self):
        token = self.client.do("event.from", ["pool"], "", 0.0)["token"]
        start = time.monotonic()
        answer = self.client.do("event.from", ["pool"], token, 0.2)
        self.assertEqual(answer["events"], [])
        self.assertGreaterEqual(time.monotonic() - start, 0.15)

    def test_logging_out_ends_a_parked_call(self):
        other = Client(self.simulation).login()
        token = other.do("event.from", ["pool"], "", 0.0)["token"]
        words = []

        def watch():
            watcher = Client(self.simulation)
            try:
                watcher.call("event.from", other.session, ["pool"], token, 30.0)
            except Refused as refused:
                words.extend(refused.args)
            watcher.close()

        thread = threading.Thread(target=watch)
        thread.start()
        other.do("session.logout")
        thread.join()
        other.close()
        self.assertEqual(words[0], "SESSION_INVALID")

    def test_bad_bodies_are_refused_and_the_daemon_lives(self):
        nested = "<value><array><data>" * 500
        bodies = (("/jsonrpc", "["), ("/jsonrpc", "[" * 100000),
                  ("/jsonrpc", '{"jsonrpc":"2.0","method":5,"id":1}'),
                  ("/jsonrpc", b"\xff\xfe"), ("/", "<methodCall>"), ("/", ""),
                  ("/", "<methodCall><methodName>x</methodName><params><param>"
                   + nested), ("/", "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>"))
        for path, body in bodies:
            status, _ = self.client.post(path, body)
            self.assertEqual(status, 500, body[:40])
        self.assertEqual(len(self.client.do("pool.get_all")), 1)

    def test_other_requests_get_a_page(self):
        self.client.connection.request("GET", "/")
        answer = self.client.connection.getresponse()
        self.assertEqual(answer.status, 200)
        answer.read()
        self.client.connection.request("PUT", "/x", b"")
        answer = self.client.connection.getresponse()
        self.assertEqual(answer.status, 403)
        answer.read()


class CommandLine(unittest.TestCase):
    """Options and exit statuses."""

    def run_sim(self, *options):
        return subprocess.run([program(), *options], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=60, check=False)

    def test_wrong_usage_exits_with_2(self):
        for options in (["--port", "x"], ["--port", "65536"], ["--nope"],
                        ["more"], ["--password", ""]):
            self.assertEqual(self.run_sim(*options).returncode, 2, options)

    def test_help_and_version_exit_with_0(self):
        for option in ("--help", "--version"):
            done = self.run_sim(option)
            self.assertEqual(done.returncode, 0)
            self.assertTrue(done.stdout)

    def test_the_missing_messages_are_counted(self):
        lines = self.run_sim("--list-missing").stdout.decode().splitlines()
        self.assertEqual(lines[-1], "%d of %d messages answer NOT_IMPLEMENTED"
                         % (len(lines) - 1, MESSAGES_ON_WIRE))

    def test_a_taken_port_is_an_error(self):
        with Simulation() as first:
            done = self.run_sim("--port", str(first.port))
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"cannot listen", done.stderr)

    def test_a_given_password_must_match(self):
        with Simulation("--password", "secret") as simulation:
            client = Client(simulation)
            with self.assertRaises(Refused):
                client.call("session.login_with_password", "root", "x")
            self.assertIn("OpaqueRef:", client.call(
                "session.login_with_password", "root", "secret"))
            client.close()

    def test_a_parked_call_does_not_keep_it_from_stopping(self):
        simulation = Simulation()
        client = Client(simulation).login()
        token = client.do("event.from", ["pool"], "", 0.0)["token"]
        client.connection.request("POST", "/jsonrpc", json.dumps(
            {"jsonrpc": "2.0", "id": 1, "method": "event.from",
             "params": [client.session, ["pool"], token, 600.0]}))
        other = Client(simulation)
        other.call("system.listMethods")  # the parked call came before
        self.assertEqual(simulation.stop(), 0)
        client.close()
        other.close()

    def test_a_pool_can_start_with_more_machines(self):
        with Simulation("--vms", "50") as simulation:
            client = Client(simulation).login()
            records = client.do("VM.get_all_records").values()
            client.close()
        names = {record["name_label"] for record in records}
        self.assertLessEqual({"vm%d" % nr for nr in range(52)}, names)

    def test_one_seed_makes_one_pool(self):
        uuids = []
        for _ in range(2):
            with Simulation() as simulation:
                client = Client(simulation).login()
                pool = client.do("pool.get_all")[0]
                uuids.append(client.do("pool.get_uuid", pool))
                client.close()
        self.assertEqual(uuids[0], uuids[1])


if __name__ == "__main__":
    unittest.main()
