/*
 * Grant tables as a whole: size, growth, versions, frames for mapping, dump.
 */
#include "grants.h"

#include <string.h>

#include "hv/gnttab.h"

#define NR __HYPERVISOR_grant_table_op

static int set_version(struct domain *d, unsigned int version,
                       unsigned int *now)
{
    struct gnttab_set_version v = {.version = version};
    int rc = (int)grant_call(d, set_version, &v);

    *now = v.version;
    return rc;
}

/* --- Size and growth --- */

START_TEST(query_size_tells_frames)
{
    struct gnttab_query_size q = {.dom = DOMID_SELF};

    ck_assert_int_eq(grant_call(d1, query_size, &q), 0);
    ck_assert_int_eq(q.status, GNTST_okay);
    ck_assert_uint_eq(q.nr_frames, 1);
    ck_assert_uint_eq(q.max_nr_frames, 64);
    (void)grant_v1(d1, 5 * 512);
    q = (struct gnttab_query_size){.dom = 1};
    ck_assert_int_eq(grant_call(d0, query_size, &q), 0);
    ck_assert_uint_eq(q.nr_frames, 6);
}
END_TEST

START_TEST(others_tables_need_privilege)
{
    struct gnttab_query_size q = {.dom = 2};
    struct gnttab_get_version v = {.dom = 2};

    ck_assert_int_eq(grant_call(d1, query_size, &q), 0);
    ck_assert_int_eq(q.status, GNTST_permission_denied);
    ck_assert_int_eq(grant_call(d1, get_version, &v), -XEN_EPERM);
}
END_TEST

START_TEST(unknown_domains_have_no_table)
{
    struct gnttab_query_size q = {.dom = 77};
    struct gnttab_get_version v = {.dom = 77};

    ck_assert_int_eq(grant_call(d0, query_size, &q), 0);
    ck_assert_int_eq(q.status, GNTST_bad_domain);
    ck_assert_int_eq(grant_call(d0, get_version, &v), -XEN_ESRCH);
}
END_TEST

static int swap(grant_ref_t a, grant_ref_t b)
{
    struct gnttab_swap_grant_ref op = {.ref_a = a, .ref_b = b};

    ck_assert_int_eq(grant_call(d1, swap_grant_ref, &op), 0);
    return op.status;
}

START_TEST(entries_swap_in_either_version)
{
    grant_offer(d1, 20, 2, 5, 0);
    grant_offer(d1, 21, 0, 6, GTF_readonly);
    ck_assert_int_eq(swap(20, 21), GNTST_okay);
    ck_assert_uint_eq(grant_v1(d1, 20)->frame, 6);
    ck_assert_uint_eq(grant_v1(d1, 21)->domid, 2);
    ck_assert_int_eq(swap(20, 20), GNTST_okay);
    ck_assert_int_eq(swap(20, 100000), GNTST_bad_gntref);
    ck_assert_int_eq(swap(~0U, 20), GNTST_bad_gntref);
    grant_version(d1, 2);
    grant_v2(d1, 20)->full_page.frame = 7;
    *grant_status_word(d1, 21) = GTF_reading;
    ck_assert_int_eq(swap(20, 21), GNTST_okay);
    ck_assert_uint_eq(grant_v2(d1, 21)->full_page.frame, 7);
    ck_assert_uint_eq(*grant_status_word(d1, 20), GTF_reading);
}
END_TEST

START_TEST(entries_in_use_do_not_swap)
{
    grant_handle_t h;

    grant_offer(d1, 20, 2, 5, 0);
    ck_assert_int_eq(grant_map(d2, 1, 20, GNTMAP_host_map, GRANT_HOLE, &h), 0);
    ck_assert_int_eq(swap(20, 21), GNTST_eagain);
    ck_assert_int_eq(swap(21, 20), GNTST_eagain);
    ck_assert_int_eq(grant_unmap(d2, h, GRANT_HOLE), 0);
    ck_assert_int_eq(swap(20, 21), GNTST_okay);
    ck_assert_uint_eq(grant_v1(d1, 21)->frame, 5);
}
END_TEST

