"""`ci/coverage_summary.py`: shares by component, targets, gaps, the link."""

import os
import subprocess
import sys
import tempfile
import unittest

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..",
                      "coverage_summary.py")
SOURCE = """int f(int x)
{
    if (x)
        return -EINVAL;
    return 0;
}
"""


class Summary(unittest.TestCase):

    def setUp(self):
        # pylint: disable=consider-using-with
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.write("impl/toolstack/a.c", SOURCE)

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def summary(self, counts, branches):
        rows = ["SF:" + self.path("impl/toolstack/a.c")]
        rows += ["DA:%d,%d" % row for row in counts]
        rows += ["BRDA:3,0,%d,%s" % row for row in enumerate(branches)]
        self.write("all.info", "\n".join([*rows, "end_of_record", ""]))
        self.write("page/index.html", "")
        self.write("report/index.html", "<main></main>")
        done = subprocess.run(
            [sys.executable, os.path.abspath(SCRIPT), "all.info", "page",
             "report/index.html"], cwd=self.folder.name, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return done.returncode, done.stdout

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def test_a_missed_target_is_1_and_names_the_gap(self):
        status, out = self.summary([(1, 1), (3, 1), (4, 0), (5, 1)],
                                   ["0", "4"])
        self.assertEqual(status, 1, out)
        self.assertRegex(out, r"toolstack +75\.0 % of +4 lines +50\.0 %")
        self.assertIn("missed", out)
        self.assertEqual(self.read("page/gaps.txt"),
                         "impl/toolstack/a.c:4: return -EINVAL;\n")

    def test_a_met_target_is_0(self):
        status, out = self.summary([(1, 1), (3, 2), (4, 1), (5, 1)],
                                   ["1", "1"])
        self.assertEqual(status, 0, out)
        self.assertIn("met", out)
        self.assertEqual(self.read("page/gaps.txt"), "")

    def test_a_branch_that_was_never_reached_is_not_taken(self):
        _, out = self.summary([(3, 0)], ["-", "-"])
        self.assertRegex(out, r" 0\.0 % of +2 branches")

    def test_the_report_gets_one_link(self):
        self.summary([(1, 1)], [])
        text = self.read("report/index.html")
        self.assertEqual(text.count("../coverage/index.html")
                         + text.count("../page/index.html"), 1)


if __name__ == "__main__":
    unittest.main()
