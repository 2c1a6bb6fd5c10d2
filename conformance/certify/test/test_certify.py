"""`touchstone certify`: from the stages to a bundle that others can check."""

import io
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
import unittest
import xml.etree.ElementTree as ET

LIMIT_S = 300
BUILD = os.path.abspath(os.environ.get("O", "build"))
HERE = os.path.dirname(os.path.abspath(__file__))
MEMBER_TIME = 946684800
SEAL_BYTES = 72


def listed(profile):
    with open(os.path.join(BUILD, "certify", "lists", "api", profile),
              encoding="utf-8") as file:
        return file.read().splitlines()


# The profile with the fewest tests, but two.
PROFILE = min(("network", "pool", "storage", "ha"),
              key=lambda name: (len(listed(name)) < 2, len(listed(name))))
TESTS = listed(PROFILE)
FIRST = TESTS[0].partition("/")[2]
OTHERS = {test for test in TESTS if FIRST not in test}


class Case(unittest.TestCase):

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.more = {}

    def pretend(self):
        """From now on the stages are played by a stand-in."""
        build = self.path("build")
        os.makedirs(build)
        shutil.copy(os.path.join(HERE, "stand_in"),
                    os.path.join(build, "touchstone"))
        for name in ("touchstone-certify", "certify"):
            os.symlink(os.path.join(BUILD, name), os.path.join(build, name))
        self.more = {"TOUCHSTONE_BUILD": build,
                     "STAND_IN_LOG": self.path("log")}

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def read(self, *names):
        with open(self.path(*names), encoding="utf-8") as file:
            return file.read()

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def certify(self, *words, status=0, home="home"):
        done = subprocess.run(
            [os.path.join(BUILD, "touchstone-certify"), *words], check=False,
            cwd=self.folder, stdin=subprocess.DEVNULL, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=LIMIT_S,
            env={"PATH": os.environ["PATH"], "HOME": self.path(home),
                 "TOUCHSTONE_BUILD": BUILD, "TOUCHSTONE_SOURCE": os.getcwd(),
                 **self.more})
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout, done.stderr

    def verified(self, bundle, *words, status=0):
        """What verify says as JSON."""
        return json.loads(self.certify("verify", bundle, "--json", *words,
                                       status=status)[0])

    def unpack(self, bundle, name="unpacked"):
        os.makedirs(self.path(name), exist_ok=True)
        subprocess.run(["tar", "--zstd", "-xf", self.path(bundle), "-C",
                        self.path(name)], check=True)
        return self.path(name)


class Made:
    """A bundle of the simulation that many tests look at; made once."""

    folder = None

    @classmethod
    def copy(cls, case):
        if not cls.folder:
            case.certify("--target", "sim", "--profile", PROFILE, "--out",
                         "b")
            cls.folder = tempfile.mkdtemp()
            unittest.addModuleCleanup(shutil.rmtree, cls.folder)
            for name in ("b", "home"):
                shutil.move(case.path(name), cls.folder)
        shutil.copytree(cls.folder, case.folder, dirs_exist_ok=True)


def named(result, key):
    return {row[key] for row in result["findings"]}


