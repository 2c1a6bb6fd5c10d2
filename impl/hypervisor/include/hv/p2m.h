/*
 * Guest physical address space of one domain: gfn -> (mfn, type, order).
 *
 * Held only in the nested page tables themselves (4K/2M/1G entries; the type in
 * software bits). References to the frames are the caller's business: who sets
 * an entry owns one reference for it, who clears it gets it back (physmap.c).
 * Table pages are PAGE_OWNER_HV.
 *
 * Locking: own lock inside. After a change that removes or narrows rights the
 * call returns only when no CPU can use the old translation.
 */
#ifndef HV_P2M_H
#define HV_P2M_H

#include "hv/domain.h"

enum p2m_type {
    P2M_NONE,     /* nothing there: access is MMIO to be emulated, or a fault */
    P2M_RAM_RW,   /* the domain's own RAM */
    P2M_RAM_RO,   /* its own, writes dropped */
    P2M_MMIO,     /* machine MMIO passed through, uncached */
    P2M_GRANT_RW, /* another domain's page, by grant */
    P2M_GRANT_RO,
    P2M_FOREIGN, /* another domain's page, by privilege */
    P2M_SHARED,  /* hypervisor page given to the domain: shared_info, grants */
    P2M_TYPE_NR
};

struct p2m_entry {
    mfn_t mfn; /* of the gfn asked for; INVALID_FRAME for P2M_NONE */
    enum p2m_type type;
    unsigned int order; /* of the leaf that holds it (0, 9, 18) */
};

int p2m_init(struct domain *d);
/* Frees the tables; all entries were cleared before. */
void p2m_fini(struct domain *d);

/* Look up; never fails (P2M_NONE). */
struct p2m_entry p2m_get(struct domain *d, gfn_t gfn);

/* Look up and take a reference on the frame; false: nothing there, or it is
   being freed. */
bool p2m_get_page(struct domain *d, gfn_t gfn,
                  struct p2m_entry *out) MUST_CHECK;

/* Map 2^order frames (0, 9 or 18; both aligned). Overwrites what is there and
   does not release it. -XEN_ENOMEM, or -XEN_EINVAL beyond the address width. */
int p2m_set(struct domain *d, gfn_t gfn, mfn_t mfn, unsigned int order,
            enum p2m_type t) MUST_CHECK;
/* Atomically replace a 4K entry of type RAM etc. and report what was there. */
int p2m_swap(struct domain *d, gfn_t gfn, mfn_t mfn, enum p2m_type t,
             struct p2m_entry *old) MUST_CHECK;
/* Clear 2^order frames; splits superpages as needed (-XEN_ENOMEM). */
int p2m_clear(struct domain *d, gfn_t gfn, unsigned int order) MUST_CHECK;

/* First populated leaf at or after 'from'; false at the end. */
bool p2m_next(struct domain *d, gfn_t from, gfn_t *at, struct p2m_entry *out);
/* Highest populated gfn (XENMEM_maximum_gpfn). */
gfn_t p2m_max_gfn(struct domain *d);

/*
 * A window: from open to close this CPU may touch the frames that
 * p2m_window_get() names, without a reference; who takes one out of the p2m
 * waits in its flush until the window is closed. Inside: no lock that is held
 * over a change of a p2m, no second window, no waiting. Grant entries count for
 * the domain's own vCPUs only (they go at teardown without a flush).
 */
void p2m_window_open(struct domain *d);
struct p2m_entry p2m_window_get(gfn_t gfn);
void p2m_window_close(void);

/* Batches: between begin and end flushes are put off; end does one flush.
   Between them the caller must not free a frame that it unmapped. */
void p2m_batch_begin(struct domain *d);
void p2m_batch_end(struct domain *d);

/* Table pages in use, for accounting and the leak check. */
uint64_t p2m_table_pages(const struct domain *d);

/*
 * physmap.c: entries together with their references.
 */

/* Release what 'e' (just cleared, order 0..18) referred to. */
void physmap_put_entry(struct domain *d, const struct p2m_entry *e);
/* Frame behind RAM at 'gfn' with a reference taken: 0, -EINVAL (not RAM..). */
int physmap_get_page(struct domain *d, gfn_t gfn, bool write, mfn_t *out);
/* One step of clearing the whole space at teardown (-XEN_ERESTART). */
int physmap_relinquish(struct domain *d);

#endif
