"""`touchstone import` and `record --check`, by what they leave."""

import glob
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import dumps  # noqa: E402

BUILD = os.environ.get("O", "build")
TIMEOUT_S = 60
# Dumps of real machines, if somebody has them: folders and archives.
MACHINES = os.environ.get("TOUCHSTONE_HARDWARE")


def run(program, *options):
    """Exit status, output, complaints."""
    done = subprocess.run([os.path.join(BUILD, "touchstone-" + program),
                           *options], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=TIMEOUT_S,
                          check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def cpus_read(path):
    """{cpu: {(leaf, subleaf): registers}} of cpuid.txt, msr.txt."""
    cpus, current = {}, None
    with open(path, encoding="ascii") as file:
        for words in (line.split() for line in file):
            if words[0] == "cpu":
                current = cpus[int(words[1])] = \
                    dict(cpus[int(words[3])]) if words[2:] else {}
            elif words[0][0] == "-":
                del current[int(words[0][1:], 16), int(words[1], 16)]
            else:
                current[int(words[0], 16), int(words[1], 16)] = \
                    tuple(int(word, 16) for word in words[2:])
    return cpus


class Import(unittest.TestCase):
    """Each test has a folder; `source` makes files in it."""

    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.folder = place.name
        self.record = os.path.join(self.folder, "record")

    def source(self, name, data):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data if isinstance(data, bytes) else data.encode())
        return path

    def taken(self, *sources, options=()):
        """Imports, checks, and returns record.json."""
        status, _, complaints = run("import", *options, *sources, self.record)
        self.assertEqual(status, 0, complaints)
        status, _, complaints = run("record", "--check", self.record)
        self.assertEqual(status, 0, complaints)
        return json.loads(self.read("record.json"))

    def refused(self, *sources):
        status, _, complaints = run("import", *sources, self.record)
        self.assertEqual(status, 2)
        self.assertFalse(os.path.exists(self.record))
        return complaints

    def read(self, name):
        with open(os.path.join(self.record, name), "rb") as file:
            return file.read()

    def tables(self):
        return [(t["signature"], int(t.get("address", "0"), 16),
                 self.read(t["file"]))
                for t in json.loads(self.read("acpi/tables.json"))["tables"]]


