"""Results of the ABI suite as JUnit XML, TAP, JSON, lines of JSON, a page."""

import collections
import datetime
import json
import os
import sys
import xml.etree.ElementTree as ET

HERE = os.path.dirname(os.path.abspath(__file__))
TAGS = {"skipped": "skipped", "failed": "failure", "error": "error"}

# `outcome` is how it counts (passed, failed, error, skipped), `result` what
# happened (pass, fail, skip, crash, error, xfail, kfail).
Row = collections.namedtuple("Row", "name outcome result why seconds log claim "
                                    "source")


def counts(rows):
    found = collections.Counter(row.outcome for row in rows)
    return {key: found[key] for key in ("passed", "failed", "errors",
                                        "skipped")} | {
        "errors": found["error"]}


def xml_text(text):
    """What may stand in XML."""
    return "".join(c if c >= " " or c in "\n\t" else "?" for c in text)


def write_junit(file, columns, about):
    suites = ET.Element("testsuites")
    for target, rows in columns.items():
        count = counts(rows)
        suite = ET.SubElement(
            suites, "testsuite", name="abi-" + target, tests=str(len(rows)),
            failures=str(count["failed"]), errors=str(count["errors"]),
            skipped=str(count["skipped"]), timestamp=about["time"],
            hostname="localhost",
            time="%.3f" % sum(row.seconds for row in rows))
        properties = ET.SubElement(suite, "properties")
        for key in ("target", "accelerator", "profile"):
            ET.SubElement(properties, "property", name=key, value=about[key])
        for row in rows:
            case = ET.SubElement(suite, "testcase", name=row.name,
                                 classname="abi." + target,
                                 time="%.3f" % row.seconds)
            if row.outcome != "passed":
                ET.SubElement(case, TAGS[row.outcome],
                              message=xml_text(row.why))
    file.write(ET.tostring(suites, encoding="unicode",
                           xml_declaration=True) + "\n")


def write_tap(file, columns, _):
    rows = [(target, row) for target in columns for row in columns[target]]
    file.write("TAP version 13\n1..%d\n" % len(rows))
    for number, (target, row) in enumerate(rows, 1):
        bad = row.outcome in ("failed", "error")
        file.write("%sok %d - %s %s%s\n" % (
            "not " if bad else "", number, target, row.name,
            " # SKIP " + row.why if row.outcome == "skipped" else ""))
        if bad:
            file.write("# %s\n" % row.why)


def as_json(row):
    return {"name": row.name, "outcome": row.outcome, "result": row.result,
            "why": row.why, "seconds": round(row.seconds, 3),
            "claim": row.claim, "source": row.source, "log": row.log}


def tree(columns):
    return {target: {**counts(rows), "tests": [as_json(row) for row in rows]}
            for target, rows in columns.items()}


def write_json(file, columns, _):
    json.dump(tree(columns), file, indent=1)
    file.write("\n")


def write_jsonl(file, columns, _):
    for target, rows in columns.items():
        for row in rows:
            line = as_json(row)
            del line["log"]
            file.write(json.dumps({"target": target, **line}) + "\n")


def write_html(file, columns, about):
    with open(os.path.join(HERE, "..", "report", "page.html"),
              encoding="utf-8") as template:
        head, tail = template.read().split("/*DATA*/")
    data = {"title": "ABI conformance", "claims": [], "abi": tree(columns),
            "about": "%s, %s, %s" % (", ".join(columns), about["accelerator"],
                                     about["time"])}
    file.write(head + json.dumps(data).replace("<", "\\u003c") + tail)


WRITERS = {"junit": write_junit, "tap": write_tap, "json": write_json,
           "jsonl": write_jsonl, "html": write_html}


def write_all(options, columns):
    about = {"target": options.target, "profile": options.profile,
             "accelerator": "tcg", "time": datetime.datetime.now(
                 datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")}
    for name, writer in WRITERS.items():
        path = getattr(options, name)
        if path == "-":
            writer(sys.stdout, columns, about)
        elif path:
            with open(path, "w", encoding="utf-8") as file:
                writer(file, columns, about)
