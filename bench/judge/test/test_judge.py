"""The judge's command line: verdicts, comparison, formats, and what it refuses."""

import csv
import io
import json
import os
import pty
import random
import re
import shutil
import subprocess
import tempfile
import unittest
from xml.etree import ElementTree

BUILD = os.path.abspath(os.environ.get("O", "build"))
PROGRAM = os.path.join(BUILD, "touchstone-judge")
TIMEOUT_S = 60
TIMES = {"ours": 1.0, "xen": 0.5, "none": 1.0}


def judge(*options, stdin=None, env=None):
    """Exit status, output, complaints."""
    done = subprocess.run([PROGRAM, *options], input=stdin, text=True,
                          capture_output=True, timeout=TIMEOUT_S, check=False,
                          env=env)
    return done.returncode, done.stdout, done.stderr


def times(seed, factor, n=12):
    """Samples around 1000 * factor."""
    r = random.Random(seed)
    return [round(1000 * factor * r.uniform(0.98, 1.02), 3) for _ in range(n)]


def measure(values, kind="time", better="higher", unit="IOPS",
            note="engine io_uring, depth 1, raw, cache none"):
    return {"unit": unit, "better": better, "kind": kind, "values": values,
            "note": note,
            "rounds": {p: list(range(len(v))) for p, v in values.items()}}


def sample_run(ours=1.0, seed=1, insns=100, machine="box-1", **more):
    """One block device at two depths, one micro-measurement, counts."""
    samples = {}
    for depth in (1, 32):
        name = f"blk.blkfront-raw.randread-4k-qd{depth}.v1"
        samples[name] = measure(
            {p: times(f"{seed} {p} {depth}", (ours if p == "ours" else f) *
                      depth ** 0.5) for p, f in TIMES.items()})
        samples[name + ".exits"] = measure(
            {"ours": [insns / 50], "xen": [7]}, "count", "lower", "exits")
    samples["micro.null-hypercall.hv-insns"] = measure(
        {"ours": [insns] * 3, "xen": [400] * 3}, "count", "lower",
        "instructions")
    return {"format": 1, "revision": "abc", "profile": "quick",
            "started": "2026-01-01T00:00:00Z",
            "machine": {"id": machine, "accelerator": "tcg", "qemu": "7.2.22"},
            "peers": {"ours": {}, "xen": {}, "none": {}}, "samples": samples,
            "histograms": {"blk.blkfront-raw.randread-4k-qd1.v1": {
                "ours": [[100, 50], [200, 900], [400, 49], [800, 1]],
                "xen": [[200, 10], [800, 900], [1600, 90]]}}, **more}


