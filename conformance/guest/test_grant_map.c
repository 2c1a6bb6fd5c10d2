/*
 * Grants: mapping what we grant to ourselves; what is in the pages is the matter
 * of pairs, because a page of our own may leave its old place when it is mapped
 * at another. Source: public/grant_table.h.
 */
#include "grants.h"
#include "suites.h"

static grant_ref_t offer(const void *page, unsigned flags)
{
    return grant_offer(own_domid(), page, flags);
}

static void map(void)
{
    grant_ref_t ref = offer(page_new(), 0);
    grant_handle_t handle;
    void *at;

    SAME(grant_map(own_domid(), ref, 0, &handle, &at), GNTST_okay);
    SAME(grant_in_use(ref), GTF_reading | GTF_writing);
    SAME(grant_unmap(handle, at), GNTST_okay);
    SAME(grant_in_use(ref), 0);
    grant_end(ref);
}

static void read_only(void)
{
    grant_ref_t ref = offer(page_new(), GTF_readonly);
    grant_handle_t handle;
    void *at;

    SAME(grant_map(own_domid(), ref, GNTMAP_readonly, &handle, &at),
         GNTST_okay);
    SAME(grant_in_use(ref), GTF_reading);
    SAME(grant_unmap(handle, at), GNTST_okay);
    grant_end(ref);
}

static void read_only_not_written(void)
{
    grant_ref_t ref = offer(page_new(), GTF_readonly);
    grant_handle_t handle;
    void *at;

    SAME(grant_map(own_domid(), ref, 0, &handle, &at), GNTST_general_error);
    SAME(grant_in_use(ref), 0);
    grant_end(ref);
}

static void not_offered(void)
{
    grant_ref_t ref = offer(page_new(), 0);
    grant_handle_t handle;
    void *at;

    grant_end(ref);
    SAME(grant_map(own_domid(), ref, 0, &handle, &at), GNTST_general_error);
}

static void to_another(void)
{
    grant_ref_t ref = grant_offer(NOBODY, page_new(), 0);
    grant_handle_t handle;
    void *at;

    SAME(grant_map(own_domid(), ref, 0, &handle, &at), GNTST_general_error);
    grant_end(ref);
}

static void page_not_there(void)
{
    grant_ref_t ref = offer(memory_at(gfn_free()), 0);
    grant_handle_t handle;
    void *at;

    SAME(grant_map(own_domid(), ref, 0, &handle, &at), GNTST_bad_page);
    SAME(grant_in_use(ref), 0);
    grant_end(ref);
}

static void bad_ref(void)
{
    grant_handle_t handle;
    void *at;

    grant_table();
    SAME(grant_map(own_domid(), ~0u, 0, &handle, &at), GNTST_bad_gntref);
    SAME(grant_map(own_domid(), 1u << 24, 0, &handle, &at), GNTST_bad_gntref);
}

static void bad_domain(void)
{
    grant_handle_t handle;
    void *at;

    SAME(grant_map(NOBODY, 16, 0, &handle, &at), GNTST_bad_domain);
    SAME(grant_map(DOMID_SELF, 16, 0, &handle, &at), GNTST_bad_domain);
}

static void bad_flags(void)
{
    grant_ref_t ref = offer(page_new(), 0);
    grant_handle_t handle;
    uint64_t at = gfn_free() * (uint64_t)PAGE_BYTES;

    SAME(grant_map_at(own_domid(), ref, 0, at, &handle), GNTST_bad_gntref);
    SAME(grant_map_at(own_domid(), ref, GNTMAP_device_map, at, &handle),
         GNTST_general_error);
    SAME(grant_map_at(own_domid(), ref, GNTMAP_host_map | GNTMAP_contains_pte,
                      at, &handle),
         GNTST_general_error);
    SAME(grant_map_at(own_domid(), ref,
                      GNTMAP_host_map | GNTMAP_application_map, at, &handle),
         GNTST_general_error);
    grant_end(ref);
}

static void bad_place(void)
{
    SAME(GRANT_ONE(GNTTABOP_map_grant_ref, UNMAPPED), NEG_EFAULT);
    SAME(GRANT_ONE(GNTTABOP_map_grant_ref, NON_CANONICAL), NEG_EFAULT);
    SAME(grant_op(GNTTABOP_map_grant_ref, UNMAPPED, 0), 0);
    SAME(GRANT_ONE(GNTTABOP_unmap_grant_ref, UNMAPPED), NEG_EFAULT);
    SAME(grant_op(GNTTABOP_unmap_grant_ref, UNMAPPED, 0), 0);
}

static void twice(void)
{
    grant_ref_t ref = offer(page_new(), 0);
    grant_handle_t one, two;
    void *a, *b;

    SAME(grant_map(own_domid(), ref, 0, &one, &a), GNTST_okay);
    SAME(grant_map(own_domid(), ref, GNTMAP_readonly, &two, &b), GNTST_okay);
    CHECK(one != two);
    SAME(grant_unmap(one, a), GNTST_okay);
    SAME(grant_in_use(ref), GTF_reading);
    SAME(grant_unmap(two, b), GNTST_okay);
    SAME(grant_in_use(ref), 0);
    grant_end(ref);
}

