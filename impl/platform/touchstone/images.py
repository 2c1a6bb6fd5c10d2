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


def append(target, more):
    """Put the archive in file more behind the one in file target."""
    with open(target, "ab") as out, open(more, "rb") as handle:
        out.write(b"\0" * (-out.tell() % newc.BLOCK))
        shutil.copyfileobj(handle, out)


def with_files(initrd, archives, contents, target):
    """Write an initrd: a copy, more archives, and one of {path: bytes}.

    Linux unpacks one archive after the other; later files win.
    """
    shutil.copyfile(initrd, target)
    for more in archives:
        append(target, more)
    with open(target, "ab") as out:
        out.write(b"\0" * (-out.tell() % newc.BLOCK))
        newc.write(out, newc.files(contents))
