/*
 * Domain control hypercall: from creation to destruction.
 */
#include "call.h"

#include "hv/heap.h"
#include "hv/p2m.h"

#include <string.h>

static long simple(domid_t id, uint32_t cmd)
{
    struct xen_domctl op = {.cmd = cmd, .domain = id};

    return call_domctl(call_v0, &op);
}

static domid_t create(void)
{
    struct xen_domctl op = call_create_request();

    ck_assert_int_eq(call_domctl(call_v0, &op), 0);
    return op.domain;
}

static long max_vcpus(domid_t id, uint32_t nr)
{
    struct xen_domctl op = {.cmd = XEN_DOMCTL_max_vcpus, .domain = id};

    op.u.max_vcpus.max = nr;
    return call_domctl(call_v0, &op);
}

START_TEST(the_version_is_checked)
{
    struct xen_domctl op = {
        .cmd = XEN_DOMCTL_pausedomain, .interface_version = 1, .domain = 1};

    call_put(call_v0, &op, sizeof(op));
    ck_assert_int_eq(call(call_v0, __HYPERVISOR_domctl, CALL_REQUEST, 0, 0),
                     -XEN_EACCES);
}
END_TEST

START_TEST(unknown_operations_go_to_the_architecture)
{
    ck_assert_int_eq(simple(1, 999), -XEN_ENOSYS);
    ck_assert_int_eq(simple(1, ~0U), -XEN_ENOSYS);
    ck_assert_int_eq(simple(99, 999), -XEN_ESRCH);
    ck_assert_int_eq(simple(1, XEN_DOMCTL_gdbsx_domstatus), -XEN_ENOSYS);
}
END_TEST

START_TEST(a_domain_is_created_and_destroyed_without_a_leak)
{
    struct page_stats before, after;
    uint64_t heap = heap_used_bytes();
    domid_t id;

    page_stats(&before);
    id = create();
    ck_assert_uint_eq(id, 2);
    ck_assert_int_eq(max_vcpus(id, 3), -XEN_EINVAL);
    ck_assert_int_eq(max_vcpus(id, 2), 0);
    ck_assert_int_eq(max_vcpus(id, 2), 0);
    ck_assert_int_eq(simple(id, XEN_DOMCTL_destroydomain), 0);
    ck_assert_int_eq(simple(id, XEN_DOMCTL_destroydomain), -XEN_ESRCH);
    page_stats(&after);
    ck_assert_uint_eq(before.free, after.free);
    ck_assert_uint_eq(heap, heap_used_bytes());
}
END_TEST

START_TEST(destruction_restarts_and_ends)
{
    struct domain *d;
    domid_t id = create();

    d = domain_find_get(id);
    d->max_pages = 8000;
    double_domain_ram(d, 5000);
    domain_put(d);
    call_v0->arch->pending = true;
    ck_assert_int_eq(simple(id, XEN_DOMCTL_destroydomain), 0);
    ck_assert_uint_gt(call_restarts, 2);
    ck_assert_ptr_null(domain_find_get(id));
}
END_TEST

START_TEST(ids_are_taken_as_asked_or_refused)
{
    struct xen_domctl op = call_create_request();

    op.domain = 1;
    ck_assert_int_eq(call_domctl(call_v0, &op), -XEN_EEXIST);
    op.domain = 1234;
    ck_assert_int_eq(call_domctl(call_v0, &op), 0);
    ck_assert_uint_eq(op.domain, 1234);
    op.domain = DOMID_FIRST_RESERVED;
    ck_assert_int_eq(call_domctl(call_v0, &op), 0);
    ck_assert_uint_eq(op.domain, 2);
}
END_TEST

