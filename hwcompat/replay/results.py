"""Results of many replays: a table, JSON, JUnit, a page; and what they come
to: does each record boot or is it refused, and is ours as good as upstream."""
import html
import json
import os
import xml.etree.ElementTree as xml

OUTCOMES = ("up", "slow", "panic", "refused", "silent", "reset", "unusable")
REASON_MAX = 90
FORMAT = 1


def machines(rows):
    """{record: {kernel: row}} in the order of the rows."""
    out = {}
    for row in rows:
        out.setdefault(row["record"], {})[row["kernel"]] = row
    return out


def kernels(rows):
    return list(dict.fromkeys(row["kernel"] for row in rows))


def counts(rows):
    return {k: {o: sum(r["kernel"] == k and r["outcome"] == o for r in rows)
                for o in OUTCOMES} for k in kernels(rows)}


def judged(row):
    """Whether a result on ours is what is asked for: it came up, or it was
    refused with a reason that names the table or file."""
    return row["outcome"] == "up" or (
        row["outcome"] in ("refused", "unusable") and bool(row["reasons"]))


def summary(rows):
    by_kernel = counts(rows)
    ours = [r for r in rows if r["kernel"] == "ours"]
    out = {"format": FORMAT, "records": len(machines(rows)),
           "counts": by_kernel,
           "not_judged": [r["record"] for r in ours if not judged(r)]}
    if "ours" in by_kernel and "xen" in by_kernel:
        out["at_least_as_many_as_upstream"] = \
            by_kernel["ours"]["up"] >= by_kernel["xen"]["up"]
        out["upstream_only"] = [
            path for path, by in machines(rows).items()
            if by.get("xen", {}).get("outcome") == "up"
            and by.get("ours", {}).get("outcome") != "up"]
    return out


def is_good(rows):
    s = summary(rows)
    return not s["not_judged"] and s.get("at_least_as_many_as_upstream", True)


def reason(row):
    return "" if row["outcome"] == "up" else \
        " ".join(row["reasons"][:1]).strip()[:REASON_MAX]


def name_of(path, by):
    title = next((r["title"] for r in by.values() if r["title"]), "")
    short = os.path.basename(os.path.normpath(path))
    return f"{title} ({short})" if title else short


def show(rows, stream):
    width = 9
    order = kernels(rows)
    print("".join(f"{k:{width}}" for k in order) + "machine", file=stream)
    for path, by in machines(rows).items():
        cells = "".join(f"{by[k]['outcome'] if k in by else '-':{width}}"
                        for k in order)
        print(cells + name_of(path, by), file=stream)
        for k in order:
            if k in by and reason(by[k]):
                print(f"{'':{width * len(order)}}  {k}: {reason(by[k])}",
                      file=stream)
    print(file=stream)
    for k, n in counts(rows).items():
        print(f"{k:6}" + ", ".join(f"{n[o]} {o}" for o in OUTCOMES if n[o]),
              file=stream)
    s = summary(rows)
    if "at_least_as_many_as_upstream" in s:
        verb = "boots" if s["at_least_as_many_as_upstream"] else "does NOT boot"
        print(f"ours {verb} at least as many as upstream", file=stream)
    for path in s["not_judged"]:
        print(f"neither up nor refused on ours: {path}", file=stream)


def as_json(rows):
    return json.dumps({**summary(rows), "results": rows}, indent=1) + "\n"


def as_junit(rows):
    root = xml.Element("testsuites")
    for kernel in kernels(rows):
        here = [r for r in rows if r["kernel"] == kernel]
        bad = [r for r in here if not judged(r)]
        suite = xml.SubElement(
            root, "testsuite", name=f"replay.{kernel}", tests=str(len(here)),
            failures=str(len(bad)), time=f"{sum(r['seconds'] for r in here)}")
        for r in here:
            case = xml.SubElement(suite, "testcase", classname=f"replay.{kernel}",
                                  name=clean(name_of(r["record"], {kernel: r})),
                                  time=str(r["seconds"]))
            if r in bad:
                failure = xml.SubElement(case, "failure", type=r["outcome"],
                                         message=clean(reason(r)))
                failure.text = clean("\n".join(r["tail"]))
            xml.SubElement(case, "system-out").text = clean(
                "\n".join(r["adaptations"]))
    return xml.tostring(root, encoding="unicode") + "\n"


def clean(text):
    """What XML can hold."""
    return "".join(c for c in text if c in "\t\n" or
                   ("\x20" <= c <= "\ufffd" and not "\ud800" <= c <= "\udfff"))


PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Replayed machines</title>
<style>
body {{ font: 15px/1.4 system-ui, sans-serif; margin: 2em auto; max-width: 75em }}
table {{ border-collapse: collapse; width: 100% }}
td, th {{ text-align: left; padding: .2em .6em; border-bottom: 1px solid #ccc;
 vertical-align: top }}
.up {{ color: #060 }} .refused, .unusable {{ color: #850 }}
.slow, .panic, .silent, .reset {{ color: #a00 }}
summary {{ cursor: pointer }} li {{ overflow-wrap: anywhere }}
</style>
<h1>Replayed machines</h1>
<p>{totals}</p>
<table><tr><th>machine{heads}</tr>
{rows}
</table></html>
"""


def cell(row):
    if not row:
        return "<td>-"
    details = "".join(f"<li>{html.escape(clean(t))}"
                      for t in row["reasons"] + row["adaptations"])
    return (f'<td><details><summary class="{row["outcome"]}">{row["outcome"]}'
            f' <small>{row["seconds"]} s</small></summary><ul>{details}</ul>'
            "</details>")


def as_html(rows):
    order = kernels(rows)
    totals = "; ".join(
        f"{k}: " + ", ".join(f"{n[o]} {o}" for o in OUTCOMES if n[o])
        for k, n in counts(rows).items())
    lines = [f"<tr><td>{html.escape(clean(name_of(path, by)))}" +
             "".join(cell(by.get(k)) for k in order)
             for path, by in machines(rows).items()]
    return PAGE.format(totals=html.escape(totals), rows="\n".join(lines),
                       heads="".join(f"<th>{k}" for k in order))
