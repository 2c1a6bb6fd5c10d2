/*
 * Boot of the page allocator: sizes the frame table, finds room for it in the
 * RAM it describes, and hands the rest to the free lists.
 */
#include "hv/log.h"
#include "page_frame.h"

#include "base/string.h"

struct frame_table frame_table;

/* Frames [start, end) that get entries: regions and the small gaps between. */
struct span {
    uint64_t start;
    uint64_t end;
};

/* Grow '*s' over the regions from '*at' on; false when there are none left. */
static bool span_next(const struct page_region *r, unsigned int nr,
                      unsigned int *at, struct span *s)
{
    if (*at == nr)
        return false;
    s->start = r[*at].start >> PAGE_SHIFT;
    do {
        s->end = r[(*at)++].end >> PAGE_SHIFT;
    } while (*at < nr &&
             (r[*at].start >> PAGE_SHIFT) - s->end < SECTION_FRAMES);
    return true;
}

/* Part of the span that lies in one section. */
static struct span span_in(struct span s, uint64_t section)
{
    uint64_t first = section << SECTION_SHIFT;

    return (struct span){MAX(s.start, first),
                         MIN(s.end, first + SECTION_FRAMES)};
}

/*
 * Entries from '*next' for the span's sections. No section has the ends of two
 * spans: the gap between them is as large as a section.
 */
static void span_fill(struct span s, union page **next)
{
    uint64_t first = s.start >> SECTION_SHIFT;
    uint64_t last = (s.end - 1) >> SECTION_SHIFT;

    for (uint64_t i = first; i <= last; i++) {
        struct span part = span_in(s, i);
        struct section *sec = &frame_table.section[i];

        sec->pages = *next;
        sec->first = (uint32_t)(part.start & (SECTION_FRAMES - 1));
        sec->nr = (uint32_t)(part.end - part.start);
        *next += sec->nr;
    }
}

static uint64_t table_bytes(const struct page_region *r, unsigned int nr)
{
    uint64_t frames = 0;
    unsigned int at = 0;
    struct span s;

    while (span_next(r, nr, &at, &s))
        frames += s.end - s.start;
    return ALIGN_UP(frame_table.sections * sizeof(struct section) +
                        frames * sizeof(union page),
                    PAGE_SIZE);
}

static void regions_check(const struct page_region *r, unsigned int nr)
{
    ASSERT(nr > 0);
    for (unsigned int i = 0; i < nr; i++) {
        ASSERT((r[i].start | r[i].end) % PAGE_SIZE == 0);
        ASSERT(r[i].start < r[i].end);
        ASSERT(!i || r[i - 1].end <= r[i].start);
    }
}

static unsigned int region_with_room(const struct page_region *r,
                                     unsigned int nr, uint64_t bytes)
{
    while (nr--)
        if (!r[nr].used && r[nr].end - r[nr].start >= bytes)
            return nr;
    panic("too little memory: no room for a frame table of %llu KiB",
          (unsigned long long)bytes >> 10);
}

static void table_carve(const struct page_region *r, unsigned int nr,
                        paddr_t at, uint64_t bytes)
{
    unsigned int i = 0;
    union page *next;
    struct span s;

    memset(maddr_to_virt(at), 0, bytes);
    frame_table.section = maddr_to_virt(at);
    next = (union page *)(frame_table.section + frame_table.sections);
    while (span_next(r, nr, &i, &s))
        span_fill(s, &next);
}

static void frames_keep(paddr_t start, paddr_t end)
{
    for (paddr_t a = start; a < end; a += PAGE_SIZE)
        page_find(_mfn(a >> PAGE_SHIFT))->not_owner = (uint16_t)~PAGE_OWNER_HV;
}

/* Free what is neither used nor the frame table's; returns the frames kept. */
static uint64_t region_give(const struct page_region *r, paddr_t keep_from)
{
    paddr_t start = r->start;
    paddr_t end = r->used ? start : MIN(r->end, keep_from);

    /* Frame 0 is never given out: its address looks like NULL. */
    if (!start && !r->used) {
        frames_keep(0, PAGE_SIZE);
        start = PAGE_SIZE;
    }
    if (start < end)
        buddy_add(_mfn(start >> PAGE_SHIFT), (end - start) >> PAGE_SHIFT);
    frames_keep(end, r->end);
    return (r->end - end + (start - r->start)) >> PAGE_SHIFT;
}

void page_init(const struct page_region *ram, unsigned int nr)
{
    uint64_t total = 0, kept = 0;
    unsigned int room;
    uint64_t bytes;

    regions_check(ram, nr);
    frame_table.sections =
        ((ram[nr - 1].end - 1) >> (PAGE_SHIFT + SECTION_SHIFT)) + 1;
    bytes = table_bytes(ram, nr);
    room = region_with_room(ram, nr, bytes);
    table_carve(ram, nr, ram[room].end - bytes, bytes);
    for (unsigned int i = 0; i < nr; i++) {
        total += (ram[i].end - ram[i].start) >> PAGE_SHIFT;
        kept +=
            region_give(&ram[i], i == room ? ram[i].end - bytes : ram[i].end);
    }
    page_boot_counts(total, kept);
}
