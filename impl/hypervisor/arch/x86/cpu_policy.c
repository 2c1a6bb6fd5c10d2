/*
 * CPU policies: what CPUID tells a domain, made from the machine's leaves by the
 * masks of cpuid.def and cut further by the toolstack.
 */
#include "x86/cpuid.h"

#include "x86/regs.h"
#include "x86/vcpu.h"

#include "hv/heap.h"

#include "base/string.h"

#define F1_ECX_X2APIC       (1U << 21)
#define F1_ECX_TSC_DEADLINE (1U << 24)
#define F1_ECX_AVX          (1U << 12 | 1U << 28 | 1U << 29) /* FMA, F16C too */
#define F1_ECX_XSAVE        (1U << 26)
#define F1_ECX_HYPERVISOR   (1U << 31)
#define F1_EDX_HTT          (1U << 28)
#define F7_ECX_RDPID        (1U << 22)
#define E1_ECX_CMP_LEGACY   (1U << 1)
#define E1_EDX_RDTSCP       (1U << 27)
#define E7_EDX_ITSC         (1U << 8)

#define CORES_BEFORE_DOUBLING 64U

const struct cpuid_row cpuid_rows[CPUID_ROWS] = {
#define CPUID_LEAF(leaf, sub, a, b, c, d) {leaf, sub, {a, b, c, d}},
#include "x86/cpuid.def"
#undef CPUID_LEAF
};

/* Where each feature word lives, in the order of the feature set. */
static const struct feature_word {
    uint32_t leaf;
    uint32_t sub;
    enum cpuid_reg reg;
} feature_words[FEATURE_WORDS] = {
    {0x00000001, CPUID_NO_SUBLEAF, CPUID_D},
    {0x00000001, CPUID_NO_SUBLEAF, CPUID_C},
    {0x80000001, CPUID_NO_SUBLEAF, CPUID_D},
    {0x80000001, CPUID_NO_SUBLEAF, CPUID_C},
    {0x0000000d, 1, CPUID_A},
    {0x00000007, 0, CPUID_B},
    {0x00000007, 0, CPUID_C},
    {0x80000007, CPUID_NO_SUBLEAF, CPUID_D},
    {0x80000008, CPUID_NO_SUBLEAF, CPUID_B},
    {0x00000007, 0, CPUID_D},
    {0x00000007, 1, CPUID_A},
    {0x80000021, CPUID_NO_SUBLEAF, CPUID_A},
    {0x00000007, 1, CPUID_B},
    {0x00000007, 2, CPUID_D},
    {0x00000007, 1, CPUID_C},
    {0x00000007, 1, CPUID_D},
    {0x0000010a, 0, CPUID_A}, /* MSR_ARCH_CAPS: an Intel matter, empty */
    {0x0000010a, 0, CPUID_D},
    {0x80000021, CPUID_NO_SUBLEAF, CPUID_C},
};

static struct cpu_policy hvm_policy; /* [I] most that a guest may have */
static bool has_tsc_aux;             /* [I] */

bool cpu_has_tsc_aux(void)
{
    return has_tsc_aux;
}

int cpuid_row_find(uint32_t leaf, uint32_t sub)
{
    for (unsigned int i = 0; i < CPUID_ROWS; i++) {
        const struct cpuid_row *r = &cpuid_rows[i];

        if (r->leaf == leaf && (r->sub == CPUID_NO_SUBLEAF || r->sub == sub))
            return i;
    }
    return CPUID_NO_ROW;
}

bool cpuid_takes_subleaf(uint32_t leaf)
{
    return leaf == 4 || leaf == 7 || leaf == 0xb || leaf == 0xd;
}

static uint32_t *reg_of(struct cpu_policy *p, uint32_t leaf, uint32_t sub,
                        enum cpuid_reg reg)
{
    return &p->reg[cpuid_row_find(leaf, sub)][reg];
}

