/*
 * Event channels: polling, life with the domain, leaks.
 */
#include "channels.h"

#include <string.h>

#include "hv/evtchn.h"

/* --- SCHEDOP_poll's part --- */

START_TEST(poll_finds_a_pending_port)
{
    evtchn_port_t port[] = {channel_ipi(d1, 0), channel_ipi(d1, 0), 0};
    bool is;

    channel_drain(d1);
    ck_assert_int_eq(evtchn_poll_any_pending(d1, port, 2, &is), 0);
    ck_assert(!is);
    ck_assert_int_eq(op(d1, send, .port = port[1]), 0);
    ck_assert_int_eq(evtchn_poll_any_pending(d1, port, 3, &is), 0);
    ck_assert(is);
    ck_assert_int_eq(evtchn_poll_any_pending(d1, port, 1, &is), 0);
    ck_assert(!is);
}
END_TEST

START_TEST(poll_refuses_a_port_that_is_not_bound)
{
    static const evtchn_port_t port[] = {0, 9, 5000};
    bool is;

    (void)channel_ipi(d1, 0);
    for (unsigned int i = 0; i < ARRAY_SIZE(port); i++)
        ck_assert_int_eq(evtchn_poll_any_pending(d1, &port[i], 1, &is),
                         -XEN_EINVAL);
    ck_assert_int_eq(evtchn_poll_any_pending(d1, NULL, 0, &is), 0);
}
END_TEST

static void sleep_in_poll(struct vcpu *v, const evtchn_port_t *port,
                          unsigned int nr)
{
    (void)bit_test_and_set(&v->pause_flags, VPF_POLL);
    evtchn_poll_begin(v, port, nr);
}

static bool asleep(const struct vcpu *v)
{
    return v->pause_flags >> VPF_POLL & 1;
}

START_TEST(a_send_wakes_who_polls_the_port)
{
    evtchn_port_t port[] = {channel_ipi(d1, 0), channel_ipi(d1, 0)};
    struct vcpu *v = d1->vcpu[1];

    channel_drain(d1);
    for (unsigned int i = 0; i < 2; i++)
        (void)bit_test_and_set(d1->shared_info->evtchn_mask, port[i]);
    sleep_in_poll(v, port, 1);
    ck_assert_int_eq(op(d1, send, .port = port[1]), 0);
    ck_assert(asleep(v));
    ck_assert_int_eq(op(d1, send, .port = port[0]), 0);
    ck_assert(!asleep(v));
}
END_TEST

START_TEST(a_send_wakes_who_polls_several)
{
    evtchn_port_t port[] = {channel_ipi(d1, 0), channel_ipi(d1, 0)};
    struct vcpu *v = d1->vcpu[1];

    channel_drain(d1);
    sleep_in_poll(v, port, 2);
    ck_assert_int_eq(op(d1, send, .port = port[1]), 0);
    ck_assert(!asleep(v));
}
END_TEST

START_TEST(a_send_after_the_poll_wakes_nobody)
{
    evtchn_port_t port = channel_ipi(d1, 0);
    struct vcpu *v = d1->vcpu[1];

    channel_drain(d1);
    sleep_in_poll(v, &port, 1);
    evtchn_poll_end(v);
    ck_assert_int_eq(op(d1, send, .port = port), 0);
    ck_assert(asleep(v));
}
END_TEST

/* --- End --- */

START_TEST(domains_end_without_leak)
{
    evtchn_port_t near, far;

    channel_join(&near, &far);
    for (int i = 0; i < 1500; i++)
        (void)channel_ipi(d1, 1);
    for (int i = 0; i < 20; i++) {
        evtchn_port_t port = channel_unbound(d1, 2);

        ck_assert_int_eq(
            op(d2, bind_interdomain, .remote_dom = 1, .remote_port = port), 0);
    }
    (void)channel_virq(d1, VIRQ_TIMER, 0);
    guests_gone_without_leak();
    ck_assert_uint_eq(channel_state(d0, far), EVTCHNSTAT_unbound);
    ck_assert_uint_eq(a.status.u.unbound.dom, 1);
    ck_assert_int_eq(op(d0, send, .port = far), 0);
}
END_TEST

START_TEST(a_reset_closes_every_port_and_no_other)
{
    evtchn_port_t near, far;

    channel_join(&near, &far);
    for (unsigned int i = 0; i < 600; i++)
        (void)channel_unbound(d1, 0);
    ck_assert_int_eq(op(d1, reset, .dom = 0), -XEN_EPERM);
    ck_assert_int_eq(op(d0, reset, .dom = 77), -XEN_ESRCH);
    ck_assert_int_eq(op(d0, reset, .dom = 1), -XEN_EINVAL); /* not paused */
    ck_assert_int_eq(op(d1, reset, .dom = DOMID_SELF), 0);
    ck_assert_uint_eq(channel_state(d1, near), EVTCHNSTAT_closed);
    ck_assert_uint_eq(channel_state(d1, 601), EVTCHNSTAT_closed);
    ck_assert_uint_eq(channel_state(d0, far), EVTCHNSTAT_unbound);
    ck_assert_uint_eq(channel_ipi(d1, 0), 1);
    ck_assert_int_eq(op(d1, reset, .dom = 1), 0);
    ck_assert_uint_eq(channel_state(d1, 1), EVTCHNSTAT_closed);
}
END_TEST

START_TEST(a_dying_domain_gets_no_ports)
{
    d1->dying = DOMDYING_DYING;
    ck_assert_int_eq(op(d0, alloc_unbound, .dom = 1), -XEN_EINVAL);
    d1->dying = DOMDYING_ALIVE;
}
END_TEST

START_TEST(creation_fails_whole_without_memory)
{
    struct domain d = {.id = 9, .max_vcpus = 1};
    struct vcpu v = {.id = 100, .domain = &d};

    guests_no_memory();
    ck_assert_int_eq(evtchn_domain_init(&d, 100), -XEN_ENOMEM);
    ck_assert_ptr_null(d.evtchn);
    ck_assert_int_eq(evtchn_vcpu_init(&v), -XEN_ENOMEM);
    evtchn_domain_fini(&d);
    evtchn_vcpu_fini(&v);
    ck_assert_int_eq(evtchn_domain_relinquish(&d), 0);
}
END_TEST

START_TEST(dump_names_each_port)
{
    evtchn_port_t near, far;

    channel_join(&near, &far);
    (void)channel_virq(d1, VIRQ_TIMER, 0);
    (void)channel_unbound(d1, 2);
    double_serial_clear();
    evtchn_dump(d1);
    ck_assert_ptr_nonnull(strstr(double_serial(), "3 event channels, 2-level"));
    ck_assert_ptr_nonnull(strstr(double_serial(), "port 1: interdomain"));
    ck_assert_ptr_nonnull(strstr(double_serial(), "port 2: virq"));
    ck_assert_ptr_nonnull(strstr(double_serial(), "port 3: unbound"));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        poll_finds_a_pending_port,
        poll_refuses_a_port_that_is_not_bound,
        a_send_wakes_who_polls_the_port,
        a_send_wakes_who_polls_several,
        a_send_after_the_poll_wakes_nobody,
        domains_end_without_leak,
        a_reset_closes_every_port_and_no_other,
        a_dying_domain_gets_no_ports,
        creation_fails_whole_without_memory,
        dump_names_each_port,
    };

    return guests_run_tests("evtchn_life", tests, ARRAY_SIZE(tests));
}
