/*
 * CPU policies out of the machine's leaves, the masks of cpuid.def and what the
 * toolstack takes away (public/arch-x86/cpuid.h).
 */
#include "cpu/policy.h"

#define F1_ECX_X2APIC       (1U << 21)
#define F1_ECX_TSC_DEADLINE (1U << 24)
#define F1_ECX_AVX          (1U << 12 | 1U << 28 | 1U << 29) /* FMA, F16C too */
#define F1_ECX_XSAVE        (1U << 26)
#define F1_ECX_RDRAND       (1U << 30)
#define F1_ECX_HYPERVISOR   (1U << 31)
#define F1_EDX_HTT          (1U << 28)
#define F7_EBX_RDSEED       (1U << 18)
#define E1_ECX_CMP_LEGACY   (1U << 1)
#define E7_EDX_ITSC         (1U << 8)
#define XCR0_AVX            (1U << 2)

#define CORES_BEFORE_DOUBLING 64U
#define EXTENDED_LIMIT        (CPUID_EXTENDED + 0xff) /* of what may be told */

const struct cpuid_row cpuid_rows[CPUID_ROWS] = {
#define CPUID_LEAF(leaf, sub, a, b, c, d) {leaf, sub, {a, b, c, d}},
#include "cpu/cpuid.def"
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

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

int cpuid_row_find(uint32_t leaf, uint32_t sub)
{
    for (unsigned int i = 0; i < CPUID_ROWS; i++) {
        const struct cpuid_row *r = &cpuid_rows[i];

        if (r->leaf == leaf && (r->sub == CPUID_NO_SUBLEAF || r->sub == sub))
            return (int)i;
    }
    return CPUID_NO_ROW;
}

bool cpuid_takes_subleaf(uint32_t leaf)
{
    return leaf == 4 || leaf == 7 || leaf == 0xb || leaf == 0xd;
}

uint32_t *cpu_policy_reg(struct cpu_policy *p, uint32_t leaf, uint32_t sub,
                         enum cpuid_reg reg)
{
    return &p->reg[cpuid_row_find(leaf, sub)][reg];
}

static bool leaf_exists(const struct cpu_machine *m, uint32_t leaf)
{
    uint32_t reg[CPUID_REGS];

    m->cpuid(leaf & CPUID_EXTENDED, 0, reg);
    return leaf <= reg[CPUID_A];
}

static void fill_row(uint32_t out[CPUID_REGS], const struct cpu_machine *m,
                     const struct cpuid_row *r, enum policy_kind kind)
{
    uint32_t raw[CPUID_REGS] = {0};

    if (leaf_exists(m, r->leaf))
        m->cpuid(r->leaf, r->sub == CPUID_NO_SUBLEAF ? 0 : r->sub, raw);
    for (unsigned int i = 0; i < CPUID_REGS; i++)
        out[i] = raw[i] & (kind == POLICY_RAW ? ~0U : r->mask[i]);
}

/* One package of this many cores; the toolstack doubles it, because APIC ids
   are twice the vCPU's number. dom0, which it does not touch, gets that too. */
static void set_cores(struct cpu_policy *p, uint32_t cores)
{
    uint32_t *b = cpu_policy_reg(p, 1, 0, CPUID_B);
    uint32_t id_bits = (uint32_t)__builtin_ctz(cores);

    *b = (*b & ~0xff0000U) | cores << 16;
    *cpu_policy_reg(p, 0x80000008, 0, CPUID_C) = id_bits << 12 | (cores - 1);
}

/* What the machine's defects or the switched state forbid. */
static void hide_unusable(struct cpu_policy *p, const struct cpu_machine *m)
{
    uint32_t *ecx = cpu_policy_reg(p, 1, 0, CPUID_C);

    if (!(m->xcr0 & XCR0_AVX))
        *ecx &= ~F1_ECX_AVX;
    if (!m->xcr0)
        *ecx &= ~F1_ECX_XSAVE;
    if (!m->rdrand)
        *ecx &= ~F1_ECX_RDRAND;
    if (!m->rdseed)
        *cpu_policy_reg(p, 7, 0, CPUID_B) &= ~F7_EBX_RDSEED;
}

/* What we emulate whatever the machine has. The TSC is invariant on each CPU
   that has nested paging, whether an emulator says so or not. */
static void make_hvm(struct cpu_policy *p, const struct cpu_machine *m)
{
    uint32_t *max = cpu_policy_reg(p, 0, 0, CPUID_A);
    uint32_t *ext = cpu_policy_reg(p, CPUID_EXTENDED, 0, CPUID_A);
    uint32_t *sub7 = cpu_policy_reg(p, 7, 0, CPUID_A);
    uint32_t *itsc = cpu_policy_reg(p, 0x80000007, 0, CPUID_D);

    *max = least(*max, CPUID_BASIC_MAX);
    *ext = least(*ext, CPUID_EXTENDED_MAX);
    *sub7 = least(*sub7, 1); /* no subleaf 2 that guests could see */
    *cpu_policy_reg(p, 1, 0, CPUID_C) |=
        F1_ECX_X2APIC | F1_ECX_TSC_DEADLINE | F1_ECX_HYPERVISOR;
    *itsc = m->tsc_untrusted ? *itsc & ~E7_EDX_ITSC : *itsc | E7_EDX_ITSC;
    *cpu_policy_reg(p, 1, 0, CPUID_D) &= ~F1_EDX_HTT;
    *cpu_policy_reg(p, 0x80000001, 0, CPUID_C) &= ~E1_ECX_CMP_LEGACY;
    set_cores(p, CORES_BEFORE_DOUBLING);
    *cpu_policy_reg(p, 0xd, 0, CPUID_C) =
        m->xstate_bytes(*cpu_policy_reg(p, 0xd, 0, CPUID_A));
    hide_unusable(p, m);
}

void cpu_policy_make(struct cpu_policy *p, const struct cpu_machine *m,
                     enum policy_kind kind)
{
    p->hv_limit = 0;
    for (unsigned int i = 0; i < CPUID_ROWS; i++)
        fill_row(p->reg[i], m, &cpuid_rows[i], kind);
    if (kind == POLICY_HVM)
        make_hvm(p, m);
}

void cpu_policy_for(struct cpu_policy *p, const struct cpu_policy *hvm,
                    bool privileged)
{
    *p = *hvm;
    /* A guest may move to a machine with another clock; dom0 does not. */
    if (!privileged) {
        *cpu_policy_reg(p, 0x80000007, 0, CPUID_D) &= ~E7_EDX_ITSC;
        return;
    }
    set_cores(p, 2 * CORES_BEFORE_DOUBLING);
    *cpu_policy_reg(p, 1, 0, CPUID_D) |= F1_EDX_HTT;
    *cpu_policy_reg(p, 0x80000001, 0, CPUID_C) |= E1_ECX_CMP_LEGACY;
}

static bool in_known_range(uint32_t leaf)
{
    return leaf <= CPUID_BASIC_MAX || leaf == CPUID_HYPERVISOR ||
           leaf == CPUID_HYPERVISOR2 ||
           (leaf >= CPUID_EXTENDED && leaf <= CPUID_EXTENDED_MAX);
}

static enum cpu_policy_error check_leaf(const struct cpu_leaf *l,
                                        const struct cpu_policy *hvm)
{
    if (!in_known_range(l->leaf) ||
        cpuid_takes_subleaf(l->leaf) == (l->sub == CPUID_NO_SUBLEAF))
        return CPU_POLICY_RANGE;
    if ((l->leaf == 0 && l->reg[CPUID_A] > hvm->reg[0][CPUID_A]) ||
        (l->leaf == CPUID_EXTENDED && l->reg[CPUID_A] > EXTENDED_LIMIT))
        return CPU_POLICY_INVALID;
    return CPU_POLICY_OK;
}

/* Topology flags are the toolstack's. */
static uint32_t bits_of_toolstack(const struct feature_word *w)
{
    if (w->leaf == 1 && w->reg == CPUID_D)
        return F1_EDX_HTT;
    return w->leaf == 0x80000001 && w->reg == CPUID_C ? E1_ECX_CMP_LEGACY : 0;
}

/* Features cannot exceed what we support; the rest describes, and may. */
static void limit_features(struct cpu_policy *p, const struct cpu_policy *hvm)
{
    int xstate = cpuid_row_find(0xd, 0);
    int extended = cpuid_row_find(CPUID_EXTENDED, 0);

    for (unsigned int i = 0; i < FEATURE_WORDS; i++) {
        const struct feature_word *w = &feature_words[i];
        int row = cpuid_row_find(w->leaf, w->sub);

        if (row >= 0)
            p->reg[row][w->reg] &= hvm->reg[row][w->reg] | bits_of_toolstack(w);
    }
    p->reg[xstate][CPUID_A] &= hvm->reg[xstate][CPUID_A];
    p->reg[extended][CPUID_A] =
        least(p->reg[extended][CPUID_A], hvm->reg[extended][CPUID_A]);
    *cpu_policy_reg(p, 1, 0, CPUID_C) |= F1_ECX_HYPERVISOR;
}

enum cpu_policy_error cpu_policy_change(struct cpu_policy *p,
                                        const struct cpu_policy *hvm,
                                        const struct cpu_leaf *leaf,
                                        unsigned int nr, unsigned int *bad)
{
    for (unsigned int i = 0; i < nr; i++) {
        const struct cpu_leaf *l = &leaf[i];
        enum cpu_policy_error e = check_leaf(l, hvm);
        int row = cpuid_row_find(l->leaf, l->sub);

        if (e) {
            *bad = i;
            return e;
        }
        if (l->leaf == CPUID_HYPERVISOR)
            p->hv_limit = l->reg[CPUID_A];
        for (unsigned int r = 0; row >= 0 && r < CPUID_REGS; r++)
            p->reg[row][r] = l->reg[r];
    }
    limit_features(p, hvm);
    return CPU_POLICY_OK;
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
