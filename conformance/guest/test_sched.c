/* Scheduler operations. Source: public/sched.h. */
#include "suites.h"

static long op(int nr, void *arg)
{
    return CALL2(__HYPERVISOR_sched_op, nr, arg);
}

static void yield(void)
{
    for (int i = 0; i < 100; i++)
        SAME(op(SCHEDOP_yield, NULL), 0);
}

static void poll_timeout(void)
{
    uint64_t until = clock_ns() + 20000000;
    struct sched_poll p = {.nr_ports = 0, .timeout = until};

    SAME(op(SCHEDOP_poll, &p), 0);
    CHECK(clock_ns() >= until);
}

static void poll_pending(void)
{
    struct evtchn_bind_ipi b = {.vcpu = 0};
    struct sched_poll p = {.nr_ports = 1};
    struct evtchn_send s;
    struct evtchn_close c;

    SAME(CALL2(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_ipi, &b), 0);
    s.port = c.port = b.port;
    SAME(CALL2(__HYPERVISOR_event_channel_op, EVTCHNOP_send, &s), 0);
    set_xen_guest_handle(p.ports, &b.port);
    SAME(op(SCHEDOP_poll, &p), 0); /* comes back: it is pending */
    event_clear(b.port);
    SAME(CALL2(__HYPERVISOR_event_channel_op, EVTCHNOP_close, &c), 0);
}

static void poll_refused(void)
{
    evtchn_port_t ports[1] = {~0u};
    struct sched_poll p = {.nr_ports = 129};

    set_xen_guest_handle(p.ports, ports);
    SAME(op(SCHEDOP_poll, &p), NEG_EINVAL);
    p.nr_ports = 1;
    SAME(op(SCHEDOP_poll, &p), NEG_EINVAL);
    set_xen_guest_handle(p.ports, UNMAPPED);
    SAME(op(SCHEDOP_poll, &p), NEG_EFAULT);
    SAME(op(SCHEDOP_poll, UNMAPPED), NEG_EFAULT);
}

static void shutdown_refused(void)
{
    SAME(op(SCHEDOP_shutdown, UNMAPPED), NEG_EFAULT);
}

static void watchdog(void)
{
    struct sched_watchdog w = {.id = 0, .timeout = 3600};

    w.id = (uint32_t)op(SCHEDOP_watchdog, &w);
    CHECK(w.id == 1 || w.id == 2);
    w.timeout = 0;
    SAME(op(SCHEDOP_watchdog, &w), 0);
    w.id = 77;
    SAME(op(SCHEDOP_watchdog, &w), NEG_EINVAL);
}

static void unknown(void)
{
    SAME(op(99, NULL), NEG_ENOSYS);
}

const struct test sched_tests[] = {
    {"yield", "A yield MUST come back.", yield},
    {"poll_timeout", "A poll MUST end at its time and not before.",
     poll_timeout},
    {"poll_pending", "A poll of what is pending MUST end at once.",
     poll_pending},
    {"poll_refused", "Too many ports, ports and places that are not there.",
     poll_refused},
    {"shutdown_refused", "A place that is not there MUST NOT end us.",
     shutdown_refused},
    {"watchdog", "A watchdog MUST be set and cleared.", watchdog},
    {"unknown", "Other operations MUST answer -ENOSYS.", unknown},
    {0},
};
