"""`touchstone bench api` measures a simulation, and says what it found."""

import http.server
import json
import os
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.request

BUILD = os.environ.get("O", "build")
PROGRAM = os.path.join(BUILD, "touchstone-bench")
TIMEOUT_S = 120


def run(*options):
    """Exit status, output, complaints."""
    done = subprocess.run([PROGRAM, *options], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=TIMEOUT_S,
                          check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


class Api(unittest.TestCase):
    """Small runs; how fast anything is, is not judged here."""

    def test_it_measures_a_simulation_that_it_starts(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "figures.json")
            status, text, complaints = run(
                "api", "--seconds", "0.02", "--json", path, "--start",
                os.path.join(BUILD, "touchstone-sim"))
            self.assertEqual(status, 0, complaints)
            with open(path, encoding="utf-8") as file:
                figures = {figure["name"]: figure
                           for figure in json.load(file)["figures"]}
        self.assertIn("VM.get_record", text)
        for name in ("START", "LOGIN", "GET_RECORD_JSON_CPU", "WAKE_1000_P99",
                     "START_STOP", "MEMORY"):
            self.assertGreater(figures[name]["value"], 0, name)
            self.assertIn("met", figures[name])

    def test_a_dead_endpoint_is_an_error(self):
        status, _, complaints = run("api", "http://127.0.0.1:1")
        self.assertEqual(status, 2)
        self.assertIn("cannot connect", complaints)

    def test_wrong_usage_exits_with_2(self):
        for options in (("other",), ("--only", "no.such"), ("api",), ("api", "--nope", "x"),
                        ("api", "ftp://x")):
            self.assertEqual(run(*options)[0], 2, options)


class Stalling(http.server.ThreadingHTTPServer):
    """A XenAPI of one machine that stands still once, for STALL_S."""

    STALL_S, STALL_AT_S = 0.8, 3

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answers)
        self.began = None
        self.stalled = False
        self.lock = threading.Lock()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def record_asked(self):
        with self.lock:
            self.began = self.began or time.monotonic()
            if not self.stalled and \
                    time.monotonic() - self.began > self.STALL_AT_S:
                self.stalled = True
                threading.Event().wait(self.STALL_S)  # that nobody sets


class Answers(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    RESULTS = {"session.login_with_password": "OpaqueRef:session",
               "VM.get_all_records_where": {"OpaqueRef:vm": {}},
               "VM.get_by_name_label": []}

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if asked["method"] == "VM.get_record":
            self.server.record_asked()
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "result":
                           self.RESULTS.get(asked["method"], "")},
                          separators=(",", ":")).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Load(unittest.TestCase):
    """Open loop: calls have a time at which they are meant to begin."""

    def samples(self, *options):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "samples.json")
            status, text, complaints = run("api", "--samples", path, *options)
            self.assertEqual(status, 0, complaints)
            with open(path, encoding="utf-8") as file:
                return json.load(file), text

    def test_a_stall_is_charged_to_all_calls_that_came_meanwhile(self):
        with Stalling() as server:
            out, _ = self.samples(
                "--only", "get-record", "--rate", "100", "--seconds", "2",
                "--rounds", "1", "--connections", "1",
                "http://127.0.0.1:%d" % server.server_address[1])
            self.assertTrue(server.stalled)
            server.shutdown()
        times = out["histograms"]["api.get-record"]["ours"]
        # 0.8 s are 80 calls; a client that waits for answers saw one.
        self.assertEqual(sum(n for _, n in times), 200)
        self.assertGreaterEqual(sum(n for at, n in times if at > 100000), 40)

    def test_every_call_is_measured_at_both_endpoints(self):
        with Simulation() as one, Simulation("--tls") as other:
            out, text = self.samples("--seconds", "0.1", "--rounds", "2",
                                     "--watchers", "5", "--connections", "2",
                                     "--compare", other.url, one.url)
            for sim in (one, other):
                self.assertEqual(sim.left(), [])
        for name in ("login.p99", "get-record.p50", "get-all-records.rate",
                     "start-stop.max", "wake.p999", "import-raw.rate",
                     "export.rate", "import.rate"):
            values = out["samples"]["api." + name]["values"]
            for peer in ("ours", "other"):
                self.assertEqual(len(values[peer]), 2, name)
                self.assertGreater(min(values[peer]), 0, name)
        self.assertIn("ratio", text)
        self.assertNotIn("failed", text)


class Simulation:
    """`touchstone sim` on a port of its own."""

    def __init__(self, *options):
        self.options = options

    def __enter__(self):
        self.process = subprocess.Popen(
            [os.path.join(BUILD, "touchstone-sim"), "--port", "0",
             *self.options],
            stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().split()[-1]
        self.before = self.machines()
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(TIMEOUT_S)
        self.process.stdout.close()

    def ask(self, method, *params):
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method,
                           "params": params}).encode()
        with urllib.request.urlopen(
                self.url + "/jsonrpc", body,
                context=ssl._create_unverified_context()) as answer:
            return json.load(answer)["result"]

    def machines(self):
        session = self.ask("session.login_with_password", "root", "x")
        return [sorted(self.ask(kind + ".get_all", session))
                for kind in ("VM", "VDI", "VBD")]

    def left(self):
        """What is there now and was not before."""
        return [ref for before, now in zip(self.before, self.machines())
                for ref in set(now) - set(before)]


if __name__ == "__main__":
    unittest.main()
