/*
 * Memory map (base/memmap.h). Each addition first cuts what it displaces out of
 * the array and then inserts what is left of itself, so the array is in order
 * at every step; maps have a few dozen entries, so linear moves are right.
 */
#include "base/memmap.h"

static bool range_insert(struct memmap *m, unsigned int at,
                         struct memmap_range r)
{
    if (m->nr >= m->max)
        return false;
    for (unsigned int i = m->nr; i > at; i--)
        m->range[i] = m->range[i - 1];
    m->range[at] = r;
    m->nr++;
    return true;
}

static void range_remove(struct memmap *m, unsigned int at)
{
    m->nr--;
    for (unsigned int i = at; i < m->nr; i++)
        m->range[i] = m->range[i + 1];
}

/* First range that ends after 'a'. */
static unsigned int range_after(const struct memmap *m, paddr_t a)
{
    unsigned int i = 0;

    while (i < m->nr && m->range[i].end <= a)
        i++;
    return i;
}

/* More restrictive types win: a byte that two ranges claim is as usable as the
   worse one says. */
static unsigned int restriction(enum memmap_type t)
{
    static const uint8_t rank[] = {
        [MEMMAP_RAM] = 1,      [MEMMAP_ACPI] = 2,     [MEMMAP_NVS] = 3,
        [MEMMAP_RESERVED] = 4, [MEMMAP_UNUSABLE] = 5,
    };

    return rank[t];
}

static enum memmap_type known_type(enum memmap_type t)
{
    return t >= MEMMAP_RAM && t <= MEMMAP_UNUSABLE ? t : MEMMAP_RESERVED;
}

/* Cut [start, end) out of the map. A range that spans it needs one more slot. */
static bool range_cut(struct memmap *m, paddr_t start, paddr_t end)
{
    unsigned int i = range_after(m, start);
    struct memmap_range *r = &m->range[i];

    if (i < m->nr && r->start < start && r->end > end) {
        if (!range_insert(m, i, *r))
            return false;
        m->range[i].end = start;
        m->range[i + 1].start = end;
        return true;
    }
    if (i < m->nr && r->start < start) {
        r->end = start;
        i++;
    }
    while (i < m->nr && m->range[i].end <= end)
        range_remove(m, i);
    if (i < m->nr && m->range[i].start < end)
        m->range[i].start = end;
    return true;
}

static void merge_neighbours(struct memmap *m)
{
    unsigned int i = 0;

    while (i + 1 < m->nr) {
        struct memmap_range *a = &m->range[i];

        if (a->end == a[1].start && a->type == a[1].type) {
            a->end = a[1].end;
            range_remove(m, i + 1);
        } else {
            i++;
        }
    }
}

static bool range_put(struct memmap *m, paddr_t start, paddr_t end,
                      enum memmap_type type)
{
    return range_cut(m, start, end) &&
           range_insert(m, range_after(m, start),
                        (struct memmap_range){start, end, type});
}

bool memmap_set(struct memmap *m, paddr_t start, paddr_t end,
                enum memmap_type type)
{
    bool ok = start >= end || range_put(m, start, end, known_type(type));

    merge_neighbours(m);
    return ok;
}

/* Walk over [start, end): where an at least as restrictive range lies, keep it;
   the stretches between such ranges get the new type. */
bool memmap_add(struct memmap *m, paddr_t start, paddr_t end,
                enum memmap_type type)
{
    bool ok = true;

    type = known_type(type);
    while (start < end && ok) {
        unsigned int i = range_after(m, start);
        paddr_t stop = end;

        while (i < m->nr && m->range[i].start < end &&
               restriction(m->range[i].type) < restriction(type))
            i++;
        if (i < m->nr && m->range[i].start < end)
            stop = MAX(m->range[i].start, start);
        if (start < stop)
            ok = range_put(m, start, stop, type);
        if (stop == end)
            break;
        start = m->range[range_after(m, stop)].end;
    }
    merge_neighbours(m);
    return ok;
}

void memmap_remove(struct memmap *m, paddr_t start, paddr_t end)
{
    (void)range_cut(m, start, end); /* at the end, so it needs no slot */
}

uint64_t memmap_deny(struct memmap *m, paddr_t start, paddr_t end)
{
    uint64_t denied = 0;

    while (start < end) {
        unsigned int i = range_after(m, start);
        struct memmap_range r;
        paddr_t from, to;

        if (i == m->nr || m->range[i].start >= end)
            break;
        r = m->range[i];
        from = MAX(r.start, start);
        start = to = MIN(r.end, end);
        if (r.type != MEMMAP_RAM)
            continue;
        if (!memmap_set(m, from, to, MEMMAP_RESERVED))
            memmap_remove(m, from, r.end);
        denied += to - from;
    }
    return denied;
}

/* The smallest range of RAM, or 'nr'. */
static unsigned int smallest_ram(const struct memmap *m)
{
    unsigned int best = m->nr;

    for (unsigned int i = 0; i < m->nr; i++) {
        const struct memmap_range *r = &m->range[i];

        if (r->type == MEMMAP_RAM &&
            (best == m->nr ||
             r->end - r->start < m->range[best].end - m->range[best].start))
            best = i;
    }
    return best;
}

uint64_t memmap_coarsen(struct memmap *m, unsigned int most)
{
    uint64_t lost = 0;

    while (m->nr > most) {
        unsigned int i = smallest_ram(m);
        struct memmap_range *r = &m->range[i];

        if (i == m->nr)
            break;
        lost += r->end - r->start;
        /* Between others it becomes one with them, else a hole. */
        if (i > 0 && r[-1].end == r->start)
            r->type = r[-1].type;
        else if (i + 1 < m->nr && r[1].start == r->end)
            r->type = r[1].type;
        else
            range_remove(m, i);
        merge_neighbours(m);
    }
    return lost;
}

const struct memmap_range *memmap_find(const struct memmap *m, paddr_t a)
{
    unsigned int i = range_after(m, a);

    return i < m->nr && m->range[i].start <= a ? &m->range[i] : NULL;
}

paddr_t memmap_top(const struct memmap *m, enum memmap_type type)
{
    for (unsigned int i = m->nr; i > 0; i--) {
        if (m->range[i - 1].type == type)
            return m->range[i - 1].end;
    }
    return 0;
}

uint64_t memmap_bytes(const struct memmap *m, enum memmap_type type,
                      paddr_t start, paddr_t end)
{
    uint64_t sum = 0;

    for (unsigned int i = 0; i < m->nr; i++) {
        const struct memmap_range *r = &m->range[i];
        paddr_t from = MAX(r->start, start), to = MIN(r->end, end);

        if (r->type == type && from < to)
            sum += to - from;
    }
    return sum;
}

paddr_t memmap_top_below(const struct memmap *m, paddr_t limit)
{
    for (unsigned int i = m->nr; i > 0; i--) {
        const struct memmap_range *r = &m->range[i - 1];

        if (r->end <= limit && r->type != MEMMAP_RESERVED)
            return r->end;
    }
    return 0;
}
