"""`/sim`: faults, the clock and hosts, changed while the simulation runs; and
that the same seed gives the same answers."""

import base64
import http.client
import json
import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from simulation import Client, Refused, Simulation, with_control  # noqa: E402

ROOT = {"Authorization": "Basic " + base64.b64encode(b"root:x").decode()}


def control(port, method, path, body=None, headers=None):
    """Status and value of the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request(method, path,
                       None if body is None else json.dumps(body),
                       ROOT if headers is None else headers)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    try:
        return answer.status, json.loads(text)
    except ValueError:
        return answer.status, None


class Control(unittest.TestCase):

    def test_only_root_is_let_in(self):
        with Simulation("--password", "secret") as simulation:
            self.assertEqual(control(simulation.port, "GET", "/sim")[0], 401)
            self.assertEqual(
                control(simulation.port, "GET", "/sim", headers={})[0], 401)

    def test_faults_come_and_go(self):
        with Simulation() as simulation:
            port = simulation.port
            fault = {"what": "latency", "target": "vm*", "delay": 5}
            self.assertEqual(control(port, "POST", "/sim/faults", fault),
                             (200, {"id": 1}))
            status, state = control(port, "GET", "/sim")
            self.assertEqual(status, 200)
            self.assertEqual(state["faults"][0]["target"], "vm*")
            self.assertEqual(state["seed"], 1)
            self.assertIn("--seed 1", state["again"])
            self.assertEqual(control(port, "DELETE", "/sim/faults/7")[0], 400)
            self.assertEqual(control(port, "DELETE", "/sim/faults/1")[0], 200)
            self.assertEqual(control(port, "GET", "/sim")[1]["faults"], [])
            for wrong in ({"what": "rain"}, [1], "x",
                          {"what": "eio", "target": "x" * 99}):
                self.assertEqual(
                    control(port, "POST", "/sim/faults", wrong)[0], 400)

    def test_storage_fails_as_told(self):
        with Simulation() as simulation:
            client = Client(simulation).login()
            sr = client.do("SR.get_by_name_label", "Local storage")[0]
            record = {"name_label": "d", "SR": sr, "virtual_size": 1 << 20,
                      "type": "user", "sharable": False, "read_only": False,
                      "other_config": {}}
            for what, code in (("enospc", "SR_FULL"),
                               ("lost-path", "VDI_IO_ERROR")):
                control(simulation.port, "POST", "/sim/faults",
                        {"what": what, "target": "Local*", "count": 1})
                with self.assertRaises(Refused) as caught:
                    client.do("VDI.create", record)
                self.assertEqual(caught.exception.args[0], code)
                client.do("VDI.destroy", client.do("VDI.create", record))
            client.close()

    def test_a_crashed_host_is_reached_no_more_until_it_boots(self):
        simulation, port = with_control("--clock", "still")
        with simulation:
            client = Client(simulation).login()
            vm = client.do("VM.get_by_name_label", "vm0")[0]
            client.do("VM.start", vm, False, False)
            name = client.do("host.get_all_records").popitem()[1]["name_label"]
            status, host = control(port, "POST", "/sim/host/%s/crash" % name)
            self.assertEqual((status, host["power"], host["answers"]),
                             (200, "off", False))
            with self.assertRaises((OSError, http.client.HTTPException)):
                Client(simulation).login()
            control(port, "POST", "/sim/host/%s/boot" % name)
            status, state = control(port, "POST", "/sim/clock",
                                    {"advance": 60})
            self.assertEqual(state["hosts"][0]["power"], "up")
            again = Client(simulation).login()
            self.assertEqual(again.do("host.get_all"),
                             client_hosts(again))
            self.assertEqual(
                control(port, "POST", "/sim/host/nobody/crash")[0], 400)
            self.assertEqual(
                control(port, "POST", "/sim/host/%s/sing" % name)[0], 400)

    def test_a_fault_crashes_a_host_for_a_while(self):
        simulation, port = with_control("--clock", "still")
        with simulation:
            control(port, "POST", "/sim/faults",
                    {"what": "host-crash", "start": 10, "duration": 20})
            for now, power in ((0, "up"), (9, "up"), (1, "off"), (19, "off"),
                               (1, "booting"), (9, "up")):
                state = control(port, "POST", "/sim/clock",
                                {"advance": now})[1]
                self.assertEqual(state["hosts"][0]["power"], power)

    def test_the_clock_advances_and_jumps(self):
        with Simulation("--clock", "still=2030-01-02") as simulation:
            client = Client(simulation).login()
            host = client.do("host.get_all")[0]
            control(simulation.port, "POST", "/sim/clock", {"advance": 3600})
            self.assertEqual(client.do("host.get_servertime", host),
                             "20300102T01:00:00Z")
            control(simulation.port, "POST", "/sim/clock", {"jump": -7200})
            self.assertEqual(client.do("host.get_servertime", host),
                             "20300101T23:00:00Z")
            for wrong in ({}, {"advance": -1}, {"jump": "x"}, [], {"jump": 1e99},
                          {"advance": 1, "jump": 1}):
                self.assertEqual(control(simulation.port, "POST", "/sim/clock",
                                         wrong)[0], 400)
            client.close()

    def test_a_virtual_clock_jumps_when_everybody_waits(self):
        with Simulation("--clock", "virtual=2030-01-02") as simulation:
            client = Client(simulation).login()
            token = client.do("event.from", ["vm"], "", 0.0)["token"]
            answer = client.do("event.from", ["vm"], token, 86400.0)
            self.assertEqual(answer["events"], [])
            host = client.do("host.get_all")[0]
            self.assertEqual(client.do("host.get_servertime", host),
                             "20300103T00:00:00Z")
            client.close()

    def test_a_reset_is_a_new_start(self):
        with Simulation("--clock", "still") as simulation:
            before = everything(simulation)
            self.assertEqual(control(simulation.port, "POST", "/sim/reset")[0],
                             202)
            while True:
                try:
                    client = Client(simulation).login()
                    break
                except (OSError, http.client.HTTPException):
                    continue
            client.close()
            control(simulation.port, "POST", "/sim/faults",
                    {"what": "latency"})
            control(simulation.port, "DELETE", "/sim/faults")
            self.assertEqual(len(before), len(everything(simulation)))

    def test_the_same_seed_gives_the_same_bytes(self):
        answers = []
        for _ in range(2):
            with Simulation("--clock", "still", "--hosts", "2") as simulation:
                answers.append(everything(simulation))
        self.assertEqual(answers[0], answers[1])


def client_hosts(client):
    return list(client.do("host.get_all_records"))


def everything(simulation):
    """The bytes of a day's work."""
    client = Client(simulation)
    out = []

    def call(method, *params):
        status, body = client.post("/jsonrpc", json.dumps(
            {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}))
        assert status == 200
        out.append(body)
        return json.loads(body).get("result")

    session = call("session.login_with_password", "root", "x")
    vm = call("VM.get_by_name_label", session, "vm0")[0]
    clone = call("VM.clone", session, vm, "clone")
    for method in ("VM.start", "VM.pause"):
        call(method, session, clone, False, False)
    call("VM.unpause", session, clone)
    call("Async.VM.hard_shutdown", session, clone)
    call("VM.snapshot", session, clone, "snapshot")
    call("VM.destroy", session, clone)
    call("event.from", session, ["*"], "", 0.0)
    for name in ("VM", "VDI", "VBD", "host", "SR", "network", "task", "pool",
                 "PIF", "message"):
        call(name + ".get_all_records", session)
    client.close()
    return out


if __name__ == "__main__":
    unittest.main()