static void config_flag(struct xen_domctl_createdomain *c, unsigned int i)
{
    switch (i) {
    case 0:
        c->flags = 0;
        break;
    case 1:
        c->flags = XEN_DOMCTL_CDF_hvm;
        break;
    case 2:
        c->flags |= XEN_DOMCTL_CDF_iommu;
        break;
    case 3:
        c->flags |= 1U << 31;
        break;
    case 4:
        c->max_vcpus = 0;
        break;
    case 5:
        c->max_vcpus = DOMAIN_MAX_VCPUS + 1;
        break;
    case 6:
        c->max_vcpus = ~0U;
        break;
    case 7:
        c->vmtrace_size = 4096;
        break;
    case 8:
        c->grant_opts = 0x10;
        break;
    case 9:
        c->grant_opts = 0;
        break;
    case 10:
        c->arch.misc_flags = 2;
        break;
    case 11:
        c->arch.emulation_flags = 1U << 31;
        break;
    case 12:
        c->iommu_opts = 1;
        break;
    case 13:
        c->flags |= XEN_DOMCTL_CDF_nested_virt;
        break;
    }
}

START_TEST(bad_configurations_are_einval)
{
    struct page_stats before, after;

    page_stats(&before);
    for (unsigned int i = 0; i < 14; i++) {
        struct xen_domctl op = call_create_request();

        config_flag(&op.u.createdomain, i);
        ck_assert_int_eq(call_domctl(call_v0, &op), -XEN_EINVAL);
    }
    page_stats(&after);
    ck_assert_uint_eq(before.free, after.free);
}
END_TEST

START_TEST(a_domain_does_not_control_itself)
{
    const uint32_t cmds[] = {
        XEN_DOMCTL_destroydomain, XEN_DOMCTL_pausedomain,
        XEN_DOMCTL_resumedomain,  XEN_DOMCTL_max_vcpus,
        XEN_DOMCTL_shadow_op,
    };

    for (unsigned int i = 0; i < ARRAY_SIZE(cmds); i++)
        ck_assert_int_eq(simple(0, cmds[i]), -XEN_EINVAL);
}
END_TEST

static uint32_t flags_of(domid_t id)
{
    struct xen_domctl op = {.cmd = XEN_DOMCTL_getdomaininfo, .domain = id};

    ck_assert_int_eq(call_domctl(call_v0, &op), 0);
    return op.u.getdomaininfo.flags;
}

START_TEST(information_is_what_tools_expect)
{
    struct xen_domctl op = {.cmd = XEN_DOMCTL_getdomaininfo, .domain = 1};
    const struct xen_domctl_getdomaininfo *i = &op.u.getdomaininfo;

    call_guest->max_pages = 777;
    ck_assert_int_eq(call_domctl(call_v0, &op), 0);
    ck_assert_uint_eq(i->domain, 1);
    ck_assert_uint_eq(i->tot_pages, CALL_PAGES);
    ck_assert_uint_eq(i->max_pages, 777);
    ck_assert_uint_eq(i->nr_online_vcpus, 1);
    ck_assert_uint_eq(i->max_vcpu_id, 0);
    ck_assert_uint_eq(i->gpaddr_bits, 48);
    ck_assert_uint_eq(i->arch_config.emulation_flags, XEN_X86_EMU_LAPIC);
    ck_assert(i->flags & XEN_DOMINF_hvm_guest);
    ck_assert(i->flags & XEN_DOMINF_hap);
    ck_assert_uint_eq(i->flags >> XEN_DOMINF_shutdownshift & 255, 255);
    ck_assert_int_eq(simple(1, XEN_DOMCTL_pausedomain), 0);
    ck_assert(flags_of(1) & XEN_DOMINF_paused);
    ck_assert_int_eq(simple(1, XEN_DOMCTL_unpausedomain), 0);
    ck_assert(!(flags_of(1) & XEN_DOMINF_paused));
    domain_shutdown(call_guest, SHUTDOWN_reboot);
    ck_assert(flags_of(1) & XEN_DOMINF_shutdown);
    ck_assert_uint_eq(flags_of(1) >> XEN_DOMINF_shutdownshift & 255,
                      SHUTDOWN_reboot);
    ck_assert_int_eq(simple(1, XEN_DOMCTL_resumedomain), 0);
    ck_assert(!(flags_of(1) & XEN_DOMINF_shutdown));
}
END_TEST

