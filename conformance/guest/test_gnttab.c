/* Grant tables: size, version, frames. Source: public/grant_table.h. */
#include "grants.h"
#include "suites.h"

static void query_size(void)
{
    struct gnttab_query_size q = {.dom = DOMID_SELF};

    SAME(GRANT_ONE(GNTTABOP_query_size, &q), 0);
    SAME(q.status, GNTST_okay);
    CHECK(q.nr_frames >= 1 && q.max_nr_frames >= q.nr_frames);
}

static void query_size_refused(void)
{
    struct gnttab_query_size q = {.dom = NOBODY};

    SAME(GRANT_ONE(GNTTABOP_query_size, &q), 0);
    SAME(q.status, GNTST_bad_domain);
    SAME(GRANT_ONE(GNTTABOP_query_size, UNMAPPED), NEG_EFAULT);
    SAME(GRANT_ONE(GNTTABOP_query_size, READ_ONLY), NEG_EFAULT);
    SAME(grant_op(GNTTABOP_query_size, &q, 0), NEG_EINVAL);
    SAME(grant_op(GNTTABOP_query_size, &q, 2), NEG_EINVAL);
}

static void setup_table(void)
{
    xen_pfn_t frames[1] = {0};
    struct gnttab_setup_table s = {.dom = DOMID_SELF, .nr_frames = 1};

    grant_table();
    set_xen_guest_handle(s.frame_list, frames);
    SAME(GRANT_ONE(GNTTABOP_setup_table, &s), 0);
    SAME(s.status, GNTST_okay);
    SAME(frames[0], gfn_of(grant_table()));
}

static void setup_table_refused(void)
{
    xen_pfn_t frames[1] = {0};
    struct gnttab_setup_table s = {.dom = NOBODY, .nr_frames = 1};

    set_xen_guest_handle(s.frame_list, frames);
    SAME(GRANT_ONE(GNTTABOP_setup_table, &s), 0);
    SAME(s.status, GNTST_bad_domain);
    s.dom = DOMID_SELF;
    s.nr_frames = 1 << 20;
    SAME(GRANT_ONE(GNTTABOP_setup_table, &s), 0);
    SAME(s.status, GNTST_general_error);
    SAME(grant_op(GNTTABOP_setup_table, &s, 2), NEG_EINVAL);
    SAME(GRANT_ONE(GNTTABOP_setup_table, UNMAPPED), NEG_EFAULT);
}

static void version_told(void)
{
    struct gnttab_get_version g = {.dom = DOMID_SELF};

    grant_table();
    SAME(GRANT_ONE(GNTTABOP_get_version, &g), 0);
    SAME(g.version, 1);
    g.dom = NOBODY;
    SAME(GRANT_ONE(GNTTABOP_get_version, &g), NEG_ESRCH);
    SAME(GRANT_ONE(GNTTABOP_get_version, UNMAPPED), NEG_EFAULT);
}

static void version_refused(void)
{
    struct gnttab_set_version v = {.version = 7};

    grant_table();
    SAME(GRANT_ONE(GNTTABOP_set_version, &v), NEG_EINVAL);
    SAME(v.version, 1); /* what it is */
    v.version = 0;
    SAME(GRANT_ONE(GNTTABOP_set_version, &v), NEG_EINVAL);
    SAME(GRANT_ONE(GNTTABOP_set_version, UNMAPPED), NEG_EFAULT);
}

static void version_in_use(void)
{
    struct gnttab_set_version v = {.version = 2};
    grant_ref_t ref = grant_offer(own_domid(), page_new(), 0);
    grant_handle_t handle;
    void *at;

    SAME(grant_map(own_domid(), ref, 0, &handle, &at), GNTST_okay);
    SAME(GRANT_ONE(GNTTABOP_set_version, &v), NEG_EBUSY);
    SAME(v.version, 1);
    SAME(grant_unmap(handle, at), GNTST_okay);
    grant_end(ref);
}

