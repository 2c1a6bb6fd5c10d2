/*
 * GNTTABOP_copy: bounds, rights, sub-page grants, version 2.
 */
#include "grants.h"

#include <string.h>

#include "hv/p2m.h"

#define NR  __HYPERVISOR_grant_table_op
#define REF 9
#define GFN 20 /* d1's frame that it grants to d2 under REF */
#define OWN 21 /* d2's frame on the other side */

#define FROM GNTCOPY_source_gref
#define TO   GNTCOPY_dest_gref

static struct gnttab_copy op;

static int run(struct domain *d)
{
    ck_assert_int_eq(grant_call(d, copy, &op), 0);
    return op.status;
}

/* d2 reads 'len' bytes of d1's grant into its own frame. */
static int pull(unsigned int from, unsigned int to, unsigned int len)
{
    op = (struct gnttab_copy){
        .source = {.u.ref = REF, .domid = 1, .offset = (uint16_t)from},
        .dest = {.u.gmfn = OWN, .domid = DOMID_SELF, .offset = (uint16_t)to},
        .len = (uint16_t)len,
        .flags = FROM,
    };
    return run(d2);
}

/* d2 writes to d1's grant. */
static int push(unsigned int from, unsigned int to, unsigned int len)
{
    op = (struct gnttab_copy){
        .source = {.u.gmfn = OWN,
                   .domid = DOMID_SELF,
                   .offset = (uint16_t)from},
        .dest = {.u.ref = REF, .domid = 1, .offset = (uint16_t)to},
        .len = (uint16_t)len,
        .flags = TO,
    };
    return run(d2);
}

static void fill(struct domain *d, uint64_t gfn, unsigned int seed)
{
    unsigned char *p = guest_mem(d, gfn);

    for (unsigned int i = 0; i < PAGE_SIZE; i++)
        p[i] = (unsigned char)(i * 7 + seed);
}

/* Nothing is in use any more. */
static void quiet(void)
{
    ck_assert_uint_eq(grant_in_use(d1, REF), 0);
    ck_assert_uint_eq(page_refs(guest_mfn(d1, GFN)), 1);
    ck_assert_uint_eq(page_refs(guest_mfn(d2, OWN)), 1);
}

/* --- Version 1 --- */

START_TEST(bytes_arrive_where_they_should)
{
    static const struct {
        unsigned int from, to, len;
    } row[] = {{0, 0, 4096}, {0, 0, 0},      {1, 2, 3},    {4095, 0, 1},
               {0, 4095, 1}, {100, 0, 3996}, {0, 4096, 0}, {2048, 2048, 2048}};

    grant_offer(d1, REF, 2, GFN, 0);
    for (unsigned int i = 0; i < ARRAY_SIZE(row); i++) {
        fill(d1, GFN, i);
        memset(guest_mem(d2, OWN), 0, PAGE_SIZE);
        ck_assert_int_eq(pull(row[i].from, row[i].to, row[i].len), GNTST_okay);
        ck_assert_mem_eq((char *)guest_mem(d2, OWN) + row[i].to,
                         (char *)guest_mem(d1, GFN) + row[i].from, row[i].len);
        fill(d2, OWN, i + 100);
        ck_assert_int_eq(push(row[i].from, row[i].to, row[i].len), GNTST_okay);
        ck_assert_mem_eq((char *)guest_mem(d1, GFN) + row[i].to,
                         (char *)guest_mem(d2, OWN) + row[i].from, row[i].len);
    }
    quiet();
}
END_TEST

START_TEST(nothing_beyond_a_page_is_touched)
{
    static const struct {
        unsigned int from, to, len;
    } row[] = {{1, 0, 4096}, {0, 1, 4096},  {4096, 0, 1},
               {0, 4096, 1}, {65535, 0, 1}, {0, 65535, 1},
               {0, 0, 4097}, {0, 0, 65535}, {65535, 65535, 65535}};

    grant_offer(d1, REF, 2, GFN, 0);
    for (unsigned int i = 0; i < ARRAY_SIZE(row); i++)
        ck_assert_int_eq(pull(row[i].from, row[i].to, row[i].len),
                         GNTST_bad_copy_arg);
    quiet();
}
END_TEST

