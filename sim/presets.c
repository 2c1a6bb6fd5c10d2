/* The table of presets. */
#include "presets.h"

#include <string.h>

static const struct {
    const char *name, *help, *text;
} presets[] = {
#define PRESET(name, help, text) {name, help, text},
#include "presets.def"
#undef PRESET
};

enum {
    PRESETS_NR = sizeof(presets) / sizeof(presets[0]),
};

const char *preset_find(const char *name)
{
    for (int i = 0; i < PRESETS_NR; i++)
        if (strcmp(presets[i].name, name) == 0)
            return presets[i].text;
    return NULL;
}

void presets_list(FILE *out)
{
    for (int i = 0; i < PRESETS_NR; i++)
        fprintf(out, "%-12s %s\n", presets[i].name, presets[i].help);
}