static void frames_grow(void)
{
    struct gnttab_query_size q = {.dom = DOMID_SELF};
    struct xen_add_to_physmap a = {.domid = DOMID_SELF,
                                   .space = XENMAPSPACE_grant_table};

    SAME(GRANT_ONE(GNTTABOP_query_size, &q), 0);
    a.idx = q.nr_frames;
    a.gpfn = gfn_of(page_new());
    SAME(CALL2(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, &a), 0);
    a.idx = q.nr_frames;
    SAME(GRANT_ONE(GNTTABOP_query_size, &q), 0);
    CHECK(q.nr_frames > a.idx);
    a.idx = q.max_nr_frames;
    CHECK(CALL2(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, &a) < 0);
}

static void swap(void)
{
    grant_entry_v1_t *table = grant_table(), one, two;
    grant_ref_t a = grant_offer(NOBODY, page_new(), 0);
    grant_ref_t b = grant_offer(NOBODY, page_new(), GTF_readonly);
    struct gnttab_swap_grant_ref s = {.ref_a = a, .ref_b = b};

    one = table[a];
    two = table[b];
    SAME(GRANT_ONE(GNTTABOP_swap_grant_ref, &s), 0);
    SAME(s.status, GNTST_okay);
    CHECK(bytes_same(&table[a], &two, sizeof(two)));
    CHECK(bytes_same(&table[b], &one, sizeof(one)));
    grant_end(a);
    grant_end(b);
}

static void swap_refused(void)
{
    grant_ref_t a = grant_offer(own_domid(), page_new(), 0);
    struct gnttab_swap_grant_ref s = {.ref_a = a, .ref_b = ~0u};
    grant_handle_t handle;
    void *at;

    SAME(GRANT_ONE(GNTTABOP_swap_grant_ref, &s), 0);
    SAME(s.status, GNTST_bad_gntref);
    SAME(grant_map(own_domid(), a, 0, &handle, &at), GNTST_okay);
    s.ref_b = a + 1;
    SAME(GRANT_ONE(GNTTABOP_swap_grant_ref, &s), 0);
    SAME(s.status, GNTST_eagain);
    SAME(grant_unmap(handle, at), GNTST_okay);
    grant_end(a);
    SAME(GRANT_ONE(GNTTABOP_swap_grant_ref, UNMAPPED), NEG_EFAULT);
}

/* What no translated guest may do, or needs. */
static void not_for_us(void)
{
    static const int ops[] = {GNTTABOP_transfer, GNTTABOP_dump_table,
                              GNTTABOP_unmap_and_replace,
                              GNTTABOP_get_status_frames, GNTTABOP_cache_flush};
    static char argument[256];

    for (size_t i = 0; i < sizeof(ops) / sizeof(*ops); i++)
        SAME(GRANT_ONE(ops[i], argument), NEG_ENOSYS);
}

static void unknown(void)
{
    SAME(grant_op(99, UNMAPPED, 0), NEG_ENOSYS);
    SAME(grant_op(-1, UNMAPPED, 0), NEG_ENOSYS);
}

/* --- Version 2 --- */

enum {
    V2_REF = 20,
};

static grant_ref_t offer_v2(const void *page, unsigned flags)
{
    grant_entry_v2_t *table = grant_table_v2();

    table[V2_REF].full_page.frame = gfn_of(page);
    table[V2_REF].hdr.domid = own_domid();
    __atomic_store_n(&table[V2_REF].hdr.flags,
                     (uint16_t)(GTF_permit_access | flags), __ATOMIC_RELEASE);
    return V2_REF;
}

static void v2_map(void)
{
    char *page = page_new();
    grant_ref_t ref = offer_v2(page, 0);
    grant_status_t *status = grant_status();
    grant_handle_t handle;
    void *at;

    page[7] = 'v';
    SAME(grant_map(own_domid(), ref, 0, &handle, &at), GNTST_okay);
    SAME(status[ref], GTF_reading | GTF_writing);
    SAME(((char *)at)[7], 'v');
    SAME(grant_unmap(handle, at), GNTST_okay);
    SAME(status[ref], 0);
    grant_table();
}

