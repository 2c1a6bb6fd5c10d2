/*
 * Contents from one disk to another, a slice at a time, so that others are
 * served meanwhile.
 */
#ifndef STORAGE_COPY_H
#define STORAGE_COPY_H

#include "request.h"

struct copy {
    const char *from, *to, *base; /* references; base NULL: everything */
    bool fresh;                   /* the target is empty so far */
    int64_t at, size;
};

/* Disks are looked up again at each step: they may be gone by then. */
void copy_init(struct copy *c, struct request *r, const struct object *from,
               const struct object *to, const struct object *base, bool fresh);

/* One slice. 0 when all is done, API_WAITING when there is more; API_FAILED. */
int copy_step(struct request *r, struct copy *c);

/* Between 0 and 1. */
double copy_progress(const struct copy *c);

#endif
