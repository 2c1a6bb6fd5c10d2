"""Progress: one line on a terminal that stays, plain lines elsewhere."""
import os
import shutil
import sys

# A batch with more figures is told in one line.
SHOWN_MAX = 4
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
        """A terminal shows where we are; the table comes at the end."""
        taken = [row for row in batch.measures if row.name in result.values]
        if self.live:
            return
        if len(taken) > SHOWN_MAX:
            self.note(f"{batch.name} {peer} {len(taken)} figures")
            return
        for row in taken:
            self.note(f"{row.name} {peer} {shown(result.values[row.name])} "
                      f"{row.unit}")

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
