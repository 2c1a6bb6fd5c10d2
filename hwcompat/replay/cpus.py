"""The recorded CPU as QEMU's -cpu and -smp can have it: name, family, features,
microcode; sockets, dies, cores, threads. What cannot be had is listed."""
import collections
import json
import re
import struct
import subprocess

QMP_LIMIT_S = 30
NAMES_MAX = 12
# QEMU's names of the bits of each word: (leaf, subleaf, register).
WORDS = {
    (1, 0, 3): "fpu vme de pse tsc msr pae mce cx8 apic - sep mtrr pge mca cmov "
    "pat pse36 pn clflush - ds acpi mmx fxsr sse sse2 ss ht tm ia64 pbe",
    (1, 0, 2): "pni pclmulqdq dtes64 monitor ds-cpl vmx smx est tm2 ssse3 cid - "
    "fma cx16 xtpr pdcm - pcid dca sse4.1 sse4.2 x2apic movbe popcnt "
    "tsc-deadline aes xsave - avx f16c rdrand -",
    (7, 0, 1): "fsgsbase tsc-adjust sgx bmi1 hle avx2 - smep bmi2 erms invpcid "
    "rtm - - mpx - avx512f avx512dq rdseed adx smap avx512ifma pcommit "
    "clflushopt clwb intel-pt avx512pf avx512er avx512cd sha-ni avx512bw "
    "avx512vl",
    (7, 0, 2): "- avx512vbmi umip pku - waitpkg avx512vbmi2 - gfni vaes "
    "vpclmulqdq avx512vnni avx512bitalg - avx512-vpopcntdq - la57 - - - - - "
    "rdpid - bus-lock-detect cldemote - movdiri movdir64b - sgxlc pks",
    (7, 0, 3): "- - avx512-4vnniw avx512-4fmaps fsrm - - - avx512-vp2intersect "
    "- md-clear - - - serialize - tsx-ldtrk - - arch-lbr - amx-bf16 "
    "avx512-fp16 amx-tile amx-int8 spec-ctrl stibp - arch-capabilities "
    "core-capability ssbd",
    (0xd, 1, 0): "xsaveopt xsavec xgetbv1 xsaves",
    (6, 0, 0): "- - arat",
    (0x80000001, 0, 3): "- - - - - - - - - - - syscall - - - - - - - - nx - "
    "mmxext - - fxsr-opt pdpe1gb rdtscp - lm 3dnowext 3dnow",
    (0x80000001, 0, 2): "lahf-lm cmp-legacy svm extapic cr8legacy abm sse4a "
    "misalignsse 3dnowprefetch osvw ibs xop skinit wdt - lwp fma4 tce - "
    "nodeid-msr - tbm topoext perfctr-core perfctr-nb",
    (0x80000007, 0, 3): "- - - - - - - - invtsc",
    (0x80000008, 0, 1): "clzero - xsaveerptr - - - - - - wbnoinvd - - ibpb - "
    "ibrs amd-stibp - - - - - - - - amd-ssbd virt-ssbd amd-no-ssb",
    (0x8000000a, 0, 3): "npt lbrv svm-lock nrip-save tsc-scale vmcb-clean "
    "flushbyasid decodeassists - - pause-filter - pfthreshold avic - "
    "v-vmsave-vmload vgif",
}
# Without these neither our kernels nor QEMU's 64-bit CPUs can do; arat, which
# says that timers run on, is what QEMU's do.
NEEDED = frozenset(
    "fpu tsc msr pae cx8 apic cmov pse pge mtrr pat fxsr sse sse2 mmx clflush "
    "syscall nx lm cx16 ht cmp-legacy topoext arat lahf-lm".split())
# What TCG emulates in a way that a hypervisor on it cannot bear, with what
# depends on it (impl/platform/touchstone/machines.py).
WITHHELD = frozenset(
    "xsave xsaveopt xsavec xgetbv1 xsaves xsaveerptr avx avx2 f16c fma vaes "
    "vpclmulqdq gfni monitor rdtscp rdpid smap pku pks la57 vmx x2apic umip "
    "svm npt vgif lbrv invtsc ss".split())
AMD = ("AuthenticAMD", "HygonGenuine")
VENDOR = re.compile(r"[A-Za-z ]{12}")
UNNAMED = re.compile(r"[^\w .()@-]", re.ASCII)
Topology = collections.namedtuple("Topology", "sockets dies cores threads")


