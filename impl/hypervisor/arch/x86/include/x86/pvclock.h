/*
 * The time page of vCPUs (public/xen.h, struct vcpu_time_info; owner: pvclock.c).
 */
#ifndef X86_PVCLOCK_H
#define X86_PVCLOCK_H

#include "x86/vcpu.h"

/* Before entry: write what the guest reads, if it is out of date. */
void pvclock_refresh(struct vcpu *v);

#endif
