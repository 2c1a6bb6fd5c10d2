/*
 * Event channels, 2-level ABI: a bit per port in shared_info, a selector bit
 * per word in vcpu_info (public/xen.h, struct shared_info). 64-bit layout.
 */
#include "evtchn_priv.h"

static void l2_notify(struct vcpu *v, evtchn_port_t port)
{
    if (!bit_test_and_set(&READ_ONCE(v->info)->evtchn_pending_sel, port / 64))
        evtchn_upcall(v);
}

/* The order of the steps is the ABI: pending, mask, selector, upcall. */
static void l2_set_pending(struct vcpu *v, evtchn_port_t port,
                           struct evtchn *chn)
{
    struct shared_info *s = v->domain->shared_info;

    if (bit_test_and_set(s->evtchn_pending, port))
        return;
    if (!bit_test(s->evtchn_mask, port))
        l2_notify(v, port);
    evtchn_wake_pollers(v->domain, port);
}

static void l2_clear_pending(struct domain *d, evtchn_port_t port)
{
    (void)bit_test_and_clear(d->shared_info->evtchn_pending, port);
}

static void l2_unmask(struct vcpu *v, evtchn_port_t port, struct evtchn *chn)
{
    struct shared_info *s = v->domain->shared_info;

    if (bit_test_and_clear(s->evtchn_mask, port) &&
        bit_test(s->evtchn_pending, port))
        l2_notify(v, port);
}

static bool l2_is_pending(const struct domain *d, evtchn_port_t port)
{
    return bit_test(d->shared_info->evtchn_pending, port);
}

static bool l2_is_masked(const struct domain *d, evtchn_port_t port)
{
    return bit_test(d->shared_info->evtchn_mask, port);
}

const struct evtchn_abi evtchn_2l_abi = {
    .max_ports = EVTCHN_2L_NR_CHANNELS,
    .set_pending = l2_set_pending,
    .clear_pending = l2_clear_pending,
    .unmask = l2_unmask,
    .is_pending = l2_is_pending,
    .is_masked = l2_is_masked,
};
