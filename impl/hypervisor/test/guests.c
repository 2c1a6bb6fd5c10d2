/*
 * Domains with memory, and their hypercalls.
 */
#include "guests.h"

#include <stdlib.h>
#include <string.h>

#include "hv/heap.h"
#include "hv/p2m.h"

struct domain *d0;
struct domain *d1;
struct domain *d2;

static struct {
    uint64_t heap;
    uint64_t free;
} before;

void guests_init(void)
{
    struct page_stats s;

    double_init(64);
    d0 = double_domain(0, 2);
    double_domain_ram(d0, GUEST_PAGES);
    page_stats(&s);
    before.heap = heap_used_bytes();
    before.free = s.free;
    d1 = double_domain(1, 2);
    d2 = double_domain(2, 2);
    double_domain_ram(d1, GUEST_PAGES);
    double_domain_ram(d2, GUEST_PAGES);
}

void guest_kill(struct domain *d)
{
    domid_t id = d->id;
    struct domain *held = domain_find_get(id);
    int rc;

    ck_assert_ptr_eq(held, d);
    do
        rc = domain_kill(d);
    while (rc == -XEN_ERESTART);
    ck_assert_int_eq(rc, 0);
    domain_put(held);
}

void guests_gone_without_leak(void)
{
    struct page_stats s;

    guest_kill(d1);
    guest_kill(d2);
    ck_assert_ptr_null(domain_find_get(1));
    ck_assert_ptr_null(domain_find_get(2));
    page_stats(&s);
    ck_assert_uint_eq(heap_used_bytes(), before.heap);
    ck_assert_uint_eq(s.free, before.free);
}

void guests_no_memory(void)
{
    double_exhaust(0);
    for (size_t n = 2016; n; n -= 16)
        while (heap_alloc(n))
            continue;
}

mfn_t guest_mfn(struct domain *d, uint64_t gfn)
{
    return p2m_get(d, _gfn(gfn)).mfn;
}

void *guest_mem(struct domain *d, uint64_t gfn)
{
    return mfn_to_virt(guest_mfn(d, gfn));
}

long guest_call(struct domain *d, unsigned int nr, unsigned long a0,
                unsigned long a1, unsigned long a2)
{
    unsigned long arg[5] = {a0, a1, a2};
    long rc;

    do
        rc = hypercall_run(d->vcpu[0], nr, arg);
    while (rc == -XEN_ERESTART);
    return rc;
}

/* The frames behind the argument area need not be neighbours. */
static void guest_arg_move(struct domain *d, void *buf, size_t bytes, bool in)
{
    for (size_t at = 0; at < bytes; at += PAGE_SIZE) {
        size_t n = MIN(bytes - at, PAGE_SIZE);
        void *page = guest_mem(d, GUEST_ARG_GFN + at / PAGE_SIZE);

        if (in)
            memcpy(page, (char *)buf + at, n);
        else
            memcpy((char *)buf + at, page, n);
    }
}

long guest_call_arg(struct domain *d, unsigned int nr, unsigned long a0,
                    void *arg, size_t bytes, unsigned long a2)
{
    long rc;

    ck_assert_uint_le(bytes, GUEST_ARG_BYTES);
    guest_arg_move(d, arg, bytes, true);
    rc = guest_call(d, nr, a0, GUEST_ARG, a2);
    guest_arg_move(d, arg, bytes, false);
    return rc;
}

int guests_run_tests(const char *name, const TTest *const *tests,
                     unsigned int nr)
{
    Suite *s = suite_create(name);
    TCase *tc = tcase_create(name);
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(tc, guests_init, NULL);
    tcase_set_timeout(tc, 60);
    for (unsigned int i = 0; i < nr; i++)
        tcase_add_test(tc, tests[i]);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