START_TEST(only_own_frames_go_by_number)
{
    pull(0, 0, 1);
    op.flags = 0;
    ck_assert_int_eq(run(d2), GNTST_permission_denied);
    push(0, 0, 1);
    op.flags = 0;
    ck_assert_int_eq(run(d2), GNTST_permission_denied);
    /* Privilege makes no difference. */
    ck_assert_int_eq(run(d0), GNTST_permission_denied);
}
END_TEST

START_TEST(bad_sides_have_their_status)
{
    grant_offer(d1, REF, 2, GFN, GTF_readonly);
    pull(0, 0, 1);
    op.source.domid = 77;
    ck_assert_int_eq(run(d2), GNTST_bad_domain);
    op.source.domid = 1;
    op.source.u.ref = 512;
    ck_assert_int_eq(run(d2), GNTST_bad_gntref);
    op.source.u.ref = REF + 1;
    ck_assert_int_eq(run(d2), GNTST_general_error);
    op.source.u.ref = REF;
    op.dest.u.gmfn = GUEST_PAGES;
    ck_assert_int_eq(run(d2), GNTST_bad_page);
    op.dest.u.gmfn = ~0ULL;
    ck_assert_int_eq(run(d2), GNTST_bad_page);
    ck_assert_int_eq(push(0, 0, 1), GNTST_general_error); /* read-only */
    ck_assert_int_eq(pull(0, 0, 1), GNTST_okay);
    quiet();
    guests_gone_without_leak();
}
END_TEST

START_TEST(own_readonly_memory_is_a_source_only)
{
    ck_assert_int_eq(p2m_set(d2, _gfn(OWN), guest_mfn(d2, OWN), 0, P2M_RAM_RO),
                     0);
    grant_offer(d1, REF, 2, GFN, 0);
    ck_assert_int_eq(push(0, 0, 16), GNTST_okay);
    ck_assert_int_eq(pull(0, 0, 16), GNTST_bad_page);
}
END_TEST

START_TEST(a_page_can_be_copied_onto_itself)
{
    fill(d2, OWN, 3);
    op = (struct gnttab_copy){
        .source = {.u.gmfn = OWN, .domid = DOMID_SELF, .offset = 0},
        .dest = {.u.gmfn = OWN, .domid = DOMID_SELF, .offset = 100},
        .len = 1000,
    };
    ck_assert_int_eq(run(d2), GNTST_okay);
    ck_assert_uint_eq(((unsigned char *)guest_mem(d2, OWN))[100], 3);
    ck_assert_uint_eq(((unsigned char *)guest_mem(d2, OWN))[1099],
                      (unsigned char)(999 * 7 + 3));
    quiet();
}
END_TEST

START_TEST(both_sides_can_be_grants)
{
    grant_offer(d1, REF, 0, GFN, GTF_readonly);
    grant_offer(d2, REF, 0, OWN, 0);
    fill(d1, GFN, 9);
    op = (struct gnttab_copy){
        .source = {.u.ref = REF, .domid = 1},
        .dest = {.u.ref = REF, .domid = 2},
        .len = 4096,
        .flags = FROM | TO,
    };
    ck_assert_int_eq(run(d0), GNTST_okay);
    ck_assert_mem_eq(guest_mem(d1, GFN), guest_mem(d2, OWN), PAGE_SIZE);
    quiet();
    ck_assert_uint_eq(grant_in_use(d2, REF), 0);
}
END_TEST

START_TEST(a_mapped_grant_can_be_copied_from)
{
    grant_handle_t h;

    grant_offer(d1, REF, 2, GFN, 0);
    ck_assert_int_eq(grant_map(d2, 1, REF, GNTMAP_host_map, GRANT_HOLE, &h), 0);
    ck_assert_int_eq(pull(0, 0, 64), GNTST_okay);
    ck_assert_int_eq(push(0, 0, 64), GNTST_okay);
    ck_assert_uint_eq(grant_in_use(d1, REF), GTF_reading | GTF_writing);
    ck_assert_int_eq(grant_unmap(d2, h, GRANT_HOLE), 0);
    quiet();
}
END_TEST

