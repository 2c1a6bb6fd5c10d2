"""AML for machines made of nothing: `source()` is a sound server's, in parts that
defects replace; iasl, which Debian has, makes bytes of it."""
import functools
import os
import shutil
import subprocess
import tempfile

TIMEOUT_S = 20
TOOLS = all(shutil.which(t) for t in ("iasl", "acpiexec"))
CRS = """Name (_CRS, ResourceTemplate () {
  WordBusNumber (ResourceProducer, MinFixed, MaxFixed, PosDecode,
    0, 0, 0xFF, 0, 0x100)
  DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, NonCacheable,
    ReadWrite, 0, 0xC0000000, 0xDFFFFFFF, 0, 0x20000000) })"""
PARTS = {
    "sleep": "Name (\\_S5, Package (4) {0, 0, 0, 0})\n"
             "Name (\\_S3, Package (4) {5, 5, 0, 0})",
    "pic": "Method (\\_PIC, 1) {}",
    "cpus": "Scope (\\_SB) {\n" + "\n".join(
        'Device (C00%d) { Name (_HID, "ACPI0007") Name (_UID, %d) '
        "Name (_CST, Package (1) {0}) Name (_PSS, Package (0) {}) }" % (n, n)
        for n in range(4)) + "}",
    "id": 'Name (_HID, EisaId ("PNP0A08"))',
    "crs": CRS,
    "prt": "Name (_PRT, Package (1) { Package (4) {0xFFFF, 0, 0, 16} })",
    "osc": "Method (_OSC, 4) { Return (Arg3) }",
    "bus": "Name (_BBN, 0) Name (_PXM, 0)",
    "more": "",
    "osi": 'If (CondRefOf (\\_OSI)) { If (\\_OSI ("Windows 2015")) '
           "{ Store (1, OSYS) } }",
}
FRAME = """DefinitionBlock ("", "DSDT", 2, "TOUCHS", "STONE", 1) {
%(sleep)s
%(pic)s
Name (OSYS, 0)
%(cpus)s
Scope (\\_SB) { Device (PCI0) { %(id)s %(crs)s %(prt)s %(osc)s %(bus)s } }
Method (ASK) { %(osi)s }
%(more)s
}"""


def source(**parts):
    return FRAME % dict(PARTS, **parts)


