"""A flame graph as SVG, from {"outer;inner": instructions}.

Width is instructions executed in a function and what it calls; nothing is
sampled. Each box says its figures when pointed at.
"""
import html

WIDTH = 1200
ROW = 17
TOP = 34
LETTER = 6.6         # width of one at the font size below
NARROWEST = 0.3      # narrower boxes are left out


class Box:
    """A function as called along one path."""

    def __init__(self, name):
        self.name = name
        self.insns = 0
        self.children = {}

    def add(self, path, insns):
        box = self
        box.insns += insns
        for name in path:
            box = box.children.setdefault(name, Box(name))
            box.insns += insns


def tree(stacks):
    root = Box("all")
    for path, insns in stacks.items():
        root.add(path.split(";"), insns)
    return root


def layout(root):
    """[(box, left, width, depth)] of all that are wide enough."""
    scale = WIDTH / max(root.insns, 1)
    todo, out = [(root, 0.0, 0)], []
    while todo:
        box, left, depth = todo.pop()
        out.append((box, left, box.insns * scale, depth))
        for child in sorted(box.children.values(), key=lambda b: b.name):
            if child.insns * scale >= NARROWEST:
                todo.append((child, left, depth + 1))
            left += child.insns * scale
    return out


def colour(name):
    """The same for a function wherever it stands; warm, as is the custom."""
    seed = sum((i + 1) * ord(c) for i, c in enumerate(name))
    return f"hsl({seed % 50 + 5},{60 + seed % 30}%,{60 + seed % 15}%)"


def draw(box, left, width, top, total):
    text = f"{box.name}: {box.insns:,} instructions, " \
           f"{100 * box.insns / max(total, 1):.1f} %"
    label = box.name if len(box.name) * LETTER < width - 4 else ""
    return (f'<g><title>{html.escape(text)}</title>'
            f'<rect x="{left:.1f}" y="{top}" width="{width:.1f}" '
            f'height="{ROW - 1}" fill="{colour(box.name)}"/>'
            f'<text x="{left + 3:.1f}" y="{top + 12}">{html.escape(label)}'
            f'</text></g>')


def svg(stacks, title):
    """The whole picture as text."""
    root = tree(stacks)
    boxes = layout(root)
    height = TOP + ROW * (max(depth for *_, depth in boxes) + 1)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} '
             f'{height}" font-family="monospace" font-size="11">'
             f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>'
             f'<text x="6" y="20" font-size="14">{html.escape(title)}</text>']
    for box, left, width, depth in boxes:
        parts.append(draw(box, left, width, height - ROW * (depth + 1),
                          root.insns))
    return "\n".join(parts) + "\n</svg>\n"
