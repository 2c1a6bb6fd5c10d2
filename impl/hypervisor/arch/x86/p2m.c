/*
 * Nested page tables (APM 2 15.25): four levels, leaves of 4K, 2M and 1G, the
 * type in the software bits 52-55.
 *
 * The tables are the only record: p2m_get() walks them. Changes are made under
 * the p2m's lock; CPUs and look-ups read entries at any time, so each is written
 * by one 64-bit store and a lower table is freed only after the flush.
 *
 * A look-up takes no lock. 'unlinks' is raised after tables were taken out and
 * before they are used for anything else: as long as it stands still, what was
 * read came from a table. One that is freed is still memory: reading it does no
 * harm.
 */
#include "x86/p2m.h"

#include "hv/arch.h"
#include "hv/heap.h"
#include "hv/log.h"

#define PTE_P     BIT(0)
#define PTE_RW    BIT(1)
#define PTE_US    BIT(2) /* nested walks are user accesses */
#define PTE_PWT   BIT(3)
#define PTE_PCD   BIT(4)
#define PTE_USED  (BIT(5) | BIT(6)) /* accessed, dirty: set by the CPU */
#define PTE_PS    BIT(7)
#define PTE_NX    BIT(63)
#define PTE_MAP   (PTE_P | PTE_US)
#define PTE_TABLE (PTE_P | PTE_RW | PTE_US)
#define PTE_ADDR  0x000ffffffffff000UL

#define TYPE_SHIFT 52
#define TYPE_MASK  0xfUL

#define LEVELS     4 /* 0: leaves of 4K .. 3: the top table */
#define LEVEL_BITS 9
#define ENTRIES    512UL

struct p2m {
    struct spinlock lock;
    uint64_t *root;      /* [I] */
    uint64_t unlinks;    /* [a] raised when tables were taken out */
    uint64_t generation; /* [a] of the last narrowing change */
    uint64_t ram;        /* [a] of the last one that took plain memory */
    uint64_t tables;     /* table pages, the root included */
    uint64_t frames;     /* [I] first gfn beyond the address width */
    uint64_t *freed;     /* unlinked tables, chained by their word 0 */
};

/* A leaf of plain memory, good until the p2m takes some. */
struct p2m_leaf {
    uint64_t ram; /* no other p2m has this value of it */
    uint64_t gfn; /* first frame */
    uint64_t mfn;
    unsigned int order;
};
#define LEAVES 16

/* What a change means for those who know the entry as it was. */
enum narrowing { NOTHING_LESS, LESS, LESS_RAM };

/* What a CPU runs; written by it, read by who flushes. */
static struct p2m_cpu {
    struct p2m *p2m;              /* [a] */
    uint64_t generation;          /* [a] that its TLB is good for */
    bool in_guest;                /* [a] */
    struct p2m *batch;            /* [own CPU] flushes are put off */
    enum narrowing batch_change;  /* [own CPU] what one is due for */
    struct p2m *window;           /* [a] whose frames it touches now, or NULL */
    struct p2m_leaf leaf[LEAVES]; /* [own CPU] found in windows */
} p2m_cpu[CPU_MAX];

/* Each p2m counts from another start: none is mistaken for one that is gone. */
#define EPOCH BIT(32)
static uint64_t last_epoch;

static unsigned int order_max = PAGE_ORDER_1G; /* [I] of the CPU's leaves */

static const uint64_t type_flags[P2M_TYPE_NR] = {
    [P2M_RAM_RW] = PTE_MAP | PTE_RW,
    [P2M_RAM_RO] = PTE_MAP,
    [P2M_MMIO] = PTE_MAP | PTE_RW | PTE_PCD | PTE_PWT | PTE_NX,
    [P2M_GRANT_RW] = PTE_MAP | PTE_RW | PTE_NX,
    [P2M_GRANT_RO] = PTE_MAP | PTE_NX,
    [P2M_FOREIGN] = PTE_MAP | PTE_RW | PTE_NX,
    [P2M_SHARED] = PTE_MAP | PTE_RW | PTE_NX,
};

static unsigned int index_at(uint64_t gfn, unsigned int level)
{
    return gfn >> level * LEVEL_BITS & (ENTRIES - 1);
}

static uint64_t *table_of(uint64_t pte)
{
    return maddr_to_virt(pte & PTE_ADDR);
}

static bool is_table(uint64_t pte, unsigned int level)
{
    return level && pte & PTE_P && !(pte & PTE_PS);
}

