/*
 * Grant tables: map, unmap and what holds what, for honest and hostile domains,
 * in life and death.
 */
#include "grants.h"

#include <string.h>
#include <threads.h>

#include "hv/gnttab.h"
#include "hv/heap.h"
#include "hv/p2m.h"

#define NR __HYPERVISOR_grant_table_op
/* d1 grants this frame under this reference, unless a test says otherwise. */
#define REF 9
#define GFN 20
#define RO  GNTMAP_readonly
#define RW  0

#define IN_READ  GTF_reading
#define IN_WRITE (GTF_reading | GTF_writing)

static grant_handle_t h;

static int map(struct domain *d, unsigned int flags, uint64_t addr)
{
    return grant_map(d, 1, REF, GNTMAP_host_map | flags, addr, &h);
}

static struct p2m_entry at(struct domain *d, uint64_t addr)
{
    return p2m_get(d, _gfn(addr >> PAGE_SHIFT));
}

/* --- Calls as a whole --- */

START_TEST(unknown_operation_is_enosys)
{
    static const unsigned int nr[] = {GNTTABOP_setup_table,
                                      GNTTABOP_dump_table,
                                      GNTTABOP_get_status_frames,
                                      GNTTABOP_cache_flush,
                                      13,
                                      4095,
                                      GNTTABOP_transfer,
                                      GNTTABOP_unmap_and_replace,
                                      GNTTABOP_copy | 0x1000,
                                      ~0U};

    for (unsigned int i = 0; i < ARRAY_SIZE(nr); i++)
        ck_assert_int_eq(guest_call(d1, NR, nr[i], GUEST_ARG, 1), -XEN_ENOSYS);
}
END_TEST

START_TEST(bad_counts_are_einval)
{
    ck_assert_int_eq(
        guest_call(d1, NR, GNTTABOP_map_grant_ref, GUEST_ARG, 0x80000000),
        -XEN_EINVAL);
    ck_assert_int_eq(guest_call(d1, NR, GNTTABOP_query_size, GUEST_ARG, 0),
                     -XEN_EINVAL);
    ck_assert_int_eq(guest_call(d1, NR, GNTTABOP_query_size, GUEST_ARG, 2),
                     -XEN_EINVAL);
    ck_assert_int_eq(guest_call(d1, NR, GNTTABOP_copy, DOUBLE_VA_END, 0), 0);
}
END_TEST

START_TEST(argument_out_of_memory_is_efault)
{
    static const unsigned int nr[] = {
        GNTTABOP_map_grant_ref, GNTTABOP_unmap_grant_ref, GNTTABOP_copy,
        GNTTABOP_query_size,    GNTTABOP_set_version,     GNTTABOP_get_version};

    for (unsigned int i = 0; i < ARRAY_SIZE(nr); i++)
        ck_assert_int_eq(guest_call(d1, NR, nr[i], DOUBLE_VA_END, 1),
                         -XEN_EFAULT);
}
END_TEST

/* --- Map --- */

START_TEST(mapping_shows_the_granted_frame)
{
    grant_offer(d1, REF, 2, GFN, 0);
    ck_assert_int_eq(map(d2, RW, GRANT_HOLE), GNTST_okay);
    ck_assert_int_eq(at(d2, GRANT_HOLE).type, P2M_GRANT_RW);
    ck_assert_uint_eq(mfn_x(at(d2, GRANT_HOLE).mfn), mfn_x(guest_mfn(d1, GFN)));
    ck_assert_uint_eq(grant_in_use(d1, REF), IN_WRITE);
    ck_assert_uint_eq(page_refs(guest_mfn(d1, GFN)), 2);
}
END_TEST

START_TEST(unmapping_gives_all_of_it_back)
{
    grant_offer(d1, REF, 2, GFN, 0);
    ck_assert_int_eq(map(d2, RW, GRANT_HOLE), GNTST_okay);
    ck_assert_int_eq(grant_unmap(d2, h, GRANT_HOLE), GNTST_okay);
    ck_assert_int_eq(at(d2, GRANT_HOLE).type, P2M_NONE);
    ck_assert_uint_eq(grant_in_use(d1, REF), 0);
    ck_assert_uint_eq(page_refs(guest_mfn(d1, GFN)), 1);
    ck_assert_int_eq(grant_unmap(d2, h, GRANT_HOLE), GNTST_bad_handle);
    guests_gone_without_leak();
}
END_TEST

