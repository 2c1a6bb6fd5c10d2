"""report.html: a certification on one page, without scripts or outside parts."""

from html import escape

LISTED_MAX = 200
BAD = ("failed", "error", "skipped")

STYLE = """
:root { --page: #fbfbfa; --card: #fff; --text: #1d1f23; --soft: #62666e;
  --line: #e3e3e0; --good: #1a7f4b; --bad: #b3261e; --mid: #8a5a00;
  --goodbg: #e6f4ec; --badbg: #fbe9e7; --midbg: #fdf3dc; --link: #2563c9 }
@media (prefers-color-scheme: dark) { :root { --page: #15171a;
  --card: #1d2024; --text: #e8e9eb; --soft: #9ba0a9; --line: #32363c;
  --good: #5bc98e; --bad: #ff8a80; --mid: #f0c36d; --goodbg: #173325;
  --badbg: #3a1a18; --midbg: #33290f; --link: #6ea2ff } }
* { box-sizing: border-box }
body { margin: 0; background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, "DejaVu Sans", sans-serif }
main { max-width: 980px; margin: 0 auto; padding: 32px 20px 64px }
h1 { font-size: 26px; margin: 0 0 4px }
h2 { font-size: 18px; margin: 0 0 10px } p { margin: 6px 0 }
a { color: var(--link) } .soft { color: var(--soft) }
section { background: var(--card); border: 1px solid var(--line);
  border-radius: 8px; padding: 18px 20px; margin: 18px 0; overflow-x: auto }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: 6px 12px 6px 0; vertical-align: top;
  border-bottom: 1px solid var(--line) }
tr:last-child td { border-bottom: 0 }
th { color: var(--soft); font-weight: 500; font-size: 13px }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums;
  white-space: nowrap }
td.k { color: var(--soft); white-space: nowrap; width: 130px }
code { font: 13px ui-monospace, "DejaVu Sans Mono", monospace;
  overflow-wrap: anywhere }
pre { margin: 8px 0; overflow-x: auto; font: 13px/1.6 ui-monospace,
  "DejaVu Sans Mono", monospace }
.verdict { border-radius: 8px; padding: 18px 20px; margin: 18px 0;
  border: 1px solid }
.verdict b { font-size: 22px; display: block }
.passed { color: var(--good) } .failed, .error { color: var(--bad) }
.skipped, .differs, .waived { color: var(--mid) }
.verdict.passed { background: var(--goodbg) }
.verdict.failed { background: var(--badbg) }
.verdict.waived { background: var(--midbg) }
.verdict ol { color: var(--text); margin: 10px 0 0; padding-left: 22px }
.bar { display: flex; height: 8px; border-radius: 4px; overflow: hidden;
  background: var(--line); min-width: 140px; margin-top: 7px }
.bar i { display: block; min-width: 2px }
.bar .passed { background: var(--good) } .bar .bad { background: var(--bad) }
.bar .mid { background: var(--mid) }
details { margin: 8px 0 } summary { cursor: pointer }
"""

WORDS = {"passed": "Certified", "failed": "Not certified",
         "passed with waivers": "Certified, with waivers"}
CLASSES = {"passed": "passed", "failed": "failed",
           "passed with waivers": "waived"}


def page(content, verdict, rows, facts, stages, waivers):
    body = [head(content), judgement(verdict), product(content),
            overview(rows, stages), waived(verdict, waivers), figures(facts),
            coverage(facts), findings(facts), partial(facts),
            *[listing(rows, stage) for stage in stages], parts(stages),
            check_it()]
    return ("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
            "<meta name=\"viewport\" content=\"width=device-width\">"
            "<title>Touchstone certificate</title><style>" + STYLE
            + "</style></head><body><main>" + "\n".join(filter(None, body))
            + "</main></body></html>\n")


def section(title, *contents):
    return "<section><h2>%s</h2>%s</section>" % (escape(title),
                                                 "".join(contents))


def table(rows, head_row=()):
    head_text = "".join("<th%s>%s</th>" % (
        " class=n" if name.startswith("#") else "",
        escape(name.lstrip("#"))) for name in head_row)
    return "<table>%s%s</table>" % (
        "<tr>%s</tr>" % head_text if head_row else "",
        "".join("<tr>%s</tr>" % "".join(row) for row in rows))


def cell(text, kind=""):
    return "<td%s>%s</td>" % (" class='%s'" % kind if kind else "",
                              escape(str(text)))


