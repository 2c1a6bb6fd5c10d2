/*
 * Memory hypercall: one small function per sub-operation (memory.def).
 */
#ifndef CORE_MEMORY_H
#define CORE_MEMORY_H

#include "hv/domain.h"

/* Bits of the first argument: sub-operation, then extents done so far. */
#define MEMOP_EXTENT_SHIFT 6
#define MEMOP_CMD_MASK     ((1UL << MEMOP_EXTENT_SHIFT) - 1)

struct memop {
    struct vcpu *v;      /* the caller */
    struct domain *d;    /* whom the request names, referenced; or NULL */
    unsigned int cmd;    /* XENMEM_* */
    uint64_t u;          /* guest address of the request */
    unsigned long start; /* extents done by earlier runs of this call */
    unsigned long *arg;  /* goes back to the guest on a restart */
};

/* 'request': a copy of the guest's, for rows that name its type. */
typedef long memop_fn(struct memop *m, void *request);

/* Have the call run again, 'done' extents further on. */
long memop_restart(struct memop *m, unsigned long done);

#define MEMOP(nr, name)             memop_fn memop_##name;
#define MEMOP_ON(nr, name, request) memop_fn memop_##name;
#include "memory.def"
#undef MEMOP
#undef MEMOP_ON

#endif