static bool leaf_exists(uint32_t leaf)
{
    return leaf <= cpuid(leaf & 0x80000000, 0).a;
}

static void fill_row(uint32_t out[CPUID_REGS], const struct cpuid_row *r,
                     enum policy_kind kind)
{
    struct cpuid_regs raw = {0};

    if (leaf_exists(r->leaf))
        raw = cpuid(r->leaf, r->sub == CPUID_NO_SUBLEAF ? 0 : r->sub);
    const uint32_t value[CPUID_REGS] = {raw.a, raw.b, raw.c, raw.d};

    for (unsigned int i = 0; i < CPUID_REGS; i++)
        out[i] = value[i] & (kind == POLICY_RAW ? ~0U : r->mask[i]);
}

/* One package of this many cores; the toolstack doubles it, because APIC ids
   are twice the vCPU's number. dom0, which it does not touch, gets that too. */
static void set_cores(struct cpu_policy *p, uint32_t cores)
{
    uint32_t *b = reg_of(p, 1, 0, CPUID_B);
    uint32_t id_bits = (uint32_t)__builtin_ctz(cores);

    *b = (*b & ~0xff0000U) | cores << 16;
    *reg_of(p, 0x80000008, 0, CPUID_C) = id_bits << 12 | (cores - 1);
}

/* What we emulate whatever the machine has. The TSC is invariant on each CPU
   that has nested paging, whether an emulator says so or not. */
static void make_hvm(struct cpu_policy *p)
{
    uint32_t *max = reg_of(p, 0, 0, CPUID_A);
    uint32_t *ext = reg_of(p, 0x80000000, 0, CPUID_A);
    uint32_t *ecx = reg_of(p, 1, 0, CPUID_C);

    *max = MIN(*max, CPUID_BASIC_MAX);
    *ext = MIN(*ext, CPUID_EXTENDED_MAX);
    /* Leaf 7 has no subleaf 2 that guests could see. */
    *reg_of(p, 7, 0, CPUID_A) = MIN(*reg_of(p, 7, 0, CPUID_A), 1U);
    *ecx |= F1_ECX_X2APIC | F1_ECX_TSC_DEADLINE | F1_ECX_HYPERVISOR;
    *reg_of(p, 0x80000007, 0, CPUID_D) |= E7_EDX_ITSC;
    *reg_of(p, 1, 0, CPUID_D) &= ~F1_EDX_HTT;
    *reg_of(p, 0x80000001, 0, CPUID_C) &= ~E1_ECX_CMP_LEGACY;
    set_cores(p, CORES_BEFORE_DOUBLING);
    *reg_of(p, 0xd, 0, CPUID_C) = xstate_bytes(*reg_of(p, 0xd, 0, CPUID_A));
    if (!(xstate_mask() & XCR0_AVX))
        *ecx &= ~F1_ECX_AVX;
    if (!xstate_mask())
        *ecx &= ~F1_ECX_XSAVE;
}

void cpu_policy_fill(struct cpu_policy *p, enum policy_kind kind)
{
    p->hv_limit = 0;
    for (unsigned int i = 0; i < CPUID_ROWS; i++)
        fill_row(p->reg[i], &cpuid_rows[i], kind);
    if (kind == POLICY_HVM)
        make_hvm(p);
}

void cpu_policy_init(void)
{
    cpu_policy_fill(&hvm_policy, POLICY_HVM);
    has_tsc_aux =
        *reg_of(&hvm_policy, 0x80000001, 0, CPUID_D) & E1_EDX_RDTSCP ||
        *reg_of(&hvm_policy, 7, 0, CPUID_C) & F7_ECX_RDPID;
}

struct cpu_policy *cpu_policy_create(bool privileged)
{
    struct cpu_policy *p = heap_alloc(sizeof(*p));

