"""`touchstone record`, of trees that look like a machine's and of this one."""

import json
import os
import struct
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import dumps  # noqa: E402

PROGRAM = os.path.join(os.environ.get("O", "build"), "touchstone-record")
TIMEOUT_S = 60
XSDT, MADT, FADT, DSDT = 0xf0100, 0xf0400, 0xf0600, 0xf0800
MAC = "52:54:00:ab:cd:ef"


def fadt():
    """A FADT that points at the DSDT."""
    body = bytearray(208)
    struct.pack_into("<Q", body, 140 - 36, DSDT)
    return dumps.table(b"FACP", bytes(body))


def memory():
    """Physical memory with a root pointer and what it leads to."""
    out = bytearray(0x100000)
    entries = struct.pack("<QQ", MADT, FADT)
    for at, data in ((0xf0000, dumps.rsdp(XSDT)),
                     (XSDT, dumps.table(b"XSDT", entries)),
                     (MADT, dumps.table(b"APIC", b"abcd")),
                     (FADT, fadt()), (DSDT, dumps.table(b"DSDT", b"aml"))):
        out[at:at + len(data)] = data
    return bytes(out)


def config():
    """A PCIe function with a serial number among its capabilities."""
    out = bytearray(4096)
    out[0:4] = b"\x86\x80\x34\x12"
    out[0x100:0x10c] = struct.pack("<IQ", 3 | 1 << 16, 0x525400abcdef0102)
    return bytes(out)


TREE = {
    "sys/firmware/acpi/tables/APIC": dumps.table(b"APIC", b"abcd"),
    "sys/firmware/acpi/tables/FACP": fadt(),
    "sys/firmware/acpi/tables/DSDT": dumps.table(b"DSDT", b"aml"),
    "sys/firmware/acpi/tables/MSDM": dumps.table(b"MSDM", b"licence"),
    "sys/firmware/acpi/tables/dynamic/SSDT7": dumps.table(b"SSDT", b"more"),
    "sys/firmware/dmi/tables/DMI": dumps.smbios(),
    "sys/firmware/dmi/tables/smbios_entry_point": dumps.dump_bin()[:24],
    "sys/firmware/memmap/0/start": "0x0\n",
    "sys/firmware/memmap/0/end": "0x9fbff\n",
    "sys/firmware/memmap/0/type": "System RAM\n",
    "sys/firmware/memmap/10/start": "0xfee00000\n",
    "sys/firmware/memmap/10/end": "0xfee00fff\n",
    "sys/firmware/memmap/10/type": "Reserved\n",
    "sys/firmware/memmap/2/start": "0x7ff00000\n",
    "sys/firmware/memmap/2/end": "0x7fffffff\n",
    "sys/firmware/memmap/2/type": "ACPI Tables\n",
    "sys/firmware/efi/fw_platform_size": "64\n",
    "sys/firmware/efi/efivars/"
    "BootOrder-8be4df61-93ca-11d2-aa0d-00e098032b8c": "x",
    "sys/firmware/efi/efivars/"
    "525400ABCDEF-937fe521-95ae-4d1a-8929-48bcd90ad31a": "x",
    "sys/devices/system/cpu/online": "0-1\n",
    "sys/devices/system/cpu/cpu1/microcode/version": "0x2b\n",
    "sys/devices/system/node/node0/cpulist": "0-1\n",
    "sys/devices/system/node/node0/distance": "10\n",
    "sys/devices/system/node/node0/meminfo":
        "Node 0 MemTotal:       2048 kB\nNode 0 MemFree: 1 kB\n",
    "sys/bus/pci/devices/0000:00:1f.0/config": config(),
    "sys/bus/pci/devices/0000:00:1f.0/vendor": "0x8086\n",
    "sys/class/net/eth0/device/vendor": "0x8086\n",
    "sys/class/net/eth0/address": MAC + "\n",
    "sys/block/sda/device/model": "Test Disk\n",
    "sys/block/sda/device/rev": "1.0\n",
    "sys/block/sda/device/serial": "WD-WXB1A2345\n",
    "sys/class/tpm/tpm0/tpm_version_major": "2\n",
    "proc/interrupts": "           CPU0\n  0:   12345   IO-APIC   2-edge "
                       "     timer\nNMI:   7   Non-maskable interrupts\n",
    "proc/iomem": "00000000-0009fbff : System RAM\n"
                  "fec00000-fec003ff : IOAPIC 0\n"
                  "  fec40000-fec403ff : IOAPIC 1\n"
                  "00000000-00000000 : IOAPIC 2\n"
                  "fed00000-fed003ff : HPET 0\n",
    "sys/devices/system/clocksource/clocksource0/available_clocksource":
        "tsc hpet\n",
    "proc/cpuinfo": "processor\t: 0\nmicrocode\t: 0x2a\n"
                    "cpu MHz\t\t: 1234.5\n\nprocessor\t: 1\n",
    "var/log/dmesg": "Linux version 6.1\nBIOS-e820: [mem 0x0-0x1] usable\n"
                     "ata1: serial number: WD-WXB1A2345\n"
                     "model WD-WXB1A2345 mac " + MAC + "\n",
    "dev/mem": memory(),
}