#define PIECES 64

static struct gnttab_copy list[PIECES];

static void run_list(void)
{
    fill(d1, GFN, 1);
    fill(d1, GFN + 1, 2);
    memset(guest_mem(d2, OWN), 0, PAGE_SIZE);
    for (unsigned int i = 0; i < PIECES; i++)
        list[i] = (struct gnttab_copy){
            /* Runs of the same page, and changes of side. */
            .source = {.u.ref = REF + i / 8 % 2,
                       .domid = 1,
                       .offset = (uint16_t)(i * 64)},
            .dest = {.u.gmfn = OWN,
                     .domid = DOMID_SELF,
                     .offset = (uint16_t)(i * 64)},
            .len = 64,
            .flags = FROM,
        };
    list[13].source.u.ref = 500; /* one that fails in between */
    list[14].source.domid = 77;
    ck_assert_int_eq(
        guest_call_arg(d2, NR, GNTTABOP_copy, list, sizeof(list), PIECES), 0);
    for (unsigned int i = 0; i < PIECES; i++) {
        const unsigned char *got = (unsigned char *)guest_mem(d2, OWN) + i * 64;
        unsigned int want = (i * 64 * 7 + 1 + i / 8 % 2) & 0xff;

        if (i == 13 || i == 14) {
            ck_assert_int_eq(list[i].status,
                             i == 13 ? GNTST_general_error : GNTST_bad_domain);
            want = 0;
        } else {
            ck_assert_int_eq(list[i].status, GNTST_okay);
        }
        ck_assert_uint_eq(got[0], want);
    }
    quiet();
    ck_assert_uint_eq(page_refs(guest_mfn(d1, GFN + 1)), 1);
}

START_TEST(lists_keep_their_sides_right)
{
    grant_offer(d1, REF, 2, GFN, 0);
    grant_offer(d1, REF + 1, 2, GFN + 1, 0);
    run_list();
    d2->vcpu[0]->arch->pending = true;
    run_list();
    guests_gone_without_leak();
}
END_TEST

START_TEST(a_list_that_leaves_memory_lets_go)
{
    uint64_t end = (uint64_t)GUEST_PAGES * PAGE_SIZE;
    struct gnttab_copy *last = (void *)((char *)guest_mem(d2, GUEST_PAGES - 1) +
                                        PAGE_SIZE - sizeof(*last));

    grant_offer(d1, REF, 2, GFN, 0);
    pull(0, 0, 8);
    *last = op;
    last->status = 99;
    ck_assert_int_eq(guest_call(d2, NR, GNTTABOP_copy, end - sizeof(*last), 2),
                     -XEN_EFAULT);
    ck_assert_int_eq(last->status, GNTST_okay);
    quiet();
}
END_TEST

START_TEST(an_entry_in_use_by_another_is_refused)
{
    grant_handle_t h;

    grant_offer(d1, REF, 0, GFN, 0);
    ck_assert_int_eq(grant_map(d0, 1, REF, GNTMAP_host_map, GRANT_HOLE, &h), 0);
    grant_v1(d1, REF)->domid = 2;
    ck_assert_int_eq(pull(0, 0, 8), GNTST_general_error);
    ck_assert_int_eq(grant_unmap(d0, h, GRANT_HOLE), 0);
    ck_assert_int_eq(pull(0, 0, 8), GNTST_okay);
}
END_TEST

/* --- Version 2 --- */

static void offer_v2(grant_ref_t ref, domid_t to, uint64_t gfn,
                     unsigned int flags)
{
    grant_entry_v2_t *e = grant_v2(d1, ref);

    memset(e, 0, sizeof(*e));
    e->full_page.frame = gfn;
    e->hdr.domid = to;
    e->hdr.flags = (uint16_t)(GTF_permit_access | flags);
}

