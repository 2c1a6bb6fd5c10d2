/*
 * Life of a domain: ids, list and references, creation, teardown, pauses.
 *
 * The list is in order of ids and holds every domain until it is destroyed; the
 * creation reference goes when the domain is DEAD and owns no page any more,
 * seen by whichever domain_put() comes last.
 *
 * Locking: list lock for the list and 'refs' going up; d->lock as written in
 * hv/domain.h. domain_kill() runs under the domctl lock.
 */
#include "hv/domain.h"

#include "hv/arch.h"
#include "hv/evtchn.h"
#include "hv/heap.h"
#include "hv/log.h"
#include "hv/sched.h"
#include "unit.h"

#include "base/fmt.h"
#include "base/string.h"

#define SHUTDOWN_CODE_NONE 0xff
#define CTL_PAUSES_MAX     255
/* Upstream's, which its tools know: nothing is taken from such a pool here. */
#define PAGING_POOL_DEFAULT (256UL << PAGE_SHIFT)

struct domain *dom0;

static struct spinlock list_lock;
static struct list domains = LIST_INIT(domains);
static domid_t id_rover;

static struct domain *find_locked(domid_t at_least)
{
    list_for_each (l, &domains) {
        struct domain *d = list_entry(l, struct domain, link);

        if (d->id >= at_least)
            return d;
    }
    return NULL;
}

struct domain *domain_next_get(domid_t after_or_equal)
{
    struct domain *d;

    spin_lock(&list_lock);
    d = find_locked(after_or_equal);
    if (d)
        __atomic_fetch_add(&d->refs, 1, __ATOMIC_RELAXED);
    spin_unlock(&list_lock);
    return d;
}

struct domain *domain_find_get(domid_t id)
{
    struct domain *d = domain_next_get(id);

    if (d && d->id != id) {
        domain_put(d);
        return NULL;
    }
    return d;
}

void domain_each(void (*fn)(struct domain *d))
{
    struct domain *next;

    for (struct domain *d = domain_next_get(0); d; d = next) {
        domid_t after = (domid_t)(d->id + 1);

        fn(d);
        domain_put(d);
        next = domain_next_get(after);
    }
}

static void list_insert(struct domain *d)
{
    struct domain *next;

    spin_lock(&list_lock);
    next = find_locked(d->id);
    ASSERT(!next || next->id != d->id);
    list_add_before(next ? &next->link : &domains, &d->link);
    spin_unlock(&list_lock);
}

