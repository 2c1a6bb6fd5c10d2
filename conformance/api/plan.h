/* What is to be run, in the order of checks.def, and where it may run. */
#ifndef API_PLAN_H
#define API_PLAN_H

#include "checks.h"
#include "options.h"

enum {
    PLAN_NAME_BYTES = 256,
};

struct plan_row {
    const struct check *check;
    int nr;
    bool wanted; /* to be run now; a row without keeps an earlier result */
};

struct plan {
    struct plan_row *rows; /* owned */
    int nr;
    int found; /* where plan_find() was last lucky */
};

/* Rows that the profile and the filters leave. */
void plan_init(struct plan *p, const struct options *o);
void plan_fini(struct plan *p);

/* "check item", as filters, lists and results have it. */
const char *plan_name(const struct plan_row *row, char name[PLAN_NAME_BYTES]);
const char *plan_item(const struct plan_row *row); /* "": none */
/* The row of a check and an item; NULL: there is none. */
struct plan_row *plan_find(struct plan *p, const char *check, const char *item);
void plan_list(const struct plan *p);

#endif
