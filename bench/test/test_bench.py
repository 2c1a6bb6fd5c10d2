"""`touchstone bench api` measures a simulation, and says what it found."""

import json
import os
import subprocess
import tempfile
import unittest

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


if __name__ == "__main__":
    unittest.main()
