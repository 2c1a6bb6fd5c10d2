"""Results, ratios and pages from what a boot told."""
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from touchstone import qemu, report, results, session, summary  # noqa: E402
from touchstone import view  # noqa: E402
from touchstone.console import Line, Record  # noqa: E402

FOUND = qemu.Qemu("qemu", (7, 2), "tcg")
FIO = {"jobs": [{"read": {"iops": 250.0, "bw_bytes": 50_000_000}}]}
IPERF3 = {"end": {"sum_received": {"bits_per_second": 3e8}}}


def config(name):
    return qemu.Config(name, "", "", "", "", 1024, "", None, 2, 4096, False, None,
                       ())


class Told(session.Session):
    """A session that is told things instead of listening to a machine."""

    def __init__(self, hypervisor):
        super().__init__(hypervisor, view.View())
        self.number = 0

    def tell(self, time, source, **data):
        self.number += 1
        self.take(Record(time, source, self.number, data))

    def span(self, start, seconds, source, name):
        self.tell(start, source, t="begin", name=name)
        self.tell(start + seconds, source, t="end", name=name, rc=0)

    def fact(self, source, name, value):
        self.tell(0, source, t="fact", name=name, value=value)


def complete(hypervisor="ours", slowness=1.0, free=3060):
    """A run in which all went well."""
    told = Told(hypervisor)
    told.take(Line(0.5, "(TS) [    0.000000] Touchstone 0.1" if hypervisor == "ours"
                   else "(XEN) Xen version 4.17.7"))
    told.tell(8.0 * slowness, "dom0", t="mark", name="dom0_init")
    for name, value in (("free_memory", str(free)), ("dom0_memory", 1023),
                        ("xen_version", "4.17.7")):
        told.fact("run", name, value)
    told.span(10, 2 * slowness, "run", "create g1")
    told.tell(14, "g1", t="mark", name="guest_init")
    for name in ("fio_randread_qd1", "fio_randread_qd16", "fio_seqread"):
        told.outcome.files["g1", name] = json.dumps(FIO).encode()
    for name in ("iperf3_up", "iperf3_down"):
        told.outcome.files["g1", name] = json.dumps(IPERF3).encode()
    told.tell(30, "g1", t="close", rc=0)
    for number, seconds in enumerate((3, 1, 2)):
        told.span(40 + number, seconds * slowness, "run",
                  f"create bare{number}")
    told.tell(60, "dom0", t="close", rc=0)
    told.outcome.seconds = 61.0
    return told.outcome


def result(hypervisor="ours", **changes):
    return results.result(complete(hypervisor, **changes), FOUND,
                          config(hypervisor))


class Result(unittest.TestCase):
    def test_complete_run_has_no_errors(self):
        self.assertEqual(result()["errors"], [])

    def test_keys_that_readers_rely_on(self):
        out = result()
        self.assertEqual(out["hypervisor"]["version"], "4.17.7")
        self.assertEqual(out["milestones"], {
            "hypervisor_s": 0.5, "dom0_init_s": 8.0, "guest_init_s": 14})
        guest = out["guests"][0]
        self.assertTrue(guest["up"])
        self.assertEqual(guest["fio"]["randread_iops"], 250.0)
        self.assertEqual(guest["fio"]["seqread_mbps"], 50.0)
        self.assertEqual(guest["iperf3"]["mbps"], 300.0)

    def test_median_of_the_rounds(self):
        self.assertEqual(result()["lifecycle"]["create_s"], 2)

    def test_memory_is_what_nobody_else_has(self):
        self.assertEqual(result()["memory"]["hypervisor_mib"], 13)

    def test_create_to_init_spans_two_sources(self):
        self.assertEqual(result()["guests"][0]["create_to_init_s"], 4)

    def test_guest_that_never_came_up_is_an_error(self):
        out = complete()
        del out.marks["g1", "guest_init"]
        errors = results.result(out, FOUND, config("ours"))["errors"]
        self.assertIn("guest g1 did not reach its init", errors)

    def test_damaged_figures_are_an_error(self):
        out = complete()
        out.files["g1", "fio_seqread"] = b"fio: error"
        errors = results.result(out, FOUND, config("ours"))["errors"]
        self.assertEqual(errors, ["guest g1: no result 'fio_seqread'"])

    def test_no_guest_is_an_error(self):
        errors = results.result(session.Outcome(), FOUND,
                                config("ours"))["errors"]
        self.assertIn("no guest was created", errors)


class Ratios(unittest.TestCase):
    def setUp(self):
        self.both = results.combined({"ours": result(slowness=0.5),
                                      "xen": result("xen", free=3022)})

    def test_lower_is_better(self):
        row = self.both["ratios"]["create"]
        self.assertEqual((row["ratio"], row["verdict"]), (0.5, "met"))

    def test_higher_is_better(self):
        row = self.both["ratios"]["seqread"]
        self.assertEqual((row["ratio"], row["verdict"]), (1.0, "missed"))

    def test_missing_figure_is_said(self):
        row = self.both["ratios"]["destroy"]
        self.assertEqual((row["ratio"], row["verdict"]), (None, "missing"))

    def test_own_keys_stay_on_top(self):
        self.assertEqual(self.both["hypervisor"]["name"], "ours")
        self.assertEqual(self.both["peer"]["hypervisor"]["name"], "xen")

    def test_peer_is_whoever_ran_beside_ours(self):
        found = results.combined({"ours": result(), "xen-pv": result("xen")})
        self.assertEqual(found["peer"]["hypervisor"]["name"], "xen")
        self.assertIn("create", found["ratios"])

    def test_single_run_is_itself(self):
        one = result()
        self.assertIs(results.combined({"ours": one}), one)


class Exits(unittest.TestCase):
    def test_lines_of_the_hypervisor_add_up(self):
        told = Told("ours")
        for text in ("exits d0 io=12 cpuid=3", "exits d0 npf=4",
                     "exits d7 hlt=1", "hypercalls d0 sched_op=9",
                     "exits end"):
            told.take(Line(1.0, "(TS) [    1.000000] " + text))
        self.assertEqual(told.outcome.counts, {
            "exits": {"d0": {"io": 12, "cpuid": 3, "npf": 4},
                      "d7": {"hlt": 1}},
            "hypercalls": {"d0": {"sched_op": 9}}})


class Pages(unittest.TestCase):
    def test_single_and_double_page_name_each_figure(self):
        one = result()
        two = results.combined({"ours": one, "xen": result("xen")})
        for row in results.METRICS:
            self.assertIn(row.title, report.page(one))
            self.assertIn(row.title, report.page(two))
            self.assertIn(row.title, summary.text(two))

    def test_page_needs_nothing_from_outside(self):
        page = report.page(result())
        for word in ("http://", "https://", "<script", "<link", "@import"):
            self.assertNotIn(word, page)

    def test_guest_supplied_text_is_escaped(self):
        out = complete()
        out.facts["g1"] = {"cpu": "<script>alert(1)</script>"}
        page = report.page(results.result(out, FOUND, config("ours")))
        self.assertNotIn("<script>", page)

    def test_failure_is_shown(self):
        out = complete()
        out.errors.append("the roof is on fire")
        page = report.page(results.result(out, FOUND, config("ours")))
        self.assertIn("the roof is on fire", page)

    def test_empty_outcome_makes_a_page(self):
        empty = results.result(session.Outcome(), FOUND, config("ours"))
        self.assertIn("no guest was created", report.page(empty))


if __name__ == "__main__":
    unittest.main()
