"""`touchstone scan --aml`: a sound server's AML is clean, each rule knows its
defect, and whatever the tools do, the scan goes on."""
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                os.pardir, "zoo"))
import aml  # pylint: disable=wrong-import-position
import machine  # pylint: disable=wrong-import-position

TIMEOUT_S = 200


def scan(*arguments, **environment):
    program = os.path.join(os.environ.get("O", "build"), "touchstone-scan")
    return subprocess.run([program, *arguments], capture_output=True, text=True,
                          timeout=TIMEOUT_S, check=False,
                          env=dict(os.environ, **environment))


def judged(*paths):
    out = scan("--aml", "--least", "info", "--json", "-", *paths)
    assert out.returncode in (0, 1), out.stderr
    return json.loads(out.stdout)


@unittest.skipUnless(aml.TOOLS, "acpica-tools are not installed")
class Aml(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.place.cleanup)

    def write(self, name, data):
        m = machine.Machine()
        m.tables["DSDT"] = bytearray(data)
        path = os.path.join(self.place.name, name)
        m.write(path)
        return path

    def test_sound_aml_is_clean(self):
        out = judged(self.write("sound", aml.table()))
        self.assertEqual(out["aml"], {"judged": 1, "not_judged": 0})
        bad = [f for f in out["records"][0]["findings"]
               if f["severity"] != "info"]
        self.assertEqual(bad, [])

    def test_each_rule_knows_its_defect(self):
        many = os.path.join(self.place.name, "many")
        for rule, make in aml.DEFECTS.items():
            self.write(os.path.join(many, rule), make())
        for record in judged(many)["records"]:
            rule = os.path.basename(record["path"])
            with self.subTest(rule=rule):
                self.assertIn(rule, [f["rule"] for f in record["findings"]])

    def test_every_rule_has_a_defect(self):
        rules = set(re.findall(r"^(aml_\w+) ", scan("--rules").stdout, re.M))
        self.assertEqual(rules - {"aml_bytes"},
                         set(aml.DEFECTS) | aml.UNREACHED)

    def test_windows_that_hardware_decides_are_not_judged(self):
        crs = aml.CRS.replace("Name (_CRS,", "Name (CRS0,") + """
            OperationRegion (TOLM, SystemMemory, 0xFED10000, 8)
            Field (TOLM, DWordAcc, NoLock, Preserve) { TOLU, 32 }
            Method (_CRS) { CreateDWordField (CRS0, 0x1A, BASE)
              Store (TOLU, BASE) Return (CRS0) }"""
        out = judged(self.write("hardware", aml.table(crs=crs)))
        self.assertFalse([f for f in out["records"][0]["findings"]
                          if f["rule"].startswith("aml_crs")])

    def test_hostile_tables_do_not_stop_the_scan(self):
        good = bytes(aml.table())
        noise = bytearray(good)
        for i in range(36, len(noise), 7):
            noise[i] = noise[i] * 5 + 77 & 255
        many = os.path.join(self.place.name, "hostile")
        for nr, data in enumerate((noise, aml.cut(good, len(good) // 2),
                                   aml.cut(good, 40), good[:20],
                                   aml.cut(good, 36) + b"\xff" * 5000,
                                   b"DSDT" + b"\xff" * 60)):
            self.write(os.path.join(many, str(nr)), data)
        self.write(os.path.join(many, "good"), good)
        out = judged(many)
        self.assertEqual(len(out["records"]), 7)
        self.assertFalse([f for r in out["records"] for f in r["findings"]
                          if r["path"].endswith("good") and
                          f["rule"] == "aml_parse"])

    def test_nothing_is_left_behind(self):
        before = set(os.listdir("/tmp"))
        scan("--aml", self.write("left", aml.table()))
        left = {n for n in set(os.listdir("/tmp")) - before
                if n.startswith("touchstone-aml-")}
        time_of = {n: os.stat("/tmp/" + n).st_mtime for n in left
                   if os.path.exists("/tmp/" + n)}
        self.assertFalse([n for n, t in time_of.items()
                          if time.time() - t > TIMEOUT_S])

    def test_the_same_record_gives_the_same_report(self):
        path = self.write("same", aml.DEFECTS["aml_unresolved"]())
        self.assertEqual(judged(path), judged(path))


class Unjudged(unittest.TestCase):
    def test_without_dsdt_it_is_counted_as_not_judged(self):
        with tempfile.TemporaryDirectory() as place:
            m = machine.Machine()
            del m.tables["DSDT"]
            m.write(place)
            out = judged(place)
            self.assertEqual(out["aml"], {"judged": 0, "not_judged": 1})
            self.assertTrue(out["records"][0]["aml_not_judged"])
            self.assertIn("AML: 0 judged, 1 not judged",
                          scan("--aml", place).stdout)

    def test_nobody_asks_for_aml_unless_told_to(self):
        with tempfile.TemporaryDirectory() as place:
            machine.Machine().write(place)
            self.assertIn("AML: not judged (--aml does)", scan(place).stdout)


if __name__ == "__main__":
    unittest.main()
