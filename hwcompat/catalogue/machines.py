"""Pages of machines: the list, and what was found on each one."""
import collections

from page import (KERNELS, LEVELS, badge, items, levels, link, outcome,
                  search, table, text, write)


def counts(findings):
    number = collections.Counter(f["severity"] for f in findings)
    return " ".join(badge(level, f"{number[level]} {level}")
                    for level in LEVELS[:4] if number[level])


def index_page(out, machines):
    rows, ends = [], set()
    for m in machines:
        words = {f["severity"] for f in m.findings}
        words |= {f"{r['kernel']}-{r['outcome']}" for r in m.replays}
        words |= {"unreadable"} if m.error else set()
        ends |= {(r["kernel"], r["outcome"]) for r in m.replays}
        rows.append((" ".join(sorted(words)), [
            ("machine", link(f"machine/{m.key}.html", m.title)
             + f'<br><small>{text(m.firmware)}</small>'),
            ("findings", counts(m.findings) or "none"),
            ("replays", " ".join(outcome(r["kernel"], r["outcome"])
                                 for r in m.replays) or "not replayed")]))
    write(out, "index.html", f"{len(machines)} machines",
          search("Find a machine", levels()[:4],
                 [(f"{k}-{o}", f"{k} {o}") for k, o in sorted(ends)]) +
          table(("Machine", "Findings", "Replays"), rows, "cards"))


def finding_row(f):
    more = f' and {f["more"]} more' if f["more"] else ""
    path = f'../{"quirk" if f["quirk"] else "defect"}/{f["rule"]}.html'
    return (f'<section class="f {f["severity"]}">{badge(f["severity"])} '
            f'{link(path, f["rule"])}'
            f'<p>{text(f["effect"])}</p><p><code>{text(f["where"])}</code> '
            f'{text(f["detail"])}{more}</p><p class="w">'
            f'{text(f["workaround"])}</p></section>')


def replay_section(r):
    facts = [f"{text(name)} {text(value)}"
             for name, value in r.get("facts", {}).items()]
    body = (f'<h2>Replay on {text(KERNELS.get(r["kernel"], r["kernel"]))}</h2>'
            f'<p>{outcome(r["kernel"], r["outcome"])} '
            f'{text(r.get("seconds", "?"))} s, '
            f'{text(r.get("accelerator", "tcg"))}</p>')
    said = [text(line) for line in r["reasons"]]
    adapted = [text(line) for line in r["adaptations"]]
    for title, rows in (("What it said", said), ("What was adapted", adapted),
                        ("What was seen", facts)):
        if rows:
            is_open = " open" if rows == said and r["outcome"] != "up" else ""
            body += (f"<details{is_open}><summary>{title} ({len(rows)})</summary>"
                     + items(rows) + "</details>")
    return body


def machine_page(out, m):
    body = (f'<p>{text(m.firmware)}</p><p>{counts(m.findings)} '
            f'<code>{text(m.id)}</code> <code>{text(m.path)}</code></p>')
    if m.error:
        body += f'<p class="f critical">cannot read: {text(m.error)}</p>'
    if m.unjudged:
        body += f'<p>AML is not judged: {text(m.unjudged)}</p>'
    body += "".join(replay_section(r) for r in m.replays)
    for title, quirk in (("Defects", False), ("Quirks", True)):
        found = sorted((f for f in m.findings if f["quirk"] == quirk),
                       key=lambda f: LEVELS.index(f["severity"]))
        body += f"<h2>{title}</h2>" + (
            "".join(map(finding_row, found)) or "<p>none</p>")
    write(out, f"machine/{m.key}.html", m.title, body)
