/*
 * Buddy allocator: free blocks of 2^order frames, naturally aligned.
 *
 * Per zone and order there is a list for each kind of block. Links live in the
 * block's first 16 bytes, which are cleared when it leaves its list, so a clean
 * block stays clean. A request takes the smallest block that serves (large ones
 * last, so that superpages stay possible), of the highest zone, and its upper
 * end: low memory is left to those who need it.
 *
 * Frames that were in use are cleared ahead of need, a few at a time, taken off
 * the lists meanwhile. Those that nobody has had since power-on are not: to touch
 * them costs the machine (or its host) more than it saves.
 */
#include "hv/lock.h"
#include "hv/log.h"
#include "page_frame.h"

#include "base/list.h"
#include "base/string.h"

#define ORDERS         (PAGE_ORDER_MAX + 1)
#define SCRUB_ORDER    2U /* cleared at a time */
#define LOW_ZONE_END   (1UL << (20 - PAGE_SHIFT))
#define DMA32_ZONE_END (1UL << (32 - PAGE_SHIFT))

enum zone { ZONE_LOW, ZONE_DMA32, ZONE_HIGH, ZONES };

/* A block of used frames has no others; one that is not clean may have some. */
enum kind {
    KIND_USED,  /* may hold somebody's data */
    KIND_FRESH, /* nobody's data, but not known to be zero */
    KIND_CLEAN, /* zero */
    KINDS
};

struct block {
    struct list link;
};

static struct {
    struct list list[ZONES][KINDS][ORDERS];
    uint32_t filled[ZONES][KINDS]; /* bit n: list of order n is not empty */
} buddy;

struct buddy_counts buddy_counts;

/* What one CPU is clearing; INVALID_FRAME: nothing. */
static uint64_t scrub_first = INVALID_FRAME;
static unsigned int scrub_nr;

static enum zone zone_of(uint64_t mfn)
{
    if (mfn < LOW_ZONE_END)
        return ZONE_LOW;
    return mfn < DMA32_ZONE_END ? ZONE_DMA32 : ZONE_HIGH;
}

static uint64_t zone_end(enum zone z)
{
    static const uint64_t end[] = {LOW_ZONE_END, DMA32_ZONE_END, ~0ULL};

    return end[z];
}

/* --- Lists --- */

static void block_insert(uint64_t mfn, unsigned int order, enum kind kind)
{
    struct block *b = mfn_to_virt(_mfn(mfn));
    union page *p = page_find(_mfn(mfn));
    enum zone z = zone_of(mfn);
    struct list *l = &buddy.list[z][kind][order];

    if (!(buddy.filled[z][kind] & BIT(order)))
        list_init(l);
    list_add_after(l, &b->link);
    buddy.filled[z][kind] |= (uint32_t)BIT(order);
    p->flags |= PF_HEAD;
    p->order = (uint8_t)order;
    p->kind = kind;
}

static enum kind block_remove(uint64_t mfn)
{
    struct block *b = mfn_to_virt(_mfn(mfn));
    union page *p = page_find(_mfn(mfn));
    enum kind kind = (enum kind)p->kind;
    enum zone z = zone_of(mfn);

    ASSERT(p->flags & PF_HEAD);
    list_del(&b->link);
    memset(b, 0, sizeof(*b));
    if (list_empty(&buddy.list[z][kind][p->order]))
        buddy.filled[z][kind] &= ~(uint32_t)BIT(p->order);
    p->flags &= ~PF_HEAD;
    p->order = 0;
    p->kind = 0;
    return kind;
}

/* May the free block at 'mfn', if there is one, join one of that kind? */
static bool block_joins(uint64_t mfn, unsigned int order, enum zone z,
                        enum kind kind)
{
    const union page *p = page_find(_mfn(mfn));

    return p && (p->flags & PF_HEAD) && p->order == order &&
           zone_of(mfn) == z && (p->kind == KIND_USED) == (kind == KIND_USED);
}

/* Grow the block by its buddies as long as they are free, then list it. */
static void block_merge(uint64_t mfn, unsigned int order, enum kind kind)
{
    enum zone z = zone_of(mfn);

    while (order < PAGE_ORDER_MAX &&
           block_joins(mfn ^ BIT(order), order, z, kind)) {
        enum kind its = block_remove(mfn ^ BIT(order));

        kind = MIN(kind, its);
        mfn &= ~BIT(order++);
    }
    block_insert(mfn, order, kind);
}

/* Largest order of an aligned block at 'mfn' that ends before 'end'. */
static unsigned int order_at(uint64_t mfn, uint64_t end)
{
    unsigned int order = 0;

    end = MIN(end, zone_end(zone_of(mfn)));
    while (order < PAGE_ORDER_MAX && !(mfn & BIT(order)) &&
           end - mfn >= BIT(order + 1))
        order++;
    return order;
}

static void range_insert(uint64_t mfn, uint64_t end, enum kind kind)
{
    while (mfn < end) {
        unsigned int order = order_at(mfn, end);

        block_merge(mfn, order, kind);
        mfn += BIT(order);
    }
}

