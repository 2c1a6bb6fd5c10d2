"""A machine process is listened to, timed, and never left behind."""
import os
import select
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from touchstone.console import Line, Record  # noqa: E402
from touchstone.machine import Machine, MachineTimeout  # noqa: E402

STUBBORN = ["sh", "-c", "trap '' TERM; echo up; while :; do sleep 9; done"]


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def gone_within(pid, seconds):
    """Whether a process that is not our child ends in time."""
    try:
        watched = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([watched], [], [], seconds)[0])
    finally:
        os.close(watched)


class Listening(unittest.TestCase):
    def events(self, script, deadline_s=20):
        with Machine(["sh", "-c", script], None) as machine:
            return list(machine.events(deadline_s)), machine

    def test_lines_and_records_in_order(self):
        out, _ = self.events("echo one; echo '@ts d 1 2 {}'; printf last")
        self.assertIsInstance(out[1], Record)
        self.assertEqual([e.text for e in out if isinstance(e, Line)],
                         ["one", "last"])

    def test_complaints_are_kept_apart(self):
        _, machine = self.events("echo 'qemu: warning: x' >&2; echo bad >&2")
        self.assertEqual(machine.complaint(), "bad")

    def test_silence_ends_at_the_deadline(self):
        with Machine(STUBBORN, None) as machine:
            with self.assertRaises(MachineTimeout):
                list(machine.events(0.3))

    def test_typing_reaches_the_machine(self):
        with Machine(["cat"], None) as machine:
            machine.type(b"hello\n")
            self.assertEqual(next(machine.events(20)).text, "hello")


class Ending(unittest.TestCase):
    def test_leaving_ends_the_process(self):
        with Machine(["sleep", "60"], None) as machine:
            pid = machine.process.pid
        self.assertFalse(alive(pid))

    def test_an_error_ends_the_process(self):
        with self.assertRaises(KeyError):
            with Machine(["sleep", "60"], None) as machine:
                pid = machine.process.pid
                raise KeyError
        self.assertFalse(alive(pid))

    def test_our_own_death_ends_the_process(self):
        code = ("import sys, time; sys.path.insert(0, sys.argv[1])\n"
                "from touchstone.machine import Machine\n"
                "with Machine(['sleep', '60'], None) as m:\n"
                "    print(m.process.pid, flush=True); list(m.events(60))\n")
        parent = subprocess.Popen([sys.executable, "-c", code, sys.path[0]],
                                  stdout=subprocess.PIPE)
        pid = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        parent.stdout.close()
        self.assertTrue(gone_within(pid, 10))


if __name__ == "__main__":
    unittest.main()
