/* Grants between two domains. Source: public/grant_table.h. */
#include "grants.h"
#include "guest.h"
#include "suites.h"

enum {
    PAGE_SLOT = 0, /* of the arguments: where, which reference, what for */
    REF_SLOT = 1,
    FLAGS_SLOT = 2,
};

/* --- What the guest does --- */

/* Offers a new page of numbers to domain 0. */
static long there_offer(void *arg)
{
    long *args = arg;
    char *page = page_new();

    for (int i = 0; i < PAGE_BYTES; i++)
        page[i] = (char)(i * 7);
    args[PAGE_SLOT] = (long)page;
    args[REF_SLOT] = grant_offer(0, page, (unsigned)args[FLAGS_SLOT]);
    return 0;
}

static long there_byte(void *arg)
{
    return *(volatile char *)((long *)arg)[PAGE_SLOT];
}

static long there_in_use(void *arg)
{
    return grant_in_use((grant_ref_t)((long *)arg)[REF_SLOT]);
}

static long there_end(void *arg)
{
    grant_end((grant_ref_t)((long *)arg)[REF_SLOT]);
    return 0;
}

/* Toggles the entry until the byte at the page says enough. */
static long there_flicker(void *arg)
{
    long *args = arg;
    volatile char *page = (volatile char *)args[PAGE_SLOT];
    volatile uint16_t *flags = &grant_table()[args[REF_SLOT]].flags;

    while (page[0] != 'e')
        *flags ^= GTF_readonly;
    return 0;
}

static long there_give_back(void *arg)
{
    xen_pfn_t gfn = gfn_of((void *)((long *)arg)[PAGE_SLOT]);
    struct xen_memory_reservation r = {.nr_extents = 1, .domid = DOMID_SELF};

    set_xen_guest_handle(r.extent_start, &gfn);
    return CALL2(__HYPERVISOR_memory_op, XENMEM_decrease_reservation, &r);
}

/* Maps what domain 0 offers: the first byte, or the status. */
static long there_map(void *arg)
{
    long *args = arg;
    grant_handle_t handle;
    void *at;
    long rc = grant_map(0, (grant_ref_t)args[REF_SLOT],
                        (unsigned)args[FLAGS_SLOT], &handle, &at);

    if (rc)
        return rc;
    rc = *(volatile char *)at;
    if (!(args[FLAGS_SLOT] & GNTMAP_readonly))
        *(volatile char *)at = (char)(rc + 1);
    SAME(grant_unmap(handle, at), GNTST_okay);
    return rc;
}

static long there_copy(void *arg)
{
    long *args = arg;
    char *page = page_new();
    struct gnttab_copy c =
        grant_copy_from(0, (grant_ref_t)args[REF_SLOT], page, 32);
    long rc = grant_copy(c);

    return rc ? rc : page[3];
}

/* --- What we see --- */

static void guest_offer(long args[GUEST_ARGS], unsigned flags)
{
    args[FLAGS_SLOT] = flags;
    SAME(guest_call(guest_common(), there_offer, args), 0);
}

static void guest_end_offer(long args[GUEST_ARGS])
{
    SAME(guest_call(guest_common(), there_end, args), 0);
}

static void map(void)
{
    struct guest *g = guest_common();
    long args[GUEST_ARGS] = {0};
    grant_handle_t handle;
    volatile char *there;
    void *at;

    guest_offer(args, 0);
    SAME(grant_map(g->domid, (grant_ref_t)args[REF_SLOT], 0, &handle, &at),
         GNTST_okay);
    there = at;
    SAME(there[3], 21);
    there[0] = 'w';
    SAME(guest_call(g, there_byte, args), 'w');
    SAME(guest_call(g, there_in_use, args), GTF_reading | GTF_writing);
    SAME(grant_unmap(handle, at), GNTST_okay);
    SAME(guest_call(g, there_in_use, args), 0);
    guest_end_offer(args);
}

static long scribble(void *at)
{
    *(volatile char *)at = 1;
    return 0;
}

static void map_read_only(void)
{
    struct guest *g = guest_common();
    long args[GUEST_ARGS] = {0};
    grant_handle_t handle;
    void *at;

    guest_offer(args, GTF_readonly);
    SAME(grant_map(g->domid, (grant_ref_t)args[REF_SLOT], 0, &handle, &at),
         GNTST_general_error);
    SAME(grant_map(g->domid, (grant_ref_t)args[REF_SLOT], GNTMAP_readonly,
                   &handle, &at),
         GNTST_okay);
    SAME(((volatile char *)at)[3], 21);
    (void)attempt(scribble, (char *)at + 3); /* whatever it leads to */
    SAME(((volatile char *)at)[3], 21);
    SAME(guest_call(g, there_in_use, args), GTF_reading);
    SAME(grant_unmap(handle, at), GNTST_okay);
    guest_end_offer(args);
}

