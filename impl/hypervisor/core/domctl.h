/*
 * Domain control hypercall: one small function per sub-operation (domctl.def).
 */
#ifndef CORE_DOMCTL_H
#define CORE_DOMCTL_H

#include "hv/domain.h"

/* Columns of domctl.def. */
enum domctl_needs { DOMCTL_OTHER = 1, DOMCTL_NONE = 2, DOMCTL_OUT = 4 };

struct domctl {
    struct vcpu *v;        /* the caller, privileged */
    struct domain *d;      /* referenced; NULL for DOMCTL_NONE rows */
    struct xen_domctl *op; /* the request, copied in once */
};

/* Runs with the domctl lock; -XEN_ERESTART: the whole call again. */
typedef long domctl_fn(struct domctl *c);

#define DOMCTL(nr, name, needs) domctl_fn domctl_##name;
#include "domctl.def"
#undef DOMCTL

/* Everything that XEN_DOMCTL_getdomaininfo says about 'd'. */
void domain_info(struct domain *d, struct xen_domctl_getdomaininfo *i);

/* vCPU 'id' of 'd': 0, -XEN_EINVAL (out of range), -XEN_ESRCH (not there). */
int domctl_vcpu(struct domain *d, uint32_t id, struct vcpu **out);

#endif
