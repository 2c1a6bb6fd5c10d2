/* Levelling of CPUs over a pool: the rules are impl/cpu's. */
#include "level/level.h"

#include <stdio.h>
#include <string.h>

enum {
    BITS = 32,
    MSR = 4, /* in place of a register */
};

static const struct {
    uint32_t leaf, subleaf;
    int reg;
    const char *name;
} words[CPU_WORDS] = {
#define EAX                      0, "EAX"
#define EBX                      1, "EBX"
#define ECX                      2, "ECX"
#define EDX                      3, "EDX"
#define WORD(n, leaf, sub, reg)  [n] = {leaf, sub, reg},
#define MSR_WORD(n, index, half) [n] = {index, (n)&1, MSR, "MSR"},
#define FEATURE(name, w, b, guest)
#define NEEDS(name, other)
#include "cpu/featureset.def"
#undef NEEDS
#undef FEATURE
#undef MSR_WORD
#undef WORD
#undef EDX
#undef ECX
#undef EBX
#undef EAX
};

static void raw_read(const struct record_cpu *c, struct cpu_features *out)
{
    uint32_t reg[4];
    uint64_t value;

    for (int i = 0; i < CPU_WORDS; i++) {
        if (words[i].reg == MSR) {
            (void)record_rdmsr(c, words[i].leaf, &value);
            out->word[i] = (uint32_t)(value >> BITS * words[i].subleaf);
        } else {
            (void)record_cpuid(c, words[i].leaf, words[i].subleaf, reg);
            out->word[i] = reg[words[i].reg];
        }
    }
}

static void vendor_read(const struct record_cpu *c, char vendor[13])
{
    uint32_t reg[4];

    (void)record_cpuid(c, 0, 0, reg);
    memcpy(vendor, &reg[1], 4);
    memcpy(vendor + 4, &reg[3], 4);
    memcpy(vendor + 8, &reg[2], 4);
    vendor[12] = '\0';
    for (char *p = vendor; *p; p++)
        if (*p < ' ' || *p > '~')
            *p = '?';
}

static void brand_read(const struct record_cpu *c, char brand[49])
{
    char *p = brand;

    for (uint32_t leaf = 0x80000002; leaf < 0x80000005; leaf++, p += 16) {
        uint32_t reg[4];

        (void)record_cpuid(c, leaf, 0, reg);
        memcpy(p, reg, sizeof(reg));
    }
    brand[48] = '\0';
    for (p = brand; *p; p++)
        if (*p < ' ' || *p > '~')
            *p = '?';
    memmove(brand, brand + strspn(brand, " "),
            strlen(brand + strspn(brand, " ")) + 1);
}

/* SDM 2A, CPUID, figure 3-6. */
static void signature_read(const struct record_cpu *c, struct level_host *h)
{
    uint32_t reg[4];

    (void)record_cpuid(c, 1, 0, reg);
    h->stepping = reg[0] & 15;
    h->model = reg[0] >> 4 & 15;
    h->family = reg[0] >> 8 & 15;
    if (h->family == 6 || h->family == 15)
        h->model |= (reg[0] >> 16 & 15) << 4;
    if (h->family == 15)
        h->family += reg[0] >> 20 & 255;
}

/* Bits that follow the operating system's doing, and not the CPU. */
static bool same_but_dynamic(const struct cpu_features *a,
                             const struct cpu_features *b)
{
    struct cpu_features x = *a, y = *b;
    static const int dynamic[] = {CPU_APIC, CPU_OSXSAVE, CPU_OSPKE};

    for (size_t i = 0; i < sizeof(dynamic) / sizeof(dynamic[0]); i++) {
        cpu_add(&x, dynamic[i]);
        cpu_add(&y, dynamic[i]);
    }
    return memcmp(&x, &y, sizeof(x)) == 0;
}

