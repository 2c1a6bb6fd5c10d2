/*
 * Releases of the API: which of two lifecycle marks is earlier, and what of the
 * data model a release knows.
 */
#ifndef MODEL_RELEASE_H
#define MODEL_RELEASE_H

#include <stdbool.h>
#include <stdint.h>

struct release {
    const char *code_name;
    int api_major, api_minor;
    const char *product, *xapi; /* xapi: empty before stockholm */
};

/* The release of a code name or a version of xapi (25.8.0). 0 or -ENOENT. */
int release_find(const char *name, struct release *release);

/*
 * Where a code name or version stands; later ones are greater. 0: unknown,
 * before all of them.
 */
uint64_t release_rank(const char *name);

/*
 * By a lifecycle ("rio ?tampa -22.20.0"): whether a release of that rank knows
 * the thing, and whether it has removed it. An empty one: always, never.
 */
bool lifecycle_known(const char *lifecycle, uint64_t rank);
bool lifecycle_removed(const char *lifecycle, uint64_t rank);

#endif