    if (!p)
        return NULL;
    *p = hvm_policy;
    /* A guest may move to a machine with another clock; dom0 does not. */
    if (!privileged) {
        *reg_of(p, 0x80000007, 0, CPUID_D) &= ~E7_EDX_ITSC;
        return p;
    }
    set_cores(p, 2 * CORES_BEFORE_DOUBLING);
    *reg_of(p, 1, 0, CPUID_D) |= F1_EDX_HTT;
    *reg_of(p, 0x80000001, 0, CPUID_C) |= E1_ECX_CMP_LEGACY;
    return p;
}

static bool in_known_range(uint32_t leaf)
{
    return leaf <= CPUID_BASIC_MAX || leaf == CPUID_HYPERVISOR ||
           leaf == CPUID_HYPERVISOR2 ||
           (leaf >= CPUID_EXTENDED && leaf <= CPUID_EXTENDED_MAX);
}

static int check_leaf(const struct xen_cpuid_leaf *l)
{
    if (!in_known_range(l->leaf) ||
        cpuid_takes_subleaf(l->leaf) == (l->subleaf == CPUID_NO_SUBLEAF))
        return -XEN_ERANGE;
    if (l->leaf == 0 && l->a > hvm_policy.reg[0][CPUID_A])
        return -XEN_EINVAL;
    if (l->leaf == 0x80000000 && l->a > 0x80000000 + 0xff)
        return -XEN_EINVAL;
    return 0;
}

/* Features cannot exceed what we support; the rest describes, and may. */
static void limit_features(struct cpu_policy *p)
{
    for (unsigned int i = 0; i < FEATURE_WORDS; i++) {
        const struct feature_word *w = &feature_words[i];
        int row = cpuid_row_find(w->leaf, w->sub);
        uint32_t keep;

        if (row < 0)
            continue;
        /* Topology flags are the toolstack's. */
        keep = w->leaf == 1 && w->reg == CPUID_D ? F1_EDX_HTT : 0;
        if (w->leaf == 0x80000001 && w->reg == CPUID_C)
            keep = E1_ECX_CMP_LEGACY;
        p->reg[row][w->reg] &= hvm_policy.reg[row][w->reg] | keep;
    }
    *reg_of(p, 0xd, 0, CPUID_A) &= *reg_of(&hvm_policy, 0xd, 0, CPUID_A);
    *reg_of(p, 0x80000000, 0, CPUID_A) =
        MIN(*reg_of(p, 0x80000000, 0, CPUID_A),
            *reg_of(&hvm_policy, 0x80000000, 0, CPUID_A));
    *reg_of(p, 1, 0, CPUID_C) |= F1_ECX_HYPERVISOR;
}

int cpu_policy_apply(struct cpu_policy *p, const struct xen_cpuid_leaf *leaf,
                     unsigned int nr, uint32_t *err_leaf, uint32_t *err_sub)
{
    for (unsigned int i = 0; i < nr; i++) {
        const struct xen_cpuid_leaf *l = &leaf[i];
        int rc = check_leaf(l);
        int row = cpuid_row_find(l->leaf, l->subleaf);

        if (rc) {
            *err_leaf = l->leaf;
            *err_sub = l->subleaf;
            return rc;
        }
        if (l->leaf == CPUID_HYPERVISOR)
            p->hv_limit = l->a;
        if (row < 0)
            continue;
        p->reg[row][CPUID_A] = l->a;
        p->reg[row][CPUID_B] = l->b;
        p->reg[row][CPUID_C] = l->c;
        p->reg[row][CPUID_D] = l->d;
    }
    limit_features(p);
    return 0;
}

void cpu_policy_features(const struct cpu_policy *p,
                         uint32_t word[FEATURE_WORDS])
{
    for (unsigned int i = 0; i < FEATURE_WORDS; i++) {
        const struct feature_word *w = &feature_words[i];
        int row = cpuid_row_find(w->leaf, w->sub);

        word[i] = row < 0 ? 0 : p->reg[row][w->reg];
    }
}