# --- Name and features ------------------------------------------------------
def signature(eax):
    family, model = eax >> 8 & 15, eax >> 4 & 15
    if family in (6, 15):
        model |= eax >> 12 & 0xf0
    if family == 15:
        family += eax >> 20 & 0xff
    return family, model, eax & 15


def emulated(emulator, known={}):  # pylint: disable=dangerous-default-value
    """Names of all features that this QEMU emulates."""
    if emulator.path not in known:
        lines = [{"execute": "qmp_capabilities"},
                 {"execute": "query-cpu-model-expansion",
                  "arguments": {"type": "full", "model": {"name": "max"}}},
                 {"execute": "quit"}]
        try:
            done = subprocess.run(
                [emulator.path, "-machine", "none", "-accel", "tcg", "-display",
                 "none", "-nodefaults", "-qmp", "stdio"],
                input="\n".join(map(json.dumps, lines)), capture_output=True,
                text=True, timeout=QMP_LIMIT_S, check=False)
            replies = [json.loads(line) for line in done.stdout.splitlines()]
            names = next(r["return"]["model"]["props"] for r in replies
                         if "model" in r.get("return", ()))
        except (OSError, ValueError, StopIteration,
                subprocess.SubprocessError):
            names = {}
        known[emulator.path] = frozenset(n for n, on in names.items()
                                         if on is True)
    return known[emulator.path]


def recorded(leaves):
    """({names that are set}, {names that are not}) of the words recorded."""
    on, off = set(), set()
    for (leaf, sub, register), names in WORDS.items():
        if (leaf, sub) not in leaves:
            continue
        value = leaves[leaf, sub][register]
        for bit, name in enumerate(names.split()):
            if name != "-":
                (on if value >> bit & 1 else off).add(name)
    return on, off


def some(names):
    names = sorted(names)
    more = len(names) - NAMES_MAX
    return " ".join(names[:NAMES_MAX]) + (f" and {more} more" if more > 0
                                          else "")


def features(leaves, can, bare, said):
    """+NAME and -NAME; `bare`: no hypervisor runs on it."""
    on, off = recorded(leaves)
    withheld = frozenset() if bare else WITHHELD
    missing = on - can - NEEDED
    held = (on & can & withheld) - {"svm", "npt", "vgif"}
    if missing:
        said.append(f"CPU: {len(missing)} features are not emulated: "
                    f"{some(missing)}")
    if held:
        said.append(f"CPU: withheld from a hypervisor on TCG: {some(held)}")
    return [f"+{n}" for n in sorted((on & can) - withheld - NEEDED)] + \
        [f"-{n}" for n in sorted((off & can) - withheld - NEEDED)]


def model(record, base, needs_svm, emulator, said):
    """-cpu's value; `base`: what the kernel runs on, None: anything."""
    if not record.signature:
        return base
    family, number, stepping = signature(record.signature)
    if record.vendor not in AMD and needs_svm:
        said.append(f"CPU: AMD with SVM instead of {record.vendor} family "
                    f"{family} model {number}: the hypervisor has no VMX")
        return base
    words = [base, f"family={family}", f"model={number}",
             f"stepping={stepping}"]
    if VENDOR.fullmatch(record.vendor):
        words.append(f"vendor={record.vendor}")
    name = UNNAMED.sub("", record.brand)[:47]
    if name:
        words.append(f"model-id={name}")
    if record.microcode:
        # Intel has it in the upper half of its MSR.
        shift = 0 if record.vendor in AMD else 32
        words.append(f"ucode-rev={(record.microcode & 0xffffffff) << shift:#x}")
    if record.leaves:
        words += features(record.leaves, emulated(emulator),
                          base == "max", said)
    else:
        said.append("CPU: named as recorded; no CPUID is recorded")
    return ",".join(words)


# --- How many, and how they hang together -----------------------------------
def of_levels(leaves, leaf):
    """Threads of a core, of a die, of a package by leaf 0xB or 0x1F."""
    counts = {}
    for sub in range(6):
        regs = leaves.get((leaf, sub))
        if not regs or not regs[1] & 0xffff or not regs[2] >> 8 & 0xff:
            break
        counts[regs[2] >> 8 & 0xff] = regs[1] & 0xffff
    if not counts:
        return None
    package = max(counts.values())
    below = max([n for kind, n in counts.items() if kind < 5] or [package])
    return counts.get(1, 1), below, package


