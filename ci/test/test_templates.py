"""The templates for CI: valid for those who read them, and their steps work."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree as ET

HERE = os.path.dirname(os.path.abspath(__file__))
TEMPLATES = os.path.join(os.path.dirname(HERE), "templates")
BUILD = os.path.abspath(os.environ.get("O", "build"))
LIMIT_S = 60
INSTALL_LIMIT_S = 90
# One check of the API suite, by a part of its name.
CHECK = "parameter_count VM.start"


def run(*argv, cwd=None, limit=LIMIT_S, **more):
    """Status and output; one that takes too long has failed."""
    try:
        done = subprocess.run(
            argv, cwd=cwd, stdin=subprocess.DEVNULL, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=limit,
            check=False, env={**os.environ, **more})
    except subprocess.TimeoutExpired:
        return 124, "no end after %d s" % limit
    return done.returncode, done.stdout


def template(name):
    return os.path.join(TEMPLATES, name)


def read(name):
    with open(template(name), encoding="utf-8") as file:
        return file.read()


class Steps(unittest.TestCase):

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)

    def job(self, *words):
        return run(template("job"), *words, cwd=self.folder, O=BUILD)

    def test_a_command_finds_the_pool_and_gives_the_status(self):
        status, out = self.job("sim", "sh", "-c",
                               'echo "pool=$TOUCHSTONE_URL"; exit 3')
        self.assertEqual(status, 3, out)
        self.assertRegex(out, r"pool=http://127\.0\.0\.1:\d+")

    def test_conformance_leaves_junit(self):
        status, out = self.job("conform", "--filter", CHECK)
        self.assertEqual(status, 0, out)
        root = ET.parse(os.path.join(self.folder, "results/conform.xml"))
        self.assertTrue(root.findall(".//testcase"))

    def test_wrong_usage_is_told(self):
        self.assertEqual(self.job()[0], 2)
        self.assertIn("usage", self.job("rm")[1])

    def test_the_templates_call_steps_that_are_there(self):
        for name in ("github.yml", "gitlab-ci.yml"):
            steps = set(re.findall(r"ci/templates/job (\w+)", read(name)))
            self.assertEqual(steps, {"packages", "build", "sim", "conform",
                                     "boot"}, name)


class Yaml(unittest.TestCase):

    def load(self, name):
        try:
            import yaml
        except ImportError:
            self.skipTest("python3-yaml is not installed")
        return yaml.safe_load(read(name))

    def test_github(self):
        flow = self.load("github.yml")
        self.assertIn(True, flow)  # what YAML 1.1 makes of "on"
        for job in flow["jobs"].values():
            self.assertEqual(job["container"], "debian:12-slim")
            for step in job["steps"]:
                self.assertEqual(len({"run", "uses"} & set(step)), 1, step)
            last = job["steps"][-1]
            self.assertEqual(last["if"], "always()")
            self.assertEqual(last["with"]["path"], "results")

    def test_gitlab(self):
        flow = self.load("gitlab-ci.yml")
        jobs = [job for name, job in flow.items() if name.startswith("touch")]
        self.assertEqual(len(jobs), 2)
        for job in jobs:
            self.assertIn(job["extends"], flow)
            self.assertRegex(job["artifacts"]["reports"]["junit"],
                             r"results/\w+\.xml")


class Validators(unittest.TestCase):
    """What npm has for these files; the versions are in package.json."""

    @classmethod
    def setUpClass(cls):
        cls.folder = os.path.join(BUILD, "validators")
        os.makedirs(cls.folder, exist_ok=True)
        shutil.copy(os.path.join(HERE, "package.json"), cls.folder)
        cls.problem = cls.install()

    @classmethod
    def install(cls):
        """Why the validators are not there, or None."""
        with open(os.path.join(HERE, "package.json"), encoding="utf-8") as f:
            wanted = json.load(f)["dependencies"]
        if all(os.path.isdir(os.path.join(cls.folder, "node_modules", name))
               for name in wanted):
            return None
        if not shutil.which("npm"):
            return "npm is missing"
        status, out = run("npm", "--prefix", cls.folder, "install",
                          "--ignore-scripts",
                          "--no-audit", "--no-fund", limit=INSTALL_LIMIT_S)
        return out[-300:] if status else None

    def setUp(self):
        if self.problem:
            self.skipTest("npm cannot fetch: " + self.problem)
        self.scratch = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.scratch)

    def valid(self, tool, name, text, *words):
        """Whether a tool takes a text as the file of that name."""
        with open(os.path.join(self.scratch, name), "w",
                  encoding="utf-8") as file:
            file.write(text)
        return run(os.path.join(self.folder, "node_modules", ".bin", tool),
                   *words, name, cwd=self.scratch)

    def both(self, tool, name, source, old, new, *words):
        """The template is taken, and a spoilt one is not."""
        text = read(source)
        self.assertIn(old, text)
        status, out = self.valid(tool, name, text, *words)
        self.assertEqual(status, 0, out)
        status, _ = self.valid(tool, name, text.replace(old, new), *words)
        self.assertNotEqual(status, 0, "a spoilt one is taken as well")

    def test_github(self):
        self.both("action-validator", "flow.yml", "github.yml", "runs-on",
                  "run-on")

    def test_gitlab(self):
        run("git", "init", "-q", cwd=self.scratch)
        self.both("gitlab-ci-local", ".gitlab-ci.yml", "gitlab-ci.yml",
                  "  script:", "  scrpt:", "--list", "--file")

    def test_container(self):
        self.both("dockerfile-utils", "Containerfile", "Containerfile",
                  "\nRUN ", "\nRNU ", "lint")


if __name__ == "__main__":
    unittest.main()
