/*
 * Event channels, inside: ports, buckets, and the two guest ABIs as a table.
 *
 * Locks, outermost first: evtchn_domain.lock [d] of one or two domains (binding
 * and closing), evtchn.lock [p] of one or two ports (their state against a
 * send), fifo_lock [q] (queues). Both ends of an interdomain channel
 * change only with both ports locked: a sender that holds its own port's lock
 * may use the far port as well.
 */
#ifndef CORE_EVTCHN_PRIV_H
#define CORE_EVTCHN_PRIV_H

#include "hv/evtchn.h"

#define EVTCHN_BUCKET_PORTS  64
#define EVTCHN_GROUP_BUCKETS 64
#define EVTCHN_GROUP_PORTS   (EVTCHN_BUCKET_PORTS * EVTCHN_GROUP_BUCKETS)
#define EVTCHN_GROUPS        (EVTCHN_FIFO_NR_CHANNELS / EVTCHN_GROUP_PORTS)
/* What lies in struct evtchn_domain itself. */
#define EVTCHN_NEAR_BUCKETS 8 /* as pointers, the first whole */
#define EVTCHN_NEAR_PORTS   (EVTCHN_BUCKET_PORTS * EVTCHN_NEAR_BUCKETS)
#define EVTCHN_NEAR_VCPUS   6

enum evtchn_state {
    EVTCHN_FREE,
    EVTCHN_RESERVED, /* port 0 */
    EVTCHN_UNBOUND,  /* waits for bind_interdomain by 'unbound_dom' */
    EVTCHN_INTERDOMAIN,
    EVTCHN_VIRQ,
    EVTCHN_IPI,
};

struct evtchn {
    struct spinlock lock;
    uint8_t state;               /* [d][p] enum evtchn_state */
    uint8_t priority;            /* [p] FIFO queue of the next event */
    uint8_t vcpu;                /* [a] vCPU to notify */
    uint8_t last_priority;       /* [q] FIFO queue that it was linked to last */
    uint8_t last_vcpu;           /* [q] */
    bool saved_pending;          /* [a] raised before its FIFO word existed */
    union {                      /* [d][p] */
        uint32_t detail;         /* any of these: */
        uint32_t unbound_dom;    /* UNBOUND */
        evtchn_port_t peer_port; /* INTERDOMAIN */
        uint32_t virq;           /* VIRQ */
    };
    struct domain *peer; /* [d][p] INTERDOMAIN */
};

struct evtchn_abi {
    evtchn_port_t max_ports;
    /* A port was bound; NULL: nothing to do. */
    void (*bind)(struct evtchn *chn);
    void (*set_pending)(struct vcpu *v, evtchn_port_t port, struct evtchn *chn);
    void (*clear_pending)(struct domain *d, evtchn_port_t port);
    void (*unmask)(struct vcpu *v, evtchn_port_t port, struct evtchn *chn);
    bool (*is_pending)(const struct domain *d, evtchn_port_t port);
    bool (*is_masked)(const struct domain *d, evtchn_port_t port);
    /* Closed, but the guest still has it on a queue; NULL: never. */
    bool (*is_busy)(const struct domain *d, evtchn_port_t port);
    bool has_priority;
};

struct evtchn_vcpu {
    struct evtchn_fifo_control_block *control; /* [q] or NULL */
    uint32_t tail[EVTCHN_FIFO_MAX_QUEUES];     /* [q] last port, 0: none */
    uint32_t poll_port;                        /* [a] 0: any */
    uint32_t virq_port[NR_VIRQS];              /* [a] 0: not bound */
};

/* One page: each page that a send touches costs a TLB miss after the exit. */
struct evtchn_domain {
    struct spinlock lock;
    struct spinlock fifo_lock;
    uint32_t ports;               /* [a] in buckets; only grows */
    uint32_t words;               /* [a] ports that have a word in 'page' */
    const struct evtchn_abi *abi; /* [a] */
    unsigned long poll_mask[DOMAIN_MAX_VCPUS / 64]; /* [a] vCPUs that poll */
    uint32_t max_port;                              /* [I] */
    uint32_t active;                                /* [d] ports in use */
    uint32_t close_next; /* relinquish goes on here */
    /* [d] slots filled once */
    struct evtchn *near[EVTCHN_NEAR_BUCKETS];
    struct evtchn **group[EVTCHN_GROUPS];
    /* [d] FIFO words, pages of the guest */
    event_word_t *page[EVTCHN_FIFO_NR_CHANNELS / (PAGE_SIZE / 4)];
    struct evtchn first[EVTCHN_BUCKET_PORTS];
    struct evtchn_vcpu vcpu[EVTCHN_NEAR_VCPUS];
};

extern const struct evtchn_abi evtchn_2l_abi;
extern const struct evtchn_abi evtchn_fifo_abi;

/* Borrowed, NULL when there is no such port. */
static inline struct evtchn *evtchn_find(const struct evtchn_domain *e,
                                         evtchn_port_t port)
{
    if (port >= __atomic_load_n(&e->ports, __ATOMIC_ACQUIRE))
        return NULL;
    if (likely(port < EVTCHN_NEAR_PORTS))
        return &e->near[port / EVTCHN_BUCKET_PORTS][port % EVTCHN_BUCKET_PORTS];
    return &e->group[port / EVTCHN_GROUP_PORTS]
                    [port / EVTCHN_BUCKET_PORTS % EVTCHN_GROUP_BUCKETS]
                    [port % EVTCHN_BUCKET_PORTS];
}

/* Bound to something, so that a guest may use it. */
static inline bool evtchn_usable(const struct evtchn *chn)
{
    return chn->state > EVTCHN_RESERVED;
}

/* --- evtchn.c --- */

/* Bind a free port of 'd' as 'state' says; 'detail' as in struct evtchn. [d]
   held. */
int evtchn_bind_free_locked(struct domain *d, enum evtchn_state state,
                            unsigned int vcpu, uint32_t detail,
                            evtchn_port_t *out);
/* A free port, not bound yet; and binding it, with [p] held, too. */
int evtchn_find_free_locked(struct domain *d, evtchn_port_t *out);
void evtchn_claim_locked(struct domain *d, struct evtchn *chn,
                         enum evtchn_state state, unsigned int vcpu,
                         uint32_t detail);

/* --- evtchn_bind.c, evtchn_send.c --- */

int evtchn_close(struct domain *d, evtchn_port_t port);
/* Raise 'port'; its state is kept from changing by a lock of the caller. */
void evtchn_raise(struct domain *d, evtchn_port_t port, struct evtchn *chn);
/* For the ABIs: an upcall is due; and: a port became pending. */
void evtchn_upcall(struct vcpu *v);
void evtchn_wake_pollers(struct domain *d, evtchn_port_t port);

/* --- evtchn_fifo.c --- */

/* Back to 2-level; no port is bound. [d] held. */
void evtchn_fifo_leave_locked(struct domain *d);

/* --- Sub-operations: 'arg' is the struct of public/event_channel.h --- */

typedef int evtchn_op_fn(struct vcpu *v, void *arg);
#define EVTCHN_OP(nr, name, result) evtchn_op_fn evtchn_op_##name;
#include "evtchn_op.def"
#undef EVTCHN_OP

#endif
