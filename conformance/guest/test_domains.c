/* Lives of domains, as control sees them. Source: public/domctl.h, sched.h. */
#include "guest.h"
#include "ports.h"
#include "suites.h"

#include <xen/sysctl.h>

enum {
    MS = 1000000,
};

static long simple(domid_t domid, uint32_t cmd)
{
    struct xen_domctl d = {0};

    return domctl(domid, cmd, &d);
}

static uint32_t flags_of(struct guest *g)
{
    struct xen_domctl_getdomaininfo info;

    guest_info(g, &info);
    return info.flags;
}

/* --- What the guest does --- */

static long there_shutdown(void *arg)
{
    struct sched_shutdown s = {.reason = (unsigned)((long *)arg)[0]};

    CALL2(__HYPERVISOR_sched_op, SCHEDOP_shutdown, &s);
    return 0;
}

static long there_triple_fault(void *arg)
{
    struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) none = {0, 0};

    (void)arg;
    __asm__ volatile("lidt %0; ud2" : : "m"(none));
    return 0;
}

static long there_count(void *arg)
{
    volatile long *counter = arg;

    while (counter[1] == 0)
        counter[0]++;
    return counter[0];
}

static long there_nothing(void *arg)
{
    (void)arg;
    return 4711;
}

static long there_vcpus_up(void *arg)
{
    long n = 0;

    (void)arg;
    for (unsigned i = 1; i < cpu_count(); i++)
        cpu_start(i);
    while (CALL3(__HYPERVISOR_vcpu_op, VCPUOP_is_up, n, NULL) == 1)
        n++;
    return n;
}

static long there_shared_gfn(void *arg)
{
    (void)arg;
    return (long)gfn_of(shared_info);
}

/* --- Ends --- */

static void ends_with(unsigned reason)
{
    struct guest g = guest_new(1);
    long args[GUEST_ARGS] = {reason};
    uint32_t flags;

    guest_run(&g, there_shutdown, args);
    AWAIT(flags_of(&g) & XEN_DOMINF_shutdown);
    flags = flags_of(&g);
    SAME(flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask, reason);
    CHECK(!(flags & XEN_DOMINF_dying));
    guest_destroy(&g);
}

static void shutdown_poweroff(void)
{
    ends_with(SHUTDOWN_poweroff);
}

static void shutdown_reboot(void)
{
    ends_with(SHUTDOWN_reboot);
}

static void shutdown_suspend(void)
{
    ends_with(SHUTDOWN_suspend);
}

static void shutdown_crash(void)
{
    ends_with(SHUTDOWN_crash);
}

static void shutdown_watchdog(void)
{
    ends_with(SHUTDOWN_watchdog);
}

static void shutdown_soft_reset(void)
{
    ends_with(SHUTDOWN_soft_reset);
}

static void shutdown_unknown_reason(void)
{
    ends_with(77);
}

static void triple_fault(void)
{
    struct guest g = guest_new(1);

    guest_run(&g, there_triple_fault, NULL);
    AWAIT(flags_of(&g) & XEN_DOMINF_shutdown);
    SAME(flags_of(&g) >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask,
         SHUTDOWN_reboot);
    guest_destroy(&g);
}

static void exception_told(void)
{
    evtchn_port_t port = port_virq(VIRQ_DOM_EXC, 0);
    struct guest g = guest_new(1);
    long args[GUEST_ARGS] = {SHUTDOWN_poweroff};

    event_clear(port);
    guest_run(&g, there_shutdown, args);
    AWAIT(event_pending(port));
    CHECK(flags_of(&g) & XEN_DOMINF_shutdown);
    event_clear(port);
    guest_destroy(&g);
    AWAIT(event_pending(port)); /* and again when nothing is left */
    SAME(port_close(port), 0);
}

static void remote_shutdown(void)
{
    struct guest g = guest_new(1);
    struct sched_remote_shutdown r = {.domain_id = g.domid,
                                      .reason = SHUTDOWN_crash};

    SAME(CALL2(__HYPERVISOR_sched_op, SCHEDOP_remote_shutdown, &r), 0);
    AWAIT(flags_of(&g) & XEN_DOMINF_shutdown);
    SAME(flags_of(&g) >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask,
         SHUTDOWN_crash);
    guest_destroy(&g);
}