def head(content):
    name = " ".join(filter(None, (content["vendor"], content["product"])))
    return ("<h1>%s</h1><p class=soft>Certification of <code>%s</code>, "
            "profile %s, finished %s</p>" % (
                escape(name or "A platform"), escape(content["target"]),
                escape(content["profile"]), escape(content["finished"])))


def judgement(verdict):
    text = "<b>%s</b>" % WORDS[verdict.text]
    counts = "%d tests required, %d passed" % (
        verdict.counts["required"], verdict.counts["passed"])
    if not verdict.blockers:
        text += "<span>%s.</span>" % counts
    else:
        text += "<span>%s; %d in the way:</span><ol>%s</ol>" % (
            counts, len(verdict.blockers), "".join(
                "<li><code>%s</code> %s</li>" % (escape(test), escape(why))
                for test, why in verdict.blockers[:10]))
        if len(verdict.blockers) > 10:
            text += "<span>and %d more, listed below.</span>" % (
                len(verdict.blockers) - 10)
    return "<div class='verdict %s'>%s</div>" % (CLASSES[verdict.text], text)


def product(content):
    machine = content["environment"]
    rows = [("Vendor", content["vendor"]), ("Product", content["product"]),
            ("Firmware", content["firmware"]), ("CPU", content["cpu"]),
            ("Microcode", machine.get("microcode")),
            ("Processors", machine.get("cpus")),
            ("Memory", "%s MiB" % machine["memory_mib"]
             if machine.get("memory_mib") else ""),
            ("System", machine.get("os")), ("Kernel", machine.get("kernel")),
            ("QEMU", machine.get("qemu")),
            ("Accelerator", content["accelerator"]),
            ("Hypervisors", ", ".join(
                "%s %s" % pair for pair in content["hypervisors"].items())),
            ("Touchstone", content["version"]), ("Seed", content["seed"])]
    rows += [("Endpoint, " + key.replace("_", " "), value) for key, value in
             (machine.get("endpoint") or {}).items()]
    return section("What was certified", table(
        [(cell(name, "k"), cell(value)) for name, value in rows
         if value not in ("", None)]))


def of_stage(rows, prefix):
    """A stage may answer for two prefixes: boot has the I/O sample."""
    prefixes = ("boot/", "pvio/") if prefix == "boot/" else (prefix,)
    return {name: row for name, row in rows.items()
            if prefix and name.startswith(prefixes)}


def bar(counts, total):
    parts = (("passed", counts["passed"]),
             ("mid", counts["skipped"] + counts["differs"]),
             ("bad", counts["failed"] + counts["error"]))
    return "<td><div class=bar>%s</div></td>" % "".join(
        "<i class=%s style='width:%.2f%%'></i>" % (name, 100.0 * nr / total)
        for name, nr in parts if nr)


def count(rows):
    out = dict.fromkeys(("passed", "differs", "failed", "error", "skipped"), 0)
    for outcome, *_ in rows.values():
        out[outcome] += 1
    return out


def overview(rows, stages):
    lines = []
    for name, title, prefix, seconds in stages:
        found = of_stage(rows, prefix)
        if not found:
            continue
        counts = count(found)
        lines.append((
            cell(title) if counts["passed"] == len(found) else
            "<td><a href='#%s'>%s</a></td>" % (name, escape(title)),
            bar(counts, len(found)), cell(counts["passed"], "n"),
            cell(counts["failed"] + counts["error"] or "", "n failed"),
            cell(counts["skipped"] or "", "n skipped"),
            cell(counts["differs"] or "", "n differs"),
            cell("%.0f s" % seconds, "n")))
    return section("Stages", table(lines, (
        "", "", "#passed", "#failed", "#skipped", "#differs", "#time")))


def waived(verdict, waivers):
    if not waivers:
        return ""
    used = "".join("<li><code>%s</code> %s</li>" % (escape(test), escape(why))
                   for test, why in verdict.waived)
    return section(
        "Waivers", table([[cell(text) for text in waivers[name]]
                          for name in sorted(waivers)],
                         ("test", "until", "who", "reason")),
        "<p>%d tests were excused by them.</p><ul>%s</ul>" % (
            len(verdict.waived), used))


