/*
 * Event channels, FIFO ABI: a word per port in pages of the guest, linked into
 * 16 queues per vCPU by priority (public/event_channel.h).
 *
 * Every word and the control block can be changed by the guest at any time, in
 * any way. Nothing here trusts them: links that the guest breaks lose its own
 * events, and each loop over a word has a bound.
 */
#include "evtchn_priv.h"

#include "hv/log.h"
#include "hv/p2m.h"

#define WORDS_PER_PAGE (PAGE_SIZE / sizeof(event_word_t))
#define PENDING        (1U << EVTCHN_FIFO_PENDING)
#define MASKED         (1U << EVTCHN_FIFO_MASKED)
#define LINKED         (1U << EVTCHN_FIFO_LINKED)
#define BUSY           (1U << EVTCHN_FIFO_BUSY)

/* An honest guest makes at most four changes to a word that is LINKED: mask,
   unmask, clear PENDING, unlink. */
#define WORD_TRIES 5

static event_word_t *fifo_word(const struct domain *d, evtchn_port_t port)
{
    const struct evtchn_domain *e = d->evtchn;

    if (port >= __atomic_load_n(&e->words, __ATOMIC_ACQUIRE))
        return NULL;
    return e->page[port / WORDS_PER_PAGE] + port % WORDS_PER_PAGE;
}

/*
 * Set PENDING, and LINKED unless MASKED, in one step so that an unmask between
 * the two cannot be missed; returns the word before. For a guest that never
 * holds still: in two steps, which may cost that guest an event.
 */
