/* Event channels by their ports: what many tests do with them. */
#ifndef GUEST_PORTS_H
#define GUEST_PORTS_H

#include "abi.h"

long event_op(int nr, void *arg);

/* New ports; each fails the test where the call fails. */
evtchn_port_t port_unbound(domid_t remote);
evtchn_port_t port_bound(domid_t remote, evtchn_port_t remote_port);
evtchn_port_t port_ipi(unsigned vcpu);
evtchn_port_t port_virq(unsigned virq, unsigned vcpu);

/* What the call answers. */
long port_close(evtchn_port_t port);
long port_send(evtchn_port_t port);
long port_move(evtchn_port_t port, unsigned vcpu);
long port_unmask(evtchn_port_t port);
/* EVTCHNSTAT_... */
long port_status(evtchn_port_t port);
/* The vCPU that it notifies. */
unsigned port_vcpu(evtchn_port_t port);

/* In the mask of the two-level ABI. */
void port_set_mask(evtchn_port_t port, bool masked);
bool port_masked(evtchn_port_t port);
/* Forgets upcalls and selectors of a vCPU. */
void upcall_clear(unsigned vcpu);
bool upcall_pending(unsigned vcpu);
bool selected(unsigned vcpu, evtchn_port_t port);

/* Upcalls of the domain come as CALLBACK_VECTOR, or not at all. */
void set_callback_vector(void);
void clear_callback_vector(void);

/* Polls for the port, at most that long. */
long port_poll(evtchn_port_t port, uint64_t ns);

#endif
