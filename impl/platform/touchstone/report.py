"""The result of a run as one HTML page: no scripts, nothing from outside."""
from html import escape

from touchstone.results import METRICS, at
from touchstone.summary import number

BAR_WIDTH, BAR_HEIGHT = 220, 11
TIME_WIDTH = 720
TIME_LABEL = 92
EXITS_SHOWN = 12
STAGES = (("hypervisor_s", "firmware"), ("dom0_init_s", "dom0 kernel"),
          ("dom0_tools_s", "Xen daemons"), ("guest_init_s", "first guest"))
VERDICTS = {"met": "met", "missed": "missed", "missing": "not measured",
            "shown": ""}

STYLE = """
:root { --page: #fbfbfa; --card: #fff; --text: #1d1f23; --soft: #62666e;
  --line: #e3e3e0; --ours: #2563c9; --peer: #a7abb3; --good: #1a7f4b;
  --bad: #b3261e; --s1: #c9d8f2; --s2: #2563c9; --s3: #7aa2e3; --s4: #16407f }
@media (prefers-color-scheme: dark) { :root { --page: #15171a; --card: #1d2024;
  --text: #e8e9eb; --soft: #9ba0a9; --line: #32363c; --ours: #6ea2ff;
  --peer: #70757e; --good: #5bc98e; --bad: #ff8a80; --s1: #3b4556;
  --s2: #6ea2ff; --s3: #3f67ad; --s4: #b7d0ff } }
* { box-sizing: border-box }
body { margin: 0; background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, "DejaVu Sans", sans-serif }
main { max-width: 980px; margin: 0 auto; padding: 32px 20px 64px }
h1 { font-size: 26px; margin: 0 0 4px } h2 { font-size: 18px; margin: 0 0 10px }
p { margin: 6px 0 } .soft { color: var(--soft) }
section { background: var(--card); border: 1px solid var(--line);
  border-radius: 8px; padding: 18px 20px; margin: 18px 0; overflow-x: auto }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: 6px 10px 6px 0; vertical-align: middle;
  border-bottom: 1px solid var(--line) }
tr:last-child td { border-bottom: 0 }
th { color: var(--soft); font-weight: 500; font-size: 13px }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums;
  white-space: nowrap }
.met { color: var(--good) } .missed, .missing, .failed { color: var(--bad) }
.cards { display: flex; flex-wrap: wrap; gap: 12px; margin: 18px 0 0 }
.card { background: var(--card); border: 1px solid var(--line);
  border-radius: 8px; padding: 12px 16px; flex: 1 1 150px }
.card b { display: block; font-size: 22px } svg { display: block }
svg text { fill: var(--text); font: 12px system-ui, "DejaVu Sans", sans-serif }
svg .soft { fill: var(--soft) }
.key i { display: inline-block; width: 11px; height: 11px; border-radius: 2px;
  margin: 0 6px 0 14px }
"""


def page(result, links=()):
    """The whole page for one result, or two when it has a "peer".

    links: (target, text) pairs for its end.
    """
    runs = [result] + ([result["peer"]] if "peer" in result else [])
    body = [head(result), cards(result), failures(runs)]
    body.append(comparison(result) if "ratios" in result
                else figures(result))
    body += [timeline(runs), guests(runs), exits(runs), machine(result)]
    body += [f'<p><a href="{escape(target)}">{escape(text)}</a></p>'
             for target, text in links]
    return ("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
            "<meta name=\"viewport\" content=\"width=device-width\">"
            "<title>Touchstone report</title><style>" + STYLE
            + "</style></head><body><main>" + "\n".join(filter(None, body))
            + "</main></body></html>\n")


def section(title, *parts):
    return f"<section><h2>{escape(title)}</h2>{''.join(parts)}</section>"


def cell(text, kind=""):
    return f"<td{f' class={kind}' if kind else ''}>{text}</td>"


