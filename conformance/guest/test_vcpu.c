/* vCPUs and their timers. Source: public/vcpu.h. */
#include "cpu.h"
#include "suites.h"

#include <xen/hvm/hvm_vcpu.h>

enum {
    MS = 1000000,
};

extern const char ap_start_64[], ap_start_flat[];

static long op(int nr, int vcpu, void *arg)
{
    return CALL3(__HYPERVISOR_vcpu_op, nr, vcpu, arg);
}

static void is_up(void)
{
    SAME(op(VCPUOP_is_up, 0, NULL), 1);
    SAME(op(VCPUOP_is_up, NO_VCPU, NULL), NEG_ENOENT);
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
    SAME(op(VCPUOP_register_runstate_memory_area, NO_VCPU, &area), NEG_ENOENT);
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
    SAME(early_ns(at), 0);
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
    SAME(op(VCPUOP_register_vcpu_info, NO_VCPU, &r), NEG_ENOENT);
    r.mfn = gfn_free();
    CHECK(op(VCPUOP_register_vcpu_info, 0, &r) < 0);
    SAME(op(VCPUOP_register_vcpu_info, 0, UNMAPPED), NEG_EFAULT);
}

static void up_refused(void)
{
    SAME(op(VCPUOP_up, NO_VCPU, NULL), NEG_ENOENT);
    SAME(op(VCPUOP_down, NO_VCPU, NULL), NEG_ENOENT);
    SAME(op(VCPUOP_initialise, NO_VCPU, NULL), NEG_ENOENT);
    SAME(op(VCPUOP_up, -1, NULL), NEG_ENOENT);
}

static void up_running(void)
{
    SAME(op(VCPUOP_up, 0, NULL), 0); /* it is: nothing happens */
}

static void runstate_info_refused(void)
{
    struct vcpu_runstate_info info;

    SAME(op(VCPUOP_get_runstate_info, NO_VCPU, &info), NEG_ENOENT);
    SAME(op(VCPUOP_get_runstate_info, 0, UNMAPPED), NEG_EFAULT);
}

static void runstate_sums_up(void)
{
    struct vcpu_runstate_info a = {0}, b = {0};
    uint64_t sum_a = 0, sum_b = 0;
    struct sched_poll nap = {0};

    SAME(op(VCPUOP_get_runstate_info, 0, &a), 0);
    nap.timeout = clock_ns() + 5 * MS;
    SAME(CALL2(__HYPERVISOR_sched_op, SCHEDOP_poll, &nap), 0);
    SAME(op(VCPUOP_get_runstate_info, 0, &b), 0);
    for (int i = 0; i < 4; i++) {
        CHECK(b.time[i] >= a.time[i]);
        sum_a += a.time[i];
        sum_b += b.time[i];
    }
    CHECK(b.time[RUNSTATE_blocked] > a.time[RUNSTATE_blocked]);
    CHECK(sum_b - sum_a >= 4 * MS);
}

static void runstate_area_of_other(void)
{
    struct vcpu_runstate_info *info = page_new();
    struct vcpu_register_runstate_memory_area area;

    cpu_start(1);
    area.addr.v = info;
    SAME(op(VCPUOP_register_runstate_memory_area, 1, &area), 0);
    AWAIT(info->time[RUNSTATE_running] > 0);
}

static void runstate_area_unmapped(void)
{
    struct vcpu_register_runstate_memory_area area;

    area.addr.v = UNMAPPED; /* not there now; it may come */
    SAME(op(VCPUOP_register_runstate_memory_area, 0, &area), 0);
    CALL2(__HYPERVISOR_sched_op, SCHEDOP_yield, NULL);
}

static void time_area(void)
{
    struct vcpu_time_info *info = page_new();
    struct vcpu_register_time_memory_area area;

    area.addr.v = info;
    SAME(op(VCPUOP_register_vcpu_time_memory_area, 0, &area), 0);
    poll(timer_port(), 2 * MS);
    AWAIT(info->system_time > 0);
    SAME(info->version & 1, 0);
    area.addr.v = NULL;
    SAME(op(VCPUOP_register_vcpu_time_memory_area, 0, &area), 0);
}

