/*
 * Hypercall border: dispatch, privilege, counts, batches, preemption, assists.
 */
#include "call.h"

#include <string.h>

static struct multicall_entry *entries(struct vcpu *v)
{
    return call_at(v->domain, CALL_ARRAY);
}

static long multicall(struct vcpu *v, unsigned long nr)
{
    return call(v, __HYPERVISOR_multicall, CALL_ARRAY, nr, 0);
}

START_TEST(unknown_numbers_are_enosys)
{
    const unsigned long unknown[] = {__HYPERVISOR_mmu_update,
                                     __HYPERVISOR_xsm_op,
                                     __HYPERVISOR_arch_0,
                                     __HYPERVISOR_hypfs_op,
                                     63,
                                     64,
                                     1UL << 32,
                                     ~0UL};

    for (unsigned int i = 0; i < ARRAY_SIZE(unknown); i++)
        ck_assert_int_eq(call(call_v0, unknown[i], 0, 0, 0), -XEN_ENOSYS);
}
END_TEST

START_TEST(control_calls_are_for_the_privileged)
{
    const unsigned long control[] = {__HYPERVISOR_domctl, __HYPERVISOR_sysctl,
                                     __HYPERVISOR_platform_op};

    for (unsigned int i = 0; i < ARRAY_SIZE(control); i++)
        ck_assert_int_eq(call(call_v1, control[i], CALL_REQUEST, 0, 0),
                         -XEN_EPERM);
}
END_TEST

START_TEST(calls_are_counted_by_number)
{
    uint64_t before = call_guest->hypercalls[__HYPERVISOR_xen_version];

    ck_assert_int_gt(
        call(call_v1, __HYPERVISOR_xen_version, XENVER_version, 0, 0), 0);
    ck_assert_uint_eq(call_guest->hypercalls[__HYPERVISOR_xen_version],
                      before + 1);
}
END_TEST

START_TEST(bad_pointers_are_efault_everywhere)
{
    const struct {
        unsigned long nr;
        unsigned long cmd;
        unsigned int at;
    } calls[] = {
        {__HYPERVISOR_domctl, 0, 0},
        {__HYPERVISOR_sysctl, 0, 0},
        {__HYPERVISOR_platform_op, 0, 0},
        {__HYPERVISOR_multicall, 0, 0},
        {__HYPERVISOR_memory_op, XENMEM_add_to_physmap, 1},
        {__HYPERVISOR_memory_op, XENMEM_add_to_physmap_batch, 1},
        {__HYPERVISOR_memory_op, XENMEM_remove_from_physmap, 1},
        {__HYPERVISOR_memory_op, XENMEM_acquire_resource, 1},
        {__HYPERVISOR_memory_op, XENMEM_set_memory_map, 1},
        {__HYPERVISOR_memory_op, XENMEM_current_reservation, 1},
        {__HYPERVISOR_memory_op, XENMEM_claim_pages, 1},
        {__HYPERVISOR_memory_op, XENMEM_set_pod_target, 1},
        {__HYPERVISOR_xen_version, XENVER_extraversion, 1},
        {__HYPERVISOR_xen_version, XENVER_get_features, 1},
        {__HYPERVISOR_xen_version, XENVER_capabilities, 1},
        {__HYPERVISOR_xen_version, XENVER_commandline, 1},
        {__HYPERVISOR_xen_version, XENVER_guest_handle, 1},
        {__HYPERVISOR_sched_op, SCHEDOP_shutdown, 1},
        {__HYPERVISOR_sched_op, SCHEDOP_poll, 1},
        {__HYPERVISOR_hvm_op, HVMOP_set_param, 1},
        {__HYPERVISOR_hvm_op, HVMOP_get_param, 1},
        {__HYPERVISOR_hvm_op, HVMOP_set_evtchn_upcall_vector, 1},
    };

    for (unsigned int i = 0; i < ARRAY_SIZE(calls); i++) {
        unsigned long arg[5] = {calls[i].cmd, 1, 1};

        arg[calls[i].at] = CALL_BAD;
        ck_assert_int_eq(hypercall_run(call_v0, calls[i].nr, arg), -XEN_EFAULT);
    }
}
END_TEST

START_TEST(a_batch_runs_each_entry)
{
    struct multicall_entry *e = entries(call_v1);

    e[0] = (struct multicall_entry){.op = __HYPERVISOR_xen_version,
                                    .args = {XENVER_version}};
    e[1] = (struct multicall_entry){.op = 60};
    e[2] = (struct multicall_entry){.op = __HYPERVISOR_xen_version,
                                    .args = {XENVER_pagesize}};
    ck_assert_int_eq(multicall(call_v1, 3), 0);
    ck_assert_uint_eq(e[0].result, 4 << 16 | 17);
    ck_assert_int_eq((long)e[1].result, -XEN_ENOSYS);
    ck_assert_uint_eq(e[2].result, PAGE_SIZE);
}
END_TEST

