"""The Makefile's guards hold: each is made to fail on purpose in a small tree."""

import os
import shutil
import subprocess
import tempfile
import unittest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
KEPT = ["Makefile", "ci/gen-symtab", "impl/abi/component.mk",
        "impl/base/component.mk", "impl/hypervisor/component.mk"]
SAMPLE = {
    "impl/base/include/base/add.h":
        "#ifndef BASE_ADD_H\n#define BASE_ADD_H\nint add(int a, int b);\n"
        "#endif\n",
    "impl/base/add.c":
        '#include "base/add.h"\nint add(int a, int b)\n{\n    return a + b;\n'
        "}\n",
    "impl/hypervisor/include/hv/core.h":
        "#ifndef HV_CORE_H\n#define HV_CORE_H\nint arch_nr(void);\n"
        "int core(void);\n#endif\n",
    "impl/hypervisor/core/core.c":
        '#include "hv/core.h"\n#include "base/add.h"\nint core(void)\n{\n'
        "    return add(arch_nr(), 1);\n}\n",
    "impl/hypervisor/arch/x86/include/x86/regs.h":
        "#ifndef X86_REGS_H\n#define X86_REGS_H\n#endif\n",
}


class Build(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.tree = os.path.join(temporary.name, "tree")
        self.out = os.path.join(temporary.name, "out")
        for path in KEPT:
            os.makedirs(os.path.dirname(os.path.join(self.tree, path)),
                        exist_ok=True)
            shutil.copy(os.path.join(ROOT, path), os.path.join(self.tree, path))
        for path, text in SAMPLE.items():
            self.write(path, text)

    def write(self, path, text):
        full = os.path.join(self.tree, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)

    def make(self, *args):
        """The exit status, and what make said."""
        env = {k: v for k, v in os.environ.items() if k != "O"
               and not k.startswith("MAKE") and k != "MFLAGS"}
        done = subprocess.run(
            ["make", "-C", self.tree, "SETUP=no", "O=" + self.out, *args],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env,
            stdin=subprocess.DEVNULL, check=False)
        return done.returncode, done.stdout.decode()

    def refused(self, *args, because):
        status, said = self.make(*args)
        self.assertNotEqual(status, 0, said)
        self.assertIn(because, said)

    def test_a_sound_tree_builds_and_stays_clean(self):
        status, said = self.make("all", "headers")
        self.assertEqual(status, 0, said)
        found = {os.path.relpath(os.path.join(folder, name), self.tree)
                 for folder, _, names in os.walk(self.tree) for name in names}
        self.assertEqual(found, set(KEPT) | set(SAMPLE))

    def test_a_second_make_does_nothing(self):
        self.make("all", "headers")
        _, said = self.make("all", "headers")
        self.assertNotIn("CC", said)
        self.assertNotIn("HEADER", said)

    def test_a_changed_header_rebuilds_what_includes_it(self):
        self.make("all")
        path = os.path.join(self.tree, "impl/base/include/base/add.h")
        os.utime(path, (os.path.getmtime(path) + 10,) * 2)
        _, said = self.make("all")
        self.assertIn("core/core.o", said)

    def test_a_changed_flag_rebuilds(self):
        self.make("all")
        _, said = self.make("all", "CC=gcc -DX")
        self.assertIn("core/core.o", said)

    def test_the_core_may_not_need_foreign_symbols(self):
        path = "impl/hypervisor/core/core.c"
        self.write(path, SAMPLE[path].replace("arch_nr()", "printf()"))
        self.write("impl/hypervisor/include/hv/core.h",
                   SAMPLE["impl/hypervisor/include/hv/core.h"].replace(
                       "int arch_nr(void);", "int printf(void);"))
        self.refused("all", "CC=gcc -fno-builtin", because="printf")

    def test_base_may_not_see_the_hypervisor(self):
        path = "impl/base/add.c"
        self.write(path, '#include "hv/core.h"\n' + SAMPLE[path])
        self.refused("all", because="hv/core.h")

    def test_the_core_may_not_see_an_architecture(self):
        path = "impl/hypervisor/core/core.c"
        self.write(path, '#include "x86/regs.h"\n' + SAMPLE[path])
        self.refused("all", because="x86/regs.h")

    def test_the_image_may_not_see_the_c_library(self):
        path = "impl/hypervisor/core/core.c"
        self.write(path, "#include <stdio.h>\n" + SAMPLE[path])
        self.refused("all", because="stdio.h")

    def test_a_header_must_compile_alone(self):
        path = "impl/base/include/base/add.h"
        self.write(path, SAMPLE[path].replace("int a,", "uint32_t a,"))
        self.refused("headers", because="uint32_t")

    def test_a_warning_is_an_error(self):
        path = "impl/base/add.c"
        self.write(path, SAMPLE[path].replace("return", "int c; return"))
        self.refused("all", because="unused variable")


if __name__ == "__main__":
    unittest.main()
