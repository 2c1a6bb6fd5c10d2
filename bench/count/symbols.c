/*
 * Symbol files: see symbols.h.
 */
#include "symbols.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SYMBOLS_MAX 100000

static int add(struct symbols *s, uint64_t address, const char *name)
{
    char *copy = strdup(name);

    if (!copy || s->count == SYMBOLS_MAX) {
        free(copy);
        return -1;
    }
    s->at[s->count++] = (struct symbol){address, copy};
    return 0;
}

static int parse(struct symbols *s, FILE *file)
{
    char line[512], name[400];
    unsigned long long address;

    while (fgets(line, sizeof(line), file)) {
        if (sscanf(line, "%llx %399s", &address, name) != 2 ||
            address < s->at[s->count - 1].address || add(s, address, name))
            return -1;
    }
    return 0;
}

int symbols_load(struct symbols *s, const char *path)
{
    FILE *file = fopen(path, "r");
    int rc = -1;

    s->at = calloc(SYMBOLS_MAX, sizeof(*s->at));
    if (file && s->at && !add(s, 0, "?"))
        rc = parse(s, file);
    if (rc)
        fprintf(stderr, "count: cannot read symbols from '%s'\n", path);
    if (file)
        fclose(file);
    return rc;
}

unsigned int symbols_find(const struct symbols *s, uint64_t address)
{
    unsigned int low = 0, high = s->count;

    while (high - low > 1) {
        unsigned int middle = (low + high) / 2;

        if (s->at[middle].address <= address)
            low = middle;
        else
            high = middle;
    }
    return low;
}

uint64_t symbols_address(const struct symbols *s, const char *name)
{
    for (unsigned int i = 1; i < s->count; i++)
        if (!strcmp(s->at[i].name, name))
            return s->at[i].address;
    return 0;
}
