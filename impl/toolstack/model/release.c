/* The order of releases, and lifecycles by it. */
#include "release.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const struct release releases[] = {
#define RELEASE(name, major, minor, product, xapi) \
    {name, major, minor, product, xapi},
#include "datamodel/releases.def"
#undef RELEASE
};

enum {
    RELEASES_NR = sizeof(releases) / sizeof(releases[0]),
    MARK_BYTES = 48,
    PART_BITS = 20,
};

/* Versions come after all releases that have none. 0: not a version. */
static uint64_t version_rank(const char *text)
{
    unsigned major, minor, patch;
    int used = 0;

    if (sscanf(text, "%5u.%5u.%5u%n", &major, &minor, &patch, &used) < 3 ||
        (text[used] && text[used] != '-'))
        return 0;
    return (UINT64_C(1) << 62) + ((uint64_t)major << 2 * PART_BITS) +
           ((uint64_t)minor << PART_BITS) + patch;
}

static const struct release *find(const char *name)
{
    for (int i = 0; i < RELEASES_NR; i++)
        if (strcmp(releases[i].code_name, name) == 0)
            return &releases[i];
    return NULL;
}

uint64_t release_rank(const char *name)
{
    const struct release *r = find(name);

    if (!r)
        return version_rank(name);
    return *r->xapi ? version_rank(r->xapi) : (uint64_t)(r - releases) + 1;
}

/* A version is of the last release that is not later. */
int release_find(const char *name, struct release *release)
{
    const struct release *r = find(name);
    uint64_t rank = release_rank(name);

    if (!rank)
        return -ENOENT;
    for (int i = 0; i < RELEASES_NR && !find(name); i++)
        if (release_rank(releases[i].code_name) <= rank)
            r = &releases[i];
    *release = *r;
    if (r != find(name))
        release->xapi = name;
    return 0;
}

/* The rank of the first mark with that prefix; 0: there is none. */
static uint64_t mark_rank(const char *lifecycle, bool removal)
{
    while (*(lifecycle += strspn(lifecycle, " "))) {
        size_t len = strcspn(lifecycle, " ");
        bool sign = strchr("+?-", *lifecycle) != NULL;
        char mark[MARK_BYTES];

        if (len - sign < sizeof(mark) && (*lifecycle == '-') == removal) {
            memcpy(mark, lifecycle + sign, len - sign);
            mark[len - sign] = '\0';
            return release_rank(mark);
        }
        lifecycle += len;
    }
    return 0;
}

bool lifecycle_known(const char *lifecycle, uint64_t rank)
{
    return mark_rank(lifecycle, false) <= rank;
}

bool lifecycle_removed(const char *lifecycle, uint64_t rank)
{
    uint64_t removed = mark_rank(lifecycle, true);

    return removed && removed <= rank;
}
