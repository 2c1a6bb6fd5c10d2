/*
 * HYPERVISOR_event_channel_op: argument copies and dispatch (evtchn_op.def).
 */
#include "evtchn_priv.h"

#include "hv/guest.h"
#include "hv/hypercall.h"

/* What a reset that was interrupted comes back as; not for guests to issue, but
   harmless when they do. */
#define EVTCHN_RESET_CONT 14

union evtchn_arg {
#define EVTCHN_OP(nr, name, result) struct evtchn_##name name;
#include "evtchn_op.def"
#undef EVTCHN_OP
};

typedef int evtchn_op_fn(struct vcpu *v, union evtchn_arg *a);

static int op_bind_interdomain(struct vcpu *v, union evtchn_arg *a)
{
    return evtchn_bind_interdomain(v, &a->bind_interdomain);
}

static int op_bind_virq(struct vcpu *v, union evtchn_arg *a)
{
    return evtchn_bind_virq(v, &a->bind_virq);
}

/* A PVH domain has no physical interrupts: each number is out of range. */
static int op_bind_pirq(struct vcpu *v, union evtchn_arg *a)
{
    (void)v;
    (void)a;
    return -XEN_EINVAL;
}

static int op_close(struct vcpu *v, union evtchn_arg *a)
{
    return evtchn_close(v->domain, a->close.port);
}

static int op_send(struct vcpu *v, union evtchn_arg *a)
{
    return evtchn_send(v->domain, a->send.port);
}

static int op_status(struct vcpu *v, union evtchn_arg *a)
{
    return evtchn_status(v, &a->status);
}

static int op_alloc_unbound(struct vcpu *v, union evtchn_arg *a)
{
    return evtchn_alloc_unbound(v, &a->alloc_unbound);
}

static int op_bind_ipi(struct vcpu *v, union evtchn_arg *a)
{
    return evtchn_bind_ipi(v, &a->bind_ipi);
}

static int op_bind_vcpu(struct vcpu *v, union evtchn_arg *a)
{
    return evtchn_bind_vcpu(v, &a->bind_vcpu);
}

static int op_unmask(struct vcpu *v, union evtchn_arg *a)
{
    return evtchn_unmask(v->domain, a->unmask.port);
}

static int op_reset(struct vcpu *v, union evtchn_arg *a)
{
    return evtchn_reset(v, &a->reset, false);
}

static int op_reset_cont(struct vcpu *v, union evtchn_arg *a)
{
    return evtchn_reset(v, &a->reset, true);
}

static int op_init_control(struct vcpu *v, union evtchn_arg *a)
{
    return evtchn_fifo_init_control(v, &a->init_control);
}

static int op_expand_array(struct vcpu *v, union evtchn_arg *a)
{
    return evtchn_fifo_expand(v->domain, _gfn(a->expand_array.array_gfn));
}

static int op_set_priority(struct vcpu *v, union evtchn_arg *a)
{
    return evtchn_set_priority(v->domain, &a->set_priority);
}

enum evtchn_result { NOTHING, OUT };

static const struct {
    evtchn_op_fn *fn;
    uint8_t size;
    uint8_t result;
} evtchn_ops[] = {
#define EVTCHN_OP(nr, name, result) \
    [nr] = {op_##name, sizeof(struct evtchn_##name), result},
#include "evtchn_op.def"
#undef EVTCHN_OP
    [EVTCHN_RESET_CONT] = {op_reset_cont, sizeof(struct evtchn_reset), NOTHING},
};

long do_event_channel_op(struct vcpu *v, unsigned long arg[5])
{
    unsigned int cmd = (unsigned int)arg[0];
    union evtchn_arg a;
    int rc;

    if (cmd >= ARRAY_SIZE(evtchn_ops) || !evtchn_ops[cmd].fn)
        return -XEN_ENOSYS;
    rc = guest_copy_from(v, &a, arg[1], evtchn_ops[cmd].size);
    if (rc)
        return rc;
    rc = evtchn_ops[cmd].fn(v, &a);
    /* When this copy fails the guest has lost the port until it is reset. */
    if (!rc && evtchn_ops[cmd].result == OUT)
        rc = guest_copy_to(v, arg[1], &a, evtchn_ops[cmd].size);
    if (rc == -XEN_ERESTART)
        arg[0] = EVTCHN_RESET_CONT;
    return rc;
}