START_TEST(a_readonly_mapping_only_reads)
{
    grant_offer(d1, REF, 2, GFN, GTF_readonly);
    ck_assert_int_eq(map(d2, RW, GRANT_HOLE), GNTST_general_error);
    ck_assert_uint_eq(grant_in_use(d1, REF), 0);
    ck_assert_int_eq(map(d2, RO, GRANT_HOLE), GNTST_okay);
    ck_assert_int_eq(at(d2, GRANT_HOLE).type, P2M_GRANT_RO);
    ck_assert_uint_eq(grant_in_use(d1, REF), IN_READ);
}
END_TEST

START_TEST(flags_follow_the_mappings_that_are_left)
{
    grant_handle_t ro, rw, rw2;

    grant_offer(d1, REF, 2, GFN, 0);
    ck_assert_int_eq(map(d2, RO, GRANT_HOLE), GNTST_okay);
    ro = h;
    ck_assert_uint_eq(grant_in_use(d1, REF), IN_READ);
    ck_assert_int_eq(map(d2, RW, GRANT_HOLE + PAGE_SIZE), GNTST_okay);
    rw = h;
    ck_assert_int_eq(map(d2, RW, GRANT_HOLE + 2 * PAGE_SIZE), GNTST_okay);
    rw2 = h;
    ck_assert_uint_eq(grant_in_use(d1, REF), IN_WRITE);
    ck_assert_int_eq(grant_unmap(d2, rw, GRANT_HOLE + PAGE_SIZE), GNTST_okay);
    ck_assert_uint_eq(grant_in_use(d1, REF), IN_WRITE);
    ck_assert_int_eq(grant_unmap(d2, rw2, GRANT_HOLE + 2 * PAGE_SIZE),
                     GNTST_okay);
    ck_assert_uint_eq(grant_in_use(d1, REF), IN_READ);
    ck_assert_int_eq(grant_unmap(d2, ro, GRANT_HOLE), GNTST_okay);
    ck_assert_uint_eq(grant_in_use(d1, REF), 0);
}
END_TEST

START_TEST(bad_requests_have_their_status)
{
    static const struct {
        domid_t of;
        grant_ref_t ref;
        uint32_t flags;
        uint64_t addr;
        int16_t status;
    } row[] = {
        {1, REF, 0, GRANT_HOLE, GNTST_bad_gntref},
        {1, REF, GNTMAP_readonly, GRANT_HOLE, GNTST_bad_gntref},
        {1, REF, GNTMAP_device_map, GRANT_HOLE, GNTST_general_error},
        {1, REF, GNTMAP_host_map | GNTMAP_application_map, GRANT_HOLE,
         GNTST_general_error},
        {1, REF, GNTMAP_host_map | GNTMAP_contains_pte, GRANT_HOLE,
         GNTST_general_error},
        {1, REF, GNTMAP_host_map | 0x20, GRANT_HOLE, GNTST_general_error},
        {1, REF, GNTMAP_host_map | 0x10000, GRANT_HOLE, GNTST_general_error},
        {77, REF, GNTMAP_host_map, GRANT_HOLE, GNTST_bad_domain},
        {DOMID_SELF, REF, GNTMAP_host_map, GRANT_HOLE, GNTST_bad_domain},
        {1, 512, GNTMAP_host_map, GRANT_HOLE, GNTST_bad_gntref},
        {1, ~0U, GNTMAP_host_map, GRANT_HOLE, GNTST_bad_gntref},
        {1, REF + 1, GNTMAP_host_map, GRANT_HOLE, GNTST_general_error},
        {1, REF, GNTMAP_host_map, 1ULL << 60, GNTST_general_error},
    };

    grant_offer(d1, REF, 2, GFN, 0);
    for (unsigned int i = 0; i < ARRAY_SIZE(row); i++) {
        ck_assert_int_eq(
            grant_map(d2, row[i].of, row[i].ref, row[i].flags, row[i].addr, &h),
            row[i].status);
        ck_assert_uint_eq(grant_in_use(d1, REF), 0);
        ck_assert_uint_eq(page_refs(guest_mfn(d1, GFN)), 1);
    }
    guests_gone_without_leak();
}
END_TEST

