/*
 * Grant tables v1 and v2 (public/grant_table.h): sharing pages between domains.
 *
 * Locking: own locks inside, one at a time. The p2m is used under them.
 * References: a grant in use keeps its frame, a mapping keeps its granter.
 */
#ifndef HV_GNTTAB_H
#define HV_GNTTAB_H

#include "hv/domain.h"

/* Limits of a domain whose creator names none. */
#define GNTTAB_FRAMES_DEFAULT          64
#define GNTTAB_MAPTRACK_FRAMES_DEFAULT 1024

/* -XEN_EINVAL: limits or version are out of range; -XEN_ENOMEM. */
int gnttab_domain_init(struct domain *d, unsigned int max_grant_frames,
                       unsigned int max_maptrack_frames, unsigned int version);
/* Drop every mapping that 'd' holds of others' pages, then its frames; step by
   step (-XEN_ERESTART: call again). The domain is dying. */
int gnttab_domain_relinquish(struct domain *d);
void gnttab_domain_fini(struct domain *d);

/* Frame 'idx' of the shared table (XENMAPIDX_grant_table_status: status), the
   table is grown when needed; -XEN_EINVAL: there is no such frame. The page is
   'd's, PAGE_ALLOC_SHARED, and stays until the relinquish; no reference. */
int gnttab_frame(struct domain *d, unsigned long idx, bool status, mfn_t *out);
/* XENMEM_acquire_resource, grant_table: 'nr' frames from 'first', likewise. */
int gnttab_acquire(struct domain *d, unsigned int id, unsigned int first,
                   unsigned int nr, mfn_t *out);
unsigned int gnttab_resource_max(struct domain *d, unsigned int id);
long do_grant_table_op(struct vcpu *v, unsigned long arg[5]);

/* Debug key 'g'. */
void gnttab_dump(struct domain *d);

#endif
