"""The page of the zoo: machines that are broken on purpose, and what becomes of
them on each kernel."""
import os
import sys

from page import KERNELS, outcome, search, table, text, write

ZOO = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
                   "zoo")


def outcomes():
    """{machine: {kernel: (outcome, reason)}} of outcomes.tsv."""
    found = {}
    with open(os.path.join(ZOO, "outcomes.tsv"), encoding="utf-8") as f:
        for line in f:
            if line.startswith("#") or not line.strip():
                continue
            name, kernel, end, reason = line.rstrip("\n").split("\t")
            found.setdefault(name, {})[kernel] = (end, reason)
    return found


def whats():
    """{machine: what is wrong with it}."""
    sys.path.insert(0, ZOO)
    import animals
    return {a.name: a.what for a in animals.ANIMALS}


def cell(row, kernel):
    if kernel not in row:
        return f"<small>{text(KERNELS[kernel])}: not observed</small>"
    end, reason = row[kernel]
    return outcome(kernel, end) + (f"<br><small>{text(reason)}</small>"
                                   if reason not in ("", "-") else "")


def zoo_page(out):
    what, known = whats(), outcomes()
    rows = []
    for name in what:
        row = known.get(name, {})
        words = [f"{k}-{row[k][0]}" for k in row]
        rows.append((" ".join(words), [
            ("machine", f"<b>{text(name)}</b><br>{text(what[name])}")] + [
                (KERNELS[k], cell(row, k)) for k in KERNELS]))
    ends = sorted({(k, r[k][0]) for r in known.values() for k in r})
    write(out, "zoo.html", f"{len(what)} machines that are broken on purpose",
          search("Find a defect", [(f"{k}-{e}", f"{k} {e}") for k, e in ends]) +
          table(("What is wrong", *KERNELS.values()), rows, "cards"))
