"""The files of a bundle that stages do not write: results, facts, verdict."""

import datetime
import json
import os
import re
import subprocess
from html import escape

from work import WorkError, read_json, write_file

DETAIL_MAX = 500
BLOCKERS_MAX = 200
# outcome: tag of JUnit, "ok" of TAP, directive of TAP; as in outcomes.def
FORMS = {
    "passed": (None, "ok", ""),
    "differs": ("skipped", "not ok", " # TO" "DO "),
    "failed": ("failure", "not ok", ""),
    "error": ("error", "not ok", ""),
    "skipped": ("skipped", "ok", " # SKIP "),
}


def plain(text):
    """One line of printable text."""
    text = re.sub(r"[\x00-\x1f\x7f]+", " ", str(text)).strip()
    return text[:DETAIL_MAX]


def write_results(folder, rows):
    """The three forms of the results, in the order of their names."""
    lines, cases = [], []
    taps = ["TAP version 13", "1..%d" % len(rows)]
    names = sorted(rows, key=lambda name: name.encode())
    for number, name in enumerate(names, 1):
        outcome, seconds, detail = rows[name]
        detail = plain(detail)
        lines.append("%s\t%s\t%.3f\t%s" % (name, outcome, seconds, detail))
        cases.append(junit_case(name, outcome, seconds, detail))
        _, okay, directive = FORMS[outcome]
        why = directive + detail.replace("#", " ") if directive else ""
        taps.append("%s %d - %s%s" % (okay, number, name, why.rstrip()))
    count = {key: sum(row[0] == key for row in rows.values()) for key in FORMS}
    head = ('<?xml version="1.0" encoding="UTF-8"?>\n<testsuite name="certify"'
            ' tests="%d" failures="%d" errors="%d" skipped="%d">' % (
                len(rows), count["failed"], count["error"],
                count["skipped"] + count["differs"]))
    write_lines(folder, "results.tsv", lines)
    write_lines(folder, "results.tap", taps)
    write_lines(folder, "junit.xml", [head, *cases, "</testsuite>"])


def junit_case(name, outcome, seconds, detail):
    group, _, rest = name.partition("/")
    tag = FORMS[outcome][0]
    head = '  <testcase classname="%s" name="%s" time="%.3f"' % (
        group, rest, seconds)
    if not tag:
        return head + "/>"
    return '%s><%s message="%s"/></testcase>' % (
        head, tag, escape(detail, quote=True))


def write_lines(folder, name, lines):
    write_file(os.path.join(folder, name),
               "".join(line + "\n" for line in lines))


# --- Waivers ----------------------------------------------------------------

def read_waivers(path):
    """Rows of test, until, who, reason; a WorkError names a bad line."""
    rows = {}
    if not path:
        return rows
    try:
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
    except (OSError, ValueError) as error:
        raise WorkError("cannot read the waivers: %s" % error) from None
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        cells = [cell.strip() for cell in line.split("\t") if cell.strip()]
        if len(cells) != 4 or not good_date(cells[1]):
            raise WorkError(
                "%s, line %d: a waiver is TEST, a tab, the last day "
                "(2026-12-31), a tab, WHO, a tab, the REASON" % (path, number))
        if cells[0] in rows:
            raise WorkError("%s, line %d: '%s' is waived twice" % (
                path, number, cells[0]))
        rows[cells[0]] = [plain(cell) for cell in cells]
    return rows


def good_date(text):
    try:
        return str(datetime.date.fromisoformat(text)) == text
    except ValueError:
        return False


def write_waivers(folder, rows):
    write_lines(folder, "waivers.tsv", [
        "\t".join(rows[name])
        for name in sorted(rows, key=lambda name: name.encode())])


# --- What is required, and what the verdict is ------------------------------

