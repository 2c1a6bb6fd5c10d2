/*
 * Domains and vCPUs: what every part of the core shares about them.
 *
 * Life of a domain: domain_create() -> (toolstack fills it) -> unpaused ->
 * ... -> domain_kill() (restartable, phases in domain.c) -> last reference put.
 * A domain found by domain_find_get() stays valid until domain_put().
 *
 * Lock order, outermost first: domctl lock > d->lock > gnttab > p2m > evtchn >
 * scheduler run queue > timer queue > page allocator > heap > console.
 */
#ifndef HV_DOMAIN_H
#define HV_DOMAIN_H

#include "hv/lock.h"
#include "hv/page.h"
#include "hv/timer.h"

#include "abi/xen.h"
#include "base/list.h"

#define DOMAIN_MAX_VCPUS 128
#define DOMID_FIRST_USER 1
#define DOMID_LIMIT      DOMID_FIRST_RESERVED

#define DOMAIN_HYPERCALLS 64 /* as HYPERCALL_LIMIT */
#define DOMAIN_WATCHDOGS  2  /* as upstream */

struct evtchn_domain;
struct evtchn_vcpu;
struct gnttab;
struct p2m;
struct arch_domain;
struct arch_vcpu;
struct memory_map;
struct sched_vcpu;

/* Scheduling of one domain; owner: sched.c, [s] scheduler lock. */
struct sched_domain {
    uint32_t weight;        /* share against others; 256 by default */
    uint64_t vtime_rate;    /* virtual time per ns, 24 fraction bits */
    uint32_t cap;           /* percent of one CPU, 0: none */
    unsigned int running;   /* vCPUs on a CPU now */
    int64_t budget_ns;      /* left in this period when capped */
    uint64_t period_end_ns; /* the budget is filled up then */
    struct list parked;     /* vCPUs that wait for budget */
    struct timer refill;    /* armed while some are parked */
};

/* Why a vCPU may not run; any bit set keeps it off (with pause counts). */
enum vcpu_pause_flag {
    VPF_DOWN = 0,    /* not brought up, or VCPUOP_down / INIT */
    VPF_BLOCKED = 1, /* HLT or SCHEDOP_block, until an event or interrupt */
    VPF_POLL = 2,    /* SCHEDOP_poll, until a port, its timeout or an event */
};

struct vcpu {
    unsigned int id;                    /* [I] */
    struct domain *domain;              /* [I] */
    struct sched_vcpu *sched;           /* [I] owner: sched.c */
    struct evtchn_vcpu *evtchn;         /* [I] owner: evtchn*.c */
    struct arch_vcpu *arch;             /* [I] owner: arch */
    unsigned long pause_flags;          /* [a] bits of vcpu_pause_flag */
    unsigned int pause_count;           /* [a] */
    bool initialised;                   /* [d] has a register state */
    struct vcpu_info *info;             /* [a] never NULL: shared_info, a page
                                           of the guest, or the dummy */
    mfn_t info_mfn;                     /* [d] referenced, or INVALID_FRAME */
    struct vcpu_runstate_info runstate; /* [s] scheduler lock */
    uint64_t runstate_guest;            /* [d] guest VA of the area, or 0 */
    mfn_t runstate_mfn;                 /* [d] its page, referenced, when the
                                           area lies within one page */
    struct vcpu_runstate_info *runstate_map; /* [d] there, or NULL */
    bool runstate_dirty;            /* [a] copy to the guest before entry */
    struct timer singleshot;        /* VCPUOP_set_singleshot_timer */
    struct timer periodic;          /* VCPUOP_set_periodic_timer */
    uint64_t period_ns;             /* [a] of it; 0: stopped */
    struct timer poll_timer;        /* SCHEDOP_poll timeout */
    uint64_t hypercall_deadline_ns; /* [v] preempt a long one, 0: not set */
    bool in_multicall;              /* [v] */
    bool shutdown_paused;           /* [d] pause held by the shutdown */
    /* [v] only touched by the vCPU itself, in its own hypercall. */
};

