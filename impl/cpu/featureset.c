/* Policies of guests from the features of a CPU. */
#include "cpu/featureset.h"

enum {
    BITS = 32,
    DIGITS = 8, /* of a word in text */
};

/* Letters of the column `guests`. */
enum {
    FOR_PV = 1 << 0,
    FOR_HVM = 1 << 1,
    ON_DEMAND = 1 << 2, /* small letter */
    SPECIAL = 1 << 3,
    DANGER = 1 << 4,
};

static const struct {
    char letter;
    unsigned flags;
} letters[] = {
    {'A', FOR_PV | FOR_HVM}, {'a', FOR_PV | FOR_HVM | ON_DEMAND},
    {'S', FOR_HVM},          {'s', FOR_HVM | ON_DEMAND},
    {'H', FOR_HVM},          {'h', FOR_HVM | ON_DEMAND},
    {'!', SPECIAL},          {'|', DANGER},
};

static const struct {
    const char *name, *guests;
    int feature;
} features[] = {
#define WORD(number, leaf, sub, reg)
#define MSR_WORD(number, msr, reg)
#define NEEDS(name, other)
#define FEATURE(n, word, bit, g) \
    {.name = #n, .guests = g, .feature = (word)*BITS + (bit)},
#include "cpu/featureset.def"
#undef FEATURE
#undef NEEDS
};

static const struct {
    int feature, needs;
} needs[] = {
#define FEATURE(name, word, bit, guests)
#define NEEDS(name, other) {CPU_##name, CPU_##other},
#include "cpu/featureset.def"
#undef NEEDS
#undef FEATURE
#undef MSR_WORD
#undef WORD
};

enum {
    FEATURES_NR = sizeof(features) / sizeof(features[0]),
    NEEDS_NR = sizeof(needs) / sizeof(needs[0]),
};

bool cpu_has(const struct cpu_features *f, int feature)
{
    return f->word[feature / BITS] >> feature % BITS & 1;
}

void cpu_add(struct cpu_features *f, int feature)
{
    f->word[feature / BITS] |= 1u << feature % BITS;
}

static void take(struct cpu_features *f, int feature)
{
    f->word[feature / BITS] &= ~(1u << feature % BITS);
}

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static bool same(const char *name, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (name[i] != upper(text[i]))
            return false;
    return name[len] == '\0';
}

int cpu_feature_find(const char *name, size_t len)
{
    for (int i = 0; i < FEATURES_NR; i++)
        if (same(features[i].name, name, len))
            return features[i].feature;
    return CPU_FEATURE_NONE;
}

const char *cpu_feature_name(int feature)
{
    for (int i = 0; i < FEATURES_NR; i++)
        if (features[i].feature == feature)
            return features[i].name;
    return NULL;
}

/* A foundation's foundation may be gone: as often as something goes. */
void cpu_features_settle(struct cpu_features *f)
{
    bool gone = true;

    for (int round = 0; gone && round < NEEDS_NR; round++) {
        gone = false;
        for (int i = 0; i < NEEDS_NR; i++)
            if (cpu_has(f, needs[i].feature) && !cpu_has(f, needs[i].needs)) {
                take(f, needs[i].feature);
                gone = true;
            }
    }
}

static unsigned flags_of(const char *guests)
{
    unsigned flags = 0;

    for (const char *p = guests; *p; p++)
        for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
            if (letters[i].letter == *p)
                flags |= letters[i].flags;
    return flags;
}

static const struct {
    const char *name;
    enum cpu_vendor vendor;
} vendors[] = {
    {"GenuineIntel", CPU_VENDOR_INTEL},
    {"AuthenticAMD", CPU_VENDOR_AMD},
    {"HygonGenuine", CPU_VENDOR_AMD},
};

static bool text_same(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

enum cpu_vendor cpu_vendor_find(const char *name)
{
    for (size_t i = 0; i < sizeof(vendors) / sizeof(vendors[0]); i++)
        if (text_same(vendors[i].name, name))
            return vendors[i].vendor;
    return CPU_VENDOR_OTHER;
}

/* What the guest's kind may have of the CPU at all. */
static struct cpu_features masked(const struct cpu_features *cpu,
                                  enum cpu_guest guest, bool on_demand)
{
    unsigned who = guest == CPU_GUEST_PV ? FOR_PV : FOR_HVM;
    struct cpu_features out = {0};

    for (int i = 0; i < FEATURES_NR; i++) {
        unsigned flags = flags_of(features[i].guests);

        if ((flags & who) && (on_demand || !(flags & ON_DEMAND)) &&
            cpu_has(cpu, features[i].feature))
            cpu_add(&out, features[i].feature);
    }
    return out;
}

/*
 * Features that tell of other hosts of the pool, and cost nothing to tell: a
 * guest that has seen them can come here (Xen's cpu-policy.c, the "max"
 * adjustments). `when` 0: always.
 */
static const struct {
    enum cpu_vendor vendor; /* OTHER: all */
    int when, feature;
} tolerated[] = {
    {CPU_VENDOR_INTEL, 0, CPU_ARCH_CAPS},
    {CPU_VENDOR_INTEL, 0, CPU_RSBA},
    {CPU_VENDOR_INTEL, 0, CPU_RRSBA},
    {CPU_VENDOR_INTEL, 0, CPU_MD_CLEAR},
    {CPU_VENDOR_INTEL, 0, CPU_FB_CLEAR},
    {CPU_VENDOR_INTEL, 0, CPU_RFDS_CLEAR},
    {CPU_VENDOR_AMD, 0, CPU_VERW_CLEAR},
    {CPU_VENDOR_OTHER, 0, CPU_HTT},
    {CPU_VENDOR_OTHER, 0, CPU_CMP_LEGACY},
    {CPU_VENDOR_OTHER, CPU_RTM, CPU_RTM_ALWAYS_ABORT},
};

/* And by default they are what the CPU itself says. */
static const int by_host[] = {
    CPU_MD_CLEAR,   CPU_FB_CLEAR, CPU_RFDS_CLEAR,
    CPU_VERW_CLEAR, CPU_HTT,      CPU_CMP_LEGACY,
};

/* Bits that a guest has whatever its CPU says. */
static void add_own(struct cpu_features *f, const struct cpu_features *cpu)
{
    cpu_add(f, CPU_HYPERVISOR);
    /* A no-op where threads share nothing, and offered for mixed pools. */
    if (cpu_has(f, CPU_IBRSB))
        cpu_add(f, CPU_STIBP);
    if (cpu_has(f, CPU_IBRS))
        cpu_add(f, CPU_AMD_STIBP);
    if (cpu_has(cpu, CPU_IBRSB))
        cpu_add(f, CPU_IBPB);
}

/* The APICs are emulated for guests with firmware; a PV guest may have seen the
   bit under an older Xen. */
static void add_by_guest(struct cpu_features *f, const struct cpu_features *cpu,
                         const struct cpu_kind *kind, enum cpu_guest guest)
{
    cpu_add(f, CPU_X2APIC);
    if (guest == CPU_GUEST_PV) {
        /* SYSENTER is not for 64-bit kernels of AMD's CPUs. */
        if (kind->vendor == CPU_VENDOR_AMD)
            take(f, CPU_SEP);
        return;
    }
    cpu_add(f, CPU_APIC);
    cpu_add(f, CPU_NO_LMSL);
    if (cpu_has(cpu, CPU_AMD_SSBD))
        cpu_add(f, CPU_VIRT_SSBD);
    if (!cpu_has(cpu, CPU_VMX))
        take(f, CPU_PKS);
}

struct cpu_features cpu_policy_max(const struct cpu_features *cpu,
                                   const struct cpu_kind *kind,
                                   enum cpu_guest guest)
{
    struct cpu_features out = masked(cpu, guest, true);

    add_by_guest(&out, cpu, kind, guest);
    for (size_t i = 0; i < sizeof(tolerated) / sizeof(tolerated[0]); i++)
        if ((tolerated[i].vendor == CPU_VENDOR_OTHER ||
             tolerated[i].vendor == kind->vendor) &&
            (!tolerated[i].when || cpu_has(&out, tolerated[i].when)))
            cpu_add(&out, tolerated[i].feature);
    add_own(&out, cpu);
    cpu_features_settle(&out);
    return out;
}

/* Features that one model has and should not use: RDRAND leaks (XSA-320), CLWB
   is slow since the microcode of August 2023. */
static const struct {
    unsigned int model;
    int feature;
} avoided[] = {
    {0x3a, CPU_RDRAND},
    {0x55, CPU_CLWB},
};

/* Which of the two a guest has to know depends on what else it sees. */
static void tell_rsba(struct cpu_features *f)
{
    take(f, CPU_RSBA);
    take(f, CPU_RRSBA);
    cpu_add(f, cpu_has(f, CPU_EIBRS) ? CPU_RRSBA : CPU_RSBA);
}

static bool has_rsba(const struct cpu_features *f)
{
    return cpu_has(f, CPU_RSBA) || cpu_has(f, CPU_RRSBA);
}

struct cpu_features cpu_policy_default(const struct cpu_features *cpu,
                                       const struct cpu_kind *kind,
                                       enum cpu_guest guest)
{
    struct cpu_features max = cpu_policy_max(cpu, kind, guest);
    struct cpu_features out = masked(&max, guest, false);

    add_own(&out, cpu);
    for (size_t i = 0; i < sizeof(by_host) / sizeof(by_host[0]); i++)
        if (!cpu_has(cpu, by_host[i]))
            take(&out, by_host[i]);
    for (size_t i = 0; i < sizeof(avoided) / sizeof(avoided[0]); i++)
        if (kind->vendor == CPU_VENDOR_INTEL && kind->family == 6 &&
            kind->model == avoided[i].model)
            take(&out, avoided[i].feature);
    cpu_features_settle(&out);
    if (cpu_has(&out, CPU_ARCH_CAPS) && has_rsba(cpu))
        tell_rsba(&out);
    return out;
}

struct cpu_features cpu_features_level(const struct cpu_features *a,
                                       const struct cpu_features *b)
{
    struct cpu_features out;

    for (int i = 0; i < CPU_WORDS; i++)
        out.word[i] = a->word[i] & b->word[i];
    for (int i = 0; i < FEATURES_NR; i++)
        if ((flags_of(features[i].guests) & DANGER) &&
            (cpu_has(a, features[i].feature) ||
             cpu_has(b, features[i].feature)))
            cpu_add(&out, features[i].feature);
    cpu_features_settle(&out);
    if (cpu_has(&out, CPU_ARCH_CAPS) && (has_rsba(a) || has_rsba(b)))
        tell_rsba(&out);
    return out;
}

/*
 * AMD's CPUs repeat many bits of leaf 1 in leaf 0x80000001, Intel's do not; Xen
 * up to 4.17 repeated them for all. A repeated bit is no feature of its own.
 */
static uint32_t repeated(const struct cpu_features *f)
{
    return f->word[0] & 0x0183f3ff;
}

int cpu_features_missing(const struct cpu_features *a,
                         const struct cpu_features *b)
{
    struct cpu_features own = *b;

    own.word[2] |= repeated(b);
    for (int i = 0; i < CPU_WORDS * BITS; i++)
        if (cpu_has(a, i) && !cpu_has(&own, i))
            return i;
    return CPU_FEATURE_NONE;
}

void cpu_features_encode(const struct cpu_features *f, int words, char *text)
{
    static const char digits[] = "0123456789abcdef";

    for (int i = 0; i < words; i++) {
        for (int k = DIGITS - 1; k >= 0; k--)
            *text++ = digits[f->word[i] >> 4 * k & 15];
        *text++ = i + 1 < words ? '-' : '\0';
    }
}

static int digit(char c)
{
    c = upper(c);
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Eight digits; NULL: something else. */
static const char *word_decode(const char *text, uint32_t *word)
{
    *word = 0;
    for (int i = 0; i < DIGITS; i++) {
        int d = digit(text[i]);

        if (d < 0)
            return NULL;
        *word = *word << 4 | (uint32_t)d;
    }
    return text + DIGITS;
}

int cpu_features_decode(const char *text, struct cpu_features *f)
{
    int nr = 0;

    *f = (struct cpu_features){0};
    for (;; text++, nr++) {
        uint32_t word;

        text = word_decode(text, &word);
        if (!text || (nr >= CPU_WORDS && word))
            return 0;
        if (nr < CPU_WORDS)
            f->word[nr] = word;
        if (!*text)
            return nr + 1 < CPU_WORDS ? nr + 1 : CPU_WORDS;
        if (*text != '-')
            return 0;
    }
}
