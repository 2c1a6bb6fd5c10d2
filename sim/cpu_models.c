/* The rows of cpu_models.def. */
#include "cpu_models.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

enum {
    BASES_MAX = 16,
};

static const struct cpu_model models[] = {
#define CPU_MODEL(n, b, v, f, m, s, z, text, list) \
    {.name = #n,                                   \
     .base = b,                                    \
     .vendor = v,                                  \
     .modelname = text,                            \
     .features = list,                             \
     .family = f,                                  \
     .model = m,                                   \
     .stepping = s,                                \
     .mhz = z},
#include "cpu_models.def"
#undef CPU_MODEL
};

const struct cpu_model *cpu_model_find(const char *name)
{
    for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++)
        if (strcasecmp(models[i].name, name) == 0)
            return &models[i];
    return NULL;
}

/* "AVX -MPX": one more, one less. */
static void apply(struct cpu_features *f, const char *list)
{
    for (const char *p = list; *p; p += *p == ' ') {
        bool less = *p == '-';
        size_t len = strcspn(p, " ");
        int feature = cpu_feature_find(p + less, len - less);

        assert(feature != CPU_FEATURE_NONE);
        if (less)
            f->word[feature / 32] &= ~(1u << feature % 32);
        else
            cpu_add(f, feature);
        p += len;
    }
}

struct cpu_features cpu_model_features(const struct cpu_model *m)
{
    const struct cpu_model *chain[BASES_MAX];
    struct cpu_features f = {0};
    int nr = 0;

    for (; m && nr < BASES_MAX; m = cpu_model_find(m->base))
        chain[nr++] = m;
    while (nr)
        apply(&f, chain[--nr]->features);
    cpu_features_settle(&f);
    return f;
}