def figures(facts):
    runs = (facts.get("boot") or {}).get("runs") or {}
    lines = []
    for name, run in runs.items():
        for guest in run.get("guests") or []:
            for kind in ("fio", "iperf3"):
                for key, value in (guest.get(kind) or {}).items():
                    lines.append((cell(name), cell(guest["name"]), cell(
                        kind + " " + key.replace("_", " ")), cell(value, "n")))
    if not lines:
        return ""
    return section("PV I/O sample", table(
        lines, ("hypervisor", "guest", "figure", "#value")),
        "<p class=soft>The raw output of fio and iperf3 is in "
        "<code>pvio/</code>.</p>")


def coverage(facts):
    found = (facts.get("api") or {}).get("coverage") or {}
    if "messages_total" not in found:
        return ""
    return section(
        "Coverage of the API",
        "<p>%s of %s messages were exercised; <a href='api/matrix.html'>the "
        "matrix</a> tells how.</p>" % (found.get("messages_exercised"),
                                       found["messages_total"]))


def findings(facts):
    found = [one for one in (facts.get("scan") or {}).get("findings") or []
             if one.get("severity") != "info"]
    if not found:
        return ""
    return section("Findings of the scan", table(
        [[cell(one.get(key, "")) for key in (
            "severity", "rule", "where", "effect", "workaround")]
         for one in found[:LISTED_MAX]],
        ("severity", "rule", "where", "effect", "workaround")))


def partial(facts):
    missing = (facts.get("record") or {}).get("missing") or []
    return section("What the record lacks", "<ul>%s</ul>" % "".join(
        "<li>%s</li>" % escape(text) for text in missing)) if missing else ""


def listing(rows, stage):
    """What did not pass, by name; what passed is in the result files."""
    name, title, prefix, _ = stage
    found = of_stage(rows, prefix)
    bad = [(test, row) for test, row in sorted(found.items())
           if row[0] in BAD]
    differs = [(test, row) for test, row in sorted(found.items())
               if row[0] == "differs"]
    if not bad and not differs:
        return ""
    text = rows_of("did not pass", bad, True)
    text += rows_of("differ from upstream, by known.tsv", differs, False)
    return section(title, text).replace("<section", "<section id=%s" % name, 1)


def rows_of(words, found, is_open):
    if not found:
        return ""
    lines = [(cell(row[0], row[0]),
              "<td><code>%s</code></td>" % escape(test), cell(row[2]))
             for test, row in found[:LISTED_MAX]]
    more = "<p>and %d more, in results.tsv</p>" % (
        len(found) - LISTED_MAX) if len(found) > LISTED_MAX else ""
    return "<details%s><summary>%d %s</summary>%s%s</details>" % (
        " open" if is_open and len(found) <= 40 else "", len(found), words,
        table(lines, ("outcome", "test", "why")), more)


FILES = (
    ("PRODUCT.yaml", "what was certified, and the verdict", None),
    ("junit.xml", "every result, for CI systems", None),
    ("results.tap", "the same as TAP 13", None),
    ("results.tsv", "the same as a table", None),
    ("required.tsv", "the tests that had to pass", None),
    ("waivers.tsv", "tests that were excused", None),
    ("suite.tsv", "SHA-256 of every file of the suites", None),
    ("environment.json", "the machine, its system and its packages", None),
    ("record.tar.zst", "record of the machine", "record"),
    ("scan.html", "findings of the scan", "scan"),
    ("scan.json", "the same for programs", "scan"),
    ("boot.json", "figures of the boot", "boot"),
    ("abi.json", "results of the ABI suite", "abi"),
    ("api/results.jsonl", "results of the API suite", "api"),
    ("api/matrix.html", "messages and how they were exercised", "api"),
    ("MANIFEST", "SHA-256 of every file here", None),
)


def parts(stages):
    names = {stage[0] for stage in stages}
    return section("Parts of this bundle", table(
        [("<td class=k><a href='%s'>%s</a></td>" % (name, name), cell(what))
         for name, what, stage in FILES if stage in names or stage is None]))


def check_it():
    return section(
        "Checking it", "<p>Offline, on any machine:</p><pre>touchstone "
        "certify verify BUNDLE --key PUB</pre><p>or with stock tools:</p><pre>"
        "tar --zstd -xf BUNDLE\nopenssl pkeyutl -verify -pubin -inkey PUB "
        "-rawin -in MANIFEST -sigfile MANIFEST.sig\nsha256sum -c MANIFEST"
        "</pre>")