static void time_area_refused(void)
{
    struct vcpu_register_time_memory_area area;

    area.addr.v = NULL;
    SAME(op(VCPUOP_register_vcpu_time_memory_area, 0, UNMAPPED), NEG_EFAULT);
    SAME(op(VCPUOP_register_vcpu_time_memory_area, NO_VCPU, &area), NEG_ENOENT);
}

static void timers_of_others(void)
{
    struct vcpu_set_singleshot_timer s = {.timeout_abs_ns = ~0ul >> 1};

    cpu_start(1);
    SAME(op(VCPUOP_set_singleshot_timer, 1, &s), NEG_EINVAL);
    SAME(op(VCPUOP_stop_singleshot_timer, 1, NULL), NEG_EINVAL);
    SAME(op(VCPUOP_set_singleshot_timer, NO_VCPU, &s), NEG_ENOENT);
    SAME(op(VCPUOP_stop_periodic_timer, 1, NULL), 0);
}

static void singleshot_refused(void)
{
    SAME(op(VCPUOP_set_singleshot_timer, 0, UNMAPPED), NEG_EFAULT);
    SAME(op(VCPUOP_set_periodic_timer, 0, UNMAPPED), NEG_EFAULT);
}

static void singleshot_replaced(void)
{
    evtchn_port_t port = timer_port();
    struct vcpu_set_singleshot_timer s = {.timeout_abs_ns =
                                              clock_ns() + 60000ul * MS};

    SAME(op(VCPUOP_set_singleshot_timer, 0, &s), 0);
    s.timeout_abs_ns = clock_ns() + 2 * MS;
    SAME(op(VCPUOP_set_singleshot_timer, 0, &s), 0);
    poll(port, 30000ul * MS);
    CHECK(event_pending(port));
}

static void singleshot_far(void)
{
    evtchn_port_t port = timer_port();
    struct vcpu_set_singleshot_timer s = {.timeout_abs_ns = ~0ul >> 1};

    SAME(op(VCPUOP_set_singleshot_timer, 0, &s), 0);
    poll(port, 5 * MS);
    CHECK(!event_pending(port));
    SAME(op(VCPUOP_stop_singleshot_timer, 0, NULL), 0);
}

static void periodic_refused(void)
{
    struct vcpu_set_periodic_timer p = {.period_ns = MS - 1};

    SAME(op(VCPUOP_set_periodic_timer, 0, &p), NEG_EINVAL);
    p.period_ns = ~0ul;
    SAME(op(VCPUOP_set_periodic_timer, 0, &p), NEG_EINVAL);
    p.period_ns = 10 * MS;
    SAME(op(VCPUOP_set_periodic_timer, NO_VCPU, &p), NEG_ENOENT);
    SAME(op(VCPUOP_stop_periodic_timer, NO_VCPU, NULL), NEG_ENOENT);
}

static long timer_on_this(void *arg)
{
    struct evtchn_bind_virq b = {.virq = VIRQ_TIMER, .vcpu = this_cpu()->nr};
    struct vcpu_set_singleshot_timer s = {.timeout_abs_ns =
                                              clock_ns() + 3 * MS};
    struct evtchn_close c;

    (void)arg;
    SAME(CALL2(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_virq, &b), 0);
    event_clear(b.port);
    SAME(op(VCPUOP_set_singleshot_timer, (int)this_cpu()->nr, &s), 0);
    AWAIT(event_pending(b.port));
    SAME(early_ns(s.timeout_abs_ns), 0);
    event_clear(b.port);
    c.port = b.port;
    SAME(CALL2(__HYPERVISOR_event_channel_op, EVTCHNOP_close, &c), 0);
    return 0;
}

static void singleshot_on_other(void)
{
    cpu_start(1);
    SAME(cpu_call(1, timer_on_this, NULL), 0);
}

static void nmi(void)
{
    volatile unsigned *count = &this_cpu()->interrupts[2];

    *count = 0;
    SAME(op(VCPUOP_send_nmi, 0, NULL), 0);
    AWAIT(*count == 1);
    SAME(op(VCPUOP_send_nmi, 0, (void *)1), NEG_EINVAL);
    SAME(op(VCPUOP_send_nmi, NO_VCPU, NULL), NEG_ENOENT);
}

static void nmi_to_other(void)
{
    volatile unsigned *count = &cpu_of(1)->interrupts[2];

    cpu_start(1);
    *count = 0;
    SAME(op(VCPUOP_send_nmi, 1, NULL), 0);
    AWAIT(*count == 1);
}

