/*
 * Event channel operations as guests make them.
 */
#include "channels.h"

#include <string.h>

union channel_arg a;

evtchn_port_t channel_unbound(struct domain *d, domid_t remote)
{
    ck_assert_int_eq(
        op(d, alloc_unbound, .dom = DOMID_SELF, .remote_dom = remote), 0);
    return a.alloc_unbound.port;
}

void channel_join(evtchn_port_t *near, evtchn_port_t *far)
{
    *near = channel_unbound(d1, 0);
    ck_assert_int_eq(
        op(d0, bind_interdomain, .remote_dom = 1, .remote_port = *near), 0);
    *far = a.bind_interdomain.local_port;
}

evtchn_port_t channel_virq(struct domain *d, unsigned int nr, unsigned int vcpu)
{
    ck_assert_int_eq(op(d, bind_virq, .virq = nr, .vcpu = vcpu), 0);
    return a.bind_virq.port;
}

evtchn_port_t channel_ipi(struct domain *d, unsigned int vcpu)
{
    ck_assert_int_eq(op(d, bind_ipi, .vcpu = vcpu), 0);
    return a.bind_ipi.port;
}

uint32_t channel_state(struct domain *d, evtchn_port_t port)
{
    ck_assert_int_eq(op(d, status, .dom = DOMID_SELF, .port = port), 0);
    return a.status.status;
}

bool channel_pending(const struct domain *d, evtchn_port_t port)
{
    return bit_test(d->shared_info->evtchn_pending, port);
}

void channel_drain(struct domain *d)
{
    memset(d->shared_info->evtchn_pending, 0,
           sizeof(d->shared_info->evtchn_pending));
    for (unsigned int i = 0; i < d->max_vcpus; i++) {
        d->vcpu[i]->info->evtchn_pending_sel = 0;
        d->vcpu[i]->info->evtchn_upcall_pending = 0;
        d->vcpu[i]->arch->events = 0;
    }
}
