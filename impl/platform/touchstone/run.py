"""The command `touchstone run`: boots the platform, runs, reports.

Exit status: 0 all well, 1 a check or the run failed, 2 usage or environment.
"""
import argparse
import contextlib
import json
import os
import shlex
import shutil
import signal
import sys
import tempfile

from touchstone import (images, machines, qemu, report, results, session,
                        summary, view)

# Time allowed on the reference machine; scaled by the calibration.
SCRIPT_LIMIT_S = 300
RUN_LIMIT_S = 180
GUEST_LIMIT_S = 60
# Steps that a run with one guest shows, and each further guest.
RUN_STEPS = 13
GUEST_STEPS = 9
DOM0_MEM = 1024
VERSION = "0.1"


def parser():
    out = argparse.ArgumentParser(
        prog="touchstone run", description="Boot the platform under QEMU, "
        "start stock guests, measure, and leave a summary and a report.",
        epilog="Options in the environment variable TS_RUN go first.")
    out.add_argument("--hypervisor", choices=[*machines.HYPERVISORS, "both"],
                     default="ours", help="which one to boot; both: ours, "
                     "then the peer, side by side")
    out.add_argument("--peer", default="xen", choices=[
        name for name in machines.HYPERVISORS if name != "ours"],
                     help="what both is beside ours (default: xen)")
    out.add_argument("--guests", type=int, default=1, metavar="N",
                     help="guests that run at once (1 to 3)")
    out.add_argument("--json", metavar="FILE", help="write the results here")
    out.add_argument("--raw", metavar="DIR", help="keep the output of fio "
                     "and iperf3 here, as DIR/HYPERVISOR/GUEST/NAME.json")
    out.add_argument("--script", metavar="FILE",
                     help="run a shell script in dom0 instead, show its "
                     "output, exit with its verdict")
    out.add_argument("--file", action="append", default=[],
                     metavar="PATH=FILE",
                     help="a file for the script, at PATH in dom0")
    out.add_argument("--image", action="append", default=[], metavar="NAME",
                     help="another archive for dom0, such as qemu")
    out.add_argument("--shell", action="store_true",
                     help="a shell in dom0, on this terminal")
    out.add_argument("--qemu", metavar="PATH", help="the QEMU to use")
    out.add_argument("--cpu", metavar="MODEL", help="its CPU model")
    out.add_argument("--append", default="", metavar="OPTIONS",
                     help="more options for the hypervisor")
    out.add_argument("--dom0-append", default="", metavar="OPTIONS",
                     help="more options for dom0's kernel")
    out.add_argument("--dom0-kernel", default="vmlinux", metavar="FILE",
                     help="vmlinux (unpacked) or vmlinuz, or a path")
    out.add_argument("--qemu-args", default="", metavar="ARGS",
                     help="more arguments for QEMU, split at blanks")
    out.add_argument("--reboots", action="store_true",
                     help="let the machine start again when it resets")
    out.add_argument("--smp", type=int, default=2, metavar="N",
                     help="CPUs of the machine")
    out.add_argument("--memory", type=int, default=4096, metavar="MIB",
                     help="memory of the machine")
    out.add_argument("--timeout", type=float, metavar="S",
                     help="give up after S seconds (default: calibrated)")
    out.add_argument("--limit", type=float, default=SCRIPT_LIMIT_S,
                     metavar="S", help="what a script may take on the "
                     "reference machine; scaled by the calibration")
    out.add_argument("--log", metavar="FILE", help="console log")
    out.add_argument("--keep", action="store_true",
                     help="keep the image that dom0 booted from")
    out.add_argument("--verbose", action="store_true",
                     help="show the hypervisor's lines as well")
    out.add_argument("--build", default=os.environ.get("TOUCHSTONE_BUILD",
                                                       "build"),
                     metavar="DIR", help="where the boot files are")
    out.add_argument("--version", action="version",
                     version=f"touchstone {VERSION}")
    return out


def config_for(args, name, initrd, kernel_args, monitor=None):
    """The machine that the options ask for."""
    boot = images.Boot(args.build)
    row = machines.HYPERVISORS[name]
    kernel = args.dom0_kernel
    return qemu.Config(
        hypervisor=name, image=boot.path(row.image),
        kernel=kernel if os.sep in kernel else boot.path(kernel),
        initrd=initrd, kernel_args=kernel_args + " " + args.dom0_append,
        dom0_mem=DOM0_MEM, append=args.append, cpu=args.cpu, smp=args.smp,
        memory=args.memory, reboots=args.reboots,
        monitor=monitor,
        extra=tuple(args.qemu_args.split()))


def open_log(args, name):
    path = args.log or os.path.join(args.build, "run", f"console-{name}.log")
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    return open(path, "wb")


@contextlib.contextmanager
def work_folder(keep):
    """A folder for the files of one boot; gone afterwards unless kept."""
    folder = tempfile.mkdtemp(prefix="touchstone-")
    try:
        yield folder
    finally:
        if keep:
            print(f"kept: {folder}", file=sys.stderr)
        else:
            shutil.rmtree(folder)


def boot(args, found, name, contents, scenario, shown, limit_s):
    """One boot with files added to dom0's image: Outcome, Config, log."""
    initrd = images.Boot(args.build).path("dom0.cpio")
    with work_folder(args.keep) as folder:
        target = os.path.join(folder, "initrd")
        more = [images.Boot(args.build).path(item + ".cpio")
                for item in args.image]
        images.with_files(initrd, more, contents, target)
        monitor = os.path.join(folder, "qmp")
        config = config_for(args, name, target,
                            f"console=hvc0 quiet ts.scenario={scenario}",
                            monitor)
        with open_log(args, name) as log:
            shown.start(f"{machines.HYPERVISORS[name].title} on QEMU "
                        f"{'.'.join(map(str, found.version))} "
                        f"({found.accelerator})")
            out = session.Session(name, shown).run(
                qemu.command(found, config), limit_s, log, monitor)
            shown.finish()
            return out, config, log.name