class Simulated(Case):
    """The simulation: itself in Made, else a stand-in."""

    def make(self, *words, status=0, out="b"):
        self.pretend()
        return self.certify("--target", "sim", "--profile", PROFILE,
                            "--out", out, *words, status=status)

    def test_a_bundle_is_made_and_verified(self):
        Made.copy(self)
        self.assertFalse(os.path.exists(self.path("b.work")))
        result = self.verified("b")
        self.assertTrue(result["verified"])
        self.assertEqual(result["target"], "sim")
        self.assertEqual(result["tests"]["missing"], 0)
        self.assertIn("verified, passed", self.certify("verify", "b")[0])
        self.assertIn("profile      " + PROFILE, self.certify("show", "b")[0])

    def test_its_parts_are_what_they_say(self):
        Made.copy(self)
        folder = self.unpack("b")
        suite = ET.parse(os.path.join(folder, "junit.xml")).getroot()
        self.assertEqual(int(suite.get("tests")),
                         len(suite.findall("testcase")))
        self.assertIn("Certified", self.read("unpacked", "report.html"))
        product = self.read("unpacked", "PRODUCT.yaml")
        self.assertIn('\nverdict: "passed"\n', product)
        self.assertIn("conformance/api/rpc.c", self.read("unpacked",
                                                         "suite.tsv"))
        json.loads(self.read("unpacked", "api", "summary.json"))
        self.assertIn("kernel", json.loads(self.read("unpacked",
                                                     "environment.json")))

    def test_product_is_yaml(self):
        try:
            import yaml
        except ImportError:
            self.skipTest("python3-yaml is not installed")
        self.make("--vendor", 'A "vendor": #1')
        product = yaml.safe_load(self.read(os.path.relpath(
            self.unpack("b"), self.folder), "PRODUCT.yaml"))
        self.assertEqual(product["vendor"], 'A "vendor": #1')
        self.assertEqual(list(product)[:2], ["verdict", "blockers"])

    def test_stock_tools_check_it(self):
        Made.copy(self)
        folder = self.unpack("b")
        for argv in (["openssl", "pkeyutl", "-verify", "-pubin", "-inkey",
                      self.path("home/.config/touchstone/certify.pub"),
                      "-rawin", "-in", "MANIFEST", "-sigfile",
                      "MANIFEST.sig"],
                     ["sha256sum", "--quiet", "-c", "MANIFEST"]):
            if not shutil.which(argv[0]):
                self.skipTest(argv[0] + " is not installed")
            done = subprocess.run(argv, cwd=folder, check=False,
                                  stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT)
            self.assertEqual(done.returncode, 0, done.stdout)

    def test_elsewhere_the_key_must_be_trusted(self):
        Made.copy(self)
        pub = self.path("home/.config/touchstone/certify.pub")
        out, _ = self.certify("verify", "b", home="elsewhere", status=1)
        self.assertIn("not among the 0 trusted", out)
        self.certify("verify", "b", "--key", pub, home="elsewhere")
        self.certify("keygen", "other.key")
        self.certify("verify", "b", "--key", "other.pub", status=1)
        os.makedirs(self.path("friends"))
        shutil.copy(pub, self.path("friends/them.pub"))
        self.certify("verify", "b", "--trusted", "friends", home="elsewhere")

    def test_what_was_not_run_blocks(self):
        out, _ = self.make("--filter", FIRST, status=1)
        self.assertRegex(out, r"\ABLOCKER api/.*: missing")
        result = self.verified("b", status=1)
        self.assertEqual(named(result, "check"), {"blocker"})
        self.assertTrue(self.certify("show", "b")[0].startswith("blocker: "))
        self.assertEqual(named(result, "test"), OTHERS)
        self.assertIn("Not certified", self.read(os.path.relpath(
            self.unpack("b"), self.folder), "report.html"))

    def test_waivers_are_applied_and_listed(self):
        waivers = self.write("w", "# Known.\n" + "".join(
            test + "\t2999-12-31\tme\ta reason\n" for test in OTHERS))
        out, _ = self.make("--filter", FIRST, "--waivers", waivers)
        self.assertIn("passed with waivers", out)
        result = self.verified("b")
        self.assertEqual({row["test"] for row in result["waived"]}, OTHERS)
        self.certify("verify", "b", "--no-waivers", status=1)
        self.certify("verify", "b", "--at", "3000-01-01", status=1)

    def test_waivers_without_reason_or_date_are_refused(self):
        for line in ("api/x\t2999-12-31\tme\n", "api/x\tsoon\tme\twhy\n",
                     "api/x 2999-12-31 me why\n"):
            _, err = self.certify("--waivers", self.write("w", line),
                                  status=2)
            self.assertIn("line 1", err)

    def test_passwords_of_users_stay_out(self):
        self.make("--users", "pool-operator=op:Sesame77,vm-admin=a:e")
        folder = self.unpack("b")
        for path, _, names in os.walk(folder):
            for name in names:
                with open(os.path.join(path, name), "rb") as file:
                    data = file.read()
                for word in (b"Sesame77", self.folder.encode()):
                    self.assertNotIn(word, data, name)
        self.verified("b")  # a word of one letter is no harm

    def test_an_endpoint_is_certified_by_what_it_says_it_is(self):
        # pylint: disable=consider-using-with
        pool = subprocess.Popen(
            [os.path.join(BUILD, "touchstone-sim"), "--port", "0", "--seed",
             "1"], stdout=subprocess.PIPE, text=True)
        self.addCleanup(pool.stdout.close)
        self.addCleanup(pool.wait, LIMIT_S)
        self.addCleanup(pool.terminate)
        url = pool.stdout.readline().split()[-1]
        self.certify("--target", url.replace("//", "//root:Sesame78@"),
                     "--profile", PROFILE, "--out", "b", "--destructive",
                     "--filter", FIRST, status=1)
        result = self.verified("b", status=1)
        self.assertEqual(result["target"], url)
        self.assertEqual(result["product"], "8.3.0")
        self.assertLessEqual(OTHERS, named(result, "test"))
        self.assertNotIn("Sesame78", self.read(os.path.relpath(
            self.unpack("b"), self.folder), "PRODUCT.yaml"))

    def test_wrong_usage_is_told(self):
        for words, text in (
                (("--target", "nowhere"), "no target"),
                (("--target", "xen", "--profile", "core"), "nothing of"),
                (("--out", "no/such/folder/b"), "cannot write"),
                (("--key", "nosuch"), "cannot read the key"),
                (("--waivers", "nosuch"), "cannot read the waivers"),
                (("--resume", "--restart"), "not both"),
                (("verify",), "one BUNDLE"),
                (("verify", "nosuch"), "No such file"),
                (("verify", HERE, "--key", "nosuch"), "key 'nosuch'"),
                (("pack", "x"), "usage")):
            _, err = self.certify(*words, status=2)
            self.assertIn(text, err)

    def test_keys_are_not_overwritten(self):
        self.certify("keygen", "k.key")
        before = self.read("k.key")
        self.assertEqual(os.stat(self.path("k.key")).st_mode & 0o777, 0o600)
        self.assertIn("--force", self.certify("keygen", "k.key",
                                              status=2)[1])
        self.assertEqual(self.read("k.key"), before)
        self.certify("keygen", "k.key", "--force")
        self.assertNotEqual(self.read("k.key"), before)


