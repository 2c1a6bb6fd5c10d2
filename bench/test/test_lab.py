"""The lab: its protocol with a real agent, its rounds with measures that are made up."""

import collections
import io
import json
import os
import socket
import sys
import tempfile
import threading
import types
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
for part in ("impl/platform", "impl/dom0", "bench"):
    sys.path.insert(0, os.path.join(ROOT, part))
from lab import block, life, matrix, network, plugins, rounds  # noqa: E402
from lab import station, store, view  # noqa: E402
from lab.__main__ import chosen_rows, parser  # noqa: E402
from lab.errors import JobFailed, LabError, Undone  # noqa: E402
from lab.lab import rows  # noqa: E402
from lab.peer import Job, Peer  # noqa: E402
from lab.soak import Soak  # noqa: E402
from touchstone import images, qemu  # noqa: E402

LIBRARY = os.path.join(ROOT, "impl/dom0/lib")
AGENT = (f"exec 3>&1; export TS_SRC=agent TS_OUT=/dev/fd/3; . {LIBRARY}/ts.sh; "
         f". {LIBRARY}/agent.sh; agent_loop; ts_close 0")


class Monitor:
    """Answers like QEMU's QMP socket; asked: the commands that came."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "qmp")
        self.asked = []
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(self.path)
        self.socket.listen(8)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                link, _ = self.socket.accept()
            except OSError:
                return
            with link, link.makefile("rw") as lines:
                lines.write('{"QMP": {}}\n')
                lines.flush()
                for line in lines:
                    command = json.loads(line)["execute"]
                    self.asked.append(command)
                    lines.write('{"event": "STOP"}\n{"return": {}}\n')
                    lines.flush()


class Jobs(unittest.TestCase):
    """The agent of dom0, on this machine's shell."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.monitor = Monitor(folder.name)
        self.addCleanup(self.monitor.socket.close)
        self.peer = Peer("ours", ["sh", "-c", AGENT], None,
                         self.monitor.path, 1)
        self.addCleanup(self.peer.stop)
        self.peer.start(30)

    def test_a_job_answers_with_status_and_output(self):
        job = self.peer.job("sh", "echo one; echo two >&2; exit 3")
        self.assertEqual((job.status, job.text), (3, "one\ntwo\n"))

    def test_a_long_job_arrives_whole(self):
        text = "".join(f"{number:04d}  " for number in range(200))
        self.assertEqual(self.peer.sh(f"printf %s '{text}'").text, text)

    def test_what_a_job_reports_comes_with_its_time(self):
        job = self.peer.do("ts_begin x; ts_num y 7; ts_end x")
        kinds = [record.data["t"] for record in job.records
                 if record.data["t"] in ("begin", "fact", "end")]
        self.assertEqual(kinds, ["begin", "fact", "end"])
        seen = life.times(job.records)
        self.assertLessEqual(seen["agent", "begin", "x"],
                             seen["agent", "end", "x"])

    def test_jobs_of_one_shell_share_its_variables(self):
        self.peer.do("kept=7")
        self.assertEqual(self.peer.do("echo $kept").text, "7\n")

    def test_a_job_that_must_succeed_says_why_it_did_not(self):
        with self.assertRaisesRegex(JobFailed, "no disk.*because"):
            self.peer.do("ts_error 'no disk'; echo because; (exit 4)")

    def test_a_device_that_is_not_there_fails_only_who_needs_it(self):
        self.peer.attempt("good", "true")
        self.peer.attempt("bad", "echo no such card; false")
        self.peer.need("good")
        with self.assertRaisesRegex(Undone, "no bad: .*no such card"):
            self.peer.need("bad")

    def test_silence_ends_a_job(self):
        with self.assertRaisesRegex(JobFailed, "no answer to 'sleep 99'"):
            self.peer.sh("sleep 99", 0.3)

    def test_a_machine_that_ends_is_noticed(self):
        with self.assertRaisesRegex(JobFailed, "the machine ended"):
            self.peer.do("exit 0", 30)

    def test_a_paused_machine_is_stopped_once(self):
        for action in (self.peer.pause, self.peer.pause, self.peer.resume,
                       self.peer.resume):
            action()
        self.assertEqual([name for name in self.monitor.asked
                          if name != "qmp_capabilities"], ["stop", "cont"])


