"""What the outcome of a test counts, beside known.tsv and the other
hypervisor."""

import collections
import os

from outputs import Row

HERE = os.path.dirname(os.path.abspath(__file__))
BAD = ("fail", "crash", "error")
KINDS = ("xfail", "kfail")

Known = collections.namedtuple("Known", "kind reason")


def known_of(target):
    """What known.tsv says about a target, by test."""
    found = {}
    with open(os.path.join(HERE, "known.tsv"), encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if line.startswith("#") or not line.strip():
                continue
            who, test, kind, reason = line.rstrip("\n").split("\t")
            if kind not in KINDS or not reason.strip():
                raise ValueError("known.tsv:%d: no kind or no reason" % number)
            if who == target:
                found[test] = Known(kind, reason)
    return found


def count_of(result, known):
    """outcome, result and why of a row."""
    if result.outcome in BAD:
        if known:
            return "skipped", known.kind, "%s: %s" % known
        return ("error" if result.outcome == "error" else "failed",
                result.outcome, result.detail)
    if known and result.outcome == "pass":
        return "failed", "pass", "it passes, though known.tsv says: " + (
            known.reason)
    return ("skipped" if result.outcome == "skip" else "passed",
            result.outcome, result.detail)


def rows_of(target, results, tests, whole):
    """Rows in the order of the tests. `whole`: known.tsv must not name a test
    that is not there."""
    known, rows = known_of(target), []
    for test in tests:
        result = results.get((target, test.name))
        if result:
            outcome, what, why = count_of(result, known.get(test.name))
            rows.append(Row(test.name, outcome, what, why, result.seconds,
                            result.log, test.claim, test.source))
        elif whole:
            rows.append(Row(test.name, "skipped", "none", "not run: the run "
                            "was interrupted", 0.0, "", test.claim,
                            test.source))
    names = {test.name for test in tests}
    for name in known if whole else ():
        if name not in names:
            rows.append(Row(name, "error", "error", "known.tsv names a test "
                            "that is not there", 0.0, "", "", ""))
    return rows


def mark_differences(columns):
    """A difference from upstream without a written reason fails."""
    if len(columns) < 2:
        return
    peer = {row.name: row for row in columns["xen"]}
    for index, row in enumerate(columns["ours"]):
        other = peer.get(row.name)
        if (other and row.result != other.result and
                row.outcome in ("passed", "skipped") and
                other.outcome in ("passed", "skipped") and
                "none" not in (row.result, other.result) and
                row.result not in KINDS and other.result not in KINDS):
            columns["ours"][index] = row._replace(
                outcome="failed", why="%s here, %s on upstream Xen (%s): "
                "known.tsv gives no reason" % (row.result, other.result,
                                               row.why or other.why))