static void write_entry(uint64_t *pte, uint64_t value)
{
    __atomic_store_n(pte, value, __ATOMIC_RELEASE);
}

static uint64_t make_leaf(uint64_t mfn, unsigned int level, enum p2m_type t)
{
    return mfn << PAGE_SHIFT | type_flags[t] | (level ? PTE_PS : 0) |
           (uint64_t)t << TYPE_SHIFT;
}

static enum p2m_type type_of(uint64_t pte)
{
    return pte >> TYPE_SHIFT & TYPE_MASK;
}

static uint64_t *table_alloc(struct p2m *p)
{
    uint64_t *t = page_alloc_virt();

    if (t)
        p->tables++;
    return t;
}

bool p2m_type_noexec(enum p2m_type t)
{
    return type_flags[t] & PTE_NX;
}

/* Unlinked: free it after the flush. The chain pointer is page aligned, so a CPU
   that still walks the table finds its entry 0 not present. */
static void defer_free(struct p2m *p, uint64_t *table)
{
    table[0] = (uintptr_t)p->freed;
    p->freed = table;
    p->tables--;
}

static void free_chain(uint64_t *chain)
{
    while (chain) {
        uint64_t *next = (uint64_t *)chain[0];

        page_free_virt(chain);
        chain = next;
    }
}

/* Unlink 'top', which is at 'level', and all tables below it, without
   recursion: descend into the next table found, drop it on the way back. */
static void drop_tables(struct p2m *p, uint64_t *top, unsigned int level)
{
    uint64_t *table[LEVELS];
    unsigned int next[LEVELS] = {0};
    unsigned int at = level;

    table[level] = top;
    while (at <= level) {
        if (next[at] == ENTRIES) {
            defer_free(p, table[at++]);
            continue;
        }
        uint64_t pte = table[at][next[at]++];

        if (is_table(pte, at)) {
            at--;
            table[at] = table_of(pte);
            next[at] = 0;
        }
    }
}

/* --- Flushing --- */

bool p2m_enter(struct domain *d)
{
    struct p2m *p = d->p2m;
    struct p2m_cpu *c = &p2m_cpu[arch_cpu_self()];
    uint64_t seen = c->p2m == p ? c->generation : ~0UL;
    uint64_t now = __atomic_load_n(&p->generation, __ATOMIC_RELAXED);

    __atomic_store_n(&c->p2m, p, __ATOMIC_RELAXED);
    for (;;) {
        __atomic_store_n(&c->generation, now, __ATOMIC_RELAXED);
        __atomic_store_n(&c->in_guest, true, __ATOMIC_SEQ_CST);
        uint64_t again = __atomic_load_n(&p->generation, __ATOMIC_SEQ_CST);

        if (again == now)
            return now != seen;
        now = again;
    }
}

void p2m_leave(void)
{
    __atomic_store_n(&p2m_cpu[arch_cpu_self()].in_guest, false,
                     __ATOMIC_RELEASE);
}

static bool runs_older(const struct p2m_cpu *c, const struct p2m *p,
                       uint64_t generation)
{
    return __atomic_load_n(&c->in_guest, __ATOMIC_SEQ_CST) &&
           __atomic_load_n(&c->p2m, __ATOMIC_RELAXED) == p &&
           __atomic_load_n(&c->generation, __ATOMIC_RELAXED) < generation;
}

static void flush(struct p2m *p, enum narrowing change)
{
    uint64_t g;

    if (change == LESS_RAM)
        (void)__atomic_add_fetch(&p->ram, 1, __ATOMIC_SEQ_CST);
    g = __atomic_add_fetch(&p->generation, 1, __ATOMIC_SEQ_CST);
    for (unsigned int i = 0; i < cpu_count; i++)
        if (runs_older(&p2m_cpu[i], p, g))
            arch_cpu_kick(i);
    for (unsigned int i = 0; i < cpu_count; i++)
        while (runs_older(&p2m_cpu[i], p, g) ||
               __atomic_load_n(&p2m_cpu[i].window, __ATOMIC_SEQ_CST) == p)
            spin_relax();
}

/* Called with the lock held, drops it. After LESS, an old translation may be in
   a TLB and must go before the caller does. */
static void unlock_and_flush(struct p2m *p, enum narrowing change)
{
    struct p2m_cpu *c = &p2m_cpu[arch_cpu_self()];
    uint64_t *chain = p->freed;
    bool wait = change && (c->batch != p || chain);

    p->freed = NULL;
    spin_unlock(&p->lock);
    if (wait)
        flush(p, change);
    else
        c->batch_change = MAX(c->batch_change, change);
    free_chain(chain);
}

