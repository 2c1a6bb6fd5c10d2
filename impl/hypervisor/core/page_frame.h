/*
 * The frame table and the free lists behind hv/page.h; only page*.c and heap.c.
 */
#ifndef CORE_PAGE_FRAME_H
#define CORE_PAGE_FRAME_H

#include "hv/page.h"

/* Bits of page.flags. */
enum page_state {
    PF_HEAD = 1,   /* first frame of a free block of 'order' and 'kind' */
    PF_USED = 2,   /* free frame that may hold somebody's data */
    PF_CLEAN = 4,  /* free frame that holds zeros (but a head's links) */
    PF_SHARED = 8, /* in its owner's shared_pages, not in tot_pages */
};

/*
 * One frame. All zero means: belongs to nobody, contents unknown; so that the
 * table is ready once cleared. 'word' is for atomic changes.
 */
union page {
    uint64_t word;
    struct {
        union {
            uint32_t refs; /* of a domain's frame */
            uint32_t kind; /* PF_HEAD */
        };
        uint16_t not_owner; /* owner id with all bits inverted */
        uint8_t flags;
        uint8_t order; /* PF_HEAD, or first frame of an allocation of ours */
    };
};

static_assert(sizeof(union page) == 8, "the frame table is our largest part");

/* The frame table is made of sections; those without RAM have no entries. */
#define SECTION_SHIFT  15
#define SECTION_FRAMES (1UL << SECTION_SHIFT)

struct section {
    union page *pages; /* of 'first' and the following */
    uint32_t first;
    uint32_t nr; /* 0: none */
};

struct frame_table {
    struct section *section; /* [I] */
    uint64_t sections;       /* [I] */
};

extern struct frame_table frame_table;

/* NULL: no RAM and no gap within RAM. */
static inline union page *page_find(mfn_t m)
{
    uint64_t nr = mfn_x(m) >> SECTION_SHIFT;
    const struct section *s = &frame_table.section[nr];
    uint64_t at = mfn_x(m) & (SECTION_FRAMES - 1);

    if (nr >= frame_table.sections || at - s->first >= s->nr)
        return NULL;
    return &s->pages[at - s->first];
}

static inline uint16_t page_owner_of(union page p)
{
    return (uint16_t)~p.not_owner;
}

/* --- Free blocks (page_buddy.c); the caller holds the allocator's lock --- */

enum buddy_result { BUDDY_OK, BUDDY_NONE, BUDDY_BUSY };

/* Take a block of 'order' off the lists. BUDDY_BUSY: what is left of that size is
   being scrubbed; let go of the lock and try again. */
enum buddy_result buddy_alloc(unsigned int order, bool dma32, bool want_clean,
                              mfn_t *out);
/* Take exactly these frames; BUDDY_NONE: not all of them are free. */
enum buddy_result buddy_take(mfn_t first, uint64_t nr);
/* Put frames back that were in use. Their entries are overwritten. */
void buddy_free(mfn_t first, uint64_t nr);
/* Frames that nobody had yet; their entries are all zero. */
void buddy_add(mfn_t first, uint64_t nr);
/* Is the frame in a free block? */
bool buddy_holds(mfn_t m);

#define LINK_BYTES 16 /* at the start of a free block's first frame */

/* A piece of used free memory to be cleared without the lock. */
struct scrub_piece {
    mfn_t first;
    unsigned int nr;
    bool skip_links; /* the first frame is a block's head: spare its links */
};
/* False: nothing is to do, or another CPU is at it. 'nr' may come out 0: some
   searching was done, call again. */
bool buddy_scrub_begin(struct scrub_piece *p);
void buddy_scrub_end(const struct scrub_piece *p);

struct buddy_counts {
    uint64_t free;
    uint64_t used; /* [a] of them: may hold somebody's data */
};
extern struct buddy_counts buddy_counts;

/* Order of the hypervisor's allocation that begins at 'm'. */
unsigned int page_hv_order(mfn_t m);
/* page_boot.c found the machine's RAM: 'carved' frames of it are in use. */
void page_boot_counts(uint64_t total, uint64_t carved);

#endif
