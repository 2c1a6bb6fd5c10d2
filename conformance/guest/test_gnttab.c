/* Grant tables. Source: public/grant_table.h. Grants are to ourselves. */
#include "suites.h"

enum {
    FIRST_REF = 16, /* those before are reserved */
};

static grant_entry_v1_t *table;

static long op(int nr, void *arg, unsigned count)
{
    return CALL3(__HYPERVISOR_grant_table_op, nr, arg, count);
}

static void need_table(void)
{
    struct xen_add_to_physmap a = {.domid = DOMID_SELF,
                                   .space = XENMAPSPACE_grant_table};
    struct gnttab_set_version v = {.version = 1};

    if (table)
        return;
    SAME(op(GNTTABOP_set_version, &v, 1), 0);
    table = page_new();
    a.gpfn = gfn_of(table);
    SAME(CALL2(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, &a), 0);
}

/* Offers a page under a reference. */
static grant_ref_t offer(unsigned nr, const void *page, unsigned flags)
{
    grant_ref_t ref = FIRST_REF + nr;

    need_table();
    table[ref].frame = (uint32_t)gfn_of(page);
    table[ref].domid = own_domid();
    __atomic_store_n(&table[ref].flags, (uint16_t)(GTF_permit_access | flags),
                     __ATOMIC_RELEASE);
    return ref;
}

static void query_size(void)
{
    struct gnttab_query_size q = {.dom = DOMID_SELF};

    SAME(op(GNTTABOP_query_size, &q, 1), 0);
    SAME(q.status, GNTST_okay);
    CHECK(q.nr_frames >= 1 && q.max_nr_frames >= q.nr_frames);
    q.dom = 0x7000;
    SAME(op(GNTTABOP_query_size, &q, 1), 0);
    SAME(q.status, GNTST_bad_domain);
    SAME(op(GNTTABOP_query_size, UNMAPPED, 1), NEG_EFAULT);
}

static void versions(void)
{
    struct gnttab_set_version v = {.version = 1};
    struct gnttab_get_version g = {.dom = DOMID_SELF};

    SAME(op(GNTTABOP_set_version, &v, 1), 0);
    SAME(op(GNTTABOP_get_version, &g, 1), 0);
    SAME(g.version, 1);
    v.version = 7;
    SAME(op(GNTTABOP_set_version, &v, 1), NEG_EINVAL);
}

static void map(void)
{
    char *page = page_new();
    uint64_t at = gfn_free() * (uint64_t)PAGE_BYTES;
    struct gnttab_map_grant_ref m = {.host_addr = at,
                                     .flags = GNTMAP_host_map,
                                     .ref = offer(0, page, 0),
                                     .dom = own_domid()};
    struct gnttab_unmap_grant_ref u = {.host_addr = at};

    SAME(op(GNTTABOP_map_grant_ref, &m, 1), 0);
    SAME(m.status, GNTST_okay);
    CHECK(table[FIRST_REF].flags & GTF_reading);
    CHECK(table[FIRST_REF].flags & GTF_writing);
    u.handle = m.handle;
    SAME(op(GNTTABOP_unmap_grant_ref, &u, 1), 0);
    SAME(u.status, GNTST_okay);
    CHECK(!(table[FIRST_REF].flags & (GTF_reading | GTF_writing)));
    SAME(op(GNTTABOP_unmap_grant_ref, &u, 1), 0);
    SAME(u.status, GNTST_bad_handle);
}

static void map_refused(void)
{
    struct gnttab_map_grant_ref m = {.host_addr =
                                         gfn_free() * (uint64_t)PAGE_BYTES,
                                     .flags = GNTMAP_host_map,
                                     .ref = FIRST_REF + 100,
                                     .dom = own_domid()};

    need_table();
    SAME(op(GNTTABOP_map_grant_ref, &m, 1), 0);
    CHECK(m.status < 0); /* not offered */
    m.ref = ~0u;
    SAME(op(GNTTABOP_map_grant_ref, &m, 1), 0);
    SAME(m.status, GNTST_bad_gntref);
    m.dom = 0x7000;
    SAME(op(GNTTABOP_map_grant_ref, &m, 1), 0);
    SAME(m.status, GNTST_bad_domain);
    SAME(op(GNTTABOP_map_grant_ref, UNMAPPED, 1), NEG_EFAULT);
}

