/* Ways out of a guest that need no second party: calls, CPUID, ports, MSRs. */
#include "cpu.h"
#include "micro.h"

#include <xen/arch-x86/cpuid.h>

enum {
    CALLS = 400,
    EXITS = 200,
    MULTICALL_ENTRIES = 16,
    PIC_MASK_PORT = 0x21, /* nobody has the 8259: intercepted, reads as ones */
    HOLE_READS = 100,
};

static uint64_t found;

static void nothing_run(const struct op *op)
{
    for (unsigned i = 0; i < op->count; i++)
        __asm__ volatile("" ::: "memory");
}

/* --- Hypercalls --- */

static void version_run(const struct op *op)
{
    for (unsigned i = 0; i < op->count; i++)
        found = (uint64_t)CALL2(__HYPERVISOR_xen_version, XENVER_version, NULL);
}

static void version_after(const struct op *op)
{
    (void)op;
    SAME(found >> 16, 4);
    found = 0;
}

static struct multicall_entry entries[MULTICALL_ENTRIES];

static void multicall_before(const struct op *op)
{
    (void)op;
    for (unsigned i = 0; i < MULTICALL_ENTRIES; i++)
        entries[i] = (struct multicall_entry){.op = __HYPERVISOR_xen_version,
                                              .args = {XENVER_version}};
}

static void multicall_run(const struct op *op)
{
    for (unsigned i = 0; i < op->count; i++)
        SAME(CALL2(__HYPERVISOR_multicall, entries, MULTICALL_ENTRIES), 0);
}

static void multicall_after(const struct op *op)
{
    (void)op;
    for (unsigned i = 0; i < MULTICALL_ENTRIES; i++)
        SAME(entries[i].result >> 16, 4);
}

/* --- CPUID, ports, MSRs --- */

static void cpuid_run(const struct op *op)
{
    for (unsigned i = 0; i < op->count; i++)
        found = cpuid(XEN_CPUID_LEAF(0), 0).b;
}

static void cpuid_after(const struct op *op)
{
    (void)op;
    SAME(found, XEN_CPUID_SIGNATURE_EBX);
    found = 0;
}

static void port_run(const struct op *op)
{
    uint8_t byte = 0;

    for (unsigned i = 0; i < op->count; i++)
        __asm__ volatile("inb %w1, %b0" : "=a"(byte) : "d"(PIC_MASK_PORT));
    found = byte;
}

static void port_after(const struct op *op)
{
    (void)op;
    SAME(found, 0xff);
    found = 0;
}

static void rdmsr_run(const struct op *op)
{
    for (unsigned i = 0; i < op->count; i++)
        found = msr_get(MSR_APIC_BASE);
}

static void rdmsr_after(const struct op *op)
{
    (void)op;
    SAME(found >> 12, 0xfee00);
    found = 0;
}

static void wrmsr_before(const struct op *op)
{
    (void)op;
    found = msr_get(MSR_EFER);
}

static void wrmsr_run(const struct op *op)
{
    uint64_t value = found;

    for (unsigned i = 0; i < op->count; i++)
        msr_set(MSR_EFER, value);
}

static void wrmsr_after(const struct op *op)
{
    (void)op;
    SAME(msr_get(MSR_EFER), found);
}

static void lapic_run(const struct op *op)
{
    for (unsigned i = 0; i < op->count; i++)
        found = lapic_read(LAPIC_ID);
}

static void lapic_after(const struct op *op)
{
    (void)op;
    SAME(found, this_cpu()->nr * 2 << 24);
}

/* --- Nested page faults that end in the hypervisor's emulation --- */

static void hole_run(const struct op *op)
{
    static volatile uint32_t *hole;
    uint32_t all = ~0u;

    if (!hole)
        hole = memory_at(gfn_apart());
    for (unsigned i = 0; i < op->count; i++)
        all &= *hole;
    found = all;
}

static void hole_after(const struct op *op)
{
    (void)op;
    SAME(found, ~0u);
    found = 0;
}

#define ALONE(op_name, unit_name, times, fn) \
    .name = op_name, .unit = unit_name, .count = times, .each = 1, .run = fn
#define GUEST_ALONE(op_name, unit_name, times, fn) \
    ALONE("guest-" op_name, unit_name, times, fn), .in_guest = true

const struct op cpu_ops[] = {
    {ALONE("empty-loop", "turn", CALLS, nothing_run)},
    {ALONE("null-hypercall", "call", CALLS, version_run),
     .after = version_after},
    {.name = "multicall-16",
     .unit = "entry",
     .count = 25,
     .each = MULTICALL_ENTRIES,
     .before = multicall_before,
     .run = multicall_run,
     .after = multicall_after},
    {ALONE("cpuid-exit", "exit", EXITS, cpuid_run), .after = cpuid_after},
    {ALONE("port-exit", "exit", EXITS, port_run), .after = port_after},
    {ALONE("rdmsr-exit", "exit", EXITS, rdmsr_run), .after = rdmsr_after},
    {ALONE("wrmsr-exit", "exit", EXITS, wrmsr_run), .before = wrmsr_before,
     .after = wrmsr_after},
    {ALONE("lapic-read", "read", HOLE_READS, lapic_run), .after = lapic_after},
    {GUEST_ALONE("null-hypercall", "call", CALLS, version_run),
     .after = version_after},
    {GUEST_ALONE("port-exit", "exit", EXITS, port_run), .after = port_after},
    {GUEST_ALONE("nested-fault-unbacked", "fault", HOLE_READS, hole_run),
     .after = hole_after},
    OPS_END,
};
