/*
 * Rules of CPUID, for one CPU and between CPUs (SDM 2A CPUID, APM 3 E).
 */
#include "scan/scan.h"

#include <stdlib.h>
#include <string.h>

#define EXTENDED 0x80000000U

enum {
    LEAF_TOPOLOGY = 0xb,
    PHYS_LEAST = 36,
    PHYS_MOST = 52,
    LIMITED_LEAF = 3,
    L1TF_LAST_MODEL = 0x9e,
};

#define HAS_GUEST     CPU_BIT(1, 0, ECX, 31)
#define HAS_NPT       CPU_BIT(0x8000000a, 0, EDX, 0)
#define HAS_IBRS      CPU_BIT(7, 0, EDX, 26)
#define HAS_L1D_FLUSH CPU_BIT(7, 0, EDX, 28)
#define HAS_MD_CLEAR  CPU_BIT(7, 0, EDX, 10)
#define HAS_ARCH_CAPS CPU_BIT(7, 0, EDX, 29)
#define HAS_AMD_IBPB  CPU_BIT(0x80000008, 0, EBX, 12)

static bool is_intel(const struct cpu *c)
{
    return !strcmp(c->vendor, "GenuineIntel");
}

static bool is_amd(const struct cpu *c)
{
    return !strcmp(c->vendor, "AuthenticAMD") ||
           !strcmp(c->vendor, "HygonGenuine");
}

/* A bit that must be there (or not), and the rule that says so. */
static const struct {
    struct cpu_bit bit;
    bool there; /* what breaks the rule */
    enum rule_id rule;
} bit_rules[] = {
    {{0x80000001, 0, EDX, 29}, false, RULE_cpu_no_long_mode},
    {{0x80000001, 0, EDX, 20}, false, RULE_cpu_no_nx},
    {{0x80000001, 0, EDX, 26}, false, RULE_cpu_no_1g_pages},
    {{0x80000007, 0, EDX, 8}, false, RULE_cpu_tsc_varies},
    {{1, 0, ECX, 24}, false, RULE_cpu_no_deadline},
    {{1, 0, ECX, 21}, false, RULE_cpu_no_x2apic},
    {{6, 0, EAX, 2}, false, RULE_cpu_apic_timer_stops},
    {{7, 0, EBX, 7}, false, RULE_smep_missing},
    {{1, 0, ECX, 31}, true, RULE_cpu_in_guest},
    {{7, 0, EDX, 15}, true, RULE_cpus_hybrid},
    {{7, 0, EBX, 11}, true, RULE_tsx_present},
};

static void cpu_found(struct scan *s, const struct cpu *c, enum rule_id rule)
{
    found(s, rule, "cpu", (long)c->number, "%s family %u model 0x%x", c->vendor,
          c->family, c->model);
}

static void judge_virtualisation(struct scan *s, const struct cpu *c)
{
    bool vmx = cpu_has_bit(c, CPU_BIT_VMX), svm = cpu_has_bit(c, CPU_BIT_SVM);

    if (!vmx && !svm)
        cpu_found(s, c, RULE_cpu_no_virtualisation);
    if (svm && !cpu_has_bit(c, HAS_NPT))
        cpu_found(s, c, RULE_cpu_no_nested_paging);
}

/* Intel's CPUs with out-of-order cores up to Coffee Lake (XSA-273, XSA-297). */
static bool leaks(const struct cpu *c)
{
    return is_intel(c) && c->family == 6 && c->model >= 0x1a &&
           c->model <= L1TF_LAST_MODEL && !cpu_has_bit(c, HAS_ARCH_CAPS);
}

static void judge_speculation(struct scan *s, const struct cpu *c)
{
    if (is_intel(c) && !cpu_has_bit(c, HAS_IBRS))
        cpu_found(s, c, RULE_no_speculation_control);
    if (is_amd(c) && !cpu_has_bit(c, HAS_AMD_IBPB))
        cpu_found(s, c, RULE_no_speculation_control);
    if (leaks(c) && !cpu_has_bit(c, HAS_L1D_FLUSH))
        cpu_found(s, c, RULE_l1tf);
    if (leaks(c) && !cpu_has_bit(c, HAS_MD_CLEAR))
        cpu_found(s, c, RULE_mds);
}

void judge_cpu(struct scan *s)
{
    const struct cpu *c = &s->m->cpu[0];

    for (size_t i = 0; i < sizeof(bit_rules) / sizeof(*bit_rules); i++) {
        if (cpu_has_bit(c, bit_rules[i].bit) == bit_rules[i].there)
            cpu_found(s, c, bit_rules[i].rule);
    }
    judge_virtualisation(s, c);
    judge_speculation(s, c);
    if (!is_intel(c) && !is_amd(c))
        cpu_found(s, c, RULE_cpu_unknown_vendor);
    if (c->max_leaf <= LIMITED_LEAF)
        found(s, RULE_cpu_limited_leaves, "cpu", 0, "highest leaf %u",
              c->max_leaf);
    if (c->phys_bits < PHYS_LEAST || c->phys_bits > PHYS_MOST)
        found(s, RULE_cpu_phys_bits, "cpu", 0, "%u bits", c->phys_bits);
    if (!c->microcode)
        found(s, RULE_microcode_missing, "cpu", 0, "not recorded");
}