class Case(unittest.TestCase):
    """A directory, and runs in it."""

    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.dir = place.name

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, run):
        path = self.path(name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(run if isinstance(run, str) else json.dumps(run))
        return path

    def judged(self, run, *options):
        """The JSON that a run becomes."""
        status, out, complaints = judge("--json", "-", *options,
                                        self.write("run.json", run))
        self.assertIn(status, (0, 1), complaints)
        return json.loads(out)


class Verdicts(Case):
    def test_ratios_have_the_keys_of_the_interface(self):
        run = sample_run()
        result = self.judged(run)
        ratio = result["ratios"]["blk.blkfront-raw.randread-4k-qd1.v1"]
        self.assertEqual(ratio["verdict"], "better")
        self.assertEqual(ratio["peer_name"], "xen")
        self.assertAlmostEqual(ratio["ratio"], ratio["ours"] / ratio["peer"])
        self.assertLess(ratio["low"], ratio["ratio"])
        self.assertGreater(ratio["high"], ratio["ratio"])
        self.assertEqual(ratio["others"]["none"]["verdict"], "same")
        self.assertEqual(result["samples"], run["samples"])
        self.assertEqual(result["histograms"], run["histograms"])
        self.assertGreater(result["noise"]["spread"], 0)

    def test_a_count_is_judged_by_its_value(self):
        ratios = self.judged(sample_run(insns=200))["ratios"]
        ratio = ratios["micro.null-hypercall.hv-insns"]
        self.assertEqual((ratio["ratio"], ratio["low"], ratio["high"]),
                         (0.5, 0.5, 0.5))
        self.assertEqual(ratio["verdict"], "better")

    def test_another_peer_may_be_named(self):
        ratios = self.judged(sample_run(), "--peer", "none")["ratios"]
        ratio = ratios["blk.blkfront-raw.randread-4k-qd1.v1"]
        self.assertEqual(ratio["peer_name"], "none")
        self.assertEqual(ratio["verdict"], "same")

    def test_too_few_samples_are_undecided(self):
        run = sample_run()
        name = "blk.blkfront-raw.randread-4k-qd1.v1"
        values = run["samples"][name]["values"]
        values["ours"] = values["ours"][:4]
        path = self.write("run.json", run)
        status, out, _ = judge("--undecided", path)
        self.assertEqual((status, out), (0, f"{name}\t6\t4 of 10 samples\n"))
        status, out, _ = judge("--undecided", "--json", "-", path)
        self.assertEqual(json.loads(out)["undecided"],
                         [{"name": name, "have": 4, "more": 6,
                           "reason": "4 of 10 samples"}])

    def test_files_of_one_machine_are_put_together(self):
        paths = []
        for i in range(2):
            run = sample_run(seed=i)
            for m in run["samples"].values():
                m["values"] = {p: v[:6] for p, v in m["values"].items()}
                m["rounds"] = {p: v[:6] for p, v in m["rounds"].items()}
            paths.append(self.write(f"{i}.json", run))
        self.assertIn("qd1.v1\t4", judge("--undecided", paths[0])[1])
        status, out, _ = judge("--json", "-", *paths)
        result = json.loads(out)
        name = "blk.blkfront-raw.randread-4k-qd1.v1"
        self.assertEqual(status, 0)
        self.assertEqual(result["ratios"][name]["verdict"], "better")
        self.assertEqual(result["samples"][name]["rounds"]["ours"],
                         list(range(12)))

    def test_what_is_no_number_is_lost_and_said(self):
        run = sample_run()
        name = "blk.blkfront-raw.randread-4k-qd1.v1"
        values = run["samples"][name]["values"]["ours"]
        values[:3] = [float("nan"), None, float("inf")]
        result = self.judged(run)
        self.assertEqual(result["noise"]["lost"], 3)
        self.assertEqual(result["ratios"][name]["reason"], "9 of 10 samples")
        self.assertEqual(result["samples"][name]["values"]["ours"][:3],
                         [None] * 3)

    def test_the_same_seed_gives_the_same_words(self):
        path = self.write("run.json", sample_run())
        self.assertEqual(judge(path), judge(path))
        self.assertIn("0 worse", judge(path)[1])

    def test_no_colours_without_a_terminal(self):
        self.assertNotIn("\033", judge(self.write("a", sample_run()))[1])

    def on_terminal(self, **more):
        """What is written to a terminal."""
        master, slave = pty.openpty()
        with subprocess.Popen([PROGRAM, self.write("a", sample_run())],
                              stdout=slave, stdin=subprocess.DEVNULL,
                              env={**os.environ, **more}) as process:
            os.close(slave)
            text = b""
            try:
                while chunk := os.read(master, 65536):
                    text += chunk
            except OSError:  # the end of a terminal
                pass
            self.assertEqual(process.wait(TIMEOUT_S), 0)
        os.close(master)
        return text.decode()

    def test_colours_on_a_terminal_but_not_with_no_color(self):
        os.environ.pop("NO_COLOR", None)
        self.assertIn("\033[32mbetter\033[0m", self.on_terminal())
        self.assertNotIn("\033", self.on_terminal(NO_COLOR="1"))

    def test_control_characters_do_not_reach_the_terminal(self):
        run = sample_run(revision="\033[31mred")
        run["machine"]["id"] = "a\033b"
        run["samples"]["micro.null-hypercall.hv-insns"]["unit"] = "\033[0m"
        self.assertNotIn("\033", judge(self.write("a", run))[1])


class Comparison(Case):
    def compare(self, now, then, *options):
        status, out, complaints = judge(
            self.write("now.json", now), "--quiet", "--json",
            self.path("out.json"), "--compare",
            self.write("then.json", then), *options)
        self.assertIn(status, (0, 1), complaints + out)
        with open(self.path("out.json"), encoding="utf-8") as f:
            return status, json.load(f)["comparison"]

    def test_nothing_changed_is_the_same(self):
        status, c = self.compare(sample_run(seed=1), sample_run(seed=2))
        self.assertEqual((status, c["verdict"]), (0, "same"))

    def test_slower_is_worse_and_its_own_count_says_why(self):
        status, c = self.compare(sample_run(ours=0.8, insns=150), sample_run())
        self.assertEqual((status, c["verdict"]), (1, "worse"))
        name = "blk.blkfront-raw.randread-4k-qd1.v1"
        change = c["measures"][name]
        self.assertEqual(change["verdict"], "worse")
        self.assertEqual(change["reasons"],
                         [name + ".exits: 3, was 2 (+50 %)"])

    def test_a_count_alone_can_be_worse(self):
        status, c = self.compare(sample_run(insns=103), sample_run())
        self.assertEqual(status, 1)
        self.assertEqual(
            c["measures"]["micro.null-hypercall.hv-insns"]["verdict"], "worse")

    def test_faster_is_better_and_without_a_count_says_so(self):
        status, c = self.compare(sample_run(ours=1.5), sample_run())
        self.assertEqual((status, c["verdict"]), (0, "better"))
        self.assertIn("no count moved", c["measures"][
            "blk.blkfront-raw.randread-4k-qd1.v1"]["reasons"][0])

    def test_a_peer_that_moved_as_well_was_the_machine(self):
        name = "blk.blkfront-raw.randread-4k-qd1.v1"
        for ours, xen, verdict in ((0.8, 0.8, "cannot tell"),
                                   (0.88, 0.9, "cannot tell"),
                                   (0.5, 0.8, "worse"), (1.4, 0.8, "better"),
                                   (0.8, 1.2, "worse")):
            now = sample_run(ours=ours)
            for m in now["samples"].values():
                if m["kind"] == "time":
                    m["values"]["xen"] = [xen * v for v in m["values"]["xen"]]
            _, c = self.compare(now, sample_run())
            self.assertEqual(c["measures"][name]["verdict"], verdict,
                             (ours, xen))
            if verdict == "cannot tell":
                self.assertIn("that was the machine",
                              c["measures"][name]["reasons"][0])

    def test_times_of_another_machine_are_refused_and_counts_are_not(self):
        status, c = self.compare(sample_run(ours=0.5, insns=90),
                                 sample_run(machine="box-2"))
        self.assertEqual((status, c["verdict"]), (0, "better"))
        self.assertFalse(c["same_machine"])
        self.assertIn("box-2", c["difference"])
        self.assertEqual(c["measures"]["blk.blkfront-raw.randread-4k-qd1.v1"]
                         ["verdict"], "refused")
        _, out, _ = judge(self.path("now.json"), "--compare",
                          self.path("then.json"))
        self.assertIn("another machine", out)

    def git(self, *arguments):
        subprocess.run(["git", "-C", self.dir, "-c", "user.name=t", "-c",
                        "user.email=t@t", *arguments], check=True,
                       capture_output=True, timeout=TIMEOUT_S)

    def test_a_revision_has_the_baseline_that_was_saved(self):
        self.git("init", "-q")
        os.mkdir(self.path("bench"))
        then = self.write("then.json", sample_run())
        baselines = self.path("bench/baseline")
        status, out, _ = judge(then, "--save-baseline", "--baselines",
                               baselines)
        self.assertEqual(status, 0)
        self.assertIn("baseline/box-1.json", out)
        self.git("add", "bench")
        self.git("commit", "-qm", "baseline")
        now = self.write("now.json", sample_run(ours=0.7))
        for name in ("HEAD", "HEAD:bench/baseline/box-1.json"):
            status, out, _ = judge(now, "--repo", self.dir, "--compare", name)
            self.assertEqual(status, 1, name)
            self.assertIn("worse: blk.blkfront-raw.randread-4k-qd1.v1", out)
        page = judge(now, "--repo", self.dir, "--html", "-")[1]
        self.assertIn('<section id="trend"', page)
        other = self.write("other.json", sample_run(machine="box-2"))
        status, _, complaints = judge(other, "--repo", self.dir, "--compare",
                                      "HEAD")
        self.assertEqual(status, 2)
        self.assertIn("bench/baseline/box-1.json", complaints)

    def test_what_is_no_baseline_is_an_error(self):
        now = self.write("now.json", sample_run())
        for name in ("nowhere", "--output=x", "HEAD:none", "-p"):
            status, _, complaints = judge(now, "--repo", self.dir,
                                          f"--compare={name}")
            self.assertEqual(status, 2, name)
            self.assertIn(name, complaints)

    def test_a_machine_cannot_choose_the_path(self):
        now = self.write("now.json", sample_run(machine="../../evil"))
        status, _, complaints = judge(now, "--save-baseline", "--baselines",
                                      self.path("b"))
        self.assertEqual(status, 2)
        self.assertIn("no name of a baseline", complaints)


class Formats(Case):
    def output(self, option, run=None):
        status, out, complaints = judge(
            option, "-", self.write("run.json", run or sample_run()))
        self.assertEqual(status, 0, complaints)
        return out

    def test_bencher_metric_format(self):
        bmf = json.loads(self.output("--bmf"))
        for bench, measures in bmf.items():
            self.assertTrue(bench)
            for name, metric in measures.items():
                self.assertRegex(name, r"^[a-z0-9-]+$")
                self.assertLessEqual(set(metric), {"value", "lower_value",
                                                   "upper_value"})
                self.assertLessEqual(metric["lower_value"], metric["value"])
                self.assertGreaterEqual(metric["upper_value"], metric["value"])
        self.assertEqual(set(bmf["blk.blkfront-raw.randread-4k-qd1.v1"]),
                         {"iops", "ratio"})

    def test_github_action_benchmark_format(self):
        names = {}
        for which in ("bigger", "smaller"):
            rows = json.loads(self.output("--github-" + which))
            names[which] = {row["name"] for row in rows}
            for row in rows:
                self.assertEqual(set(row), {"name", "unit", "value", "range",
                                            "extra"})
                self.assertIsInstance(row["value"], (int, float))
        self.assertIn("blk.blkfront-raw.randread-4k-qd1.v1", names["bigger"])
        self.assertIn("micro.null-hypercall.hv-insns", names["smaller"])
        self.assertFalse(names["bigger"] & names["smaller"])

    def test_csv_has_a_line_for_each_pair(self):
        run = sample_run()
        run["samples"]["micro.null-hypercall.hv-insns"]["note"] = \
            '=cmd("x"), and\na line'
        rows = list(csv.DictReader(io.StringIO(self.output("--csv", run))))
        self.assertEqual(len(rows), 7)
        first = rows[0]
        self.assertEqual(first["name"], "blk.blkfront-raw.randread-4k-qd1.v1")
        self.assertEqual(first["verdict"], "better")
        self.assertAlmostEqual(float(first["ratio"]), float(first["ours"]) /
                               float(first["peer"]), places=6)
        note = [r["note"] for r in rows if r["name"].startswith("micro")][0]
        self.assertEqual(note, "'=cmd(\"x\"), and a line")

    def test_json_takes_its_own_output(self):
        first = self.output("--json")
        again = self.write("again.json", first)
        self.assertEqual(json.loads(judge("--json", "-", again)[1]),
                         json.loads(first))


SVG = "{http://www.w3.org/2000/svg}"


class Page(Case):
    def page(self, run=None, *options):
        status, out, complaints = judge(
            "--html", "-", *options,
            self.write("run.json", run or sample_run()))
        self.assertIn(status, (0, 1), complaints)
        return out

    def test_plots_are_files_that_stand_alone(self):
        trend = self.write("then.json", sample_run(seed=7, revision="old1"))
        status, _, complaints = judge(
            "--svg", self.path("svg"), "--trend", trend, "--quiet",
            self.write("run.json", sample_run()))
        self.assertEqual(status, 0, complaints)
        names = sorted(os.listdir(self.path("svg")))
        for name in ("depth.blk.randread-4k.v1.svg",
                     "histogram.blk.blkfront-raw.randread-4k-qd1.v1.svg",
                     "latency.blk.blkfront-raw.randread-4k-qd1.v1.svg",
                     "sides.blk.randread-4k-qd1.v1.svg",
                     "trend.micro.null-hypercall.hv-insns.svg"):
            self.assertIn(name, names)
        for name in names:
            root = ElementTree.parse(self.path("svg/" + name)).getroot()
            self.assertEqual(root.tag, SVG + "svg")
            self.assertTrue(root.findtext(SVG + "style"), name)
            self.assertNotIn("nan", ElementTree.tostring(root).decode())

    def test_many_notes_stand_with_their_members_and_are_cut_whole(self):
        run = sample_run()
        for i in range(4):
            run["samples"][f"micro.op-{i}.hv-insns"] = measure(
                {"ours": [1 + i]}, "count", "lower", "instructions",
                note=f"loop of 9; {i} " + "\u00e4\u20ac\U0001f600" * 40)
        judge("--svg", self.path("svg"), "--quiet",
              self.write("run.json", run))
        root = ElementTree.parse(
            self.path("svg/sides.micro.hv-insns.svg")).getroot()
        notes = [e.text for e in root.iter(SVG + "tspan")
                 if e.get("class") == "faint"]
        self.assertTrue(notes[1].startswith("loop of 9; 0 \u00e4"))
        self.assertTrue(notes[1].endswith("\u2026"))

    def test_a_histogram_may_be_of_several_measures(self):
        run = sample_run()
        own = ("micro.null-hypercall", "micro.null-hypercall.hv-insns.wake")
        for name in (*own, "nobody.s", "micro.null-hypercall/../x"):
            run["histograms"][name] = {"ours": [[5, 1], [6, 9]]}
        judge("--svg", self.path("svg"), "--quiet",
              self.write("run.json", run))
        self.assertEqual(
            sorted(name for name in os.listdir(self.path("svg"))
                   if name.startswith("latency.micro") or "nobody" in name),
            sorted(f"latency.{name}.svg" for name in own))

    def test_what_all_notes_begin_with_is_said_once(self):
        run = sample_run()
        for i in range(2):
            run["samples"][f"blk.d{i}.mixed.v1"] = measure(
                {"ours": times(i, 1)}, note=f"fio; depth 1; disk {i}")
        page = self.page(run)
        self.assertIn("blk.mixed.v1<small>fio; depth 1</small>", page)
        for i in range(2):
            self.assertIn(f'>d{i}</tspan><tspan class="faint" dx="8">'
                          f"disk {i}</tspan>", page)

    def test_every_sample_is_a_dot(self):
        judge("--svg", self.path("svg"), "--quiet",
              self.write("run.json", sample_run()))
        root = ElementTree.parse(
            self.path("svg/sides.blk.randread-4k-qd1.v1.svg")).getroot()
        dots = [e for e in root.iter(SVG + "circle")
                if "dot" in e.get("class")]
        self.assertEqual(len(dots), 3 * 12)

    def test_the_page_needs_nothing_else(self):
        page = self.page(sample_run(), "--compare",
                         self.write("then.json", sample_run(ours=1.4)))
        self.assertNotRegex(page, r"(src|href)=\"(?!#|data:)")
        self.assertNotIn("url(", page)
        for part in ("verdicts", "changes", "sides", "depth", "latency",
                     "counts", "machine"):
            self.assertIn(f'<section id="{part}"', page)
        self.assertNotIn('id="flame"', page)

    def test_no_text_of_a_run_is_markup(self):
        evil = '"><script>alert(1)</script>'
        run = sample_run(revision=evil, started=evil)
        run["machine"].update(id=evil, cpu=evil, more={"a": [evil]})
        run["peers"]["ours"][evil] = evil
        for m in run["samples"].values():
            m["note"] = m["unit"] = evil[:30]
        run["histograms"]["blk.blkfront-raw.randread-4k-qd1.v1"]["unit"] = \
            evil[:30]
        run["histograms"][evil] = {"ours": [[1, 1]]}
        page = self.page(run)
        self.assertEqual(page.count("<script"), 1)
        self.assertNotIn(evil, page)

    def test_a_flame_graph_is_shut_in(self):
        flame = self.write("flame.svg", '<svg xmlns="http://www.w3.org/2000/'
                           'svg"><script>x()</script></svg>')
        page = self.page(sample_run(), "--flame", flame)
        self.assertIn('<iframe sandbox="allow-scripts"', page)
        self.assertEqual(page.count("<script"), 1)
        status, _, complaints = judge("--html", "-", "--flame",
                                      self.path("run.json"),
                                      self.path("run.json"))
        self.assertEqual(status, 2)
        self.assertIn("not SVG", complaints)

    @unittest.skipUnless(shutil.which("chromium"), "no chromium here")
    def test_a_browser_shows_it_without_complaint(self):
        path = self.write("page.html", self.page())
        done = subprocess.run(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu",
             "--enable-logging=stderr", "--user-data-dir=" +
             self.path("browser"), "--dump-dom", "file://" + path],
            capture_output=True, text=True, timeout=TIMEOUT_S, check=True)
        self.assertNotIn("CONSOLE", done.stderr)
        self.assertEqual(done.stdout.count('<tr data-find="'), 5)