void p2m_batch_begin(struct domain *d)
{
    struct p2m_cpu *c = &p2m_cpu[arch_cpu_self()];

    ASSERT(!c->batch);
    c->batch = d->p2m;
    c->batch_change = NOTHING_LESS;
}

void p2m_batch_end(struct domain *d)
{
    struct p2m_cpu *c = &p2m_cpu[arch_cpu_self()];

    ASSERT(c->batch == d->p2m);
    c->batch = NULL;
    if (c->batch_change)
        flush(d->p2m, c->batch_change);
}

/* --- Life --- */

int p2m_init(struct domain *d)
{
    struct p2m *p = heap_alloc(sizeof(*p));

    if (!p)
        return -XEN_ENOMEM;
    p->frames = BIT(MIN(arch_max_gfn_bits(), LEVELS * LEVEL_BITS));
    p->root = table_alloc(p);
    if (!p->root) {
        heap_free(p);
        return -XEN_ENOMEM;
    }
    p->generation = __atomic_add_fetch(&last_epoch, EPOCH, __ATOMIC_RELAXED);
    p->ram = p->generation;
    d->p2m = p;
    return 0;
}

void p2m_fini(struct domain *d)
{
    struct p2m *p = d->p2m;

    if (!p)
        return;
    drop_tables(p, p->root, LEVELS - 1);
    ASSERT(p->tables == 0);
    free_chain(p->freed);
    heap_free(p);
    d->p2m = NULL;
}

paddr_t p2m_root(const struct domain *d)
{
    return virt_to_maddr(d->p2m->root);
}

uint64_t p2m_table_pages(const struct domain *d)
{
    return d->p2m->tables;
}

/* --- Look-up --- */

struct leaf {
    struct p2m_entry e;
    const uint64_t *at; /* the entry */
    uint64_t pte;       /* as it was read */
};

static struct p2m_entry entry_of(uint64_t pte, uint64_t gfn, unsigned int level)
{
    struct p2m_entry e = {_mfn(INVALID_FRAME), P2M_NONE, level * LEVEL_BITS};

    if (pte & PTE_P) {
        e.mfn =
            _mfn(((pte & PTE_ADDR) >> PAGE_SHIFT) + (gfn & (BIT(e.order) - 1)));
        e.type = type_of(pte);
    }
    return e;
}

/* False: a table went while we walked. */
static bool try_walk(const struct p2m *p, uint64_t gfn, struct leaf *out)
{
    uint64_t before = __atomic_load_n(&p->unlinks, __ATOMIC_ACQUIRE);
    const uint64_t *t = p->root;

    for (unsigned int level = LEVELS - 1;; level--) {
        out->at = &t[index_at(gfn, level)];
        out->pte = __atomic_load_n(out->at, __ATOMIC_ACQUIRE);
        if (__atomic_load_n(&p->unlinks, __ATOMIC_ACQUIRE) != before)
            return false;
        if (!is_table(out->pte, level)) {
            out->e = entry_of(out->pte, gfn, level);
            return true;
        }
        t = table_of(out->pte);
    }
}

static struct leaf walk(const struct p2m *p, uint64_t gfn)
{
    struct leaf l = {.e = {_mfn(INVALID_FRAME), P2M_NONE, 0}};

    if (gfn >= p->frames)
        return l;
    while (!try_walk(p, gfn, &l))
        spin_relax();
    return l;
}

struct p2m_entry p2m_get(struct domain *d, gfn_t gfn)
{
    return walk(d->p2m, gfn_x(gfn)).e;
}

/* The reference may have been taken on a frame that left and is another's by
   now: it counts only if the entry still stands. */
bool p2m_get_page(struct domain *d, gfn_t gfn, struct p2m_entry *out)
{
    for (;;) {
        struct leaf l = walk(d->p2m, gfn_x(gfn));

        *out = l.e;
        if (l.e.type == P2M_NONE || !page_get_any(l.e.mfn))
            return false;
        if (walk(d->p2m, gfn_x(gfn)).pte == l.pte)
            return true;
        page_put(l.e.mfn);
    }
}

/* --- Windows --- */

void p2m_window_open(struct domain *d)
{
    struct p2m_cpu *c = &p2m_cpu[arch_cpu_self()];

    ASSERT(!c->window);
    __atomic_store_n(&c->window, d->p2m, __ATOMIC_SEQ_CST);
}

