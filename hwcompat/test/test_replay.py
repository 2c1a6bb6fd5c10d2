"""What a replay hands to QEMU's firmware: tables that are linked and summed
right, adapted where q35 forces it, and a memory map."""
import argparse
import collections
import io
import json
import os
import random
import struct
import subprocess
import sys
import tempfile
import unittest
from unittest import mock
from xml.etree import ElementTree

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, os.pardir, d) for d in (
    "zoo", "replay", "../impl/platform", "../impl/dom0")]
import adapt  # pylint: disable=wrong-import-position
import animals  # pylint: disable=wrong-import-position
import boot  # pylint: disable=wrong-import-position
import campaign  # pylint: disable=wrong-import-position
import cpus  # pylint: disable=wrong-import-position
import firmware  # pylint: disable=wrong-import-position
import machine  # pylint: disable=wrong-import-position
import records  # pylint: disable=wrong-import-position
import results  # pylint: disable=wrong-import-position
import uefi  # pylint: disable=wrong-import-position

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
        ranges, _ = adapt.memory(m.memory, 1 << 30, 4 << 20)
        self.assertIn(((1 << 30) - (4 << 20) - 0x60000,
                       (4 << 20) + 0x60000, adapt.RESERVED), ranges)

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


def options(**more):
    return argparse.Namespace(**{
        "kernel": "ours", "firmware": "bios", "raw": False, "cpus": 4,
        "memory": 1024, "no_memory_map": False, "limit": 1, "slowness": 1,
        "log": None, "build": BUILD, **more})


QEMU = collections.namedtuple("Emulator", "path version")("/absent/qemu",
                                                          (7, 2))