START_TEST(version_2_keeps_its_flags_in_the_status_word)
{
    grant_handle_t h;

    grant_version(d1, 2);
    offer_v2(REF, 2, GFN, 0);
    ck_assert_int_eq(grant_map(d2, 1, REF, GNTMAP_host_map, GRANT_HOLE, &h), 0);
    ck_assert_uint_eq(*grant_status_word(d1, REF), GTF_reading | GTF_writing);
    ck_assert_uint_eq(grant_v2(d1, REF)->hdr.flags, GTF_permit_access);
    ck_assert_int_eq(pull(0, 0, 8), GNTST_okay);
    ck_assert_int_eq(grant_unmap(d2, h, GRANT_HOLE), 0);
    quiet();
    offer_v2(REF, 2, GFN, GTF_readonly);
    ck_assert_int_eq(push(0, 0, 8), GNTST_general_error);
    ck_assert_int_eq(pull(0, 0, 8), GNTST_okay);
    quiet();
    offer_v2(REF, 2, 1ULL << 40, 0);
    ck_assert_int_eq(pull(0, 0, 8), GNTST_bad_page);
    quiet();
    guests_gone_without_leak();
}
END_TEST

START_TEST(a_sub_page_grant_is_its_bytes_only)
{
    static const struct {
        unsigned int from, len;
        int status;
    } row[] = {{100, 50, GNTST_okay},          {120, 10, GNTST_okay},
               {150, 0, GNTST_okay},           {99, 1, GNTST_general_error},
               {100, 51, GNTST_general_error}, {150, 1, GNTST_general_error},
               {0, 4096, GNTST_general_error}, {4096, 1, GNTST_bad_copy_arg}};
    grant_handle_t h;

    grant_version(d1, 2);
    offer_v2(REF, 2, 0, GTF_sub_page);
    grant_v2(d1, REF)->sub_page.page_off = 100;
    grant_v2(d1, REF)->sub_page.length = 50;
    grant_v2(d1, REF)->sub_page.frame = GFN;
    for (unsigned int i = 0; i < ARRAY_SIZE(row); i++) {
        ck_assert_int_eq(pull(row[i].from, 0, row[i].len), row[i].status);
        ck_assert_int_eq(push(0, row[i].from, row[i].len), row[i].status);
    }
    ck_assert_int_eq(grant_map(d2, 1, REF, GNTMAP_host_map, GRANT_HOLE, &h),
                     GNTST_general_error);
    quiet();
    guests_gone_without_leak();
}
END_TEST

START_TEST(a_sub_page_beyond_the_page_reaches_nothing_more)
{
    grant_version(d1, 2);
    offer_v2(REF, 2, 0, GTF_sub_page);
    grant_v2(d1, REF)->sub_page.page_off = 4000;
    grant_v2(d1, REF)->sub_page.length = 65535;
    grant_v2(d1, REF)->sub_page.frame = GFN;
    ck_assert_int_eq(pull(4000, 0, 96), GNTST_okay);
    ck_assert_int_eq(pull(4000, 0, 97), GNTST_bad_copy_arg);
    quiet();
}
END_TEST

START_TEST(a_transitive_grant_permits_nothing)
{
    grant_handle_t h;

    grant_version(d1, 2);
    offer_v2(REF, 2, GFN, 0);
    grant_v2(d1, REF)->hdr.flags = GTF_transitive;
    ck_assert_int_eq(pull(0, 0, 8), GNTST_general_error);
    ck_assert_int_eq(push(0, 0, 8), GNTST_general_error);
    ck_assert_int_eq(grant_map(d2, 1, REF, GNTMAP_host_map, GRANT_HOLE, &h),
                     GNTST_general_error);
    quiet();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        bytes_arrive_where_they_should,
        nothing_beyond_a_page_is_touched,
        only_own_frames_go_by_number,
        bad_sides_have_their_status,
        own_readonly_memory_is_a_source_only,
        a_page_can_be_copied_onto_itself,
        both_sides_can_be_grants,
        a_mapped_grant_can_be_copied_from,
        lists_keep_their_sides_right,
        a_list_that_leaves_memory_lets_go,
        an_entry_in_use_by_another_is_refused,
        version_2_keeps_its_flags_in_the_status_word,
        a_sub_page_grant_is_its_bytes_only,
        a_sub_page_beyond_the_page_reaches_nothing_more,
        a_transitive_grant_permits_nothing,
    };

    return guests_run_tests("gnttab_copy", tests, ARRAY_SIZE(tests));
}
