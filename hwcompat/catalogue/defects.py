"""Pages of what can be wrong: defects by rules, quirks by rows."""
import collections

from page import LEVELS, badge, items, levels, link, search, table, text, write


def places(machines):
    """{rule: {machine's key: machine}}."""
    found = collections.defaultdict(dict)
    for m in machines:
        for f in m.findings:
            found[f["rule"]][m.key] = m
    return found


def by_weight(found):
    return lambda r: (LEVELS.index(r["severity"]), -len(found[r["id"]]),
                      r["id"])


def about(out, folder, row, machines, facts):
    write(out, f"{folder}/{row['id']}.html", row["id"],
          f'<p>{badge(row["severity"])} {facts}</p>'
          f'<p>{text(row["effect"])}</p><h2>What helps</h2>'
          f'<p>{text(row["workaround"])}</p><h2>Source</h2>'
          f'<p>{text(row["source"])}</p><h2>Machines here</h2>' +
          (items(link(f"../machine/{m.key}.html", m.title)
                 for m in machines.values()) if machines else "<p>none</p>"))


def defect_pages(out, rules, found):
    rows = []
    for r in sorted(rules, key=by_weight(found)):
        where = found[r["id"]]
        about(out, "defect", r, where, "defect")
        seen = "seen" if where else "unseen"
        rows.append((f'{r["severity"]} {seen}', [
            ("defect", link(f'defect/{r["id"]}.html', r["id"])
             + f'<br>{text(r["effect"])}'),
            ("severity", badge(r["severity"])),
            ("machines", str(len(where)))]))
    write(out, "defects.html", f"{len(rules)} defects that are looked for",
          search("Find a defect", levels(),
                 [("seen", "seen here"), ("unseen", "not seen here")]) +
          table(("What it does", "Severity", "Machines"), rows, "cards"))


VENDORS = {"GenuineIntel": "Intel", "AuthenticAMD": "AMD",
           "HygonGenuine": "Hygon", "": "any"}


def acts(q):
    return "the hypervisor acts" if "action" in q else "known, left to others"


def kind(q):
    return "cpu" if "cpu" in q else "device" if q["devices"] else "machine"


def span(first, last, form):
    return form(first) if first == last else f"{form(first)} to {form(last)}"


def four(number):
    return f"{int(number, 16):04x}"


def matches(q):
    """What a quirk goes by, for people."""
    out = [f"{t['field'].replace('_', ' ')} {'is' if t['whole'] else 'has'} "
           f"'{t['text']}'" for t in q["texts"]]
    out += [f"PCI {four(d['vendor'])}:{span(d['first'], d['last'], four)}"
            for d in q["devices"]]
    if "cpu" in q:
        c = q["cpu"]
        models = ", ".join(span(a, b, hex) for a, b in c["models"])
        out.append(f"{VENDORS[c['vendor']]} family {hex(c['family'])} model "
                   f"{models}")
        if (c["stepping_first"], c["stepping_last"]) != (0, 15):
            out.append("stepping " + span(c["stepping_first"],
                                          c["stepping_last"], str))
        if int(c["microcode_below"], 16):
            out.append("microcode below " + c["microcode_below"])
    return ", ".join(out)


def quirk_pages(out, quirks, found):
    rows = []
    for q in quirks:
        q["severity"] = q["severity"].lower()
    for q in sorted(quirks, key=by_weight(found)):
        where = found[q["id"]]
        switch = (f'<p>It {text(q["action"])}. On the command line: '
                  f'<code>quirk=no-{text(q["id"])}</code>, '
                  f'<code>quirk={text(q["id"])}</code></p>'
                  if "action" in q else "")
        about(out, "quirk", q, where,
              f'quirk of a {kind(q)}, met by {text(q["scope"].lower())}: '
              f'{acts(q)}</p>{switch}<p><code>{text(matches(q))}</code>')
        words = (q["severity"], kind(q), q["scope"].lower(),
                 "acts" if "action" in q else "left", "seen" if where else "")
        rows.append((" ".join(words), [
            ("quirk", link(f'quirk/{q["id"]}.html', q["id"])
             + f'<br>{text(q["effect"])}<br><small>{text(matches(q))}</small>'),
            ("severity", badge(q["severity"])),
            ("what we do", acts(q)),
            ("machines", str(len(where)))]))
    write(out, "quirks.html", f"{len(quirks)} known quirks",
          search("Find a quirk: a machine, a device, what goes wrong",
                 levels()[:4],
                 [("acts", "the hypervisor acts"), ("seen", "seen here")],
                 [("machine", "machines"), ("device", "devices"),
                  ("cpu", "CPUs")]) +
          table(("What it does", "Severity", "What we do", "Machines"), rows,
                "cards"))
