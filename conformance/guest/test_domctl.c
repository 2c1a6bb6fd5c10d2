/* What control reads and sets of a guest. Source: public/domctl.h. */
#include "guest.h"
#include "suites.h"

#include <xen/hvm/save.h>

enum {
    CONTEXT_BYTES = 32 * 1024,
};

static void version(void)
{
    struct xen_domctl d = {.cmd = XEN_DOMCTL_getdomaininfo,
                           .interface_version = 3};

    SAME(CALL1(__HYPERVISOR_domctl, &d), NEG_EACCES);
    SAME(CALL1(__HYPERVISOR_domctl, UNMAPPED), NEG_EFAULT);
    SAME(CALL1(__HYPERVISOR_domctl, NON_CANONICAL), NEG_EFAULT);
}

static void unknown(void)
{
    struct xen_domctl d = {0};

    SAME(domctl(guest_common()->domid, 200, &d), NEG_ENOSYS);
    SAME(domctl(NOBODY, 200, &d), NEG_ESRCH);
}

/* Operations on a domain that is not there. */
static void nobody(void)
{
    static const uint32_t ops[] = {
        XEN_DOMCTL_destroydomain,     XEN_DOMCTL_pausedomain,
        XEN_DOMCTL_unpausedomain,     XEN_DOMCTL_setvcpuaffinity,
        XEN_DOMCTL_getvcpuaffinity,   XEN_DOMCTL_max_mem,
        XEN_DOMCTL_getvcpuinfo,       XEN_DOMCTL_max_vcpus,
        XEN_DOMCTL_scheduler_op,      XEN_DOMCTL_setdomainhandle,
        XEN_DOMCTL_settimeoffset,     XEN_DOMCTL_resumedomain,
        XEN_DOMCTL_gethvmcontext,     XEN_DOMCTL_sethvmcontext,
        XEN_DOMCTL_gettscinfo,        XEN_DOMCTL_settscinfo,
        XEN_DOMCTL_getpageframeinfo3, XEN_DOMCTL_getnodeaffinity,
        XEN_DOMCTL_get_cpu_policy,    XEN_DOMCTL_get_paging_mempool_size,
        XEN_DOMCTL_shadow_op,         XEN_DOMCTL_get_vcpu_msrs,
        XEN_DOMCTL_getvcpuextstate};

    for (size_t i = 0; i < sizeof(ops) / sizeof(*ops); i++) {
        struct xen_domctl d = {0};

        SAME(domctl(NOBODY, ops[i], &d), NEG_ESRCH);
    }
}

static struct xen_domctl creation(void)
{
    struct xen_domctl d = {0};
    struct xen_domctl_createdomain *c = &d.u.createdomain;

    c->flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap;
    c->max_vcpus = 1;
    c->max_evtchn_port = 1023;
    c->max_grant_frames = 4;
    c->max_maptrack_frames = 4;
    c->grant_opts = XEN_DOMCTL_GRANT_version(2);
    c->arch.emulation_flags = XEN_X86_EMU_LAPIC;
    return d;
}

static void create_refused(void)
{
    struct xen_domctl d = creation();

    d.u.createdomain.flags |= 1 << 30;
    SAME(domctl(0, XEN_DOMCTL_createdomain, &d), NEG_EINVAL);
    d = creation();
    d.u.createdomain.max_vcpus = 0;
    SAME(domctl(0, XEN_DOMCTL_createdomain, &d), NEG_EINVAL);
    d = creation();
    d.u.createdomain.max_vcpus = 100000;
    SAME(domctl(0, XEN_DOMCTL_createdomain, &d), NEG_EINVAL);
    d = creation();
    d.u.createdomain.max_grant_frames = 1 << 20;
    SAME(domctl(0, XEN_DOMCTL_createdomain, &d), NEG_EINVAL);
    d = creation();
    d.u.createdomain.arch.emulation_flags = 1 << 30;
    SAME(domctl(0, XEN_DOMCTL_createdomain, &d), NEG_EINVAL);
    d = creation();
    d.u.createdomain.flags = XEN_DOMCTL_CDF_hap; /* without hvm */
    SAME(domctl(0, XEN_DOMCTL_createdomain, &d), NEG_EINVAL);
}

