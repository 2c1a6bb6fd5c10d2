/*
 * Life of domains: ids, references, pauses, shutdown, teardown.
 */
#include "call.h"

#include "hv/heap.h"
#include "hv/p2m.h"

#include <string.h>

static struct domain_config config(unsigned int vcpus)
{
    struct xen_domctl op = call_create_request();
    struct domain_config c = {.abi = op.u.createdomain};

    c.abi.max_vcpus = vcpus;
    return c;
}

static int kill_all(struct domain *d)
{
    int rc;

    do
        rc = domain_kill(d);
    while (rc == -XEN_ERESTART);
    return rc;
}

START_TEST(ids_are_given_out_in_turn_and_again_when_free)
{
    ck_assert_uint_eq(domain_id_alloc(), 2);
    ck_assert_uint_eq(domain_id_alloc(), 3);
    for (unsigned int i = 4; i < DOMID_LIMIT; i++)
        ck_assert_uint_eq(domain_id_alloc(), i);
    ck_assert_uint_eq(domain_id_alloc(), 2);
}
END_TEST

START_TEST(next_get_walks_in_order_of_ids)
{
    struct domain_config c = config(1);
    struct domain *d;

    ck_assert_int_eq(domain_create(7, &c, &d), 0);
    ck_assert_int_eq(domain_create(4, &c, &d), 0);
    d = domain_next_get(2);
    ck_assert_uint_eq(d->id, 4);
    domain_put(d);
    d = domain_next_get(5);
    ck_assert_uint_eq(d->id, 7);
    domain_put(d);
    ck_assert_ptr_null(domain_next_get(8));
    ck_assert_ptr_null(domain_find_get(5));
}
END_TEST

START_TEST(a_new_domain_is_paused_by_the_toolstack)
{
    struct domain_config c = config(2);
    struct domain *d;
    struct vcpu *v;

    ck_assert_int_eq(domain_create(9, &c, &d), 0);
    ck_assert_int_eq(vcpu_create(d, 0, &v), 0);
    bit_test_and_clear(&v->pause_flags, VPF_DOWN);
    ck_assert(!vcpu_runnable(v));
    ck_assert_int_eq(domain_ctl_unpause(d), 0);
    ck_assert(vcpu_runnable(v));
    ck_assert(d->creation_finished);
    ck_assert_int_eq(domain_ctl_unpause(d), -XEN_EINVAL);
}
END_TEST

START_TEST(pauses_are_counted)
{
    domain_pause(call_guest);
    domain_pause(call_guest);
    ck_assert(!vcpu_runnable(call_v1));
    domain_unpause(call_guest);
    ck_assert(!vcpu_runnable(call_v1));
    domain_unpause(call_guest);
    ck_assert(vcpu_runnable(call_v1));
}
END_TEST

START_TEST(toolstack_pauses_have_a_limit)
{
    for (unsigned int i = 0; i < 255; i++)
        ck_assert_int_eq(domain_ctl_pause(call_guest), 0);
    ck_assert_int_eq(domain_ctl_pause(call_guest), -XEN_EOVERFLOW);
}
END_TEST

START_TEST(shutdown_stops_the_vcpus_and_keeps_the_first_code)
{
    domain_shutdown(call_guest, SHUTDOWN_reboot);
    domain_shutdown(call_guest, SHUTDOWN_crash);
    ck_assert(call_guest->shut_down);
    ck_assert_uint_eq(call_guest->shutdown_code, SHUTDOWN_reboot);
    ck_assert(!vcpu_runnable(call_v1));
    domain_resume(call_guest);
    ck_assert(!call_guest->shut_down);
    ck_assert_uint_eq(call_guest->shutdown_code, 0xff);
    ck_assert(vcpu_runnable(call_v1));
}
END_TEST

START_TEST(a_crash_leaves_a_line_that_says_why)
{
    domain_crash(call_guest, "bad port %u", 7);
    ck_assert_uint_eq(call_guest->shutdown_code, SHUTDOWN_crash);
    ck_assert_ptr_nonnull(strstr(double_serial(), "d1 crashed: bad port 7"));
}
END_TEST

START_TEST(a_killed_domain_gives_everything_back)
{
    struct domain_config c = config(3);
    struct page_stats before, after;
    struct domain *d;
    uint64_t heap = heap_used_bytes();

    page_stats(&before);
    ck_assert_int_eq(domain_create(5, &c, &d), 0);
    d->max_pages = 1000;
    for (unsigned int i = 0; i < 3; i++)
        ck_assert_int_eq(vcpu_create(d, i, NULL), 0);
    double_domain_ram(d, 100);
    ck_assert_int_eq(vcpu_info_map(d->vcpu[1], _gfn(3), 64), 0);
    ck_assert_uint_eq(d->tot_pages, 100);
    d = domain_find_get(5);
    ck_assert_int_eq(kill_all(d), 0);
    ck_assert_uint_eq(d->dying, DOMDYING_DEAD);
    domain_put(d);
    ck_assert_ptr_null(domain_find_get(5));
    page_stats(&after);
    ck_assert_uint_eq(before.free, after.free);
    ck_assert_uint_eq(heap, heap_used_bytes());
}
END_TEST

