"""Statistics over HTTP: what is measured, and how it adds up."""

import json
import unittest
import xml.etree.ElementTree as xml

from simulation import Client, Refused, Simulation


class RrdTest(unittest.TestCase):
    """One simulation with a still clock, and a machine that runs."""

    @classmethod
    def setUpClass(cls):
        cls.simulation = Simulation("--clock", "virtual=2026-05-05T10:00:00Z")
        cls.client = Client(cls.simulation).login()
        cls.vm = cls.client.do("VM.get_by_name_label", "vm0")[0]
        cls.uuid = cls.client.do("VM.get_uuid", cls.vm)
        cls.client.do("VM.start", cls.vm, False, True)

    @classmethod
    def tearDownClass(cls):
        cls.client.close()
        cls.simulation.stop()

    def get(self, path, method="GET", body=None):
        """Status and body of an answer."""
        mark = "&" if "?" in path else "?"
        self.client.connection.request(
            method, "%s%ssession_id=%s" % (path, mark, self.client.session),
            body)
        answer = self.client.connection.getresponse()
        return answer.status, answer.read()

    def updates(self, query):
        status, body = self.get("/rrd_updates?json=true&" + query)
        self.assertEqual(status, 200, body)
        return json.loads(body)

    def values(self, query, name):
        """Time and value of one data source, oldest first."""
        update = self.updates("host=true&" + query)
        column = [entry.endswith(":" + name)
                  for entry in update["meta"]["legend"]].index(True)
        return [(row["t"], float(row["values"][column]))
                for row in reversed(update["data"])]

    def test_rows_are_what_their_shape_says(self):
        update = self.updates("start=-600&cf=AVERAGE&host=true")
        meta = update["meta"]
        self.assertEqual(meta["rows"], len(update["data"]))
        self.assertEqual(meta["columns"], len(meta["legend"]))
        for row in update["data"]:
            self.assertEqual(len(row["values"]), meta["columns"])
            self.assertTrue(all(isinstance(v, str) for v in row["values"]))
        kinds = {entry.split(":")[1] for entry in meta["legend"]}
        self.assertEqual(kinds, {"host", "vm"})

    def test_minutes_are_the_mean_of_their_steps(self):
        steps = dict(self.values("start=-590&cf=AVERAGE", "cpu_avg"))
        for end, mean in self.values("start=-300&interval=60&cf=AVERAGE",
                                     "cpu_avg"):
            parts = [steps[end - 5 * i] for i in range(12)]
            self.assertAlmostEqual(sum(parts) / 12, mean, 9)

    def test_hours_reach_what_their_minutes_reach(self):
        for cf, reach in (("MIN", min), ("MAX", max)):
            minutes = self.values("start=-7100&interval=60&cf=" + cf,
                                  "loadavg")
            for end, value in self.values(
                    "start=-3700&interval=3600&cf=" + cf, "loadavg"):
                parts = [v for t, v in minutes if end - 3600 < t <= end]
                if len(parts) == 60:
                    self.assertAlmostEqual(reach(parts), value, 9)

    def test_days_are_there_at_once(self):
        days = self.values("start=-31000000&cf=AVERAGE", "loadavg")
        self.assertGreater(len(days), 300)
        self.assertEqual(days[1][0] - days[0][0], 86400)

    def test_xml_is_the_default(self):
        status, body = self.get("/rrd_updates?start=-60&host=true")
        self.assertEqual(status, 200)
        root = xml.fromstring(body)
        self.assertEqual(root.tag, "xport")
        self.assertEqual(len(root.find("meta/legend")),
                         int(root.findtext("meta/columns")))

    def test_only_one_machine(self):
        legend = self.updates("start=-60&vm_uuid=" + self.uuid)["meta"][
            "legend"]
        self.assertTrue(legend)
        self.assertTrue(all(":vm:%s:" % self.uuid in x for x in legend))
        self.assertEqual(self.updates("start=-60&vm_uuid=x")["meta"]["legend"],
                         [])

    def test_whole_archives(self):
        for path in ("/vm_rrd?uuid=" + self.uuid, "/host_rrd?"):
            status, body = self.get(path)
            self.assertEqual(status, 200, body)
            root = xml.fromstring(body)
            self.assertEqual(root.findtext("step"), "5")
            self.assertEqual(len(root.findall("rra")), 10)
            status, body = self.get(path + "&json=true")
            self.assertEqual(len(json.loads(body)["rra"]), 10)

    def test_a_repository_has_a_size(self):
        sr = self.client.do("SR.get_by_name_label", "Local storage")[0]
        status, body = self.get("/sr_rrd?uuid="
                                + self.client.do("SR.get_uuid", sr))
        self.assertEqual(status, 200)
        names = [ds.findtext("name") for ds in xml.fromstring(body).iter("ds")]
        self.assertIn("physical_utilisation", names)

    def test_what_cannot_be_answered(self):
        for path, expected in (("/rrd_updates", 400), ("/vm_rrd", 400),
                               ("/vm_rrd?uuid=x", 404), ("/sr_rrd", 400),
                               ("/sr_rrd?uuid=x", 404)):
            self.assertEqual(self.get(path)[0], expected, path)

    def test_an_archive_can_be_put_back(self):
        halted = self.client.do("VM.get_by_name_label", "vm1")[0]
        uuid = self.client.do("VM.get_uuid", halted)
        self.assertEqual(self.get("/vm_rrd?uuid=" + uuid)[0], 404)
        rrd = self.get("/vm_rrd?uuid=" + self.uuid)[1]
        self.assertEqual(self.get("/rrd?archive=true&uuid=" + uuid, "PUT",
                                  b"<html/>")[0], 400)
        self.assertEqual(self.get("/rrd?archive=true&uuid=" + uuid, "PUT",
                                  rrd)[0], 200)
        self.assertEqual(self.get("/vm_rrd?uuid=" + uuid), (200, rrd))

    def test_data_sources_can_be_chosen(self):
        sources = self.client.do("VM.get_data_sources", self.vm)
        names = {s["name_label"]: s for s in sources}
        self.assertFalse(names["runstate_blocked"]["enabled"])
        self.client.do("VM.record_data_source", self.vm, "runstate_blocked")
        legend = self.updates("start=-60")["meta"]["legend"]
        self.assertTrue([x for x in legend if x.endswith("runstate_blocked")])
        self.client.do("VM.forget_data_source_archives", self.vm,
                       "runstate_blocked")
        host = self.client.do("host.get_all")[0]
        value = self.client.do("host.query_data_source", host, "cpu_avg")
        self.assertTrue(0 < value < 1, value)
        with self.assertRaises(Refused):
            self.client.do("VM.query_data_source", self.vm, "no such")


if __name__ == "__main__":
    unittest.main()