static long there_code_then_reboot(void *arg)
{
    struct sched_shutdown s = {.reason = SHUTDOWN_crash};

    (void)arg;
    SAME(CALL2(__HYPERVISOR_sched_op, SCHEDOP_shutdown_code, &s), 0);
    s.reason = SHUTDOWN_reboot;
    CALL2(__HYPERVISOR_sched_op, SCHEDOP_shutdown, &s);
    return 0;
}

static void shutdown_code(void)
{
    struct guest g = guest_new(1);

    guest_run(&g, there_code_then_reboot, NULL);
    AWAIT(flags_of(&g) & XEN_DOMINF_shutdown || g.box->outcome.word);
    if (g.box->outcome.word)
        test_follow(&g.box->outcome);
    SAME(flags_of(&g) >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask,
         SHUTDOWN_crash); /* the first word counts */
    guest_destroy(&g);
}

static long there_watchdog(void *arg)
{
    struct sched_watchdog w = {.id = 0, .timeout = 1};

    (void)arg;
    SAME(CALL2(__HYPERVISOR_sched_op, SCHEDOP_watchdog, &w), 1);
    for (;;)
        CALL2(__HYPERVISOR_sched_op, SCHEDOP_yield, NULL);
}

static void watchdog_fires(void)
{
    struct guest g = guest_new(1);

    guest_run(&g, there_watchdog, NULL);
    AWAIT(guest_done(&g));
    if (g.box->outcome.word)
        test_follow(&g.box->outcome);
    SAME(flags_of(&g) >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask,
         SHUTDOWN_watchdog);
    guest_destroy(&g);
}

static void destroyed_while_running(void)
{
    struct guest g = guest_new(4);

    SAME(guest_call(&g, there_vcpus_up, NULL), 4);
    guest_run(&g, there_count, NULL);
    guest_destroy(&g);
}

static void destroyed_with_foreign_page(void)
{
    struct guest g = guest_new(1);
    struct xen_domctl d = {0};
    domid_t domid = g.domid;
    struct mailbox *twice = guest_map(domid, MAILBOX_GFN);

    SAME(guest_unmap(g.box), 0);
    g.box = NULL;
    SAME(simple(domid, XEN_DOMCTL_destroydomain), 0);
    SAME(twice->domid, domid); /* the page is still there */
    SAME(domctl(domid, XEN_DOMCTL_getdomaininfo, &d), 0);
    CHECK(d.domain == domid && d.u.getdomaininfo.flags & XEN_DOMINF_dying);
    SAME(guest_unmap(twice), 0);
    guest_destroy(&g);
}

static long there_down(void *arg)
{
    (void)arg;
    return CALL3(__HYPERVISOR_vcpu_op, VCPUOP_down, 0, NULL);
}

static void last_vcpu_down(void)
{
    struct guest g = guest_new(1);

    guest_run(&g, there_down, NULL);
    AWAIT(guest_done(&g));
    CHECK(flags_of(&g) & XEN_DOMINF_shutdown);
    SAME(flags_of(&g) >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask,
         SHUTDOWN_poweroff);
    guest_destroy(&g);
}

static void resume(void)
{
    struct guest g = guest_new(1);
    long args[GUEST_ARGS] = {SHUTDOWN_suspend};

    guest_run(&g, there_shutdown, args);
    AWAIT(flags_of(&g) & XEN_DOMINF_shutdown);
    SAME(simple(g.domid, XEN_DOMCTL_resumedomain), 0);
    CHECK(!(flags_of(&g) & XEN_DOMINF_shutdown));
    SAME(guest_wait(&g, NULL), 0); /* it comes back from its call */
    SAME(guest_call(&g, there_nothing, NULL), 4711);
    guest_destroy(&g);
}

static void resume_refused(void)
{
    SAME(simple(NOBODY, XEN_DOMCTL_resumedomain), NEG_ESRCH);
    SAME(simple(0, XEN_DOMCTL_resumedomain), NEG_EINVAL); /* ourselves */
}

/* --- Paused --- */

static void created_paused(void)
{
    struct guest g = guest_new_paused(1);

    CHECK(flags_of(&g) & XEN_DOMINF_paused);
    CHECK(!g.box->up);
    SAME(simple(g.domid, XEN_DOMCTL_unpausedomain), 0);
    AWAIT(g.box->up);
    CHECK(!(flags_of(&g) & XEN_DOMINF_paused));
    guest_destroy(&g);
}

