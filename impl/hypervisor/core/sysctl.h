/*
 * System control hypercall: one small function per sub-operation (sysctl.def).
 */
#ifndef CORE_SYSCTL_H
#define CORE_SYSCTL_H

#include "hv/domain.h"

/* The request was copied in once; OUT rows have it copied back on success. */
typedef long sysctl_fn(struct vcpu *v, struct xen_sysctl *op);

#define SYSCTL(nr, name, out) sysctl_fn sysctl_##name;
#include "sysctl.def"
#undef SYSCTL

#endif
