/* Wake-ups, turns between two vCPUs on one CPU, and how late timers are. */
#include "cpu.h"
#include "guest.h"
#include "micro.h"
#include "ports.h"

enum {
    YIELDS = 50,
    WAKES = 20,
    SHORT_NS = 100000,
    LATE_NS = 20000000,
};

/* --- A vCPU that blocks until its timer --- */

static evtchn_port_t timer_port;
static uint64_t late_buckets[BUCKETS];

static void timer_prepare(void)
{
    CALL3(__HYPERVISOR_vcpu_op, VCPUOP_stop_periodic_timer, 0, NULL);
    if (!timer_port)
        timer_port = port_virq(VIRQ_TIMER, 0);
}

static uint64_t timer_start(void)
{
    struct vcpu_set_singleshot_timer t = {.timeout_abs_ns =
                                              clock_ns() + SHORT_NS};

    SAME(CALL3(__HYPERVISOR_vcpu_op, VCPUOP_set_singleshot_timer, 0, &t), 0);
    return t.timeout_abs_ns;
}

static void count_late(uint64_t ns)
{
    unsigned i = ns ? 64 - (unsigned)__builtin_clzl(ns) : 0;

    late_buckets[i < BUCKETS ? i : BUCKETS - 1]++;
}

static void wake_run(const struct op *op)
{
    for (unsigned i = 0; i < op->count; i++) {
        uint64_t due = timer_start();

        while (!event_pending(timer_port))
            (void)port_poll(timer_port, LATE_NS);
        SAME(early_ns(due), 0);
        count_late(clock_ns() > due ? clock_ns() - due : 0);
        event_clear(timer_port);
        upcall_clear(0);
    }
}

/* --- Two vCPUs on one CPU --- */

static volatile unsigned turns;

static long take_turns(void *arg)
{
    (void)arg;
    while (cpu_go_on()) {
        turns++;
        CALL2(__HYPERVISOR_sched_op, SCHEDOP_yield, NULL);
    }
    return 0;
}

static void turns_prepare(void)
{
    cpu_start(OTHER_VCPU);
    vcpu_pin(0, OTHER_VCPU, first_cpu);
    cpu_run(OTHER_VCPU, take_turns, NULL);
}

static void turns_before(const struct op *op)
{
    (void)op;
    AWAIT(turns > 2);
    turns = 0;
}

static void turns_run(const struct op *op)
{
    for (unsigned i = 0; i < op->count; i++)
        CALL2(__HYPERVISOR_sched_op, SCHEDOP_yield, NULL);
}

static void turns_after(const struct op *op)
{
    CHECK(turns >= op->count / 2);
}

static void turns_finish(void)
{
    vcpu_pin(0, OTHER_VCPU, other_cpu);
    cpu_wait(OTHER_VCPU);
}

const struct op sched_ops[] = {
    {.name = "vcpu-wakeup",
     .unit = "wake-up",
     .count = WAKES,
     .each = 1,
     .prepare = timer_prepare,
     .run = wake_run,
     .buckets = late_buckets},
    {.name = "context-switch",
     .unit = "switch",
     .count = YIELDS,
     .each = 2, /* to the other and back */
     .prepare = turns_prepare,
     .before = turns_before,
     .run = turns_run,
     .after = turns_after,
     .finish = turns_finish},
    OPS_END,
};