/* Drop one reference; the last one takes 'd' off the list. */
static bool ref_drop(struct domain *d)
{
    unsigned int refs = __atomic_load_n(&d->refs, __ATOMIC_RELAXED);
    bool last;

    while (refs > 1)
        if (__atomic_compare_exchange_n(&d->refs, &refs, refs - 1, true,
                                        __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
            return false;
    spin_lock(&list_lock);
    last = __atomic_sub_fetch(&d->refs, 1, __ATOMIC_ACQ_REL) == 0;
    if (last)
        list_del(&d->link);
    spin_unlock(&list_lock);
    return last;
}

static bool domain_is_spent(struct domain *d)
{
    return __atomic_load_n(&d->dying, __ATOMIC_ACQUIRE) == DOMDYING_DEAD &&
           !__atomic_load_n(&d->tot_pages, __ATOMIC_ACQUIRE) &&
           !__atomic_load_n(&d->shared_pages, __ATOMIC_ACQUIRE);
}

void domain_put(struct domain *d)
{
    if (unlikely(domain_is_spent(d)) &&
        !__atomic_exchange_n(&d->released, true, __ATOMIC_ACQ_REL))
        (void)ref_drop(d); /* Not the last one: ours is still there. */
    if (!ref_drop(d))
        return;
    units_fini(d);
    heap_free(d->memory_map);
    heap_free(d);
}

/* Only a control domain may act on others. */
int domain_target_get(struct vcpu *v, domid_t id, struct domain **out)
{
    struct domain *d;

    if (id == DOMID_SELF)
        id = v->domain->id;
    d = domain_find_get(id);
    if (!d)
        return -XEN_ESRCH;
    if (d != v->domain && !v->domain->privileged) {
        domain_put(d);
        return -XEN_EPERM;
    }
    *out = d;
    return 0;
}

bool domain_id_is_free(domid_t id)
{
    struct domain *d = domain_find_get(id);

    if (d)
        domain_put(d);
    return !d;
}

domid_t domain_id_alloc(void)
{
    for (unsigned int n = 1; n < DOMID_LIMIT; n++) {
        domid_t id = (id_rover + n) % DOMID_LIMIT;

        if (id >= DOMID_FIRST_USER && domain_id_is_free(id)) {
            id_rover = id;
            return id;
        }
    }
    return DOMID_INVALID;
}

/* --- Creation --- */

static void watchdog_cb(struct timer *t, void *arg)
{
    struct domain *d = arg;

    log_warn("watchdog of domain %u fired", d->id);
    domain_shutdown(d, SHUTDOWN_watchdog);
}

static void domain_init(struct domain *d, domid_t id,
                        const struct domain_config *c)
{
    d->id = id;
    d->refs = 1;
    d->max_vcpus = c->abi.max_vcpus;
    d->privileged = c->privileged;
    d->createflags = c->abi.flags;
    d->shutdown_code = SHUTDOWN_CODE_NONE;
    d->hvm_params[HVM_PARAM_TRIPLE_FAULT_REASON] = SHUTDOWN_reboot;
    d->pause_count = 1;
    d->ctl_pause_count = 1;
    d->paging_pool_bytes = PAGING_POOL_DEFAULT;
    d->arch_config = c->abi.arch;
    memcpy(d->handle, c->abi.handle, sizeof(d->handle));
    list_init(&d->link);
    for (unsigned int i = 0; i < DOMAIN_WATCHDOGS; i++)
        timer_init(&d->watchdog[i], watchdog_cb, d);
}

int domain_create(domid_t id, const struct domain_config *c,
                  struct domain **out)
{
    struct domain *d;
    int rc;

    ASSERT(c->abi.max_vcpus >= 1);
    ASSERT(c->abi.max_vcpus <= DOMAIN_MAX_VCPUS);
    d = heap_alloc(sizeof(*d));
    if (!d)
        return -XEN_ENOMEM;
    domain_init(d, id, c);
    sched_domain_init(d);
    rc = units_init(d, c);
    if (rc) {
        heap_free(d);
        return rc;
    }
    list_insert(d);
    if (c->privileged && !dom0)
        dom0 = d;
    *out = d;
    return 0;
}

/* --- Pauses --- */

void domain_each_vcpu(struct domain *d, void (*fn)(struct vcpu *v))
{
    for (unsigned int i = 0; i < d->max_vcpus; i++) {
        struct vcpu *v = domain_vcpu(d, i);

        if (v)
            fn(v);
    }
}

/* With the domain's count up, a moment's own pause puts a vCPU out for good. */
static void vcpu_expel(struct vcpu *v)
{
    vcpu_pause(v);
    vcpu_unpause(v);
}

void domain_pause(struct domain *d)
{
    __atomic_fetch_add(&d->pause_count, 1, __ATOMIC_SEQ_CST);
    domain_each_vcpu(d, vcpu_expel);
}

void domain_unpause(struct domain *d)
{
    unsigned int left =
        __atomic_sub_fetch(&d->pause_count, 1, __ATOMIC_SEQ_CST);

    ASSERT(left != ~0U);
    if (!left)
        domain_each_vcpu(d, vcpu_wake);
}

int domain_ctl_pause(struct domain *d)
{
    int rc = 0;

    spin_lock(&d->lock);
    if (d->ctl_pause_count >= CTL_PAUSES_MAX)
        rc = -XEN_EOVERFLOW;
    else
        d->ctl_pause_count++;
    spin_unlock(&d->lock);
    if (!rc)
        domain_pause(d);
    return rc;
}

int domain_ctl_unpause(struct domain *d)
{
    bool had;

    spin_lock(&d->lock);
    had = d->ctl_pause_count > 0;
    if (had && --d->ctl_pause_count == 0)
        d->creation_finished = true;
    spin_unlock(&d->lock);
    if (!had)
        return -XEN_EINVAL;
    domain_unpause(d);
    return 0;
}

/* --- Shutdown as the guest or a fault of it wants it --- */

static void dom0_shutdown(uint8_t code)
{
    switch (code) {
    case SHUTDOWN_poweroff:
        log_info("dom0 powers off the machine");
        arch_poweroff();
    case SHUTDOWN_watchdog:
    case SHUTDOWN_reboot:
        log_info("dom0 reboots the machine");
        arch_reboot();
    default:
        panic("dom0 ended with shutdown code %u", code);
    }
}

static void vcpu_shutdown_pause(struct vcpu *v)
{
    if (!__atomic_exchange_n(&v->shutdown_paused, true, __ATOMIC_SEQ_CST))
        vcpu_pause_nosync(v);
}

static void vcpu_shutdown_unpause(struct vcpu *v)
{
    if (__atomic_exchange_n(&v->shutdown_paused, false, __ATOMIC_SEQ_CST))
        vcpu_unpause(v);
}

/* Tools watch for this and ask what happened to whom. */
static void notify_exit(void)
{
    if (dom0)
        evtchn_send_global_virq(dom0, VIRQ_DOM_EXC);
}

void domain_shutdown(struct domain *d, uint8_t code)
{
    bool first;

    spin_lock(&d->lock);
    if (d->shutdown_code == SHUTDOWN_CODE_NONE)
        d->shutdown_code = code;
    code = d->shutdown_code;
    first = !d->shutting_down;
    d->shutting_down = true;
    spin_unlock(&d->lock);
    if (d == dom0)
        dom0_shutdown(code);
    if (!first)
        return;
    domain_each_vcpu(d, vcpu_shutdown_pause);
    spin_lock(&d->lock);
    d->shut_down = true;
    spin_unlock(&d->lock);
    notify_exit();
}

void domain_resume(struct domain *d)
{
    domain_pause(d);
    spin_lock(&d->lock);
    d->shutting_down = false;
    d->shut_down = false;
    d->shutdown_code = SHUTDOWN_CODE_NONE;
    spin_unlock(&d->lock);
    domain_each_vcpu(d, vcpu_shutdown_unpause);
    domain_unpause(d);
}

void domain_crash(struct domain *d, const char *fmt, ...)
{
    char text[160];
    va_list ap;

    /* Its vCPUs may each find a reason before they stop: tell the first. */
    if (!__atomic_load_n(&d->shutting_down, __ATOMIC_RELAXED)) {
        va_start(ap, fmt);
        fmt_vprint(text, sizeof(text), fmt, ap);
        va_end(ap);
        log_error("d%u crashed: %s", d->id, text);
    }
    domain_shutdown(d, SHUTDOWN_crash);
}

/* --- Teardown: ALIVE -> DYING (restartable, unit by unit) -> DEAD --- */

static void domain_begin_dying(struct domain *d)
{
    domain_pause(d);
    spin_lock(&d->lock);
    __atomic_store_n(&d->dying, DOMDYING_DYING, __ATOMIC_SEQ_CST);
    spin_unlock(&d->lock);
    if (page_claim(d, 0))
        log_warn("cannot drop the claim of d%u", d->id);
}

int domain_kill(struct domain *d)
{
    int rc;

    ASSERT(d != dom0);
    if (d->dying == DOMDYING_DEAD)
        return 0;
    if (d->dying == DOMDYING_ALIVE)
        domain_begin_dying(d);
    rc = units_relinquish(d);
    if (rc)
        return rc;
    /* From here the caller's domain_put() may be the last one. */
    __atomic_store_n(&d->dying, DOMDYING_DEAD, __ATOMIC_SEQ_CST);
    notify_exit();
    return 0;
}

void domain_wallclock_update(struct domain *d)
{
    struct shared_info *s;
    uint64_t ns;

    spin_lock(&d->lock);
    s = d->shared_info;
    ns = arch_wallclock_ns() - (uint64_t)d->time_offset_ns +
         (uint64_t)d->wallclock_offset_s * 1000000000;
    __atomic_store_n(&s->wc_version, s->wc_version | 1, __ATOMIC_SEQ_CST);
    s->wc_sec = (uint32_t)(ns / 1000000000);
    s->wc_sec_hi = (uint32_t)(ns / 1000000000 >> 32);
    s->wc_nsec = (uint32_t)(ns % 1000000000);
    __atomic_store_n(&s->wc_version, s->wc_version + 1, __ATOMIC_SEQ_CST);
    spin_unlock(&d->lock);
}