static event_word_t word_raise(event_word_t *word)
{
    event_word_t old = READ_ONCE(*word);

    for (unsigned int i = 0; i < WORD_TRIES; i++) {
        event_word_t new = old | PENDING | (old & MASKED ? 0 : LINKED);

        if (__atomic_compare_exchange_n(word, &old, new, false,
                                        __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
            return old;
    }
    old = __atomic_fetch_or(word, PENDING, __ATOMIC_SEQ_CST);
    if (!(old & MASKED))
        old |= __atomic_fetch_or(word, LINKED, __ATOMIC_SEQ_CST) & LINKED;
    return old;
}

/* Point the tail's word at 'port'; false: the guest has taken it off the queue,
   which is empty then. */
static bool word_link(event_word_t *word, evtchn_port_t port)
{
    event_word_t old = READ_ONCE(*word);

    for (unsigned int i = 0; i < WORD_TRIES; i++) {
        event_word_t new = (old & ~(BUSY | EVTCHN_FIFO_LINK_MASK)) | port;

        if (!(old & LINKED)) {
            if (i)
                (void)__atomic_fetch_and(word, ~BUSY, __ATOMIC_SEQ_CST);
            return false;
        }
        if (__atomic_compare_exchange_n(word, &old, new, false,
                                        __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
            return true;
        /* BUSY asks the guest not to unmask meanwhile. */
        if (!i)
            old = __atomic_or_fetch(word, BUSY, __ATOMIC_SEQ_CST);
    }
    (void)__atomic_fetch_and(word, ~BUSY, __ATOMIC_SEQ_CST);
    return true;
}

/* Append to v's queue; true when it was empty, so that the guest must be told. */
static bool fifo_append_locked(struct vcpu *v, evtchn_port_t port,
                               struct evtchn *chn)
{
    struct domain *d = v->domain;
    struct evtchn_vcpu *ev = v->evtchn;
    unsigned int q = chn->priority;
    uint32_t *old_tail =
        &d->vcpu[chn->last_vcpu]->evtchn->tail[chn->last_priority];
    bool linked = false;

    /* It was unlinked by the guest until now: a queue that ended in it is
       empty, and must not be continued through its new link. */
    if (*old_tail == port)
        *old_tail = 0;
    chn->last_vcpu = v->id;
    chn->last_priority = q;
    if (ev->tail[q])
        linked = word_link(fifo_word(d, ev->tail[q]), port);
    if (!linked)
        WRITE_ONCE(ev->control->head[q], port);
    ev->tail[q] = port;
    return !linked;
}

static void fifo_set_pending(struct vcpu *v, evtchn_port_t port,
                             struct evtchn *chn)
{
    struct spinlock *lock = &v->domain->evtchn->fifo_lock;
    event_word_t *word = fifo_word(v->domain, port);
    event_word_t old = PENDING;
    unsigned int q = chn->priority;
    bool tell = false;

    if (unlikely(!word)) {
        __atomic_store_n(&chn->saved_pending, true, __ATOMIC_SEQ_CST);
        word = fifo_word(v->domain, port); /* against fifo_add_page_locked() */
        if (!word)
            return;
    }
    spin_lock(lock);
    if (likely(v->evtchn->control)) {
        old = word_raise(word);
        if (!(old & (MASKED | LINKED)))
            tell = fifo_append_locked(v, port, chn);
        tell = tell && !(__atomic_fetch_or(&v->evtchn->control->ready, 1U << q,
                                           __ATOMIC_SEQ_CST) >>
                             q &
                         1);
    } else {
        log_guest(v->domain, "vcpu %u has no fifo control block: port %u lost",
                  v->id, port);
    }
    spin_unlock(lock);
    if (tell)
        evtchn_upcall(v);
    if (!(old & PENDING))
        evtchn_wake_pollers(v->domain, port);
}

static void fifo_bind(struct evtchn *chn)
{
    chn->priority = EVTCHN_FIFO_PRIORITY_DEFAULT;
}

/* The guest unlinks what is not pending when it meets it. */
static void fifo_clear_pending(struct domain *d, evtchn_port_t port)
{
    event_word_t *word = fifo_word(d, port);

    if (word)
        (void)__atomic_fetch_and(word, ~PENDING, __ATOMIC_SEQ_CST);
}

static void fifo_unmask(struct vcpu *v, evtchn_port_t port, struct evtchn *chn)
{
    event_word_t *word = fifo_word(v->domain, port);

    if (word && __atomic_fetch_and(word, ~MASKED, __ATOMIC_SEQ_CST) & PENDING)
        fifo_set_pending(v, port, chn);
}

static bool fifo_is_pending(const struct domain *d, evtchn_port_t port)
{
    const event_word_t *word = fifo_word(d, port);

    return word && READ_ONCE(*word) & PENDING;
}

static bool fifo_is_masked(const struct domain *d, evtchn_port_t port)
{
    const event_word_t *word = fifo_word(d, port);

    return !word || READ_ONCE(*word) & MASKED;
}

static bool fifo_is_busy(const struct domain *d, evtchn_port_t port)
{
    const event_word_t *word = fifo_word(d, port);

    return word && READ_ONCE(*word) & LINKED;
}

const struct evtchn_abi evtchn_fifo_abi = {
    .max_ports = EVTCHN_FIFO_NR_CHANNELS,
    .bind = fifo_bind,
    .set_pending = fifo_set_pending,
    .clear_pending = fifo_clear_pending,
    .unmask = fifo_unmask,
    .is_pending = fifo_is_pending,
    .is_masked = fifo_is_masked,
    .is_busy = fifo_is_busy,
    .has_priority = true,
};

/* --- Set-up --- */

/* Carry what is pending in 2-level form over, until the words are there. */
static void fifo_take_over_locked(struct domain *d)
{
    struct evtchn_domain *e = d->evtchn;
    evtchn_port_t end = MIN(e->ports, (uint32_t)EVTCHN_2L_NR_CHANNELS);

    for (evtchn_port_t port = 1; port < end; port++) {
        struct evtchn *chn = evtchn_find(e, port);

        chn->priority = EVTCHN_FIFO_PRIORITY_DEFAULT;
        if (evtchn_2l_abi.is_pending(d, port))
            chn->saved_pending = true;
    }
}

static int fifo_set_control_locked(struct vcpu *v,
                                   struct evtchn_fifo_control_block *control)
{
    struct evtchn_domain *e = v->domain->evtchn;

    if (v->evtchn->control)
        return -XEN_EINVAL;
    __atomic_store_n(&v->evtchn->control, control, __ATOMIC_RELEASE);
    if (e->abi != &evtchn_fifo_abi) {
        fifo_take_over_locked(v->domain);
        __atomic_store_n(&e->abi, &evtchn_fifo_abi, __ATOMIC_RELEASE);
    }
    return 0;
}

int evtchn_op_init_control(struct vcpu *v, void *arg)
{
    struct evtchn_init_control *op = arg;
    struct domain *d = v->domain;
    struct vcpu *target = domain_vcpu(d, op->vcpu);
    mfn_t mfn;
    int rc;

    op->link_bits = EVTCHN_FIFO_LINK_BITS;
    if (!target)
        return -XEN_ENOENT;
    if (op->offset > PAGE_SIZE - sizeof(struct evtchn_fifo_control_block) ||
        op->offset % 8)
        return -XEN_EINVAL;
    rc = physmap_get_page(d, _gfn(op->control_gfn), true, &mfn);
    if (rc)
        return rc;
    spin_lock(&d->evtchn->lock);
    rc = fifo_set_control_locked(
        target, (void *)((char *)mfn_to_virt(mfn) + op->offset));
    spin_unlock(&d->evtchn->lock);
    if (rc)
        page_put(mfn);
    return rc;
}

/* Publish a page of words and raise what waited for them. */
static int fifo_add_page_locked(struct domain *d, event_word_t *page)
{
    struct evtchn_domain *e = d->evtchn;
    evtchn_port_t port = e->words;
    evtchn_port_t end = port + WORDS_PER_PAGE;

    if (e->abi != &evtchn_fifo_abi)
        return -XEN_EOPNOTSUPP;
    if (port >= EVTCHN_FIFO_NR_CHANNELS)
        return -XEN_ENOSPC;
    e->page[port / WORDS_PER_PAGE] = page;
    __atomic_store_n(&e->words, end, __ATOMIC_SEQ_CST);
    for (; port < MIN(end, e->ports); port++) {
        struct evtchn *chn = evtchn_find(e, port);

        if (!__atomic_exchange_n(&chn->saved_pending, false, __ATOMIC_SEQ_CST))
            continue;
        if (evtchn_usable(chn))
            evtchn_raise(d, port, chn);
    }
    return 0;
}

int evtchn_op_expand_array(struct vcpu *v, void *arg)
{
    gfn_t array = _gfn(((struct evtchn_expand_array *)arg)->array_gfn);
    struct domain *d = v->domain;
    mfn_t mfn;
    int rc;

    if (READ_ONCE(d->evtchn->abi) != &evtchn_fifo_abi)
        return -XEN_EOPNOTSUPP;
    rc = physmap_get_page(d, array, true, &mfn);
    if (rc)
        return rc;
    spin_lock(&d->evtchn->lock);
    rc = fifo_add_page_locked(d, mfn_to_virt(mfn));
    spin_unlock(&d->evtchn->lock);
    if (rc)
        page_put(mfn);
    return rc;
}

void evtchn_fifo_leave_locked(struct domain *d)
{
    struct evtchn_domain *e = d->evtchn;

    if (e->abi != &evtchn_fifo_abi)
        return;
    ASSERT(!e->active);
    for (unsigned int i = 0; i < d->max_vcpus; i++) {
        struct evtchn_vcpu *ev = d->vcpu[i] ? d->vcpu[i]->evtchn : NULL;

        if (!ev)
            continue;
        if (ev->control)
            page_put(virt_to_mfn(ev->control));
        ev->control = NULL;
        for (unsigned int q = 0; q < EVTCHN_FIFO_MAX_QUEUES; q++)
            ev->tail[q] = 0;
    }
    for (unsigned int i = 0; i < e->words / WORDS_PER_PAGE; i++)
        page_put(virt_to_mfn(e->page[i]));
    e->abi = &evtchn_2l_abi;
    e->words = 0;
}