def measure(name, **more):
    return matrix.Measure(name, "s", "lower", **more)


class Module(types.SimpleNamespace):
    """A module whose measures are what a test says."""

    def __init__(self, fails=()):
        super().__init__(fails=collections.Counter(fails), ran=[])

    def __hash__(self):
        return id(self)

    def run(self, lab, peer, wanted):
        self.ran.append((peer, [row.name for row in wanted]))
        if self.fails[peer] > 0:
            self.fails[peer] -= 1
            raise JobFailed("broken")
        return matrix.Result({row.name: len(self.ran) for row in wanted})


class Lab:
    """Machines that nobody booted."""

    scale = 1

    def __init__(self, known):
        self.rows = known
        self.facts = {}
        self.dropped = []

    def drop_all(self, peer):
        self.dropped.append(peer)


class View:
    """Nothing is shown."""

    def at(self, *_):
        return None

    took = note = at


class Taking(unittest.TestCase):
    """Which samples are taken, in which order."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.path = os.path.join(folder.name, "samples.json")

    def run_rounds(self, known, samples=3, budget=60, judge="none",
                   peers=("ours", "xen")):
        kept = store.Store(self.folder, {"id": "m"}, "quick", "r")
        taken = rounds.Rounds(Lab(known), kept, list(peers), View(), judge,
                              self.path, samples, budget)
        taken.run()
        taken.save()
        return taken, kept.data

    def judge(self, *lines):
        """A program that names what is undecided, once."""
        path = os.path.join(self.folder, "judge")
        text = "".join(line + "\\n" for line in lines)
        with open(path, "w") as handle:
            handle.write(f"#!/bin/sh\n[ -e {path}.said ] && exit 0\n"
                         f"touch {path}.said\nprintf '{text}'\n")
        os.chmod(path, 0o755)
        return path

    def test_rounds_alternate_between_the_peers(self):
        module = Module()
        _, data = self.run_rounds([(module, measure("a.b.c.v1"))])
        self.assertEqual([peer for peer, _ in module.ran],
                         ["ours", "xen", "xen", "ours", "ours", "xen"])
        sample = data["samples"]["a.b.c.v1"]
        self.assertEqual(sample["values"],
                         {"ours": [1, 4, 5], "xen": [2, 3, 6]})
        self.assertEqual(sample["rounds"],
                         {"ours": [0, 1, 2], "xen": [0, 1, 2]})

    def test_a_count_needs_few_samples(self):
        module = Module()
        self.run_rounds([(module, measure("a.b.c.v1", kind="count"))], 9)
        self.assertEqual(len(module.ran), 2 * rounds.COUNT_SAMPLES)

    def test_measures_of_a_batch_are_taken_together(self):
        module = Module()
        known = [(module, measure(name, batch="x")) for name in ("a", "b")]
        self.run_rounds(known, 1)
        self.assertEqual(module.ran, [("ours", ["a", "b"]),
                                      ("xen", ["a", "b"])])

    def test_a_peer_that_cannot_is_not_asked(self):
        module = Module()
        self.run_rounds([(module, measure("a", peers=("ours",)))], 1)
        self.assertEqual(module.ran, [("ours", ["a"])])

    def test_more_samples_where_the_judge_wants_them(self):
        module = Module()
        judge = self.judge("a\t2\tclose", "b\t0\thopeless")
        known = [(module, measure(name)) for name in ("a", "b")]
        _, data = self.run_rounds(known, 3, judge=judge)
        self.assertEqual(
            {name: len(sample["values"]["ours"])
             for name, sample in data["samples"].items()}, {"a": 5, "b": 3})

    def test_a_count_that_varies_is_counted_again(self):
        module = Module()
        known = [(module, measure("a", kind="count"))]
        _, data = self.run_rounds(known, 9, judge=self.judge("a\t2\tvaries"))
        self.assertEqual(len(data["samples"]["a"]["values"]["ours"]),
                         rounds.COUNT_SAMPLES + 2)

    def test_a_failure_boots_again_and_is_kept(self):
        module = Module({"xen": 1})
        taken, data = self.run_rounds([(module, measure("a"))], 2)
        self.assertEqual(taken.lab.dropped, ["xen"])
        self.assertEqual(len(data["samples"]["a"]["values"]["xen"]), 2)
        self.assertEqual(data["errors"], ["a: broken"])

    def test_what_always_fails_is_given_up(self):
        module = Module({"xen": 99})
        _, data = self.run_rounds([(module, measure("a"))], 5)
        self.assertEqual(len(data["errors"]), rounds.FAILURES_MAX)
        self.assertEqual(list(data["samples"]["a"]["values"]), ["ours"])

    def test_what_cannot_be_measured_is_said_once(self):
        module = Module()

        def refuse(lab, peer, wanted):
            raise Undone("no such disk")
        module.run = refuse
        _, data = self.run_rounds([(module, measure("a"))], 5)
        self.assertEqual(data["errors"], ["a on ours: no such disk",
                                          "a on xen: no such disk"])

    def test_what_never_brings_a_figure_is_given_up(self):
        module = Module()
        module.run = lambda lab, peer, wanted: matrix.Result({"a": 1})
        known = [(module, measure(name, batch="x")) for name in ("a", "b")]
        taken, data = self.run_rounds(known, 3)
        self.assertEqual(list(data["samples"]), ["a"])
        self.assertEqual(taken.absent["b", "ours"], rounds.FAILURES_MAX)

    def test_no_budget_no_round(self):
        module = Module()
        self.run_rounds([(module, measure("a"))], budget=-1)
        self.assertEqual(module.ran, [])

    def test_the_file_is_whole_after_an_interruption(self):
        module = Module()

        def run(lab, peer, wanted):
            if len(module.ran) == 4:
                raise KeyboardInterrupt
            return Module.run(module, lab, peer, wanted)
        module.run = run
        with self.assertRaises(KeyboardInterrupt):
            self.run_rounds([(module, measure("a"))], 9)
        with open(self.path) as handle:
            data = json.load(handle)
        self.assertEqual(data["samples"]["a"]["values"],
                         {"ours": [1, 4], "xen": [2, 3]})

    def test_histograms_add_up(self):
        kept = store.Store(self.folder, {}, "quick", "r")
        for _ in range(2):
            kept.add([], "ours", 0, matrix.Result(
                {}, {"a": [[1.5, 2], [4, 1]]}, {"../x.json": b"{}"}))
        self.assertEqual(kept.data["histograms"],
                         {"a": {"ours": [[1.5, 4], [4, 2]]}})
        self.assertEqual(os.listdir(os.path.join(self.folder, "raw")),
                         ["000-x.json"])


class Choosing(unittest.TestCase):
    """Options leave a subset of the matrix."""

    def names(self, *options):
        return [row.name for _, row in chosen_rows(parser().parse_args(
            list(options)))]

    def test_names_are_unique_and_batches_whole(self):
        names = [row.name for _, row in rows()]
        self.assertEqual(len(names), len(set(names)))
        for batch in matrix.batches(rows()):
            self.assertEqual(len({row.peers for row in batch.measures}), 1)

    def test_one_name(self):
        name = "blk.blkfront-raw.randread-4k-qd1.v1"
        self.assertEqual(self.names("--only", name), [name])

    def test_parts_of_names(self):
        names = self.names("--device", "blkfront-*", "--workload", "rand*",
                           "--vcpus", "2,4")
        self.assertIn("blk.blkfront-null.randwrite-4k-qd32.v4", names)
        for name in names:
            self.assertRegex(name, r"^blk\.blkfront-[^.]*\.rand[^.]*\.v[24]$")

    def test_plain_qemu_has_no_paravirtual_devices(self):
        names = self.names("--hypervisor", "none", "--profile", "full")
        self.assertIn("blk.ahci-raw.randread-4k-qd1.v4", names)
        self.assertFalse([name for name in names if "front" in name])

    def test_the_quick_profile_is_smaller(self):
        quick = self.names()
        full = self.names("--profile", "full")
        self.assertLess(len(quick), len(full))
        self.assertLessEqual(set(quick), set(full))

    def test_nothing_left_is_an_error(self):
        with self.assertRaises(LabError):
            self.names("--only", "nothing.at.all")


class Answers(unittest.TestCase):
    """What programs answer becomes figures."""

    JOB = {"read": {"iops": 70.0, "bw_bytes": 1 << 20,
                    "clat_ns": {"bins": {"1000": 3, "2000": 1}}},
           "write": {"iops": 30.0, "bw_bytes": 1 << 20,
                     "clat_ns": {"bins": {"2000": 4}}},
           "sync": {"lat_ns": {"percentile": {"50.000000": 5000}}},
           "error": 0}

    def taken(self, name, job):
        result = matrix.Result()
        text = "fio: a warning\n" + json.dumps({"jobs": [job]})
        block.take(result, "m", "ours", text, block.WORKLOADS[name])
        return result

    def test_fio(self):
        result = self.taken("mixed-4k-qd16", self.JOB)
        self.assertEqual(result.values, {"m": 100.0})
        self.assertEqual(result.histograms, {"m": [[1.0, 3], [2.0, 5]]})
        self.assertEqual(self.taken("seqread-1m-qd4", self.JOB).values["m"],
                         2.0)
        self.assertEqual(self.taken("fsync-4k-qd1", self.JOB).values["m"],
                         5.0)

    def test_what_is_no_answer_fails(self):
        for text in ("", "fio: no", "{}", '{"jobs": []}', "{" * 10):
            with self.assertRaises(JobFailed):
                block.take(matrix.Result(), "m", "ours", text,
                           block.WORKLOADS["fsync-4k-qd1"])
        with self.assertRaises(JobFailed):
            self.taken("mixed-4k-qd16", {**self.JOB, "error": 5})

    def test_iperf3(self):
        self.assertEqual(network.mbit(
            {"sum_received": {"bits_per_second": 5e6}}), 5)
        self.assertEqual(network.packets(
            {"sum": {"packets": 100, "lost_packets": 20, "seconds": 2}}), 40)


class Platform:
    """A dom0 with guests that do what they are told; wrong: what one says."""

    name = "ours"

    def __init__(self, wrong=None, lost=0):
        self.wrong = wrong
        self.lost = lost
        self.states = 0
        self.told = []
        self.up = set()
        self.paused = set()
        self.attached = {}

    def do(self, text, limit_s=60):
        self.told.append(text)
        words = text.split()
        answer = ""
        if words[0] == "lab_guest":
            self.up.add(words[1])
        elif words[0] == "guest_stop":
            self.up.remove(words[1])
            self.paused.discard(words[1])
            self.attached.pop(words[1], None)
        elif text.startswith("xl"):
            self.xl(text.split(None, 3)[1:])
        elif words[0] == "lab_stream":
            answer = "sum\n"
        elif words[0] == "lab_state":
            self.states += 1
            answer = f"{2000 - self.lost * (self.states > 1)} 2 11 0 5\n"
        return Job(0, answer, [])

    def xl(self, words):
        """Only what can be done is done."""
        verb, guest = words[:2]
        if guest not in self.up:
            raise AssertionError(f"{verb}: no guest {guest}")
        if verb == "pause":
            self.paused.add(guest)
        elif verb == "unpause":
            self.paused.remove(guest)
        elif verb == "block-attach":
            if words[2] in self.attached.values():
                raise AssertionError("one disk in two guests")
            self.attached[guest] = words[2]
        elif verb == "block-detach":
            del self.attached[guest]

    def put(self, guest, path, contents):
        self.guest_sh(guest, path)

    def guest_sh(self, guest, text, limit_s=60):
        if guest in self.paused or guest not in self.up:
            raise AssertionError(f"'{guest}' cannot answer")

    def begin(self, verb, text):
        self.guest_sh(verb.partition(":")[2], text)
        self.told.append(text)
        return len(self.told)

    def finish(self, number, limit_s, what):
        done = f"soak 2048 2048 {2 << 20} sum sum\n"
        return Job(0, done if self.wrong is None else self.wrong, [])


class Soaking(unittest.TestCase):
    """What a soak does and what it notices."""

    def soak(self, seed=7, steps=400, **platform):
        done = Soak(Platform(**platform), seed, 0, View())
        done.start()
        for _ in range(steps):
            done.step()
        done.end()
        return done

    def test_everything_happens_and_nothing_is_wrong(self):
        done = self.soak()
        self.assertEqual(done.errors, [])
        for what in ("work", "pause", "unpause", "attach", "detach",
                     "create", "destroy", "cut off", "blocks verified"):
            self.assertGreater(done.counts[what], 0, what)
        self.assertEqual(done.peer.up, set())

    def test_the_seed_says_what_happens(self):
        told = [self.soak(seed).peer.told for seed in (1, 1, 2)]
        self.assertEqual(told[0], told[1])
        self.assertNotEqual(told[0], told[2])

    def test_what_was_written_is_verified_again(self):
        modes = collections.Counter(
            text.rpartition(" ")[2] for text in self.soak().peer.told
            if "soak_work" in text)
        self.assertGreater(modes["write"], 0)
        self.assertGreater(modes["verify"], 0)

    def test_wrong_blocks_and_wrong_bytes_are_errors(self):
        for wrong in ("verify: bad magic header", "soak 2048 2047 9 sum sum",
                      "soak 2048 2048 9 sum mus", ""):
            self.assertTrue(self.soak(steps=40, wrong=wrong).errors, wrong)

    def test_lost_memory_is_an_error(self):
        self.assertEqual(self.soak(lost=1).errors,
                         ["free MiB: 2000 before, 1999 afterwards"])


class Screen(io.StringIO):
    """A terminal that remembers."""

    def __init__(self, live):
        super().__init__()
        self.isatty = lambda: live


class Showing(unittest.TestCase):
    """Progress where somebody looks, lines where a file does."""

    def shown(self, live):
        out = Screen(live)
        shown = view.View(out)
        batch = matrix.Batch(None, "a", [measure("a")])
        shown.at("a", "ours", 125)
        shown.took(batch, "ours", matrix.Result({"a": 1234.5}))
        shown.finish()
        return out.getvalue()

    def test_a_terminal_has_one_line_with_the_time_left(self):
        text = self.shown(True)
        self.assertIn("a on ours, 2:05 left", text)
        self.assertNotIn("\n", text)

    def test_a_file_has_a_line_per_figure(self):
        self.assertEqual(self.shown(False), "a ours 1234 s\n")


class Environment(unittest.TestCase):
    def test_what_is_missing_says_what_to_do(self):
        with tempfile.TemporaryDirectory() as folder:
            boot = images.Boot(folder)
            with self.assertRaisesRegex(LabError, "run 'make' first"):
                station.check(boot, "ours")
            open(os.path.join(folder, "vmlinux"), "w").close()
            with self.assertRaisesRegex(LabError, "xen-hypervisor-4.17"):
                station.check(boot, "xen")

    def test_a_machine_has_a_name_for_its_baseline(self):
        found = qemu.Qemu("q", (7, 2, 0), "tcg")
        self.assertRegex(station.machine_id(found)["id"],
                         r"^[A-Za-z0-9][A-Za-z0-9.-]{3,63}$")

    def test_plain_linux_gets_its_processors_and_a_clock_that_stops(self):
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(os.path.join(folder, "bench"))
            for name in station.NEEDED["none"]:
                open(os.path.join(folder, name), "w").close()
            machine = station.Station(
                qemu.Qemu("q", (7, 2, 0), "tcg"), images.Boot(folder), folder,
                folder, 1, 2, {}).plain("none-v4", 4, "cloud", ("-more",))
            machine.machine.log.close()
        text = " ".join(machine.command)
        for part in ("-smp 4", "-rtc clock=vm", "-nic none", "-more"):
            self.assertIn(part, text)


class Plugins(unittest.TestCase):
    def test_a_plugin_that_does_not_load_is_named(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "broken.py")
            with open(path, "w") as handle:
                handle.write("1 / 0\n")
            with self.assertRaisesRegex(LabError, "broken.py"):
                plugins.load(path)


if __name__ == "__main__":
    unittest.main()
