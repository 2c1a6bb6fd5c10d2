/*
 * Checks: what is run, one after the other.
 *
 * A check that exists for every message has `nr_max` above 1 and gets the
 * number; `applies` says for which. Rows are in checks.def.
 */
#ifndef API_CHECKS_H
#define API_CHECKS_H

#include "claim.h"

/* Where a check may run when there are several workers; see anywhere.def. */
enum place {
    PLACE_CHAIN,    /* on the first, in order: earlier checks made objects */
    PLACE_OWN,      /* nobody else may change the endpoint meanwhile */
    PLACE_ANYWHERE, /* changes nothing */
};

struct check {
    const char *name;
    enum claim claim;
    void (*run)(int nr);
    int (*count)(void);          /* NULL: one */
    bool (*applies)(int nr);     /* NULL: always */
    const char *(*item)(int nr); /* name of number `nr` */
};

const struct check *check_at(int nr); /* NULL past the end */
enum place check_place(const struct check *c);

#define CHECK_EVERY(name, claim, run, applies) \
    void run(int nr);                          \
    bool applies(int nr);
#define CHECK_SAMPLES(name, claim, run, item) void run(int nr);
#define CHECK_ROWS(name, claim, run, count, item) \
    void run(int nr);                             \
    int count(void);                              \
    const char *item(int nr);
#define CHECK_ONE(name, claim, run) void run(int nr);
#include "checks.def"
#undef CHECK_ONE
#undef CHECK_ROWS
#undef CHECK_SAMPLES
#undef CHECK_EVERY

#endif