class Take(unittest.TestCase):
    """One tree for all: taking one is quick, and changes nothing."""

    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.root = os.path.join(place.name, "tree")
        self.record = os.path.join(place.name, "record")
        self.said = ""
        for name, data in TREE.items():
            path = os.path.join(self.root, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(data if isinstance(data, bytes) else data.encode())

    def take(self, *options):
        """Takes a record and checks it; its head."""
        for command in ([*options, self.record], ["--check", self.record]):
            done = subprocess.run([PROGRAM, *command], timeout=TIMEOUT_S,
                                  stdout=subprocess.PIPE, check=False,
                                  stderr=subprocess.PIPE)
            self.assertEqual(done.returncode, 0, done.stderr.decode())
        self.said = (done.stdout + done.stderr).decode()
        return self.json("record.json")

    def tree(self, *options):
        return self.take("--root", self.root, *options)

    def read(self, name):
        with open(os.path.join(self.record, name), "rb") as file:
            return file.read()

    def json(self, name):
        return json.loads(self.read(name))

    def test_tables_have_the_addresses_that_memory_tells(self):
        self.tree()
        acpi = self.json("acpi/tables.json")
        found = {t["signature"]: int(t.get("address", "0"), 16)
                 for t in acpi["tables"]}
        self.assertEqual(found, {"APIC": MADT, "DSDT": DSDT, "FACP": FADT,
                                 "SSDT": 0, "XSDT": XSDT})
        self.assertEqual(len(acpi["tables"]), 5)
        self.assertEqual(acpi["rsdp"], "0xf0000")
        self.assertEqual(self.read("acpi/rsdp.bin"), dumps.rsdp(XSDT))
        self.assertEqual([t["signature"] for t in acpi["tables"]
                          if t.get("dynamic")], ["SSDT"])

    def test_the_map_is_in_the_order_of_the_firmware(self):
        self.tree()
        self.assertEqual(
            [(r["start"], r["size"], r["type"])
             for r in self.json("memory.json")["e820"]],
            [("0x0", "0x9fc00", 1), ("0x7ff00000", "0x100000", 3),
             ("0xfee00000", "0x1000", 2)])

    def test_devices_and_the_rest_are_there(self):
        self.tree()
        system = self.json("system.json")
        self.assertEqual(system["numa"], [{"node": "0", "cpus": "0-1",
                                           "distance": "10",
                                           "memory_kib": 2048}])
        self.assertEqual(system["disks"][0]["firmware"], "1.0")
        self.assertEqual(system["tpm"], [{"name": "tpm0", "version": "2"}])
        self.assertEqual(system["interrupts"]["chips"], ["IO-APIC"])
        self.assertEqual(system["interrupts"]["io_apics"],
                         ["0xfec00000", "0xfec40000"])
        self.assertEqual(system["timers"]["hpets"], ["0xfed00000"])
        self.assertEqual(system["pci"][0]["vendor"], "0x8086")
        self.assertIn(b"0: IO-APIC", self.read("raw/interrupts.txt"))
        self.assertNotIn(b"12345", self.read("raw/interrupts.txt"))
        self.assertNotIn(b"MHz", self.read("raw/cpuinfo.txt"))
        self.assertEqual(self.read("cpu/microcode.txt").split()[2:6],
                         [b"00000000", b"00", b"0000002a", b"cpu"])

    def test_nothing_names_the_machine(self):
        head = self.tree()
        self.assertFalse(head["identifiers"])
        self.assertIn({"where": "acpi", "what": "table MSDM (licence key)",
                       "count": 1}, head["scrubbed"])
        self.assertIn("pci", [s["where"] for s in head["scrubbed"]])
        for folder, _, names in os.walk(self.record):
            for name in names:
                with open(os.path.join(folder, name), "rb") as file:
                    data = file.read().lower()
                for secret in (MAC.encode(), b"525400abcdef", b"wxb1a2345",
                               dumps.SERIAL.lower().encode(), b"licence\0",
                               b"ef cd ab 00 54 52"):
                    self.assertNotIn(secret, data, name)
        self.assertIn("BootOrder-8be4df61-93ca-11d2-aa0d-00e098032b8c",
                      self.json("system.json")["efi"]["variables"])

    def test_identifiers_stay_if_they_are_asked_for(self):
        head = self.tree("--keep-identifiers")
        self.assertTrue(head["identifiers"])
        self.assertEqual(head["scrubbed"], [])
        self.assertEqual(self.read("smbios/table.bin"), dumps.smbios())
        self.assertEqual(self.json("system.json")["nics"][0]["mac"], MAC)
        self.assertIn(MAC.encode(), self.read("logs/kernel.txt"))

    def test_two_records_of_a_tree_are_the_same(self):
        first = self.tree()
        self.record += "2"
        self.assertEqual(self.tree(), first)

    def test_an_empty_tree_is_a_record_of_what_is_missing(self):
        self.root = tempfile.mkdtemp(dir=os.path.dirname(self.root))
        head = self.tree()
        missing = {m["part"]: m["reason"] for m in head["missing"]}
        self.assertIn("acpi", missing)
        self.assertIn("No such file", missing["smbios"])
        self.assertIn("--root", missing["cpuid"])
        self.assertIn("unnamed machine, BIOS unknown", self.said)

    def test_this_machine_can_be_recorded(self):
        head = self.take()
        self.assertEqual(head["privileged"], os.geteuid() == 0)
        text = self.read("cpu/cpuid.txt").decode()
        self.assertEqual(text.count("cpu "),
                         len(os.sched_getaffinity(0)), text[:200])
        self.assertIn("00000000 00 ", text)

    def test_without_root_it_is_partial_and_says_so(self):
        if os.geteuid():
            self.skipTest("needs root to give it up")
        folder = os.path.dirname(self.record)
        os.chmod(folder, 0o777)
        done = subprocess.run(
            [os.path.abspath(PROGRAM), self.record], timeout=TIMEOUT_S,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
            user=65534, group=65534, extra_groups=[])
        if done.returncode == 126:
            self.skipTest("the build is not everyone's to read")
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        head = self.json("record.json")
        self.assertFalse(head["privileged"])
        self.assertIn("without root", " ".join(head["notes"]))
        self.assertIn("rsdp", [m["part"] for m in head["missing"]])


if __name__ == "__main__":
    unittest.main()