class Firmware(Import):
    """ACPI and SMBIOS."""

    def test_tables_behind_each_other_are_tables(self):
        data = [dumps.table(b"APIC", b"abcd"), dumps.table(b"MCFG"),
                b"FACS" + (64).to_bytes(4, "little") + bytes(56)]
        self.taken(self.source("t.bin", b"".join(data)))
        self.assertEqual([t[2] for t in self.tables()], data)

    def test_a_table_that_lies_about_its_length_is_kept(self):
        data = dumps.table(b"APIC", b"abcd", length=4000)
        notes = self.taken(self.source("apic.dat", data))["notes"]
        self.assertEqual(self.tables()[0][2], data)
        self.assertIn("4000", notes[0])

    def test_a_listing_has_addresses(self):
        data = {0x7ff01000: dumps.table(b"APIC", b"x" * 40),
                0x7ff02000: dumps.table(b"SSDT", b"y" * 5)}
        self.taken(self.source("acpidump", dumps.acpidump(data)))
        self.assertEqual([t[1:] for t in self.tables()], list(data.items()))

    def test_a_gap_in_a_listing_is_refused(self):
        text = dumps.acpidump({0: dumps.table(b"APIC", b"x" * 40)})
        text = text.replace("  0010:", "  0020:")
        self.assertIn("x.txt: offset ", self.refused(self.source("x.txt",
                                                                 text)))

    def test_two_sources_have_one_table_and_one_has_two(self):
        data = dumps.table(b"MCFG", b"12345678")
        self.taken(self.source("a/mcfg.dat", data), self.source(
            "b.txt", dumps.acpidump({0x1000: data, 0x2000: data})))
        self.assertEqual([t[1] for t in self.tables()], [0x1000, 0x2000])

    def test_twins_in_a_folder_stay_two(self):
        self.source("a/mcfg1.dat", dumps.table(b"MCFG"))
        self.source("a/mcfg2.dat", dumps.table(b"MCFG"))
        self.taken(os.path.join(self.folder, "a"))
        self.assertEqual(len(self.tables()), 2)

    def test_the_root_pointer_is_no_table(self):
        self.taken(self.source("rsdp.dat", dumps.rsdp()))
        self.assertEqual(self.read("acpi/rsdp.bin"), dumps.rsdp())

    def test_licence_keys_are_dropped_unless_they_are_asked_for(self):
        path = self.source("t.bin", dumps.table(b"MSDM", b"KEY-KEY") +
                           dumps.table(b"APIC"))
        head = self.taken(path)
        self.assertEqual([t[0] for t in self.tables()], ["APIC"])
        self.assertIn("MSDM", head["scrubbed"][0]["what"])
        self.record += "2"
        self.taken(path, options=["--keep-identifiers"])
        self.assertEqual([t[0] for t in self.tables()], ["MSDM", "APIC"])

    def test_identifiers_are_crossed_out_and_checksums_stay_right(self):
        ssdt = dumps.table(b"SSDT", b"_AUXMAC_#AABBCCDDEEFF# " +
                           dumps.SERIAL.encode())
        self.taken(self.source("t.dat", ssdt),
                   self.source("dmi.bin", dumps.dump_bin()))
        found = self.tables()[0][2]
        self.assertEqual(sum(found) & 0xff, 0)
        self.assertIn(b"_AUXMAC_#XXXXXXXXXXXX# XXXXXXXX", found)
        structures = self.read("smbios/table.bin")
        self.assertEqual(len(structures), len(dumps.smbios()))
        for text in (dumps.SERIAL, "BRD-90210-X", "SN5551212"):
            self.assertNotIn(text.encode(), structures)
        self.assertNotIn(dumps.UUID, structures)
        self.assertIn(b"To be filled by O.E.M.", structures)
        self.assertIn(b"Touch & Co\0Stone 1\0", structures)

    def test_bytes_of_dmidecode_are_kept(self):
        self.taken(self.source("dmi.bin", dumps.dump_bin()),
                   options=["--keep-identifiers"])
        self.assertEqual(self.read("smbios/table.bin"), dumps.smbios())
        self.assertEqual(self.read("smbios/entry.bin")[:5], b"_SM3_")

    def test_a_listing_of_dmidecode_becomes_structures(self):
        head = self.taken(self.source("dmi.txt", dumps.DMIDECODE),
                          options=["--keep-identifiers"])
        data = self.read("smbios/rebuilt.bin")
        self.assertEqual(data[:4], bytes([0, 24, 0, 0]))
        self.assertEqual(data[6:8], b"\0\xe0")
        self.assertEqual(data[9], 0xff)
        self.assertEqual((data[10], data[19], data[20:22]),
                         (0x80, 8, bytes([5, 11])))
        system = data.index(bytes([1, 27, 1, 0]))
        self.assertEqual(data[system + 8:system + 24], bytes(
            [4, 3, 2, 1, 6, 5, 8, 7]) + bytes(range(9, 17)))
        memory = data.index(bytes([17, 40, 0x30, 0]))
        self.assertEqual(data[memory + 12:memory + 14], b"\xff\x7f")
        self.assertEqual(data[memory + 0x1c:memory + 0x20], b"\0\0\1\0")
        self.assertIn(bytes.fromhex("de083100aabb0102") +
                      b"first\0second\0\0", data)
        self.assertIn("smbios", [m["part"] for m in head["missing"]])


