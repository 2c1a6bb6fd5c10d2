"""The stages of a certification: what each runs, and what its results say.

A stage gives rows {test: [outcome, seconds, detail]} and facts for the report,
and leaves its raw files in the folder that becomes the bundle. A program that
does not end well is a result as well, never an exception.
"""

import json
import os
import re
import shutil
import ssl
import subprocess
import urllib.parse
import urllib.request

from work import read_json

FIO = ("fio_randread_qd1", "fio_randread_qd16", "fio_seqread")
IPERF3 = ("iperf3_up", "iperf3_down")
ASK_LIMIT_S = 30
ANSWER_BYTES_MAX = 16 << 20
RECORD = "record.tar.zst"
MILESTONES = ("hypervisor", "dom0_init", "guest_init")
# Severities of findings, the worst first; the scan fails a machine for the
# first of them alone, and so does a certification.
SEVERITIES = ("critical", "high", "medium", "low", "info")
NAMES = {"ours": "platform", "xen": "xen"}


def test_id(*parts):
    """A name that JUnit, TAP and a table can have without escapes."""
    return re.sub(r"[^A-Za-z0-9 ._:+/()*,=-]", "_", "/".join(parts).strip())


def row(good, seconds=0.0, detail="", bad="failed"):
    return ["passed" if good else bad, seconds, "" if good else detail]


def program(settings, name):
    return os.path.join(settings["build"], name)


def touchstone(settings, *words):
    return [program(settings, "touchstone"), *words]


# --- Environment ------------------------------------------------------------

def first_line(*argv):
    try:
        done = subprocess.run(argv, stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.DEVNULL, check=False)
    except OSError:
        return ""
    return (done.stdout.splitlines() or [""])[0].strip()