@functools.lru_cache(maxsize=None)
def compiled(text, *options):
    """Bytes of a table; errors of ours are told as they are."""
    with tempfile.TemporaryDirectory() as place:
        path = os.path.join(place, "t.asl")
        with open(path, "w", encoding="ascii") as f:
            f.write(text)
        done = subprocess.run(
            ["iasl", *options, "-p", os.path.join(place, "t"), path],
            capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        try:
            with open(os.path.join(place, "t.aml"), "rb") as f:
                return f.read()
        except FileNotFoundError:
            raise AssertionError(done.stdout + done.stderr) from None


def table(**parts):
    return bytearray(compiled(source(**parts), "-f"))


def region(space, address, length):
    return {"more": "OperationRegion (RGN0, %s, %s, %s)"
            % (space, hex(address), hex(length))}


def window(low, high, length):
    """Template bytes by hand: iasl refuses what firmware dares."""
    body = b"".join(v.to_bytes(4, "little") for v in (0, low, high, 0, length))
    return raw_crs(bytes([0x87, 23, 0, 0, 12, 1]) + body + b"\x79\0")


def raw_crs(data):
    return {"crs": "Name (_CRS, Buffer () {%s})"
            % ", ".join(hex(b) for b in data)}


def cut(data, at):
    """A table that says that it is as short as it is."""
    data = bytearray(data[:at])
    data[4:8] = len(data).to_bytes(4, "little")
    return data


def damaged():
    """An opcode that is none in place of the one of a name."""
    data = table(more="Name (BAD0, 0x12345678)")
    data[data.index(b"BAD0") - 1] = 0xb8
    return data


PCI1 = ('Device (\\_SB.PCI1) { Name (_HID, EisaId ("PNP0A03")) '
        + CRS + "Name (_PXM, 1) }")
DEFECTS = {
    "aml_parse": damaged,
    "aml_load": lambda: b"DSDT" + (0x7fffff).to_bytes(4, "little") +
                bytes(28) + b"\xa4\0",
    "aml_twice": lambda: table(more="Name (ABCD, 1)\nName (ABCD, 2)"),
    "aml_unresolved": lambda: table(
        more="External (\\_SB.NONE, DeviceObj)\nScope (\\_SB.NONE) "
             "{ Name (ABCD, 1) }"),
    "aml_method_fails": lambda: table(
        more="Store (DerefOf (Index (Package () {1}, 9)), OSYS)"),
    "aml_no_s5": lambda: table(sleep=""),
    "aml_s5_broken": lambda: table(sleep="Name (\\_S5, Package () {0x99, 0})"),
    "aml_no_s3": lambda: table(sleep="Name (\\_S5, Package (4) {0, 0, 0, 0})"),
    "aml_no_host_bridge": lambda: table(id='Name (_HID, "ACPI0001")'),
    "aml_no_prt": lambda: table(prt=""),
    "aml_prt_fails": lambda: table(
        prt="Method (_PRT) { Return (DerefOf (Index (Package () {1}, 9))) }"),
    "aml_no_pic": lambda: table(pic=""),
    "aml_crs_missing": lambda: table(crs=""),
    "aml_crs_fails": lambda: table(
        crs="Method (_CRS) { Return (DerefOf (Index (Package () {1}, 9))) }"),
    "aml_crs_broken": lambda: table(**raw_crs(b"\x87\x04\0\0\0\0\0\x79\0")),
    "aml_crs_reversed": lambda: table(**window(0xd0000000, 0xc0000000, 4096)),
    "aml_crs_in_ram": lambda: table(**window(0x40000000, 0x4fffffff,
                                             0x10000000)),
    "aml_no_bus_number": lambda: table(more=PCI1),
    "aml_no_osc": lambda: table(osc=""),
    "aml_no_proximity": lambda: table(bus=""),
    "aml_region_ram": lambda: table(**region("SystemMemory", 0x200000, 64)),
    "aml_region_apic": lambda: table(**region("SystemMemory", 0xfec00000, 32)),
    "aml_region_iommu": lambda: table(**region("SystemMemory", 0xfed91000, 8)),
    "aml_region_hpet": lambda: table(**region("SystemMemory", 0xfed00010, 8)),
    "aml_region_config": lambda: table(**region("SystemMemory", 0xe0008000, 4)),
    "aml_region_config_ports": lambda: table(**region("SystemIO", 0xcf8, 8)),
    "aml_region_timer_ports": lambda: table(**region("SystemIO", 0x40, 4)),
    "aml_region_empty": lambda: table(**region("SystemMemory", 0xfed40000, 0)),
    "aml_region_wraps": lambda: table(
        **region("SystemMemory", 0xfffffffffffffff0, 0x20)),
    "aml_cpu_missing": lambda: table(cpus=""),
    "aml_cst": table,
    "aml_no_cst": lambda: table(cpus=""),
    "aml_pss": table,
    "aml_late_tables": lambda: table(
        more="OperationRegion (SSDB, SystemMemory, 0x7F000000, 0x100)\n"
             "Name (HND0, 0)\nMethod (LDT0) { Load (SSDB, HND0) }"),
    "aml_osi_linux": lambda: table(
        osi='If (\\_OSI ("Linux")) { Store (2, OSYS) }'),
    "aml_osi_old": lambda: table(
        osi='If (\\_OSI ("Windows 2001")) { Store (2, OSYS) }'),
    "aml_revision": lambda: table(
        osi="If (LEqual (\\_REV, 5)) { Store (2, OSYS) }"),
    "aml_idle_cpus": lambda: table(
        more='Device (\\_SB.PAD0) { Name (_HID, "ACPI000C") }'),
    "aml_hot_plug_memory": lambda: table(
        more='Device (\\_SB.MEM0) { Name (_HID, EisaId ("PNP0C80")) }'),
    "aml_hot_plug_nodes": lambda: table(
        more='Device (\\_SB.NOD0) { Name (_HID, "ACPI0004") }'),
}
# What no table of ours can do at will: it depends on the tools' version.
UNREACHED = {"aml_crash", "aml_stuck"}