class Processors(Import):
    """CPUID by many tools."""

    def leaves(self, cpus):
        found = cpus_read(os.path.join(self.record, "cpu/cpuid.txt"))
        self.assertEqual(found, {n: dumps.leaves_of(n) for n in range(cpus)})

    def test_cpuid_raw(self):
        self.taken(self.source("c", dumps.cpuid_raw(3)))
        self.leaves(3)

    def test_instlat(self):
        self.taken(self.source("c.txt", dumps.instlat(3)))
        self.leaves(3)
        msrs = cpus_read(os.path.join(self.record, "cpu/msr.txt"))
        self.assertEqual(msrs[0][0x1b, 0], (0, 0xfee00900))
        revision = cpus_read(os.path.join(self.record, "cpu/microcode.txt"))
        self.assertEqual(revision[0][0, 0], (0x2b,))

    def test_instlat_without_a_word_between_cpus(self):
        text = "\n".join(line.replace(": ", "  \t") for line in
                         dumps.instlat(2).splitlines() if "[" not in line)
        self.taken(self.source("c.txt", text))
        self.leaves(2)

    def test_instlat_without_empty_subleaves(self):
        for lines, wanted in (
                (["00000007-00000340-00000340-00000000",
                  "00000100-00000240-00000000-00000000"], [0, 2]),
                (["00000207-00000340-00000988-00000000",
                  "0000000F-00000350-00001800-00000000",
                  "00000100-00000240-00000000-00000000",
                  "00000008-00000980-00000000-00000000"], [0, 1, 2, 9])):
            self.record += "x"
            self.taken(self.source("c.txt", "\n".join(
                "CPUID 0000000D: " + line for line in lines)))
            found = cpus_read(os.path.join(self.record, "cpu/cpuid.txt"))
            self.assertEqual([sub for _, sub in found[0]], wanted)

    def test_hwloc(self):
        data = dumps.archive([("m/pu%d" % n, dumps.hwloc(n).encode())
                              for n in range(12)], "w:bz2")
        self.taken(self.source("m.tar.bz2", data))
        self.leaves(12)

    def test_libvirt_xml(self):
        self.taken(self.source("c.xml", dumps.libvirt_xml()))
        self.leaves(1)
        msrs = cpus_read(os.path.join(self.record, "cpu/msr.txt"))
        self.assertEqual(msrs[0][0x10a, 0], (1, 0x2b))

    def test_libvirt_json(self):
        self.taken(self.source("c.json", dumps.LIBVIRT_JSON))
        leaf = cpus_read(os.path.join(self.record, "cpu/cpuid.txt"))[0]
        self.assertEqual(leaf[0, 0][1:], dumps.LEAVES[0, 0][1:])
        self.assertEqual(leaf[1, 0], (0x306f2, 0, 1 | 1 << 19, 1))
        self.assertEqual(leaf[7, 0], (0, 1 << 5, 0, 0))
        self.assertEqual(leaf[0x80000001, 0], (0, 0, 1, 1 << 20))

    def test_the_raw_policy_of_xen(self):
        self.taken(self.source("x", dumps.xen_policy()))
        self.leaves(1)
        msrs = cpus_read(os.path.join(self.record, "cpu/msr.txt"))
        self.assertEqual(msrs[0][0x10a, 0], (0, 0x2b))

    def test_the_raw_policy_leaves_each_cpu_its_number(self):
        text = dumps.cpuid_raw(2).replace("ecx=0x7ffefbff", "ecx=0x00000001")
        self.taken(self.source("a", text),
                   self.source("b", dumps.xen_policy()))
        self.leaves(2)

    def test_what_makes_no_sense_has_an_offset(self):
        text = dumps.hwloc(0) + "nonsense\n"
        self.assertIn("pu0: offset %d" % len(dumps.hwloc(0)),
                      self.refused(self.source("pu0", text)))


