/* Which tests a target and a profile ask for. */
#ifndef CERTIFY_PLAN_H
#define CERTIFY_PLAN_H

#include <stdio.h>

#include "table.h"

enum plan_part {
    MACHINE = 1, /* record, scan, boot, I/O and ABI suite */
    OURS = 2,
    PEER = 4,
    API = 8,
};

struct plan {
    unsigned parts;
    struct bytes profile; /* borrowed */
};

/* -EINVAL: no such target or profile, or they have nothing in common. */
int plan_init(struct plan *p, struct bytes target, struct bytes profile);

/*
 * The parts and their lists, as `part NAME`, `list NAME` and `test ID` lines
 * with a tab: what whoever runs the tests has to know.
 */
void plan_print(const struct plan *p, FILE *out);

/*
 * Whether `required` is what the plan asks for: the tests of the suites by the
 * hashes of their lists in `suite`, the others by name.
 */
void plan_check(const struct plan *p, const struct table *required,
                const struct table *suite, struct findings *f);

#endif
