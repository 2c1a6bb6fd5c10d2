/*
 * HVM hypercall: who may set and read which parameter, and to what.
 */
#include "call.h"

static long op(struct vcpu *v, unsigned int cmd, unsigned long arg)
{
    return call(v, __HYPERVISOR_hvm_op, cmd, arg, 0);
}

#define OP_WITH(v, cmd, r) \
    (call_put((v), &(r), sizeof(r)), op(v, cmd, CALL_REQUEST))

static long set(struct vcpu *v, domid_t id, uint32_t index, uint64_t value)
{
    struct xen_hvm_param p = {.domid = id, .index = index, .value = value};

    return OP_WITH(v, HVMOP_set_param, p);
}

static long get(struct vcpu *v, domid_t id, uint32_t index, uint64_t *value)
{
    struct xen_hvm_param p = {.domid = id, .index = index};
    long rc = OP_WITH(v, HVMOP_get_param, p);

    *value = ((struct xen_hvm_param *)call_at(v->domain, CALL_REQUEST))->value;
    return rc;
}

START_TEST(permissions_are_by_parameter)
{
    const struct {
        uint32_t index;
        long guest_set, guest_get, control_set;
    } rows[] = {
        {HVM_PARAM_CALLBACK_IRQ, 0, 0, 0},
        {HVM_PARAM_STORE_PFN, -XEN_EPERM, 0, 0},
        {HVM_PARAM_STORE_EVTCHN, 0, 0, 0},
        {HVM_PARAM_CONSOLE_PFN, -XEN_EPERM, 0, 0},
        {HVM_PARAM_CONSOLE_EVTCHN, 0, 0, 0},
        {HVM_PARAM_IOREQ_PFN, -XEN_EPERM, -XEN_EPERM, 0},
        {HVM_PARAM_PAGING_RING_PFN, -XEN_EPERM, -XEN_EPERM, 0},
        {HVM_PARAM_IDENT_PT, -XEN_EPERM, -XEN_EPERM, 0},
        {HVM_PARAM_PAE_ENABLED, -XEN_EINVAL, -XEN_EINVAL, -XEN_EINVAL},
        {HVM_PARAM_NESTEDHVM, -XEN_EINVAL, -XEN_EINVAL, -XEN_EINVAL},
        {HVM_PARAM_ACPI_IOPORTS_LOCATION, -XEN_ENODEV, 0, -XEN_ENODEV},
        {3, -XEN_EPERM, -XEN_EPERM, 0},
        {HVM_NR_PARAMS, -XEN_EINVAL, -XEN_EINVAL, -XEN_EINVAL},
        {~0U, -XEN_EINVAL, -XEN_EINVAL, -XEN_EINVAL},
    };

    for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
        uint64_t value;

        ck_assert_int_eq(set(call_v1, DOMID_SELF, rows[i].index, 4),
                         rows[i].guest_set);
        ck_assert_int_eq(get(call_v1, 1, rows[i].index, &value),
                         rows[i].guest_get);
        ck_assert_int_eq(set(call_v0, 1, rows[i].index, 4),
                         rows[i].control_set);
    }
}
END_TEST

START_TEST(values_are_checked)
{
    const struct {
        uint32_t index;
        uint64_t good, bad;
    } rows[] = {
        {HVM_PARAM_TIMER_MODE, 3, 4},
        {HVM_PARAM_ALTP2M, 0, 1},
        {HVM_PARAM_VIRIDIAN, 0, 1},
        {HVM_PARAM_ACPI_S_STATE, 0, 3},
        {HVM_PARAM_X87_FIP_WIDTH, 8, 5},
        {HVM_PARAM_TRIPLE_FAULT_REASON, SHUTDOWN_MAX, SHUTDOWN_MAX + 1},
        {HVM_PARAM_NR_IOREQ_SERVER_PAGES, 8, 65},
        {HVM_PARAM_VM86_TSS, 0xffffffff, 1ULL << 32},
    };

    for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
        uint64_t value;

        ck_assert_int_eq(set(call_v0, 1, rows[i].index, rows[i].bad),
                         -XEN_EINVAL);
        ck_assert_int_eq(set(call_v0, 1, rows[i].index, rows[i].good), 0);
        ck_assert_int_eq(get(call_v0, 1, rows[i].index, &value), 0);
        ck_assert_uint_eq(value, rows[i].good);
    }
}
END_TEST