static void map_read_only(void)
{
    struct gnttab_map_grant_ref m = {.host_addr =
                                         gfn_free() * (uint64_t)PAGE_BYTES,
                                     .flags = GNTMAP_host_map,
                                     .ref = offer(1, page_new(), GTF_readonly),
                                     .dom = own_domid()};

    SAME(op(GNTTABOP_map_grant_ref, &m, 1), 0);
    CHECK(m.status < 0); /* to write */
}

static struct gnttab_copy copy_of(const void *from, grant_ref_t ref,
                                  unsigned len)
{
    struct gnttab_copy c = {.len = (uint16_t)len, .flags = GNTCOPY_dest_gref};

    c.source.u.gmfn = gfn_of(from);
    c.source.domid = DOMID_SELF;
    c.dest.u.ref = ref;
    c.dest.domid = own_domid();
    return c;
}

static void copy(void)
{
    char *from = page_new(), *to = page_new();
    struct gnttab_copy c = copy_of(from, offer(2, to, 0), 100);

    for (int i = 0; i < PAGE_BYTES; i++)
        from[i] = (char)i;
    c.source.offset = 10;
    c.dest.offset = 3996;
    SAME(op(GNTTABOP_copy, &c, 1), 0);
    SAME(c.status, GNTST_okay);
    for (int i = 0; i < 100; i++)
        SAME(to[3996 + i], from[10 + i]);
    SAME(to[3995], 0);
}

static void copy_refused(void)
{
    char *from = page_new(), *to = page_new();
    struct gnttab_copy c = copy_of(from, offer(3, to, 0), 101);

    c.dest.offset = 3996;
    SAME(op(GNTTABOP_copy, &c, 1), 0);
    SAME(c.status, GNTST_bad_copy_arg);
    c = copy_of(from, offer(4, to, GTF_readonly), 16);
    SAME(op(GNTTABOP_copy, &c, 1), 0);
    CHECK(c.status < 0);
    c = copy_of(from, ~0u, 16);
    SAME(op(GNTTABOP_copy, &c, 1), 0);
    SAME(c.status, GNTST_bad_gntref);
    c = copy_of(from, FIRST_REF, 16);
    c.dest.domid = 0x7000;
    SAME(op(GNTTABOP_copy, &c, 1), 0);
    SAME(c.status, GNTST_bad_domain);
    SAME(op(GNTTABOP_copy, UNMAPPED, 1), NEG_EFAULT);
}

static void batch(void)
{
    static struct gnttab_copy c[64];
    char *from = page_new(), *to = page_new();
    grant_ref_t ref = offer(5, to, 0);

    for (int i = 0; i < 64; i++) {
        from[i] = (char)(i + 1);
        c[i] = copy_of(from, ref, 1);
        c[i].source.offset = c[i].dest.offset = (uint16_t)i;
    }
    SAME(op(GNTTABOP_copy, c, 64), 0);
    for (int i = 0; i < 64; i++) {
        SAME(c[i].status, GNTST_okay);
        SAME(to[i], i + 1);
    }
}

static void unmap_refused(void)
{
    struct gnttab_unmap_grant_ref u = {
        .host_addr = gfn_free() * (uint64_t)PAGE_BYTES, .handle = 12345};

    SAME(op(GNTTABOP_unmap_grant_ref, &u, 1), 0);
    SAME(u.status, GNTST_bad_handle);
    SAME(op(GNTTABOP_unmap_grant_ref, UNMAPPED, 1), NEG_EFAULT);
}

static void unknown(void)
{
    SAME(op(99, UNMAPPED, 0), NEG_ENOSYS);
}

const struct test gnttab_tests[] = {
    {"query_size", "The size of the table MUST be told.", query_size},
    {"versions", "Version 1 MUST be there, unknown ones refused.", versions},
    {"map", "A grant MUST be in use while it is mapped.", map},
    {"map_refused", "Grants and domains that are not there.", map_refused},
    {"map_read_only", "What may be read only MUST NOT be mapped to write.",
     map_read_only},
    {"copy", "Bytes MUST go where they belong and nowhere else.", copy},
    {"copy_refused", "Copies over the end, to read, to nowhere.", copy_refused},
    {"batch", "Each copy of a batch MUST be done.", batch},
    {"unmap_refused", "Handles that are not there.", unmap_refused},
    {"unknown", "Other operations MUST answer -ENOSYS.", unknown},
    {0},
};