def head(result):
    row = result["hypervisor"]
    peer = " beside upstream Xen on the same machine" if "peer" in result \
        else ""
    return (f"<h1>{escape(row['title'])}: stock guests on the platform</h1>"
            f"<p class=soft>One boot of Debian's dom0 and stock Debian guests"
            f"{peer}, under QEMU {escape(result['machine']['qemu'])} "
            f"({escape(result['accelerator'])}).</p>")


def cards(result):
    up = sum(guest["up"] for guest in result["guests"])
    shown = [("guests up", f"{up} of {len(result['guests'])}"),
             ("power-on to dom0 init", with_unit(
                 at(result, ("milestones", "dom0_init_s")), "s")),
             ("xl create", with_unit(
                 at(result, ("lifecycle", "create_s")), "s")),
             ("hypervisor memory", with_unit(
                 at(result, ("memory", "hypervisor_mib")), "MiB"))]
    if "ratios" in result:
        rows = [row for row in result["ratios"].values() if row["target"]]
        met = sum(row["verdict"] == "met" for row in rows)
        shown.append(("targets met", f"{met} of {len(rows)}"))
    return "<div class=cards>" + "".join(
        f"<div class=card><b>{escape(value)}</b>"
        f"<span class=soft>{escape(name)}</span></div>"
        for name, value in shown) + "</div>"


def with_unit(value, unit):
    return "-" if value is None else f"{number(value)} {unit}"


def failures(runs):
    items = [f"<li><b>{escape(run['hypervisor']['title'])}</b>: "
             f"{escape(error)}</li>" for run in runs
             for error in run["errors"]]
    if not items:
        return ""
    return section("What failed",
                   "<ul class=failed>" + "".join(items) + "</ul>")


def bars(values):
    """Two bars on one scale: ours above, the peer's below."""
    top = max((value or 0 for value in values), default=0) or 1
    out = []
    for place, (value, colour) in enumerate(zip(values, ("ours", "peer"))):
        width = max(1, round((value or 0) / top * BAR_WIDTH))
        out.append(f"<rect x=0 y={place * (BAR_HEIGHT + 3)} width={width} "
                   f"height={BAR_HEIGHT} rx=2 fill=\"var(--{colour})\"/>")
    height = len(values) * (BAR_HEIGHT + 3)
    return (f"<svg width={BAR_WIDTH} height={height} role=img "
            f"aria-label=\"bars\">{''.join(out)}</svg>")


def comparison(result):
    rows = []
    for row in result["ratios"].values():
        sign = "&le;" if row["better"] == "lower" else "&ge;"
        target = f"{sign} {row['target']}" if row["target"] else ""
        rows.append(
            "<tr>" + cell(escape(row["title"]))
            + cell(bars((row["ours"], row["peer"])))
            + cell(with_unit(row["ours"], escape(row["unit"])), "n")
            + cell(with_unit(row["peer"], escape(row["unit"])), "n")
            + cell(number(row["ratio"]), "n") + cell(target, "n")
            + cell(VERDICTS[row["verdict"]], row["verdict"]) + "</tr>")
    return section(
        "Beside the peer",
        "<p class='soft key'>Each pair has its own scale."
        "<i style='background:var(--ours)'></i>Touchstone"
        "<i style='background:var(--peer)'></i>Xen 4.17</p>",
        "<table><tr><th>figure<th><th class=n>ours<th class=n>peer"
        "<th class=n>ours / peer<th class=n>target<th></tr>",
        "".join(rows), "</table>")


def figures(result):
    rows = [f"<tr>{cell(escape(row.title))}"
            f"{cell(with_unit(at(result, row.path), row.unit), 'n')}</tr>"
            for row in METRICS]
    return section("Figures", "<table><tr><th>figure<th class=n>value</tr>",
                   "".join(rows), "</table>")