def explain(out, log_name):
    """Why a boot did not end as it should, with the end of its console."""
    for error in out.errors:
        print(f"touchstone run: {error}", file=sys.stderr)
    print(f"touchstone run: last lines of '{log_name}':", file=sys.stderr)
    for line in list(out.tail)[-20:]:
        print(f"  {line}", file=sys.stderr)


def run_script(args, found):
    """--script: the script's verdict is ours."""
    contents = {}
    for path, name in [("ts/scenario/script.sh", args.script),
                       *(each.split("=", 1) for each in args.file)]:
        with open(name, "rb") as handle:
            contents[path.lstrip("/")] = handle.read()
    limit_s = args.timeout or args.limit * qemu.calibrate(found)
    out, _, log_name = boot(args, found, args.hypervisor, contents,
                            "script", view.Script(args.verbose), limit_s)
    spans = [span for span in out.spans if span.name == "scenario"]
    failed = [check for check in out.checks if check.outcome == "failed"]
    if out.checks:
        print(f"1..{len(out.checks)}", flush=True)
    if not spans or not out.ended or out.errors:
        explain(out, log_name)
        return 1
    return 1 if failed or any(span.rc for span in spans) else 0


def run_measured(args, found):
    """The main job, on one hypervisor or on both in turn."""
    names = ["ours", args.peer] if args.hypervisor == "both" \
        else [args.hypervisor]
    scale = qemu.calibrate(found)
    limit_s = args.timeout or scale * (RUN_LIMIT_S
                                       + GUEST_LIMIT_S * args.guests)
    contents = {"ts/params": f"GUESTS={args.guests}\n".encode()}
    runs = {}
    for name in names:
        shown = view.Progress(RUN_STEPS + GUEST_STEPS * args.guests)
        out, config, log_name = boot(args, found, name, contents, "run",
                                     shown, limit_s)
        runs[name] = results.result(out, found, config)
        runs[name]["calibration"] = round(scale, 2)
        if args.raw:
            keep_raw(os.path.join(args.raw, name), out.files)
        if runs[name]["errors"]:
            out.errors = runs[name]["errors"]
            explain(out, log_name)
    return publish(args, runs)


def keep_raw(folder, files):
    """Result files as their guests sent them; no name leads out of folder."""
    for (source, name), contents in files.items():
        path = os.path.join(folder, os.path.basename(source),
                            os.path.basename(name) + ".json")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as handle:
            handle.write(contents)


def links(build):
    """Pages of the build that the report leads to, as far as they are there."""
    page = os.path.join("coverage", "index.html")
    found = os.path.exists(os.path.join(build, page))
    return [(os.path.join("..", page), "Coverage of the tests")] * found


def publish(args, runs):
    """Write the report and the JSON, print the summary; the exit status."""
    combined = results.combined(runs)
    text = json.dumps(combined, indent=2) + "\n"
    folder = os.path.join(args.build, "report")
    os.makedirs(folder, exist_ok=True)
    for path in filter(None, (os.path.join(folder, "report.json"),
                              args.json)):
        with open(path, "w") as handle:
            handle.write(text)
    page = os.path.join(folder, "index.html")
    with open(page, "w") as handle:
        handle.write(report.page(combined, links(args.build)))
    print(summary.text(combined))
    print(f"report: {page}")
    return 1 if any(row["errors"] for row in runs.values()) else 0


def run_shell(args, found):
    """--shell: QEMU gets our terminal; Ctrl-A X ends it."""
    initrd = images.Boot(args.build).path("dom0.cpio")
    config = config_for(args, args.hypervisor, initrd,
                        "console=hvc0 quiet ts.scenario=shell")
    command = qemu.command(found, config)
    place = command.index("-monitor")
    command[place + 1] = "none"
    place = command.index("stdio,id=console,signal=off")
    command[place] = "stdio,id=console,mux=on,signal=off"
    os.execv(command[0], command)


def usage(args):
    """What is wrong with the options, or None."""
    if not 1 <= args.guests <= 3:
        return "--guests must be 1, 2 or 3"
    if args.hypervisor == "both" and (args.script or args.shell):
        return "--script and --shell take one hypervisor"
    if args.script and not os.path.isfile(args.script):
        return f"cannot read the script '{args.script}'"
    if not all("=" in each and args.script for each in args.file):
        return "--file takes PATH=FILE, and is for a --script"
    return None


def interrupt(*_):
    """Being ended by a signal is being interrupted: nothing stays behind."""
    raise KeyboardInterrupt


def main(argv=None):
    more = shlex.split(os.environ.get("TS_RUN", ""))
    args = parser().parse_args(more + (argv or sys.argv[1:]))
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    wrong = usage(args)
    if wrong:
        print(f"touchstone run: {wrong}", file=sys.stderr)
        return 2
    try:
        found = qemu.find(args.qemu)
        print(f"accelerator: {found.accelerator}", file=sys.stderr)
        if args.shell:
            return run_shell(args, found)
        if args.script:
            return run_script(args, found)
        return run_measured(args, found)
    except (qemu.QemuError, images.ImageMissing, OSError) as error:
        print(f"touchstone run: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("touchstone run: interrupted", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