class Repacked(Case):
    """A bundle that somebody opened, changed and closed again."""

    def setUp(self):
        super().setUp()
        Made.copy(self)
        with open(self.path("b"), "rb") as file:
            self.seal = file.read()[-SEAL_BYTES:]
        self.members = {}
        tar = subprocess.run(["zstd", "-dcq", self.path("b")], check=True,
                             stdout=subprocess.PIPE).stdout
        with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
            for member in archive:
                self.members[member.name] = \
                    archive.extractfile(member).read()

    def close(self):
        """Writes the members as a bundle does, with the old seal."""
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w",
                          format=tarfile.USTAR_FORMAT) as archive:
            for name in sorted(self.members):
                info = tarfile.TarInfo(name)
                info.size, info.mtime = len(self.members[name]), MEMBER_TIME
                archive.addfile(info, io.BytesIO(self.members[name]))
        end = out.getvalue().rstrip(b"\0")
        tar = end + b"\0" * (-len(end) % 512 + 1024)
        packed = subprocess.run(["zstd", "-cq", "--content-size",
                                 "--stream-size=%d" % len(tar)],
                                input=tar, check=True,
                                stdout=subprocess.PIPE).stdout
        with open(self.path("c"), "wb") as file:
            file.write(packed + self.seal)
        return self.verified("c", status=1)

    def test_an_edited_result_is_named(self):
        old = self.members["results.tsv"]
        self.members["results.tsv"] = old.replace(b"passed", b"failed", 1)
        result = self.close()
        self.assertIn("results.tsv", named(result, "file"))
        self.assertIn(TESTS[0], named(result, "test"))
        self.assertIn("seal", named(result, "check"))

    def test_another_verdict_is_named(self):
        self.members["PRODUCT.yaml"] = self.members["PRODUCT.yaml"].replace(
            b'"passed"', b'"failed"')
        result = self.close()
        self.assertIn("verdict", named(result, "check"))
        self.assertIn("PRODUCT.yaml", named(result, "file"))

    def test_added_and_removed_files_are_named(self):
        self.members["extra.txt"] = b"x"
        del self.members["logs/api.txt"]
        result = self.close()
        self.assertLessEqual({"extra.txt", "logs/api.txt"},
                             named(result, "file"))

    def test_a_forged_manifest_does_not_help(self):
        old = self.members["report.html"]
        self.members["report.html"] = old + b" "
        self.members["MANIFEST"] = self.members["MANIFEST"].replace(
            sha256(old), sha256(old + b" "))
        result = self.close()
        self.assertEqual(named(result, "check") - {"archive"},
                         {"seal", "signature"})
        self.assertIn("MANIFEST", named(result, "file"))


