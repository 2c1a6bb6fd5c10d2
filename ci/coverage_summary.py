#!/usr/bin/python3
"""Coverage by component, and which error paths no test takes.

usage: coverage_summary.py INFO PAGE [REPORT]

INFO is what lcov wrote, PAGE the folder of its pages; gaps.txt goes there. A
REPORT of `touchstone run` gets a link to the page. Exit status 1: a component
with a target misses it.
"""

import collections
import os
import re
import sys

LINES_TARGET, BRANCHES_TARGET = 85, 70
# component, folders, whether the targets hold for it
COMPONENTS = (
    ("hypervisor core", ("impl/hypervisor/core/", "impl/base/"), True),
    ("toolstack", ("impl/toolstack/",), True),
    ("hypervisor, arch", ("impl/hypervisor/arch/",), False),
    ("CPU levelling", ("impl/cpu/",), False),
    ("simulation", ("sim/",), False),
    ("conformance", ("conformance/",), False),
    ("hwcompat", ("hwcompat/",), False),
    ("bench", ("bench/",), False),
)
# What a line that handles an error looks like.
ERROR_PATH = re.compile(
    r"return -X?E|return -XEN_E|rc = -|goto out|goto fail|_error\(|error_|"
    r"refuse|complain|log_error|fail\(")
FILES_SHOWN = 12

File = collections.namedtuple("File", "path lines branches")


def read_info(path):
    """Files with {line: count} and [(line, taken)]."""
    files, now = [], None
    with open(path, encoding="utf-8") as info:
        for row in info:
            kind, _, rest = row.rstrip("\n").partition(":")
            if kind == "SF":
                now = File(os.path.relpath(rest), {}, [])
            elif kind == "DA":
                line, count = rest.split(",")[:2]
                now.lines[int(line)] = int(count)
            elif kind == "BRDA":
                line, _, _, taken = rest.split(",")
                now.branches.append((int(line), taken not in ("-", "0")))
            elif kind == "end_of_record":
                files.append(now)
    return files


def share(hit, total):
    return 100.0 * hit / total if total else 100.0


def counts(files):
    """Lines and branches: how many are there and how many were taken."""
    lines = [count > 0 for file in files for count in file.lines.values()]
    branches = [taken for file in files for _, taken in file.branches]
    return sum(lines), len(lines), sum(branches), len(branches)


def print_component(name, files, held):
    """One line; whether a target is missed."""
    hit, lines, taken, branches = counts(files)
    line_share, branch_share = share(hit, lines), share(taken, branches)
    missed = held and (line_share < LINES_TARGET
                       or branch_share < BRANCHES_TARGET)
    print("%-18s %6.1f %% of %6d lines  %6.1f %% of %6d branches%s" % (
        name, line_share, lines, branch_share, branches,
        "" if not held else "  missed: %d and %d wanted" % (
            LINES_TARGET, BRANCHES_TARGET) if missed else "  met"))
    return missed


def error_gaps(file):
    """Lines that handle an error and were never reached."""
    with open(file.path, encoding="utf-8") as source:
        text = source.read().splitlines()
    return [(nr, text[nr - 1].strip())
            for nr, count in sorted(file.lines.items())
            if not count and nr <= len(text)
            and ERROR_PATH.search(text[nr - 1])]


def write_gaps(path, files):
    """Every gap, worst file first; (number, path) of the files."""
    found = [(error_gaps(file), file) for file in files
             if os.path.exists(file.path)]
    found = sorted((row for row in found if row[0]),
                   key=lambda row: (-len(row[0]), row[1].path))
    with open(path, "w", encoding="utf-8") as out:
        for gaps, file in found:
            for nr, text in gaps:
                out.write("%s:%d: %s\n" % (file.path, nr, text))
    return [(len(gaps), file.path) for gaps, file in found]


def link(report, page):
    """Puts the link where the report of a run was written before."""
    with open(report, encoding="utf-8") as file:
        text = file.read()
    target = os.path.relpath(os.path.join(page, "index.html"),
                             os.path.dirname(report))
    if target not in text:
        text = text.replace("</main>", "<p><a href=\"%s\">Coverage of the "
                            "tests</a></p></main>" % target)
        with open(report, "w", encoding="utf-8") as file:
            file.write(text)


def main(info, page, report=None):
    files = read_info(info)
    missed = False
    for name, folders, held in COMPONENTS:
        part = [file for file in files if file.path.startswith(folders)]
        if part:
            missed |= print_component(name, part, held)
    held = tuple(folder for _, folders, is_held in COMPONENTS if is_held
                 for folder in folders)
    gaps = os.path.join(page, "gaps.txt")
    ranked = write_gaps(gaps, [file for file in files
                               if file.path.startswith(held)])
    print("%d lines that handle errors are never reached, all in %s; most in:"
          % (sum(nr for nr, _ in ranked), gaps))
    for nr, path in ranked[:FILES_SHOWN]:
        print("  %3d  %s" % (nr, path))
    if report and os.path.exists(report):
        link(report, page)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