/* The free block that 'mfn' is in: its first frame, or INVALID_FRAME. */
static uint64_t block_of(uint64_t mfn, unsigned int *order)
{
    for (unsigned int o = 0; o <= PAGE_ORDER_MAX; o++) {
        uint64_t head = mfn & ~(BIT(o) - 1);
        const union page *p = page_find(_mfn(head));

        if (p && (p->flags & PF_HEAD) && p->order >= o) {
            *order = p->order;
            return head;
        }
    }
    return INVALID_FRAME;
}

/* --- Allocate and free --- */

/* Smallest block of the zone that serves; of those, the kind liked best. */
static uint64_t zone_choose(enum zone z, unsigned int order, bool want_clean)
{
    static const enum kind liked[][KINDS] = {
        [false] = {KIND_USED, KIND_FRESH, KIND_CLEAN},
        [true] = {KIND_CLEAN, KIND_USED, KIND_FRESH},
    };
    uint32_t any = buddy.filled[z][KIND_USED] | buddy.filled[z][KIND_FRESH] |
                   buddy.filled[z][KIND_CLEAN];
    unsigned int o = order;
    unsigned int i = 0;

    if (!(any >> order))
        return INVALID_FRAME;
    o += (unsigned int)__builtin_ctz(any >> order);
    while (!(buddy.filled[z][liked[want_clean][i]] & BIT(o)))
        i++;
    return mfn_x(virt_to_mfn(list_entry(
        buddy.list[z][liked[want_clean][i]][o].next, struct block, link)));
}

/* Cut the block at 'mfn' down to its last 2^order frames. */
static uint64_t block_cut(uint64_t mfn, unsigned int order)
{
    const union page *p = page_find(_mfn(mfn));
    unsigned int have = p->order;
    enum kind kind = block_remove(mfn);

    while (have > order) {
        block_insert(mfn, --have, kind);
        mfn += BIT(have);
    }
    if (kind == KIND_USED)
        buddy_counts.used -= BIT(order);
    return mfn;
}

bool buddy_alloc(unsigned int order, bool dma32, bool want_clean, mfn_t *out)
{
    for (int z = dma32 ? ZONE_DMA32 : ZONE_HIGH; z >= ZONE_LOW; z--) {
        uint64_t mfn = zone_choose((enum zone)z, order, want_clean);

        if (mfn == INVALID_FRAME)
            continue;
        *out = _mfn(block_cut(mfn, order));
        buddy_counts.free -= BIT(order);
        return true;
    }
    return false;
}

/* Take what the block at 'head' has of [m, end). */
static void block_take(uint64_t head, uint64_t m, uint64_t end)
{
    uint64_t head_end = head + BIT(page_find(_mfn(head))->order);
    enum kind kind = block_remove(head);

    range_insert(head, m, kind);
    range_insert(end, head_end, kind);
    if (kind == KIND_USED)
        buddy_counts.used -= MIN(end, head_end) - m;
}

bool buddy_take(mfn_t first, uint64_t nr)
{
    uint64_t end = mfn_x(first) + nr;
    unsigned int order;
    uint64_t head;

    for (uint64_t m = mfn_x(first); m < end; m = head + BIT(order)) {
        head = block_of(m, &order);
        if (head == INVALID_FRAME)
            return false;
    }
    for (uint64_t m = mfn_x(first); m < end; m = head + BIT(order)) {
        head = block_of(m, &order);
        block_take(head, m, end);
    }
    buddy_counts.free -= nr;
    return true;
}

static void frames_mark(mfn_t first, uint64_t nr, union page entry)
{
    for (uint64_t i = 0; i < nr; i++)
        page_find(_mfn(mfn_x(first) + i))->word = entry.word;
}

void buddy_free(mfn_t first, uint64_t nr)
{
    frames_mark(first, nr, (union page){.word = 0});
    buddy_counts.free += nr;
    buddy_counts.used += nr;
    range_insert(mfn_x(first), mfn_x(first) + nr, KIND_USED);
}

void buddy_add(mfn_t first, uint64_t nr)
{
    buddy_counts.free += nr;
    range_insert(mfn_x(first), mfn_x(first) + nr, KIND_FRESH);
}

/* --- Scrub: small blocks first, they are the next to be given out --- */

unsigned int buddy_scrub_begin(mfn_t *first)
{
    int z = ZONE_HIGH;
    unsigned int order;
    struct list *l;

    while (z >= ZONE_LOW && !buddy.filled[z][KIND_USED])
        z--;
    if (z < ZONE_LOW || scrub_first != INVALID_FRAME)
        return 0;
    order = (unsigned int)__builtin_ctz(buddy.filled[z][KIND_USED]);
    l = buddy.list[z][KIND_USED][order].next;
    order = MIN(order, SCRUB_ORDER);
    scrub_first =
        block_cut(mfn_x(virt_to_mfn(list_entry(l, struct block, link))), order);
    scrub_nr = 1U << order;
    *first = _mfn(scrub_first);
    return scrub_nr;
}

void buddy_scrub_end(mfn_t first, unsigned int nr)
{
    scrub_first = INVALID_FRAME;
    frames_mark(first, nr, (union page){.flags = PF_CLEAN});
    range_insert(mfn_x(first), mfn_x(first) + nr, KIND_CLEAN);
}

bool buddy_scrubs(mfn_t first, uint64_t nr)
{
    return scrub_first != INVALID_FRAME && scrub_first < mfn_x(first) + nr &&
           mfn_x(first) < scrub_first + scrub_nr;
}