def read_text(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""


def cpu_fact(name):
    found = re.search(r"^%s\s*: (.*)$" % name, read_text("/proc/cpuinfo"),
                      re.MULTILINE)
    return found.group(1).strip() if found else ""


def memory_mib():
    found = re.search(r"MemTotal:\s+(\d+)", read_text("/proc/meminfo"))
    return int(found.group(1)) // 1024 if found else None


def packages():
    """Versions of what the suites lean on; nothing that names the machine."""
    wanted = ("qemu-system-x86", "libvirt0", "libgnutls30", "libc6",
              "linux-image-amd64", "xen-hypervisor-4.17-amd64", "fio",
              "iperf3")
    out = {}
    for name in wanted:
        version = first_line("dpkg-query", "-W", "-f",
                             "${db:Status-Status} ${Version}\n", name)
        if version.startswith("installed "):
            out[name] = version.split(" ", 1)[1]
    return out


def ask(url, context, method, *params):
    """One call of the API; an OSError or ValueError when it goes wrong."""
    text = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method,
                       "params": params}).encode()
    request = urllib.request.Request(url, text, {
        "Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=ASK_LIMIT_S,
                                context=context) as reply:
        answer = json.loads(reply.read(ANSWER_BYTES_MAX))
    if "result" not in answer:
        raise ValueError(str(answer.get("error")))
    return answer["result"]


def tls_context(settings):
    """As the suite checks certificates, so are they checked here."""
    words = settings["conform"]
    if "--insecure" in words:
        return ssl._create_unverified_context()
    return ssl.create_default_context(
        cafile=words[words.index("--cacert") + 1]
        if "--cacert" in words else None)


def endpoint_facts(settings):
    """What an endpoint says that it is; an error when it says nothing."""
    parts = urllib.parse.urlsplit(settings["endpoint"])
    url = parts._replace(netloc=parts.netloc.rpartition("@")[2],
                         path="/jsonrpc").geturl()
    context = tls_context(settings) if parts.scheme == "https" else None
    try:
        session = ask(url, context, "session.login_with_password",
                      urllib.parse.unquote(parts.username or ""),
                      urllib.parse.unquote(parts.password or ""))
        hosts = list(ask(url, context, "host.get_all_records",
                         session).values())
        ask(url, context, "session.logout", session)
        return {"hosts": len(hosts), **{
            key: hosts[0]["software_version"].get(key)
            for key in ("product_brand", "product_version", "build_number",
                        "xapi", "xen")}}
    except (OSError, ValueError, LookupError, AttributeError) as error:
        return {"error": str(error)}


def named(settings, dmi):
    """Vendor and product, and what an endpoint says of itself."""
    if settings["hypervisors"]:
        return read_text(dmi + "sys_vendor"), read_text(
            dmi + "product_name"), {}
    if settings["endpoint"] == "sim":
        return "Touchstone", "simulated pool", {}
    answer = endpoint_facts(settings)
    return (*(str(answer.get("product_" + key) or "")
              for key in ("brand", "version")), answer)


def environment(settings, _work, _again):
    """What the machine is; no serial numbers, addresses or names."""
    dmi = "/sys/class/dmi/id/"
    release = re.search(r'^PRETTY_NAME="?([^"\n]*)',
                        read_text("/etc/os-release"), re.MULTILINE)
    vendor, product, answer = named(settings, dmi)
    facts = {
        "vendor": settings["vendor"] or vendor,
        "product": settings["product"] or product,
        "endpoint": answer,
        "firmware": " ".join(filter(None, (
            read_text(dmi + "bios_vendor"), read_text(dmi + "bios_version"),
            read_text(dmi + "bios_date")))),
        "cpu": cpu_fact("model name"),
        "microcode": cpu_fact("microcode"),
        "cpus": os.cpu_count(),
        "memory_mib": memory_mib(),
        "os": release.group(1) if release else "",
        "kernel": os.uname().release,
        "qemu": first_line("qemu-system-x86_64", "--version"),
        "packages": packages(),
    }
    return {}, facts


# --- The machine ------------------------------------------------------------

def record(settings, work, _again):
    """One file; what could not be read is told, and does not block."""
    path = work.inside("out", RECORD)
    if os.path.exists(path):
        os.unlink(path)
    status = work.run("record", touchstone(settings, "record", path))
    if status or not os.path.exists(path):
        return {"record/taken": row(
            False, 0.0, work.tail("record"), "error")}, {}
    missing = [line[len("missing: "):] for line in work.lines("record")
               if line.startswith("missing: ")]
    return {"record/taken": row(True)}, {"missing": missing}


def scan(settings, work, _again):
    path, found = work.inside("out", "scan.json"), None
    why = "there is no record to scan"
    if os.path.exists(work.inside("out", RECORD)):
        work.run("scan", touchstone(settings, "scan",
                                    work.inside("out", RECORD), "--json",
                                    path, "--html",
                                    work.inside("out", "scan.html")))
        found = read_json(path)
        why = work.tail("scan")
    if not isinstance(found, dict) or not found.get("records"):
        return {name: row(False, 0.0, why, "error") for name in (
            "scan/done", "scan/nothing_blocks")}, {}
    findings = sorted((item for one in found["records"]
                       for item in one.get("findings", [])), key=rank)
    bad = [item for item in findings if not rank(item)]
    return {"scan/done": row(True), "scan/nothing_blocks": row(
        not bad, 0.0, "; ".join("%s: %s" % (item.get("rule"),
                                            item.get("effect"))
                                for item in bad))}, {"findings": findings}


def rank(finding):
    """How bad it is: 0 is the worst; what is unknown is as bad."""
    name = finding.get("severity")
    return SEVERITIES.index(name) if name in SEVERITIES else 0


# --- Boot and I/O -----------------------------------------------------------

def boot_rows(name, result, status):
    errors = result.get("errors", [])
    rows = {test_id("boot", name, "ended"): row(
        not errors and status == 0, result.get("wall_s") or 0.0,
        "; ".join(errors) or "exit status %d" % status)}
    for milestone in MILESTONES:
        when = result.get("milestones", {}).get(milestone + "_s")
        rows[test_id("boot", name, milestone)] = row(
            when is not None, when or 0.0, "it was not reached")
    return rows


def pvio_rows(name, result, folder):
    """A figure counts when the raw output that it came from is there."""
    guest = (result.get("guests") or [{}])[0]
    rows = {}
    for test in (*FIO, *IPERF3):
        raw = os.path.join(folder, name, str(guest.get("name")),
                           test + ".json")
        rows[test_id("pvio", name, test)] = row(
            isinstance(read_json(raw), dict), 0.0,
            "no raw output of it", "error")
    return rows


def keep_consoles(settings, work):
    """What the machines said, as far as there is something."""
    for name in settings["hypervisors"]:
        source = program(settings, "run/console-%s.log" % name)
        if os.path.exists(source):
            shutil.copyfile(source, work.inside("out", "logs",
                                                "console-%s.txt" % name))


def boot(settings, work, _again):
    wanted = settings["hypervisors"]
    path, raw = work.inside("out", "boot.json"), work.inside("out", "pvio")
    shutil.rmtree(raw, ignore_errors=True)
    status = work.run("boot", touchstone(
        settings, "run", "--hypervisor",
        "both" if len(wanted) > 1 else wanted[0], "--json", path, "--raw",
        raw))
    found = read_json(path) or {"errors": [work.tail("boot")]}
    keep_consoles(settings, work)
    results = {wanted[0]: found}
    if len(wanted) > 1:
        results["xen"] = found.get("peer", {"errors": ["it was not booted"]})
    rows = {}
    for name, result in results.items():
        rows.update(boot_rows(name, result, status))
        rows.update(pvio_rows(name, result, raw))
    return rows, {"accelerator": found.get("accelerator"), "runs": results,
                  "ratios": found.get("ratios")}


# --- Suites -----------------------------------------------------------------

def abi_outcome(test):
    """What known.tsv names, with its reason, is the hypervisor's and not the
    machine's: it is listed with the verdict and does not block it."""
    why = test.get("why") or ""
    if test["outcome"] == "skipped" and why.startswith(("xfail", "kfail")):
        return "differs"
    return test["outcome"]


def abi(settings, work, again):
    wanted = settings["hypervisors"]
    path = work.inside("out", "abi.json")
    argv = touchstone(settings, "conform",
                      "both" if len(wanted) > 1 else NAMES[wanted[0]],
                      "--json", path, "--junit", work.inside(
                          "out", "abi.junit.xml"),
                      "--log", work.inside("out", "logs", "abi-console.txt"))
    if knows(settings, ("platform",), "--state"):
        argv += journal(work.inside("abi.state"), again)
    status = work.run("abi", argv)
    found = read_json(path)
    if not isinstance(found, dict):
        return {"abi/run": row(False, 0.0, "exit status %d: %s" % (
            status, work.tail("abi")), "error")}, {}
    rows = {}
    for name in wanted:
        for test in found.get(name, {}).get("tests", []):
            outcome = abi_outcome(test)
            rows[test_id("abi", name, test["name"])] = [
                outcome, test.get("seconds", 0.0),
                "" if outcome == "passed" else test.get("why") or ""]
    return rows, {}


def journal(path, again):
    """A suite that was interrupted goes on behind its last result."""
    return ["--state", path] + ["--resume"] * (again and os.path.exists(path))


def knows(settings, words, option):
    """Whether `touchstone conform` has an option."""
    try:
        done = subprocess.run(
            touchstone(settings, "conform", *words, "--help"), check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    except OSError:
        return False  # starting the suite tells
    return option in done.stdout


def api_rows(path):
    """The lines that conform writes; one may be cut by a crash."""
    rows = {}
    for line in read_text(path).splitlines():
        try:
            result = json.loads(line)
        except ValueError:
            continue
        if "check" not in result:
            continue
        name = result["check"] + " " + result.get("message", "")
        rows[test_id("api", name.strip())] = [
            result["outcome"], result.get("seconds", 0.0),
            result.get("detail", "")]
    return rows


def api(settings, work, again):
    out = work.inside("out", "api")
    os.makedirs(out, exist_ok=True)
    lines = os.path.join(out, "results.jsonl")
    argv = touchstone(
        settings, "conform", settings["endpoint"],
        "--profile", settings["api_profile"], "--seed", str(settings["seed"]),
        "--jsonl", lines, "--json", os.path.join(out, "summary.json"),
        "--html", os.path.join(out, "matrix.html"), *settings["conform"])
    argv += journal(work.inside("api.state"), again)
    status = work.run("api", argv)
    rows = api_rows(lines)
    summary = read_json(os.path.join(out, "summary.json")) or {}
    if status not in (0, 1) or not rows:
        rows["api/run"] = row(False, 0.0, "exit status %d: %s" % (
            status, work.tail("api")), "error")
    return rows, {"coverage": summary.get("coverage")}


# name, title, when (what the plan must list), what runs it
STAGES = (
    ("environment", "Environment", None, environment),
    ("record", "Record of the machine", "record/", record),
    ("scan", "Scan of the record", "scan/", scan),
    ("boot", "Boot and PV I/O", "boot/", boot),
    ("abi", "ABI suite", "abi/", abi),
    ("api", "API suite", "api/", api),
)
