"""`touchstone level`: pools of machines that do not exist."""

import json
import os
import subprocess
import tempfile
import unittest
import urllib.request

BUILD = os.environ.get("O", "build")
TIMEOUT_S = 60
NAMES = {"intel": (0x756e6547, 0x6c65746e, 0x49656e69),
         "amd": (0x68747541, 0x444d4163, 0x69746e65)}
SSE2_AND_OLDER, LM = 0xbfebfbff, 0x2c100800
AVX = 1 << 26 | 1 << 27 | 1 << 28


def dump(vendor, signature, ecx=0x1fbee3ff, leaf7=(0, 0, 0), cpus=2):
    """`cpuid -r` of such a CPU."""
    b, c, d = NAMES[vendor]
    lines = []
    for cpu in range(cpus):
        lines.append("CPU %d:" % cpu)
        for leaf, regs in (
                (0, (0xd, b, c, d)),
                (1, (signature, cpu << 24, ecx, SSE2_AND_OLDER)),
                (7, (0,) + leaf7),
                (0x80000001, (0, 0, 0x21, LM))):
            lines.append("   0x%08x 0x00: eax=0x%08x ebx=0x%08x ecx=0x%08x "
                         "edx=0x%08x" % ((leaf,) + regs))
    return "\n".join(lines) + "\n"


def words(text):
    return [int(word, 16) for word in text.split("-")]


