/* What levelling found, for people. */
#include "level/report.h"

#include <string.h>

enum {
    LINE_WIDTH = 78,
    INDENT = 6,
};

static const char *const guest_names[LEVEL_GUESTS] = {
    [CPU_GUEST_PV] = "pv", [CPU_GUEST_HVM] = "hvm"};

static void words_print(const char *key, const char *guest, const char *suffix,
                        const struct cpu_features *f, FILE *out)
{
    char text[CPU_TEXT_BYTES], label[32];

    cpu_features_encode(f, CPU_WORDS, text);
    (void)snprintf(label, sizeof(label), "%s%s%s", key, guest, suffix);
    fprintf(out, "  %-18s %s\n", label, text);
}

static void all_words_print(const struct cpu_features most[],
                            const struct cpu_features usual[], FILE *out)
{
    for (int g = 0; g < LEVEL_GUESTS; g++) {
        words_print("features_", guest_names[g], "", &most[g], out);
        words_print("features_", guest_names[g], "_host", &usual[g], out);
    }
}

/* Names of features that `a` has and `b` has not, wrapped; how many. */
static unsigned int lost_print(const struct cpu_features *a,
                               const struct cpu_features *b, FILE *out)
{
    unsigned int nr = 0;
    size_t column = LINE_WIDTH;
    char text[32];

    for (int f = level_next_lost(a, b, CPU_FEATURE_NONE); f != CPU_FEATURE_NONE;
         f = level_next_lost(a, b, f)) {
        const char *name = level_name(f, text);

        if (column + strlen(name) + 1 > LINE_WIDTH)
            column =
                (size_t)fprintf(out, "%s%*s", nr ? "\n" : "", INDENT - 1, "");
        column += (size_t)fprintf(out, " %s", name);
        nr++;
    }
    if (nr)
        fputc('\n', out);
    return nr;
}

/* "cpuid=no-a,no-b" for what the host has more than the pool. */
static void mask_print(const struct level_host *h, const struct level_pool *p,
                       FILE *out)
{
    const struct cpu_features *a = &h->usual[CPU_GUEST_HVM];
    const struct cpu_features *b = &p->usual[CPU_GUEST_HVM];
    const char *before = "    on Xen's command line: cpuid=no-";
    char text[32];

    for (int f = level_next_lost(a, b, CPU_FEATURE_NONE); f != CPU_FEATURE_NONE;
         f = level_next_lost(a, b, f)) {
        if (!cpu_feature_name(f))
            continue;
        fprintf(out, "%s%s", before, level_name(f, text));
        before = ",no-";
    }
    if (*before == ',')
        fputc('\n', out);
}

/* What it costs the others. */
static void gain_print(const struct level_pool *p, const struct level_host *h,
                       FILE *out)
{
    static const struct cpu_features none;
    struct cpu_features gain = level_without(p, h, CPU_GUEST_HVM);

    if (cpu_features_missing(&gain, &none) == CPU_FEATURE_NONE)
        return;
    fprintf(out, "  without this host hvm guests would have:\n");
    (void)lost_print(&gain, &none, out);
}

static void host_print(const struct level_pool *p, const struct level_host *h,
                       FILE *out)
{
    fprintf(out, "\nhost %s (%s)\n", h->name, h->id);
    if (!h->known) {
        fprintf(out, "  CANNOT JOIN: the record has no CPUID\n");
        return;
    }
    fprintf(out, "  %s family %u model %u stepping %u, %zu CPUs: %s\n",
            h->vendor, h->family, h->model, h->stepping, h->cpus, h->brand);
    if (h->mixed)
        fprintf(out, "  its CPUs differ in features; the first one counts\n");
    all_words_print(h->most, h->usual, out);
    if (!h->joins) {
        fprintf(out, "  CANNOT JOIN: its vendor is not the master's, %s\n",
                p->host[0].vendor);
        return;
    }
    for (int g = 0; g < LEVEL_GUESTS; g++) {
        fprintf(out, "  what %s guests lose in the pool:\n", guest_names[g]);
        if (!lost_print(&h->usual[g], &p->usual[g], out))
            fprintf(out, "%*s nothing\n", INDENT - 1, "");
    }
    mask_print(h, p, out);
    gain_print(p, h, out);
}

static void vm_print(const struct level_pool *p, const struct level_vm *vm,
                     FILE *out)
{
    char name[32], place[48];
    int missing;

    fprintf(out, "\nguest (%s) %s\n", guest_names[vm->guest], vm->words);
    for (size_t i = 0; i < p->hosts; i++) {
        const struct level_host *h = &p->host[i];
        const char *why = level_vm_refused(vm, h, &missing);

        fprintf(out, "  %s: %s", h->name, why ? "NO, " : "yes");
        if (why && missing != CPU_FEATURE_NONE)
            fprintf(out, "%s: %s (%s), in all:\n", why,
                    level_name(missing, name), level_place(missing, place));
        else
            fprintf(out, "%s\n", why ? why : "");
        if (missing != CPU_FEATURE_NONE)
            (void)lost_print(&vm->features, &h->most[vm->guest], out);
    }
}

/* Word by word, as they are in the strings. */
static void names_print(const struct level_pool *p, FILE *out)
{
    static const struct cpu_features none;
    char place[40];

    for (int g = 0; g < LEVEL_GUESTS; g++) {
        fprintf(out, "  what %s guests see:\n", guest_names[g]);
        for (int w = 0; w < CPU_WORDS; w++) {
            struct cpu_features one = none;

            one.word[w] = p->usual[g].word[w];
            if (!one.word[w])
                continue;
            fprintf(out, "    word %d, %s: %08x\n", w, level_word(w, place),
                    one.word[w]);
            (void)lost_print(&one, &none, out);
        }
    }
}

void report_text(const struct level_pool *p, const struct level_vm *vm,
                 size_t vms, bool names, FILE *out)
{
    size_t joined = 0;

    for (size_t i = 0; i < p->hosts; i++)
        joined += p->host[i].joins;
    fprintf(out, "pool of %zu hosts of %zu, %zu CPUs, %s\n", joined, p->hosts,
            p->cpus, p->host[0].vendor);
    if (joined)
        all_words_print(p->most, p->usual, out);
    if (names && joined)
        names_print(p, out);
    for (size_t i = 0; i < p->hosts; i++)
        host_print(p, &p->host[i], out);
    for (size_t i = 0; i < vms; i++)
        vm_print(p, &vm[i], out);
}