START_TEST(some_parameters_are_set_once)
{
    ck_assert_int_eq(set(call_v0, 1, HVM_PARAM_IOREQ_PFN, 5), 0);
    ck_assert_int_eq(set(call_v0, 1, HVM_PARAM_IOREQ_PFN, 5), 0);
    ck_assert_int_eq(set(call_v0, 1, HVM_PARAM_IOREQ_PFN, 6), -XEN_EEXIST);
}
END_TEST

START_TEST(other_domains_are_out_of_reach)
{
    uint64_t value;

    ck_assert_int_eq(set(call_v1, 0, HVM_PARAM_CALLBACK_IRQ, 1), -XEN_EPERM);
    ck_assert_int_eq(get(call_v1, 0, HVM_PARAM_CALLBACK_IRQ, &value),
                     -XEN_EPERM);
    ck_assert_int_eq(set(call_v0, 77, HVM_PARAM_CALLBACK_IRQ, 1), -XEN_ESRCH);
}
END_TEST

START_TEST(parameters_with_an_effect_reach_the_architecture)
{
    unsigned int before = call_guest->arch->hvm_params_set;

    ck_assert_int_eq(set(call_v1, DOMID_SELF, HVM_PARAM_CALLBACK_IRQ, 2), 0);
    ck_assert_uint_eq(call_guest->arch->hvm_params_set, before + 1);
    ck_assert_int_eq(set(call_v1, DOMID_SELF, HVM_PARAM_STORE_PFN, 2),
                     -XEN_EPERM);
    ck_assert_uint_eq(call_guest->arch->hvm_params_set, before + 1);
}
END_TEST

START_TEST(upcall_vectors_are_checked)
{
    struct xen_hvm_evtchn_upcall_vector u = {.vcpu = 0, .vector = 15};

    ck_assert_int_eq(OP_WITH(call_v1, HVMOP_set_evtchn_upcall_vector, u),
                     -XEN_EINVAL);
    u.vector = 0xf3;
    ck_assert_int_eq(OP_WITH(call_v1, HVMOP_set_evtchn_upcall_vector, u), 0);
    ck_assert_uint_eq(call_v1->arch->upcall_vector, 0xf3);
    u.vcpu = 1;
    ck_assert_int_eq(OP_WITH(call_v1, HVMOP_set_evtchn_upcall_vector, u),
                     -XEN_ENOENT);
    u.vcpu = ~0U;
    ck_assert_int_eq(OP_WITH(call_v1, HVMOP_set_evtchn_upcall_vector, u),
                     -XEN_ENOENT);
}
END_TEST

START_TEST(the_rest_is_not_there)
{
    struct xen_hvm_pagetable_dying d = {.domid = DOMID_SELF};

    ck_assert_int_eq(OP_WITH(call_v1, HVMOP_pagetable_dying, d), -XEN_EINVAL);
    ck_assert_int_eq(op(call_v1, HVMOP_altp2m, CALL_REQUEST), -XEN_ENOSYS);
    ck_assert_int_eq(op(call_v1, HVMOP_flush_tlbs, 0), -XEN_ENOSYS);
    ck_assert_int_eq(op(call_v1, 99, 0), -XEN_ENOSYS);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        permissions_are_by_parameter,
        values_are_checked,
        some_parameters_are_set_once,
        other_domains_are_out_of_reach,
        parameters_with_an_effect_reach_the_architecture,
        upcall_vectors_are_checked,
        the_rest_is_not_there,
    };

    return call_run("hvm_op", tests, ARRAY_SIZE(tests));
}