class Level(unittest.TestCase):
    """Hosts are made by what they say of themselves."""

    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.folder = place.name

    def host(self, name, *args, **kwargs):
        source = os.path.join(self.folder, name + ".txt")
        record = os.path.join(self.folder, name)
        with open(source, "w", encoding="ascii") as file:
            file.write(dump(*args, **kwargs))
        subprocess.run([os.path.join(BUILD, "touchstone-import"), "--quiet",
                        source, record], check=True, timeout=TIMEOUT_S)
        return record

    def old(self):
        return self.host("old", "intel", 0x106a5, 0x009ce3bd)

    def new(self):
        return self.host("new", "intel", 0x306f2, 0x7ffefbff,
                         leaf7=(0x37ab, 0, 0xc000400))

    def amd(self):
        return self.host("amd", "amd", 0x800f12)

    def run_level(self, *options):
        """Exit status, output."""
        done = subprocess.run([os.path.join(BUILD, "touchstone-level"),
                               *options], stdout=subprocess.PIPE,
                              timeout=TIMEOUT_S, check=False,
                              stderr=subprocess.PIPE)
        return done.returncode, done.stdout.decode() + done.stderr.decode()

    def level(self, *options):
        """Exit status and the result."""
        status, text = self.run_level("--json", "-", *options)
        return status, json.loads(text)

    def test_a_pool_has_what_all_have(self):
        status, result = self.level(self.old(), self.new())
        self.assertEqual(status, 0)
        first, second = result["hosts"]
        for key in ("features_pv_host", "features_hvm_host"):
            self.assertEqual(
                [a & b for a, b in zip(words(first[key])[:4],
                                       words(second[key])[:4])],
                words(result["pool"][key])[:4])
        self.assertEqual(result["pool"]["cpu_count"], 4)
        self.assertIn("avx2", second["loses"]["hvm"])
        self.assertNotIn("smep", second["loses"]["pv"])
        self.assertIn("no-avx", second["cpuid_options"])
        self.assertEqual(first["loses"]["hvm"], [])
        self.assertIn("sse4-2", result["pool"]["names"]["pv"])

    def test_dangers_of_one_are_told_in_the_pool(self):
        _, result = self.level(self.old(), self.new())
        self.assertIn("md-clear", result["pool"]["names"]["hvm"])
        self.assertFalse(words(result["hosts"][0]["features_hvm_host"])[9]
                         & 1 << 10)

    def test_another_vendor_cannot_join(self):
        status, result = self.level(self.old(), self.amd())
        self.assertEqual(status, 1)
        self.assertEqual([h["joins"] for h in result["hosts"]], [True, False])
        self.assertIn("vendor", result["hosts"][1]["reason"])
        self.assertEqual(result["pool"]["cpu_count"], 2)

    def test_a_guest_stays_where_its_features_are(self):
        old, new = self.old(), self.new()
        _, result = self.level(old, new)
        guest = result["hosts"][1]["features_hvm_host"]
        status, result = self.level(old, new, "--vm", guest)
        self.assertEqual(status, 1)
        here, there = result["guests"][0]["hosts"]
        self.assertTrue(there["allowed"])
        self.assertFalse(here["allowed"])
        self.assertEqual(here["feature"], "pclmulqdq")
        self.assertEqual(here["place"], "leaf 0x1.0 ECX bit 1")
        self.assertIn("avx2", here["missing"])

    def test_a_guest_of_the_pool_goes_everywhere(self):
        old, new = self.old(), self.new()
        _, result = self.level(old, new)
        for kind in ("pv", "hvm"):
            guest = result["pool"]["features_%s_host" % kind]
            status, _ = self.level(old, new, "--vm",
                                   "%s:GenuineIntel:%s" % (kind, guest))
            self.assertEqual(status, 0)

    def test_a_guest_of_another_vendor_stays_there(self):
        status, result = self.level(self.old(), "--vm",
                                    "hvm:AuthenticAMD:00000001")
        self.assertEqual(status, 1)
        self.assertIn("vendor", result["guests"][0]["hosts"][0]["reason"])

    def test_fewer_words_are_the_first_ones(self):
        status, _ = self.level(self.old(), "--vm", "078bfbff-00000001")
        self.assertEqual(status, 0)

    def test_people_can_read_it(self):
        status, text = self.run_level(self.old(), self.new(), self.amd(),
                                      "--names", "--vm", "ffffffff")
        self.assertEqual(status, 1)
        for wanted in ("features_hvm_host", "cpuid=no-", "CANNOT JOIN",
                       "lacks a feature", "family 6 model 63"):
            self.assertIn(wanted, text)

    def test_a_record_without_cpuid_is_told(self):
        source = os.path.join(self.folder, "log")
        with open(source, "w", encoding="ascii") as file:
            file.write("BIOS-e820: [mem 0x0-0xfff] usable\n")
        record = os.path.join(self.folder, "empty")
        subprocess.run([os.path.join(BUILD, "touchstone-import"), "--quiet",
                        source, record], check=True, timeout=TIMEOUT_S)
        status, result = self.level(self.old(), record)
        self.assertEqual(status, 1)
        self.assertIn("no CPUID", result["hosts"][1]["reason"])

    def test_what_a_host_costs_the_others_is_told(self):
        old, new = self.old(), self.new()
        _, result = self.level(old, new)
        first, second = result["hosts"]
        self.assertIn("avx2", first["pool_gains_without"]["hvm"])
        self.assertEqual(second["pool_gains_without"]["hvm"], [])
        self.assertIn("without this host hvm guests would have",
                      self.run_level(old, new)[1])

    def test_the_toolstack_says_the_same(self):
        hosts = [self.old(), self.new()]
        status, result = self.level(*hosts)
        self.assertEqual(status, 0)
        with Toolstack(self.folder, [h + ".txt" for h in hosts]) as xapi:
            session = xapi.ask("session.login_with_password", "root", "x")
            known = [h["cpu_info"] for h in
                     xapi.ask("host.get_all_records", session).values()]
            pool = list(xapi.ask("pool.get_all_records",
                                 session).values())[0]["cpu_info"]
        for kind in ("features_pv", "features_hvm", "features_pv_host",
                     "features_hvm_host"):
            self.assertEqual(sorted(h[kind] for h in result["hosts"]),
                             sorted(h[kind] for h in known), kind)
        for kind in ("features_pv_host", "features_hvm_host"):
            self.assertEqual(result["pool"][kind], pool[kind], kind)

    def test_nonsense_is_a_usage_error(self):
        self.assertEqual(self.run_level()[0], 2)
        self.assertEqual(self.run_level("/nonexistent")[0], 2)
        self.assertEqual(self.run_level("--vm", "xyz", self.old())[0], 2)


class Toolstack:
    """Our XenAPI on hosts with these CPUs."""

    def __init__(self, folder, dumps):
        path = os.path.join(folder, "pool.yaml")
        with open(path, "w", encoding="ascii") as file:
            file.write("hosts: [%s]\n" % ", ".join(
                "{cpu: {record: %s}}" % d for d in dumps))
        self.path = path

    def __enter__(self):
        self.process = subprocess.Popen(
            [os.path.join(BUILD, "touchstone-sim"), "--port", "0", "--pool",
             self.path], stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().split()[-1]
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(TIMEOUT_S)
        self.process.stdout.close()

    def ask(self, method, *params):
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method,
                           "params": params}).encode()
        with urllib.request.urlopen(self.url + "/jsonrpc", body,
                                    timeout=TIMEOUT_S) as answer:
            return json.load(answer)["result"]


if __name__ == "__main__":
    unittest.main()