def timeline(runs):
    """From power-on to the first guest, one bar per hypervisor."""
    ends = [run["milestones"].get("guest_init_s") for run in runs]
    top = max((end for end in ends if end), default=None)
    if not top:
        return ""
    out, height = [], 34
    for place, run in enumerate(runs):
        out.append(f"<text x=0 y={place * height + 17}>"
                   f"{escape(run['hypervisor']['name'])}</text>")
        out.append(stages(run, place * height + 4, top))
    keys = "".join(f"<i style='background:var(--s{n})'></i>{escape(title)}"
                   for n, (_, title) in enumerate(STAGES, 1))
    return section(
        "From power-on to the first guest",
        f"<p class='soft key'>Seconds on the host's clock.{keys}</p>",
        f"<svg width={TIME_WIDTH + TIME_LABEL} height={len(runs) * height} "
        f"role=img aria-label=\"boot timeline\">{''.join(out)}</svg>")


def stages(run, y, top):
    out, since = [], 0.0
    scale = (TIME_WIDTH - 70) / top
    for order, (key, title) in enumerate(STAGES, 1):
        end = run["milestones"].get(key)
        if end is None:
            continue
        width = max(1, (end - since) * scale)
        out.append(f"<rect x={TIME_LABEL + since * scale:.1f} y={y} "
                   f"width={width:.1f} height=18 fill=\"var(--s{order})\">"
                   f"<title>{escape(title)}: {end - since:.2f} s"
                   "</title></rect>")
        since = end
    out.append(f"<text x={TIME_LABEL + since * scale + 8:.1f} y={y + 13}>"
               f"{since:.1f} s</text>")
    return "".join(out)


def guests(runs):
    rows = []
    for run in runs:
        for guest in run["guests"]:
            facts = guest["facts"]
            state = "up, job done" if guest["up"] and guest["finished"] \
                else "<span class=failed>not finished</span>"
            rows.append("<tr>" + "".join(map(cell, (
                escape(run["hypervisor"]["title"]), escape(guest["name"]),
                state, escape(str(facts.get("cpu", "-"))),
                escape(f"{facts.get('hypervisor', '-')} "
                       f"{facts.get('version', '')} "
                       f"{facts.get('guest_type', '')}")))) + "</tr>")
    return section("Guests, as they see themselves",
                   "<table><tr><th>on<th>guest<th>state<th>CPU"
                   "<th>hypervisor</tr>", "".join(rows), "</table>")


def exits(runs):
    """Why each domain left its CPU, most frequent first."""
    parts = []
    for run in runs:
        for domain, counts in sorted(run["exits"].items()):
            ranked = sorted(counts.items(), key=lambda item: -item[1])
            total = sum(counts.values())
            rows = "".join(exit_row(name, count, ranked[0][1])
                           for name, count in ranked[:EXITS_SHOWN])
            parts.append(f"<p><b>{escape(domain)}</b>: {total:,} exits</p>"
                         f"<table>{rows}</table>")
    if not parts:
        return ""
    return section("Exits by reason", *parts)


def exit_row(name, count, top):
    width = max(1, round(count / top * BAR_WIDTH))
    bar = (f"<svg width={BAR_WIDTH} height={BAR_HEIGHT} role=img>"
           f"<rect width={width} height={BAR_HEIGHT} rx=2 "
           "fill=\"var(--ours)\"/></svg>")
    return (f"<tr>{cell(escape(name))}{cell(bar)}"
            f"{cell(f'{count:,}', 'n')}</tr>")


def machine(result):
    row = result["machine"]
    shown = (("accelerator", result["accelerator"]), ("QEMU", row["qemu"]),
             ("CPUs", row["smp"]), ("memory", f"{row['memory_mib']} MiB"),
             ("calibration", f"{result.get('calibration', '-')} times as slow"
              " as the reference"))
    rows = "".join(f"<tr>{cell(escape(name))}{cell(escape(str(value)))}</tr>"
                   for name, value in shown)
    return section("The machine", f"<table>{rows}</table>")
