"""One running QEMU: started, listened to, and gone afterwards."""
import collections
import ctypes
import os
import selectors
import signal
import subprocess
import time

from touchstone import qmp
from touchstone.console import LineSplitter, RecordReader

PR_SET_PDEATHSIG = 1
STOP_GRACE_S = 3
# What a hypervisor is asked when the machine hangs: take the serial line,
# then domains, run queue, clocks, event channels.
DEBUG_KEYS = b"\x01\x01\x01qrte"
DEBUG_S = 3
LIBC = ctypes.CDLL(None, use_errno=True)


class MachineTimeout(Exception):
    """Nothing, or not the end, came within the time allowed."""


class Machine:
    """Use as a context manager; leaving it ends QEMU whatever happened."""

    def __init__(self, command, log, monitor=None):
        self.command = command
        self.log = log
        self.monitor = monitor
        self.process = None
        self.started = None
        self.errors = b""
        self.lines = LineSplitter()
        self.records = RecordReader()
        self.pending = collections.deque()

    def __enter__(self):
        self.started = time.monotonic()
        # A session of its own: Ctrl-C reaches us alone, and we end it.
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, start_new_session=True,
            preexec_fn=die_with_parent)
        return self

    def __exit__(self, *_):
        self.stop()

    def seconds(self):
        return time.monotonic() - self.started

    def type(self, text):
        """Bytes for the serial port."""
        self.process.stdin.write(text)
        self.process.stdin.flush()

    def events(self, deadline_s):
        """Yield Record and Line until QEMU ends.

        MachineTimeout when deadline_s seconds after the start have passed.
        Whoever stops listening in between may go on with another call.
        """
        pipes = {self.process.stdout: True, self.process.stderr: False}
        with selectors.DefaultSelector() as selector:
            for pipe in pipes:
                os.set_blocking(pipe.fileno(), False)
                selector.register(pipe, selectors.EVENT_READ)
            while selector.get_map():
                yield from self.waiting()
                left = deadline_s - self.seconds()
                if left <= 0:
                    raise MachineTimeout(f"no end after {deadline_s:.0f} s")
                for key, _ in selector.select(left):
                    data = key.fileobj.read(65536)
                    if not data:
                        selector.unregister(key.fileobj)
                    self.take(data, pipes[key.fileobj])
        self.process.wait()
        for line in self.lines.close(self.seconds()):
            self.pending.extend(self.records.feed(line))
        yield from self.waiting()

    def waiting(self):
        """The events that came and that nobody has taken yet."""
        while self.pending:
            yield self.pending.popleft()

    def take(self, data, is_console):
        """Bytes that just arrived become events."""
        data = data or b""
        if not is_console:
            self.errors += data
            return
        now = self.seconds()
        if self.log:
            self.log.write(data)
            self.log.flush()
        for line in self.lines.feed(data, now):
            self.pending.extend(self.records.feed(line))

    def stop(self):
        """End QEMU by its process id, and wait for it."""
        process = self.process
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(STOP_GRACE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            try:
                pipe.close()
            except BrokenPipeError:
                pass

    def diagnose(self):
        """Leave in the log what a machine that hangs can still tell."""
        try:
            self.note("registers", registers(self.monitor))
            self.type(DEBUG_KEYS)
            for _ in self.events(self.seconds() + DEBUG_S):
                pass
        except (MachineTimeout, qmp.QmpError, OSError) as error:
            self.note("diagnosis", str(error))

    def note(self, title, text):
        if self.log:
            self.log.write(f"\n--- {title}\n{text}\n---\n".encode())

    def complaint(self):
        """QEMU's own error text without its warnings."""
        return "\n".join(
            line for line in self.errors.decode("utf-8", "replace")
            .splitlines() if "warning:" not in line
            and "terminating on signal" not in line)


def die_with_parent():
    """Even if we are killed, QEMU does not stay behind."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def registers(monitor):
    """All CPUs' registers as QEMU's monitor prints them."""
    if not monitor:
        return "no monitor"
    return str(qmp.ask(monitor, "human-monitor-command",
                       **{"command-line": "info registers -a"}))