class Logs(Import):
    """Memory maps."""

    def ranges(self, kind):
        return [(int(r["start"], 16), int(r["size"], 16), r["type"])
                for r in json.loads(self.read("memory.json"))[kind]]

    def test_a_kernel_tells_the_map_and_where_tables_lay(self):
        self.taken(self.source("t.dat", dumps.table(b"APIC", bytes(8))),
                   self.source("dmesg", dumps.KERNEL_LOG))
        self.assertEqual(self.ranges("e820"), [
            (0, 0x9fc00, 1), (0x9fc00, 0x400, 2), (0x7ff00000, 0x100000, 3)])
        self.assertEqual(self.ranges("efi"), [(0, 0x1000, 4)])
        self.assertEqual(self.tables()[0][1], 0x7ff01000)
        self.assertEqual(self.read("cpu/microcode.txt"),
                         b"cpu 1\n00000000 00 0000002b\n")

    def test_identifiers_in_logs_are_crossed_out(self):
        self.taken(self.source("dmesg", dumps.KERNEL_LOG))
        text = self.read("logs/kernel.txt").decode()
        self.assertEqual(len(text), len(dumps.KERNEL_LOG))
        for secret in ("52:54", "4C53", "0a1b2c3d"):
            self.assertNotIn(secret, text)
        self.assertIn("8250/16550", text)
        self.assertIn("0000:00:19.0", text)

    def test_an_old_kernel_counts_otherwise(self):
        self.taken(self.source("dmesg", dumps.OLD_KERNEL_LOG))
        self.assertEqual(self.ranges("e820"), [
            (0, 0x9fc00, 1), (0xf0000, 0x10000, 2), (0x7fff0000, 0x10000, 4)])

    def test_a_hypervisor_tells_its_map(self):
        self.taken(self.source("xl", dumps.XEN_LOG))
        self.assertEqual(self.ranges("xen"),
                         [(0, 0x9fc00, 1), (0xfed1c000, 0x4000, 2)])

    def test_lspci(self):
        self.taken(self.source("pci", dumps.LSPCI))
        self.assertIn(b"0000:00:1f.0 0601: 8680:1629"[:12],
                      self.read("pci/config.txt"))


