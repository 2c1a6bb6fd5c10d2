/* Reads the raw output of `cpuid`. */
#include "cpu_record.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
    LINE_BYTES = 256,
    LINES_MAX = 4096,
    BRAND_LEAF = (int)0x80000002,
    BRAND_LEAVES = 3,
};

enum reg {
    EAX,
    EBX,
    ECX,
    EDX,
    REGS_NR,
};

struct leaf {
    unsigned nr, sub, reg[REGS_NR];
};

/* Where each word of features comes from. */
static const struct {
    int word;
    unsigned leaf, sub;
    enum reg reg;
} places[] = {
#define WORD(number, leaf, sub, reg) {number, leaf, sub, reg},
#define MSR_WORD(number, msr, reg)   /* no leaf */
#define FEATURE(name, word, bit, guests)
#define NEEDS(name, other)
#include "cpu/featureset.def"
#undef NEEDS
#undef FEATURE
#undef MSR_WORD
#undef WORD
};

/* What is taken from a record beside features. */
struct record {
    char vendor[3 * sizeof(unsigned) + 1];
    char brand[BRAND_LEAVES * REGS_NR * sizeof(unsigned) + 1];
    bool known; /* leaf 1 was there */
};

static void take_features(const struct leaf *l, struct cpu_features *f)
{
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        if (places[i].leaf == l->nr && places[i].sub == l->sub)
            f->word[places[i].word] = l->reg[places[i].reg];
}

/* SDM 2A, CPUID, figure 3-6: the extended parts count for some families. */
static void take_signature(unsigned eax, struct cpu_model *model)
{
    int family = (int)(eax >> 8 & 15), extended = (int)(eax >> 20 & 255);

    model->stepping = (int)(eax & 15);
    model->model = (int)(eax >> 4 & 15);
    if (family == 6 || family == 15)
        model->model |= (int)(eax >> 16 & 15) << 4;
    model->family = family == 15 ? family + extended : family;
}

static void take_leaf(const struct leaf *l, struct record *r,
                      struct cpu_model *model, struct cpu_features *f)
{
    unsigned brand = l->nr - (unsigned)BRAND_LEAF;

    take_features(l, f);
    if (l->nr == 0) {
        const unsigned text[] = {l->reg[EBX], l->reg[EDX], l->reg[ECX]};

        memcpy(r->vendor, text, sizeof(text));
    } else if (l->nr == 1) {
        take_signature(l->reg[EAX], model);
        r->known = true;
    } else if (l->nr == 0x16) {
        model->mhz = (int)(l->reg[EAX] & 0xffff);
    } else if (brand < BRAND_LEAVES) {
        memcpy(r->brand + brand * sizeof(l->reg), l->reg, sizeof(l->reg));
    }
}

static bool is_leaf(const char *line, struct leaf *l)
{
    return sscanf(line, " 0x%x 0x%x: eax=0x%x ebx=0x%x ecx=0x%x edx=0x%x",
                  &l->nr, &l->sub, &l->reg[EAX], &l->reg[EBX], &l->reg[ECX],
                  &l->reg[EDX]) == 6;
}

/* Printable, without blanks at its ends; quotes and the like are dropped. */
static const char *clean(struct arena *a, const char *text)
{
    char *out = arena_strdup(a, text), *to = out;

    for (const char *from = out; *from; from++)
        if (*from > ' ' && *from < 127)
            *to++ = *from;
        else if (*from == ' ' && to > out && to[-1] != ' ')
            *to++ = ' ';
    if (to > out && to[-1] == ' ')
        to--;
    *to = '\0';
    return out;
}

int cpu_record_load(struct arena *a, const char *path, struct cpu_model *model,
                    struct cpu_features *features)
{
    FILE *in = fopen(path, "r");
    struct record r = {0};
    char line[LINE_BYTES];
    struct leaf l;

    if (!in)
        return -errno;
    *model = (struct cpu_model){.name = path, .mhz = 0};
    *features = (struct cpu_features){0};
    for (int nr = 0; nr < LINES_MAX && fgets(line, sizeof(line), in); nr++) {
        if (is_leaf(line, &l))
            take_leaf(&l, &r, model, features);
        else if (r.known && strncmp(line, "CPU", 3) == 0)
            break; /* the next CPU */
    }
    (void)fclose(in); /* only read from */
    model->vendor = clean(a, r.vendor);
    model->modelname = clean(a, r.brand);
    return r.known && *model->vendor ? 0 : -EINVAL;
}