class Odd(unittest.TestCase):
    """Machines that nobody has seen: the line for QEMU is made nevertheless."""

    def line(self, m, **more):
        with tempfile.TemporaryDirectory() as place:
            record = recorded(m, os.path.join(place, "r"))
            said = []
            own = options(build=self.build(place), **more)
            os.mkdir(os.path.join(place, "w"))
            line = boot.command(record, own, QEMU, os.path.join(place, "w"),
                                said)
            return " ".join(line), said

    def build(self, place):
        """A build whose kernels are empty files."""
        build = os.path.join(place, "b")
        os.makedirs(os.path.join(build, "dom0"))
        for name in ("e820.bin", "efi-map.bin"):
            os.symlink(os.path.abspath(os.path.join(BUILD, name)),
                       os.path.join(build, name))
        for name in ("touchstone.elf", "dom0/vmlinuz", "dom0/xen.elf",
                     "up.cpio"):
            with open(os.path.join(build, name), "wb"):
                pass
        return build

    def test_a_server_of_200_cpus_is_cut_and_keeps_its_sockets(self):
        m = machine.Machine()
        m.tables["APIC"] = machine.madt(
            [machine.lapic(i, i) for i in range(200)] +
            [machine.ioapic(8, 0xfec00000, 0)])
        m.cpus, m.msrs, m.microcode = [machine.leaves(apic_id=i)
                                       for i in range(200)], [], []
        for c in m.cpus:
            c[0xb, 0], c[0xb, 1] = [1, 2, 0x100, 0], [6, 100, 0x201, 0]
        line, said = self.line(m)
        self.assertIn("cpus=4,sockets=2,dies=1,cores=1,threads=2", line)
        self.assertTrue([s for s in said if "4 of 200" in s and
                         "1 of 50 cores" in s])

    def test_nodes_keep_cpus_and_share_the_memory(self):
        m = machine.Machine()
        with tempfile.TemporaryDirectory() as place:
            tables, _ = adapt.tables(recorded(m, place), [0, 2], 1 << 30)
        found = {t.signature: t.data for t in tables}
        rows = list(adapt.entries(found["SRAT"], 48))
        self.assertEqual([(e[2], e[3]) for kind, e in rows if kind == 0],
                         [(0, 0), (1, 2)])
        self.assertEqual([struct.unpack_from("<QQ", e, 8)
                          for kind, e in rows if kind == 1],
                         [(0, 1 << 29), (1 << 29, 1 << 29)])
        enabled = [e[3] for kind, e in adapt.entries(found["APIC"], 44)
                   if kind == 0 and e[4] & 1]
        self.assertEqual(enabled, [0, 2])

    def test_records_that_lack_nearly_everything(self):
        for keep in ((), ("APIC",), ("DSDT",), ("FACP", "FACS")):
            m = machine.Machine()
            m.tables = {n: m.tables[n] for n in keep}
            m.structures, m.memory, m.cpus, m.pci = None, [], [], {}
            m.msrs, m.microcode, m.root = [], [], bool(keep)
            with self.subTest(keep=keep):
                for kernel in boot.KERNELS:
                    self.assertIn("-smp", self.line(m, kernel=kernel)[0])

    def test_two_facs_no_fadt_and_a_large_dsdt(self):
        m = machine.Machine()
        m.tables["FACS.1"] = bytearray(m.tables["FACS"])
        del m.tables["FACP"]
        m.tables["DSDT"] = machine.header("DSDT", bytes(4 << 20), 2)
        self.assertIn("acpi=off", self.line(m)[0])

    def test_a_fadt_names_no_address_of_another_machine(self):
        m = machine.Machine()
        for name in ("FACS", "DSDT"):
            del m.tables[name]
        m.poke("FACP", 36, "II", 0x7abc0000, 0x7abd0000)
        m.poke("FACP", 132, "QQ", 0x7abc0000, 0x7abd0000)
        tables = [records.Table(n, n, bytes(t)) for n, t in m.tables.items()]
        record = records.Record("r", "", tables, b"", b"", [], 4, 0, "", "")
        found, said = adapt.tables(record, [0], 1 << 30)
        fadt = next(t.data for t in found if t.signature == "FACP")
        self.assertEqual(struct.unpack_from("<I", fadt, 40), (0,))
        self.assertEqual(struct.unpack_from("<Q", fadt, 140), (0,))
        self.assertIn("FACS", [t.signature for t in found])
        self.assertEqual(2, len([s for s in said if "record has none" in s]))

    def test_an_embedded_controller_is_told_from_aml(self):
        m = machine.Machine()
        m.tables["DSDT"] = machine.header("DSDT", b"\x0c\x41\xd0\x0c\x09", 2)
        line, said = self.line(m)
        self.assertIn("acpi.ec_delay=1", line)
        self.assertTrue([s for s in said if s.startswith("EC:")])

    def test_smbios_keeps_as_many_processors_as_there_are_sockets(self):
        m = machine.Machine()
        m.structures[4:5] = [m.structures[4]] * 8
        line, said = self.line(m)
        self.assertEqual(line.count("-smbios"), len(m.structures) - 1 - 7)
        self.assertTrue([s for s in said if "1 of 8 processors" in s])

    def test_amd_is_named_as_recorded_with_its_features(self):
        m = machine.amd()
        line, _ = self.line(m)
        self.assertIn("vendor=AuthenticAMD", line)
        self.assertIn("family=25,model=15,stepping=1".replace(
            "model=15", "model=%d" % cpus.signature(0x00b00f21)[1]).replace(
                "family=25", "family=%d" % cpus.signature(0x00b00f21)[0]), line)
        self.assertIn("ucode-rev=0xd000331", line)


