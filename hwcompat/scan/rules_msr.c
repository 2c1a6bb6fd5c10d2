/*
 * Rules of MSRs: locks, memory types, clocks (SDM 4 chapter 2, APM 2 appendix A).
 */
#include "scan/scan.h"

#include <string.h>

enum msr_number {
    MSR_FEATURE_CONTROL = 0x3a,
    MSR_TSC_ADJUST = 0x3b,
    MSR_MICROCODE = 0x8b,
    MSR_MTRR_CAP = 0xfe,
    MSR_MISC_ENABLE = 0x1a0,
    MSR_MTRR_BASE_0 = 0x200,
    MSR_PAT = 0x277,
    MSR_MTRR_DEFAULT = 0x2ff,
    MSR_VMX_PROCBASED2 = 0x48b,
};
#define MSR_VM_CR       0xc0010114U
#define MSR_INT_PENDING 0xc0010055U

enum {
    LOCKED = 1,
    VMX_OUTSIDE_SMX = 1 << 2,
    VM_CR_LOCK = 1 << 3,
    VM_CR_DISABLE = 1 << 4,
    MTRR_ENABLED = 1 << 11,
    WRITE_BACK = 6,
    MTRRS_MOST = 32,
    C1E_BITS = 3 << 27,
    EPT_ALLOWED = 1 << 1, /* in the upper half */
    FAMILY_K8 = 15,
    FAMILY_10H = 16,
};
#define NX_DISABLED (1ULL << 34)
#define FOUR_GIB    (1ULL << 32)
#define MTRR_VALID  (1ULL << 11)

static void judge_locks(struct scan *s, const struct cpu *c)
{
    uint64_t v;

    if (cpu_msr(c, MSR_FEATURE_CONTROL, &v) && v & LOCKED &&
        !(v & VMX_OUTSIDE_SMX))
        found(s, RULE_cpu_vmx_locked, "msr", MSR_FEATURE_CONTROL, "0x%llx",
              (unsigned long long)v);
    if (cpu_msr(c, MSR_VM_CR, &v) && v & VM_CR_DISABLE && v & VM_CR_LOCK)
        found(s, RULE_cpu_svm_locked, "msr", (long)MSR_VM_CR, "0x%llx",
              (unsigned long long)v);
    if (cpu_msr(c, MSR_MISC_ENABLE, &v) && v & NX_DISABLED)
        found(s, RULE_cpu_nx_disabled, "msr", MSR_MISC_ENABLE, "0x%llx",
              (unsigned long long)v);
    if (cpu_msr(c, MSR_VMX_PROCBASED2, &v) && !(v >> 32 & EPT_ALLOWED))
        found(s, RULE_cpu_no_ept, "msr", MSR_VMX_PROCBASED2, "0x%llx",
              (unsigned long long)v);
    if (cpu_msr(c, MSR_MICROCODE, &v) && !v)
        found(s, RULE_microcode_zero, "msr", MSR_MICROCODE, "revision 0");
    if (!strcmp(c->vendor, "AuthenticAMD") && c->family >= FAMILY_K8 &&
        c->family <= FAMILY_10H && cpu_msr(c, MSR_INT_PENDING, &v) &&
        v & C1E_BITS)
        found(s, RULE_c1e_enabled, "msr", (long)MSR_INT_PENDING, "0x%llx",
              (unsigned long long)v);
}

/* --- Memory types ----------------------------------------------------------- */
/* Bytes of usable memory above 4 GiB that a range of write-back covers. */
static uint64_t written_back(const struct scan *s, const struct cpu *c,
                             unsigned int nr)
{
    uint64_t base, mask, length;
    uint64_t bits = c->phys_bits < 64 ? (1ULL << c->phys_bits) - 1 : ~0ULL;

    if (!cpu_msr(c, MSR_MTRR_BASE_0 + 2 * nr, &base) ||
        !cpu_msr(c, MSR_MTRR_BASE_0 + 2 * nr + 1, &mask) ||
        !(mask & MTRR_VALID) || (base & 0xff) != WRITE_BACK)
        return 0;
    length = (~mask & bits & ~0xfffULL) + 0x1000;
    return memory_of_type(&s->m->memory, base & ~0xfffULL, length, MEMORY_RAM);
}

static void judge_ram_types(struct scan *s, const struct cpu *c)
{
    uint64_t ram = memory_of_type(&s->m->memory, 0, UINT64_MAX, MEMORY_RAM);
    uint64_t cap, sum = 0;

    if (!scan_has(s, MAP) || !cpu_msr(c, MSR_MTRR_CAP, &cap))
        return;
    for (unsigned int i = 0; i < (cap & 0xff) && i < MTRRS_MOST; i++)
        sum += written_back(s, c, i);
    if (sum < ram / 20 * 19)
        found(s, RULE_mtrr_ram_uncached, "msr", MSR_MTRR_BASE_0,
              "%llu of %llu MiB are write-back",
              (unsigned long long)(sum >> 20), (unsigned long long)(ram >> 20));
}

static void judge_types(struct scan *s, const struct cpu *c)
{
    uint64_t v;

    if (!cpu_msr(c, MSR_MTRR_DEFAULT, &v))
        return;
    if (!(v & MTRR_ENABLED))
        found(s, RULE_mtrr_off, "msr", MSR_MTRR_DEFAULT, "0x%llx",
              (unsigned long long)v);
    else if ((v & 0xff) == WRITE_BACK)
        found(s, RULE_mtrr_default_cached, "msr", MSR_MTRR_DEFAULT, "0x%llx",
              (unsigned long long)v);
    else
        judge_ram_types(s, c);
}

/* --- Between CPUs ----------------------------------------------------------- */
static const struct {
    uint32_t first, last;
    enum rule_id rule;
} equal_msrs[] = {
    {MSR_MTRR_BASE_0, MSR_MTRR_BASE_0 + 2 * MTRRS_MOST - 1, RULE_mtrr_differ},
    {0x250, 0x26f, RULE_mtrr_differ},
    {MSR_MTRR_DEFAULT, MSR_MTRR_DEFAULT, RULE_mtrr_differ},
    {MSR_PAT, MSR_PAT, RULE_pat_differ},
    {MSR_TSC_ADJUST, MSR_TSC_ADJUST, RULE_tsc_adjusted},
};

static void judge_equal(struct scan *s, const struct cpu *a,
                        const struct cpu *b, const struct record_msr *msr)
{
    uint64_t v;

    for (size_t i = 0; i < sizeof(equal_msrs) / sizeof(*equal_msrs); i++) {
        if (msr->index < equal_msrs[i].first ||
            msr->index > equal_msrs[i].last || !cpu_msr(b, msr->index, &v) ||
            v == msr->value)
            continue;
        found(s, equal_msrs[i].rule, "msr", (long)msr->index,
              "CPU %u 0x%llx, CPU %u 0x%llx", a->number,
              (unsigned long long)msr->value, b->number, (unsigned long long)v);
        return;
    }
}

void judge_msrs(struct scan *s)
{
    const struct cpu *a = &s->m->cpu[0];

    judge_locks(s, a);
    judge_types(s, a);
    for (unsigned int i = 1; i < s->m->cpus; i++) {
        for (size_t j = 0; j < a->msrs; j++)
            judge_equal(s, a, &s->m->cpu[i], &a->msr[j]);
    }
}
