"""`touchstone scan`: a sound machine is clean, and each rule knows its defect."""
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                os.pardir, "zoo"))
import defects  # pylint: disable=wrong-import-position
import machine  # pylint: disable=wrong-import-position

TIMEOUT_S = 120
# No table can say this: it stands for flaws that no rule is named after.
UNREACHED = {"flaw_other"}


def scan(*arguments):
    program = os.path.join(os.environ.get("O", "build"), "touchstone-scan")
    return subprocess.run([program, *arguments], capture_output=True, text=True,
                          timeout=TIMEOUT_S, check=False)


def judge(*paths):
    out = scan("--least", "info", "--json", "-", *paths)
    assert out.returncode in (0, 1), out.stderr
    return json.loads(out.stdout)


def rules():
    text = scan("--rules").stdout
    return dict(re.findall(r"^([a-z]\w+) +(info|low|medium|high|critical) ", text,
                           re.M))


class Scan(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.place.cleanup)
        cls.rules = rules()

    def path(self, name):
        return os.path.join(self.place.name, name)

    def write(self, name, m):
        m.write(self.path(name))
        return self.path(name)

    def test_sound_machines_are_clean(self):
        paths = [self.write("intel", machine.Machine()),
                 self.write("amd", machine.amd())]
        for record in judge(*paths)["records"]:
            self.assertEqual([f["rule"] for f in record["findings"]], [])

    def test_each_rule_knows_its_defect(self):
        many = self.path("many")
        for rule, damage in defects.DEFECTS.items():
            m = machine.amd() if rule in defects.AMD else machine.Machine()
            damage(m)
            m.write(os.path.join(many, rule))
        out = judge(many)
        self.assertEqual(out["unreadable"], 0)
        for record in out["records"]:
            rule = os.path.basename(record["path"])
            with self.subTest(rule=rule):
                self.assertIn(rule, [f["rule"] for f in record["findings"]])

    def test_every_rule_has_a_defect(self):
        self.assertGreaterEqual(len(self.rules), 120)
        rules = {r for r in self.rules if not r.startswith("aml_")}
        self.assertEqual(rules, (set(defects.DEFECTS) | UNREACHED) -
                         {"aml_bytes"})

    def test_sources_of_errors_with_banks_fit(self):
        import struct
        m = machine.Machine()
        # Machine checks: exceptions, corrected ones, deferred ones.
        sources = b""
        for kind, length, place, banks in ((0, 40, 32, 3), (1, 48, 44, 4),
                                           (11, 48, 44, 2)):
            source = bytearray(length + 28 * banks)
            struct.pack_into("<H", source, 0, kind)
            source[place] = banks
            sources += source
        m.tables["HEST"] = machine.header("HEST", struct.pack("<I", 3) + sources)
        out = judge(self.write("banks", m))
        self.assertEqual([f["rule"] for f in out["records"][0]["findings"]], [])

    def test_the_log_of_the_hypervisor_is_read_too(self):
        m = machine.Machine()
        m.hypervisor_log = "(XEN) Xen version 4.17\n(XEN) [VT-D]DMAR:[DMA " \
            "Write] Request device [0000:00:1d.0] fault addr 0\n"
        found = [(f["rule"], f["where"]) for f in
                 judge(self.write("dmesg", m))["records"][0]["findings"]]
        self.assertEqual(found, [("log_dmar_fault",
                                  "logs/hypervisor.txt+0x17")])

    def test_cpus_that_tell_no_id_are_no_twins(self):
        m = machine.Machine()
        m.cpus = [machine.leaves(apic_id=0) for _ in range(2)]
        for c in m.cpus:
            del c[(0xb, 0)], c[(0xb, 1)]
        rules = [f["rule"] for f in
                 judge(self.write("old", m))["records"][0]["findings"]]
        self.assertNotIn("cpus_apic_id_twice", rules)

    def test_severity_decides_the_exit_code(self):
        m = machine.Machine()
        m.tables["HPET"] = machine.hpet(0x200000)
        path = self.write("exit", m)
        self.assertEqual(scan(path).returncode, 0)
        self.assertEqual(scan("--fail-on", "high", path).returncode, 1)
        self.assertEqual(scan("--fail-on", "worst", path).returncode, 2)
        self.assertEqual(scan().returncode, 2)

    def test_a_broken_record_is_named_and_fails(self):
        path = self.write("broken", machine.Machine())
        with open(os.path.join(path, "memory.json"), "w") as f:
            f.write("{")
        out = scan(path)
        self.assertEqual(out.returncode, 1)
        self.assertIn("memory.json", out.stdout)

    def test_reports_are_well_formed(self):
        from xml.etree import ElementTree
        m = machine.Machine()
        m.structures = machine.smbios_structures()
        m.structures[1] = machine.structure(
            1, 1, bytes([1, 2, 3]) + bytes(20), "<A&B>", "\x01\"quoted\"", "A")
        m.tables["HPET"] = machine.hpet(0x200000)
        path = self.write("forms", m)
        junit, page = self.path("j.xml"), self.path("p.html")
        out = scan("--quiet", "--fail-on", "high", "--junit", junit, "--html",
                   page, path)
        self.assertEqual(out.returncode, 1)
        suite = ElementTree.parse(junit).getroot().find("testsuite")
        self.assertEqual(int(suite.get("failures")),
                         len(suite.findall("testcase/failure")))
        self.assertEqual(int(suite.get("tests")), len(suite.findall("testcase")))
        with open(page) as f:
            self.assertIn("&lt;A&amp;B&gt;", f.read())

    def test_quirks_are_known_by_name_device_and_cpu(self):
        named = machine.Machine()
        named.structures[1] = machine.structure(
            1, 1, bytes([1, 2, 3]) + bytes(20), "Dell Inc.", "Latitude E6520",
            "01")
        device = machine.Machine()
        device.pci["0000:03:00.0"] = machine.config(
            0x8086, 0x0a54, 0x0108, capabilities=(machine.MSI,
                                                  machine.express()))
        cpu = machine.amd()
        cpu.cpus = [machine.leaves("AuthenticAMD", 0x00830f10, i * 2)
                    for i in range(4)]
        cpu.microcode = [0x8301052] * 4
        table = machine.Machine()
        table.tables["APIC"][10:24] = b"IBM   SERVIGIL"
        for m, kind, ours in ((named, "reboot_cf9-", "port CF9"),
                              (device, "reset_nvme-", None),
                              (cpu, "zenbleed-", "DE_CFG"),
                              (table, "tsc_nodes-", "TSC")):
            out = judge(self.write(kind, m))["records"][0]["findings"]
            found = [f for f in out if f["quirk"] and
                     f["rule"].startswith(kind)]
            self.assertTrue(found, out)
            self.assertEqual("action" in found[0], bool(ours))
            self.assertIn(ours or "", found[0].get("action", ""))
        cpu.microcode = [0x830107a] * 4
        out = judge(self.write("mended", cpu))["records"][0]["findings"]
        self.assertEqual([f["rule"] for f in out
                          if f["rule"].startswith("zenbleed-")], [])

    def test_more_of_one_kind_are_counted(self):
        m = machine.Machine()
        m.tables["APIC"] = machine.madt(
            [machine.lapic(i, 1) for i in range(40)])
        finding = [f for f in judge(self.write("many40", m))["records"][0]
                   ["findings"] if f["rule"] == "madt_cpu_twice"]
        self.assertEqual(len(finding) + finding[-1]["more"], 39)


if __name__ == "__main__":
    unittest.main()