static void paused_stands_still(void)
{
    struct guest *g = guest_common();
    volatile long *counter = g->box->args;
    long at;

    guest_run(g, there_count, NULL);
    AWAIT(counter[0] > 1000);
    SAME(simple(g->domid, XEN_DOMCTL_pausedomain), 0);
    CHECK(flags_of(g) & XEN_DOMINF_paused);
    at = counter[0];
    for (int i = 0; i < 100; i++)
        CALL2(__HYPERVISOR_sched_op, SCHEDOP_yield, NULL);
    SAME(counter[0], at);
    SAME(simple(g->domid, XEN_DOMCTL_unpausedomain), 0);
    AWAIT(counter[0] > at);
    counter[1] = 1;
    CHECK(guest_wait(g, NULL) > at);
}

static void unpause_not_paused(void)
{
    struct guest *g = guest_common();

    SAME(simple(g->domid, XEN_DOMCTL_unpausedomain), NEG_EINVAL);
    SAME(simple(NOBODY, XEN_DOMCTL_unpausedomain), NEG_ESRCH);
}

static void pause_refused(void)
{
    SAME(simple(0, XEN_DOMCTL_pausedomain), NEG_EINVAL);
    SAME(simple(NOBODY, XEN_DOMCTL_pausedomain), NEG_ESRCH);
}

static void paused_twice(void)
{
    struct guest *g = guest_common();

    SAME(simple(g->domid, XEN_DOMCTL_pausedomain), 0);
    SAME(simple(g->domid, XEN_DOMCTL_pausedomain), 0);
    SAME(simple(g->domid, XEN_DOMCTL_unpausedomain), 0);
    CHECK(flags_of(g) & XEN_DOMINF_paused);
    SAME(simple(g->domid, XEN_DOMCTL_unpausedomain), 0);
    CHECK(!(flags_of(g) & XEN_DOMINF_paused));
    SAME(guest_call(g, there_nothing, NULL), 4711);
}

/* --- vCPUs --- */

static void vcpus_start(void)
{
    struct guest g = guest_new(4);
    struct xen_domctl_getdomaininfo info;

    SAME(guest_call(&g, there_vcpus_up, NULL), 4);
    guest_info(&g, &info);
    SAME(info.nr_online_vcpus, 4);
    SAME(info.max_vcpu_id, 3);
    guest_destroy(&g);
}

static long there_is_up(void *arg)
{
    long vcpu = ((long *)arg)[0];

    return CALL3(__HYPERVISOR_vcpu_op, VCPUOP_is_up, vcpu, NULL);
}

static void max_vcpus_told(void)
{
    struct guest g = guest_new(2);
    long args[GUEST_ARGS] = {1};

    SAME(guest_call(&g, there_is_up, args), 0);
    args[0] = 2;
    SAME(guest_call(&g, there_is_up, args), NEG_ENOENT);
    guest_destroy(&g);
}

static void max_vcpus_refused(void)
{
    struct guest *g = guest_common();
    struct xen_domctl d = {.u.max_vcpus.max = 0};

    SAME(domctl(g->domid, XEN_DOMCTL_max_vcpus, &d), NEG_EINVAL);
    d.u.max_vcpus.max = 100000;
    SAME(domctl(g->domid, XEN_DOMCTL_max_vcpus, &d), NEG_EINVAL);
    d.u.max_vcpus.max = 3; /* it was created with four */
    SAME(domctl(g->domid, XEN_DOMCTL_max_vcpus, &d), NEG_EINVAL);
    d.u.max_vcpus.max = 4;
    SAME(domctl(0, XEN_DOMCTL_max_vcpus, &d), NEG_EINVAL);
    SAME(domctl(NOBODY, XEN_DOMCTL_max_vcpus, &d), NEG_ESRCH);
}

