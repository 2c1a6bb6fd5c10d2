/*
 * The runtime of the test kernels: tests, calls, memory, what went wrong.
 *
 * One vCPU, interrupts off; events are polled. Memory is identity mapped below
 * 4 GiB, but for two places of 2 MiB: UNMAPPED and READ_ONLY.
 */
#ifndef GUEST_ABI_H
#define GUEST_ABI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/xen.h>

#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/params.h>
#include <xen/memory.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include <xen/version.h>

enum {
    PAGE_BYTES = 4096,
    FAULTED = -1000, /* minus the vector: see attempt() */
    VECTOR_UD = 6,
    VECTOR_GP = 13,
    VECTOR_PF = 14,
};

/* Xen's error numbers, negative as calls return them. */
enum {
#define XEN_ERRNO(name, value) NEG_##name = -(value),
#include <xen/errno.h>
};

/* Addresses that hypercalls have to refuse. */
#define NON_CANONICAL ((void *)0x0000800000000000ul)
extern void *const UNMAPPED, *const READ_ONLY;

struct test {
    const char *name;
    const char *claim; /* what must hold */
    void (*run)(void);
};

struct suite {
    const char *name;
    const struct test *tests; /* ends with a row without name */
};

/* Ends the test: it failed. The text says what was found. */
void test_fail(const char *file, int line, const char *what, long found)
    __attribute__((noreturn));
void test_skip(const char *why) __attribute__((noreturn));

#define CHECK(condition)                                       \
    do {                                                       \
        if (!(condition))                                      \
            test_fail(__FILE_NAME__, __LINE__, #condition, 0); \
    } while (0)
/* The expression, evaluated once, has that value. */
#define SAME(expression, wanted)                                               \
    do {                                                                       \
        long found_ = (long)(expression);                                      \
        if (found_ != (long)(wanted))                                          \
            test_fail(__FILE_NAME__, __LINE__, #expression " is not " #wanted, \
                      found_);                                                 \
    } while (0)

void say(const char *text);
void say_number(long number);

/* A zeroed page of free memory, never given back. */
void *page_new(void);
/* A page number of the guest that nothing backs. */
xen_pfn_t gfn_free(void);
static inline xen_pfn_t gfn_of(const void *p)
{
    return (uintptr_t)p / PAGE_BYTES;
}

long hypercall(unsigned nr, unsigned long a, unsigned long b, unsigned long c,
               unsigned long d);
/* The code that makes the call. */
const void *hypercall_entry(unsigned nr);
#define CALL1(nr, a) hypercall(nr, (unsigned long)(a), 0, 0, 0)
#define CALL2(nr, a, b) \
    hypercall(nr, (unsigned long)(a), (unsigned long)(b), 0, 0)
#define CALL3(nr, a, b, c) \
    hypercall(nr, (unsigned long)(a), (unsigned long)(b), (unsigned long)(c), 0)

/* What fn returns, or FAULTED minus the vector of the exception it met. */
long attempt(long (*fn)(void *arg), void *arg);

/* The page shared with the hypervisor. */
extern struct shared_info *shared_info;
bool event_pending(evtchn_port_t port);
void event_clear(evtchn_port_t port);
/* Our own domain, as others call it. */
domid_t own_domid(void);
/* Nanoseconds of the PV clock. */
uint64_t clock_ns(void);

#endif
