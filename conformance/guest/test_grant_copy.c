/* Grants: copies. Source: public/grant_table.h. Grants are to ourselves. */
#include "grants.h"
#include "suites.h"

enum {
    COPIES_LONG = 600, /* the call may be interrupted and goes on */
};

static grant_ref_t offer(const void *page, unsigned flags)
{
    return grant_offer(own_domid(), page, flags);
}

static char *numbers(void)
{
    char *page = page_new();

    for (int i = 0; i < PAGE_BYTES; i++)
        page[i] = (char)(i ^ i >> 8);
    return page;
}

static void to_grant(void)
{
    char *from = numbers(), *to = page_new();
    grant_ref_t ref = offer(to, 0);
    struct gnttab_copy c = grant_copy_to(own_domid(), ref, from + 10, 100);

    c.dest.offset = PAGE_BYTES - 100;
    SAME(grant_copy(c), GNTST_okay);
    CHECK(bytes_same(to + PAGE_BYTES - 100, from + 10, 100));
    SAME(to[PAGE_BYTES - 101], 0);
    grant_end(ref);
}

static void from_grant(void)
{
    char *from = numbers(), *to = page_new();
    grant_ref_t ref = offer(from, GTF_readonly);
    struct gnttab_copy c = grant_copy_from(own_domid(), ref, to + 1, 33);

    c.source.offset = 7;
    SAME(grant_copy(c), GNTST_okay);
    CHECK(bytes_same(to + 1, from + 7, 33));
    SAME(to[0] | to[34], 0);
    grant_end(ref);
}

static void both_grants(void)
{
    char *from = numbers(), *to = page_new();
    grant_ref_t a = offer(from, GTF_readonly), b = offer(to, 0);
    struct gnttab_copy c = grant_copy_to(own_domid(), b, from, PAGE_BYTES);

    c.flags |= GNTCOPY_source_gref;
    c.source.u.ref = a;
    c.source.domid = own_domid();
    SAME(grant_copy(c), GNTST_okay);
    CHECK(bytes_same(from, to, PAGE_BYTES));
    grant_end(a);
    grant_end(b);
}

static void frames_of_our_own(void)
{
    char *from = numbers(), *to = page_new();
    struct gnttab_copy c = grant_copy_to(DOMID_SELF, 0, from, 64);

    grant_table();
    c.flags = 0;
    c.dest.u.gmfn = gfn_of(to);
    SAME(grant_copy(c), GNTST_okay);
    CHECK(bytes_same(from, to, 64));
}

static void frames_of_others(void)
{
    char *from = numbers();
    struct gnttab_copy c = grant_copy_to(own_domid(), 0, from, 64);

    c.flags = 0; /* by number only when it is DOMID_SELF */
    c.dest.u.gmfn = gfn_of(page_new());
    SAME(grant_copy(c), GNTST_permission_denied);
}

static void nothing(void)
{
    char *to = page_new();
    grant_ref_t ref = offer(to, 0);

    SAME(grant_copy(grant_copy_to(own_domid(), ref, numbers(), 0)), GNTST_okay);
    SAME(to[0], 0);
    grant_end(ref);
}

static void overlapping(void)
{
    char *page = numbers(), *expected = numbers();
    grant_ref_t ref = offer(page, 0);
    struct gnttab_copy c = grant_copy_to(own_domid(), ref, page + 8, 64);

    c.dest.offset = 8; /* the same bytes */
    SAME(grant_copy(c), GNTST_okay);
    CHECK(bytes_same(page, expected, PAGE_BYTES));
    grant_end(ref);
}

static void over_the_end(void)
{
    grant_ref_t ref = offer(page_new(), 0);
    struct gnttab_copy c = grant_copy_to(own_domid(), ref, page_new(), 101);

    c.dest.offset = PAGE_BYTES - 100;
    SAME(grant_copy(c), GNTST_bad_copy_arg);
    c.dest.offset = 0;
    c.source.offset = PAGE_BYTES - 100;
    SAME(grant_copy(c), GNTST_bad_copy_arg);
    c.source.offset = 0;
    c.len = PAGE_BYTES + 1;
    SAME(grant_copy(c), GNTST_bad_copy_arg);
    c.len = 0xffff;
    c.source.offset = 0xffff;
    SAME(grant_copy(c), GNTST_bad_copy_arg);
    grant_end(ref);
}

