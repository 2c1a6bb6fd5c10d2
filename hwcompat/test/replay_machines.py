"""Replays machines that are made here on our hypervisor, by the command that a
user types, as TAP: BIOS with two nodes in the tables, UEFI with a map of its own, a record
that has next to nothing, and one that cannot be used."""
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, os.pardir, "zoo"))
import machine  # pylint: disable=wrong-import-position

BUILD = os.environ.get("O", "build")
MIB = 1 << 20
LIMIT_S = 280


def two_nodes():
    m = machine.amd()
    m.memory[2] = (MIB, 1023 * MIB, machine.RAM)
    return m


def uefi():
    m = machine.amd()
    m.efi = [(0, 0xa0000, 7, 0xf), (MIB, 511 * MIB, 4, 0xf),
             (512 * MIB, 2 * MIB, 0, 0xf), (514 * MIB, 510 * MIB, 7, 0xf),
             (0x80000000, 16 * MIB, 11, 1 << 63)]
    return m


def bare():
    m = machine.Machine()
    m.tables = {"APIC": m.tables["APIC"]}
    m.structures, m.memory, m.cpus, m.pci = None, [], [], {}
    m.msrs, m.microcode = [], []
    return m


# name, machine, what Linux has to see, what the console has to say
CASES = (("bios", two_nodes, {"cpus": "3", "product": "Server 1"},
          b"Touchstone"),
         ("uefi", uefi, {"cpus": "3"}, b"multiboot2 on UEFI"),
         ("bare", bare, {"nodes": "1"}, b"Touchstone"))


def replay(*arguments):
    return subprocess.run([os.path.join(BUILD, "touchstone-replay"), *arguments],
                          capture_output=True, text=True, timeout=LIMIT_S,
                          check=False)


def problem_of(results, name, facts, words):
    """None, or what is wrong with one machine's result."""
    with open(os.path.join(results, f"{name}.ours.json"),
              encoding="utf-8") as f:
        row = json.load(f)
    with open(os.path.join(results, f"{name}.ours.log"), "rb") as f:
        console = f.read()
    if row["outcome"] != "up":
        return "\n".join([row["outcome"], *row["reasons"], *row["tail"]])
    wrong = {k: row["facts"].get(k) for k in facts if row["facts"].get(k) !=
             facts[k]}
    if wrong:
        return f"saw {row['facts']}, not {facts}"
    return None if words in console else f"no {words} on the console"


def told(number, name, problem):
    print(f"{'not ok' if problem else 'ok'} {number} - {name}")
    for line in (problem or "").splitlines():
        print("# " + line)
    return bool(problem)


def main():
    print(f"1..{len(CASES) + 1}")
    with tempfile.TemporaryDirectory() as place:
        made, out = os.path.join(place, "records"), os.path.join(place, "out")
        for name, make, _, _ in CASES:
            make().write(os.path.join(made, name))
        done = replay("--all", made, "--results", out)
        failed = 0
        for number, (name, _, facts, words) in enumerate(CASES, 1):
            try:
                problem = problem_of(out, name, facts, words)
            except (OSError, ValueError):
                problem = done.stderr
            failed += told(number, f"{name} boots on ours", problem)
        with open(os.path.join(made, "bare", "memory.json"), "w",
                  encoding="utf-8") as f:
            f.write("{")
        done = replay(os.path.join(made, "bare"))
        good = done.returncode == 2 and "memory.json" in done.stderr and \
            "Traceback" not in done.stderr
        failed += told(len(CASES) + 1, "a damaged record is refused with its "
                       "file's name", None if good else done.stderr or "ran")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