START_TEST(an_entry_must_permit_the_access)
{
    static const struct {
        uint16_t flags;
        domid_t to;
        uint32_t gfn;
        int16_t status;
    } row[] = {
        {GTF_invalid, 2, GFN, GNTST_general_error},
        {GTF_accept_transfer, 2, GFN, GNTST_general_error},
        {GTF_transitive, 2, GFN, GNTST_general_error},
        {GTF_permit_access | GTF_sub_page, 2, GFN, GNTST_general_error},
        {GTF_permit_access, 3, GFN, GNTST_general_error},
        {GTF_permit_access, 0, GFN, GNTST_general_error},
        {GTF_permit_access, 2, GUEST_PAGES, GNTST_bad_page},
        {GTF_permit_access, 2, ~0U, GNTST_bad_page},
    };

    for (unsigned int i = 0; i < ARRAY_SIZE(row); i++) {
        *grant_v1(d1, REF) = (grant_entry_v1_t){
            .flags = row[i].flags, .domid = row[i].to, .frame = row[i].gfn};
        ck_assert_int_eq(map(d2, RW, GRANT_HOLE), row[i].status);
        ck_assert_uint_eq(grant_in_use(d1, REF), 0);
    }
}
END_TEST

START_TEST(only_plain_memory_can_be_granted)
{
    mfn_t m = guest_mfn(d1, GFN);
    static const enum p2m_type type[] = {P2M_MMIO, P2M_GRANT_RW, P2M_FOREIGN,
                                         P2M_SHARED, P2M_RAM_RO};

    grant_offer(d1, REF, 2, GFN, 0);
    for (unsigned int i = 0; i < ARRAY_SIZE(type); i++) {
        ck_assert_int_eq(p2m_set(d1, _gfn(GFN), m, 0, type[i]), 0);
        ck_assert_int_eq(map(d2, RW, GRANT_HOLE), GNTST_bad_page);
    }
    /* Read-only memory may be read. */
    ck_assert_int_eq(map(d2, RO, GRANT_HOLE), GNTST_okay);
    ck_assert_int_eq(map(d2, RW, GRANT_HOLE + PAGE_SIZE), GNTST_bad_page);
    ck_assert_uint_eq(grant_in_use(d1, REF), IN_READ);
}
END_TEST

START_TEST(another_domain_cannot_join_a_grant_in_use)
{
    grant_offer(d1, REF, 2, GFN, 0);
    ck_assert_int_eq(map(d2, RO, GRANT_HOLE), GNTST_okay);
    grant_v1(d1, REF)->domid = 0;
    ck_assert_int_eq(map(d0, RO, GRANT_HOLE), GNTST_general_error);
    ck_assert_int_eq(map(d2, RO, GRANT_HOLE + PAGE_SIZE), GNTST_okay);
}
END_TEST

START_TEST(an_entry_is_pinned_at_most_128_times)
{
    grant_handle_t last = 0;

    grant_offer(d1, REF, 2, GFN, 0);
    for (unsigned int i = 0; i < 128; i++) {
        ck_assert_int_eq(map(d2, RO, GRANT_HOLE + i * PAGE_SIZE), GNTST_okay);
        last = h;
    }
    ck_assert_int_eq(map(d2, RO, GRANT_HOLE + 128 * PAGE_SIZE),
                     GNTST_general_error);
    ck_assert_int_eq(map(d2, RW, GRANT_HOLE + 129 * PAGE_SIZE), GNTST_okay);
    ck_assert_int_eq(grant_unmap(d2, last, GRANT_HOLE + 127 * PAGE_SIZE),
                     GNTST_okay);
    ck_assert_int_eq(map(d2, RO, GRANT_HOLE + 128 * PAGE_SIZE), GNTST_okay);
    ck_assert_uint_eq(page_refs(guest_mfn(d1, GFN)), 2);
    guests_gone_without_leak();
}
END_TEST