class Refusals(Case):
    def refused(self, text, *words):
        status, _, complaints = judge(self.write("bad.json", text))
        self.assertEqual(status, 2, text[:60])
        self.assertTrue(re.match(r"touchstone bench judge: \S+bad\.json: \S",
                                 complaints), complaints)
        for word in words:
            self.assertIn(word, complaints)

    def test_files_that_are_no_runs(self):
        self.refused("", "not JSON")
        self.refused("[1, 2", "offset")
        self.refused("[]", "format")
        self.refused('{"format": 2, "samples": {}}', "format")
        self.refused('{"format": 1}', "samples")
        self.refused("[" * 1000, "deep")
        self.refused("[" + "1," * (3 << 20) + "1]", "many values")

    def test_text_that_is_no_utf_8(self):
        for bad in (b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xe2\x82",
                    b"\xf4\x90\x80\x80"):
            with open(self.path("bad.json"), "wb") as f:
                f.write(b'{"format":1,"a":"' + bad + b'"}')
            status, _, complaints = judge(self.path("bad.json"))
            self.assertEqual(status, 2)
            self.assertIn("offset 17: not UTF-8", complaints)

    def test_measures_that_make_no_sense(self):
        good = measure({"ours": [1]})
        for change, word in (({"kind": "guess"}, "kind"),
                             ({"better": "blue"}, "better"),
                             ({"values": {"ours": 5}}, "list"),
                             ({"values": [1]}, "values"),
                             ({"values": {"a b": [1]}}, "peer"),
                             ({"values": {str(i): [1] for i in range(9)}},
                              "peers"),
                             ({"values": {"ours": [1] * 5000}}, "samples")):
            run = {"format": 1, "samples": {"a.b.c": {**good, **change}}}
            self.refused(json.dumps(run), word)
        for name in ("", "../x", "a<b", "x" * 200, "a b"):
            self.refused(json.dumps({"format": 1, "samples": {name: good}}),
                         "name")
        self.refused('{"format":1,"samples":{"a":%s,"a":%s}}' %
                     ((json.dumps(good),) * 2), "twice")

    def test_other_machines_are_not_put_together(self):
        paths = [self.write(f"{i}.json", sample_run(machine=f"box-{i}"))
                 for i in range(2)]
        status, _, complaints = judge(*paths)
        self.assertEqual(status, 2)
        self.assertIn("another machine", complaints)

    def test_wrong_usage(self):
        path = self.write("run.json", sample_run())
        for options in ((), ("--nope", path), ("--margin", "x", path),
                        ("--alpha", "2", path), ("--least", "2.5", path),
                        ("--undecided", "--csv", "-", path),
                        (self.path("missing"),),
                        ("--json", "/nowhere/x", path)):
            self.assertEqual(judge(*options)[0], 2, options)

    def test_help_and_version(self):
        status, out, _ = judge("--help")
        self.assertEqual(status, 0)
        self.assertIn("--compare", out)
        self.assertEqual(judge("--version")[1], "touchstone bench judge 1\n")

    def test_a_pipe_will_do(self):
        status, out, _ = judge("-", stdin=json.dumps(sample_run()))
        self.assertEqual(status, 0)
        self.assertIn("randread-4k-qd1", out)


if __name__ == "__main__":
    unittest.main()
