/*
 * Grant tables v1 and v2 (public/grant_table.h): sharing pages between domains.
 *
 * Locking: one lock per grant table; a map or copy takes the granter's, a map
 * handle is guarded by the mapper's. Never both but through spin_lock_two().
 */
#ifndef HV_GNTTAB_H
#define HV_GNTTAB_H

#include "hv/domain.h"

int gnttab_domain_init(struct domain *d, unsigned int max_grant_frames,
                       unsigned int max_maptrack_frames, unsigned int version);
/* Drop every mapping that 'd' holds of others' pages, then its frames. */
int gnttab_domain_relinquish(struct domain *d);
void gnttab_domain_fini(struct domain *d);

/* Frame 'idx' of the shared table (XENMAPIDX_grant_table_status: status), the
   table is grown when needed. The page is 'd's, PAGE_ALLOC_SHARED. */
int gnttab_frame(struct domain *d, unsigned long idx, bool status, mfn_t *out);
/* XENMEM_acquire_resource, grant_table: 'nr' frames from 'first'. */
int gnttab_acquire(struct domain *d, unsigned int id, unsigned int first,
                   unsigned int nr, mfn_t *out);
unsigned int gnttab_resource_max(struct domain *d, unsigned int id);
/* XEN_DOMCTL_createdomain: seed reserved entries (console, xenstore). */
int gnttab_set_entry(struct domain *d, unsigned int ref, domid_t to, gfn_t g,
                     bool readonly);

long do_grant_table_op(struct vcpu *v, unsigned long arg[5]);

/* Debug key 'g'. */
void gnttab_dump(struct domain *d);

#endif