START_TEST(a_dead_domain_stays_while_somebody_holds_a_page)
{
    struct domain *d;
    mfn_t m;

    ck_assert_int_eq(physmap_get_page(call_guest, _gfn(2), true, &m), 0);
    d = domain_find_get(1);
    ck_assert_int_eq(kill_all(d), 0);
    domain_put(d);
    d = domain_find_get(1);
    ck_assert_ptr_nonnull(d);
    ck_assert_uint_eq(d->tot_pages, 1);
    domain_put(d);
    page_put(m);
    ck_assert_ptr_null(domain_find_get(1));
}
END_TEST

/* Memory ends after one page more in each round; nothing may be lost. */
START_TEST(a_failed_creation_leaves_nothing_behind)
{
    struct domain_config c = config(2);
    struct page_stats before, after;
    struct domain *d;
    unsigned int failed = 0;
    mfn_t one;

    double_exhaust(0);
    for (int rc = -XEN_ENOMEM; rc; failed++) {
        page_stats(&before);
        rc = domain_create(6, &c, &d);
        page_stats(&after);
        if (rc) {
            ck_assert_int_eq(rc, -XEN_ENOMEM);
            ck_assert_uint_eq(before.free, after.free);
            one = virt_to_mfn(call_at(call_guest, failed << PAGE_SHIFT));
            ck_assert_int_eq(p2m_clear(call_guest, _gfn(failed), 0), 0);
            page_put(one);
        }
    }
    ck_assert_uint_gt(failed, 2);
}
END_TEST

START_TEST(vcpu_info_moves_once_with_its_contents)
{
    struct vcpu_info *old = call_v1->info;

    old->evtchn_pending_sel = 0x10;
    ck_assert_int_eq(vcpu_info_map(call_v1, _gfn(5), PAGE_SIZE - 63),
                     -XEN_ENXIO);
    ck_assert_int_eq(vcpu_info_map(call_v1, _gfn(5), 4), -XEN_ENXIO);
    ck_assert_int_eq(vcpu_info_map(call_v1, _gfn(500), 0), -XEN_EINVAL);
    ck_assert_int_eq(vcpu_info_map(call_v1, _gfn(5), 128), 0);
    ck_assert_ptr_eq(call_v1->info, call_at(call_guest, 0x5080));
    ck_assert_uint_eq(call_v1->info->evtchn_pending_sel & 0x10, 0x10);
    ck_assert_uint_eq(page_refs(call_v1->info_mfn), 2);
    ck_assert_int_eq(vcpu_info_map(call_v1, _gfn(6), 0), -XEN_EINVAL);
}
END_TEST

START_TEST(runstate_is_copied_with_the_update_flag_clear_at_the_end)
{
    struct vcpu_runstate_info *r = call_at(call_guest, 0x6010);

    call_guest->vm_assist = BIT(VMASST_TYPE_runstate_update_flag);
    vcpu_runstate_register(call_v1, call_v1, 0x6010);
    call_v1->runstate.state_entry_time = 1234;
    call_v1->runstate.time[RUNSTATE_blocked] = 99;
    call_v1->runstate_dirty = true;
    vcpu_runstate_to_guest(call_v1);
    ck_assert(!call_v1->runstate_dirty);
    ck_assert_uint_eq(r->state_entry_time, 1234);
    ck_assert_uint_eq(r->time[RUNSTATE_blocked], 99);
}
END_TEST

START_TEST(runstate_may_cross_a_page)
{
    vcpu_runstate_register(call_v1, call_v1, 0x6ff0);
    ck_assert_ptr_null(call_v1->runstate_map);
    call_v1->runstate.time[3] = 77;
    vcpu_runstate_to_guest(call_v1);
    ck_assert_uint_eq(
        *(uint64_t *)call_at(
            call_guest, 0x6ff0 + offsetof(struct vcpu_runstate_info, time[3])),
        77);
}
END_TEST

START_TEST(runstate_at_a_bad_address_goes_nowhere)
{
    vcpu_runstate_register(call_v1, call_v1, CALL_BAD);
    ck_assert_uint_eq(call_v1->runstate_guest, 0);
}
END_TEST

START_TEST(wall_clock_is_in_shared_info)
{
    uint32_t version = call_guest->shared_info->wc_version;

    call_guest->wallclock_offset_s = 3600;
    domain_wallclock_update(call_guest);
    ck_assert_uint_eq(call_guest->shared_info->wc_sec,
                      call_dom0->shared_info->wc_sec + 3600);
    ck_assert_uint_eq(call_guest->shared_info->wc_version % 2, 0);
    ck_assert_uint_gt(call_guest->shared_info->wc_version, version);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        ids_are_given_out_in_turn_and_again_when_free,
        next_get_walks_in_order_of_ids,
        a_new_domain_is_paused_by_the_toolstack,
        pauses_are_counted,
        toolstack_pauses_have_a_limit,
        shutdown_stops_the_vcpus_and_keeps_the_first_code,
        a_crash_leaves_a_line_that_says_why,
        a_killed_domain_gives_everything_back,
        a_dead_domain_stays_while_somebody_holds_a_page,
        a_failed_creation_leaves_nothing_behind,
        vcpu_info_moves_once_with_its_contents,
        runstate_is_copied_with_the_update_flag_clear_at_the_end,
        runstate_may_cross_a_page,
        runstate_at_a_bad_address_goes_nowhere,
        wall_clock_is_in_shared_info,
    };

    return call_run("domain", tests, ARRAY_SIZE(tests));
}
