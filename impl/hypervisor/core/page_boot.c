/*
 * Boot of the page allocator: sizes the frame table, finds room for it in the
 * RAM it describes, and hands the rest to the free lists.
 */
#include "hv/log.h"
#include "page_frame.h"

#include "base/string.h"

struct frame_table frame_table;

/* How many sections have RAM; with 'pages' each gets its entries there. */
static uint64_t sections_with_ram(const struct page_region *r, unsigned int nr,
                                  union page *pages)
{
    uint64_t next = 0;
    uint64_t count = 0;

    for (unsigned int i = 0; i < nr; i++) {
        uint64_t at = r[i].start >> (PAGE_SHIFT + SECTION_SHIFT);
        uint64_t end = (r[i].end - 1) >> (PAGE_SHIFT + SECTION_SHIFT);

        for (next = MAX(next, at); next <= end; next++, count++)
            if (pages)
                frame_table.section[next] = pages + count * SECTION_FRAMES;
    }
    return count;
}

static uint64_t root_bytes(void)
{
    return ALIGN_UP(frame_table.sections * sizeof(union page *), PAGE_SIZE);
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
    memset(maddr_to_virt(at), 0, bytes);
    frame_table.section = maddr_to_virt(at);
    (void)sections_with_ram(r, nr, maddr_to_virt(at + root_bytes()));
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
    bytes = root_bytes() + sections_with_ram(ram, nr, NULL) * SECTION_FRAMES *
                               sizeof(union page);
    room = region_with_room(ram, nr, bytes);
    table_carve(ram, nr, ram[room].end - bytes, bytes);
    for (unsigned int i = 0; i < nr; i++) {
        total += (ram[i].end - ram[i].start) >> PAGE_SHIFT;
        kept +=
            region_give(&ram[i], i == room ? ram[i].end - bytes : ram[i].end);
    }
    page_boot_counts(total, kept);
}