static void physical_id(void)
{
    struct vcpu_get_physid id;

    long rc = op(VCPUOP_get_physid, 0, &id);

    CHECK(rc == NEG_EINVAL || rc == 0); /* 0: it is pinned */
    SAME(op(VCPUOP_get_physid, NO_VCPU, &id), NEG_ENOENT);
}

static void initialise_running(void)
{
    struct vcpu_hvm_context *c = page_new();

    SAME(op(VCPUOP_initialise, 0, c), NEG_EEXIST);
    cpu_start(1);
    SAME(op(VCPUOP_initialise, 1, c), NEG_EEXIST);
    SAME(op(VCPUOP_initialise, 0, UNMAPPED), NEG_EFAULT);
}

/* vCPU 2 of a guest is free for this, and 3 for the next. */
static struct vcpu_hvm_context *context_64(unsigned nr)
{
    struct vcpu_hvm_context *c = page_new();
    struct vcpu_hvm_x86_64 *r = &c->cpu_regs.x86_64;

    if (op(VCPUOP_is_up, (int)nr, NULL) != 0)
        test_skip("no vCPU is left to start");
    c->mode = VCPU_HVM_MODE_64B;
    __asm__ volatile("mov %%cr0, %0" : "=r"(r->cr0));
    __asm__ volatile("mov %%cr3, %0" : "=r"(r->cr3));
    __asm__ volatile("mov %%cr4, %0" : "=r"(r->cr4));
    r->efer = msr_get(MSR_EFER);
    r->rflags = 2;
    r->rip = (uintptr_t)ap_start_64;
    return c;
}

static void initialise_refused(void)
{
    struct vcpu_hvm_context *c = context_64(2);

    SAME(op(VCPUOP_up, 2, NULL), NEG_EINVAL); /* nothing to run yet */
    c->pad = 1;
    SAME(op(VCPUOP_initialise, 2, c), NEG_EINVAL);
    c->pad = 0;
    c->mode = 7;
    SAME(op(VCPUOP_initialise, 2, c), NEG_EINVAL);
    c->mode = VCPU_HVM_MODE_64B;
    c->cpu_regs.x86_64.rip = (uintptr_t)NON_CANONICAL;
    SAME(op(VCPUOP_initialise, 2, c), NEG_EINVAL);
    c->cpu_regs.x86_64.rip = 0;
    c->cpu_regs.x86_64.cr0 = 1;
    SAME(op(VCPUOP_initialise, 2, c), NEG_EINVAL);
    SAME(op(VCPUOP_initialise, 2, UNMAPPED), NEG_EFAULT);
}

static void initialise_64(void)
{
    struct vcpu_hvm_context *c = context_64(2);

    cpu_prepare(2);
    SAME(op(VCPUOP_initialise, 2, c), 0);
    SAME(op(VCPUOP_is_up, 2, NULL), 0);
    SAME(op(VCPUOP_up, 2, NULL), 0);
    AWAIT(cpu_of(2)->up);
    SAME(op(VCPUOP_is_up, 2, NULL), 1);
}

static void initialise_32(void)
{
    struct vcpu_hvm_context *c = context_64(3);
    struct vcpu_hvm_x86_32 *r = &c->cpu_regs.x86_32;

    bytes_set(c, 0, sizeof(*c));
    c->mode = VCPU_HVM_MODE_32B;
    r->eip = (uint32_t)(uintptr_t)ap_start_flat;
    r->eflags = 2;
    r->cr0 = 0x11;
    r->cs_limit = r->ds_limit = r->ss_limit = r->es_limit = ~0u;
    r->cs_ar = 0xc9b;
    r->ds_ar = r->ss_ar = r->es_ar = 0xc93;
    r->tr_ar = 0x8b;
    r->tr_limit = 0x67;
    cpu_prepare(3);
    SAME(op(VCPUOP_initialise, 3, c), 0);
    SAME(op(VCPUOP_up, 3, NULL), 0);
    AWAIT(cpu_of(3)->up);
}

static long count_up(void *arg)
{
    volatile long *counter = arg;

    while (cpu_go_on())
        ++*counter;
    return 0;
}

static int runstate_of(int vcpu)
{
    struct vcpu_runstate_info info;

    SAME(op(VCPUOP_get_runstate_info, vcpu, &info), 0);
    return info.state;
}

