/*
 * Hypercalls as a test's guest makes them, and the running of a list of tests.
 */
#ifndef TEST_CALL_H
#define TEST_CALL_H

#include "double/double.h"

#include "hv/hypercall.h"

#include <check.h>

/* Guest addresses that tests use for requests and arrays: its first pages. */
#define CALL_REQUEST 0x1000UL
#define CALL_ARRAY   0x2000UL
#define CALL_ARRAY2  0x3000UL
#define CALL_ARRAY3  0x4000UL
#define CALL_BAD     (DOUBLE_VA_END + 0x1000)
/* Pages of RAM that call_machine() gives each domain. */
#define CALL_PAGES 16

/* dom0 and d1, one vCPU each, on a fresh machine of 64 MiB. */
extern struct domain *call_dom0, *call_guest;
extern struct vcpu *call_v0, *call_v1;
void call_machine(void);

/* Host view of guest physical 'gpa' of 'd'. */
void *call_at(struct domain *d, uint64_t gpa);
/* Put 'bytes' of a request at CALL_REQUEST of v's domain. */
void call_put(struct vcpu *v, const void *request, size_t bytes);

/* One call; restarts are followed to the end, as the guest would. */
long call(struct vcpu *v, unsigned long nr, unsigned long a0, unsigned long a1,
          unsigned long a2);
/* How many times the last call() was restarted. */
extern unsigned int call_restarts;

/* call() with 'request' put at CALL_REQUEST, which is argument 'at'. */
#define call_with(v, nr, cmd, request)           \
    (call_put((v), &(request), sizeof(request)), \
     call((v), (nr), (cmd), CALL_REQUEST, 0))

long call_domctl(struct vcpu *v, struct xen_domctl *op);
long call_sysctl(struct vcpu *v, struct xen_sysctl *op);
/* A create request that is accepted. */
struct xen_domctl call_create_request(void);

int call_run(const char *name, const TTest *const *tests, unsigned int nr);

#endif
