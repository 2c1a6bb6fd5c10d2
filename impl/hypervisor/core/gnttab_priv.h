/*
 * Grant tables, inside: the granter's entries, the mapper's handles.
 *
 * Locks: gnttab.lock [g] covers what a domain grants (frames, version, active
 * entries); gnttab.map_lock [m] what it maps (handles). No function holds two of
 * either kind; the p2m and the page allocator may be called under both.
 *
 * References: an active entry that is pinned holds one on its frame, a handle
 * holds one on the granting domain. The p2m entry of a mapping holds none. So a
 * frame outlives its granter until the last mapping of it is gone.
 */
#ifndef CORE_GNTTAB_PRIV_H
#define CORE_GNTTAB_PRIV_H

#include "hv/gnttab.h"

#define GNTTAB_V1_PER_PAGE     (PAGE_SIZE / sizeof(grant_entry_v1_t))
#define GNTTAB_V2_PER_PAGE     (PAGE_SIZE / sizeof(grant_entry_v2_t))
#define GNTTAB_STATUS_PER_PAGE (PAGE_SIZE / sizeof(grant_status_t))
#define GNTTAB_ACTIVE_PER_PAGE (PAGE_SIZE / sizeof(struct grant_active))
#define MAPTRACK_PER_PAGE      (PAGE_SIZE / sizeof(struct maptrack))
#define MAPTRACK_NONE          (~0u)

/* As many pins of one kind as an entry may have. */
#define GNTTAB_PINS_MAX 128

/* What the hypervisor knows of an entry that is in use; [g]. */
struct grant_active {
    uint64_t mfn : 40;
    uint64_t length : 16;  /* bytes that may be copied, from 'start' on: all of
                             the page, or a part for a sub-page grant */
    uint64_t sub_page : 1; /* may not be mapped */
    uint16_t start;
    domid_t domid;   /* who pinned it */
    uint8_t readers; /* pins by read-only maps and copies */
    uint8_t writers; /* pins by writable ones */
};

/* A mapping that the domain holds, named by its index, the handle; [m]. */
struct maptrack {
    struct domain *granter; /* referenced while 'flags' is set */
    grant_ref_t ref;        /* free: next free handle */
    uint16_t flags;         /* GNTMAP_*, 0: free or being unmapped */
};

struct gnttab {
    struct spinlock lock;
    bool dead;                    /* [g] frames are gone, no guest to tell */
    uint8_t version;              /* [g] */
    uint8_t max_version;          /* [I] */
    uint32_t frames;              /* [g] shared ones */
    uint32_t status_frames;       /* [g] of version 2 */
    uint32_t active_pages;        /* [g] */
    uint32_t max_frames;          /* [I] */
    void **shared;                /* [g] guest-visible entries, by frame */
    grant_status_t **status;      /* [g] version 2's flags, by frame */
    struct grant_active **active; /* [g] */

    struct spinlock map_lock;
    uint32_t max_map_pages; /* [I] */
    uint32_t map_pages;     /* [m] */
    uint32_t map_free;      /* [m] first free handle or MAPTRACK_NONE */
    uint32_t map_unwind;    /* relinquish goes on here */
    struct maptrack **map;  /* [m] NULL before the first mapping */
};

/* A guest-visible entry's first word: changed by both sides, whole. */
union grant_word {
    uint32_t raw;
    struct {
        uint16_t flags;
        domid_t domid;
    };
};

/* --- gnttab.c --- */

/* Entries that a reference may name. [g] held. */
grant_ref_t gnttab_entries_locked(const struct gnttab *t);
int gnttab_grow_locked(struct domain *d, unsigned int frames);
int gnttab_grow_status_locked(struct domain *d, unsigned int frames);

static inline struct grant_active *gnttab_active(const struct gnttab *t,
                                                 grant_ref_t ref)
{
    return &t->active[ref / GNTTAB_ACTIVE_PER_PAGE]
                     [ref % GNTTAB_ACTIVE_PER_PAGE];
}

static inline grant_entry_v1_t *gnttab_v1(const struct gnttab *t,
                                          grant_ref_t ref)
{
    grant_entry_v1_t *frame = t->shared[ref / GNTTAB_V1_PER_PAGE];

    return &frame[ref % GNTTAB_V1_PER_PAGE];
}

static inline grant_entry_v2_t *gnttab_v2(const struct gnttab *t,
                                          grant_ref_t ref)
{
    grant_entry_v2_t *frame = t->shared[ref / GNTTAB_V2_PER_PAGE];

    return &frame[ref % GNTTAB_V2_PER_PAGE];
}

static inline grant_status_t *gnttab_status(const struct gnttab *t,
                                            grant_ref_t ref)
{
    return &t->status[ref / GNTTAB_STATUS_PER_PAGE]
                     [ref % GNTTAB_STATUS_PER_PAGE];
}

static inline bool gnttab_pinned(const struct grant_active *a)
{
    return a->readers || a->writers;
}

/* --- gnttab_pin.c: taking an entry into use; results are GNTST_* --- */

struct grant_pin {
    domid_t by;    /* who wants it */
    bool readonly; /* what for */
    bool map;      /* no sub-page grants */
};

struct grant_target {
    mfn_t mfn; /* valid while the pin is held */
    uint16_t start;
    uint16_t length;
};

int gnttab_pin(struct domain *granter, grant_ref_t ref,
               const struct grant_pin *pin, struct grant_target *out);
/* No lock held; may free the frame. */
void gnttab_unpin(struct domain *granter, grant_ref_t ref, bool readonly);
/* --- gnttab_op.c: a call of several operations --- */

/* Mappings that are taken down with one flush. */
#define GNTTAB_UNMAP_BATCH 32

struct grant_unmap {
    struct domain *granter;
    grant_ref_t ref;
    grant_handle_t handle;
    bool readonly;
};

/* One end of a copy, kept while the next operation names it again. */
struct copy_side {
    struct domain *d; /* referenced, or NULL */
    domid_t domid;    /* as the guest names it */
    bool claimed;     /* the rest is valid */
    bool by_ref;
    bool readonly;
    uint64_t name; /* reference or frame number */
    struct grant_target target;
};

struct gnttab_call {
    struct vcpu *v;
    uint64_t uop; /* guest address of the present operation */
    unsigned int unmaps;
    struct grant_unmap unmap[GNTTAB_UNMAP_BATCH];
    struct copy_side source;
    struct copy_side dest;
};

/* Do one operation: 0 (its status is in *op), or the call ends with -XEN_Exxx. */
typedef int gnttab_fn(struct gnttab_call *c, void *op);
gnttab_fn gnttab_op_map_grant_ref;   /* gnttab_map.c */
gnttab_fn gnttab_op_unmap_grant_ref; /* gnttab_map.c */
gnttab_fn gnttab_op_copy;            /* gnttab_copy.c */
gnttab_fn gnttab_op_query_size;      /* gnttab_table.c */
gnttab_fn gnttab_op_set_version;     /* gnttab_table.c */
gnttab_fn gnttab_op_get_version;     /* gnttab_table.c */
gnttab_fn gnttab_op_swap_grant_ref;  /* gnttab_table.c */

/* Flush, then finish the unmaps collected so far. */
void gnttab_unmap_finish(struct gnttab_call *c);
/* Let go of both sides of the last copy. */
void gnttab_copy_finish(struct gnttab_call *c);
/* Drop handles from the last to the first; -XEN_ERESTART: call again. */
int gnttab_map_relinquish(struct domain *d);

#endif