START_TEST(frames_grow_to_the_limit_and_count_as_shared)
{
    uint64_t pages = d1->tot_pages;
    mfn_t first, last;

    ck_assert_int_eq(gnttab_frame(d1, 0, false, &first), 0);
    ck_assert_int_eq(gnttab_frame(d1, 63, false, &last), 0);
    ck_assert_uint_ne(mfn_x(first), mfn_x(last));
    ck_assert_uint_eq(page_owner(last), 1);
    ck_assert_uint_eq(d1->tot_pages, pages);
    ck_assert_int_eq(gnttab_frame(d1, 64, false, &last), -XEN_EINVAL);
    ck_assert_int_eq(gnttab_frame(d1, ~0UL, false, &last), -XEN_EINVAL);
    ck_assert_int_eq(gnttab_frame(d1, 0, true, &last), -XEN_EINVAL);
    grant_version(d1, 2);
    ck_assert_int_eq(gnttab_frame(d1, 7, true, &last), 0);
    ck_assert_int_eq(gnttab_frame(d1, 8, true, &last), -XEN_EINVAL);
    ck_assert_int_eq(gnttab_frame(d1, ~0UL, true, &last), -XEN_EINVAL);
    guests_gone_without_leak();
}
END_TEST

START_TEST(status_frames_grow_with_their_index)
{
    struct gnttab_query_size q = {.dom = DOMID_SELF};
    mfn_t m;

    grant_version(d1, 2);
    ck_assert_int_eq(gnttab_frame(d1, 1, true, &m), 0);
    ck_assert_int_eq(grant_call(d1, query_size, &q), 0);
    ck_assert_uint_eq(q.nr_frames, 16);
}
END_TEST

START_TEST(growth_without_memory_can_be_tried_again)
{
    unsigned int freed = 0;
    mfn_t m;

    guests_no_memory();
    ck_assert_int_eq(gnttab_frame(d1, 3, false, &m), -XEN_EINVAL);
    grant_v1(d1, 0)->flags = 0x55;
    /* Each page more lets it come one step further. */
    while (gnttab_frame(d1, 3, false, &m)) {
        ck_assert_uint_lt(freed, 12);
        page_put(guest_mfn(d2, freed++));
    }
    ck_assert_uint_gt(freed, 3);
    ck_assert_uint_eq(grant_v1(d1, 0)->flags, 0x55);
}
END_TEST

START_TEST(resources_are_acquired_in_ranges)
{
    static const struct {
        unsigned int id, first, nr;
        int rc;
    } row[] = {
        {XENMEM_resource_grant_table_id_shared, 0, 1, 0},
        {XENMEM_resource_grant_table_id_shared, 2, 5, 0},
        {XENMEM_resource_grant_table_id_shared, 0, 64, 0},
        {XENMEM_resource_grant_table_id_shared, 0, 0, -XEN_EINVAL},
        {XENMEM_resource_grant_table_id_shared, 0, 65, -XEN_EINVAL},
        {XENMEM_resource_grant_table_id_shared, 64, 1, -XEN_EINVAL},
        {XENMEM_resource_grant_table_id_shared, ~0U, 2, -XEN_EINVAL},
        {XENMEM_resource_grant_table_id_status, 0, 1, -XEN_EINVAL},
        {2, 0, 1, -XEN_EINVAL},
    };
    mfn_t m[64], same;

    for (unsigned int i = 0; i < ARRAY_SIZE(row); i++) {
        ck_assert_int_eq(
            gnttab_acquire(d1, row[i].id, row[i].first, row[i].nr, m),
            row[i].rc);
        if (row[i].rc)
            continue;
        ck_assert_int_eq(
            gnttab_frame(d1, row[i].first + row[i].nr - 1, false, &same), 0);
        ck_assert_uint_eq(mfn_x(m[row[i].nr - 1]), mfn_x(same));
    }
    grant_version(d1, 2);
    ck_assert_int_eq(
        gnttab_acquire(d1, XENMEM_resource_grant_table_id_status, 0, 8, m), 0);
    ck_assert_uint_eq(gnttab_resource_max(d1, 0), 64);
    ck_assert_uint_eq(gnttab_resource_max(d1, 1), 8);
    ck_assert_uint_eq(gnttab_resource_max(d1, 2), 0);
}
END_TEST