class Topology(unittest.TestCase):
    def test_levels_of_intel_and_amd(self):
        leaves = {(0x1f, 0): [1, 2, 0x100, 0], (0x1f, 1): [2, 4, 0x201, 0],
                  (0x1f, 2): [4, 12, 0x502, 0]}
        self.assertEqual(cpus.of_cpuid(leaves, 24),
                         cpus.Topology(2, 3, 2, 2))
        leaves = {(0x80000008, 0): [0, 0, 63, 0],
                  (0x8000001e, 0): [0, 0x100, 0, 0]}
        self.assertEqual(cpus.of_cpuid(leaves, 128),
                         cpus.Topology(2, 1, 32, 2))
        leaves = {(1, 0): [0, 4 << 16, 0, 1 << 28], (4, 0): [1 << 26, 0, 0, 0]}
        self.assertEqual(cpus.of_cpuid(leaves, 8), cpus.Topology(2, 1, 2, 2))

    def test_ids_have_bits_for_each_level(self):
        self.assertEqual(cpus.apic_ids(cpus.Topology(2, 1, 3, 2)),
                         [0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13])

    def test_never_more_than_asked_for(self):
        for t in (cpus.Topology(8, 2, 16, 2), cpus.Topology(3, 1, 5, 1),
                  cpus.Topology(1, 1, 1, 1)):
            for most in (1, 2, 3, 4, 7):
                self.assertLessEqual(cpus.count(cpus.fitted(t, most)), most)


class Uefi(unittest.TestCase):
    def test_the_plan_holds_what_is_not_free(self):
        rows = uefi.plan([(0, 0x9f800, uefi.RAM, 0),
                          (0x100000, 0x300000, 4, 0),
                          (0x200000, 0x1000, 9, 0),
                          (0x300800, 0x100, 5, 1 << 63),
                          (0x80000000, 0x1000, 11, 1)], 0x800000, False, said := [])
        self.assertEqual([(r[0], r[1], r[3]) for r in rows if r[4] == uefi.HOLD],
                         [(0x9f000, 0x61, uefi.HOLE), (0x200000, 1, 9),
                          (0x300000, 1, uefi.RESERVED),
                          (0x400000, 0x400, uefi.HOLE)])
        self.assertEqual([r for r in rows if r[4] == uefi.TELL],
                         [(0x80000000, 1, 1, 11, uefi.TELL)])
        self.assertTrue([s for s in said if "runtime" in s])

    def test_the_program_is_as_large_as_its_head_says(self):
        with open(os.path.join(BUILD, "efi-map.bin"), "rb") as f:
            template = f.read()
        files = firmware.acpi_files([records.Table("APIC", "APIC", bytes(
            machine.madt()))])
        image = uefi.program(template, [(0, 1, 2, 3, uefi.HOLD)], files,
                             b"GRUB" * 999)
        self.assertEqual(image[:2], b"MZ")
        self.assertEqual(struct.unpack_from("<I", image, 0x90)[0], len(image))
        at = len(template) // 4096 * 4096
        plan = struct.unpack_from("<9Q", image, at)
        self.assertEqual(plan[0], uefi.PLAN_MAGIC)
        self.assertEqual(image[at + plan[2]:][:4], b"GRUB")
        tables = image[at + plan[4]:][:plan[5]]
        self.assertEqual(tables[plan[6]:][:8], b"RSD PTR ")