void p2m_window_close(void)
{
    __atomic_store_n(&p2m_cpu[arch_cpu_self()].window, NULL, __ATOMIC_RELEASE);
}

/* Either we see the count of a change, or who made it sees our window and waits:
   a leaf of the present count may be used while the window is open, even if it
   was replaced just now. */
struct p2m_entry p2m_window_get(gfn_t gfn)
{
    struct p2m_cpu *c = &p2m_cpu[arch_cpu_self()];
    const struct p2m *p = c->window;
    uint64_t hash = gfn_x(gfn) ^ gfn_x(gfn) >> LEVEL_BITS;
    struct p2m_leaf *l = &c->leaf[hash & (LEAVES - 1)];
    uint64_t now = __atomic_load_n(&p->ram, __ATOMIC_SEQ_CST);
    struct p2m_entry e;
    uint64_t low;

    if (likely(l->ram == now && !((gfn_x(gfn) ^ l->gfn) >> l->order)))
        return (struct p2m_entry){_mfn(l->mfn + gfn_x(gfn) - l->gfn),
                                  P2M_RAM_RW, l->order};
    e = walk(p, gfn_x(gfn)).e;
    low = gfn_x(gfn) & (BIT(e.order) - 1);
    /* Other types may gain rights without a new generation. */
    if (e.type == P2M_RAM_RW)
        *l = (struct p2m_leaf){now, gfn_x(gfn) - low, mfn_x(e.mfn) - low,
                               e.order};
    return e;
}

bool p2m_next(struct domain *d, gfn_t from, gfn_t *at, struct p2m_entry *out)
{
    const struct p2m *p = d->p2m;
    uint64_t gfn = gfn_x(from);

    while (gfn < p->frames) {
        *out = walk(p, gfn).e;
        if (out->type != P2M_NONE) {
            uint64_t low = gfn & (BIT(out->order) - 1);

            *at = _gfn(gfn - low);
            out->mfn = _mfn(mfn_x(out->mfn) - low);
            return true;
        }
        gfn = (gfn | (BIT(out->order) - 1)) + 1;
    }
    return false;
}

/* The highest present entry of a table, or -1. */
static int last_present(const uint64_t *t)
{
    int i = ENTRIES - 1;

    while (i >= 0 && !(t[i] & PTE_P))
        i--;
    return i;
}

gfn_t p2m_max_gfn(struct domain *d)
{
    struct p2m *p = d->p2m;
    uint64_t *t = p->root;
    uint64_t gfn = 0;

    spin_lock(&p->lock);
    for (int level = LEVELS - 1; level >= 0; level--) {
        int i = last_present(t);

        if (i < 0)
            break;
        gfn |= (uint64_t)i << level * LEVEL_BITS;
        if (!is_table(t[i], level)) {
            gfn |= BIT(level * LEVEL_BITS) - 1;
            break;
        }
        t = table_of(t[i]);
    }
    spin_unlock(&p->lock);
    return _gfn(gfn);
}

/* --- Change --- */

/* Replace a superpage leaf by a table of smaller leaves with the same content;
   nothing is narrowed, but a TLB may keep either: both say the same. */
static int split(struct p2m *p, uint64_t *pte, unsigned int level)
{
    uint64_t *t = table_alloc(p);
    uint64_t old = *pte;
    uint64_t step = BIT((level - 1) * LEVEL_BITS + PAGE_SHIFT);

    if (!t)
        return -XEN_ENOMEM;
    if (level == 1)
        old &= ~PTE_PS;
    for (unsigned int i = 0; i < ENTRIES; i++)
        t[i] = old + i * step;
    write_entry(pte, virt_to_maddr(t) | PTE_TABLE);
    return 0;
}

/* The entry for 'gfn' at 'level'; makes tables on the way. */
static int entry_at(struct p2m *p, uint64_t gfn, unsigned int level,
                    uint64_t **out)
{
    uint64_t *t = p->root;
    int rc;

    for (unsigned int at = LEVELS - 1; at > level; at--) {
        uint64_t *pte = &t[index_at(gfn, at)];

        if (!(*pte & PTE_P)) {
            uint64_t *lower = table_alloc(p);

            if (!lower)
                return -XEN_ENOMEM;
            write_entry(pte, virt_to_maddr(lower) | PTE_TABLE);
        } else if (*pte & PTE_PS) {
            rc = split(p, pte, at);
            if (rc)
                return rc;
        }
        t = table_of(*pte);
    }
    *out = &t[index_at(gfn, level)];
    return 0;
}