START_TEST(a_domain_can_map_its_own_grant)
{
    grant_offer(d1, REF, 1, GFN, 0);
    ck_assert_int_eq(map(d1, RW, GRANT_HOLE), GNTST_okay);
    ck_assert_uint_eq(grant_in_use(d1, REF), IN_WRITE);
    guests_gone_without_leak();
}
END_TEST

START_TEST(memory_under_a_mapping_is_released)
{
    mfn_t under = guest_mfn(d2, 30);
    uint64_t pages = d2->tot_pages;

    grant_offer(d1, REF, 2, GFN, 0);
    ck_assert_int_eq(map(d2, RW, 30 * PAGE_SIZE), GNTST_okay);
    ck_assert_uint_eq(page_owner(under), PAGE_OWNER_FREE);
    ck_assert_uint_eq(d2->tot_pages, pages - 1);
    ck_assert_int_eq(grant_unmap(d2, h, 30 * PAGE_SIZE), GNTST_okay);
    ck_assert_int_eq(at(d2, 30 * PAGE_SIZE).type, P2M_NONE);
}
END_TEST

START_TEST(other_things_are_not_mapped_over)
{
    static const enum p2m_type type[] = {P2M_MMIO, P2M_GRANT_RW, P2M_GRANT_RO,
                                         P2M_FOREIGN, P2M_SHARED};
    gfn_t gfn = _gfn(GRANT_HOLE >> PAGE_SHIFT);

    grant_offer(d1, REF, 2, GFN, 0);
    for (unsigned int i = 0; i < ARRAY_SIZE(type); i++) {
        ck_assert_int_eq(p2m_set(d2, gfn, _mfn(1), 0, type[i]), 0);
        ck_assert_int_eq(map(d2, RW, GRANT_HOLE), GNTST_general_error);
        ck_assert_int_eq(at(d2, GRANT_HOLE).type, type[i]);
        ck_assert_uint_eq(grant_in_use(d1, REF), 0);
    }
}
END_TEST

START_TEST(a_failing_p2m_undoes_the_mapping)
{
    grant_offer(d1, REF, 2, GFN, 0);
    double_p2m_countdown = 0;
    ck_assert_int_eq(map(d2, RW, GRANT_HOLE), GNTST_general_error);
    double_p2m_countdown = -1;
    ck_assert_uint_eq(grant_in_use(d1, REF), 0);
    ck_assert_int_eq(map(d2, RW, GRANT_HOLE), GNTST_okay);
    double_p2m_countdown = 0;
    ck_assert_int_eq(grant_unmap(d2, h, GRANT_HOLE), GNTST_general_error);
    double_p2m_countdown = -1;
    ck_assert_int_eq(grant_unmap(d2, h, GRANT_HOLE), GNTST_okay);
    guests_gone_without_leak();
}
END_TEST

START_TEST(handles_end_at_the_domains_limit)
{
    struct domain_config c = {
        .abi = {.flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap,
                .max_vcpus = 1,
                .max_grant_frames = 4,
                .max_maptrack_frames = 1,
                .grant_opts = XEN_DOMCTL_GRANT_version(1)},
    };
    struct domain *d;
    struct vcpu *v;
    unsigned int n = 0;

    ck_assert_int_eq(domain_create(5, &c, &d), 0);
    ck_assert_int_eq(vcpu_create(d, 0, &v), 0);
    d->max_pages = 100;
    double_domain_ram(d, 20);
    for (grant_ref_t r = 8; r < 400; r++)
        grant_offer(d1, r, 5, GFN, 0);
    while (!grant_map(d, 1, n + 8, GNTMAP_host_map, GRANT_HOLE + n * PAGE_SIZE,
                      &h))
        n++;
    ck_assert_uint_eq(n, 256);
    ck_assert_int_eq(grant_map(d, 1, 300, GNTMAP_host_map, 1ULL << 30, &h),
                     GNTST_no_space);
    guest_kill(d);
    guests_gone_without_leak();
}
END_TEST

