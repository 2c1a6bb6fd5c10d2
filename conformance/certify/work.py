"""The folder of one run: its lock, its state, the programs that it starts."""

import ctypes
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)


class WorkError(Exception):
    """Nothing can be certified like this; the text says what to do."""


def die_with_parent():
    """A run that is killed must not leave suites behind that go on."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def write_file(path, text):
    """All of a file or nothing, on the disk when this returns."""
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(path + ".new", path)


def read_json(path):
    """What a JSON file holds, or None when it is missing or damaged."""
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return None


class Work:
    """State is written after every step, so that a kill loses one at most."""

    def __init__(self, path, settings, resume, restart):
        self.path = path
        self.take_lock(restart)
        self.state = read_json(self.inside("state.json"))
        if self.state and not resume:
            raise WorkError(
                "an interrupted run is in '%s'; --resume goes on with it, "
                "--restart begins anew" % path)
        if self.state and self.state["settings"] != settings:
            raise WorkError(
                "the run in '%s' was started with other options: %s; repeat "
                "them, or begin anew with --restart" % (path, " ".join(
                    "%s=%s" % (key, value) for key, value in
                    self.state["settings"].items()
                    if settings.get(key) != value)))
        self.resumed = bool(self.state)
        if not self.state:
            self.state = {"settings": settings, "started": time.time(),
                          "stages": {}}
            self.save()

    def take_lock(self, restart):
        os.makedirs(self.path, exist_ok=True)
        # pylint: disable=consider-using-with
        self.lock = open(self.inside("lock"), "w", encoding="utf-8")
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise WorkError("another run uses '%s'; name another folder with "
                            "--work" % self.path) from None
        if restart:
            for name in os.listdir(self.path):
                if name != "lock":
                    remove(self.inside(name))

    def inside(self, *names):
        return os.path.join(self.path, *names)

    def save(self):
        write_file(self.inside("state.json"),
                   json.dumps(self.state, indent=1) + "\n")

    def result(self, stage):
        """What a stage that is done left: rows, facts and seconds."""
        done = self.state["stages"].get(stage, {}).get("done")
        return read_json(self.inside("stages", stage + ".json")) \
            if done else None

    def begun(self, stage):
        """Whether the stage was interrupted; marks it as begun."""
        row = self.state["stages"].setdefault(stage, {"starts": 0})
        row["starts"] += 1
        self.save()
        return row["starts"] > 1

    def finish(self, stage, result):
        write_file(self.inside("stages", stage + ".json"), json.dumps(result))
        self.state["stages"][stage]["done"] = True
        self.save()

    def run(self, name, argv, shown=True):
        """Runs a program to its end; its output goes to logs/NAME.txt."""
        log = self.inside("out", "logs", name + ".txt")
        os.makedirs(os.path.dirname(log), exist_ok=True)
        with open(log, "ab") as out:
            errors = None if shown and sys.stderr.isatty() else out
            try:
                return subprocess.run(
                    argv, stdin=subprocess.DEVNULL, stdout=out, stderr=errors,
                    preexec_fn=die_with_parent, check=False).returncode
            except OSError as error:
                out.write(("cannot start: %s\n" % error).encode())
                return 127

    def lines(self, name):
        """What a log says."""
        try:
            with open(self.inside("out", "logs", name + ".txt"),
                      encoding="utf-8", errors="replace") as file:
                return [line.strip() for line in file if line.strip()]
        except OSError:
            return []

    def tail(self, name):
        """The last words of a program, with its name before them."""
        text = (self.lines(name) or ["it says nothing"])[-1]
        return text if text.startswith("touchstone") else \
            "touchstone %s: %s" % (name, text)


def remove(path):
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    else:
        os.unlink(path)
