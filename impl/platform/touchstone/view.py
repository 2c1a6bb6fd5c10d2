"""How a run is shown while it goes on: a bar on a terminal, else lines."""
import os
import sys

BAR_WIDTH = 24
GREEN, RED, DIM, PLAIN = "\x1b[32m", "\x1b[31m", "\x1b[2m", "\x1b[0m"


class View:
    """Shows nothing; the base of the others."""

    def start(self, title):
        pass

    def milestone(self, name, seconds):
        pass

    def begin(self, source, name):
        pass

    def end(self, span):
        pass

    def fact(self, source, name, value):
        pass

    def check(self, check, number):
        pass

    def error(self, text):
        pass

    def text(self, line):
        pass

    def hypervisor(self, line):
        pass

    def finish(self):
        pass


def colours(stream):
    return stream.isatty() and "NO_COLOR" not in os.environ


class Progress(View):
    """Milestones and steps of a run on stderr.

    On a terminal one line is drawn again and again: how many of the expected
    steps are done, and the newest. Otherwise each step is a line.
    """

    def __init__(self, expected_steps, stream=sys.stderr):
        self.stream = stream
        self.bar = stream.isatty()
        self.expected = expected_steps
        self.done = 0
        self.title = ""

    def start(self, title):
        self.title, self.done = title, 0
        if not self.bar:
            print(f"{title}: starting", file=self.stream, flush=True)

    def step(self, text):
        self.done += 1
        if not self.bar:
            print(f"{self.title}: {text}", file=self.stream, flush=True)
            return
        part = min(1.0, self.done / self.expected)
        filled = int(part * BAR_WIDTH)
        line = (f"{self.title} [{'#' * filled}{'.' * (BAR_WIDTH - filled)}]"
                f" {text}")
        columns = os.get_terminal_size(self.stream.fileno()).columns
        self.stream.write("\r\x1b[K" + line[:columns - 1])
        self.stream.flush()

    def milestone(self, name, seconds):
        self.step(f"{name} after {seconds:.1f} s")

    def end(self, span):
        self.step(f"{span.source}: {span.name} took {span.seconds:.1f} s")

    def check(self, check, number):
        if check.outcome == "failed":
            self.error(f"check failed: {check.name}: {check.detail}")

    def error(self, text):
        self.finish()
        red, plain = (RED, PLAIN) if colours(self.stream) else ("", "")
        print(f"{red}{self.title}: {text}{plain}", file=self.stream,
              flush=True)

    def finish(self):
        if self.bar:
            self.stream.write("\r\x1b[K")
            self.stream.flush()


class Script(View):
    """A script's output on stdout, its checks as TAP; the rest on stderr."""

    def __init__(self, verbose, out=sys.stdout, err=sys.stderr):
        self.out, self.err, self.verbose = out, err, verbose
        self.inside = False

    def note(self, text):
        dim, plain = (DIM, PLAIN) if colours(self.err) else ("", "")
        print(f"{dim}# {text}{plain}", file=self.err, flush=True)

    def start(self, title):
        self.note(title)

    def milestone(self, name, seconds):
        self.note(f"{seconds:7.2f} s  {name}")

    def begin(self, source, name):
        if name == "scenario":
            self.inside = True

    def end(self, span):
        if span.name == "scenario":
            self.inside = False
        self.note(f"{span.seconds:7.2f} s  {span.source}: {span.name} "
                  f"(status {span.rc})")

    def fact(self, source, name, value):
        print(f"# {source}: {name} = {value}", file=self.out, flush=True)

    def check(self, check, number):
        not_ok = "not " if check.outcome == "failed" else ""
        skip = f" # SKIP {check.detail}" if check.outcome == "skipped" else ""
        print(f"{not_ok}ok {number} - {check.name}{skip}", file=self.out,
              flush=True)
        if check.outcome == "failed":
            print(f"#   {check.detail}", file=self.out, flush=True)

    def error(self, text):
        self.note(f"error: {text}")

    def text(self, line):
        if self.inside:
            print(line, file=self.out, flush=True)
        elif self.verbose:
            self.note(line)

    def hypervisor(self, line):
        if self.verbose:
            self.note(line)