START_TEST(a_batch_in_a_batch_is_einval)
{
    struct multicall_entry *e = entries(call_v1);

    e[0] = (struct multicall_entry){.op = __HYPERVISOR_multicall,
                                    .args = {CALL_ARRAY, 1}};
    ck_assert_int_eq(multicall(call_v1, 1), 0);
    ck_assert_int_eq((long)e[0].result, -XEN_EINVAL);
}
END_TEST

START_TEST(a_batch_restarts_where_it_stopped)
{
    struct multicall_entry *e = entries(call_v1);

    for (unsigned int i = 0; i < 20; i++)
        e[i] = (struct multicall_entry){.op = __HYPERVISOR_xen_version,
                                        .args = {XENVER_pagesize}};
    call_v1->arch->pending = true;
    ck_assert_int_eq(multicall(call_v1, 20), 0);
    ck_assert_uint_gt(call_restarts, 5);
    for (unsigned int i = 0; i < 20; i++)
        ck_assert_uint_eq(e[i].result, PAGE_SIZE);
    ck_assert_uint_eq(call_guest->hypercalls[__HYPERVISOR_xen_version], 20);
}
END_TEST

START_TEST(an_entry_that_restarts_keeps_its_progress)
{
    struct xen_memory_reservation r = {.nr_extents = 100, .domid = 1};
    struct multicall_entry *e = entries(call_v0);
    uint64_t *gfns = call_at(call_dom0, CALL_ARRAY2);

    set_xen_guest_handle(r.extent_start, (xen_pfn_t *)CALL_ARRAY2);
    for (unsigned int i = 0; i < 100; i++)
        gfns[i] = 0x100 + i;
    call_put(call_v0, &r, sizeof(r));
    e[0] = (struct multicall_entry){
        .op = __HYPERVISOR_memory_op,
        .args = {XENMEM_populate_physmap, CALL_REQUEST}};
    call_v0->arch->pending = true;
    ck_assert_int_eq(multicall(call_v0, 1), 0);
    ck_assert_uint_gt(call_restarts, 1);
    ck_assert_uint_eq(e[0].result, 100);
    ck_assert_uint_eq(call_guest->tot_pages, CALL_PAGES + 100);
}
END_TEST

START_TEST(a_batch_that_runs_off_memory_is_efault)
{
    struct multicall_entry *e =
        call_at(call_guest, CALL_PAGES * PAGE_SIZE - 64);

    e[0] = (struct multicall_entry){.op = __HYPERVISOR_xen_version,
                                    .args = {XENVER_pagesize}};
    ck_assert_int_eq(call(call_v1, __HYPERVISOR_multicall,
                          CALL_PAGES * PAGE_SIZE - 64, 1UL << 40, 0),
                     -XEN_EFAULT);
    ck_assert_uint_eq(e[0].result, PAGE_SIZE);
    ck_assert(!call_v1->in_multicall);
}
END_TEST

START_TEST(long_calls_are_told_to_stop)
{
    call_v1->hypercall_deadline_ns = 0;
    cpus[0].resched = false;
    cpus[0].work = false;
    double_now_ns = 1000;
    ck_assert(!hypercall_preempt(call_v1));
    ck_assert(!hypercall_preempt(call_v1));
    double_now_ns += 10000000;
    ck_assert(hypercall_preempt(call_v1));
}
END_TEST

START_TEST(assists_are_those_of_translated_guests)
{
    const unsigned long flag = VMASST_TYPE_runstate_update_flag;

    ck_assert_int_eq(
        call(call_v1, __HYPERVISOR_vm_assist, VMASST_CMD_enable, flag, 0), 0);
    ck_assert_uint_eq(call_guest->vm_assist, 1UL << flag);
    ck_assert_int_eq(
        call(call_v1, __HYPERVISOR_vm_assist, VMASST_CMD_disable, flag, 0), 0);
    ck_assert_uint_eq(call_guest->vm_assist, 0);
    ck_assert_int_eq(call(call_v1, __HYPERVISOR_vm_assist, VMASST_CMD_enable,
                          VMASST_TYPE_writable_pagetables, 0),
                     -XEN_EINVAL);
    ck_assert_int_eq(
        call(call_v1, __HYPERVISOR_vm_assist, VMASST_CMD_enable, 64, 0),
        -XEN_EINVAL);
    ck_assert_int_eq(call(call_v1, __HYPERVISOR_vm_assist, 2, flag, 0),
                     -XEN_ENOSYS);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        unknown_numbers_are_enosys,
        control_calls_are_for_the_privileged,
        calls_are_counted_by_number,
        bad_pointers_are_efault_everywhere,
        a_batch_runs_each_entry,
        a_batch_in_a_batch_is_einval,
        a_batch_restarts_where_it_stopped,
        an_entry_that_restarts_keeps_its_progress,
        a_batch_that_runs_off_memory_is_efault,
        long_calls_are_told_to_stop,
        assists_are_those_of_translated_guests,
    };

    return call_run("hypercall", tests, ARRAY_SIZE(tests));
}
