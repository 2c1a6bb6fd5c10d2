/* Scheduler operations. Source: public/sched.h. */
#include "cpu.h"
#include "ports.h"
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
    SAME(early_ns(until), 0);
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

static void watchdog_ids(void)
{
    struct sched_watchdog w = {.id = 0, .timeout = 3600}, off = {.timeout = 0};

    SAME(op(SCHEDOP_watchdog, &w), 1);
    SAME(op(SCHEDOP_watchdog, &w), 2);
    SAME((int)op(SCHEDOP_watchdog, &w), NEG_ENOSPC); /* there are two */
    w.id = 2;
    SAME(op(SCHEDOP_watchdog, &w), 0); /* kept alive */
    for (off.id = 1; off.id <= 2; off.id++)
        SAME(op(SCHEDOP_watchdog, &off), 0);
    off.id = 1;
    SAME(op(SCHEDOP_watchdog, &off), NEG_EINVAL); /* it is off */
    SAME(op(SCHEDOP_watchdog, UNMAPPED), NEG_EFAULT);
}

static void poll_limit(void)
{
    static evtchn_port_t ports[128];
    struct sched_poll p = {.nr_ports = 128, .timeout = 1};

    for (int i = 0; i < 128; i++)
        ports[i] = port_ipi(0);
    set_xen_guest_handle(p.ports, ports);
    SAME(port_send(ports[127]), 0);
    SAME(op(SCHEDOP_poll, &p), 0);
    p.nr_ports = ~0u;
    SAME(op(SCHEDOP_poll, &p), NEG_EINVAL);
    for (int i = 0; i < 128; i++)
        SAME(port_close(ports[i]), 0);
}

static void poll_past(void)
{
    evtchn_port_t port = port_ipi(0);
    struct sched_poll p = {.nr_ports = 1, .timeout = 1};

    event_clear(port);
    set_xen_guest_handle(p.ports, &port);
    SAME(op(SCHEDOP_poll, &p), 0); /* a time that is over: at once */
    CHECK(!event_pending(port));
    SAME(port_close(port), 0);
}

static long send_later(void *arg)
{
    uint64_t at = clock_ns() + 3000000;

    while (clock_ns() < at)
        cpu_relax();
    return port_send((evtchn_port_t)(uintptr_t)arg);
}

static void poll_woken(void)
{
    evtchn_port_t port = port_ipi(0);

    cpu_start(1);
    event_clear(port);
    cpu_run(1, send_later, (void *)(uintptr_t)port);
    SAME(port_poll(port, 60000000000ul), 0);
    CHECK(event_pending(port));
    SAME(cpu_wait(1), 0);
    event_clear(port);
    SAME(port_close(port), 0);
}

static void poll_masked(void)
{
    evtchn_port_t port = port_ipi(0);

    event_clear(port);
    port_set_mask(port, true);
    SAME(port_send(port), 0);
    SAME(port_poll(port, 60000000000ul), 0); /* pending counts, not the mask */
    port_set_mask(port, false);
    event_clear(port);
    SAME(port_close(port), 0);
}

static long send_on(void *arg)
{
    while (cpu_go_on()) {
        event_clear((evtchn_port_t)(uintptr_t)arg); /* or it would be no news */
        upcall_clear(0);
        SAME(port_send((evtchn_port_t)(uintptr_t)arg), 0);
    }
    return 0;
}

static void block(void)
{
    volatile unsigned *count = &this_cpu()->interrupts[CALLBACK_VECTOR];
    evtchn_port_t port = port_ipi(0);

    cpu_start(1);
    *count = 0;
    upcall_clear(0);
    event_clear(port);
    set_callback_vector();
    cpu_run(1, send_on, (void *)(uintptr_t)port);
    for (int i = 0; i < 5; i++) {
        upcall_clear(0);
        event_clear(port);
        __asm__ volatile("sti");
        SAME(op(SCHEDOP_block, NULL), 0);
        __asm__ volatile("cli");
    }
    CHECK(*count > 0);
    clear_callback_vector();
    SAME(cpu_wait(1), 0);
    event_clear(port);
    SAME(port_close(port), 0);
}

static void remote_shutdown_refused(void)
{
    struct sched_remote_shutdown r = {.domain_id = NOBODY,
                                      .reason = SHUTDOWN_crash};

    SAME(op(SCHEDOP_remote_shutdown, &r), NEG_ESRCH);
    SAME(op(SCHEDOP_remote_shutdown, UNMAPPED), NEG_EFAULT);
}

static void remote_shutdown_of_control(void)
{
    struct sched_remote_shutdown r = {.domain_id = 0, .reason = SHUTDOWN_crash};

    SAME(op(SCHEDOP_remote_shutdown, &r), NEG_EPERM);
}

static void shutdown_code_refused(void)
{
    SAME(op(SCHEDOP_shutdown_code, UNMAPPED), NEG_EFAULT);
}

static void pin_override(void)
{
    struct sched_pin_override p = {.pcpu = 1};

    if (!in_control) {
        SAME(op(SCHEDOP_pin_override, &p), NEG_EPERM);
        return;
    }
    SAME(op(SCHEDOP_pin_override, &p), 0);
    p.pcpu = -1;
    SAME(op(SCHEDOP_pin_override, &p), 0);
    p.pcpu = 100000;
    SAME(op(SCHEDOP_pin_override, &p), NEG_EINVAL);
    SAME(op(SCHEDOP_pin_override, UNMAPPED), NEG_EFAULT);
}

static void unknown(void)
{
    SAME(op(99, NULL), NEG_ENOSYS);
    SAME(op(-1, NULL), NEG_ENOSYS);
}

const struct test sched_tests[] = {
    TEST(yield, "A yield MUST come back."),
    TEST(block, "A block MUST end when an event comes."),
    TEST(poll_timeout, "A poll MUST end at its time and not before."),
    TEST(poll_pending, "A poll of what is pending MUST end at once."),
    TEST(poll_past, "A poll until a time that is over MUST end at once."),
    TEST(poll_woken, "A poll MUST end when its event comes."),
    TEST(poll_masked, "A poll MUST see what is pending and masked."),
    TEST(poll_limit, "128 ports MUST be polled, and no more."),
    TEST(poll_refused, "Too many ports, ports and places that are not there."),
    TEST(shutdown_refused, "A place that is not there MUST NOT end us."),
    TEST(watchdog, "A watchdog MUST be set and cleared."),
    TEST(watchdog_ids, "There are two watchdogs."),
    TEST_CONTROL(remote_shutdown_refused,
                 "Domains and places that are not there."),
    TEST_GUEST(remote_shutdown_of_control, "A guest MUST NOT end others."),
    TEST(shutdown_code_refused, "A place that is not there: no code."),
    TEST(pin_override, "The control domain MAY pin itself, a guest not."),
    TEST(unknown, "Other operations MUST answer -ENOSYS."),
    {0},
};