static void unmapped_twice(void)
{
    grant_ref_t ref = offer(page_new(), 0);
    grant_handle_t handle;
    void *at;

    SAME(grant_map(own_domid(), ref, 0, &handle, &at), GNTST_okay);
    SAME(grant_unmap(handle, at), GNTST_okay);
    SAME(grant_unmap(handle, at), GNTST_bad_handle);
    grant_end(ref);
}

static void unmap_bad_handle(void)
{
    void *at = memory_at(gfn_free());

    SAME(grant_unmap(12345, at), GNTST_bad_handle);
    SAME(grant_unmap(~0u, at), GNTST_bad_handle);
    SAME(grant_unmap(1u << 31, at), GNTST_bad_handle);
}

static void unmap_wrong_place(void)
{
    grant_ref_t ref = offer(page_new(), 0);
    grant_handle_t handle;
    void *at;

    SAME(grant_map(own_domid(), ref, 0, &handle, &at), GNTST_okay);
    CHECK(grant_unmap(handle, memory_at(gfn_free())) < 0);
    SAME(grant_in_use(ref), GTF_reading | GTF_writing);
    SAME(grant_unmap(handle, at), GNTST_okay);
    grant_end(ref);
}

static void ended_while_mapped(void)
{
    grant_ref_t ref = offer(page_new(), 0);
    grant_handle_t handle;
    void *at;

    SAME(grant_map(own_domid(), ref, 0, &handle, &at), GNTST_okay);
    grant_end(ref); /* too late: it is mapped */
    SAME(grant_unmap(handle, at), GNTST_okay);
    CHECK(grant_map(own_domid(), ref, 0, &handle, &at) < 0);
}

static void batch(void)
{
    struct gnttab_map_grant_ref m[3] = {0};
    struct gnttab_unmap_grant_ref u[2] = {0};
    grant_ref_t ref = offer(page_new(), 0);

    for (int i = 0; i < 3; i++) {
        m[i].host_addr = gfn_free() * (uint64_t)PAGE_BYTES;
        m[i].flags = GNTMAP_host_map;
        m[i].ref = i == 1 ? ~0u : ref;
        m[i].dom = own_domid();
    }
    SAME(grant_op(GNTTABOP_map_grant_ref, m, 3), 0);
    SAME(m[0].status, GNTST_okay);
    SAME(m[1].status, GNTST_bad_gntref); /* one fails, the others do not */
    SAME(m[2].status, GNTST_okay);
    u[0].handle = m[0].handle;
    u[0].host_addr = m[0].host_addr;
    u[1].handle = m[2].handle;
    u[1].host_addr = m[2].host_addr;
    SAME(grant_op(GNTTABOP_unmap_grant_ref, u, 2), 0);
    SAME(u[0].status | u[1].status, GNTST_okay);
    grant_end(ref);
}

static void batch_into_hole(void)
{
    struct gnttab_map_grant_ref *m =
        (void *)((char *)UNMAPPED - sizeof(struct gnttab_map_grant_ref));

    grant_table();
    *m = (struct gnttab_map_grant_ref){
        .flags = GNTMAP_host_map, .ref = ~0u, .dom = own_domid()};
    SAME(grant_op(GNTTABOP_map_grant_ref, m, 2), NEG_EFAULT);
}

static void status_read_only(void)
{
    CHECK(GRANT_ONE(GNTTABOP_map_grant_ref, READ_ONLY) == NEG_EFAULT);
}

const struct test grant_map_tests[] = {
    TEST(map, "A grant MUST be in use while it is mapped."),
    TEST(read_only, "A mapping to read MUST NOT mark the grant as written."),
    TEST(read_only_not_written,
         "What may be read only MUST NOT be mapped to write."),
    TEST(not_offered, "What is not offered MUST NOT be mapped."),
    TEST(to_another, "What is offered to another MUST NOT be mapped."),
    TEST(page_not_there, "A page that is not there MUST NOT be mapped."),
    TEST(bad_ref, "References that are not there MUST be refused."),
    TEST(bad_domain, "Domains that are not there MUST be refused."),
    TEST(bad_flags, "Kinds of mappings not for us MUST be refused."),
    TEST(bad_place, "Lists that are not there MUST be refused."),
    TEST(twice, "A grant MUST be in use until its last mapping ends."),
    TEST(unmapped_twice, "A handle MUST end once."),
    TEST(unmap_bad_handle, "Handles that are not there MUST be refused."),
    TEST(unmap_wrong_place, "A mapping MUST end at its own place."),
    TEST(ended_while_mapped, "A mapping MUST outlive the end of the offer."),
    TEST(batch, "Each of a list MUST have its own status."),
    TEST(batch_into_hole, "A list that runs into a hole MUST be refused."),
    TEST(status_read_only, "A status that cannot be written: -EFAULT."),
    {0},
};
