/*
 * Domains with memory for the tests of event channels and grant tables, and a
 * way to make their hypercalls.
 */
#ifndef TEST_GUESTS_H
#define TEST_GUESTS_H

#include "double/double.h"

#include <check.h>

#include "hv/hypercall.h"

#define GUEST_PAGES 64
/* Where arguments of hypercalls lie in each guest. */
#define GUEST_ARG_GFN   2
#define GUEST_ARG       ((uint64_t)GUEST_ARG_GFN << PAGE_SHIFT)
#define GUEST_ARG_BYTES (4 * PAGE_SIZE)

/* dom0, two guests, two vCPUs each; fresh for each test. */
extern struct domain *d0;
extern struct domain *d1;
extern struct domain *d2;

void guests_init(void);
/* Kill d1 and d2, after which memory is as it was before them. */
void guests_gone_without_leak(void);
/* Kill one domain and drop it. */
void guest_kill(struct domain *d);

/* From now on every allocation fails. */
void guests_no_memory(void);

/* Memory behind a guest frame. */
void *guest_mem(struct domain *d, uint64_t gfn);
mfn_t guest_mfn(struct domain *d, uint64_t gfn);
/* Any hypercall of vCPU 0. */
long guest_call(struct domain *d, unsigned int nr, unsigned long a0,
                unsigned long a1, unsigned long a2);
/* With 'bytes' of argument in guest memory, copied in and back. */
long guest_call_arg(struct domain *d, unsigned int nr, unsigned long a0,
                    void *arg, size_t bytes, unsigned long a2);

/* The main() of a test program: each test with guests_init() before it. */
int guests_run_tests(const char *name, const TTest *const *tests,
                     unsigned int nr);

#endif
