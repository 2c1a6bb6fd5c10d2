/*
 * Small zeroed allocations of the hypervisor (size classes inside pages; above
 * 2 KiB whole pages). NULL when memory is out: the caller answers -XEN_ENOMEM.
 * Locking: own leaf lock.
 */
#ifndef HV_HEAP_H
#define HV_HEAP_H

#include "base/types.h"

void *heap_alloc(size_t size_bytes) MUST_CHECK;
void heap_free(void *p); /* NULL is fine */

/* Bytes handed out now; equal before and after a domain's life. */
uint64_t heap_used_bytes(void);

#endif