START_TEST(limits_are_checked_at_creation)
{
    static const unsigned int row[][4] = {
        {0, 10, 1},  {65, 10, 1}, {~0U, 10, 1}, {4, 1025, 1},
        {4, ~0U, 1}, {4, 10, 0},  {4, 10, 3}};
    struct domain d = {.id = 9};

    for (unsigned int i = 0; i < ARRAY_SIZE(row); i++)
        ck_assert_int_eq(
            gnttab_domain_init(&d, row[i][0], row[i][1], row[i][2]),
            -XEN_EINVAL);
    ck_assert_ptr_null(d.gnttab);
    ck_assert_int_eq(gnttab_domain_relinquish(&d), 0);
    gnttab_domain_fini(&d);
}
END_TEST

/* --- Versions --- */

START_TEST(versions_switch_forth_and_back)
{
    struct gnttab_get_version v = {.dom = DOMID_SELF};
    unsigned int now;

    ck_assert_int_eq(set_version(d1, 2, &now), 0);
    ck_assert_uint_eq(now, 2);
    ck_assert_int_eq(grant_call(d1, get_version, &v), 0);
    ck_assert_uint_eq(v.version, 2);
    ck_assert_int_eq(set_version(d1, 2, &now), 0);
    ck_assert_int_eq(set_version(d1, 1, &now), 0);
    ck_assert_uint_eq(now, 1);
    guests_gone_without_leak();
}
END_TEST

START_TEST(bad_versions_leave_the_present_one)
{
    struct domain_config c = {
        .abi = {.flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap,
                .max_vcpus = 1,
                .max_grant_frames = 4,
                .grant_opts = XEN_DOMCTL_GRANT_version(1)},
    };
    struct domain *d;
    struct vcpu *v;
    unsigned int now;

    for (unsigned int i = 0; i < 5; i++) {
        if (i == 1 || i == 2)
            continue;
        ck_assert_int_eq(set_version(d1, i, &now), -XEN_EINVAL);
        ck_assert_uint_eq(now, 1);
    }
    ck_assert_int_eq(domain_create(5, &c, &d), 0);
    ck_assert_int_eq(vcpu_create(d, 0, &v), 0);
    d->max_pages = 100;
    double_domain_ram(d, 20);
    ck_assert_int_eq(set_version(d, 2, &now), -XEN_ENOSYS);
    ck_assert_uint_eq(now, 1);
    guest_kill(d);
}
END_TEST

START_TEST(a_switch_clears_all_but_the_reserved_entries)
{
    unsigned int now;

    grant_offer(d1, 1, 0, 22, 0);
    grant_offer(d1, 9, 0, 23, 0);
    ck_assert_int_eq(set_version(d1, 2, &now), 0);
    ck_assert_uint_eq(grant_v2(d1, 1)->hdr.flags, GTF_permit_access);
    ck_assert_uint_eq(grant_v2(d1, 1)->full_page.frame, 22);
    ck_assert_uint_eq(grant_v2(d1, 9)->hdr.flags, 0);
    grant_v2(d1, 9)->hdr.flags = GTF_permit_access;
    ck_assert_int_eq(set_version(d1, 1, &now), 0);
    ck_assert_uint_eq(grant_v1(d1, 1)->frame, 22);
    ck_assert_uint_eq(grant_v1(d1, 1)->domid, 0);
    ck_assert_uint_eq(grant_v1(d1, 9)->flags, 0);
}
END_TEST

START_TEST(a_reserved_grant_stays_mapped_over_a_switch)
{
    grant_handle_t h;
    unsigned int now;

    grant_offer(d1, 1, 2, 22, 0);
    ck_assert_int_eq(grant_map(d2, 1, 1, GNTMAP_host_map, GRANT_HOLE, &h), 0);
    ck_assert_int_eq(set_version(d1, 2, &now), 0);
    ck_assert_uint_eq(grant_in_use(d1, 1), GTF_reading | GTF_writing);
    ck_assert_int_eq(set_version(d1, 1, &now), 0);
    ck_assert_uint_eq(grant_in_use(d1, 1), GTF_reading | GTF_writing);
    ck_assert_int_eq(set_version(d1, 2, &now), 0);
    ck_assert_int_eq(grant_unmap(d2, h, GRANT_HOLE), 0);
    ck_assert_uint_eq(grant_in_use(d1, 1), 0);
    guests_gone_without_leak();
}
END_TEST