static void read_only(void)
{
    char *to = page_new();
    grant_ref_t ref = offer(to, GTF_readonly);

    SAME(grant_copy(grant_copy_to(own_domid(), ref, numbers(), 16)),
         GNTST_general_error);
    SAME(to[1], 0);
    grant_end(ref);
}

static void not_there(void)
{
    char *from = numbers();
    grant_ref_t ref = offer(memory_at(gfn_free()), 0);

    SAME(grant_copy(grant_copy_to(own_domid(), ~0u, from, 16)),
         GNTST_bad_gntref);
    SAME(grant_copy(grant_copy_to(NOBODY, ref, from, 16)), GNTST_bad_domain);
    SAME(grant_copy(grant_copy_to(own_domid(), ref, from, 16)), GNTST_bad_page);
    grant_end(ref);
    SAME(grant_copy(grant_copy_to(own_domid(), ref, from, 16)),
         GNTST_general_error);
    SAME(GRANT_ONE(GNTTABOP_copy, UNMAPPED), NEG_EFAULT);
    SAME(grant_op(GNTTABOP_copy, UNMAPPED, 0), 0);
}

static void own_frame_not_there(void)
{
    char *to = page_new();
    grant_ref_t ref = offer(to, 0);
    struct gnttab_copy c =
        grant_copy_to(own_domid(), ref, memory_at(gfn_free()), 16);

    SAME(grant_copy(c), GNTST_bad_page);
    c.source.u.gmfn = ~0ul;
    SAME(grant_copy(c), GNTST_bad_page);
    grant_end(ref);
}

static void not_in_use_after(void)
{
    grant_ref_t ref = offer(page_new(), 0);

    SAME(grant_copy(grant_copy_to(own_domid(), ref, numbers(), 16)),
         GNTST_okay);
    SAME(grant_in_use(ref), 0);
    grant_end(ref);
}

static void batch(void)
{
    static struct gnttab_copy c[64];
    char *from = numbers(), *to = page_new();
    grant_ref_t ref = offer(to, 0);

    for (unsigned i = 0; i < 64; i++) {
        c[i] = grant_copy_to(own_domid(), ref, from + i, 1);
        c[i].dest.offset = (uint16_t)(63 - i);
    }
    c[20].dest.u.ref = ~0u;
    SAME(grant_op(GNTTABOP_copy, c, 64), 0);
    for (int i = 0; i < 64; i++)
        if (i == 20) {
            SAME(c[i].status, GNTST_bad_gntref);
            SAME(to[63 - i], 0);
        } else {
            SAME(c[i].status, GNTST_okay);
            SAME(to[63 - i], from[i]);
        }
    grant_end(ref);
}

static void batch_long(void)
{
    static struct gnttab_copy c[COPIES_LONG];
    char *from = numbers(), *to = page_new();
    grant_ref_t ref = offer(to, 0);

    for (unsigned i = 0; i < COPIES_LONG; i++) {
        c[i] = grant_copy_to(own_domid(), ref, from + i, 1);
        c[i].dest.offset = (uint16_t)i;
        c[i].status = 1;
    }
    SAME(grant_op(GNTTABOP_copy, c, COPIES_LONG), 0);
    for (int i = 0; i < COPIES_LONG; i++)
        SAME(c[i].status, GNTST_okay);
    CHECK(bytes_same(from, to, COPIES_LONG));
    SAME(grant_in_use(ref), 0);
    grant_end(ref);
}

const struct test grant_copy_tests[] = {
    TEST(to_grant, "Bytes MUST go where they belong and nowhere else."),
    TEST(from_grant, "Bytes MUST come from where they are offered."),
    TEST(both_grants, "A copy between two grants MUST be whole."),
    TEST(frames_of_our_own, "Our own pages MUST be named by number."),
    TEST(frames_of_others, "Pages of others MUST NOT be named by number."),
    TEST(nothing, "A copy of nothing MUST succeed and change nothing."),
    TEST(overlapping, "A copy onto itself MUST change nothing."),
    TEST(over_the_end, "A copy over the end of a page MUST be refused."),
    TEST(read_only, "What may be read only MUST NOT be written."),
    TEST(not_there, "Grants, domains, pages, places that are not there."),
    TEST(own_frame_not_there, "Own pages that are not there."),
    TEST(not_in_use_after, "A grant MUST be free after the copy."),
    TEST(batch_long, "A list that is interrupted MUST go on."),
    TEST(batch, "Each copy of a list MUST have its own status."),
    {0},
};