static void down_and_up(void)
{
    volatile long *counter = page_new();
    long at;

    cpu_start(1);
    cpu_run(1, count_up, (void *)counter);
    AWAIT(*counter > 100);
    SAME(op(VCPUOP_down, 1, NULL), 0);
    SAME(op(VCPUOP_is_up, 1, NULL), 0);
    AWAIT(runstate_of(1) != RUNSTATE_running); /* soon, though not at once */
    at = *counter;
    for (int i = 0; i < 100; i++)
        CALL2(__HYPERVISOR_sched_op, SCHEDOP_yield, NULL);
    SAME(*counter, at);
    SAME(op(VCPUOP_up, 1, NULL), 0);
    AWAIT(*counter > at);
    SAME(cpu_wait(1), 0);
}

static long register_own(void *arg)
{
    return op(VCPUOP_register_vcpu_info, (int)this_cpu()->nr, arg);
}

static void info_registered(void)
{
    struct vcpu_info *info = page_new();
    struct vcpu_register_vcpu_info r = {.mfn = gfn_of(info), .offset = 128};

    if (op(VCPUOP_is_up, 3, NULL) != 1)
        test_skip("vCPU 3 does not run");
    SAME(op(VCPUOP_register_vcpu_info, 3, &r), NEG_EINVAL); /* it runs */
    SAME(cpu_call(3, register_own, &r), 0);
    info = (void *)((char *)info + 128);
    cpu_of(3)->info = info;
    AWAIT(info->time.system_time > 0);
    SAME(cpu_call(3, register_own, &r), NEG_EINVAL); /* it has one */
}

static void unknown(void)
{
    SAME(op(99, 0, NULL), NEG_ENOSYS);
    SAME(op(-1, 0, NULL), NEG_ENOSYS);
    SAME(op(99, NO_VCPU, NULL), NEG_ENOENT);
}

const struct test vcpu_tests[] = {
    TEST(is_up, "vCPU 0 MUST be up, others that are not there refused."),
    TEST(runstate, "The registered area MUST say that we run."),
    TEST(runstate_area_of_other, "An area of another vCPU MUST be kept."),
    TEST(runstate_area_unmapped, "A place not there now MUST be taken."),
    TEST(runstate_info, "The call MUST say that we run."),
    TEST(runstate_info_refused, "vCPUs and places that are not there."),
    TEST(runstate_sums_up, "Time MUST be in one state or another."),
    TEST(time_area, "The registered area MUST hold the time."),
    TEST(time_area_refused, "vCPUs and places that are not there."),
    TEST(singleshot, "A timer MUST fire at its time and not before."),
    TEST(singleshot_past, "A time that is over: refused, or at once."),
    TEST(singleshot_stop, "A timer that was stopped MUST NOT fire."),
    TEST(singleshot_replaced, "The last time that was set MUST count."),
    TEST(singleshot_far, "A time far off MUST NOT come."),
    TEST(singleshot_refused, "Places that are not there."),
    TEST(singleshot_on_other, "Each vCPU MUST have its own timer."),
    TEST(timers_of_others, "A vCPU MUST set its own timer alone."),
    TEST(periodic, "A periodic timer MUST fire again and again."),
    TEST(periodic_refused, "Periods below 1 ms or beyond all limits."),
    TEST(register_info, "Places and vCPUs that are not there."),
    TEST(nmi, "An NMI MUST come, once."),
    TEST(nmi_to_other, "An NMI MUST come to another vCPU."),
    TEST_CONTROL(physical_id, "A vCPU that is not pinned has no place."),
    TEST(up_refused, "vCPUs that are not there."),
    TEST(up_running, "A vCPU that is up MUST stay up."),
    TEST(initialise_running, "A vCPU that runs MUST NOT start anew."),
    TEST_GUEST(initialise_refused, "Modes and registers that cannot be."),
    TEST_GUEST(initialise_64, "A vCPU MUST start in 64-bit mode."),
    TEST_GUEST(initialise_32, "A vCPU MUST start in 32-bit mode."),
    TEST(down_and_up, "A vCPU that is down MUST stand still, then go on."),
    TEST_GUEST(info_registered, "A vCPU's own page MUST be filled, once."),
    TEST(unknown, "Other operations MUST answer -ENOSYS."),
    {0},
};
