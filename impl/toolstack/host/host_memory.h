/*
 * How much memory of a host its machines have taken.
 *
 * Sums are kept, and forgotten for the hosts that the database's list of
 * changes concerns: with thousands of machines a host is asked often.
 */
#ifndef HOST_HOST_MEMORY_H
#define HOST_HOST_MEMORY_H

#include "request.h"

/* What a machine needs to start, in bytes. */
int64_t vm_memory_needed(const struct object *vm);

/*
 * Bytes that are left for machines; those that are on their way to the host
 * count as there.
 */
int64_t host_memory_available(struct toolstack *ts, const struct object *host);

void host_memory_fini(struct toolstack *ts);

#endif
