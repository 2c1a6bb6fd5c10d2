/*
 * Scheduling hypercall: polling, watchdogs, ends of domains.
 */
#include "call.h"

#include "hv/evtchn.h"

#include <signal.h>
#include <stdlib.h>

static long op(struct vcpu *v, unsigned int cmd, unsigned long arg)
{
    return call(v, __HYPERVISOR_sched_op, cmd, arg, 0);
}

#define OP_WITH(v, cmd, r) \
    (call_put((v), &(r), sizeof(r)), op(v, cmd, CALL_REQUEST))

START_TEST(unknown_operations_are_enosys)
{
    ck_assert_int_eq(op(call_v1, SCHEDOP_pin_override, 0), -XEN_ENOSYS);
    ck_assert_int_eq(op(call_v1, 8, 0), -XEN_ENOSYS);
    ck_assert_int_eq(op(call_v1, ~0U, 0), -XEN_ENOSYS);
}
END_TEST

START_TEST(a_guest_ends_itself_with_its_code)
{
    struct sched_shutdown s = {.reason = SHUTDOWN_suspend};

    ck_assert_int_eq(OP_WITH(call_v1, SCHEDOP_shutdown, s), 0);
    ck_assert(call_guest->shut_down);
    ck_assert_uint_eq(call_guest->shutdown_code, SHUTDOWN_suspend);
}
END_TEST

START_TEST(polling_nothing_waits_for_the_timeout)
{
    struct sched_poll p = {.nr_ports = 0, .timeout = 8000};

    double_now_ns = 1000;
    ck_assert_int_eq(OP_WITH(call_v1, SCHEDOP_poll, p), 0);
    ck_assert(bit_test(&call_v1->pause_flags, VPF_POLL));
    ck_assert(!vcpu_runnable(call_v1));
    double_now_ns = 8000;
    timer_run(0);
    ck_assert(!bit_test(&call_v1->pause_flags, VPF_POLL));
    ck_assert(vcpu_runnable(call_v1));
}
END_TEST

START_TEST(a_timeout_in_the_past_does_not_wait)
{
    struct sched_poll p = {.nr_ports = 0, .timeout = 500};

    double_now_ns = 1000;
    ck_assert_int_eq(OP_WITH(call_v1, SCHEDOP_poll, p), 0);
    ck_assert(vcpu_runnable(call_v1));
}
END_TEST

START_TEST(hostile_polls_are_refused)
{
    struct sched_poll p = {.nr_ports = 129};
    evtchn_port_t *ports = call_at(call_guest, CALL_ARRAY);

    set_xen_guest_handle(p.ports, (evtchn_port_t *)CALL_ARRAY);
    ck_assert_int_eq(OP_WITH(call_v1, SCHEDOP_poll, p), -XEN_EINVAL);
    p.nr_ports = ~0U;
    ck_assert_int_eq(OP_WITH(call_v1, SCHEDOP_poll, p), -XEN_EINVAL);
    p.nr_ports = 1;
    ports[0] = ~0U;
    ck_assert_int_eq(OP_WITH(call_v1, SCHEDOP_poll, p), -XEN_EINVAL);
    set_xen_guest_handle(p.ports, (evtchn_port_t *)CALL_BAD);
    ck_assert_int_eq(OP_WITH(call_v1, SCHEDOP_poll, p), -XEN_EFAULT);
    ck_assert(vcpu_runnable(call_v1));
}
END_TEST

START_TEST(block_waits_unless_something_is_pending)
{
    ck_assert_int_eq(op(call_v1, SCHEDOP_block, 0), 0);
    ck_assert(!vcpu_runnable(call_v1));
    vcpu_unblock(call_v1);
    ck_assert(vcpu_runnable(call_v1));
    ck_assert_int_eq(op(call_v1, SCHEDOP_yield, 0), 0);
    ck_assert(vcpu_runnable(call_v1));
}
END_TEST

static long watchdog(uint32_t id, uint32_t timeout)
{
    struct sched_watchdog w = {.id = id, .timeout = timeout};

    return OP_WITH(call_v1, SCHEDOP_watchdog, w);
}

START_TEST(a_domain_has_two_watchdogs)
{
    ck_assert_int_eq(watchdog(1, 5), -XEN_EINVAL);
    ck_assert_int_eq(watchdog(0, 5), 1);
    ck_assert_int_eq(watchdog(0, 5), 2);
    ck_assert_int_eq(watchdog(0, 5), -XEN_ENOSPC);
    ck_assert_int_eq(watchdog(3, 5), -XEN_EINVAL);
    ck_assert_int_eq(watchdog(~0U, 5), -XEN_EINVAL);
    ck_assert_int_eq(watchdog(1, 0), 0);
    ck_assert_int_eq(watchdog(1, 0), -XEN_EINVAL);
    ck_assert_int_eq(watchdog(0, 5), 1);
    ck_assert_int_eq(op(call_v1, SCHEDOP_watchdog, CALL_BAD), -XEN_EFAULT);
}
END_TEST

START_TEST(a_watchdog_that_is_not_fed_ends_the_domain)
{
    double_now_ns = 1000;
    ck_assert_int_eq(watchdog(0, 5), 1);
    double_now_ns += 4000000000;
    timer_run(0);
    ck_assert_int_eq(watchdog(1, 5), 0);
    double_now_ns += 4000000000;
    timer_run(0);
    ck_assert(!call_guest->shut_down);
    double_now_ns += 1000000000;
    timer_run(0);
    ck_assert(call_guest->shut_down);
    ck_assert_uint_eq(call_guest->shutdown_code, SHUTDOWN_watchdog);
}
END_TEST

START_TEST(a_control_domain_ends_guests)
{
    struct sched_remote_shutdown s = {.domain_id = 1,
                                      .reason = SHUTDOWN_reboot};

    ck_assert_int_eq(OP_WITH(call_v0, SCHEDOP_remote_shutdown, s), 0);
    ck_assert(call_guest->shut_down);
    ck_assert_uint_eq(call_guest->shutdown_code, SHUTDOWN_reboot);
    s.domain_id = 0;
    ck_assert_int_eq(OP_WITH(call_v1, SCHEDOP_remote_shutdown, s), -XEN_EPERM);
    s.domain_id = 77;
    ck_assert_int_eq(OP_WITH(call_v0, SCHEDOP_remote_shutdown, s), -XEN_ESRCH);
    ck_assert_int_eq(op(call_v0, SCHEDOP_remote_shutdown, CALL_BAD),
                     -XEN_EFAULT);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        unknown_operations_are_enosys,
        a_guest_ends_itself_with_its_code,
        polling_nothing_waits_for_the_timeout,
        a_timeout_in_the_past_does_not_wait,
        hostile_polls_are_refused,
        block_waits_unless_something_is_pending,
        a_control_domain_ends_guests,
        a_domain_has_two_watchdogs,
        a_watchdog_that_is_not_fed_ends_the_domain,
    };

    return call_run("sched_op", tests, ARRAY_SIZE(tests));
}
