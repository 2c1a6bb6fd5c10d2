"""Scenarios on an endpoint that is no simulation of the suite's own."""

import json
import tempfile
import unittest

from endpoint import Endpoint, conform

KINDS = ("VM", "VDI", "VBD", "VIF", "network", "SR", "secret", "VM_appliance")
FILTERS = ("snapshot_", "vif_", "xva_restore", "appliance", "network_in_use")


class Scenarios(unittest.TestCase):

    def everything(self, endpoint):
        return {kind: set(records)
                for kind, records in endpoint.records(*KINDS).items()}

    def run_on(self, endpoint, *words):
        """What is said about each check."""
        with tempfile.NamedTemporaryFile("r") as lines:
            done = conform(endpoint.url, "--jsonl", lines.name, *words)
            self.assertEqual(done.returncode, 0, done.stdout)
            return [json.loads(line) for line in lines.read().splitlines()]

    def test_they_leave_nothing_behind(self):
        with Endpoint() as endpoint:
            before = self.everything(endpoint)
            for text in FILTERS:
                rows = self.run_on(endpoint, "--destructive", "--filter", text)
                self.assertIn("passed", {r["outcome"] for r in rows}, text)
                self.assertEqual(self.everything(endpoint), before, text)

    def test_what_needs_control_is_skipped(self):
        with Endpoint() as endpoint:
            rows = self.run_on(endpoint, "--destructive", "--filter",
                               "ha_restart")
            self.assertEqual({r["outcome"] for r in rows
                              if r["check"] == "ha_restart"}, {"skipped"})

    def test_nothing_is_changed_without_leave(self):
        with Endpoint() as endpoint:
            before = self.everything(endpoint)
            rows = self.run_on(endpoint, "--filter", "snapshot_tree")
            self.assertEqual({r["outcome"] for r in rows}, {"skipped"})
            self.assertEqual(self.everything(endpoint), before)


if __name__ == "__main__":
    unittest.main()
