"""One running machine that takes jobs over its console.

The other end of the line is impl/dom0/lib/agent.sh. While its peers are
measured a machine is stopped: its processors and clocks stand still, so
nothing in it times out and it takes no time from them.
"""
import base64
import collections
import gzip

from lab.errors import JobFailed, Undone
from touchstone import qmp
from touchstone.console import Files, Record
from touchstone.machine import Machine, MachineTimeout

# A piece of a job's text on the console, in bytes: upstream Xen keeps 128.
PIECE = 80
AGENT = "agent"
LINES_LIMIT = 2000

# status and output of the command; records: what it reported meanwhile.
Job = collections.namedtuple("Job", "status text records")


class Peer:
    """A machine, its agent in dom0 (or in plain Linux), its guests."""

    def __init__(self, name, command, log, monitor, scale):
        self.name = name
        self.command = command
        self.machine = Machine(command, log, monitor)
        self.monitor = monitor
        self.scale = scale
        self.files = Files()
        self.number = 0
        self.done = {}
        self.outputs = {}
        self.running = False
        self.guests = {}
        self.ready = set()
        self.lines = collections.deque(maxlen=LINES_LIMIT)
        self.boot_records = []
        self.lab = None
        self.kernel = "dom0"
        self.unusable = {}
        self.pieces = collections.Counter()
        self.port = 0

    def guest(self, vcpus, kind=""):
        """The name of the stock guest of that size, which is up."""
        return self.lab.guest(self, vcpus, kind)

    def start(self, limit_s):
        """Boot; returns once the agent takes jobs."""
        self.machine.__enter__()
        self.running = True
        self.boot_records = self.wait(
            lambda record: record.data.get("name") == AGENT
            and record.source == AGENT, limit_s, "the boot")

    def stop(self):
        self.running = False
        if self.machine.process:
            self.machine.stop()

    def pause(self):
        if self.running:
            self.ask("stop")
            self.running = False

    def resume(self):
        if not self.running:
            self.ask("cont")
            self.running = True

    def ask(self, command):
        try:
            qmp.ask(self.monitor, command)
        except qmp.QmpError as error:
            raise JobFailed(f"{self.name}: {error}") from error

    def job(self, verb, text, limit_s=60):
        """Run text by a verb of the agent; limit_s is for a quick machine."""
        return self.finish(self.begin(verb, text, limit_s), limit_s, text)

    def begin(self, verb, text, limit_s=60):
        """Hand over a job; its number. A guest's runs beside the next."""
        self.number += 1
        for start in range(0, len(text), PIECE):
            self.send(f"more :{text[start:start + PIECE]}:")
            self.wait(lambda record: record.source == AGENT
                      and record.data.get("t") == "more", limit_s,
                      "a piece of a job")
        self.send(f"job {self.number} {verb}")
        return self.number

    def finish(self, number, limit_s, what=""):
        """The outcome of a job that was handed over: Job."""
        records = []
        if number not in self.done:
            records = self.wait(lambda _: number in self.done, limit_s,
                                f"'{what}'")
        return Job(self.done.pop(number), self.outputs.pop(number, ""),
                   records)

    def note(self, record):
        """Keep what belongs to a job, whoever waits for what."""
        contents = self.files.feed(record)
        if contents is not None and record.data["name"].startswith("job"):
            self.outputs[int(record.data["name"][3:])] = contents.decode(
                "utf-8", "replace")
        if record.data.get("t") == "done":
            self.done[record.data["job"]] = record.data["rc"]

    def do(self, text, limit_s=60):
        """A job in the agent's own shell that must succeed."""
        return self.must(text, self.job("do", text, limit_s))

    def attempt(self, device, text):
        """Make a device ready; who needs it asks for it with need()."""
        job = self.job("do", text)
        if job.status:
            self.unusable[device] = f"'{text}' failed with {job.status}: " \
                f"{job.text.strip()[:600]}"

    def need(self, device):
        if device in self.unusable:
            raise Undone(f"{self.name}: no {device}: {self.unusable[device]}")

    def sh(self, text, limit_s=60):
        return self.must(text, self.job("sh", text, limit_s))

    def guest_job(self, guest, text, limit_s=60):
        """A command in a guest whose agent runs: Job."""
        return self.job(f"to:{guest}", text, limit_s)

    def guest_sh(self, guest, text, limit_s=60):
        return self.must(text, self.guest_job(guest, text, limit_s))

    def put(self, guest, path, contents):
        """A small file for a guest."""
        text = base64.b64encode(gzip.compress(contents)).decode()
        self.guest_sh(guest, f"echo {text} | base64 -d | gunzip >{path}")

    def must(self, text, job):
        if job.status:
            told = [record.data["text"] for record in job.records
                    if record.data.get("t") == "error"]
            told.append(job.text.strip()[:600])
            raise JobFailed(f"{self.name}: '{text}' failed with "
                            f"{job.status}: {' '.join(told)}")
        return job

    def send(self, line):
        try:
            self.machine.type(line.encode() + b"\n")
        except OSError as error:
            raise JobFailed(f"{self.name}: the machine ended: "
                            f"{self.machine.complaint()}") from error

    def wait(self, is_last, limit_s, what):
        """The records up to the one that is awaited."""
        records = []
        limit = self.machine.seconds() + limit_s * self.scale
        try:
            for event in self.machine.events(limit):
                if not isinstance(event, Record):
                    self.lines.append(event.text)
                    continue
                records.append(event)
                self.note(event)
                if is_last(event):
                    return records
        except MachineTimeout as error:
            self.machine.diagnose()
            raise JobFailed(f"{self.name}: no answer to {what} within "
                            f"{limit_s * self.scale:.0f} s") from error
        except ValueError as error:
            raise JobFailed(f"{self.name}: {error}") from error
        raise JobFailed(f"{self.name}: the machine ended during {what}: "
                        f"{self.machine.complaint()}")