static void create_grant_version(void)
{
    struct xen_domctl d = creation();

    d.u.createdomain.grant_opts = XEN_DOMCTL_GRANT_version(0);
    SAME(domctl(0, XEN_DOMCTL_createdomain, &d), NEG_EINVAL);
    d = creation();
    d.u.createdomain.grant_opts = XEN_DOMCTL_GRANT_version(7);
    SAME(domctl(0, XEN_DOMCTL_createdomain, &d), NEG_EINVAL);
}

static void create_named(void)
{
    struct xen_domctl d = creation(), end = {0};
    domid_t wanted = 0x1234;

    SAME(domctl(wanted, XEN_DOMCTL_createdomain, &d), 0);
    SAME(d.domain, wanted);
    d = creation();
    SAME(domctl(wanted, XEN_DOMCTL_createdomain, &d), NEG_EEXIST);
    SAME(domctl(wanted, XEN_DOMCTL_destroydomain, &end), 0);
}

static void empty_domain(void)
{
    struct xen_domctl d = creation(), info = {0};
    domid_t domid;

    SAME(domctl(0, XEN_DOMCTL_createdomain, &d), 0);
    domid = d.domain;
    SAME(domctl(domid, XEN_DOMCTL_getdomaininfo, &info), 0);
    CHECK(info.u.getdomaininfo.flags & XEN_DOMINF_paused);
    SAME(info.u.getdomaininfo.nr_online_vcpus, 0);
    SAME(domctl(domid, XEN_DOMCTL_unpausedomain, &info), 0);
    SAME(domctl(domid, XEN_DOMCTL_destroydomain, &info), 0);
}

static void max_mem(void)
{
    struct guest *g = guest_common();
    struct xen_domctl_getdomaininfo before, after;
    struct xen_domctl d = {0};

    guest_info(g, &before);
    d.u.max_mem.max_memkb = before.max_pages * 4 + 400;
    SAME(domctl(g->domid, XEN_DOMCTL_max_mem, &d), 0);
    guest_info(g, &after);
    SAME(after.max_pages, before.max_pages + 100);
    d.u.max_mem.max_memkb = before.max_pages * 4;
    SAME(domctl(g->domid, XEN_DOMCTL_max_mem, &d), 0);
}

static void paging_pool(void)
{
    struct guest *g = guest_common();
    struct xen_domctl d = {0};
    uint64_t size;

    SAME(domctl(g->domid, XEN_DOMCTL_get_paging_mempool_size, &d), 0);
    size = d.u.paging_mempool.size;
    CHECK(size >= 1 << 20);
    d.u.paging_mempool.size = size + (1 << 20);
    SAME(domctl(g->domid, XEN_DOMCTL_set_paging_mempool_size, &d), 0);
    SAME(domctl(g->domid, XEN_DOMCTL_get_paging_mempool_size, &d), 0);
    SAME(d.u.paging_mempool.size, size + (1 << 20));
    d.u.paging_mempool.size = size + 1; /* no whole page */
    SAME(domctl(g->domid, XEN_DOMCTL_set_paging_mempool_size, &d), NEG_EINVAL);
}

static void context(void)
{
    static uint8_t saved[CONTEXT_BYTES];
    struct guest *g = guest_common();
    const struct hvm_save_descriptor *h = (const void *)saved;
    struct xen_domctl d = {0};

    SAME(domctl(g->domid, XEN_DOMCTL_gethvmcontext, &d), 0);
    CHECK(d.u.hvmcontext.size > 1000); /* how much there would be */
    d.u.hvmcontext.size = sizeof(saved);
    set_xen_guest_handle(d.u.hvmcontext.buffer, saved);
    SAME(domctl(g->domid, XEN_DOMCTL_gethvmcontext, &d), 0);
    SAME(h->typecode, HVM_SAVE_CODE(HEADER));
}