class Hostile(unittest.TestCase):
    """Files that pass the check of a record and hold what is senseless."""

    SENSELESS = {
        "acpi/tables.json": (b"{", b"[]", b'{"tables": {}}', b'{"tables": [1]}',
                             b'{"tables": [{"file": "acpi/APIC.0.bin"}]}',
                             b'{"tables": [{"file": "/etc/passwd", '
                             b'"signature": "APIC"}]}', b"[" * 100000),
        "memory.json": (b'{"e820": 1}', b'{"e820": [{"start": "many"}]}',
                        b'{"e820": [{"start": -1}]}',
                        b'{"efi": [{"type": 4294967296}]}', b'{"e820": [3'),
        "cpu/cpuid.txt": (b"cpu 0\n0000000z 00 1 2 3 4\n",),
    }

    def test_errors_name_the_file(self):
        for file, texts in self.SENSELESS.items():
            for text in texts:
                with self.subTest(file=file, text=text[:40]), \
                        tempfile.TemporaryDirectory() as place:
                    self.write(place, file, text)
                    with self.assertRaises(records.RecordError) as raised:
                        records.load(place, place, "true")
                    self.assertIn(file, str(raised.exception))

    def write(self, place, file, text):
        machine.Machine().write(place)
        with open(os.path.join(place, file), "wb") as f:
            f.write(text)

    def test_random_damage_never_ends_in_a_traceback(self):
        chance = random.Random(5)
        with tempfile.TemporaryDirectory() as place:
            m = machine.Machine()
            m.write(place)
            names = [os.path.join(d, f) for d, _, files in os.walk(place)
                     for f in files]
            built = Odd().build(place)
            tried = 0
            for _ in range(100):
                name = chance.choice(names)
                with open(name, "rb") as f:
                    before = f.read()
                with open(name, "wb") as f:
                    f.write(damaged(before, chance))
                tried += self.attempt(place, built)
                with open(name, "wb") as f:
                    f.write(before)
        self.assertGreater(tried, 30)

    def attempt(self, place, built):
        with tempfile.TemporaryDirectory() as work:
            try:
                record = records.load(place, work, "true")
            except records.RecordError:
                return False
            boot.command(record, options(build=built), QEMU, work, [])
            return True


def damaged(data, chance):
    data = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(data) or 1)
        data[at:at + chance.randint(0, 3)] = chance.randbytes(
            chance.choice((0, 1, 1, 2, 9)))
    return bytes(data[:chance.randint(0, len(data))]) \
        if chance.random() < .2 else bytes(data)


class Spoken:
    """A machine that says lines at given times, and never ends."""

    def __init__(self, times, text="ACPI Error: Aborting method"):
        self.lines = collections.deque(boot.Line(at, text) for at in times)
        self.now = 0

    def events(self, until):
        while self.lines and self.lines[0].time <= until:
            yield self.lines.popleft()
        self.now = until
        raise boot.MachineTimeout("no end")

    def seconds(self):
        return self.now


class Patience(unittest.TestCase):
    def outcome(self, times, limit=40):
        seen, spoken = boot.Watch(), Spoken(times)
        boot.listen(spoken, seen, limit)
        return seen.outcome, spoken.now

    def test_nothing_is_silent_after_the_limit(self):
        self.assertEqual(self.outcome([]), ("silent", 40))
        self.assertEqual(self.outcome([1, 2]), ("silent", 42))

    def test_who_talks_has_longer(self):
        self.assertEqual(self.outcome([30, 60]), ("silent", 100))

    def test_who_talks_for_ever_is_slow(self):
        self.assertEqual(self.outcome(range(0, 9999, 30)), ("slow", 120))

    def test_an_end_ends_it(self):
        seen = boot.Watch()
        spoken = Spoken([30, 60])
        spoken.lines.append(boot.Line(80, "@up cpus=2"))
        boot.listen(spoken, seen, 40)
        self.assertEqual((seen.outcome, seen.facts), ("up", {"cpus": "2"}))


class StuckAml(unittest.TestCase):
    """What happens to a machine whose AML waits for what is not there."""
    LINE = "Aborting method \\M1 due to previous error (AE_AML_LOOP_TIMEOUT)"

    def replay(self, outcome, reasons, raw=False):
        boots = []

        def once(record, options, _emulator, _place, _odd, said):
            boots.append([(t.signature, len(t.data)) for t in record.tables])
            row = outcome if len(boots) == 1 else "up"
            return boot.Result("r", "", options.kernel, row, reasons, {}, said,
                               0, "tcg", [])

        tables = (records.Table("D", "DSDT", bytes(90)),
                  records.Table("S", "SSDT", bytes(90)),
                  records.Table("A", "APIC", bytes(44)))
        record = records.Record("r", "", tables, b"", b"", [], 1, "", "", "")
        options = argparse.Namespace(kernel="ours", raw=raw)
        with mock.patch.object(boot, "replay_once", once):
            return boot.replay(record, options, None, None), boots

    def test_it_boots_again_without_aml(self):
        result, boots = self.replay("silent", [self.LINE])
        self.assertEqual(result.outcome, "up")
        self.assertEqual(boots[1], [("DSDT", 36), ("APIC", 44)])
        self.assertIn("DSDT, SSDT: emptied", result.adaptations[0])

    def test_others_boot_once(self):
        for outcome, reasons, raw in (("silent", [], False),
                                      ("up", [self.LINE], False),
                                      ("slow", [self.LINE], True)):
            result, boots = self.replay(outcome, reasons, raw)
            self.assertEqual((result.outcome, len(boots)), (outcome, 1))


