"""The catalogue: a page for each machine and defect, all links lead somewhere."""
import html.parser
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, os.pardir, "zoo"))
import machine  # pylint: disable=wrong-import-position

PROGRAM = os.path.join(HERE, os.pardir, "catalogue", "catalogue")
BUILD = os.environ.get("O", "build")


class Links(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found += [v for n, v in attrs if n == "href"]


def catalogue(*arguments):
    return subprocess.run([PROGRAM, "--build", BUILD, *arguments],
                          capture_output=True, text=True, timeout=120,
                          check=False)


class Catalogue(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.records = os.path.join(place.name, "records")
        self.out = os.path.join(place.name, "out")
        sick = machine.Machine()
        sick.tables["HPET"] = machine.hpet(0x200000)
        sick.structures[1] = machine.structure(
            1, 1, bytes([1, 2, 3]) + bytes(20), "<b>Maker</b>", "A&B", "1")
        for name, m in (("well", machine.Machine()), ("sick", sick)):
            m.write(os.path.join(self.records, name))

    def pages(self):
        for folder, _, names in os.walk(self.out):
            for name in names:
                if name.endswith(".html"):
                    path = os.path.join(folder, name)
                    with open(path, encoding="utf-8") as f:
                        yield path, f.read()

    def test_every_link_leads_to_a_page(self):
        self.assertEqual(catalogue(self.records, "--out",
                                   self.out).returncode, 0)
        pages = dict(self.pages())
        self.assertGreaterEqual(len(pages), 5)
        for path, text in pages.items():
            links = Links()
            links.feed(text)
            for link in links.found:
                there = os.path.normpath(os.path.join(os.path.dirname(path),
                                                      link))
                self.assertTrue(os.path.exists(there), (path, link))

    def test_names_of_machines_are_text(self):
        catalogue(self.records, "--out", self.out)
        pages = dict(self.pages())
        index = pages[os.path.join(self.out, "index.html")]
        self.assertIn("&lt;b&gt;Maker&lt;/b&gt; A&amp;B", index)
        self.assertNotIn("<b>Maker", index)
        defect = pages[os.path.join(self.out, "defect", "hpet_in_ram.html")]
        self.assertIn("A&amp;B", defect)

    def test_replays_show_what_became_of_a_machine(self):
        row = {"record": os.path.join(self.records, "sick"), "title": "",
               "outcome": "refused", "reasons": ["MADT: <no> CPU"],
               "facts": {"cpus": 2}, "adaptations": ["FADT: ports moved"],
               "seconds": 3.5, "accelerator": "tcg"}
        replays = self.records + ".json"
        with open(replays, "w", encoding="utf-8") as f:
            json.dump({"results": [dict(row, kernel="ours"),
                                   dict(row, kernel="xen", outcome="up")]}, f)
        done = catalogue(self.records, "--out", self.out, "--replays", replays)
        self.assertEqual(done.returncode, 0, done.stderr)
        pages = dict(self.pages())
        index = pages[os.path.join(self.out, "index.html")]
        self.assertIn("Touchstone: refused", index)
        self.assertIn("upstream Xen: up", index)
        self.assertIn("ours-refused", index)
        machine_page = next(t for p, t in pages.items()
                            if "/machine/" in p and "FADT: ports moved" in t)
        self.assertIn("MADT: &lt;no&gt; CPU", machine_page)

    def test_every_quirk_and_rule_has_a_page(self):
        catalogue(self.records, "--out", self.out)
        pages = dict(self.pages())
        quirks = [p for p in pages if "/quirk/" in p]
        self.assertGreaterEqual(len(quirks), 400)
        self.assertGreaterEqual(len([p for p in pages if "/defect/" in p]), 120)
        acting = [p for p in quirks if "the hypervisor acts" in pages[p]]
        self.assertGreaterEqual(len(acting), 40)
        self.assertIn("quirk=no-", pages[acting[0]])

    def test_the_zoo_shows_all_its_machines(self):
        catalogue(self.records, "--out", self.out)
        with open(os.path.join(self.out, "zoo.html"), encoding="utf-8") as f:
            zoo = f.read()
        self.assertGreaterEqual(len(re.findall("<tr data-row", zoo)), 40)
        self.assertIn("Touchstone: up", zoo)

    def test_nothing_to_show_is_an_error_with_a_reason(self):
        done = catalogue("--build", "/nonexistent", self.records, "--out",
                         self.out)
        self.assertEqual(done.returncode, 2)
        self.assertIn("touchstone-scan", done.stderr)


if __name__ == "__main__":
    unittest.main()
