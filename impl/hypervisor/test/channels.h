/*
 * Event channel operations of the fixture's domains.
 */
#ifndef TEST_CHANNELS_H
#define TEST_CHANNELS_H

#include "guests.h"

/* The argument of the last operation. */
extern union channel_arg {
    struct evtchn_alloc_unbound alloc_unbound;
    struct evtchn_bind_interdomain bind_interdomain;
    struct evtchn_bind_virq bind_virq;
    struct evtchn_bind_pirq bind_pirq;
    struct evtchn_bind_ipi bind_ipi;
    struct evtchn_close close;
    struct evtchn_send send;
    struct evtchn_status status;
    struct evtchn_bind_vcpu bind_vcpu;
    struct evtchn_unmask unmask;
    struct evtchn_reset reset;
    struct evtchn_init_control init_control;
    struct evtchn_expand_array expand_array;
    struct evtchn_set_priority set_priority;
} a;

/* op(domain, name, fields of the argument): the result, argument in 'a'. */
#define op(d, name, ...)                                                    \
    ({                                                                      \
        a.name = (struct evtchn_##name){__VA_ARGS__};                       \
        guest_call_arg((d), __HYPERVISOR_event_channel_op, EVTCHNOP_##name, \
                       &a, sizeof(a.name), 0);                              \
    })

/* Ports, bound without fail. */
evtchn_port_t channel_unbound(struct domain *d, domid_t remote);
evtchn_port_t channel_virq(struct domain *d, unsigned int nr,
                           unsigned int vcpu);
evtchn_port_t channel_ipi(struct domain *d, unsigned int vcpu);
/* A channel from d1 to d0: ports of both ends. */
void channel_join(evtchn_port_t *near, evtchn_port_t *far);
/* EVTCHNSTAT_* of an own port; details in a.status. */
uint32_t channel_state(struct domain *d, evtchn_port_t port);
/* Its bit in 2-level form. */
bool channel_pending(const struct domain *d, evtchn_port_t port);
/* As if the guest had handled all events of its vCPUs. */
void channel_drain(struct domain *d);

#endif
