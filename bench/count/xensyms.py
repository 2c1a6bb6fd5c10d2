"""The functions of an upstream Xen image, from the table that it carries.

Debian ships no symbols with the hypervisor, but Xen keeps a compressed table
of its own for its backtraces (xen/tools/symbols.c describes the form): offsets
from its base, their count, names of which each byte stands for a token, one
marker for each 256 names, the tokens, and where each token begins.
"""
import struct

BASE = 0xFFFF82D040000000   # XEN_VIRT_START of Xen 4.17 on x86-64
MARKED = 256                # names from one marker to the next
DIGITS = b"".join(bytes((c, 0)) for c in b"0123456789")


class NoSymbols(Exception):
    """The image has no table, or one of another form."""


def words(image, start, end):
    return struct.unpack(f"<{(end - start) // 4}I", image[start:end])


def token_table(image):
    """Where the tokens start, and all of them; digits stand for themselves."""
    digits = image.find(DIGITS)
    if digits < 0:
        raise NoSymbols("no table of tokens")
    start = digits
    for _ in range(ord("0")):
        start = image.rindex(b"\0", 0, start - 1) + 1
    tokens = tokens_from(image, start)
    if tokens:
        return start, tokens
    raise NoSymbols("the table of tokens is damaged")


def tokens_from(image, start):
    """The 256 tokens at start, when what follows is their index; or None."""
    index, place = [], start
    for _ in range(256):
        index.append(place - start)
        place = image.index(b"\0", place) + 1
    found = image.find(struct.pack("<256H", *index), place, place + 8 + 512)
    if found < 0:
        return None
    ends = index[1:] + [place - start]
    return [image[start + a:start + b - 1].decode("latin-1")
            for a, b in zip(index, ends)]


def marker_table(image, end):
    """Where the markers start, and they: rising from 0, up to the tokens."""
    place = (end - 4) & ~3
    while place > 0 and words(image, place, place + 4) == (0,):
        place -= 4          # padding
    last = place + 4
    while words(image, place, place + 4) > words(image, place - 4, place):
        place -= 4
    if words(image, place, place + 4) != (0,):
        raise NoSymbols("the table of markers is damaged")
    return place, words(image, place, last)


def name_table(image, markers_at, markers):
    """Where the count before the names is, and each name's bytes."""
    low, high = (len(markers) - 1) * MARKED, len(markers) * MARKED
    place = (markers_at - markers[-1] - 4) & ~3
    while place > 0:
        count, = words(image, place, place + 4)
        if low < count <= high:
            for start in (place + 4, (place + 11) & ~7):
                names = names_from(image, start, count, markers)
                if names:
                    return place, names
        place -= 4
    raise NoSymbols("no names")


def names_from(image, start, count, markers):
    names, place = [], start
    for i in range(count):
        if i % MARKED == 0 and place - start != markers[i // MARKED]:
            return None
        length = image[place]
        names.append(image[place + 1:place + 1 + length])
        place += 1 + length
    return names


def symbols(image):
    """[(address, name)] of the functions, in order; NoSymbols if not there."""
    try:
        return functions(image)
    except (ValueError, IndexError, struct.error) as error:
        raise NoSymbols(f"the table of symbols is damaged: {error}") from error


def functions(image):
    tokens_at, tokens = token_table(image)
    markers_at, markers = marker_table(image, tokens_at)
    count_at, names = name_table(image, markers_at, markers)
    end = count_at
    while True:             # padding lies between the offsets and their count
        offsets = words(image, end - 4 * len(names), end)
        if list(offsets) == sorted(offsets):
            break
        end -= 4
        if count_at - end > 64:
            raise NoSymbols("no offsets")
    out = []
    for offset, name in zip(offsets, names):
        text = "".join(tokens[c] for c in name)
        if text[0] in "tT":
            out.append((BASE + offset, text[1:].split("#")[-1]))
    return out