static void context_refused(void)
{
    static uint8_t saved[CONTEXT_BYTES];
    struct guest *g = guest_common();
    struct xen_domctl d = {.u.hvmcontext.size = 8};

    set_xen_guest_handle(d.u.hvmcontext.buffer, saved);
    SAME(domctl(g->domid, XEN_DOMCTL_gethvmcontext, &d), NEG_ENOSPC);
    CHECK(domctl(g->domid, XEN_DOMCTL_sethvmcontext, &d) < 0);
    d.u.hvmcontext.size = sizeof(saved);
    set_xen_guest_handle(d.u.hvmcontext.buffer, UNMAPPED);
    SAME(domctl(g->domid, XEN_DOMCTL_gethvmcontext, &d), NEG_EFAULT);
    SAME(domctl(g->domid, XEN_DOMCTL_sethvmcontext, &d), NEG_EFAULT);
}

static void context_partial(void)
{
    static HVM_SAVE_TYPE(CPU) cpu;
    struct guest *g = guest_common();
    struct xen_domctl d = {.u.hvmcontext_partial.type = HVM_SAVE_CODE(CPU),
                           .u.hvmcontext_partial.bufsz = sizeof(cpu)};

    set_xen_guest_handle(d.u.hvmcontext_partial.buffer, (void *)&cpu);
    SAME(domctl(g->domid, XEN_DOMCTL_gethvmcontext_partial, &d), 0);
    CHECK(cpu.cr0 & 1 && cpu.cr3);
    CHECK(cpu.rip >= (uint64_t)GUEST_RAM_GFN * PAGE_BYTES);
    d.u.hvmcontext_partial.instance = 77;
    CHECK(domctl(g->domid, XEN_DOMCTL_gethvmcontext_partial, &d) < 0);
}

static void tsc_info(void)
{
    struct guest *g = guest_common();
    struct xen_domctl d = {0};

    SAME(domctl(g->domid, XEN_DOMCTL_gettscinfo, &d), 0);
    CHECK(d.u.tsc_info.gtsc_khz > 1000);
}

static void page_types(void)
{
    struct guest *g = guest_common();
    static xen_pfn_t gfns[3];
    struct xen_domctl d = {.u.getpageframeinfo3.num = 3};

    gfns[0] = MAILBOX_GFN;
    gfns[1] = 0x800000;
    gfns[2] = GUEST_RAM_GFN;
    set_xen_guest_handle(d.u.getpageframeinfo3.array, gfns);
    SAME(domctl(g->domid, XEN_DOMCTL_getpageframeinfo3, &d), 0);
    SAME(gfns[0], XEN_DOMCTL_PFINFO_NOTAB);
    SAME(gfns[1], XEN_DOMCTL_PFINFO_XTAB);
    SAME(gfns[2], XEN_DOMCTL_PFINFO_NOTAB);
}

static void page_types_refused(void)
{
    struct guest *g = guest_common();
    struct xen_domctl d = {.u.getpageframeinfo3.num = 1};

    set_xen_guest_handle(d.u.getpageframeinfo3.array, UNMAPPED);
    SAME(domctl(g->domid, XEN_DOMCTL_getpageframeinfo3, &d), NEG_EFAULT);
    d.u.getpageframeinfo3.num = 100000;
    SAME(domctl(g->domid, XEN_DOMCTL_getpageframeinfo3, &d), NEG_E2BIG);
}

static void node_affinity(void)
{
    struct guest *g = guest_common();
    uint8_t map = 0;
    struct xen_domctl d = {.u.nodeaffinity.nodemap.nr_bits = 8};

    set_xen_guest_handle(d.u.nodeaffinity.nodemap.bitmap, &map);
    SAME(domctl(g->domid, XEN_DOMCTL_getnodeaffinity, &d), 0);
    SAME(map & 1, 1);
    map = 0;
    SAME(domctl(g->domid, XEN_DOMCTL_setnodeaffinity, &d), NEG_EINVAL);
}