static long read_byte(void *at)
{
    return *(volatile unsigned char *)at;
}

static void gone_after_unmap(void)
{
    struct guest *g = guest_common();
    long args[GUEST_ARGS] = {0};
    volatile char *at = memory_at(gfn_apart());
    grant_handle_t handle;

    guest_offer(args, 0);
    SAME(grant_map_at(g->domid, (grant_ref_t)args[REF_SLOT], GNTMAP_host_map,
                      (uintptr_t)at, &handle),
         GNTST_okay);
    SAME(at[3], 21);
    SAME(grant_unmap(handle, (void *)at), GNTST_okay);
    CHECK(attempt(read_byte, (char *)at + 3) != 21);
    guest_end_offer(args);
}

static void copy_from_guest(void)
{
    struct guest *g = guest_common();
    long args[GUEST_ARGS] = {0};
    char *to = page_new();
    struct gnttab_copy c;

    guest_offer(args, GTF_readonly);
    c = grant_copy_from(g->domid, (grant_ref_t)args[REF_SLOT], to + 5, 100);
    c.source.offset = 1;
    SAME(grant_copy(c), GNTST_okay);
    for (int i = 0; i < 100; i++)
        SAME(to[5 + i], (char)((i + 1) * 7));
    SAME(guest_call(g, there_in_use, args), 0);
    guest_end_offer(args);
}

static void copy_to_guest(void)
{
    struct guest *g = guest_common();
    long args[GUEST_ARGS] = {0};
    char *from = page_new();

    from[0] = 'c';
    guest_offer(args, 0);
    SAME(grant_copy(
             grant_copy_to(g->domid, (grant_ref_t)args[REF_SLOT], from, 1)),
         GNTST_okay);
    SAME(guest_call(g, there_byte, args), 'c');
    guest_end_offer(args);
}

static void copy_while_mapped(void)
{
    struct guest *g = guest_common();
    long args[GUEST_ARGS] = {0};
    char *from = page_new();
    grant_handle_t handle;
    void *at;

    from[0] = 'm';
    guest_offer(args, 0);
    SAME(grant_map(g->domid, (grant_ref_t)args[REF_SLOT], GNTMAP_readonly,
                   &handle, &at),
         GNTST_okay);
    SAME(grant_copy(
             grant_copy_to(g->domid, (grant_ref_t)args[REF_SLOT], from, 1)),
         GNTST_okay);
    SAME(*(volatile char *)at, 'm');
    SAME(guest_call(g, there_in_use, args), GTF_reading);
    SAME(grant_unmap(handle, at), GNTST_okay);
    guest_end_offer(args);
}

static void guest_maps(void)
{
    struct guest *g = guest_common();
    volatile char *page = page_new();
    grant_ref_t ref = grant_offer(g->domid, (void *)page, 0);
    long args[GUEST_ARGS] = {0, ref, 0};

    page[0] = 'k';
    SAME(guest_call(g, there_map, args), 'k');
    SAME(page[0], 'l');
    SAME(grant_in_use(ref), 0);
    grant_end(ref);
    CHECK(guest_call(g, there_map, args) < 0);
}

static void guest_reads_only(void)
{
    struct guest *g = guest_common();
    volatile char *page = page_new();
    grant_ref_t ref = grant_offer(g->domid, (void *)page, GTF_readonly);
    long args[GUEST_ARGS] = {0, ref, GNTMAP_readonly};

    page[0] = 'o';
    page[3] = 'p';
    SAME(guest_call(g, there_map, args), 'o');
    SAME(guest_call(g, there_copy, args), 'p');
    args[FLAGS_SLOT] = 0;
    SAME(guest_call(g, there_map, args), GNTST_general_error);
    SAME(page[0], 'o');
    grant_end(ref);
}

static void not_for_guest(void)
{
    struct guest *g = guest_common();
    grant_ref_t ref = grant_offer(NOBODY, page_new(), 0);
    long args[GUEST_ARGS] = {0, ref, 0};

    SAME(guest_call(g, there_map, args), GNTST_general_error);
    SAME(guest_call(g, there_copy, args), GNTST_general_error);
    grant_end(ref);
}

