/*
 * What is measured: operations in loops, each loop between two marks.
 *
 * A mark is a NOP whose displacement names the operation: it costs nothing and
 * never exits, and bench/count's QEMU plugin recognises it by its bytes.
 * An operation whose `run` goes wrong fails its checks, as tests do (abi.h).
 */
#ifndef GUEST_MICRO_H
#define GUEST_MICRO_H

#include "abi.h"

enum {
    ROUNDS_MAX = 40,
    BUCKETS = 32, /* of a histogram: powers of two of nanoseconds */
    PAGES_MAX = 64,
    OTHER_VCPU = 1,
};

struct op {
    const char *name;
    const char *unit;      /* what one of them is */
    unsigned count;        /* calls of the loop in a round */
    unsigned each;         /* units in one of them */
    bool in_guest;         /* `before`, `run` and `after` happen in the peer */
    bool many_cpus;        /* more than one CPU has a part in it */
    void (*prepare)(void); /* once, in the control domain */
    /* In each round: what is measured, `count` times, and what is not. */
    void (*before)(const struct op *op);
    void (*run)(const struct op *op);
    void (*after)(const struct op *op); /* whether it had its effect */
    void (*finish)(void);               /* once; not after a failure */
    const uint64_t *buckets;            /* BUCKETS of them, for a histogram */
};

/* What a table of operations ends with. */
#define OPS_END \
    {           \
        0       \
    }

extern const struct op cpu_ops[], event_ops[], grant_ops[], memory_ops[],
    sched_ops[], domain_ops[];

/* marks.S: a bracket around a loop; the number is the operation's. */
void mark_begin(unsigned id);
void mark_end(unsigned id);

/*
 * Where vCPUs run, so that what one CPU executes is one operation's: our first
 * vCPU alone on a CPU, our second and the peer on the other.
 */
extern unsigned first_cpu, other_cpu;
void places_take(void);
void vcpu_pin(domid_t domid, unsigned vcpu, unsigned cpu);
/* Our second vCPU blocks, while it would only look for work. */
void other_park(void);
void other_unpark(void);

/* peer.c: a guest that is paused unless it has something to do. */
struct guest *peer(void);
long peer_call(long (*fn)(void *arg), long *args);
void peer_run(long (*fn)(void *arg), const long *args);
long peer_wait(long *args);
/* The first of PAGES_MAX references in a row that the peer offers to us. */
grant_ref_t peer_pages(void);
/* The page number, in the peer, of the first of those pages. */
xen_pfn_t peer_gfn(void);
/* What stands in a page that is offered. */
uint64_t peer_word(unsigned page);

#endif