static void vcpu_info_told(void)
{
    struct guest *g = guest_common();
    struct xen_domctl d = {.u.getvcpuinfo.vcpu = 0};

    SAME(domctl(g->domid, XEN_DOMCTL_getvcpuinfo, &d), 0);
    CHECK(d.u.getvcpuinfo.online);
    CHECK(d.u.getvcpuinfo.cpu_time > 0);
    d.u.getvcpuinfo.vcpu = 3;
    SAME(domctl(g->domid, XEN_DOMCTL_getvcpuinfo, &d), 0);
    d.u.getvcpuinfo.vcpu = 4;
    SAME(domctl(g->domid, XEN_DOMCTL_getvcpuinfo, &d), NEG_EINVAL);
    d.u.getvcpuinfo.vcpu = 100000;
    SAME(domctl(g->domid, XEN_DOMCTL_getvcpuinfo, &d), NEG_EINVAL);
}

/* One of the first two CPUs that domains run on. */
static unsigned cpu_nr(unsigned i)
{
    uint8_t map = 0;
    struct xen_sysctl s = {.cmd = XEN_SYSCTL_cpupool_op,
                           .interface_version = XEN_SYSCTL_INTERFACE_VERSION,
                           .u.cpupool_op.op = XEN_SYSCTL_CPUPOOL_OP_INFO,
                           .u.cpupool_op.cpumap.nr_bits = 8};
    unsigned first, second;

    set_xen_guest_handle(s.u.cpupool_op.cpumap.bitmap, &map);
    SAME(CALL1(__HYPERVISOR_sysctl, &s), 0);
    first = (unsigned)__builtin_ctz(map);
    second = (unsigned)__builtin_ctz(map & (map - 1u));
    return i % 2 ? second : first;
}

/* Pins vCPU 0 of the guest to a CPU. */
static long pin(struct guest *g, uint8_t cpus)
{
    uint8_t wanted = cpus, soft = 0xff;
    struct xen_domctl d = {.u.vcpuaffinity.vcpu = 0,
                           .u.vcpuaffinity.flags = XEN_VCPUAFFINITY_HARD};

    d.u.vcpuaffinity.cpumap_hard.nr_bits = 8;
    d.u.vcpuaffinity.cpumap_soft.nr_bits = 8;
    set_xen_guest_handle(d.u.vcpuaffinity.cpumap_hard.bitmap, &wanted);
    set_xen_guest_handle(d.u.vcpuaffinity.cpumap_soft.bitmap, &soft);
    return domctl(g->domid, XEN_DOMCTL_setvcpuaffinity, &d);
}

static unsigned runs_on(struct guest *g)
{
    struct xen_domctl d = {.u.getvcpuinfo.vcpu = 0};

    SAME(domctl(g->domid, XEN_DOMCTL_getvcpuinfo, &d), 0);
    return d.u.getvcpuinfo.cpu;
}

static void pinned(void)
{
    struct guest *g = guest_common();

    for (unsigned i = 0; i < 6; i++) {
        SAME(pin(g, 1 << cpu_nr(i)), 0);
        SAME(guest_call(g, there_nothing, NULL), 4711);
        SAME(runs_on(g), cpu_nr(i));
    }
    SAME(pin(g, 0xff), 0);
}

static void pinned_nowhere(void)
{
    struct guest *g = guest_common();

    SAME(pin(g, 0), NEG_EINVAL);
    SAME(pin(g, 0x80), NEG_EINVAL); /* a CPU that is not there */
    SAME(guest_call(g, there_nothing, NULL), 4711);
}

/* Keeps a pattern in every register it has, while it is moved about. */
static long there_registers(void *arg)
{
    volatile long *args = arg;
    static const uint64_t pattern[2] = {0x1122334455667788, 0x99aabbccddeeff00};
    uint64_t seen[2], rounds = 0;

    while (!args[1]) {
        __asm__ volatile("movdqu %[p], %%xmm0\n\tmovdqu %[p], %%xmm15\n\t"
                         "mov $200, %%ecx\n1:\tpause\n\tloop 1b\n\t"
                         "movdqu %%xmm15, %[s]"
                         : [s] "=m"(seen)
                         : [p] "m"(pattern)
                         : "rcx", "memory");
        SAME(seen[0], pattern[0]);
        SAME(seen[1], pattern[1]);
        args[0] = (long)++rounds;
    }
    return 0;
}

static void moved_keeps_registers(void)
{
    struct guest *g = guest_common();
    volatile long *args = g->box->args;

    guest_run(g, there_registers, NULL);
    for (unsigned i = 0; i < 8; i++) {
        long at = args[0];

        SAME(pin(g, 1 << cpu_nr(i)), 0);
        AWAIT(args[0] > at + 5 || guest_done(g));
    }
    args[1] = 1;
    SAME(pin(g, 0xff), 0);
    SAME(guest_wait(g, NULL), 0);
}

