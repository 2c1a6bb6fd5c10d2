/*
 * Event channels: 2-level and FIFO ABI (public/event_channel.h).
 *
 * Locking: each domain's evtchn lock; two domains' locks in address order.
 * Delivery sets guest-visible bits and calls arch_vcpu_event(), which wakes the
 * vCPU; it never blocks.
 */
#ifndef HV_EVTCHN_H
#define HV_EVTCHN_H

#include "hv/domain.h"

int evtchn_domain_init(struct domain *d, unsigned int max_port);
int evtchn_vcpu_init(struct vcpu *v);
/* Close everything and let go of the guest's pages, step by step
   (-XEN_ERESTART: call again). The domain is dying. */
int evtchn_domain_relinquish(struct domain *d);
/* Free what is left; fine after a failed init, too. */
void evtchn_domain_fini(struct domain *d);
void evtchn_vcpu_fini(struct vcpu *v);

/* Raise a per-vCPU VIRQ (VIRQ_TIMER, VIRQ_DEBUG..) or one of a domain's global
   ones (VIRQ_DOM_EXC, VIRQ_CONSOLE..); dropped when nobody bound it. */
void evtchn_send_vcpu_virq(struct vcpu *v, unsigned int virq);
void evtchn_send_global_virq(struct domain *d, unsigned int virq);

/* SCHEDOP_poll: is one of these ports pending? -EINVAL on a bad port. */
int evtchn_poll_any_pending(struct domain *d, const evtchn_port_t *ports,
                            unsigned int nr, bool *pending);
/* Ports that 'v' polls; a send to one of them unblocks it. NULL: none, ANY. */
void evtchn_poll_begin(struct vcpu *v, const evtchn_port_t *ports,
                       unsigned int nr);
void evtchn_poll_end(struct vcpu *v);

/* v->info no longer is 'old_info': everything is marked pending in the new
   place, so that nothing set in the old one meanwhile is lost. */
void evtchn_vcpu_info_moved(struct vcpu *v, struct vcpu_info *old_info);

/* Is an upcall pending for 'v'? The mask of vcpu_info is for PV guests only;
   an HVM guest masks with its interrupt flag. */
bool evtchn_upcall_wanted(const struct vcpu *v);

long do_event_channel_op(struct vcpu *v, unsigned long arg[5]);

/* Debug key 'e': one line per port in use. */
void evtchn_dump(struct domain *d);

#endif
