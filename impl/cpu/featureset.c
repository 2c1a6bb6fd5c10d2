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

/*
 * Bits that a guest has whatever its CPU says: the hypervisor is there, and it
 * emulates the x2APIC for those with firmware.
 */
static void add_own(struct cpu_features *f, enum cpu_guest guest)
{
    cpu_add(f, CPU_HYPERVISOR);
    if (guest == CPU_GUEST_HVM && cpu_has(f, CPU_APIC))
        cpu_add(f, CPU_X2APIC);
}

static struct cpu_features policy(const struct cpu_features *cpu,
                                  enum cpu_guest guest, bool max)
{
    unsigned who = guest == CPU_GUEST_PV ? FOR_PV : FOR_HVM;
    struct cpu_features out = {0};

    for (int i = 0; i < FEATURES_NR; i++) {
        unsigned flags = flags_of(features[i].guests);

        if (!(flags & who) || ((flags & ON_DEMAND) && !max))
            continue;
        /* A danger can always be told of. */
        if (cpu_has(cpu, features[i].feature) || (max && (flags & DANGER)))
            cpu_add(&out, features[i].feature);
    }
    add_own(&out, guest);
    cpu_features_settle(&out);
    return out;
}

struct cpu_features cpu_policy_default(const struct cpu_features *cpu,
                                       enum cpu_guest guest)
{
    return policy(cpu, guest, false);
}

struct cpu_features cpu_policy_max(const struct cpu_features *cpu,
                                   enum cpu_guest guest)
{
    return policy(cpu, guest, true);
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
    return out;
}

int cpu_features_missing(const struct cpu_features *a,
                         const struct cpu_features *b)
{
    for (int i = 0; i < CPU_WORDS * BITS; i++)
        if (cpu_has(a, i) && !cpu_has(b, i))
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
