/*
 * Hypercall border: table, dispatch, restart.
 *
 * A handler gets up to five argument words in 'arg' and returns what the guest
 * sees in rax. To be run again (preemption, long work) it stores its progress in
 * 'arg', which goes back to the guest's registers, and returns -XEN_ERESTART: the
 * guest re-executes the call after events and scheduling had their turn.
 */
#ifndef HV_HYPERCALL_H
#define HV_HYPERCALL_H

#include "hv/domain.h"

#define HYPERCALL_LIMIT 64

/* Who may call: everybody, or privileged domains (others get -XEN_EPERM). */
enum hypercall_caller { HC_ANY, HC_CONTROL };

typedef long hypercall_fn(struct vcpu *v, unsigned long arg[5]);

struct hypercall {
    const char *name;
    hypercall_fn *fn;
    uint8_t caller;
};

extern const struct hypercall hypercall_table[HYPERCALL_LIMIT];

/* Dispatch number 'nr'; unknown: -XEN_ENOSYS. Counts per domain and number. */
long hypercall_run(struct vcpu *v, unsigned long nr, unsigned long arg[5]);

/* Should a long operation stop here and ask to be restarted? */
bool hypercall_preempt(struct vcpu *v);

#define HYPERCALL(nr, name, caller) hypercall_fn do_##name;
#include "hv/hypercall.def"
#undef HYPERCALL

#endif
