/* Where a machine is to go: what host.migrate_receive gave. */
#ifndef VM_VM_MOTION_H
#define VM_VM_MOTION_H

#include "request.h"

struct destination {
    struct toolstack *ts; /* that the host is in */
    struct object *host;
    bool within; /* it is this pool */
};

/* 0, or API_FAILED: a key is missing, nobody answers there, no such session. */
int destination_find(struct request *r, const struct value *dest,
                     struct destination *d);

/* 0, or API_FAILED: why the machine cannot go there with these maps. */
int motion_check(struct request *r, struct object *vm,
                 const struct destination *d);

/* The network that an interface will be on; NULL with the error set. */
const char *motion_network(struct request *r, const struct object *vif);

/* Makes the machine there from the one here; NULL with the error set. */
struct disk_job;
struct object *motion_record(struct request *r, struct object *vm,
                             const struct destination *d,
                             const struct disk_job *job, bool copy);

#endif
