/*
 * Memory of hosts: what their machines take, and what they could give back.
 *
 * A host has what its metrics said was free before any machine ran there. A
 * machine takes between dynamic_min and dynamic_max, and its overhead; when a
 * host is short, each gives back the same part of what lies between
 * (squeezed's rule "proportional"). host_metrics.memory_free follows. Sums are
 * kept, not made: with thousands of machines a host is asked often.
 */
#ifndef HOST_HOST_MEMORY_H
#define HOST_HOST_MEMORY_H

#include "request.h"

struct host_memory;

/* What a machine needs to start, in bytes. */
int64_t vm_memory_needed(const struct object *vm);

/*
 * Bytes that a machine can have on the host when all others give what they
 * can; those that are on their way to the host count as there.
 */
int64_t host_memory_available(struct toolstack *ts, const struct object *host);

/*
 * To be called whenever a machine comes to a host, leaves it, sets out for one,
 * or its limits change: counts it anew, and moves its neighbours' targets.
 */
void host_memory_account(struct toolstack *ts, struct object *vm);

/* Takes up machines that run; for databases that were loaded. */
void host_memory_recover(struct toolstack *ts);
void host_memory_fini(struct toolstack *ts);

#endif