/* --- Between CPUs ----------------------------------------------------------- */
/* Leaves whose bits are features, and the bits in them that are not. */
static const struct {
    struct cpu_bit bit; /* nr is not used */
    uint32_t not_features;
} words[] = {
    {{1, 0, ECX, 0}, 1U << 27}, /* OSXSAVE */
    {{1, 0, EDX, 0}, 1U << 9},  /* APIC */
    {{7, 0, EBX, 0}, 0},
    {{7, 0, ECX, 0}, 1U << 4}, /* OSPKE */
    {{7, 0, EDX, 0}, 0},
    {{0x80000001, 0, ECX, 0}, 0},
    {{0x80000001, 0, EDX, 0}, 1U << 9},
    {{0x80000007, 0, EDX, 0}, 0},
    {{0x80000008, 0, EBX, 0}, 0},
};

static void judge_features(struct scan *s, const struct cpu *a,
                           const struct cpu *b)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
        const struct cpu_bit *w = &words[i].bit;
        const struct record_leaf *x = cpu_leaf(a, w->leaf, w->subleaf);
        const struct record_leaf *y = cpu_leaf(b, w->leaf, w->subleaf);
        uint32_t lost =
            x && y ? x->reg[w->reg] & ~y->reg[w->reg] & ~words[i].not_features
                   : 0;

        if (lost)
            found(s, RULE_cpus_features_differ, "cpu", (long)b->number,
                  "leaf 0x%x register %u lacks 0x%08x", w->leaf, w->reg, lost);
    }
}

static void judge_two(struct scan *s, const struct cpu *a, const struct cpu *b)
{
    long nr = (long)b->number;

    if (strcmp(a->vendor, b->vendor) != 0)
        found(s, RULE_cpus_vendor_differ, "cpu", nr, "%s and %s", a->vendor,
              b->vendor);
    else if (a->family != b->family || a->model != b->model)
        found(s, RULE_cpus_model_differ, "cpu", nr, "model 0x%x and 0x%x",
              a->model, b->model);
    else if (a->stepping != b->stepping)
        found(s, RULE_cpus_stepping_differ, "cpu", nr, "stepping %u and %u",
              a->stepping, b->stepping);
    if (a->max_leaf != b->max_leaf || a->max_extended != b->max_extended)
        found(s, RULE_cpus_leaves_differ, "cpu", nr, "0x%x and 0x%x",
              a->max_leaf, b->max_leaf);
    if (a->phys_bits != b->phys_bits)
        found(s, RULE_cpus_phys_bits_differ, "cpu", nr, "%u and %u",
              a->phys_bits, b->phys_bits);
    if (a->microcode && b->microcode && a->microcode != b->microcode)
        found(s, RULE_microcode_differ, "cpu", nr, "0x%x and 0x%x",
              a->microcode, b->microcode);
    judge_features(s, a, b);
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

/* Cores by their id without the thread's bits; how often each is there. */
static void judge_threads(struct scan *s, uint32_t *ids, unsigned int n)
{
    const struct record_leaf *l = cpu_leaf(&s->m->cpu[0], LEAF_TOPOLOGY, 0);
    unsigned int shift = l ? l->reg[EAX] & 31 : 0;
    unsigned int first = 0, run = 0;

    for (unsigned int i = 0; i < n && shift; i++) {
        bool last = i + 1 == n || ids[i + 1] >> shift != ids[i] >> shift;

        run++;
        if (!last)
            continue;
        if (first && run != first) {
            found(s, RULE_smt_uneven, "cpu", -1,
                  "%u threads in one core, %u in another", first, run);
            return;
        }
        first = run;
        run = 0;
    }
}

static void judge_ids(struct scan *s)
{
    unsigned int n = s->m->cpus;
    uint32_t *ids = malloc(n * sizeof(*ids));

    for (unsigned int i = 0; ids && i < n; i++)
        ids[i] = s->m->cpu[i].apic_id;
    if (ids) {
        qsort(ids, n, sizeof(*ids), by_number);
        judge_threads(s, ids, n);
    }
    /* CPUs from before the Pentium 4 do not tell: all are 0. */
    for (unsigned int i = 1; ids && ids[n - 1] && i < n; i++) {
        if (ids[i] == ids[i - 1])
            found(s, RULE_cpus_apic_id_twice, "cpu", -1, "APIC id %u", ids[i]);
    }
    free(ids);
}

void judge_cpus(struct scan *s)
{
    const struct machine *m = s->m;

    for (unsigned int i = 1; i < m->cpus; i++)
        judge_two(s, &m->cpu[0], &m->cpu[i]);
    judge_ids(s);
}
