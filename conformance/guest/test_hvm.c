/* Parameters of HVM guests. Source: public/hvm/hvm_op.h, params.h. */
#include "suites.h"

static long op(int nr, void *arg)
{
    return CALL2(__HYPERVISOR_hvm_op, nr, arg);
}

static void callback(void)
{
    struct xen_hvm_param p = {.domid = DOMID_SELF,
                              .index = HVM_PARAM_CALLBACK_IRQ};

    SAME(op(HVMOP_set_param, &p), 0); /* none */
    SAME(op(HVMOP_get_param, &p), 0);
    SAME(p.value, 0);
}

static void refused(void)
{
    struct xen_hvm_param p = {.domid = DOMID_SELF, .index = HVM_NR_PARAMS};

    SAME(op(HVMOP_get_param, &p), NEG_EINVAL);
    SAME(op(HVMOP_set_param, &p), NEG_EINVAL);
    p.domid = 0x7000;
    p.index = HVM_PARAM_CALLBACK_IRQ;
    SAME(op(HVMOP_get_param, &p), NEG_ESRCH);
    SAME(op(HVMOP_get_param, UNMAPPED), NEG_EFAULT);
    SAME(op(HVMOP_set_param, UNMAPPED), NEG_EFAULT);
}

static void upcall_vector(void)
{
    struct xen_hvm_evtchn_upcall_vector v = {.vcpu = 0, .vector = 15};

    SAME(op(HVMOP_set_evtchn_upcall_vector, &v), NEG_EINVAL);
    v.vector = 0xf3;
    v.vcpu = 4000;
    SAME(op(HVMOP_set_evtchn_upcall_vector, &v), NEG_ENOENT);
    SAME(op(HVMOP_set_evtchn_upcall_vector, UNMAPPED), NEG_EFAULT);
}

static void unknown(void)
{
    SAME(op(99, NULL), NEG_ENOSYS);
}

const struct test hvm_tests[] = {
    {"callback", "A parameter MUST be what it was set to.", callback},
    {"refused", "Parameters and domains that are not there.", refused},
    {"upcall_vector", "Exceptions' vectors and vCPUs that are not there.",
     upcall_vector},
    {"unknown", "Other operations MUST answer -ENOSYS.", unknown},
    {0},
};