/* The PV clock, read again and again while the vCPU moves. */
static long there_clock(void *arg)
{
    volatile long *args = arg;
    uint64_t before = clock_ns();

    while (!args[1]) {
        uint64_t now = clock_ns();

        CHECK(now >= before);
        before = now;
        args[0]++;
    }
    return 0;
}

static void moved_keeps_time(void)
{
    struct guest *g = guest_common();
    volatile long *args = g->box->args;

    guest_run(g, there_clock, NULL);
    for (unsigned i = 0; i < 8; i++) {
        long at = args[0];

        SAME(pin(g, 1 << cpu_nr(i)), 0);
        AWAIT(args[0] > at + 5 || guest_done(g));
    }
    args[1] = 1;
    SAME(pin(g, 0xff), 0);
    SAME(guest_wait(g, NULL), 0);
}

static void affinity_told(void)
{
    struct guest *g = guest_common();
    uint8_t hard = 0, soft = 0;
    struct xen_domctl d = {.u.vcpuaffinity.vcpu = 0,
                           .u.vcpuaffinity.flags = XEN_VCPUAFFINITY_HARD};

    SAME(pin(g, 1 << cpu_nr(1)), 0);
    d.u.vcpuaffinity.cpumap_hard.nr_bits = 8;
    d.u.vcpuaffinity.cpumap_soft.nr_bits = 8;
    set_xen_guest_handle(d.u.vcpuaffinity.cpumap_hard.bitmap, &hard);
    set_xen_guest_handle(d.u.vcpuaffinity.cpumap_soft.bitmap, &soft);
    SAME(domctl(g->domid, XEN_DOMCTL_getvcpuaffinity, &d), 0);
    SAME(hard, 1 << cpu_nr(1));
    SAME(pin(g, 0xff), 0);
    d.u.vcpuaffinity.vcpu = 100000;
    SAME(domctl(g->domid, XEN_DOMCTL_getvcpuaffinity, &d), NEG_EINVAL);
    d.u.vcpuaffinity.vcpu = 4;
    SAME(domctl(g->domid, XEN_DOMCTL_getvcpuaffinity, &d), NEG_EINVAL);
}

/* --- What is told --- */

static void info(void)
{
    struct guest *g = guest_common();
    struct xen_domctl_getdomaininfo i;

    guest_info(g, &i);
    SAME(i.domain, g->domid);
    CHECK(i.flags & XEN_DOMINF_hvm_guest && i.flags & XEN_DOMINF_hap);
    CHECK(i.tot_pages >= GUEST_PAGES);
    CHECK(i.max_pages >= i.tot_pages);
    CHECK(i.cpu_time > 0);
    SAME(i.arch_config.emulation_flags, XEN_X86_EMU_LAPIC);
}

static void info_of_next(void)
{
    struct guest *g = guest_common();
    struct xen_domctl d = {0};

    SAME(domctl(1, XEN_DOMCTL_getdomaininfo, &d), 0); /* or the next one */
    CHECK(d.domain >= 1 && d.domain <= g->domid);
    SAME(domctl(NOBODY, XEN_DOMCTL_getdomaininfo, &d), NEG_ESRCH);
}

static void handle(void)
{
    struct guest *g = guest_common();
    struct xen_domctl_getdomaininfo i;
    struct xen_domctl d = {0};

    for (int k = 0; k < 16; k++)
        d.u.setdomainhandle.handle[k] = (uint8_t)(k + 3);
    SAME(domctl(g->domid, XEN_DOMCTL_setdomainhandle, &d), 0);
    guest_info(g, &i);
    for (int k = 0; k < 16; k++)
        SAME(i.handle[k], k + 3);
}

/* The shared page of a guest, read through its own number. */
static void shared_info_of_guest(void)
{
    struct guest *g = guest_common();
    long gfn = guest_call(g, there_shared_gfn, NULL);
    struct shared_info *s = guest_map(g->domid, (xen_pfn_t)gfn);

    CHECK(s->wc_sec > 0);
    SAME(guest_unmap(s), 0);
}