START_TEST(no_memory_for_handles_is_no_space)
{
    grant_offer(d1, REF, 2, GFN, 0);
    guests_no_memory();
    ck_assert_int_eq(map(d2, RW, GRANT_HOLE), GNTST_no_space);
    ck_assert_uint_eq(grant_in_use(d1, REF), 0);
}
END_TEST

/* --- Unmap --- */

START_TEST(unmap_checks_handle_and_address)
{
    grant_handle_t other;

    ck_assert_int_eq(grant_unmap(d2, 0, GRANT_HOLE), GNTST_bad_handle);
    grant_offer(d1, REF, 2, GFN, 0);
    ck_assert_int_eq(map(d2, RW, GRANT_HOLE), GNTST_okay);
    other = h + 1;
    ck_assert_int_eq(grant_unmap(d2, other, GRANT_HOLE), GNTST_bad_handle);
    ck_assert_int_eq(grant_unmap(d2, ~0U, GRANT_HOLE), GNTST_bad_handle);
    ck_assert_int_eq(grant_unmap(d2, h, GRANT_HOLE + PAGE_SIZE),
                     GNTST_general_error);
    ck_assert_int_eq(grant_unmap(d2, h, 5 * PAGE_SIZE), GNTST_general_error);
    ck_assert_int_eq(grant_unmap(d2, h, ~0ULL), GNTST_general_error);
    ck_assert_int_eq(at(d2, 5 * PAGE_SIZE).type, P2M_RAM_RW);
    /* Without an address nothing is asked for. */
    ck_assert_int_eq(grant_unmap(d2, h, 0), GNTST_okay);
    ck_assert_uint_eq(grant_in_use(d1, REF), IN_WRITE);
    ck_assert_int_eq(grant_unmap(d2, h, GRANT_HOLE), GNTST_okay);
}
END_TEST

START_TEST(a_readonly_handle_does_not_unmap_a_writable_page)
{
    grant_handle_t ro;

    grant_offer(d1, REF, 2, GFN, 0);
    ck_assert_int_eq(map(d2, RO, GRANT_HOLE), GNTST_okay);
    ro = h;
    ck_assert_int_eq(map(d2, RW, GRANT_HOLE + PAGE_SIZE), GNTST_okay);
    ck_assert_int_eq(grant_unmap(d2, ro, GRANT_HOLE + PAGE_SIZE),
                     GNTST_general_error);
    ck_assert_int_eq(grant_unmap(d2, h, GRANT_HOLE), GNTST_general_error);
    ck_assert_uint_eq(grant_in_use(d1, REF), IN_WRITE);
}
END_TEST

START_TEST(a_mapping_lost_by_other_means_stays_accounted)
{
    grant_offer(d1, REF, 2, GFN, 0);
    ck_assert_int_eq(map(d2, RW, GRANT_HOLE), GNTST_okay);
    ck_assert_int_eq(p2m_clear(d2, _gfn(GRANT_HOLE >> PAGE_SHIFT), 0), 0);
    ck_assert_int_eq(grant_unmap(d2, h, GRANT_HOLE), GNTST_general_error);
    ck_assert_uint_eq(grant_in_use(d1, REF), IN_WRITE);
    guests_gone_without_leak();
}
END_TEST

#define LIST_LENGTH 100

static struct gnttab_map_grant_ref list[LIST_LENGTH];
static struct gnttab_unmap_grant_ref unlist[LIST_LENGTH];

static void map_list(void)
{
    for (unsigned int i = 0; i < LIST_LENGTH; i++) {
        grant_offer(d1, 8 + i, 2, i % GUEST_PAGES, 0);
        list[i] = (struct gnttab_map_grant_ref){
            .host_addr = GRANT_HOLE + i * PAGE_SIZE,
            .flags = GNTMAP_host_map,
            .ref = 8 + i,
            .dom = 1,
        };
    }
    ck_assert_int_eq(guest_call_arg(d2, NR, GNTTABOP_map_grant_ref, list,
                                    sizeof(list), LIST_LENGTH),
                     0);
    for (unsigned int i = 0; i < LIST_LENGTH; i++) {
        ck_assert_int_eq(list[i].status, GNTST_okay);
        unlist[i] = (struct gnttab_unmap_grant_ref){
            .host_addr = list[i].host_addr, .handle = list[i].handle};
    }
}

