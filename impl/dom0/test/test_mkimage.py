"""Images follow their lists, and nothing else."""
import os
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import newc  # noqa: E402

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# Every image has them, whether or not they lead somewhere.
ROOT_LINKS = ("bin", "sbin", "lib", "lib64")
MODULES = {"drivers/a-b.ko": b"\0depends=c_d,built\0", "net/c-d.ko":
           b"\0depends=e\0", "net/e.ko": b"\0depends=\0"}


class Images(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = holder.name
        self.put("root/etc/conf", b"text")
        self.put("root/etc/tree/one", b"1")
        self.put("root/lib/modules/6.1-x/modules.builtin",
                 b"kernel/built.ko\n")
        for name, data in MODULES.items():
            self.put("root/lib/modules/6.1-x/kernel/" + name, data)
        os.symlink("conf", self.path("root/etc/alias"))

    def path(self, name):
        return os.path.join(self.folder, name)

    def put(self, name, data):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "wb") as out:
            out.write(data)

    def make(self, text, *options):
        """(exit status, what it said, {path: contents})."""
        self.put("list", text.encode())
        done = subprocess.run(
            [sys.executable, os.path.join(HERE, "mkimage"), "--root",
             self.path("root"), "--spec", self.path("list"), "--out",
             self.path("image"), *options], capture_output=True, text=True,
            check=False)
        return done.returncode, done.stderr, self.unpacked()

    def unpacked(self):
        if not os.path.exists(self.path("image")):
            return None
        target = tempfile.mkdtemp(dir=self.folder)
        with open(self.path("image"), "rb") as image:
            subprocess.run(["cpio", "-idu", "--quiet"], stdin=image,
                           cwd=target, check=True)
        out = {}
        for folder, _, names in os.walk(target):
            for name in filter(lambda n: n not in ROOT_LINKS, names):
                full = os.path.join(folder, name)
                with open(os.path.realpath(full), "rb") as handle:
                    out[os.path.relpath(full, target)] = handle.read()
        return out

    def test_files_trees_and_links(self):
        code, said, found = self.make(
            "file /etc/alias /etc/tree\nlink /etc/other conf\n")
        self.assertEqual((code, said), (0, ""))
        self.assertEqual(found, {"etc/alias": b"text", "etc/conf": b"text",
                                 "etc/other": b"text", "etc/tree/one": b"1"})

    def test_own_files_by_name_and_by_place(self):
        self.put("mine", b"m")
        self.put("elsewhere", b"e")
        _, _, found = self.make("ours mine /a\nours given /bin/b\n", "--set",
                                "given=" + self.path("elsewhere"))
        self.assertEqual(found, {"a": b"m", "usr/bin/b": b"e"})

    def test_modules_bring_what_they_need(self):
        _, _, found = self.make("kernel 6.1-*\nmodule a-b\n")
        place = "usr/lib/modules/6.1-x/"
        self.assertEqual(
            found[place + "modules.dep"].decode().splitlines(),
            ["kernel/drivers/a-b.ko: kernel/net/c-d.ko kernel/net/e.ko",
             "kernel/net/c-d.ko: kernel/net/e.ko", "kernel/net/e.ko:"])
        self.assertIn(place + "kernel/net/e.ko", found)

    def test_same_inputs_same_image(self):
        text = "kernel 6.1-*\nmodule a-b\nfile /etc\n"
        images = []
        for _ in range(2):
            code, said, _ = self.make(text)
            self.assertEqual((code, said), (0, ""))
            with open(self.path("image"), "rb") as handle:
                images.append(handle.read())
        self.assertEqual(*images)

    def refused(self, text, reason):
        code, said, found = self.make(text)
        self.assertEqual((code, found), (2, None))
        self.assertIn(reason, said)

    def test_missing_file_is_named(self):
        self.refused("file /no/such\n", "/no/such")

    def test_unknown_word_is_named_with_its_line(self):
        self.refused("file /etc/conf\nfoo bar\n", "list:2")

    def test_unknown_module_is_named(self):
        self.refused("kernel 6.1-*\nmodule zzz\n", "zzz")

    def test_kernel_must_be_one(self):
        self.refused("kernel 9*\n", "matches 0")


class Archives(unittest.TestCase):
    def test_entries_are_aligned(self):
        for size in range(5):
            self.assertEqual(len(newc.entry("n", 1, 0o100644,
                                            b"x" * size)) % 4, 0)

    def test_folders_come_before_their_files(self):
        entries = newc.files({"a/b/c": b""})
        self.assertEqual(sorted(entries), ["a", "a/b", "a/b/c"])


if __name__ == "__main__":
    unittest.main()
