/*
 * The frame table and the free lists behind hv/page.h; only page*.c and heap.c.
 */
#ifndef CORE_PAGE_FRAME_H
#define CORE_PAGE_FRAME_H

#include "hv/page.h"

/* Bits of page.flags. */
enum page_state {
    PF_HEAD = 1,   /* first frame of a free block of 'order' and 'kind' */
    PF_CLEAN = 2,  /* free frame that holds zeros (but a head's links) */
    PF_SHARED = 4, /* in its owner's shared_pages, not in tot_pages */
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

struct frame_table {
    union page **section; /* [I] NULL: no RAM there */
    uint64_t sections;    /* [I] */
};

extern struct frame_table frame_table;

/* NULL: no RAM, nor near any. */
static inline union page *page_find(mfn_t m)
{
    uint64_t nr = mfn_x(m) >> SECTION_SHIFT;

    if (nr >= frame_table.sections || !frame_table.section[nr])
        return NULL;
    return &frame_table.section[nr][mfn_x(m) & (SECTION_FRAMES - 1)];
}

static inline uint16_t page_owner_of(union page p)
{
    return (uint16_t)~p.not_owner;
}

/* --- Free blocks (page_buddy.c); the caller holds the allocator's lock --- */

/* Take a block of 'order' off the lists. False: there is none. */
bool buddy_alloc(unsigned int order, bool dma32, bool want_clean, mfn_t *out);
/* Take exactly these frames; false: not all of them are free. */
bool buddy_take(mfn_t first, uint64_t nr);
/* Put frames back that were in use. Their entries are overwritten. */
void buddy_free(mfn_t first, uint64_t nr);
/* Frames that nobody had yet; their entries are all zero. */
void buddy_add(mfn_t first, uint64_t nr);

/* Take a few free frames that were in use, to clear them without the lock; how
   many, 0 if there are none. They go on counting as free. */
unsigned int buddy_scrub_begin(mfn_t *first);
void buddy_scrub_end(mfn_t first, unsigned int nr);
/* Are some of these frames being cleared just now? */
bool buddy_scrubs(mfn_t first, uint64_t nr);

struct buddy_counts {
    uint64_t free;
    uint64_t used; /* of them: may hold somebody's data */
};
extern struct buddy_counts buddy_counts;

/* Order of the hypervisor's allocation that begins at 'm'. */
unsigned int page_hv_order(mfn_t m);
/* page_boot.c found the machine's RAM: 'carved' frames of it are in use. */
void page_boot_counts(uint64_t total, uint64_t carved);

#endif
