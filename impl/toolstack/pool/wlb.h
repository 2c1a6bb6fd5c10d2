/*
 * Workload balancing by a balancer of our own: the address that clients give
 * is kept, but nobody is asked there.
 *
 * A host's points, 0 to 5, are what it has left of memory and CPUs, whichever
 * is less. A host above the critical threshold of the configuration should give
 * machines away.
 */
#ifndef POOL_WLB_H
#define POOL_WLB_H

#include "request.h"

/* Whether it decides where machines start. */
bool wlb_decides(struct request *r);

/* What the host has left with the machine in addition (NULL: as it is). */
double wlb_points(struct request *r, const struct object *vm,
                  const struct object *host);

#endif
