/* Reads or not: by the name, as reads.def says. */
#include "readonly.h"

#include <stddef.h>
#include <string.h>

#include "message.h"

enum reads_kind {
    READS_KIND_NOT, /* goes first */
    READS_KIND_MESSAGE,
    READS_KIND_VERB,
    READS_KIND_PATH,
};

static const struct {
    enum reads_kind kind;
    const char *name;
} rows[] = {
#define READS_NOT(n)  {READS_KIND_NOT, n},
#define READS(n)      {READS_KIND_MESSAGE, n},
#define READS_VERB(n) {READS_KIND_VERB, n},
#define READS_PATH(n) {READS_KIND_PATH, n},
#include "reads.def"
#undef READS_PATH
#undef READS_VERB
#undef READS
#undef READS_NOT
};

static bool has(enum reads_kind kind, const char *name)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].kind == kind &&
            (kind <= READS_KIND_MESSAGE
                 ? strcmp(rows[i].name, name) == 0
                 : strncmp(rows[i].name, name, strlen(rows[i].name)) == 0))
            return true;
    return false;
}

bool message_reads(const char *name)
{
    const char *dot = strchr(name, '.');

    if (strncmp(name, "GET ", 4) == 0)
        return has(READS_KIND_PATH, name + 4);
    if (strchr(name, ' ') || !dot)
        return false;
    if (has(READS_KIND_NOT, name))
        return false;
    if (has(READS_KIND_MESSAGE, name))
        return true;
    return message_find(name) >= 0 && has(READS_KIND_VERB, dot + 1);
}