static void v2_sub_page(void)
{
    char *page = page_new(), *to = page_new();
    grant_ref_t ref = offer_v2(page, 0);
    grant_entry_v2_t *entry = &grant_table_v2()[ref];
    struct gnttab_copy c;

    for (int i = 0; i < PAGE_BYTES; i++)
        page[i] = (char)(i / 16);
    entry->sub_page.frame = gfn_of(page);
    entry->sub_page.page_off = 160;
    entry->sub_page.length = 32;
    entry->hdr.flags = GTF_permit_access | GTF_sub_page;
    c = grant_copy_from(own_domid(), ref, to, 32);
    c.source.offset = 160;
    SAME(grant_copy(c), GNTST_okay);
    SAME(to[0], 10);
    SAME(to[31], 11);
    c.len = 33; /* over its end */
    SAME(grant_copy(c), GNTST_general_error);
    c.len = 16;
    c.source.offset = 159; /* before its begin */
    SAME(grant_copy(c), GNTST_general_error);
    grant_table();
}

static void v2_sub_page_not_mapped(void)
{
    grant_ref_t ref = offer_v2(page_new(), GTF_sub_page);
    grant_handle_t handle;
    void *at;

    CHECK(grant_map(own_domid(), ref, 0, &handle, &at) < 0);
    grant_table();
}

static void v2_transitive_self(void)
{
    grant_entry_v2_t *table = grant_table_v2();
    char *to = page_new();

    table[V2_REF].transitive.trans_domid = own_domid();
    table[V2_REF].transitive.gref = V2_REF + 1;
    table[V2_REF].hdr.domid = own_domid();
    table[V2_REF].hdr.flags = GTF_transitive;
    SAME(grant_copy(grant_copy_from(own_domid(), V2_REF, to, 8)),
         GNTST_general_error);
    grant_table();
}

static void v2_empty_after_switch(void)
{
    grant_entry_v2_t *table;

    grant_offer(NOBODY, page_new(), 0);
    table = grant_table_v2();
    for (int i = V2_REF; i < 200; i++)
        SAME(table[i].hdr.flags, 0);
    SAME(grant_table()[V2_REF].flags, 0);
}

static void v2_reserved_kept(void)
{
    grant_entry_v1_t *one = grant_table();
    grant_entry_v2_t *two;

    one[1].frame = 0x1234;
    one[1].domid = 77;
    one[1].flags = GTF_permit_access;
    two = grant_table_v2();
    SAME(two[1].full_page.frame, 0x1234);
    SAME(two[1].hdr.domid, 77);
    SAME(two[1].hdr.flags, GTF_permit_access);
    one = grant_table();
    SAME(one[1].frame, 0x1234);
    SAME(one[1].flags, GTF_permit_access);
    one[1].flags = 0;
}

const struct test gnttab_tests[] = {
    TEST(query_size, "The size of the table MUST be told."),
    TEST(query_size_refused, "Domains, places and counts that are not there."),
    TEST(setup_table, "The frames of the table MUST be told."),
    TEST(setup_table_refused, "Domains, sizes, places that are not there."),
    TEST(version_told, "The version MUST be told, of domains that exist."),
    TEST(version_refused, "Versions that are not there MUST be refused."),
    TEST(version_in_use, "The version MUST stay while a grant is in use."),
    TEST(frames_grow, "The table MUST grow to its limit and no further."),
    TEST(swap, "Two entries MUST change places."),
    TEST(swap_refused, "Entries in use or not there MUST stay."),
    TEST(not_for_us, "A translated guest MUST be refused the rest."),
    TEST(unknown, "Other operations MUST answer -ENOSYS."),
    TEST(v2_map, "A mapping MUST show in the status, not in the entry."),
    TEST(v2_sub_page, "A part of a page MUST be copied, and no more."),
    TEST(v2_sub_page_not_mapped, "A part of a page MUST NOT be mapped."),
    TEST(v2_transitive_self, "A grant MUST NOT pass on to itself."),
    TEST(v2_empty_after_switch, "A switch MUST leave no entry."),
    TEST(v2_reserved_kept, "A switch MUST keep the reserved entries."),
    {0},
};
