"""The files a machine boots from, and scripts added to dom0's image."""
import os
import shutil

import newc


class ImageMissing(Exception):
    """A boot file is not there; the text says which, and what makes it."""


class Boot:
    """The boot files that the build left in one directory."""

    def __init__(self, build):
        self.build = build

    def path(self, name):
        folders = (self.build, os.path.join(self.build, "dom0"))
        for folder in folders:
            path = os.path.join(folder, name)
            if os.path.exists(path):
                return path
        raise ImageMissing(f"cannot find '{name}' in '{self.build}': "
                           "run 'make' first")


def with_files(initrd, contents, target):
    """Copy initrd to target with another archive of {path: bytes} behind it.

    Linux unpacks one archive after the other, each from a multiple of four.
    """
    shutil.copyfile(initrd, target)
    with open(target, "ab") as out:
        out.write(b"\0" * (-out.tell() % 4))
        newc.write(out, newc.files(contents))