START_TEST(information_gives_the_next_domain)
{
    struct xen_domctl op = {.cmd = XEN_DOMCTL_getdomaininfo, .domain = 2};

    ck_assert_int_eq(call_domctl(call_v0, &op), -XEN_ESRCH);
    call_create_request();
    ck_assert_uint_eq(create(), 2);
    op.domain = 2;
    ck_assert_int_eq(call_domctl(call_v0, &op), 0);
    ck_assert_uint_eq(op.domain, 2);
    ck_assert_uint_eq(op.u.getdomaininfo.max_vcpu_id, XEN_INVALID_MAX_VCPU_ID);
    op.domain = DOMID_SELF;
    ck_assert_int_eq(call_domctl(call_v0, &op), -XEN_EINVAL);
}
END_TEST

START_TEST(vcpu_information)
{
    struct xen_domctl op = {.cmd = XEN_DOMCTL_getvcpuinfo, .domain = 1};

    ck_assert_int_eq(call_domctl(call_v0, &op), 0);
    ck_assert_uint_eq(op.u.getvcpuinfo.online, 1);
    ck_assert_uint_eq(op.u.getvcpuinfo.running, 0);
    op.u.getvcpuinfo.vcpu = 1;
    ck_assert_int_eq(call_domctl(call_v0, &op), -XEN_EINVAL);
    op.domain = create();
    ck_assert_int_eq(call_domctl(call_v0, &op), -XEN_ESRCH);
}
END_TEST

START_TEST(affinity_is_cut_to_the_cpus_there_are)
{
    struct xen_domctl op = {.cmd = XEN_DOMCTL_setvcpuaffinity, .domain = 1};
    uint8_t *map = call_at(call_dom0, CALL_ARRAY);

    memset(map, 0xff, 64);
    op.u.vcpuaffinity.flags = XEN_VCPUAFFINITY_HARD;
    op.u.vcpuaffinity.cpumap_hard.nr_bits = 8 * 40;
    set_xen_guest_handle(op.u.vcpuaffinity.cpumap_hard.bitmap,
                         (uint8_t *)CALL_ARRAY);
    ck_assert_int_eq(call_domctl(call_v0, &op), 0);
    ck_assert_uint_eq(map[0], 1);
    ck_assert_uint_eq(map[39], 0);
    ck_assert_uint_eq(map[40], 0xff);
    op.cmd = XEN_DOMCTL_getvcpuaffinity;
    ck_assert_int_eq(call_domctl(call_v0, &op), 0);
    ck_assert_uint_eq(map[0] & 1, 1);
    memset(map, 0, 64);
    op.cmd = XEN_DOMCTL_setvcpuaffinity;
    ck_assert_int_eq(call_domctl(call_v0, &op), -XEN_EINVAL);
    op.u.vcpuaffinity.vcpu = 9;
    ck_assert_int_eq(call_domctl(call_v0, &op), -XEN_EINVAL);
    op.u.vcpuaffinity.vcpu = 0;
    set_xen_guest_handle(op.u.vcpuaffinity.cpumap_hard.bitmap,
                         (uint8_t *)CALL_BAD);
    ck_assert_int_eq(call_domctl(call_v0, &op), -XEN_EFAULT);
}
END_TEST

START_TEST(nodes_are_one)
{
    struct xen_domctl op = {.cmd = XEN_DOMCTL_setnodeaffinity, .domain = 1};
    uint8_t *map = call_at(call_dom0, CALL_ARRAY);

    map[0] = 2;
    op.u.nodeaffinity.nodemap.nr_bits = 8;
    set_xen_guest_handle(op.u.nodeaffinity.nodemap.bitmap,
                         (uint8_t *)CALL_ARRAY);
    ck_assert_int_eq(call_domctl(call_v0, &op), -XEN_EINVAL);
    map[0] = 3;
    ck_assert_int_eq(call_domctl(call_v0, &op), 0);
    op.cmd = XEN_DOMCTL_getnodeaffinity;
    ck_assert_int_eq(call_domctl(call_v0, &op), 0);
    ck_assert_uint_eq(map[0], 1);
}
END_TEST

