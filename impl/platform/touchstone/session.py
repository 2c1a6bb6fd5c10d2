"""What one boot of the platform told: milestones, spans, facts, checks."""
import collections
import re

from touchstone import machines
from touchstone.console import Files, Record
from touchstone.machine import Machine, MachineTimeout

# What our hypervisor prints for debug key 'x'.
COUNTS = re.compile(r"^\(TS\) \[[^]]*\] (exits|hypercalls) d(\d+)(.*)")
COUNT = re.compile(r"([A-Za-z_][\w:.-]*)=(\d+)")
TAIL_LINES = 40

# seconds: None while the span is open.
Span = collections.namedtuple("Span", "source name start seconds rc")
Check = collections.namedtuple("Check", "source name outcome detail")


class Outcome:
    """Everything a boot left behind; times are seconds from QEMU's start."""

    def __init__(self):
        self.milestones = {}
        self.marks = {}
        self.spans = []
        self.facts = {}
        self.files = {}
        self.checks = []
        self.errors = []
        self.closed = {}
        self.counts = {"exits": {}, "hypercalls": {}}
        self.lost = 0
        self.seconds = 0.0
        self.ended = False
        self.tail = collections.deque(maxlen=TAIL_LINES)

    def span(self, name, source=None):
        """The first closed span of a name, or None."""
        for span in self.spans:
            if span.name == name and source in (None, span.source):
                return span
        return None


class Session:
    """Sorts the events of one machine into an Outcome, and shows them."""

    def __init__(self, hypervisor, view):
        self.row = machines.HYPERVISORS[hypervisor]
        self.view = view
        self.outcome = Outcome()
        self.files = Files()
        self.open_spans = {}
        self.handlers = {
            "mark": self.on_mark, "begin": self.on_begin, "end": self.on_end,
            "fact": self.on_fact, "check": self.on_check,
            "skip": self.on_skip, "error": self.on_error,
            "piece": self.on_file, "file": self.on_file,
            "close": self.on_close,
        }

    def run(self, command, limit_s, log, monitor=None):
        """Boot, listen to the end; what went wrong is in outcome.errors."""
        out = self.outcome
        with Machine(command, log, monitor) as machine:
            try:
                for event in machine.events(limit_s):
                    self.take(event)
                out.ended = True
            except MachineTimeout as error:
                out.errors.append(str(error))
                machine.diagnose()
            out.seconds = machine.seconds()
            machine.stop()
            if machine.process.returncode > 0:
                out.errors.append("QEMU failed: " + machine.complaint())
        out.lost = machine.records.lost
        if out.lost:
            out.errors.append(f"{out.lost} records were lost on the console")
        return out

    def take(self, event):
        if isinstance(event, Record):
            handler = self.handlers.get(event.data.get("t"))
            if handler:
                handler(event, event.data)
            return
        self.outcome.tail.append(event.text)
        if ("hypervisor" not in self.outcome.milestones
                and self.row.banner.search(event.text)):
            self.outcome.milestones["hypervisor"] = event.time
            self.view.milestone("hypervisor", event.time)
        if machines.HYPERVISOR_LINE.match(event.text):
            self.on_hypervisor_line(event)
        else:
            self.view.text(event.text)

    def on_hypervisor_line(self, line):
        found = COUNTS.match(line.text)
        if found:
            kind, domain, text = found.groups()
            counts = self.outcome.counts[kind].setdefault(f"d{domain}", {})
            for name, number in COUNT.findall(text):
                counts[name] = int(number)
        self.view.hypervisor(line.text)

    def on_mark(self, record, data):
        name = data["name"]
        self.outcome.marks.setdefault((record.source, name), record.time)
        self.outcome.milestones.setdefault(name, record.time)
        self.view.milestone(f"{record.source}: {name}", record.time)

    def on_begin(self, record, data):
        self.open_spans[record.source, data["name"]] = record.time
        self.view.begin(record.source, data["name"])

    def on_end(self, record, data):
        start = self.open_spans.pop((record.source, data["name"]), None)
        if start is None:
            return
        span = Span(record.source, data["name"], start, record.time - start,
                    data["rc"])
        self.outcome.spans.append(span)
        self.view.end(span)

    def on_fact(self, record, data):
        facts = self.outcome.facts.setdefault(record.source, {})
        facts[data["name"]] = data["value"]
        self.view.fact(record.source, data["name"], data["value"])

    def on_check(self, record, data):
        self.add_check(record, data, "ok" if data["ok"] else "failed")

    def on_skip(self, record, data):
        self.add_check(record, data, "skipped")

    def add_check(self, record, data, outcome):
        check = Check(record.source, data["name"], outcome, data["detail"])
        self.outcome.checks.append(check)
        self.view.check(check, len(self.outcome.checks))

    def on_error(self, record, data):
        self.outcome.errors.append(f"{record.source}: {data['text']}")
        self.view.error(f"{record.source}: {data['text']}")

    def on_file(self, record, data):
        try:
            contents = self.files.feed(record)
        except (ValueError, OSError) as error:
            self.outcome.errors.append(str(error))
            return
        if contents is not None:
            self.outcome.files[record.source, data["name"]] = contents

    def on_close(self, record, data):
        self.outcome.closed[record.source] = data["rc"]
