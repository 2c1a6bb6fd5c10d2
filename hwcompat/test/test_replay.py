"""What a replay hands to QEMU's firmware: tables that are linked and summed
right, adapted where q35 forces it, and a memory map."""
import os
import struct
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, os.pardir, d) for d in ("zoo", "replay")]
import adapt  # pylint: disable=wrong-import-position
import animals  # pylint: disable=wrong-import-position
import firmware  # pylint: disable=wrong-import-position
import machine  # pylint: disable=wrong-import-position
import records  # pylint: disable=wrong-import-position

BUILD = os.environ.get("O", "build")
BASE = {b"etc/acpi/rsdp": 0xf5000, b"etc/acpi/tables": 0x3ff00000}


def recorded(m, place):
    m.write(place)
    return records.load(place, place, os.path.join(BUILD, "touchstone-record"))


def linked(files):
    """Does what the firmware does with the loader's commands."""
    memory = {name: bytearray(files[name.decode()]) for name in BASE}
    script = files["etc/table-loader"]
    for at in range(0, len(script), 128):
        row = script[at:at + 128]
        command = struct.unpack_from("<I", row)[0]
        names = [row[4 + 56 * i:60 + 56 * i].rstrip(b"\0") for i in range(2)]
        if command == 2:
            offset, size = struct.unpack_from("<IB", row, 116)
            data = memory[names[0]]
            value = int.from_bytes(data[offset:offset + size], "little")
            data[offset:offset + size] = (value + BASE[names[1]]).to_bytes(
                size, "little")
        if command == 3:
            offset, start, length = struct.unpack_from("<III", row, 60)
            data = memory[names[0]]
            data[offset] = 0
            data[offset] = -sum(data[start:start + length]) & 0xff
    return memory


class Firmware(unittest.TestCase):
    def setUp(self):
        self.place = tempfile.TemporaryDirectory()
        self.addCleanup(self.place.cleanup)

    def tables_of(self, memory):
        """{signature: bytes} that the XSDT leads to."""
        rsdp = memory[b"etc/acpi/rsdp"]
        blob = memory[b"etc/acpi/tables"]
        base = BASE[b"etc/acpi/tables"]

        def at(address):
            start = address - base
            length = struct.unpack_from("<I", blob, start + 4)[0]
            return bytes(blob[start:start + length])
        self.assertEqual(sum(rsdp[:20]) & 0xff, 0)
        self.assertEqual(sum(rsdp[:36]) & 0xff, 0)
        xsdt = at(struct.unpack_from("<Q", rsdp, 24)[0])
        self.assertEqual(sum(xsdt) & 0xff, 0)
        out = {}
        for i in range(36, len(xsdt), 8):
            table = at(struct.unpack_from("<Q", xsdt, i)[0])
            out[table[:4].decode()] = table
        fadt = out.get("FACP")
        if fadt:
            out["DSDT"] = at(struct.unpack_from("<Q", fadt, 140)[0])
            out["FACS"] = at(struct.unpack_from("<I", fadt, 36)[0])
        return out

    def test_every_table_is_reached_and_summed(self):
        record = recorded(machine.Machine(), self.place.name)
        found = self.tables_of(linked(firmware.acpi_files(record.tables)))
        self.assertEqual(set(found), {"FACP", "APIC", "SRAT", "SLIT", "MCFG",
                                      "HPET", "DMAR", "DSDT", "FACS"})
        for name, table in found.items():
            if name != "FACS":
                self.assertEqual(sum(table) & 0xff, 0, name)

    def test_a_wrong_sum_can_stay_wrong(self):
        m = animals.sound()
        m.tables["APIC"][9] = 0x5a
        tables = [records.Table(n, n, bytes(t)) for n, t in m.tables.items()]
        found = self.tables_of(linked(firmware.acpi_files(tables, ("APIC",))))
        self.assertEqual(found["APIC"][9], 0x5a)

    def test_tables_are_adapted_and_each_change_is_said(self):
        record = recorded(machine.Machine(), self.place.name)
        tables, said = adapt.tables(record, [0, 1], 1 << 30)
        found = {t.signature: t.data for t in tables}
        self.assertNotIn("DMAR", found)
        ids = [e[3] for kind, e in adapt.entries(found["APIC"], 44)
               if kind == 0 and e[4] & 1]
        self.assertEqual(ids, [0, 1])
        chips = [e for kind, e in adapt.entries(found["APIC"], 44)
                 if kind == 1]
        self.assertEqual(len(chips), 1)
        self.assertEqual(struct.unpack_from("<Q", found["MCFG"], 44)[0],
                         adapt.MCFG)
        for word in ("DMAR", "SRAT", "FACP", "MCFG", "2 of 4 CPUs"):
            self.assertTrue([s for s in said if word in s], word)

    def test_the_memory_map_is_cut_to_the_machine(self):
        m = machine.Machine()
        ranges, said = adapt.memory(m.memory, 1 << 30)
        ram = sum(n for _, n, kind in ranges if kind == machine.RAM)
        self.assertLess(ram, 1 << 30)
        self.assertIn((0x7de00000, 0x1200000, machine.RESERVED), ranges)
        self.assertTrue([s for s in said if "left out" in s])

    def test_the_rom_holds_the_map_and_has_a_sum(self):
        with open(os.path.join(BUILD, "e820.bin"), "rb") as f:
            rom = firmware.e820_rom(f.read(), [(0, 0x9f000, 1),
                                               (1 << 20, 1 << 30, 1)])
        self.assertEqual(sum(rom) & 0xff, 0)
        self.assertEqual(struct.unpack_from("<H", rom, 0x28)[0], 2)
        self.assertEqual(struct.unpack_from("<QQI", rom, 0x200 + 20),
                         (1 << 20, 1 << 30, 1))
        with self.assertRaises(ValueError):
            firmware.e820_rom(bytes(4096), [(0, 1, 1)] * 1000)

    def test_a_record_in_a_file_is_the_same(self):
        place = os.path.join(self.place.name, "r")
        machine.Machine().write(place)
        archive = os.path.join(self.place.name, "r.tar.zst")
        subprocess.run(["tar", "--zstd", "-C", place, "-cf", archive, "."],
                       check=True, timeout=60)
        program = os.path.join(BUILD, "touchstone-record")
        one = records.load(place, self.place.name, program)
        other = records.load(archive, self.place.name, program)
        self.assertEqual(one._replace(path=""), other._replace(path=""))

    def test_what_is_no_record_is_refused_with_a_reason(self):
        with self.assertRaises(records.RecordError) as raised:
            records.load(self.place.name, self.place.name,
                         os.path.join(BUILD, "touchstone-record"))
        self.assertIn("record.json", str(raised.exception))


class Zoo(unittest.TestCase):
    def test_many_machines_with_names_of_their_own(self):
        names = [a.name for a in animals.ANIMALS]
        self.assertGreaterEqual(len(names), 40)
        self.assertEqual(len(names), len(set(names)))

    def test_each_machine_can_be_built(self):
        for animal in animals.ANIMALS:
            with self.subTest(animal=animal.name):
                m = animals.sound()
                animal.build(m)
                tables = [records.Table(n, n[:4], bytes(t))
                          for n, t in m.tables.items()]
                self.assertTrue(firmware.acpi_files(tables, m.sums, m.extra))


if __name__ == "__main__":
    unittest.main()
