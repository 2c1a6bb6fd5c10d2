"""What all pages of the catalogue share: frame, badges, search and filters."""
import html
import os

LEVELS = ("critical", "high", "medium", "low", "info")
KERNELS = {"ours": "Touchstone", "xen": "upstream Xen", "linux": "Linux"}
MOODS = {"up": "good", "refused": "medium", "slow": "medium",
         "unusable": "medium"}
MENU = (("index.html", "Machines"), ("defects.html", "Defects"),
        ("quirks.html", "Quirks"), ("zoo.html", "Zoo"))
PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><link rel="stylesheet" href="{up}style.css">
<header><nav>{menu}</nav></header>
<main><h1>{title}</h1>
{body}
</main></html>
"""
# A row is shown when its text holds the words, and for each group of filters that
# has one chosen, one of these is among the row's.
SEARCH = """<div class="tools"><input id="q" type="search" placeholder="{hint}"
aria-label="{hint}">{groups}<span id="n" role="status"></span></div>
<script>
const q=document.getElementById('q'),n=document.getElementById('n');
function show(){{let c=0;const words=q.value.toLowerCase().split(/\\s+/);
const groups=[...document.querySelectorAll('.g')].map(g=>
 [...g.querySelectorAll('[aria-pressed=true]')].map(b=>b.dataset.f))
 .filter(g=>g.length);
document.querySelectorAll('[data-row]').forEach(r=>{{
 const t=r.textContent.toLowerCase(),have=r.dataset.row.split(' ');
 const on=words.every(w=>t.includes(w))&&
  groups.every(g=>g.some(x=>have.includes(x)));
 r.hidden=!on;c+=on;}});n.textContent=c+' shown';
history.replaceState(null,'',q.value?'#'+encodeURIComponent(q.value):
 location.pathname);}}
document.addEventListener('DOMContentLoaded',()=>{{
q.value=decodeURIComponent(location.hash.slice(1));q.oninput=show;
document.querySelectorAll('button[data-f]').forEach(b=>b.onclick=()=>{{
 b.setAttribute('aria-pressed',b.getAttribute('aria-pressed')!=='true');
 show();}});show();}});
</script>"""


def text(value):
    return html.escape(str(value))


def search(hint, *groups):
    """Each group of filters: [(word in data-row, what is shown), ...]."""
    return SEARCH.format(hint=text(hint), groups="".join(
        '<span class="g">' + "".join(
            f'<button type="button" data-f="{text(word)}" '
            f'aria-pressed="false">{text(shown)}</button>'
            for word, shown in group) + "</span>" for group in groups if group))


def levels():
    return [(level, level) for level in LEVELS]


def badge(level, shown=None):
    return f'<span class="b {text(level)}">{text(shown or level)}</span>'


def outcome(kernel, result):
    mood = MOODS.get(result, "bad")
    return (f'<span class="b {mood}">{text(KERNELS.get(kernel, kernel))}: '
            f'{text(result)}</span>')


def table(head, rows, classes=""):
    """Rows: (words for the filters, [(what the column is, cell), ...])."""
    cells = "".join(
        f'<tr data-row="{text(words)}">' + "".join(
            f'<td data-of="{text(of)}">{cell}</td>' for of, cell in row) +
        "</tr>" for words, row in rows)
    return (f'<table class="{classes}"><thead><tr>' +
            "".join(f"<th>{text(h)}</th>" for h in head) +
            f"</tr></thead><tbody>{cells}</tbody></table>")


def link(path, shown):
    return f'<a href="{text(path)}">{text(shown)}</a>'


def items(rows):
    return "<ul>" + "".join(f"<li>{r}</li>" for r in rows) + "</ul>"


def write(out, path, title, body):
    full = os.path.join(out, path)
    up = "../" * path.count("/")
    menu = "".join(
        f'<a href="{up}{target}"'
        f'{" aria-current=page" if target == path else ""}>{name}</a>'
        for target, name in MENU)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "w", encoding="utf-8") as f:
        f.write(PAGE.format(title=text(title), body=body, up=up, menu=menu))
