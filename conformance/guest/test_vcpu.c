/* vCPUs and their timers. Source: public/vcpu.h. */
#include "suites.h"

enum {
    NOBODY = 4000,
    MS = 1000000,
};

static long op(int nr, int vcpu, void *arg)
{
    return CALL3(__HYPERVISOR_vcpu_op, nr, vcpu, arg);
}

static void is_up(void)
{
    SAME(op(VCPUOP_is_up, 0, NULL), 1);
    SAME(op(VCPUOP_is_up, NOBODY, NULL), NEG_ENOENT);
}

static void runstate(void)
{
    static struct vcpu_runstate_info info;
    struct vcpu_register_runstate_memory_area area;

    area.addr.v = &info;
    SAME(op(VCPUOP_register_runstate_memory_area, 0, &area), 0);
    CALL2(__HYPERVISOR_sched_op, SCHEDOP_yield, NULL);
    SAME(info.state, RUNSTATE_running);
    CHECK(info.time[RUNSTATE_running] > 0);
    SAME(op(VCPUOP_register_runstate_memory_area, NOBODY, &area), NEG_ENOENT);
    SAME(op(VCPUOP_register_runstate_memory_area, 0, UNMAPPED), NEG_EFAULT);
}

static void runstate_info(void)
{
    struct vcpu_runstate_info info = {0};

    SAME(op(VCPUOP_get_runstate_info, 0, &info), 0);
    SAME(info.state, RUNSTATE_running);
}

/* The port of the timer: bound once, for all tests. */
static evtchn_port_t timer_port(void)
{
    static struct evtchn_bind_virq b = {.virq = VIRQ_TIMER, .vcpu = 0};

    if (!b.port)
        SAME(CALL2(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_virq, &b), 0);
    event_clear(b.port);
    return b.port;
}

/* Waits for the port, at most that long. */
static void poll(evtchn_port_t port, uint64_t ns)
{
    struct sched_poll p = {.nr_ports = 1, .timeout = clock_ns() + ns};

    set_xen_guest_handle(p.ports, &port);
    SAME(CALL2(__HYPERVISOR_sched_op, SCHEDOP_poll, &p), 0);
}

static void singleshot(void)
{
    evtchn_port_t port = timer_port();
    uint64_t at = clock_ns() + 5 * MS;
    struct vcpu_set_singleshot_timer s = {.timeout_abs_ns = at};

    SAME(op(VCPUOP_set_singleshot_timer, 0, &s), 0);
    poll(port, 60000ul * MS);
    CHECK(event_pending(port));
    CHECK(clock_ns() >= at);
}

static void singleshot_past(void)
{
    evtchn_port_t port = timer_port();
    struct vcpu_set_singleshot_timer s = {.timeout_abs_ns = 1,
                                          .flags = VCPU_SSHOTTMR_future};

    long rc = op(VCPUOP_set_singleshot_timer, 0, &s);

    CHECK(rc == NEG_ETIME || rc == 0); /* 0: releases that ignore the flag */
    CHECK(rc == 0 || !event_pending(port));
    s.flags = 0;
    SAME(op(VCPUOP_set_singleshot_timer, 0, &s), 0);
    poll(port, 60000ul * MS);
    CHECK(event_pending(port));
}

static void singleshot_stop(void)
{
    evtchn_port_t port = timer_port();
    struct vcpu_set_singleshot_timer s = {.timeout_abs_ns =
                                              clock_ns() + 200 * MS};

    SAME(op(VCPUOP_set_singleshot_timer, 0, &s), 0);
    SAME(op(VCPUOP_stop_singleshot_timer, 0, NULL), 0);
    poll(port, 400 * MS);
    CHECK(!event_pending(port));
}

static void periodic(void)
{
    evtchn_port_t port = timer_port();
    struct vcpu_set_periodic_timer p = {.period_ns = 20 * MS};

    SAME(op(VCPUOP_set_periodic_timer, 0, &p), 0);
    for (int i = 0; i < 3; i++) {
        uint64_t limit = clock_ns() + 10000ul * MS;

        while (!event_pending(port) && clock_ns() < limit)
            ; /* it only runs while we do */
        CHECK(event_pending(port));
        event_clear(port);
    }
    SAME(op(VCPUOP_stop_periodic_timer, 0, NULL), 0);
    p.period_ns = 1;
    SAME(op(VCPUOP_set_periodic_timer, 0, &p), NEG_EINVAL);
}

static void register_info(void)
{
    struct vcpu_register_vcpu_info r = {.mfn = gfn_of(page_new()),
                                        .offset = PAGE_BYTES - 8};

    SAME(op(VCPUOP_register_vcpu_info, 0, &r), NEG_ENXIO);
    r.offset = 4;
    SAME(op(VCPUOP_register_vcpu_info, 0, &r), NEG_ENXIO);
    r.offset = 0;
    SAME(op(VCPUOP_register_vcpu_info, NOBODY, &r), NEG_ENOENT);
    r.mfn = gfn_free();
    CHECK(op(VCPUOP_register_vcpu_info, 0, &r) < 0);
    SAME(op(VCPUOP_register_vcpu_info, 0, UNMAPPED), NEG_EFAULT);
}

static void up_refused(void)
{
    SAME(op(VCPUOP_up, NOBODY, NULL), NEG_ENOENT);
    SAME(op(VCPUOP_down, NOBODY, NULL), NEG_ENOENT);
}

static void unknown(void)
{
    SAME(op(99, 0, NULL), NEG_ENOSYS);
}

const struct test vcpu_tests[] = {
    {"is_up", "vCPU 0 MUST be up, others that are not there refused.", is_up},
    {"runstate", "The registered area MUST say that we run.", runstate},
    {"runstate_info", "The call MUST say that we run.", runstate_info},
    {"singleshot", "A timer MUST fire at its time and not before.", singleshot},
    {"singleshot_past", "A time that is over: refused, or at once.",
     singleshot_past},
    {"singleshot_stop", "A timer that was stopped MUST NOT fire.",
     singleshot_stop},
    {"periodic", "A periodic timer MUST fire again and again.", periodic},
    {"register_info", "Places and vCPUs that are not there.", register_info},
    {"up_refused", "vCPUs that are not there.", up_refused},
    {"unknown", "Other operations MUST answer -ENOSYS.", unknown},
    {0},
};
