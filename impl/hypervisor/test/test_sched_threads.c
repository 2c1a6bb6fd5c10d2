/*
 * The scheduler with real parallelism: each CPU is a thread, guests do at random
 * whatever makes CPUs meet. A deadlock ends in the test's time limit.
 */
#include "double/double.h"
#include "run.h"

#include "hv/heap.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#define CPUS      4
#define VCPUS     6
#define ROUNDS    5000
#define TICK_NS   20000
#define PAGES_MAX 4

static struct vcpu *vcpus[VCPUS];
static unsigned int in_guest[VCPUS]; /* [a] on how many CPUs */
static unsigned int rounds[VCPUS];   /* [a] */
static unsigned int running = CPUS;  /* [a] threads with rounds left */
static unsigned int needed = CPUS;   /* [a] threads that may wait for others */
static struct timer wake_timer[VCPUS];
static _Thread_local unsigned int seed;

static unsigned int dice(unsigned int sides)
{
    return (unsigned int)rand_r(&seed) % sides;
}

static unsigned int index_of(const struct vcpu *v)
{
    return (unsigned int)(v->domain->id - 1);
}

static void wake_cb(struct timer *t, void *arg)
{
    (void)t;
    vcpu_unblock(arg);
}

static void op_block(struct vcpu *v)
{
    timer_set(&wake_timer[index_of(v)], dice(CPUS),
              arch_now_ns() + dice(20) * TICK_NS);
    vcpu_block(v);
}

static void op_kick(struct vcpu *v)
{
    (void)v;
    vcpu_unblock(vcpus[dice(VCPUS)]);
}

static void op_yield(struct vcpu *v)
{
    vcpu_yield(v);
}

/* While it is paused, nobody may see it in the guest. */
static void op_pause(struct vcpu *v)
{
    struct vcpu *other = vcpus[dice(VCPUS)];
    unsigned int *flag = &in_guest[index_of(other)];

    vcpu_pause(other);
    for (unsigned int i = 0; other != v && i < 10; i++)
        ck_assert_uint_eq(__atomic_load_n(flag, __ATOMIC_SEQ_CST), 0);
    vcpu_unpause(other);
}

static void op_affinity(struct vcpu *v)
{
    struct cpumask m = {{1 + dice((1U << CPUS) - 1)}};

    (void)v;
    ck_assert_int_eq(sched_set_affinity(vcpus[dice(VCPUS)], &m, true), 0);
}

static void op_memory(struct vcpu *v)
{
    mfn_t m[PAGES_MAX];
    unsigned int got = 0;
    void *p = heap_alloc(dice(3000));

    while (got < PAGES_MAX &&
           !page_alloc(v->domain, dice(4), PAGE_ALLOC_ZERO, &m[got]))
        page_put(m[got++]);
    heap_free(p);
}

static void op_cap(struct vcpu *v)
{
    struct xen_domctl_scheduler_op op = {
        .sched_id = XEN_SCHEDULER_CREDIT2,
        .cmd = XEN_DOMCTL_SCHEDOP_putinfo,
        .u.credit2 = {.weight = (uint16_t)(1 + dice(1000)),
                      .cap = (uint16_t)(dice(2) ? 10 + dice(90) : 0)},
    };

    ck_assert_int_eq(sched_adjust(v->domain, &op), 0);
}

static void (*const ops[])(struct vcpu *v) = {
    op_block, op_kick, op_yield, op_pause, op_affinity, op_memory, op_cap};

/* The guest runs until its CPU is wanted, then exits with a request. */
static void guest(struct vcpu *v)
{
    unsigned int *flag = &in_guest[index_of(v)];

    do {
        ck_assert_uint_eq(__atomic_fetch_add(flag, 1, __ATOMIC_SEQ_CST), 0);
        __atomic_fetch_add(&double_now_ns, TICK_NS, __ATOMIC_RELAXED);
        for (unsigned int i = dice(50);
             i && !cpu_must_leave(&cpus[double_self]); i--)
            spin_relax();
        __atomic_fetch_sub(flag, 1, __ATOMIC_SEQ_CST);
        __atomic_fetch_add(&rounds[index_of(v)], 1, __ATOMIC_RELAXED);
        if (!__atomic_load_n(&running, __ATOMIC_SEQ_CST))
            return;
        ops[dice(ARRAY_SIZE(ops))](v);
    } while (!cpu_must_leave(&cpus[double_self]) && vcpu_runnable(v));
}

/* More threads than real CPUs: let the others have them. */
static void idle(struct cpu *c)
{
    (void)c;
    __atomic_fetch_add(&double_now_ns, TICK_NS, __ATOMIC_RELAXED);
    (void)sched_yield();
}

/* Rounds, then serving until no other CPU can wait for this one any more. */
static void *cpu_thread(void *arg)
{
    struct cpu *c = arg;

    double_self = c->id;
    seed = c->id + 1;
    for (unsigned int n = 0; n < ROUNDS; n++)
        cpu_step(c);
    __atomic_fetch_sub(&running, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&running, __ATOMIC_SEQ_CST))
        cpu_step(c);
    __atomic_fetch_sub(&needed, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&needed, __ATOMIC_SEQ_CST))
        cpu_step(c);
    return NULL;
}

START_TEST(cpus_that_meet_at_random_neither_hang_nor_share_a_vcpu)
{
    pthread_t thread[CPUS];
    uint64_t heap;

    double_init(64);
    double_cpus(CPUS);
    for (unsigned int i = 0; i < VCPUS; i++) {
        struct domain *d = double_domain((domid_t)(i + 1), 1);

        vcpus[i] = d->vcpu[0];
        timer_init(&wake_timer[i], wake_cb, vcpus[i]);
    }
    heap = heap_used_bytes();
    double_run_fn = guest;
    double_idle_fn = idle;
    for (unsigned int i = 0; i < CPUS; i++)
        ck_assert_int_eq(pthread_create(&thread[i], NULL, cpu_thread, &cpus[i]),
                         0);
    for (unsigned int i = 0; i < CPUS; i++)
        ck_assert_int_eq(pthread_join(thread[i], NULL), 0);
    for (unsigned int i = 0; i < VCPUS; i++)
        ck_assert_uint_gt(rounds[i], 0);
    ck_assert_uint_eq(heap_used_bytes(), heap);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        cpus_that_meet_at_random_neither_hang_nor_share_a_vcpu};

    return test_run("sched_threads", tests, ARRAY_SIZE(tests));
}
