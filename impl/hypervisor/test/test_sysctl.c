/*
 * System control hypercall: lists, memory, CPUs, the pool.
 */
#include "call.h"

#include <string.h>

START_TEST(the_version_is_checked)
{
    struct xen_sysctl op = {.cmd = XEN_SYSCTL_physinfo};

    call_put(call_v0, &op, sizeof(op));
    ck_assert_int_eq(call(call_v0, __HYPERVISOR_sysctl, CALL_REQUEST, 0, 0),
                     -XEN_EACCES);
}
END_TEST

START_TEST(unknown_operations_go_to_the_architecture)
{
    const uint32_t cmds[] = {
        0,  XEN_SYSCTL_tbuf_op, XEN_SYSCTL_perfc_op, XEN_SYSCTL_lockprof_op, 99,
        ~0U};

    for (unsigned int i = 0; i < ARRAY_SIZE(cmds); i++) {
        struct xen_sysctl op = {.cmd = cmds[i]};

        ck_assert_int_eq(call_sysctl(call_v0, &op), -XEN_ENOSYS);
    }
}
END_TEST

START_TEST(domains_are_listed_from_the_first_asked_for)
{
    struct xen_sysctl op = {.cmd = XEN_SYSCTL_getdomaininfolist};
    struct xen_sysctl_getdomaininfolist *l = &op.u.getdomaininfolist;
    struct xen_domctl_getdomaininfo *info = call_at(call_dom0, CALL_ARRAY);

    l->max_domains = 10;
    set_xen_guest_handle(l->buffer, (xen_domctl_getdomaininfo_t *)CALL_ARRAY);
    ck_assert_int_eq(call_sysctl(call_v0, &op), 0);
    ck_assert_uint_eq(l->num_domains, 2);
    ck_assert_uint_eq(info[0].domain, 0);
    ck_assert_uint_eq(info[1].domain, 1);
    l->first_domain = 1;
    ck_assert_int_eq(call_sysctl(call_v0, &op), 0);
    ck_assert_uint_eq(l->num_domains, 1);
    l->first_domain = DOMID_SELF;
    ck_assert_int_eq(call_sysctl(call_v0, &op), 0);
    ck_assert_uint_eq(l->num_domains, 0);
    l->first_domain = 0;
    l->max_domains = 1;
    ck_assert_int_eq(call_sysctl(call_v0, &op), 0);
    ck_assert_uint_eq(l->num_domains, 1);
    set_xen_guest_handle(l->buffer, (xen_domctl_getdomaininfo_t *)CALL_BAD);
    ck_assert_int_eq(call_sysctl(call_v0, &op), -XEN_EFAULT);
}
END_TEST

START_TEST(memory_adds_up)
{
    struct xen_sysctl op = {.cmd = XEN_SYSCTL_physinfo};

    ck_assert_int_eq(call_sysctl(call_v0, &op), 0);
    ck_assert_uint_eq(op.u.physinfo.nr_cpus, 1);
    ck_assert_uint_eq(op.u.physinfo.max_cpu_id, 0);
    ck_assert_uint_eq(op.u.physinfo.nr_nodes, 1);
    ck_assert(op.u.physinfo.capabilities & XEN_SYSCTL_PHYSCAP_hvm);
    ck_assert(!(op.u.physinfo.capabilities & XEN_SYSCTL_PHYSCAP_pv));
    ck_assert_uint_ge(op.u.physinfo.total_pages, op.u.physinfo.free_pages);
}
END_TEST

START_TEST(counts_are_told_before_arrays_are_filled)
{
    struct xen_sysctl op = {.cmd = XEN_SYSCTL_cputopoinfo};
    struct xen_sysctl_cputopo *topo = call_at(call_dom0, CALL_ARRAY);

    ck_assert_int_eq(call_sysctl(call_v0, &op), 0);
    ck_assert_uint_eq(op.u.cputopoinfo.num_cpus, 1);
    op.u.cputopoinfo.num_cpus = 1000;
    topo[1].core = 0xabc;
    set_xen_guest_handle(op.u.cputopoinfo.cputopo,
                         (xen_sysctl_cputopo_t *)CALL_ARRAY);
    ck_assert_int_eq(call_sysctl(call_v0, &op), 0);
    ck_assert_uint_eq(op.u.cputopoinfo.num_cpus, 1);
    ck_assert_uint_eq(topo[1].core, 0xabc);
    op = (struct xen_sysctl){.cmd = XEN_SYSCTL_numainfo};
    ck_assert_int_eq(call_sysctl(call_v0, &op), 0);
    ck_assert_uint_eq(op.u.numainfo.num_nodes, 1);
    set_xen_guest_handle(op.u.numainfo.meminfo,
                         (xen_sysctl_meminfo_t *)CALL_ARRAY);
    set_xen_guest_handle(op.u.numainfo.distance, (uint32_t *)CALL_ARRAY2);
    ck_assert_int_eq(call_sysctl(call_v0, &op), 0);
    ck_assert_uint_eq(*(uint32_t *)call_at(call_dom0, CALL_ARRAY2), 10);
}
END_TEST

START_TEST(idle_times_are_told)
{
    struct xen_sysctl op = {.cmd = XEN_SYSCTL_getcpuinfo};

    op.u.getcpuinfo.max_cpus = ~0U;
    set_xen_guest_handle(op.u.getcpuinfo.info,
                         (xen_sysctl_cpuinfo_t *)CALL_ARRAY);
    ck_assert_int_eq(call_sysctl(call_v0, &op), 0);
    ck_assert_uint_eq(op.u.getcpuinfo.nr_cpus, 1);
}
END_TEST