static void scheduler(void)
{
    struct guest *g = guest_common();
    struct xen_domctl d = {0};
    uint32_t id;

    d.u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT2;
    d.u.scheduler_op.cmd = XEN_DOMCTL_SCHEDOP_getinfo;
    SAME(domctl(g->domid, XEN_DOMCTL_scheduler_op, &d), 0);
    SAME(d.u.scheduler_op.u.credit2.weight, 256);
    d.u.scheduler_op.u.credit2.weight = 512;
    d.u.scheduler_op.cmd = XEN_DOMCTL_SCHEDOP_putinfo;
    SAME(domctl(g->domid, XEN_DOMCTL_scheduler_op, &d), 0);
    d.u.scheduler_op.cmd = XEN_DOMCTL_SCHEDOP_getinfo;
    SAME(domctl(g->domid, XEN_DOMCTL_scheduler_op, &d), 0);
    SAME(d.u.scheduler_op.u.credit2.weight, 512);
    id = 77;
    d.u.scheduler_op.sched_id = id;
    SAME(domctl(g->domid, XEN_DOMCTL_scheduler_op, &d), NEG_EINVAL);
    d.u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT2;
    d.u.scheduler_op.cmd = 99;
    SAME(domctl(g->domid, XEN_DOMCTL_scheduler_op, &d), NEG_EINVAL);
}

static void cpu_policy(void)
{
    static xen_cpuid_leaf_t leaves[256];
    static xen_msr_entry_t msrs[64];
    struct guest *g = guest_common();
    struct xen_domctl d = {.u.cpu_policy.nr_leaves = 256,
                           .u.cpu_policy.nr_msrs = 64};

    set_xen_guest_handle(d.u.cpu_policy.leaves, leaves);
    set_xen_guest_handle(d.u.cpu_policy.msrs, msrs);
    SAME(domctl(g->domid, XEN_DOMCTL_get_cpu_policy, &d), 0);
    SAME(leaves[0].leaf, 0);
    SAME(leaves[0].b, cpuid(0, 0).b); /* the same maker */
    d.u.cpu_policy.nr_leaves = 1;
    SAME(domctl(g->domid, XEN_DOMCTL_get_cpu_policy, &d), NEG_ENOBUFS);
}

static void cpu_policy_of_running(void)
{
    struct guest *g = guest_common();
    struct xen_domctl d = {0};

    SAME(domctl(g->domid, XEN_DOMCTL_set_cpu_policy, &d), NEG_EEXIST);
}

static void logdirty_off(void)
{
    struct guest *g = guest_common();
    struct xen_domctl d = {.u.shadow_op.op = XEN_DOMCTL_SHADOW_OP_OFF};

    SAME(domctl(g->domid, XEN_DOMCTL_shadow_op, &d), 0);
}

static void logdirty(void)
{
    static uint8_t bits[GUEST_PAGES];
    struct guest g = guest_new(1);
    struct xen_domctl d = {.u.shadow_op.op =
                               XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY};

    SAME(domctl(g.domid, XEN_DOMCTL_shadow_op, &d), 0);
    d = (struct xen_domctl){.u.shadow_op.op = XEN_DOMCTL_SHADOW_OP_CLEAN,
                            .u.shadow_op.pages = sizeof(bits) * 8};
    set_xen_guest_handle(d.u.shadow_op.dirty_bitmap, bits);
    SAME(domctl(g.domid, XEN_DOMCTL_shadow_op, &d), 0);
    d = (struct xen_domctl){.u.shadow_op.op = XEN_DOMCTL_SHADOW_OP_OFF};
    SAME(domctl(g.domid, XEN_DOMCTL_shadow_op, &d), 0);
    guest_destroy(&g);
}

