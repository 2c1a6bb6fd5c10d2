/* The rows of waivers.def. */
#include "waiver.h"

#include <string.h>

static const struct {
    enum column column;
    const char *message, *reason;
} rows[] = {
#define WAIVER(c, m, r) {COLUMN_##c, m, r},
#include "waivers.def"
#undef WAIVER
};

const char *waiver_of(int message, enum column c)
{
    const char *name = message_at(message)->name;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].column == c && strcmp(rows[i].message, name) == 0)
            return rows[i].reason;
    return NULL;
}

int waiver_count(enum column c)
{
    int nr = 0, exercised;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].column == c &&
            coverage_of(message_find(rows[i].message), c, &exercised) > 0)
            nr += !exercised;
    return nr;
}