static void unmap_list(void)
{
    ck_assert_int_eq(guest_call_arg(d2, NR, GNTTABOP_unmap_grant_ref, unlist,
                                    sizeof(unlist), LIST_LENGTH),
                     0);
    for (unsigned int i = 0; i < LIST_LENGTH; i++) {
        ck_assert_int_eq(unlist[i].status, GNTST_okay);
        ck_assert_uint_eq(grant_in_use(d1, 8 + i), 0);
    }
}

START_TEST(long_lists_are_done_whole)
{
    map_list();
    unmap_list();
    map_list();
    unmap_list();
    guests_gone_without_leak();
}
END_TEST

START_TEST(long_lists_can_be_interrupted)
{
    d2->vcpu[0]->arch->pending = true;
    map_list();
    unmap_list();
    guests_gone_without_leak();
}
END_TEST

START_TEST(a_list_that_leaves_memory_is_done_so_far)
{
    uint64_t end = (uint64_t)GUEST_PAGES * PAGE_SIZE;
    struct gnttab_unmap_grant_ref *two =
        (void *)((char *)guest_mem(d2, GUEST_PAGES - 1) + PAGE_SIZE -
                 2 * sizeof(*two));

    grant_offer(d1, REF, 2, GFN, 0);
    ck_assert_int_eq(map(d2, RW, GRANT_HOLE), GNTST_okay);
    two[0] =
        (struct gnttab_unmap_grant_ref){.host_addr = GRANT_HOLE, .handle = h};
    two[1] = two[0];
    ck_assert_int_eq(
        guest_call(d2, NR, GNTTABOP_unmap_grant_ref, end - 2 * sizeof(*two), 3),
        -XEN_EFAULT);
    ck_assert_int_eq(two[0].status, GNTST_okay);
    ck_assert_int_eq(two[1].status, GNTST_bad_handle);
    ck_assert_uint_eq(grant_in_use(d1, REF), 0);
}
END_TEST

/* --- Death --- */

START_TEST(the_mappers_death_frees_the_grants)
{
    map_list();
    guest_kill(d2);
    ck_assert_ptr_null(domain_find_get(2));
    for (unsigned int i = 0; i < LIST_LENGTH; i++)
        ck_assert_uint_eq(grant_in_use(d1, 8 + i), 0);
    ck_assert_uint_eq(page_refs(guest_mfn(d1, GFN)), 1);
}
END_TEST

START_TEST(a_frame_outlives_its_granter_until_unmapped)
{
    struct domain *dead;
    mfn_t m = guest_mfn(d1, GFN);

    grant_offer(d1, REF, 0, GFN, 0);
    ck_assert_int_eq(map(d0, RW, GRANT_HOLE), GNTST_okay);
    memset(guest_mem(d1, GFN), 0x5a, 16);
    guest_kill(d1);
    dead = domain_find_get(1);
    ck_assert_ptr_nonnull(dead);
    domain_put(dead);
    ck_assert_uint_eq(page_owner(m), 1);
    ck_assert_uint_eq(*(unsigned char *)mfn_to_virt(m), 0x5a);
    /* It grants nothing any more. */
    ck_assert_int_eq(grant_map(d0, 1, REF, GNTMAP_host_map, 1ULL << 30, &h),
                     GNTST_bad_gntref);
    ck_assert_int_eq(grant_unmap(d0, h, GRANT_HOLE), GNTST_okay);
    ck_assert_uint_eq(page_owner(m), PAGE_OWNER_FREE);
    ck_assert_ptr_null(domain_find_get(1));
}
END_TEST

