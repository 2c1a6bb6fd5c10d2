/*
 * Nested page tables beyond hv/p2m.h: what entry into a guest needs.
 *
 * Remote flushes without waiting for CPUs that are in the hypervisor: each
 * change that narrows rights raises the p2m's generation; a CPU compares it
 * before each entry and flushes. Who raised it kicks the CPUs that are in the
 * guest with an older one and waits until they left. A CPU that left took no
 * lock yet when it says so: nobody waits for a lock holder.
 */
#ifndef X86_P2M_H
#define X86_P2M_H

#include "hv/p2m.h"

/* Machine address of the top table. */
paddr_t p2m_root(const struct domain *d);

/* At boot: the largest leaves that the CPU knows (not all have 1 GiB). */
void p2m_limit_leaves(unsigned int order);

/* This CPU is about to run a vCPU of 'd': true when its TLB must be flushed. */
bool p2m_enter(struct domain *d);
/* It is out again. */
void p2m_leave(void);

/* Does the type forbid instruction fetches? */
bool p2m_type_noexec(enum p2m_type t);

#endif
