/*
 * Bit maps of control tools (struct xenctl_bitmap): any length on their side.
 */
#ifndef CORE_GUEST_BITMAP_H
#define CORE_GUEST_BITMAP_H

#include "hv/sched.h"

/* Bits beyond ours are ignored, missing ones are 0. */
int guest_bitmap_read(struct vcpu *v, struct cpumask *dst,
                      const struct xenctl_bitmap *src) MUST_CHECK;
/* All of the tool's buffer is written, with zeros beyond our bits. */
int guest_bitmap_write(struct vcpu *v, const struct xenctl_bitmap *dst,
                       const struct cpumask *src) MUST_CHECK;

/* The CPUs that are online, which is the one pool there is. */
void cpumask_online(struct cpumask *m);
void cpumask_and(struct cpumask *a, const struct cpumask *b);

#endif