START_TEST(other_grants_in_use_forbid_a_switch)
{
    grant_handle_t h;
    unsigned int now;

    grant_offer(d1, 8, 0, 22, 0);
    ck_assert_int_eq(grant_map(d0, 1, 8, GNTMAP_host_map, GRANT_HOLE, &h), 0);
    ck_assert_int_eq(set_version(d1, 2, &now), -XEN_EBUSY);
    ck_assert_uint_eq(now, 1);
    ck_assert_int_eq(grant_unmap(d0, h, GRANT_HOLE), 0);
    ck_assert_int_eq(set_version(d1, 2, &now), 0);
}
END_TEST

START_TEST(entries_that_version_1_cannot_hold_forbid_it)
{
    unsigned int now;

    ck_assert_int_eq(set_version(d1, 2, &now), 0);
    grant_v2(d1, 3)->hdr.flags = GTF_transitive;
    ck_assert_int_eq(set_version(d1, 1, &now), -XEN_ERANGE);
    ck_assert_uint_eq(now, 2);
    grant_v2(d1, 3)->hdr.flags = GTF_permit_access;
    grant_v2(d1, 3)->full_page.frame = 1ULL << 32;
    ck_assert_int_eq(set_version(d1, 1, &now), -XEN_ERANGE);
    grant_v2(d1, 3)->hdr.flags = GTF_accept_transfer;
    ck_assert_int_eq(set_version(d1, 1, &now), 0);
    ck_assert_uint_eq(grant_v1(d1, 3)->flags, 0);
}
END_TEST

START_TEST(no_memory_for_status_frames_keeps_version_1)
{
    unsigned int now;

    guests_no_memory();
    ck_assert_int_eq(set_version(d1, 2, &now), -XEN_ENOMEM);
    ck_assert_uint_eq(now, 1);
}
END_TEST

START_TEST(the_new_version_must_fit_in_guest_memory)
{
    uint32_t two = 2;

    ck_assert_int_eq(guest_call(d1, NR, GNTTABOP_set_version, DOUBLE_VA_END, 1),
                     -XEN_EFAULT);
    double_walk_fails_at = ~0ULL;
    ck_assert_int_eq(
        guest_call_arg(d1, NR, GNTTABOP_set_version, &two, sizeof(two), 0), 0);
}
END_TEST

/* --- Dump --- */

START_TEST(dump_names_grants_in_use)
{
    grant_handle_t h;

    grant_offer(d1, 8, 2, 20, 0);
    ck_assert_int_eq(grant_map(d2, 1, 8, GNTMAP_host_map, GRANT_HOLE, &h), 0);
    double_serial_clear();
    gnttab_dump(d1);
    ck_assert_ptr_nonnull(strstr(double_serial(), "domain 1: grant table v1"));
    ck_assert_ptr_nonnull(strstr(double_serial(), "grant 8: d2"));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        query_size_tells_frames,
        others_tables_need_privilege,
        unknown_domains_have_no_table,
        entries_swap_in_either_version,
        entries_in_use_do_not_swap,
        frames_grow_to_the_limit_and_count_as_shared,
        status_frames_grow_with_their_index,
        growth_without_memory_can_be_tried_again,
        resources_are_acquired_in_ranges,
        limits_are_checked_at_creation,
        versions_switch_forth_and_back,
        bad_versions_leave_the_present_one,
        a_switch_clears_all_but_the_reserved_entries,
        a_reserved_grant_stays_mapped_over_a_switch,
        other_grants_in_use_forbid_a_switch,
        entries_that_version_1_cannot_hold_forbid_it,
        no_memory_for_status_frames_keeps_version_1,
        the_new_version_must_fit_in_guest_memory,
        dump_names_grants_in_use,
    };

    return guests_run_tests("gnttab_table", tests, ARRAY_SIZE(tests));
}
