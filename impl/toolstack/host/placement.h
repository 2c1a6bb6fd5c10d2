/* Which host can run a machine, and which one shall. */
#ifndef HOST_PLACEMENT_H
#define HOST_PLACEMENT_H

#include "request.h"

/* Checks that a caller can do without. */
enum {
    PLACEMENT_MEMORY = 1 << 0,
    PLACEMENT_STORAGE = 1 << 1, /* disks come along */
    PLACEMENT_ENABLED = 1 << 2, /* the machine is there already */
    PLACEMENT_CPU = 1 << 3,     /* it was told to take the risk */
};

/* 0, or API_FAILED with the first reason why not. */
int placement_check(struct request *r, struct object *vm, struct object *host,
                    unsigned without);

/* The same, without leaving an error. */
bool placement_possible(struct request *r, struct object *vm,
                        struct object *host, unsigned without);

/*
 * The host that a machine shall start on: by affinity, by the anti-affinity of
 * its group, then by free memory. NULL: NO_HOSTS_AVAILABLE. Hosts that
 * evacuate, and `except` (NULL: none), are left out.
 */
struct object *placement_choose(struct request *r, struct object *vm,
                                const struct object *except);

/* The SR that a machine's disk is on and the host has not; NULL: it has all. */
struct object *placement_missing_sr(struct request *r, struct object *vm,
                                    const struct object *host);

bool host_sees_sr(struct request *r, const struct object *host,
                  const struct object *sr);
bool host_sees_network(struct request *r, const struct object *host,
                       const struct object *network);
bool host_live(struct request *r, const struct object *host);

#define PLACEMENT_CHECK(function, flags) \
    int function(struct request *r, struct object *vm, struct object *host);
#include "placement_checks.def"
#undef PLACEMENT_CHECK

#endif
