"""Starts `touchstone sim` for tests, and speaks JSON-RPC to it."""

import base64
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import unittest

TIMEOUT_S = 60
STARTS_MAX = 5


def program():
    """The simulation that was built."""
    return os.path.join(os.environ.get("O", "build"), "touchstone-sim")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class NotStarted(Exception):
    """The simulation did not come up; it has said why."""


def with_control(*options):
    """A simulation and its control port, which another process may take
    between the choice and the use: then another one is tried."""
    for left in reversed(range(STARTS_MAX)):
        port = free_port()
        try:
            return Simulation("--control", str(port), *options), port
        except NotStarted:
            if not left:
                raise
    return None


class Simulation:
    """A running simulation; use as a context manager."""

    def __init__(self, *options):
        self.process = subprocess.Popen(
            [program(), "--port", "0", "--seed", "1", *options],
            stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        line = self.process.stdout.readline().decode()
        match = re.fullmatch(r"listening on https?://127\.0\.0\.1:(\d+)\n", line)
        if not match:
            self.stop()
            raise NotStarted(line)
        self.port = int(match.group(1))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Ends it politely; its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(TIMEOUT_S)
        self.process.stdout.close()
        return status

    @property
    def url(self):
        return "http://127.0.0.1:%d" % self.port


class Refused(Exception):
    """An error of the API: its code and parameters."""


class Client:
    """One connection."""

    def __init__(self, simulation, address="127.0.0.1"):
        self.connection = http.client.HTTPConnection(
            address, simulation.port, timeout=TIMEOUT_S)
        self.session = None

    def close(self):
        self.connection.close()

    def post(self, path, body, kind="application/json"):
        """Status and body of the answer."""
        self.connection.request("POST", path, body, {"Content-Type": kind})
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def call(self, method, *params):
        """A message without a session in front."""
        status, body = self.post("/jsonrpc", json.dumps(
            {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}))
        assert status == 200, (status, body)
        answer = json.loads(body)
        if "error" in answer:
            error = answer["error"]
            raise Refused(error["message"], *error["data"])
        return answer["result"]

    def control(self, path, body):
        """What the simulation says to an order of its own."""
        word = base64.b64encode(b"root:x").decode()
        self.connection.request("POST", path, json.dumps(body),
                                {"Authorization": "Basic " + word})
        answer = self.connection.getresponse()
        text = answer.read()
        assert answer.status == 200, text
        return json.loads(text)

    def login(self):
        self.session = self.call("session.login_with_password", "root", "x")
        return self

    def do(self, method, *params):
        """A message of this session."""
        return self.call(method, self.session, *params)


class HttpTest(unittest.TestCase):
    """Each test has a simulation of its own, and a session."""

    def setUp(self):
        self.simulation = Simulation()
        self.client = Client(self.simulation).login()
        self.vm = self.client.do("VM.get_by_name_label", "vm0")[0]

    def tearDown(self):
        self.client.close()
        self.simulation.stop()

    def http(self, method, path, body=None, **query):
        """Status and body, over a connection of its own."""
        query.setdefault("session_id", self.client.session)
        client = Client(self.simulation)
        try:
            client.connection.request(method, path + "?" + "&".join(
                "%s=%s" % i for i in query.items()), body)
            answer = client.connection.getresponse()
            return answer.status, answer.read()
        finally:
            client.close()
