/* The rows of waivers.def. */
#include "waiver.h"

#include <string.h>

#include "errors.h"

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

const char *waiver_needed(int message, enum column c)
{
    int exercised, places = coverage_of(message, c, &exercised);

    return exercised < places ? waiver_of(message, c) : NULL;
}

int waiver_count(enum column c)
{
    int nr = c == COLUMN_ERRORS ? errors_excused_all() : 0;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        nr += rows[i].column == c &&
              waiver_needed(message_find(rows[i].message), c);
    return nr;
}
