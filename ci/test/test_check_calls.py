"""ci/check-calls finds recursion, direct and over several functions."""

import os
import subprocess
import sys
import tempfile
import unittest

CHECK = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir,
                     "check-calls")
KEEP = "__attribute__((noinline)) "


class CheckCalls(unittest.TestCase):
    def verdict(self, *functions, boundaries=()):
        """The exit status and the first line for a program of functions."""
        with tempfile.TemporaryDirectory() as folder:
            elf = os.path.join(folder, "a.elf")
            source = "".join("int %s(int n);\n" % name for name in "fgh")
            source += "".join(KEEP + text + "\n" for text in functions)
            subprocess.run(
                ["gcc", "-x", "c", "-", "-O1", "-nostdlib", "-static",
                 "-no-pie", "-Wl,-e,f", "-o", elf],
                input=source.encode(), check=True)
            done = subprocess.run([sys.executable, CHECK, elf, *boundaries],
                                  check=False, stdout=subprocess.PIPE)
        return done.returncode, done.stdout.decode().splitlines()[0]

    def test_a_loop_is_not_recursion(self):
        status, _ = self.verdict(
            "int f(int n) { while (n > 0) n += g(n); return n; }",
            "int g(int n) { return n - 2; }")
        self.assertEqual(status, 0)

    def test_a_shared_callee_is_not_recursion(self):
        status, _ = self.verdict(
            "int f(int n) { return g(n) + h(n + 1); }",
            "int g(int n) { return h(n) * 3; }", "int h(int n) { return -n; }")
        self.assertEqual(status, 0)

    def test_a_function_that_calls_itself_is_refused(self):
        got = self.verdict(
            "int f(int n) { return n > 2 ? f(n - 1) * f(n - 2) : 1; }")
        self.assertEqual(got, (1, "# f -> f"))

    def test_a_cycle_of_functions_is_refused(self):
        got = self.verdict("int f(int n) { return g(n) + 1; }",
                           "int g(int n) { return n ? h(n) * 3 : n; }",
                           "int h(int n) { return f(n - 1) * 5; }")
        self.assertEqual(got, (1, "# f -> g -> h -> f"))

    def test_a_boundary_may_call_back(self):
        status, _ = self.verdict("int f(int n) { return g(n) + 1; }",
                                 "int g(int n) { return n ? f(n - 1) * 5 : n; }",
                                 boundaries=["g"])
        self.assertEqual(status, 0)


if __name__ == "__main__":
    unittest.main()
