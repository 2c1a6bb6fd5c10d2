"""The commands of the thin CLI, one after the other: commands/*.txt.

A line is a command, and what it must print behind `=>`, or how it must be
refused behind `!>`; neither: it prints nothing. `NAME <- COMMAND` keeps the first
thing that was printed as $NAME. `@ADDRESS COMMAND` is for another host. {files}
stands for a folder with small files. A file X.yaml beside X.txt describes the
pools.
"""

import glob
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import thin_cli  # noqa: E402
from simulation import Simulation  # noqa: E402

LINE = re.compile(r"(?:(\w+) <- )?(?:@([\d.]+) )?(.*?)(?: (=>|!>) (.*))?\Z")
DISK_BYTES = 65536


def certificate(folder):
    """A certificate and its key, by GnuTLS or OpenSSL, whichever is there."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout",
         os.path.join(folder, "ca.key"), "-out",
         os.path.join(folder, "ca.pem"), "-days", "30", "-subj", "/CN=test"],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Script:
    """Runs the lines of a file; what is not as they say is listed."""

    def __init__(self, simulation, folder):
        self.simulation, self.folder = simulation, folder
        self.names, self.wrong, self.run = {}, [], 0

    def filled(self, text):
        text = text.replace("{files}", self.folder)
        return re.sub(r"\$(\w+)", lambda m: self.names[m.group(1)], text)

    def command(self, text, address=None):
        text = self.filled(text)
        client = thin_cli.Client(address or "127.0.0.1", self.simulation.port, "")
        status = client.run([*shlex.split(text), "username=root",
                             "password=x"])
        return status, "".join(client.out), "".join(client.err)

    def line(self, line):
        name, address, text, sign, wanted = LINE.match(line).groups()
        status, out, err = self.command(text, address)
        self.run += 1
        if name:
            self.names[name] = out.strip().split(",")[0]
        good = status == (1 if sign == "!>" else 0) and (
            self.filled(wanted) in (err if sign == "!>" else out) if sign
            else name or not out.strip())
        if not good or (name and not self.names[name]):
            self.wrong.append("%s\n  gave %d: %s%s" % (line, status, out, err))


def pool_of(path):
    own = path.replace(".txt", ".yaml")
    return ("--pool", own) if os.path.exists(own) else ("--preset", "trio")


class Commands(unittest.TestCase):

    def setUp(self):
        if not shutil.which("openssl"):
            self.skipTest("openssl is missing")
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        certificate(self.folder)
        for name, data in (("disk.raw", b"\x5a" * DISK_BYTES),
                           ("bad.pem", b"no certificate\n")):
            with open(os.path.join(self.folder, name), "wb") as file:
                file.write(data)

    def test_commands_do_what_they_say(self):
        paths = sorted(glob.glob(os.path.join(HERE, "commands", "*.txt")))
        self.assertTrue(paths)
        for path in paths:
            with self.subTest(os.path.basename(path)), Simulation(
                    *pool_of(path), "--guests", "linux") as simulation, \
                    open(path, encoding="utf-8") as file:
                script = Script(simulation, self.folder)
                for line in file.read().splitlines():
                    if line and not line.startswith("#"):
                        script.line(line)
                self.assertGreater(script.run, 0)
                self.assertEqual(script.wrong, [], "\n".join(script.wrong))


if __name__ == "__main__":
    unittest.main()
