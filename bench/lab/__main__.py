"""The command `touchstone bench`, but for `bench api`.

Exit status: 0 measured (and, compared, nothing worse), 1 something could not
be measured or is worse, 2 usage or environment.
"""
import argparse
import os
import signal
import subprocess
import sys
import time

from lab import matrix, station, store, view
from lab.errors import LabError
from lab.lab import Lab, rows
from lab.rounds import SAMPLES, Rounds
from lab.soak import soak
from touchstone import images, qemu

# Seconds of one run of fio or iperf3, seconds for everything.
PROFILES = {"quick": (1.0, 900), "full": (3.0, 14400), "soak": (1.0, 0)}
# What the judge is told at the end, as it is.
JUDGE_OPTIONS = {
    "compare": "with a baseline, a file or a git revision; exit 1 when "
               "something is worse",
    "html": "one page with plots",
    "svg": "the plots, into this folder",
    "csv": "a line for each measure",
    "bmf": "Bencher Metric Format",
    "github-bigger": "for github-action-benchmark: what should be more",
    "github-smaller": "and what should be less",
    "flame": "a flame graph for the page",
    "trend": "an earlier run for the page's trends",
    "margin": "per cent; what differs less is the same",
    "peer": "judge against this one",
}
# Those that may come more than once.
REPEATED = ("flame", "trend")
BUILD = os.environ.get("TOUCHSTONE_BUILD", "build")


def parser():
    out = argparse.ArgumentParser(
        prog="touchstone bench", description="Measure paravirtual I/O: one "
        "machine under several hypervisors, interleaved, raw samples kept.",
        epilog="`touchstone bench api URL` measures an endpoint of the "
        "XenAPI instead.")
    out.add_argument("--profile", choices=[*PROFILES], default="quick")
    out.add_argument("--hypervisor", type=names_of(matrix.PEERS),
                     default=["ours", "xen"], metavar="LIST", help="of ours, "
                     "xen (PVH dom0), xen-pv (PV dom0), none (plain QEMU); "
                     "default: ours,xen")
    out.add_argument("--only", "--filter", action="append", default=[],
                     metavar="GLOB", help="measures by name")
    for part, text in (("device", "such as blkfront-raw"),
                       ("workload", "such as randread-4k-*")):
        out.add_argument("--" + part, action="append", default=[],
                         metavar="GLOB", help=text)
    out.add_argument("--vcpus", type=numbers, metavar="LIST",
                     help="such as 1,4")
    out.add_argument("--list", action="store_true",
                     help="what would be measured, and no more")
    out.add_argument("--json", metavar="FILE", help="raw samples and ratios")
    for name, text in JUDGE_OPTIONS.items():
        out.add_argument("--" + name, metavar="X", help=text, default=[],
                         action="append" if name in REPEATED else "store",
                         type=str if name in REPEATED else one)
    out.add_argument("--save-baseline", action="store_true",
                     help="keep the samples under bench/baseline")
    out.add_argument("--samples", type=int, default=SAMPLES, metavar="N")
    out.add_argument("--seconds", type=float, metavar="S",
                     help="of one run of fio or iperf3")
    out.add_argument("--budget", type=float, metavar="S",
                     help="end after this time, decided or not")
    out.add_argument("--folder", metavar="DIR", help="logs and raw answers "
                     "(default: bench below the build)")
    out.add_argument("--minutes", type=float, default=10, metavar="N",
                     help="of a soak, on each hypervisor (10)")
    out.add_argument("--seed", type=int, default=1, metavar="N",
                     help="of a soak's random actions (1)")
    out.add_argument("--smp", type=int, default=2, metavar="N",
                     help="processors of the machine")
    out.add_argument("--qemu", metavar="PATH", help="the QEMU to use")
    out.add_argument("--build", default=BUILD, metavar="DIR",
                     help="where the boot files are")
    out.add_argument("--version", action="version", version="touchstone 0.1")
    return out


def one(text):
    """An option that comes once, as a list of one."""
    return [text]


def names_of(known):
    def parse(text):
        names = list(dict.fromkeys(text.split(",")))
        wrong = [name for name in names if name not in known]
        if wrong:
            raise argparse.ArgumentTypeError(
                f"'{wrong[0]}' is none of {', '.join(known)}")
        return names
    return parse


def numbers(text):
    try:
        return [int(part) for part in text.split(",")]
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"'{text}' is not a list of "
                                         "numbers") from error