START_TEST(there_is_one_pool)
{
    struct xen_sysctl op = {.cmd = XEN_SYSCTL_cpupool_op};
    struct xen_sysctl_cpupool_op *p = &op.u.cpupool_op;
    uint8_t *map = call_at(call_dom0, CALL_ARRAY);
    const struct {
        uint32_t op, pool;
        long rc;
    } rows[] = {
        {XEN_SYSCTL_CPUPOOL_OP_INFO, 1, -XEN_ENOENT},
        {XEN_SYSCTL_CPUPOOL_OP_CREATE, ~0U, -XEN_EOPNOTSUPP},
        {XEN_SYSCTL_CPUPOOL_OP_DESTROY, 0, -XEN_EBUSY},
        {XEN_SYSCTL_CPUPOOL_OP_ADDCPU, 0, -XEN_EBUSY},
        {XEN_SYSCTL_CPUPOOL_OP_RMCPU, 0, -XEN_EBUSY},
        {XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN, 5, -XEN_ENOENT},
        {99, 0, -XEN_ENOSYS},
    };

    p->op = XEN_SYSCTL_CPUPOOL_OP_INFO;
    p->cpumap.nr_bits = 8;
    set_xen_guest_handle(p->cpumap.bitmap, (uint8_t *)CALL_ARRAY);
    ck_assert_int_eq(call_sysctl(call_v0, &op), 0);
    ck_assert_uint_eq(p->n_dom, 2);
    ck_assert_uint_eq(p->sched_id, XEN_SCHEDULER_CREDIT2);
    ck_assert_uint_eq(map[0], 1);
    p->op = XEN_SYSCTL_CPUPOOL_OP_FREEINFO;
    ck_assert_int_eq(call_sysctl(call_v0, &op), 0);
    ck_assert_uint_eq(map[0], 0);
    for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
        p->op = rows[i].op;
        p->cpupool_id = rows[i].pool;
        ck_assert_int_eq(call_sysctl(call_v0, &op), rows[i].rc);
    }
}
END_TEST

START_TEST(bitmaps_of_absurd_length_are_refused)
{
    struct xen_sysctl op = {.cmd = XEN_SYSCTL_cpupool_op};

    op.u.cpupool_op.op = XEN_SYSCTL_CPUPOOL_OP_INFO;
    op.u.cpupool_op.cpumap.nr_bits = ~0U;
    set_xen_guest_handle(op.u.cpupool_op.cpumap.bitmap, (uint8_t *)CALL_ARRAY);
    ck_assert_int_eq(call_sysctl(call_v0, &op), -XEN_EINVAL);
}
END_TEST

START_TEST(devices_have_no_known_node)
{
    struct xen_sysctl op = {.cmd = XEN_SYSCTL_pcitopoinfo};
    uint32_t *nodes = call_at(call_dom0, CALL_ARRAY2);

    ck_assert_int_eq(call_sysctl(call_v0, &op), -XEN_EINVAL);
    op.u.pcitopoinfo.num_devs = ~0U;
    set_xen_guest_handle(op.u.pcitopoinfo.devs,
                         (physdev_pci_device_t *)CALL_ARRAY);
    set_xen_guest_handle(op.u.pcitopoinfo.nodes, (uint32_t *)CALL_ARRAY2);
    ck_assert_int_eq(call_sysctl(call_v0, &op), 0);
    ck_assert_uint_eq(op.u.pcitopoinfo.num_devs, 64);
    ck_assert_uint_eq(nodes[63], XEN_INVALID_NODE_ID);
}
END_TEST

START_TEST(keys_are_pressed_and_bounded)
{
    struct xen_sysctl op = {.cmd = XEN_SYSCTL_debug_keys};

    *(char *)call_at(call_dom0, CALL_ARRAY) = 'x';
    op.u.debug_keys.nr_keys = 1;
    set_xen_guest_handle(op.u.debug_keys.keys, (const char *)CALL_ARRAY);
    ck_assert_int_eq(call_sysctl(call_v0, &op), 0);
    ck_assert_ptr_nonnull(strstr(double_serial(), "hypercalls d0 "));
    ck_assert_ptr_nonnull(strstr(double_serial(), "exits d1 hlt=1"));
    ck_assert_ptr_nonnull(strstr(double_serial(), "exits end"));
    op.u.debug_keys.nr_keys = 1000;
    ck_assert_int_eq(call_sysctl(call_v0, &op), -XEN_EINVAL);
}
END_TEST

START_TEST(what_is_not_there_says_so)
{
    struct xen_sysctl op = {.cmd = XEN_SYSCTL_livepatch_op};

    ck_assert_int_eq(call_sysctl(call_v0, &op), -XEN_ENOSYS);
    op = (struct xen_sysctl){.cmd = XEN_SYSCTL_get_pmstat};
    ck_assert_int_eq(call_sysctl(call_v0, &op), -XEN_ENOSYS);
    op = (struct xen_sysctl){.cmd = XEN_SYSCTL_sched_id};
    ck_assert_int_eq(call_sysctl(call_v0, &op), 0);
    ck_assert_uint_eq(op.u.sched_id.sched_id, XEN_SCHEDULER_CREDIT2);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_version_is_checked,
        unknown_operations_go_to_the_architecture,
        domains_are_listed_from_the_first_asked_for,
        memory_adds_up,
        counts_are_told_before_arrays_are_filled,
        idle_times_are_told,
        there_is_one_pool,
        bitmaps_of_absurd_length_are_refused,
        devices_have_no_known_node,
        keys_are_pressed_and_bounded,
        what_is_not_there_says_so,
    };

    return call_run("sysctl", tests, ARRAY_SIZE(tests));
}