def certify(settings, *words):
    """Runs the C program for what only it knows; its lines as lists."""
    done = subprocess.run(
        [os.path.join(settings["build"], "touchstone-certify"), *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise WorkError(done.stderr.strip() or "touchstone-certify failed")
    return [line.split("\t") for line in done.stdout.splitlines()]


def required_tests(settings):
    """The tests that target and profile ask for."""
    tests = []
    for kind, name in certify(settings, "plan", "--target",
                              settings["target"], "--profile",
                              settings["profile"]):
        if kind == "test":
            tests.append(name)
            continue
        path = os.path.join(settings["build"], "certify", "lists", name)
        try:
            with open(path, encoding="utf-8") as file:
                tests += file.read().splitlines()
        except OSError as error:
            raise WorkError("%s; make all builds it" % error) from None
    if not tests:
        raise WorkError("no test is in profile '%s'" % settings["profile"])
    return sorted(tests, key=lambda name: name.encode())


class Verdict:
    """What `touchstone-certify judge` says of the files of a folder."""

    def __init__(self, settings, folder):
        self.counts, self.blockers, self.waived, self.text = {}, [], [], ""
        for kind, *rest in certify(settings, "judge", folder):
            if kind == "verdict":
                self.text = rest[0]
            elif kind == "blocker":
                self.blockers.append(rest)
            elif kind == "waiver":
                self.waived.append(rest)
            else:
                self.counts[kind] = int(rest[0])


# --- PRODUCT.yaml -----------------------------------------------------------

def yaml_lines(value, indent=""):
    """Maps and lists as blocks; scalars as JSON, which YAML takes."""
    if isinstance(value, dict):
        pairs = [(str(key) + ":", item) for key, item in value.items()]
    else:
        pairs = [("-", item) for item in value]
    for head, item in pairs:
        if isinstance(item, (dict, list)) and item:
            yield indent + head
            yield from yaml_lines(item, indent + "  ")
        else:
            yield "%s%s %s" % (indent, head, json.dumps(item))


def product(settings, verdict, facts, times, version):
    """Blockers first, then what was certified."""
    blockers = [{"test": test, "why": why}
                for test, why in verdict.blockers[:BLOCKERS_MAX]]
    machine = facts.get("environment", {})
    return {
        "verdict": verdict.text,
        "blockers": blockers,
        "blockers_total": len(verdict.blockers),
        "waived": [{"test": test, "why": why}
                   for test, why in verdict.waived],
        "vendor": machine.get("vendor", ""),
        "product": machine.get("product", ""),
        "firmware": machine.get("firmware", ""),
        "cpu": machine.get("cpu", ""),
        "target": settings["target"],
        "profile": settings["profile"],
        "version": version,
        "accelerator": facts.get("boot", {}).get("accelerator") or "none",
        "seed": settings["seed"],
        "started": times[0],
        "finished": times[1],
        "tests": verdict.counts,
        "hypervisors": versions(facts),
        "environment": machine,
        "programs": settings["programs"],
    }


def versions(facts):
    return {name: run.get("hypervisor", {}).get("version")
            for name, run in (facts.get("boot", {}).get("runs") or {}).items()}


def write_product(folder, content):
    write_lines(folder, "PRODUCT.yaml", [
        "# What was certified. The values are JSON.", *yaml_lines(content)])


# --- Privacy ----------------------------------------------------------------

def scrub(folder, secrets):
    """Takes what is private out of every file: (text, what stands for it)."""
    for path, _, names in os.walk(folder):
        for name in names:
            scrub_file(os.path.join(path, name), secrets)


def scrub_file(path, secrets):
    if path.endswith(".zst"):
        return  # whoever made it has scrubbed it
    with open(path, "rb") as file:
        data = file.read()
    clean = data
    for secret, instead in secrets:
        clean = clean.replace(secret.encode(), instead.encode())
    if clean != data:
        with open(path, "wb") as file:
            file.write(clean)


def coverage_of(facts):
    return (facts.get("api") or {}).get("coverage") or {}


def read_facts(work, names):
    """rows of all stages, facts by stage, seconds by stage."""
    rows, facts, seconds = {}, {}, {}
    for name in names:
        result = work.result(name) or read_json("") or {}
        rows.update(result.get("rows", {}))
        facts[name] = result.get("facts", {})
        seconds[name] = result.get("seconds", 0.0)
    return rows, facts, seconds
