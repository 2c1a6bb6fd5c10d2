/* Machines of another pool's database come back in this one. */
#ifndef RECOVERY_RECOVER_H
#define RECOVERY_RECOVER_H

#include "request.h"

/* A machine, and the pool that it shall come back in. */
struct recovery {
    struct request *r; /* its database has the machine */
    struct toolstack *to;
    bool force; /* takes the place of one with the same uuid */
};

/* The pool of the session; 0, or API_FAILED: no such session. */
int recovery_target(struct request *r, const char *session,
                    struct toolstack **to);

/* 0, or API_FAILED with VM_REQUIRES_SR: its disks are not there. */
int recovery_check(const struct recovery *c, const struct object *vm);

/* Brings it back, with its snapshots. 0 or API_FAILED. */
int recovery_run(const struct recovery *c, struct object *vm);

#endif
