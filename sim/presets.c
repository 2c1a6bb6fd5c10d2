/* The table of presets. */
#include "presets.h"

#include <errno.h>
#include <string.h>

#include "seed.h"

static const struct {
    const char *name, *help;
    void (*make)(struct toolstack *ts);
} presets[] = {
#define PRESET(name, help, make) {name, help, make},
#include "presets.def"
#undef PRESET
};

enum {
    PRESETS_NR = sizeof(presets) / sizeof(presets[0]),
};

int preset_make(struct toolstack *ts, const char *name)
{
    for (int i = 0; i < PRESETS_NR; i++)
        if (strcmp(presets[i].name, name) == 0) {
            presets[i].make(ts);
            return 0;
        }
    return -ENOENT;
}

void presets_list(FILE *out)
{
    for (int i = 0; i < PRESETS_NR; i++)
        fprintf(out, "%-12s %s\n", presets[i].name, presets[i].help);
}