struct domain {
    domid_t id;        /* [I] */
    unsigned int refs; /* [a] */
    struct list link;  /* domain list lock */
    struct spinlock lock;
    unsigned int max_vcpus;             /* [I] */
    struct vcpu **vcpu;                 /* [I] array; slots filled once [d] */
    struct evtchn_domain *evtchn;       /* [I] owner: evtchn.c */
    struct gnttab *gnttab;              /* [I] owner: gnttab.c */
    struct p2m *p2m;                    /* [I] owner: arch p2m */
    struct arch_domain *arch;           /* [I] owner: arch */
    struct shared_info *shared_info;    /* [I] hypervisor page given to it */
    struct sched_domain sched;          /* [s] */
    uint64_t tot_pages;                 /* [a] page.c */
    uint64_t max_pages;                 /* [d] XEN_DOMCTL_max_mem */
    uint64_t claim_pages;               /* page allocator lock */
    uint64_t shared_pages;              /* [a] PAGE_ALLOC_SHARED ones */
    unsigned int pause_count;           /* [a] all reasons together */
    unsigned int ctl_pause_count;       /* [d] XEN_DOMCTL_pausedomain only */
    bool creation_finished;             /* [d] first unpause seen */
    bool privileged;                    /* [I] dom0: may use domctl, sysctl.. */
    uint8_t dying;                      /* [d] enum domain_dying */
    bool shutting_down;                 /* [d] SCHEDOP_shutdown seen */
    bool shut_down;                     /* [d] all vCPUs off */
    uint8_t shutdown_code;              /* [d] SHUTDOWN_* or 0xff */
    xen_domain_handle_t handle;         /* [d] */
    uint32_t createflags;               /* [I] XEN_DOMCTL_CDF_* */
    uint64_t hvm_params[HVM_NR_PARAMS]; /* [d] HVMOP_get/set_param */
    struct memory_map *memory_map;      /* [d] heap, hv/memory.h */
    int64_t time_offset_ns;             /* [d] system time minus host time */
    uint64_t vm_assist;                 /* [d] VMASST_TYPE_* bits */
    uint64_t paging_pool_bytes;         /* [d] set_paging_mempool_size */
    uint64_t hypercalls[DOMAIN_HYPERCALLS];   /* [a] calls by number */
    int64_t wallclock_offset_s;               /* [d] settimeoffset */
    struct timer watchdog[DOMAIN_WATCHDOGS];  /* SCHEDOP_watchdog */
    uint8_t watchdogs;                        /* [d] bits: in use */
    unsigned int kill_unit;                   /* domctl lock: next unit */
    bool released;                            /* [a] creation reference gone */
    struct xen_arch_domainconfig arch_config; /* [I] as created */
};

/* Borrowed; NULL when there is no such vCPU. */
static inline struct vcpu *domain_vcpu(const struct domain *d, uint32_t id)
{
    return id < d->max_vcpus ? __atomic_load_n(&d->vcpu[id], __ATOMIC_ACQUIRE)
                             : NULL;
}

enum domain_dying { DOMDYING_ALIVE, DOMDYING_DYING, DOMDYING_DEAD };

struct domain_config {
    struct xen_domctl_createdomain abi;
    bool privileged;
};

/* The hardware domain; NULL until built. */
extern struct domain *dom0;

/* Every list walk takes and puts references through these. A dead domain stays
   to be found until it owns no page: whoever frees its last page does so between
   domain_find_get() and domain_put(). Not with the page allocator's lock held. */
struct domain *domain_find_get(domid_t id); /* DOMID_SELF is not resolved */
struct domain *domain_next_get(domid_t after_or_equal);
/* Run 'fn' on every domain, each held while it runs. */
void domain_each(void (*fn)(struct domain *d));
/* The same for the vCPUs of a domain. */
void domain_each_vcpu(struct domain *d, void (*fn)(struct vcpu *v));
void domain_put(struct domain *d);
/* Resolve DOMID_SELF and check that 'v' may act on it: 0 / -ESRCH / -EPERM. */
int domain_target_get(struct vcpu *v, domid_t id, struct domain **out);

/* The new domain is paused (by the toolstack's count, as upstream's) and has no
   vCPU; *out is borrowed. 'id' must be free. */
int domain_create(domid_t id, const struct domain_config *c,
                  struct domain **out);
bool domain_id_is_free(domid_t id);
/* A free id after the one given out last, or DOMID_INVALID. */
domid_t domain_id_alloc(void);
int vcpu_create(struct domain *d, unsigned int id, struct vcpu **out);
/* One step of teardown; -XEN_ERESTART: call again. Domain paused and dying. */
int domain_kill(struct domain *d);

/* The guest asked, or a fault of its own forces it: code SHUTDOWN_*. */
void domain_shutdown(struct domain *d, uint8_t code);
void domain_resume(struct domain *d);
/* End a misbehaving domain with a log line; never returns an error. */
void domain_crash(struct domain *d, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Counting pauses. The plain form returns with no vCPU of 'd' in the guest. */
void domain_pause(struct domain *d);
void domain_unpause(struct domain *d);
/* XEN_DOMCTL_pausedomain/unpausedomain: -XEN_EOVERFLOW / -XEN_EINVAL. */
int domain_ctl_pause(struct domain *d);
int domain_ctl_unpause(struct domain *d);

/* vcpu_info: VCPUOP_register_vcpu_info and its release at teardown. */
int vcpu_info_map(struct vcpu *v, gfn_t gfn, unsigned int offset);
void vcpu_info_unmap(struct vcpu *v);
/* Keep 'v' off its CPU; the last one to go powers its domain off, and nothing
   else happens: true. */
bool vcpu_set_down(struct vcpu *v);

/* Register a runstate area at 'va' of the running vCPU 'self' for 'v'. */
void vcpu_runstate_register(struct vcpu *self, struct vcpu *v, uint64_t va);
void vcpu_runstate_unregister(struct vcpu *v);
/* Copy 'v's own runstate out; the arch calls it before entry when
   runstate_dirty is set, on the CPU that is about to run 'v'. */
void vcpu_runstate_to_guest(struct vcpu *v);

/* Write wc_sec.. of the shared info page from the host's wall clock. */
void domain_wallclock_update(struct domain *d);

#endif