def chosen_rows(args):
    if args.profile == "soak":
        return []
    known = rows()
    keep = set(matrix.chosen([row for _, row in known], args))
    out = [(module, row) for module, row in known if row in keep]
    if not out:
        raise LabError("no measure matches; `touchstone bench --list "
                       "--profile full` shows them all")
    return out


def interrupt(*_):
    raise KeyboardInterrupt


def asked_peers(args, chosen):
    """The peers that are wanted and of use; LabError if one is not built."""
    if args.profile == "soak":
        peers = [name for name in args.hypervisor if name != "none"]
    else:
        peers = [name for name in args.hypervisor
                 if any(name in row.peers for _, row in chosen)]
    for name in peers:
        station.check(images.Boot(args.build), name)
    return peers


def measure(args, chosen):
    """Take the samples; the Store and the file it is in."""
    found = qemu.find(args.qemu)
    peers = asked_peers(args, chosen)
    folder = args.folder or os.path.join(args.build, "bench-run")
    os.makedirs(folder, exist_ok=True)
    shown = view.View()
    shown.note(f"accelerator: {found.accelerator}")
    scale = qemu.calibrate(found)
    kept = store.Store(folder, station.machine_id(found), args.profile,
                       store.revision(os.environ.get("TOUCHSTONE_SOURCE",
                                                     ".")))
    path = args.json or os.path.join(folder, "samples.json")
    seconds, budget = PROFILES[args.profile]
    lab = Lab(found, images.Boot(args.build), scale, folder,
              args.seconds or seconds, args.smp, chosen)
    rounds = Rounds(lab, kept, peers, shown, judge_program(args.build), path,
                    args.samples, args.budget or budget)
    try:
        if args.profile == "soak":
            soaks(args, lab, peers, kept, shown)
        else:
            rounds.run()
    except KeyboardInterrupt:
        shown.note("interrupted: what was taken is kept")
        kept.error("interrupted")
    finally:
        # Who asks again has to wait: machines end and the file is written.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        lab.close()
        rounds.save()
        shown.finish()
    return kept, path


def soaks(args, lab, peers, kept, shown):
    """One after the other: a soak is not measured."""
    for name in peers:
        report = soak(lab, name, args.seed, args.minutes, shown)
        kept.data.setdefault("soak", {})[name] = report
        lab.drop_all(name)
        for text in report["errors"]:
            kept.error(f"soak on {name}: {text}")
        shown.finish()
        print(f"soak on {name}, seed {args.seed}: " + ", ".join(
            f"{count} {what}" for what, count in sorted(
                report.get("counts", {}).items()))
            + f"; {len(report['errors'])} errors")
        for text in report["errors"]:
            print(f"  {text}")


def judge_program(build):
    return os.path.join(build, "touchstone-judge")


def judge_only(options):
    """`touchstone bench judge`: samples that were taken before."""
    judge = judge_program(BUILD)
    try:
        return subprocess.run([judge, *options], check=False).returncode
    except OSError as error:
        print(f"touchstone bench: cannot start '{judge}': {error}: run "
              "'make' first", file=sys.stderr)
        return 2


def judged(args, path):
    """The judge's table and files; its status."""
    judge = judge_program(args.build)
    if not os.path.exists(judge):
        return 0
    command = [judge, "--json", path + ".judged"]
    for name in JUDGE_OPTIONS:
        for value in getattr(args, name.replace("-", "_")):
            command += ["--" + name, value]
    if args.save_baseline:
        command.append("--save-baseline")
    status = subprocess.run([*command, path], check=False).returncode
    if os.path.exists(path + ".judged"):
        os.replace(path + ".judged", path)
    return status


def main(argv=None):
    argv = sys.argv[1:] if argv is None else argv
    if argv[:1] == ["judge"]:
        return judge_only(argv[1:])
    args = parser().parse_args(argv)
    signal.signal(signal.SIGTERM, interrupt)
    start = time.monotonic()
    try:
        chosen = chosen_rows(args)
        if args.list:
            for _, row in chosen:
                print(f"{row.name}\t{row.unit}\t{','.join(row.peers)}\t"
                      f"{row.note}")
            return 0
        kept, path = measure(args, chosen)
    except (LabError, qemu.QemuError, images.ImageMissing, OSError) as error:
        print(f"touchstone bench: {error}", file=sys.stderr)
        return 2
    status = 0 if args.profile == "soak" else judged(args, path)
    print(f"samples: {path} ({time.monotonic() - start:.0f} s)",
          file=sys.stderr)
    return max(status, 1 if kept.data["errors"] else 0)


if __name__ == "__main__":
    sys.exit(main())
