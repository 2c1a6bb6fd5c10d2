/*
 * The runtime of the test kernels: tests, calls, memory, what went wrong.
 *
 * The same image runs as control domain and as the guests that it builds
 * (guest.h). Tests run on vCPU 0 with interrupts off and poll events; other
 * vCPUs take functions (cpu.h). Memory is identity mapped below 4 GiB, but for
 * two places of 2 MiB, UNMAPPED and READ_ONLY, and from gfn_free() on.
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
    VECTOR_DE = 0,
    VECTOR_DB = 1,
    VECTOR_BP = 3,
    VECTOR_UD = 6,
    VECTOR_NM = 7,
    VECTOR_GP = 13,
    VECTOR_PF = 14,
    NOBODY = 0x7000,  /* a domain that is not there */
    NO_VCPU = 4000,   /* a vCPU that is not there */
    SECONDS_MAX = 40, /* until AWAIT gives up */
};

/* Xen's error numbers, negative as calls return them. */
enum {
#define XEN_ERRNO(name, value) NEG_##name = -(value),
#include <xen/errno.h>
};

/* Addresses that hypercalls have to refuse. */
#define NON_CANONICAL ((void *)0x0000800000000000ul)
extern void *const UNMAPPED, *const READ_ONLY;

enum where {
    ANYWHERE, /* in the control domain and in a guest */
    CONTROL,  /* in the control domain alone */
    GUEST,    /* in a guest alone */
};

struct test {
    const char *name;
    const char *claim; /* what must hold */
    void (*run)(void);
    enum where where;
};

/* A row of a table: the test is the function of that name. */
#define TEST_WHERE(name, claim, where) \
    {                                  \
#name, claim, name, where      \
    }
#define TEST(name, claim)         TEST_WHERE(name, claim, ANYWHERE)
#define TEST_CONTROL(name, claim) TEST_WHERE(name, claim, CONTROL)
#define TEST_GUEST(name, claim)   TEST_WHERE(name, claim, GUEST)

struct suite {
    const char *name;
    const char *source;       /* the public header that says so */
    const struct test *tests; /* ends with a row without name */
    enum where where;         /* CONTROL: its tests never run in a guest */
};

/* How a test, or what it asked of others, came out. */
struct outcome {
    const char *word; /* pass, fail, skip */
    const char *file, *what;
    long line, found;
};

/* Ends the test: it failed. The text says what was found. */
void test_fail(const char *file, int line, const char *what, long found)
    __attribute__((noreturn));
void test_skip(const char *why) __attribute__((noreturn));
/* Ends the test as another vCPU or domain ended, unless that passed. */
void test_follow(const struct outcome *other);
/* Why it ended so, as part of the line that is being written. */
void outcome_reason(const struct outcome *o);
/* Runs fn to its end or the first check that fails. */
struct outcome test_guard(long (*fn)(void *arg), void *arg, long *result);

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
/* It becomes true; others run meanwhile. */
#define AWAIT(condition)                                         \
    do {                                                         \
        uint64_t end_ = clock_ns() + SECONDS_MAX * 1000000000ul; \
        while (!(condition)) {                                   \
            if (clock_ns() > end_ || cpus_given_up())            \
                test_fail(__FILE_NAME__, __LINE__,               \
                          "in vain waited for " #condition, 0);  \
            let_others_run();                                    \
        }                                                        \
    } while (0)
void let_others_run(void);

/* What follows the word on the command line, NULL without; as a number. */
const char *argument_find(const char *word);
long argument_number(const char *word);
/* What the control domain does: the one part that each kernel has its own of. */
void control_main(void) __attribute__((noreturn));

/* A zeroed page of free memory, never given back. */
void *page_new(void);
/* So many pages in a row, from an address that is a multiple of `align`. */
void *pages_new(size_t count, size_t align);
/* A page number of the guest that nothing backs; memory_at() reaches it. */
xen_pfn_t gfn_free(void);
/* So many in a row. */
xen_pfn_t gfns_free(size_t count);
/* One with nothing else in its 2 MiB: to be touched while nothing is there. */
xen_pfn_t gfn_apart(void);
static inline void *memory_at(xen_pfn_t gfn)
{
    return (void *)(gfn * PAGE_BYTES);
}
static inline xen_pfn_t gfn_of(const void *p)
{
    return (uintptr_t)p / PAGE_BYTES;
}
void bytes_copy(void *to, const void *from, size_t count);
void bytes_set(void *at, int value, size_t count);
bool bytes_same(const void *a, const void *b, size_t count);

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

/* Whether this is the control domain; else it is a guest of one. */
extern bool in_control;
/* The page shared with the hypervisor. */
extern struct shared_info *shared_info;
bool event_pending(evtchn_port_t port);
void event_clear(evtchn_port_t port);
/* Our own domain, as others call it. */
domid_t own_domid(void);
/* On another vCPU: nobody waits for it any more (cpu.h). */
bool cpus_given_up(void);
/* Nanoseconds of the PV clock. */
uint64_t clock_ns(void);
/* How much too early it is; 0: not worth a word. */
long early_ns(uint64_t at);

#endif