START_TEST(limits_and_marks_are_kept)
{
    struct xen_domctl op = {.cmd = XEN_DOMCTL_max_mem, .domain = 1};

    op.u.max_mem.max_memkb = 4096;
    ck_assert_int_eq(call_domctl(call_v0, &op), 0);
    ck_assert_uint_eq(call_guest->max_pages, 1024);
    op.cmd = XEN_DOMCTL_setdomainhandle;
    memset(op.u.setdomainhandle.handle, 7, 16);
    ck_assert_int_eq(call_domctl(call_v0, &op), 0);
    ck_assert_uint_eq(call_guest->handle[15], 7);
    op.cmd = XEN_DOMCTL_settimeoffset;
    op.u.settimeoffset.time_offset_seconds = -60;
    ck_assert_int_eq(call_domctl(call_v0, &op), 0);
    ck_assert_uint_eq(call_guest->shared_info->wc_sec + 60,
                      call_dom0->shared_info->wc_sec);
}
END_TEST

START_TEST(paging_pools_are_whole_pages)
{
    struct xen_domctl op = {.cmd = XEN_DOMCTL_get_paging_mempool_size,
                            .domain = 1};

    ck_assert_int_eq(call_domctl(call_v0, &op), 0);
    ck_assert_uint_eq(op.u.paging_mempool.size, 256 << PAGE_SHIFT);
    op.cmd = XEN_DOMCTL_set_paging_mempool_size;
    op.u.paging_mempool.size++;
    ck_assert_int_eq(call_domctl(call_v0, &op), -XEN_EINVAL);
    op.u.paging_mempool.size = 64 << 20;
    ck_assert_int_eq(call_domctl(call_v0, &op), 0);
    op.cmd = XEN_DOMCTL_shadow_op;
    op.u.shadow_op.op = XEN_DOMCTL_SHADOW_OP_OFF;
    ck_assert_int_eq(call_domctl(call_v0, &op), 0);
    op.u.shadow_op.op = XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY;
    ck_assert_int_eq(call_domctl(call_v0, &op), -XEN_EOPNOTSUPP);
}
END_TEST

START_TEST(page_types_are_told)
{
    struct xen_domctl op = {.cmd = XEN_DOMCTL_getpageframeinfo3, .domain = 1};
    uint64_t *array = call_at(call_dom0, CALL_ARRAY);

    array[0] = 3;
    array[1] = 0x9999;
    array[2] = ~0ULL;
    op.u.getpageframeinfo3.num = 3;
    set_xen_guest_handle(op.u.getpageframeinfo3.array, (xen_pfn_t *)CALL_ARRAY);
    ck_assert_int_eq(call_domctl(call_v0, &op), 0);
    ck_assert_uint_eq(array[0], XEN_DOMCTL_PFINFO_NOTAB);
    ck_assert_uint_eq(array[1], XEN_DOMCTL_PFINFO_XTAB);
    ck_assert_uint_eq(array[2], XEN_DOMCTL_PFINFO_XTAB);
    op.u.getpageframeinfo3.num = ~0ULL;
    ck_assert_int_eq(call_domctl(call_v0, &op), -XEN_E2BIG);
}
END_TEST

START_TEST(the_scheduler_is_credit2)
{
    struct xen_domctl op = {.cmd = XEN_DOMCTL_scheduler_op, .domain = 1};

    op.u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT2;
    op.u.scheduler_op.cmd = XEN_DOMCTL_SCHEDOP_getinfo;
    ck_assert_int_eq(call_domctl(call_v0, &op), 0);
    ck_assert_uint_eq(op.u.scheduler_op.u.credit2.weight, 256);
    op.u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT;
    ck_assert_int_lt(call_domctl(call_v0, &op), 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_version_is_checked,
        unknown_operations_go_to_the_architecture,
        a_domain_is_created_and_destroyed_without_a_leak,
        destruction_restarts_and_ends,
        ids_are_taken_as_asked_or_refused,
        bad_configurations_are_einval,
        a_domain_does_not_control_itself,
        information_is_what_tools_expect,
        information_gives_the_next_domain,
        vcpu_information,
        affinity_is_cut_to_the_cpus_there_are,
        nodes_are_one,
        limits_and_marks_are_kept,
        paging_pools_are_whole_pages,
        page_types_are_told,
        the_scheduler_is_credit2,
    };

    return call_run("domctl", tests, ARRAY_SIZE(tests));
}