static void msrs_not_of_hvm(void)
{
    struct guest *g = guest_common();
    struct xen_domctl d = {0};

    SAME(domctl(g->domid, XEN_DOMCTL_get_vcpu_msrs, &d), NEG_EINVAL);
    SAME(domctl(g->domid, XEN_DOMCTL_set_vcpu_msrs, &d), NEG_EINVAL);
}

static void time_offset(void)
{
    struct guest *g = guest_common();
    struct xen_domctl d = {.u.settimeoffset.time_offset_seconds = 3600};

    SAME(domctl(g->domid, XEN_DOMCTL_settimeoffset, &d), 0);
    d.u.settimeoffset.time_offset_seconds = 0;
    SAME(domctl(g->domid, XEN_DOMCTL_settimeoffset, &d), 0);
}

static void of_ourselves(void)
{
    struct xen_domctl d = {0};

    SAME(domctl(0, XEN_DOMCTL_getdomaininfo, &d), 0);
    CHECK(d.u.getdomaininfo.flags & XEN_DOMINF_running);
    d = (struct xen_domctl){0};
    SAME(domctl(DOMID_SELF, XEN_DOMCTL_pausedomain, &d), NEG_ESRCH);
}

static void for_control_alone(void)
{
    static const uint32_t ops[] = {
        XEN_DOMCTL_createdomain, XEN_DOMCTL_destroydomain,
        XEN_DOMCTL_pausedomain,  XEN_DOMCTL_unpausedomain,
        XEN_DOMCTL_getvcpuinfo,  XEN_DOMCTL_gethvmcontext,
        XEN_DOMCTL_max_mem,      XEN_DOMCTL_setdomainhandle};

    for (size_t i = 0; i < sizeof(ops) / sizeof(*ops); i++) {
        struct xen_domctl d = {0};
        long rc = domctl(0, ops[i], &d);

        SAME(rc, NEG_EPERM);
    }
}

const struct test domctl_tests[] = {
    TEST_CONTROL(version, "Another version MUST be refused."),
    TEST_CONTROL(unknown, "Other operations MUST answer -ENOSYS."),
    TEST_CONTROL(nobody, "A domain that is not there MUST be -ESRCH."),
    TEST_CONTROL(create_refused, "Domains that cannot be MUST be refused."),
    TEST_CONTROL(create_grant_version, "Grants of a version that is there."),
    TEST_CONTROL(create_named, "A number that is free MUST be taken, once."),
    TEST_CONTROL(empty_domain, "A domain without vCPUs MUST come and go."),
    TEST_CONTROL(max_mem, "The limit of pages MUST be set."),
    TEST_CONTROL(paging_pool, "The pool for tables MUST be set in pages."),
    TEST_CONTROL(context, "The state of the machine MUST be told."),
    TEST_CONTROL(context_refused, "Too short, bad places, bad states."),
    TEST_CONTROL(context_partial, "One record MUST be told."),
    TEST_CONTROL(tsc_info, "The rate of the TSC MUST be told."),
    TEST_CONTROL(page_types, "Pages that are there MUST be told apart."),
    TEST_CONTROL(page_types_refused, "Bad places, lists too long."),
    TEST_CONTROL(node_affinity, "Nodes MUST be told, none refused."),
    TEST_CONTROL(scheduler, "The weight MUST be set, others refused."),
    TEST_CONTROL(cpu_policy, "What a guest's CPU is MUST be told."),
    TEST_CONTROL(cpu_policy_of_running, "A CPU that runs MUST stay."),
    TEST_CONTROL(logdirty_off, "What is off MUST go off again."),
    TEST_CONTROL(logdirty, "Written pages MUST be logged."),
    TEST_CONTROL(msrs_not_of_hvm, "MSRs are in the context of such a guest."),
    TEST_CONTROL(time_offset, "The offset of the clock MUST be set."),
    TEST_CONTROL(of_ourselves, "Control MUST see itself by its number."),
    TEST_GUEST(for_control_alone, "A guest MUST be refused."),
    {0},
};