static void entry_changes(void)
{
    struct guest *g = guest_common();
    long args[GUEST_ARGS] = {0};
    grant_handle_t handle;
    char *from = page_new();
    grant_ref_t ref;
    void *at;

    guest_offer(args, 0);
    ref = (grant_ref_t)args[REF_SLOT];
    SAME(grant_map(g->domid, ref, 0, &handle, &at), GNTST_okay);
    guest_run(g, there_flicker, args);
    for (int i = 0; i < 200; i++) {
        long rc = grant_copy(grant_copy_to(g->domid, ref, from, 1));

        CHECK(rc == GNTST_okay || rc == GNTST_general_error ||
              rc == GNTST_eagain);
    }
    *(volatile char *)at = 'e';
    SAME(guest_wait(g, NULL), 0);
    SAME(grant_unmap(handle, at), GNTST_okay);
    guest_end_offer(args);
}

static void given_back_while_mapped(void)
{
    struct guest *g = guest_common();
    long args[GUEST_ARGS] = {0};
    grant_handle_t handle;
    void *at;

    guest_offer(args, 0);
    SAME(grant_map(g->domid, (grant_ref_t)args[REF_SLOT], 0, &handle, &at),
         GNTST_okay);
    (void)guest_call(g, there_give_back, args);
    SAME(((volatile char *)at)[3], 21); /* the frame is still there */
    SAME(grant_unmap(handle, at), GNTST_okay);
    guest_end_offer(args);
}

static void destroyed_while_mapped(void)
{
    struct guest g = guest_new(1);
    struct xen_domctl d = {0};
    long args[GUEST_ARGS] = {0};
    domid_t domid = g.domid;
    grant_handle_t handle;
    void *at;

    SAME(guest_call(&g, there_offer, args), 0);
    SAME(grant_map(domid, (grant_ref_t)args[REF_SLOT], 0, &handle, &at),
         GNTST_okay);
    SAME(guest_unmap(g.box), 0);
    SAME(domctl(domid, XEN_DOMCTL_destroydomain, &d), 0);
    SAME(((volatile char *)at)[3], 21);
    SAME(domctl(domid, XEN_DOMCTL_getdomaininfo, &d), 0);
    CHECK(d.domain == domid &&
          d.u.getdomaininfo.flags & XEN_DOMINF_dying); /* it waits for us */
    SAME(grant_unmap(handle, at), GNTST_okay);
    g.box = NULL;
    guest_destroy(&g); /* now all of it goes */
}

static void setup_for_guest(void)
{
    struct guest *g = guest_common();
    struct gnttab_query_size q = {.dom = g->domid};
    struct gnttab_get_version v = {.dom = g->domid};

    SAME(GRANT_ONE(GNTTABOP_query_size, &q), 0);
    SAME(q.status, GNTST_okay);
    SAME(q.max_nr_frames, 32);
    SAME(GRANT_ONE(GNTTABOP_get_version, &v), 0);
    SAME(v.version, 1);
}

static long there_ask_size(void *arg)
{
    struct gnttab_query_size q = {.dom = 0};

    (void)arg;
    SAME(GRANT_ONE(GNTTABOP_query_size, &q), 0);
    return q.status;
}

static void guest_may_not_ask(void)
{
    SAME(guest_call(guest_common(), there_ask_size, NULL),
         GNTST_permission_denied);
}

const struct test pair_grants_tests[] = {
    TEST(map, "What is mapped MUST be the page that was offered."),
    TEST(map_read_only, "What is mapped to be read MUST NOT change."),
    TEST(gone_after_unmap, "What was unmapped MUST NOT be reached."),
    TEST(copy_from_guest, "Bytes MUST come from the guest's page."),
    TEST(copy_to_guest, "Bytes MUST go into the guest's page."),
    TEST(copy_while_mapped, "A copy MUST leave a mapping as it was."),
    TEST(guest_maps, "The guest MUST map and write what we offer."),
    TEST(guest_reads_only, "The guest MUST NOT write what it may read."),
    TEST(not_for_guest, "What is not offered to the guest MUST be refused."),
    TEST(entry_changes, "An entry that changes MUST lead to yes or no."),
    TEST(given_back_while_mapped,
         "A mapped page MUST stay until the mapping ends."),
    TEST(destroyed_while_mapped,
         "A destroyed guest MUST stay until its last page is unmapped."),
    TEST(setup_for_guest, "Control MUST see the size and version."),
    TEST(guest_may_not_ask, "A guest MUST NOT ask about our table."),
    {0},
};