void level_host_read(struct level_host *h, const char *path,
                     const struct record *r)
{
    struct cpu_kind kind;

    *h = (struct level_host){.cpus = record_cpus(r)};
    (void)snprintf(h->name, sizeof(h->name), "%s", path);
    (void)snprintf(h->id, sizeof(h->id), "%s", record_id(r));
    for (size_t i = 0; i < h->cpus; i++) {
        const struct record_cpu *c = record_cpu(r, i);
        struct cpu_features f;

        if (!c->leaves)
            continue;
        raw_read(c, &f);
        if (h->known) {
            h->mixed |= !same_but_dynamic(&f, &h->raw);
            continue;
        }
        h->known = true;
        h->raw = f;
        vendor_read(c, h->vendor);
        brand_read(c, h->brand);
        signature_read(c, h);
    }
    kind = (struct cpu_kind){.vendor = cpu_vendor_find(h->vendor),
                             .family = h->family,
                             .model = h->model};
    for (int g = 0; g < LEVEL_GUESTS; g++) {
        h->usual[g] = cpu_policy_default(&h->raw, &kind, g);
        h->most[g] = cpu_policy_max(&h->raw, &kind, g);
    }
}

static void pool_add(struct level_pool *p, const struct level_host *h,
                     bool first)
{
    for (int g = 0; g < LEVEL_GUESTS; g++) {
        p->usual[g] = first ? h->usual[g]
                            : cpu_features_level(&p->usual[g], &h->usual[g]);
        p->most[g] =
            first ? h->most[g] : cpu_features_level(&p->most[g], &h->most[g]);
    }
    p->cpus += h->cpus;
}

void level_pool_set(struct level_pool *p)
{
    p->cpus = 0;
    for (size_t i = 0; i < p->hosts; i++) {
        struct level_host *h = &p->host[i];

        h->joins = h->known && p->host[0].known &&
                   strcmp(h->vendor, p->host[0].vendor) == 0;
        if (h->joins)
            pool_add(p, h, i == 0);
    }
}

struct cpu_features level_without(const struct level_pool *p,
                                  const struct level_host *h,
                                  enum cpu_guest guest)
{
    struct cpu_features all = {0};
    bool any = false;

    for (size_t i = 0; i < p->hosts; i++) {
        const struct level_host *other = &p->host[i];

        if (other == h || !other->joins)
            continue;
        all = any ? cpu_features_level(&all, &other->usual[guest])
                  : other->usual[guest];
        any = true;
    }
    for (int i = 0; i < CPU_WORDS; i++)
        all.word[i] &= ~p->usual[guest].word[i];
    return all;
}

const char *level_vm_refused(const struct level_vm *vm,
                             const struct level_host *h, int *missing)
{
    *missing = CPU_FEATURE_NONE;
    if (!h->known)
        return "the record has no CPUID";
    if (*vm->vendor && strcmp(vm->vendor, h->vendor) != 0)
        return "the CPU is of another vendor";
    *missing = cpu_features_missing(&vm->features, &h->most[vm->guest]);
    return *missing == CPU_FEATURE_NONE ? NULL : "the CPU lacks a feature";
}

int level_next_lost(const struct cpu_features *a, const struct cpu_features *b,
                    int feature)
{
    struct cpu_features rest = *a;

    for (int i = 0; i <= feature; i++)
        rest.word[i / BITS] &= ~(1u << i % BITS);
    return cpu_features_missing(&rest, b);
}

const char *level_name(int feature, char text[32])
{
    const char *name = cpu_feature_name(feature);
    size_t i = 0;

    if (!name) {
        (void)snprintf(text, 32, "%d:%d", feature / BITS, feature % BITS);
        return text;
    }
    for (; name[i] && i < 31; i++)
        text[i] = name[i] == '_' ? '-'
                  : name[i] >= 'A' && name[i] <= 'Z'
                      ? (char)(name[i] - 'A' + 'a')
                      : name[i];
    text[i] = '\0';
    return text;
}

const char *level_word(int w, char text[40])
{
    if (words[w].reg == MSR)
        (void)snprintf(text, 40, "MSR 0x%x%s", words[w].leaf,
                       words[w].subleaf ? ", high half" : "");
    else
        (void)snprintf(text, 40, "leaf 0x%x.%u %s", words[w].leaf,
                       words[w].subleaf, words[w].name);
    return text;
}

const char *level_place(int feature, char text[48])
{
    int w = feature / BITS, bit = feature % BITS;

    if (words[w].reg == MSR)
        (void)snprintf(text, 48, "MSR 0x%x bit %d", words[w].leaf,
                       bit + BITS * (int)words[w].subleaf);
    else
        (void)snprintf(text, 48, "leaf 0x%x.%u %s bit %d", words[w].leaf,
                       words[w].subleaf, words[w].name, bit);
    return text;
}
