/*
 * Facts about the machine's CPUs for XEN_SYSCTL_physinfo and cputopoinfo.
 *
 * Topology is read off APIC ids: thread, core and socket fields (APM 3 CPUID
 * Fn0000_000B).
 */
#include "x86/boot.h"
#include "x86/insn.h"
#include "x86/percpu.h"
#include "x86/time.h"

#include "base/string.h"
#include "hv/arch.h"

struct apic_id_fields {
    unsigned int thread_bits; /* below the core number */
    unsigned int socket_shift;
};

#define TOPOLOGY_LEAF  0xb
#define LEVEL_TYPE(r)  ((r).c >> 8 & 0xff)
#define LEVEL_SMT      1
#define LEVEL_CORE     2
#define LEVEL_SHIFT(r) ((r).a & 31)

/* Without that leaf (before family 17h) all count as cores of one socket. */
static struct apic_id_fields fields_read(void)
{
    struct cpuid_regs smt = cpuid(TOPOLOGY_LEAF, 0);
    struct cpuid_regs core = cpuid(TOPOLOGY_LEAF, 1);

    if (cpuid(0, 0).a < TOPOLOGY_LEAF || LEVEL_TYPE(smt) != LEVEL_SMT ||
        LEVEL_TYPE(core) != LEVEL_CORE)
        return (struct apic_id_fields){0, 31};
    return (struct apic_id_fields){LEVEL_SHIFT(smt), LEVEL_SHIFT(core)};
}

void arch_cputopo(unsigned int cpu, struct xen_sysctl_cputopo *t)
{
    struct apic_id_fields f = fields_read();
    uint32_t id = percpu_of(cpu)->apic_id;

    t->socket = id >> f.socket_shift;
    t->core = (id & ((1U << f.socket_shift) - 1)) >> f.thread_bits;
    t->node = 0;
}

/* Feature words in the order that upstream's tools print them. */
static void features_read(uint32_t *w, size_t n)
{
    bool has7 = cpuid(0, 0).a >= 7, has_d = cpuid(0, 0).a >= 0xd;
    const uint32_t words[] = {
        cpuid(1, 0).d,
        cpuid(1, 0).c,
        cpuid(0x80000001, 0).d,
        cpuid(0x80000001, 0).c,
        has_d ? cpuid(0xd, 1).a : 0,
        has7 ? cpuid(7, 0).b : 0,
        has7 ? cpuid(7, 0).c : 0,
        cpuid(0x80000007, 0).d,
    };

    memcpy(w, words, MIN(n, sizeof(words)));
}

void arch_physinfo(struct xen_sysctl_physinfo *pi)
{
    struct xen_sysctl_cputopo first, t;
    unsigned int in_core = 0, in_socket = 0;

    arch_cputopo(0, &first);
    for (unsigned int i = 0; i < cpu_count; i++) {
        arch_cputopo(i, &t);
        in_socket += t.socket == first.socket;
        in_core += t.socket == first.socket && t.core == first.core;
    }
    pi->threads_per_core = in_core;
    pi->cores_per_socket = in_socket / MAX(in_core, 1U);
    pi->cpu_khz = (uint32_t)tsc_khz();
    pi->max_mfn = (memmap_top(&boot_info.map, MEMMAP_RAM) - 1) >> PAGE_SHIFT;
    features_read(pi->hw_cap, sizeof(pi->hw_cap));
}