static void time_goes_on_paused(void)
{
    struct guest *g = guest_common();
    uint64_t before = clock_ns();

    SAME(simple(g->domid, XEN_DOMCTL_pausedomain), 0);
    while (clock_ns() < before + 3 * MS)
        CALL2(__HYPERVISOR_sched_op, SCHEDOP_yield, NULL);
    SAME(simple(g->domid, XEN_DOMCTL_unpausedomain), 0);
    SAME(guest_call(g, there_nothing, NULL), 4711);
}

static void destroy_refused(void)
{
    SAME(simple(NOBODY, XEN_DOMCTL_destroydomain), NEG_ESRCH);
    SAME(simple(0, XEN_DOMCTL_destroydomain), NEG_EINVAL);
}

static void number_not_reused_at_once(void)
{
    struct guest a = guest_new(1), b;
    domid_t first = a.domid;

    guest_destroy(&a);
    b = guest_new(1);
    CHECK(b.domid != first);
    guest_destroy(&b);
}

static void several(void)
{
    struct guest g[3];

    for (int i = 0; i < 3; i++)
        g[i] = guest_new(1);
    for (int i = 0; i < 3; i++)
        SAME(guest_call(&g[i], there_nothing, NULL), 4711);
    for (int i = 0; i < 3; i++)
        guest_destroy(&g[i]);
}

const struct test domains_tests[] = {
    TEST(shutdown_poweroff, "Control MUST see why a guest ended."),
    TEST(shutdown_reboot, "Control MUST see why a guest ended."),
    TEST(shutdown_suspend, "Control MUST see why a guest ended."),
    TEST(shutdown_crash, "Control MUST see why a guest ended."),
    TEST(shutdown_watchdog, "Control MUST see why a guest ended."),
    TEST(shutdown_soft_reset, "Control MUST see why a guest ended."),
    TEST(shutdown_unknown_reason, "Any reason MUST be passed on."),
    TEST(triple_fault, "A triple fault MUST count as a reboot."),
    TEST(exception_told, "VIRQ_DOM_EXC MUST tell of an end, and of the last."),
    TEST(remote_shutdown, "Control MUST end a guest."),
    TEST(shutdown_code, "The first reason MUST stay."),
    TEST(watchdog_fires, "A watchdog MUST end its domain."),
    TEST(destroyed_while_running, "A guest that runs MUST go."),
    TEST(destroyed_with_foreign_page,
         "A destroyed guest MUST stay until its last page is unmapped."),
    TEST(last_vcpu_down, "A domain without a vCPU MUST be off."),
    TEST(resume, "A suspended guest MUST go on."),
    TEST(resume_refused, "Domains that are not there, or ourselves."),
    TEST(created_paused, "A new domain MUST be paused."),
    TEST(paused_stands_still, "A paused guest MUST NOT run."),
    TEST(unpause_not_paused, "What is not paused MUST NOT be unpaused."),
    TEST(pause_refused, "Domains that are not there, or ourselves."),
    TEST(paused_twice, "A pause MUST end as often as it began."),
    TEST(vcpus_start, "Four vCPUs MUST start and be counted."),
    TEST(max_vcpus_told, "A guest MUST have the vCPUs it was given."),
    TEST(max_vcpus_refused, "None, too many, others, ourselves."),
    TEST(vcpu_info_told, "Each vCPU MUST be told, others refused."),
    TEST(pinned, "A pinned vCPU MUST run there."),
    TEST(pinned_nowhere, "A vCPU MUST have a CPU."),
    TEST(moved_keeps_registers, "SSE registers MUST outlive a move."),
    TEST(moved_keeps_time, "The PV clock MUST NOT go back in a move."),
    TEST(affinity_told, "The affinity MUST be told as it was set."),
    TEST(info, "Memory, time and kind MUST be told."),
    TEST(info_of_next, "The next domain MUST be told, or none."),
    TEST(handle, "The handle MUST be told as it was set."),
    TEST(shared_info_of_guest, "A guest's shared page MUST be mapped."),
    TEST(time_goes_on_paused, "A guest MUST go on after a pause."),
    TEST(destroy_refused, "Domains that are not there, or ourselves."),
    TEST(number_not_reused_at_once, "A number MUST NOT be used again at once."),
    TEST(several, "Three guests MUST run side by side."),
    {0},
};