class Campaign(unittest.TestCase):
    ROW = {"record": "r", "title": "A \x1b machine", "kernel": "ours",
           "outcome": "up", "reasons": [], "facts": {}, "adaptations": ["a"],
           "seconds": 1.0, "accelerator": "tcg", "tail": ["<x>"]}

    def rows(self, *outcomes):
        return [{**self.ROW, "record": f"r{i}", "kernel": kernel,
                 "outcome": outcome,
                 "reasons": ["DSDT & <more>"] * (outcome != "up")}
                for i, pair in enumerate(outcomes)
                for kernel, outcome in zip(("ours", "xen"), pair)]

    def test_ours_must_boot_or_refuse_and_as_many_as_upstream(self):
        for outcomes, good in (((("up", "up"),), True),
                               ((("refused", "panic"),), True),
                               ((("slow", "slow"),), False),
                               ((("refused", "up"),), False)):
            self.assertEqual(results.is_good(self.rows(*outcomes)), good)

    def test_outputs_hold_what_is_in_the_rows(self):
        rows = self.rows(("up", "panic"), ("refused", "up"))
        out = json.loads(results.as_json(rows))
        self.assertEqual(out["counts"]["ours"]["refused"], 1)
        self.assertEqual(out["upstream_only"], ["r1"])
        suites = ElementTree.fromstring(results.as_junit(rows))
        self.assertEqual([s.get("failures") for s in suites], ["0", "1"])
        page = results.as_html(rows)
        self.assertIn("DSDT &amp; &lt;more&gt;", page)
        self.assertNotIn("\x1b", page)
        text = io.StringIO()
        results.show(rows, text)
        self.assertIn("ours boots at least as many as upstream",
                      text.getvalue())

    def test_what_is_done_is_kept_and_what_is_damaged_is_not(self):
        with tempfile.TemporaryDirectory() as place:
            job = campaign.Job("r", "ours", campaign.file_of(place, "r/", "ours"))
            self.assertIsNone(campaign.kept(job))
            campaign.keep(job, self.ROW)
            self.assertEqual(campaign.kept(job), self.ROW)
            self.assertIsNone(campaign.kept(job._replace(path="another")))
            with open(job.file, "w", encoding="utf-8") as f:
                f.write('{"record": "r"')
            self.assertIsNone(campaign.kept(job))

    def test_records_are_found_in_directories_of_them(self):
        with tempfile.TemporaryDirectory() as place:
            machine.Machine().write(os.path.join(place, "one"))
            for name in ("two.tar.zst", "notes.txt"):
                with open(os.path.join(place, name), "wb"):
                    pass
            names = [os.path.basename(p) for p in campaign.found([place])]
            self.assertEqual(names, ["one", "two.tar.zst"])


class Command(unittest.TestCase):
    def test_what_makes_no_sense_is_a_usage_error(self):
        program = os.path.join(BUILD, "touchstone-replay")
        for words in (["/absent/record"], ["--all", HERE], ["--kernel", "dos",
                      HERE], [HERE, HERE], ["--cpus", "0", HERE]):
            with self.subTest(words=words):
                done = subprocess.run([program, *words], capture_output=True,
                                      text=True, timeout=60, check=False)
                self.assertEqual(done.returncode, 2)
                self.assertIn("error:", done.stderr)


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