START_TEST(domains_that_map_each_other_die_without_leak)
{
    grant_offer(d1, REF, 2, GFN, 0);
    grant_offer(d2, REF, 1, GFN, 0);
    for (unsigned int i = 0; i < 20; i++) {
        ck_assert_int_eq(map(d2, i % 2 ? RO : RW, GRANT_HOLE + i * PAGE_SIZE),
                         GNTST_okay);
        ck_assert_int_eq(grant_map(d1, 2, REF, GNTMAP_host_map,
                                   GRANT_HOLE + i * PAGE_SIZE, &h),
                         GNTST_okay);
    }
    guests_gone_without_leak();
}
END_TEST

/* --- Hostile granter --- */

static int stop;

static int flip_entry(void *arg)
{
    volatile uint32_t *word = arg;
    uint32_t x = 1;

    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        x = x * 1664525 + 1013904223;
        *word = (2U << 16) | (x >> 28 & 0x7) | GTF_permit_access;
    }
    return 0;
}

START_TEST(an_unstable_entry_costs_its_owner_only)
{
    unsigned int mapped = 0;
    thrd_t t;

    grant_offer(d1, REF, 2, GFN, 0);
    ck_assert_int_eq(thrd_create(&t, flip_entry, grant_v1(d1, REF)),
                     thrd_success);
    for (unsigned int i = 0; i < 20000; i++) {
        int rc = map(d2, i % 2 ? RO : RW, GRANT_HOLE);

        ck_assert(rc == GNTST_okay || rc == GNTST_general_error);
        if (rc)
            continue;
        mapped++;
        ck_assert_int_eq(grant_unmap(d2, h, GRANT_HOLE), GNTST_okay);
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    ck_assert_int_eq(thrd_join(t, NULL), thrd_success);
    ck_assert_uint_gt(mapped, 0);
    ck_assert_uint_eq(page_refs(guest_mfn(d1, GFN)), 1);
    guests_gone_without_leak();
}
END_TEST

START_TEST(a_frame_changed_in_use_is_not_followed)
{
    grant_offer(d1, REF, 2, GFN, 0);
    ck_assert_int_eq(map(d2, RO, GRANT_HOLE), GNTST_okay);
    grant_v1(d1, REF)->frame = GFN + 1;
    ck_assert_int_eq(map(d2, RO, GRANT_HOLE + PAGE_SIZE), GNTST_okay);
    ck_assert_uint_eq(mfn_x(at(d2, GRANT_HOLE + PAGE_SIZE).mfn),
                      mfn_x(guest_mfn(d1, GFN)));
    ck_assert_int_eq(map(d2, RW, GRANT_HOLE + 2 * PAGE_SIZE),
                     GNTST_general_error);
    ck_assert_uint_eq(grant_in_use(d1, REF), IN_READ);
    guests_gone_without_leak();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        unknown_operation_is_enosys,
        bad_counts_are_einval,
        argument_out_of_memory_is_efault,
        mapping_shows_the_granted_frame,
        unmapping_gives_all_of_it_back,
        a_readonly_mapping_only_reads,
        flags_follow_the_mappings_that_are_left,
        bad_requests_have_their_status,
        an_entry_must_permit_the_access,
        only_plain_memory_can_be_granted,
        another_domain_cannot_join_a_grant_in_use,
        an_entry_is_pinned_at_most_128_times,
        a_domain_can_map_its_own_grant,
        memory_under_a_mapping_is_released,
        other_things_are_not_mapped_over,
        a_failing_p2m_undoes_the_mapping,
        handles_end_at_the_domains_limit,
        no_memory_for_handles_is_no_space,
        unmap_checks_handle_and_address,
        a_readonly_handle_does_not_unmap_a_writable_page,
        a_mapping_lost_by_other_means_stays_accounted,
        long_lists_are_done_whole,
        long_lists_can_be_interrupted,
        a_list_that_leaves_memory_is_done_so_far,
        the_mappers_death_frees_the_grants,
        a_frame_outlives_its_granter_until_unmapped,
        domains_that_map_each_other_die_without_leak,
        an_unstable_entry_costs_its_owner_only,
        a_frame_changed_in_use_is_not_followed,
    };

    return guests_run_tests("gnttab", tests, ARRAY_SIZE(tests));
}
