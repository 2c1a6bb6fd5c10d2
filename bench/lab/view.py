"""Progress: one line on a terminal that stays, plain lines elsewhere."""
import os
import shutil
import sys

CLEAR = "\r\x1b[K"


class View:
    """What the user sees on stderr while the lab works."""

    def __init__(self, out=sys.stderr):
        self.out = out
        self.live = out.isatty() and os.environ.get("TERM") != "dumb"

    def at(self, name, peer, left_s):
        if not self.live:
            return
        text = f"{name} on {peer}, {clock(left_s)} left"
        width = shutil.get_terminal_size().columns - 1
        self.out.write(CLEAR + text[:width])
        self.out.flush()

    def took(self, batch, peer, result):
        for measure in batch.measures:
            if measure.name in result.values:
                self.note(f"{measure.name} {peer} "
                          f"{shown(result.values[measure.name])} "
                          f"{measure.unit}")

    def note(self, text):
        self.out.write((CLEAR if self.live else "") + text + "\n")
        self.out.flush()

    def finish(self):
        if self.live:
            self.out.write(CLEAR)
            self.out.flush()


def shown(value):
    if isinstance(value, list):
        return " ".join(shown(each) for each in value)
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def clock(seconds):
    minutes, rest = divmod(int(max(0, seconds)), 60)
    return f"{minutes}:{rest:02d}"
