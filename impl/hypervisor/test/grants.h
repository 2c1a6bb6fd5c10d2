/*
 * Grant table operations of the fixture's domains, and their shared entries.
 */
#ifndef TEST_GRANTS_H
#define TEST_GRANTS_H

#include "guests.h"

/* A fresh hole of a guest's address space to map at. */
#define GRANT_HOLE (1ULL << 20)

#define grant_call(d, name, op)                                             \
    guest_call_arg((d), __HYPERVISOR_grant_table_op, GNTTABOP_##name, (op), \
                   sizeof(*(op)), 1)

/* Entries as their domain sees them; frame 'idx' grows the table. */
grant_entry_v1_t *grant_v1(struct domain *d, grant_ref_t ref);
grant_entry_v2_t *grant_v2(struct domain *d, grant_ref_t ref);
grant_status_t *grant_status_word(struct domain *d, grant_ref_t ref);
/* Flags that the hypervisor set on the entry, in either version. */
unsigned int grant_in_use(struct domain *d, grant_ref_t ref);

/* d offers its frame to 'to'; version 1. */
void grant_offer(struct domain *d, grant_ref_t ref, domid_t to, uint64_t gfn,
                 unsigned int flags);
void grant_version(struct domain *d, unsigned int version);

/* GNTST_* of one map; *handle on success. */
int grant_map(struct domain *d, domid_t of, grant_ref_t ref, unsigned int flags,
              uint64_t addr, grant_handle_t *handle);
int grant_unmap(struct domain *d, grant_handle_t handle, uint64_t addr);

#endif
