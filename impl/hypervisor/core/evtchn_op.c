/*
 * HYPERVISOR_event_channel_op: argument copies and dispatch (evtchn_op.def).
 */
#include "evtchn_priv.h"

#include "hv/guest.h"
#include "hv/hypercall.h"

union evtchn_arg {
#define EVTCHN_OP(nr, name, result) struct evtchn_##name name;
#include "evtchn_op.def"
#undef EVTCHN_OP
};

enum evtchn_result { NOTHING, OUT };

static const struct {
    evtchn_op_fn *fn;
    uint8_t size;
    uint8_t result;
} evtchn_ops[] = {
#define EVTCHN_OP(nr, name, result) \
    [nr] = {evtchn_op_##name, sizeof(struct evtchn_##name), result},
#include "evtchn_op.def"
#undef EVTCHN_OP
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
    /* When this copy fails the guest has lost the port. */
    if (!rc && evtchn_ops[cmd].result == OUT)
        rc = guest_copy_to(v, arg[1], &a, evtchn_ops[cmd].size);
    return rc;
}