/* Write an entry; the old one may be known with other rights. */
static enum narrowing replace(struct p2m *p, uint64_t *pte, unsigned int level,
                              uint64_t new)
{
    uint64_t old = *pte;

    write_entry(pte, new);
    if (is_table(old, level)) {
        __atomic_add_fetch(&p->unlinks, 1, __ATOMIC_SEQ_CST);
        drop_tables(p, table_of(old), level - 1);
        return LESS_RAM;
    }
    if (!(old & PTE_P) || (old & ~PTE_USED) == new)
        return NOTHING_LESS;
    return type_of(old) == P2M_RAM_RW ? LESS_RAM : LESS;
}

static int order_level(unsigned int order)
{
    ASSERT(order == 0 || order == PAGE_ORDER_2M || order == PAGE_ORDER_1G);
    return order / LEVEL_BITS;
}

static bool in_range(const struct p2m *p, uint64_t gfn, unsigned int order)
{
    return gfn < p->frames && p->frames - gfn >= BIT(order) &&
           !(gfn & (BIT(order) - 1));
}

static int set_leaf(struct domain *d, gfn_t gfn, mfn_t mfn, unsigned int order,
                    enum p2m_type t)
{
    struct p2m *p = d->p2m;
    unsigned int level = order_level(order);
    enum narrowing change = NOTHING_LESS;
    uint64_t *pte;
    int rc;

    ASSERT(t != P2M_NONE);
    ASSERT(t < P2M_TYPE_NR);
    if (!in_range(p, gfn_x(gfn), order))
        return -XEN_EINVAL;
    spin_lock(&p->lock);
    rc = entry_at(p, gfn_x(gfn), level, &pte);
    if (!rc)
        change = replace(p, pte, level, make_leaf(mfn_x(mfn), level, t));
    unlock_and_flush(p, change);
    return rc;
}

void p2m_limit_leaves(unsigned int order)
{
    order_max = order;
}

int p2m_set(struct domain *d, gfn_t gfn, mfn_t mfn, unsigned int order,
            enum p2m_type t)
{
    unsigned int step = MIN(order, order_max);
    int rc = 0;

    if ((gfn_x(gfn) | mfn_x(mfn)) & (BIT(order) - 1))
        return -XEN_EINVAL;
    for (uint64_t i = 0; !rc && i < BIT(order); i += BIT(step))
        rc = set_leaf(d, _gfn(gfn_x(gfn) + i), _mfn(mfn_x(mfn) + i), step, t);
    return rc;
}

int p2m_swap(struct domain *d, gfn_t gfn, mfn_t mfn, enum p2m_type t,
             struct p2m_entry *old)
{
    struct p2m *p = d->p2m;
    enum narrowing change = NOTHING_LESS;
    uint64_t *pte;
    int rc;

    if (!in_range(p, gfn_x(gfn), 0))
        return -XEN_EINVAL;
    spin_lock(&p->lock);
    *old = walk(p, gfn_x(gfn)).e;
    old->order = 0;
    if (old->type == P2M_NONE && t == P2M_NONE) { /* make no tables for it */
        spin_unlock(&p->lock);
        return 0;
    }
    rc = entry_at(p, gfn_x(gfn), 0, &pte);
    if (!rc)
        change =
            replace(p, pte, 0, t == P2M_NONE ? 0 : make_leaf(mfn_x(mfn), 0, t));
    unlock_and_flush(p, change);
    return rc;
}

/* Is there no table that leads to an entry at 'level'? Nothing to clear then. */
static bool is_hole(struct p2m *p, uint64_t gfn, unsigned int level)
{
    struct p2m_entry e = walk(p, gfn).e;

    return e.type == P2M_NONE && e.order > level * LEVEL_BITS;
}

int p2m_clear(struct domain *d, gfn_t gfn, unsigned int order)
{
    struct p2m *p = d->p2m;
    unsigned int level = order_level(order);
    enum narrowing change = NOTHING_LESS;
    uint64_t *pte;
    int rc = 0;

    if (!in_range(p, gfn_x(gfn), order))
        return -XEN_EINVAL;
    spin_lock(&p->lock);
    if (!is_hole(p, gfn_x(gfn), level)) {
        rc = entry_at(p, gfn_x(gfn), level, &pte);
        if (!rc)
            change = replace(p, pte, level, 0);
    }
    unlock_and_flush(p, change);
    return rc;
}