class Archives(Import):
    """What comes in archives, and what others put into them."""

    def test_a_record_goes_around(self):
        self.source("in/t.dat", dumps.table(b"APIC"))
        self.source("in/dmesg", dumps.KERNEL_LOG)
        self.source("in/c", dumps.cpuid_raw(2))
        first = self.taken(os.path.join(self.folder, "in"))
        path = os.path.join(self.folder, "again.tar.zst")
        status, _, complaints = run("import", self.record, path)
        self.assertEqual(status, 0, complaints)
        self.record += "3"
        self.assertEqual(self.taken(path)["id"], first["id"])

    def test_the_same_record_is_the_same_archive(self):
        source = self.source("c", dumps.cpuid_raw(2))
        data = []
        for name in ("a.tar.zst", "b.tar.zst"):
            path = os.path.join(self.folder, name)
            self.assertEqual(run("import", source, path)[0], 0)
            with open(path, "rb") as file:
                data.append(file.read())
        self.assertEqual(*data)

    def test_data_tables_that_iasl_lists_are_bytes_again(self):
        madt, hpet = dumps.table(b"APIC", b"x" * 30), dumps.table(b"HPET", b"y" * 20)
        listing = "Intel ACPI Component Architecture\nASL+ Disassembler\n"
        for table in (madt, hpet):
            rows = [table[i:i + 16] for i in range(0, len(table), 16)]
            listing += "[004h 0004   4]   Table Length : 2C\n\n" \
                "Raw Table Data: Length %d\n\n" % len(table)
            for i, row in enumerate(rows):
                listing += "    %04X: %s // text: 41 42\n" % (
                    i * 16, " ".join("%02X" % b for b in row).ljust(48))
        listing += "    0040: 41 42\nDefinitionBlock (\"\", \"DSDT\")\n"
        head = self.taken(self.source("iasl.txt", listing))
        self.assertEqual([data for _, _, data in self.tables()], [madt, hpet])
        self.assertIn("AML", {m["part"]: m["reason"]
                              for m in head["missing"]}["acpi"])

    def test_archives_in_folders_are_opened(self):
        data = dumps.archive([("x/apic.dat", dumps.table(b"APIC"))], "w:xz")
        self.source("m/acpi.tar.xz", data)
        self.source("m/notes.html", "<p>hello")
        head = self.taken(os.path.join(self.folder, "m"))
        self.assertEqual(len(self.tables()), 1)
        self.assertIn("notes.html", head["notes"][0])

    def hostile(self, name, kind=tarfile.REGTYPE, data=b""):
        info = tarfile.TarInfo(name)
        info.type = kind
        info.linkname = "/etc/passwd"
        return dumps.archive([("ok", b"x"), (info, data)])

    def test_hostile_entries_are_refused(self):
        for name, kind in (("../x", tarfile.REGTYPE), ("/x", tarfile.REGTYPE),
                           ("a/../../x", tarfile.REGTYPE),
                           ("l", tarfile.SYMTYPE), ("l", tarfile.LNKTYPE),
                           ("d", tarfile.CHRTYPE), ("f", tarfile.FIFOTYPE),
                           ("ok", tarfile.REGTYPE)):
            with self.subTest(name=name, kind=kind):
                path = self.source("a.tar.gz", self.hostile(name, kind))
                for program in (["import", path, self.record],
                                ["record", "--check", path]):
                    status, _, complaints = run(*program)
                    self.assertIn(status, (1, 2))
                    self.assertRegex(complaints, "a.tar.gz: offset [0-9]+: ")

    def test_names_do_not_reach_the_terminal_as_they_are(self):
        path = self.source("a.tar.gz", self.hostile("a\x1b[2J\n\x07b"))
        complaint = self.refused(path).rstrip("\n")
        self.assertTrue(complaint.isprintable(), complaint)
        self.assertIn("a?[2J??b", complaint)

    def test_bombs_are_refused(self):
        data = dumps.archive([("zeros", bytes(40 << 20))])
        path = self.source("a.tar.gz", data)
        self.assertRegex(self.refused(path), "offset [0-9]+.*zeros")

    def test_what_is_cut_is_refused(self):
        data = dumps.archive([("t.dat", os.urandom(5000))])
        path = self.source("a.tar.gz", data[:3000])
        self.assertRegex(self.refused(path), "a.tar.gz: offset [0-9]+: ")

    def test_links_in_folders_are_not_followed(self):
        self.source("m/c", dumps.cpuid_raw(1))
        os.symlink("/etc/passwd", os.path.join(self.folder, "m/link"))
        self.assertIn("link", self.refused(os.path.join(self.folder, "m")))

    def test_what_nobody_knows_is_refused(self):
        self.assertIn("x.bin: offset 0", self.refused(
            self.source("x.bin", bytes(range(256)))))

    def test_a_directory_that_is_full_is_left_alone(self):
        self.source("record/file", "x")
        status, _, complaints = run(
            "import", self.source("c", dumps.cpuid_raw(1)), self.record)
        self.assertEqual(status, 2)
        self.assertIn("not empty", complaints)


@unittest.skipUnless(MACHINES, "TOUCHSTONE_HARDWARE names no dumps")
class Machines(Import):
    """Dumps of real machines: all of them come in, with all their tables."""

    def test_all_of_them_come_in(self):
        machines = glob.glob(os.path.join(MACHINES, "corpus/machines/*"))
        self.assertTrue(machines)
        for machine in machines:
            self.record = os.path.join(self.folder, os.path.basename(machine))
            self.taken(machine)
            with tarfile.open(os.path.join(machine, "acpi.tar.xz")) as tar:
                want = [m.name for m in tar
                        if not m.name.startswith("rsd_")]
            self.assertEqual(len(self.tables()), len(want), machine)

    def test_all_topologies_come_in(self):
        dumped = glob.glob(os.path.join(MACHINES, "corpus/hwloc-x86/*"))
        self.assertTrue(dumped)
        for path in dumped:
            self.record = os.path.join(self.folder, os.path.basename(path))
            self.taken(path)
            with tarfile.open(path) as tar:
                want = sum("/pu" in m.name for m in tar)
            found = cpus_read(os.path.join(self.record, "cpu/cpuid.txt"))
            self.assertEqual(len(found), want, path)


if __name__ == "__main__":
    unittest.main()