def sha256(data):
    import hashlib
    return hashlib.sha256(data).hexdigest().encode()


class Interrupted(Case):
    """Stages that only pretend, and a run that is killed in one of them."""

    def setUp(self):
        super().setUp()
        self.pretend()

    def make(self, *words, status=0):
        return self.certify("--target", "platform", "--profile", "platform",
                            "--out", "b", *words, status=status)

    def calls(self):
        return self.read("log").split()

    def test_a_platform_is_certified(self):
        out, _ = self.make()
        self.assertIn("passed: ", out)
        self.assertEqual(self.calls(), ["record", "scan", "run", "conform"])
        result = self.verified("b")
        self.assertEqual(result["tests"]["differs"], 2)
        self.assertEqual(result["accelerator"], "tcg")
        folder = self.unpack("b")
        self.assertTrue(os.path.exists(os.path.join(
            folder, "pvio/ours/g1/iperf3_up.json")))

    def test_two_hypervisors_have_their_own_tests(self):
        self.certify("--target", "both", "--profile", "platform", "--out",
                     "b")
        result = self.verified("b")
        self.assertEqual(result["tests"]["differs"], 4)
        self.assertIn("pvio/xen/iperf3_up", self.read(os.path.relpath(
            self.unpack("b"), self.folder), "results.tsv"))

    def test_a_missing_program_blocks(self):
        os.unlink(self.path("build/touchstone"))
        out, _ = self.make(status=1)
        self.assertIn("BLOCKER abi/ours/", out)
        result = self.verified("b", status=1)
        self.assertIn("record/taken", named(result, "test"))
        self.assertIn("boot/ours/ended", named(result, "test"))

    def test_a_failure_is_the_first_line(self):
        self.more["STAND_IN_FAIL"] = "abi"
        out, _ = self.make(status=1)
        self.assertTrue(out.startswith("BLOCKER abi/ours/"), out)
        self.assertIn("a reason", out.splitlines()[0])

    def test_a_critical_finding_of_the_scan_blocks(self):
        self.more["STAND_IN_FAIL"] = "scan"
        out, _ = self.make(status=1)
        self.assertIn("BLOCKER scan/nothing_blocks: failed: r: it burns", out)

    def test_a_killed_run_goes_on_where_it_was(self):
        stages = ["record", "scan", "run", "conform"]
        for number, stage in enumerate(stages):
            with self.subTest(stage=stage):
                self.write("log", "")
                self.more["STAND_IN_KILL"] = stage
                self.make("--restart", status=-9)
                self.assertEqual(self.calls(), stages[:number + 1])
                _, err = self.make(status=2)
                self.assertIn("--resume goes on", err)
                _, err = self.make("--resume")
                self.assertIn("goes on", err)
                self.assertEqual(self.calls(),
                                 stages[:number + 1] + stages[number:])
                self.assertTrue(self.verified("b")["verified"])

    def test_the_api_suite_goes_on_with_the_test_it_was_in(self):
        self.more["STAND_IN_KILL"] = "conform"
        words = ("--target", "sim", "--profile", PROFILE, "--out", "b")
        self.certify(*words, status=-9)
        self.certify(*words, "--resume")
        self.assertRegex(self.read("log.api"),
                         r"--state \S+/api\.state --resume")
        self.assertTrue(self.verified("b")["verified"])

    def test_a_run_is_resumed_with_its_own_options_only(self):
        self.more["STAND_IN_KILL"] = "run"
        self.make(status=-9)
        _, err = self.make("--resume", "--seed", "2", status=2)
        self.assertIn("other options: seed=1", err)


if __name__ == "__main__":
    unittest.main()
