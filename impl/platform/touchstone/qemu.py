"""Finds QEMU, asks what it can do, and builds its command lines."""
import collections
import glob
import os
import re
import shutil
import struct
import subprocess
import tempfile
import time

from touchstone import machines

Qemu = collections.namedtuple("Qemu", "path version accelerator")
# memory in MiB; append: hypervisor options; reboots: a reset starts the
# machine again instead of ending it; monitor: path of a QMP socket or None;
# extra: QEMU arguments.
Config = collections.namedtuple(
    "Config", "hypervisor image kernel initrd kernel_args dom0_mem append "
    "cpu smp memory reboots monitor extra")

# A loop of this many rounds takes REFERENCE_S on the machine on which the
# limits in plan.py were chosen.
CALIBRATION_ROUNDS = 200_000_000
REFERENCE_S = 0.45
PROBE_LIMIT_S = 60


class QemuError(Exception):
    """QEMU is missing or cannot do what is needed."""


def find(path=None):
    """The QEMU to use, with version and accelerator; QemuError if none."""
    found = shutil.which(path or "qemu-system-x86_64")
    if not found:
        raise QemuError(f"cannot find '{path or 'qemu-system-x86_64'}': "
                        "install qemu-system-x86 or give --qemu PATH")
    try:
        text = subprocess.run([found, "--version"], capture_output=True,
                              text=True, timeout=PROBE_LIMIT_S,
                              check=True).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise QemuError(f"cannot run '{found}': {error}") from error
    numbers = re.search(r"version (\d+(?:\.\d+)*)", text)
    if not numbers:
        raise QemuError(f"'{found}' does not say its version")
    version = tuple(int(n) for n in numbers.group(1).split("."))
    return Qemu(found, version, accelerator())


def accelerator(modules="/sys/module", device="/dev/kvm"):
    """"kvm" when the host offers nested SVM to us, else "tcg"."""
    if not os.access(device, os.R_OK | os.W_OK):
        return "tcg"
    for name in glob.glob(os.path.join(modules, "kvm_amd",
                                       "parameters", "nested")):
        with open(name) as handle:
            if handle.read().strip() in ("1", "Y"):
                return "kvm"
    return "tcg"


def comma(path):
    """A path inside a QEMU option list: commas are doubled."""
    return path.replace(",", ",,")


def command(qemu, config):
    """The command line of a machine; its console is stdin and stdout."""
    row = machines.HYPERVISORS[config.hypervisor]
    if qemu.accelerator == "kvm":
        accel, model = "kvm", machines.KVM_MODEL
    else:
        accel, model = "tcg,thread=multi", machines.cpu_model(qemu.version)
    monitor = ["-qmp", f"unix:{comma(config.monitor)},server=on,wait=off"] \
        if config.monitor else []
    # TCG's threads spoil the state of the first CPU when it runs guests
    # (impl/hypervisor/arch/x86/smp.c): one more is there, and left alone.
    spare = qemu.accelerator == "tcg" and config.smp > 1
    options = f"{row.options} {row.spare}" if spare else row.options
    options = options.format(mem=config.dom0_mem, vcpus=config.smp)
    modules = [f"{comma(config.kernel)} {config.kernel_args}"]
    if config.initrd:
        modules.append(comma(config.initrd))
    return [
        qemu.path, "-accel", accel, "-machine", "q35",
        "-cpu", config.cpu or model, "-smp",
        str(config.smp + spare),
        "-m", str(config.memory), "-display", "none", "-monitor", "none",
        "-nic", "none", *([] if config.reboots else ["-no-reboot"]),
        "-chardev", "stdio,id=console,signal=off",
        "-serial", "chardev:console",
        *monitor, *row.devices, *config.extra,
        "-kernel", config.image, "-append", f"{options} {config.append}",
        "-initrd", ",".join(modules)]


def calibration_image():
    """A multiboot kernel that counts down, then ends QEMU by its exit port."""
    base = 0x100000
    code = (b"\xb9" + struct.pack("<I", CALIBRATION_ROUNDS)  # mov ecx, N
            + b"\x49\x75\xfd"            # dec ecx; jnz
            + b"\x31\xc0\xe6\xf4"        # xor eax, eax; out 0xf4, al
            + b"\xf4\xeb\xfd")           # hlt; jmp
    flags = 1 << 16
    head = struct.pack("<III", 0x1BADB002, flags,
                       -(0x1BADB002 + flags) & 0xFFFFFFFF)
    end = base + 32 + len(code)
    return head + struct.pack("<IIIII", base, base, end, end,
                              base + 32) + code


def calibrate(qemu):
    """How much slower this machine is than the reference; at least 1."""
    with tempfile.NamedTemporaryFile(suffix=".elf") as image:
        image.write(calibration_image())
        image.flush()
        start = time.monotonic()
        try:
            subprocess.run(
                [qemu.path, "-accel", qemu.accelerator, "-display", "none",
                 "-nodefaults", "-device", "isa-debug-exit,iobase=0xf4",
                 "-kernel", image.name], timeout=PROBE_LIMIT_S,
                stdin=subprocess.DEVNULL, capture_output=True, check=False)
        except subprocess.TimeoutExpired as error:
            raise QemuError("the calibration did not end") from error
    return max(1.0, (time.monotonic() - start) / REFERENCE_S)
