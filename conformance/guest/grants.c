/* Grants by their references. Source: public/grant_table.h. */
#include "grants.h"

enum {
    FIRST_REF = 16, /* those before are reserved */
    REFS = 480,     /* of version 1 in one frame */
};

static grant_entry_v1_t *table;
static grant_status_t *status_page;
static grant_ref_t next = FIRST_REF;

long grant_op(int nr, void *arg, unsigned count)
{
    return CALL3(__HYPERVISOR_grant_table_op, nr, arg, count);
}

static void *frame(unsigned long idx)
{
    struct xen_add_to_physmap a = {
        .domid = DOMID_SELF, .space = XENMAPSPACE_grant_table, .idx = idx};
    void *page = page_new();

    a.gpfn = gfn_of(page);
    SAME(CALL2(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, &a), 0);
    return page;
}

grant_entry_v1_t *grant_table(void)
{
    struct gnttab_set_version v = {.version = 1};

    SAME(GRANT_ONE(GNTTABOP_set_version, &v), 0);
    if (!table)
        table = frame(0);
    return table;
}

grant_entry_v2_t *grant_table_v2(void)
{
    struct gnttab_set_version v = {.version = 2};

    if (!table)
        table = frame(0);
    SAME(GRANT_ONE(GNTTABOP_set_version, &v), 0);
    SAME(v.version, 2);
    return (grant_entry_v2_t *)table;
}

grant_status_t *grant_status(void)
{
    if (!status_page)
        status_page = frame(XENMAPIDX_grant_table_status);
    return status_page;
}

grant_ref_t grant_offer(domid_t to, const void *page, unsigned flags)
{
    grant_ref_t ref;
    int tries = 0;

    grant_table();
    do {
        ref = next++;
        if (next == FIRST_REF + REFS)
            next = FIRST_REF;
        CHECK(tries++ < REFS);
    } while (table[ref].flags);
    table[ref].frame = (uint32_t)gfn_of(page);
    table[ref].domid = to;
    __atomic_store_n(&table[ref].flags, (uint16_t)(GTF_permit_access | flags),
                     __ATOMIC_RELEASE);
    return ref;
}

void grant_end(grant_ref_t ref)
{
    __atomic_store_n(&table[ref].flags, 0, __ATOMIC_RELEASE);
}

unsigned grant_in_use(grant_ref_t ref)
{
    return __atomic_load_n(&table[ref].flags, __ATOMIC_ACQUIRE) &
           (GTF_reading | GTF_writing);
}

long grant_map_at(domid_t of, grant_ref_t ref, unsigned flags, uint64_t at,
                  grant_handle_t *handle)
{
    struct gnttab_map_grant_ref m = {
        .host_addr = at, .flags = flags, .ref = ref, .dom = of};

    SAME(GRANT_ONE(GNTTABOP_map_grant_ref, &m), 0);
    *handle = m.handle;
    return m.status;
}

long grant_map(domid_t of, grant_ref_t ref, unsigned flags,
               grant_handle_t *handle, void **page)
{
    *page = memory_at(gfn_free());
    return grant_map_at(of, ref, flags | GNTMAP_host_map, (uintptr_t)*page,
                        handle);
}

long grant_unmap(grant_handle_t handle, const void *page)
{
    struct gnttab_unmap_grant_ref u = {.host_addr = (uintptr_t)page,
                                       .handle = handle};

    SAME(GRANT_ONE(GNTTABOP_unmap_grant_ref, &u), 0);
    return u.status;
}

struct gnttab_copy grant_copy_to(domid_t of, grant_ref_t ref, const void *from,
                                 unsigned len)
{
    struct gnttab_copy c = {.len = (uint16_t)len, .flags = GNTCOPY_dest_gref};

    c.source.u.gmfn = gfn_of(from);
    c.source.domid = DOMID_SELF;
    c.source.offset = (uint16_t)((uintptr_t)from % PAGE_BYTES);
    c.dest.u.ref = ref;
    c.dest.domid = of;
    return c;
}

struct gnttab_copy grant_copy_from(domid_t of, grant_ref_t ref, void *to,
                                   unsigned len)
{
    struct gnttab_copy c = {.len = (uint16_t)len, .flags = GNTCOPY_source_gref};

    c.dest.u.gmfn = gfn_of(to);
    c.dest.domid = DOMID_SELF;
    c.dest.offset = (uint16_t)((uintptr_t)to % PAGE_BYTES);
    c.source.u.ref = ref;
    c.source.domid = of;
    return c;
}

long grant_copy(struct gnttab_copy c)
{
    SAME(GRANT_ONE(GNTTABOP_copy, &c), 0);
    return c.status;
}