def of_amd(leaves):
    count = (leaves[0x80000008, 0][2] & 0xff) + 1
    extended = leaves.get((0x8000001e, 0))
    threads = (extended[1] >> 8 & 0xff) + 1 if extended and any(extended) else 1
    return threads, count, count


def of_old(leaves):
    one, four = leaves.get((1, 0), [0] * 4), leaves.get((4, 0), [0] * 4)
    count = (one[1] >> 16 & 0xff) if one[3] >> 28 & 1 else 1
    cores = (four[0] >> 26) + 1
    return max(1, count // cores), max(1, count), max(1, count)


def of_cpuid(leaves, cpus):
    found = of_levels(leaves, 0x1f) or of_levels(leaves, 0xb)
    if not found and (0x80000008, 0) in leaves and \
            leaves[0x80000008, 0][2] & 0xff:
        found = of_amd(leaves)
    threads, die, package = found or of_old(leaves)
    threads = min(max(1, threads), max(1, die))
    return Topology(max(1, -(-cpus // package)), max(1, package // die),
                    max(1, min(die, cpus) // threads), threads)


def of_smbios(structures):
    """Sockets that hold a CPU, their cores and threads by type 4."""
    found = [f for kind, _, f, _ in structures
             if kind == 4 and len(f) > 0x18 and f[0x18] & 0x40]
    if not found:
        return None
    first = found[0]
    cores = first[0x23] if len(first) > 0x25 else 1
    threads = first[0x25] if len(first) > 0x25 else 1
    cores = cores if 0 < cores < 0xff else 1
    threads = threads if 0 < threads < 0xff else cores
    return Topology(len(found), 1, cores, max(1, threads // cores))


def count(topology):
    return topology.sockets * topology.dies * topology.cores * topology.threads


def fitted(topology, most):
    """At most so many CPUs: cores go first, sockets last."""
    t = topology._asdict()
    for name in ("cores", "dies", "threads", "sockets"):
        others = count(Topology(**t)) // t[name]
        if others * t[name] > most:
            t[name] = max(1, most // others)
    return Topology(**t)


def apic_ids(topology):
    """QEMU's ids: each level has bits of its own."""
    ids = [0]
    shift = 0
    for n in (topology.threads, topology.cores, topology.dies,
              topology.sockets):
        ids = [i << shift | low for i in range(n) for low in ids]
        shift += (n - 1).bit_length()
    return ids


def of_record(record, structures, enabled, most, said):
    """The topology to emulate. `enabled`: CPUs of the MADT, 0: not known."""
    wanted = enabled or record.cpus or 1
    full = of_cpuid(record.leaves, max(wanted, record.cpus)) \
        if record.leaves else of_smbios(structures)
    if not full or (enabled and count(full) != enabled):
        sockets = full.sockets if full and wanted % full.sockets == 0 else 1
        full = Topology(sockets, 1, wanted // sockets, 1)
    small = fitted(full, most)
    if small != full:
        said.append(
            f"CPU: {count(small)} of {count(full)}: {small.sockets} of "
            f"{full.sockets} sockets, {small.dies} of {full.dies} dies, "
            f"{small.cores} of {full.cores} cores, {small.threads} of "
            f"{full.threads} threads")
    return small


def smp(topology):
    return (f"cpus={count(topology)},sockets={topology.sockets},"
            f"dies={topology.dies},cores={topology.cores},"
            f"threads={topology.threads}")


def of_processor_id(structures):
    """(signature, vendor, name) by SMBIOS type 4; zeros without one."""
    for kind, _, f, strings in structures:
        if kind != 4 or len(f) < 0x11 or not any(f[8:12]):
            continue
        maker = string(strings, f[7]).lower()
        vendor = next((v for word, v in (("intel", "GenuineIntel"),
                                         ("amd", "AuthenticAMD"),
                                         ("advanced micro", "AuthenticAMD"))
                       if word in maker), "")
        if vendor:
            return (struct.unpack_from("<I", f, 8)[0], vendor,
                    string(strings, f[0x10]))
    return 0, "", ""


def string(strings, number):
    return strings[number - 1].strip() if 0 < number <= len(strings) else ""
