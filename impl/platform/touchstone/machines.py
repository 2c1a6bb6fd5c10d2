"""What is known about hypervisors and QEMU versions, as rows of data."""
import collections
import re

# image: file in the build's boot directory.
# options: its command line; {mem} is the memory of dom0 in MiB.
# banner: the first line that only this hypervisor prints.
# devices: QEMU arguments that only this hypervisor needs.
# spare: what makes it leave one of {vcpus} + 1 CPUs alone.
Hypervisor = collections.namedtuple(
    "Hypervisor", "name title image options banner devices spare")

HYPERVISORS = {row.name: row for row in (
    Hypervisor(
        "ours", "Touchstone", "touchstone.elf",
        "console=com1 com1=115200 dom0_mem={mem}M dom0_max_vcpus={vcpus}",
        re.compile(r"^\(TS\) \[[^]]*\] Touchstone "), (), "spare_boot_cpu"),
    Hypervisor(
        "xen", "Xen 4.17 (Debian)", "xen.elf",
        "console=com1 com1=115200 dom0=pvh dom0_mem={mem}M "
        "dom0_max_vcpus={vcpus} loglvl=info guest_loglvl=warning cpuidle=0",
        re.compile(r"^\(XEN\) Xen version"),
        # It refuses a PVH dom0 on a machine without an IOMMU.
        ("-device", "amd-iommu"), "maxcpus={vcpus}"),
    Hypervisor(  # its quickest control domain without hardware's help
        "xen-pv", "Xen 4.17 (Debian), PV dom0", "xen.elf",
        "console=com1 com1=115200 dom0_mem={mem}M "
        "dom0_max_vcpus={vcpus} loglvl=info guest_loglvl=warning cpuidle=0",
        re.compile(r"^\(XEN\) Xen version"), (), "maxcpus={vcpus}"),
)}

# CPU models by the first QEMU version they are meant for, newest first.
# What a model leaves out is what that version emulates wrongly for a
# hypervisor: SMAP in nested guests, MONITOR and RDTSCP without intercepts,
# XSAVE whose XSETBV cannot be intercepted.
CPU_MODELS = (
    ((8, 0), "EPYC,+svm,+npt,-rdtscp"),
    ((0, 0), "EPYC,+svm,+npt,-smap,-monitor,-rdtscp,-xsave"),
)

# With KVM the host's own CPU is passed on; nested SVM must be enabled.
KVM_MODEL = "host,+svm,+npt"

# Each console line that a hypervisor prints begins so; the other lines are
# dom0's. (d1) is how Xen marks what a guest writes to it directly.
HYPERVISOR_LINE = re.compile(r"\((?:XEN|TS|d\d+)\)")


def cpu_model(version):
    """The CPU model for a QEMU version, a tuple of numbers."""
    for first, model in CPU_MODELS:
        if version >= first:
            return model
    raise ValueError("the table of CPU models has no last row")
