/*
 * vCPUs: creation, their vcpu_info and runstate areas, timers (public/vcpu.h).
 *
 * The areas are kept as referenced frames of the guest, so that the host writes
 * them without walking guest page tables; a runstate area that crosses a page
 * is written through its linear address instead.
 */
#include "hv/arch.h"
#include "hv/domain.h"
#include "hv/evtchn.h"
#include "hv/guest.h"
#include "hv/heap.h"
#include "hv/log.h"
#include "hv/p2m.h"
#include "hv/sched.h"
#include "unit.h"

#include "base/string.h"

/* Where vCPUs beyond shared_info's end have theirs until they register one. */
static struct vcpu_info dummy_info;

static void singleshot_cb(struct timer *t, void *arg)
{
    evtchn_send_vcpu_virq(arg, VIRQ_TIMER);
}

/* Upstream's stands still while the vCPU waits; this one wakes it. */
static void periodic_cb(struct timer *t, void *arg)
{
    struct vcpu *v = arg;
    uint64_t period_ns = READ_ONCE(v->period_ns);

    if (!period_ns)
        return;
    evtchn_send_vcpu_virq(v, VIRQ_TIMER);
    timer_set(t, arch_cpu_self(), arch_now_ns() + period_ns);
}

static void poll_cb(struct timer *t, void *arg)
{
    struct vcpu *v = arg;

    if (bit_test(&v->pause_flags, VPF_POLL))
        vcpu_unblock(v);
}

static void vcpu_init(struct vcpu *v, struct domain *d, unsigned int id)
{
    v->id = id;
    v->domain = d;
    v->pause_flags = BIT(VPF_DOWN);
    v->info = id < XEN_LEGACY_MAX_VCPUS ? &d->shared_info->vcpu_info[id]
                                        : &dummy_info;
    v->info_mfn = _mfn(INVALID_FRAME);
    v->runstate_mfn = _mfn(INVALID_FRAME);
    v->runstate.state = RUNSTATE_offline;
    v->runstate.state_entry_time = arch_now_ns();
    timer_init(&v->singleshot, singleshot_cb, v);
    timer_init(&v->periodic, periodic_cb, v);
    timer_init(&v->poll_timer, poll_cb, v);
}

int vcpu_create(struct domain *d, unsigned int id, struct vcpu **out)
{
    struct vcpu *v;
    int rc;

    ASSERT(id < d->max_vcpus);
    ASSERT(!d->vcpu[id]);
    v = heap_alloc(sizeof(*v));
    if (!v)
        return -XEN_ENOMEM;
    vcpu_init(v, d, id);
    rc = sched_vcpu_init(v);
    if (rc)
        goto out;
    rc = evtchn_vcpu_init(v);
    if (rc)
        goto out_sched;
    rc = arch_vcpu_create(v);
    if (rc)
        goto out_evtchn;
    __atomic_store_n(&d->vcpu[id], v, __ATOMIC_RELEASE);
    if (out)
        *out = v;
    return 0;
out_evtchn:
    evtchn_vcpu_fini(v);
out_sched:
    sched_vcpu_fini(v);
out:
    heap_free(v);
    return rc;
}

void vcpu_relinquish(struct vcpu *v)
{
    timer_kill(&v->singleshot);
    WRITE_ONCE(v->period_ns, 0);
    timer_kill(&v->periodic);
    timer_kill(&v->poll_timer);
    vcpu_runstate_unregister(v);
}

static bool any_vcpu_up(const struct domain *d)
{
    for (unsigned int i = 0; i < d->max_vcpus; i++)
        if (d->vcpu[i] && !bit_test(&d->vcpu[i]->pause_flags, VPF_DOWN))
            return true;
    return false;
}

bool vcpu_set_down(struct vcpu *v)
{
    bool last;

    spin_lock(&v->domain->lock);
    (void)bit_test_and_set(&v->pause_flags, VPF_DOWN);
    last = !any_vcpu_up(v->domain);
    spin_unlock(&v->domain->lock);
    if (last)
        domain_shutdown(v->domain, SHUTDOWN_poweroff);
    return last;
}

void vcpu_destroy(struct vcpu *v)
{
    arch_vcpu_destroy(v);
    evtchn_vcpu_fini(v);
    sched_vcpu_fini(v);
    heap_free(v);
}

/* --- vcpu_info --- */

/* Contents move along; all of it counts as pending afterwards (evtchn). */
static void info_move(struct vcpu *v, struct vcpu_info *to)
{
    struct vcpu_info *from = v->info;

    if (from == &dummy_info)
        memset(to, 0, sizeof(*to));
    else
        memcpy(to, from, sizeof(*to));
    __atomic_store_n(&v->info, to, __ATOMIC_SEQ_CST);
    evtchn_vcpu_info_moved(v, from);
    arch_vcpu_time_update(v);
}

int vcpu_info_map(struct vcpu *v, gfn_t gfn, unsigned int offset)
{
    mfn_t m;
    int rc;

    if (offset > PAGE_SIZE - sizeof(struct vcpu_info) ||
        offset % __alignof__(struct vcpu_info))
        return -XEN_ENXIO;
    rc = physmap_get_page(v->domain, gfn, true, &m);
    if (rc)
        return rc;
    spin_lock(&v->domain->lock);
    if (mfn_valid_value(v->info_mfn) || v->domain->dying) {
        spin_unlock(&v->domain->lock);
        page_put(m);
        return -XEN_EINVAL;
    }
    v->info_mfn = m;
    info_move(v, (struct vcpu_info *)((char *)mfn_to_virt(m) + offset));
    spin_unlock(&v->domain->lock);
    return 0;
}

/* Teardown: events have nowhere to go any more. */
void vcpu_info_unmap(struct vcpu *v)
{
    mfn_t m;

    spin_lock(&v->domain->lock);
    m = v->info_mfn;
    __atomic_store_n(&v->info, &dummy_info, __ATOMIC_SEQ_CST);
    v->info_mfn = _mfn(INVALID_FRAME);
    spin_unlock(&v->domain->lock);
    if (mfn_valid_value(m))
        page_put(m);
}

/* --- Runstate --- */

static void runstate_write(struct vcpu *v, size_t offset, const void *src,
                           size_t bytes)
{
    if (v->runstate_map)
        memcpy((char *)v->runstate_map + offset, src, bytes);
    else if (guest_copy_to(v, v->runstate_guest + offset, src, bytes))
        v->runstate_guest = 0; /* The area is gone: the guest's own affair. */
}

/* The update flag stands while the area is inconsistent, if asked for. */
static void runstate_copy(struct vcpu *v, const struct vcpu_runstate_info *now)
{
    const size_t at = offsetof(struct vcpu_runstate_info, state_entry_time);
    struct vcpu_runstate_info r = *now;

    if (!(v->domain->vm_assist & BIT(VMASST_TYPE_runstate_update_flag))) {
        runstate_write(v, 0, &r, sizeof(r));
        return;
    }
    r.state_entry_time |= XEN_RUNSTATE_UPDATE;
    runstate_write(v, at, &r.state_entry_time, sizeof(r.state_entry_time));
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    runstate_write(v, 0, &r, sizeof(r));
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    r.state_entry_time &= ~XEN_RUNSTATE_UPDATE;
    runstate_write(v, at, &r.state_entry_time, sizeof(r.state_entry_time));
}

void vcpu_runstate_to_guest(struct vcpu *v)
{
    v->runstate_dirty = false;
    if (!v->runstate_guest)
        return;
    spin_lock(&v->domain->lock);
    if (v->runstate_guest)
        runstate_copy(v, &v->runstate);
    spin_unlock(&v->domain->lock);
}

/* Frame and address of an area inside one page of RAM, or nothing. */
static struct vcpu_runstate_info *runstate_pin(struct vcpu *self, uint64_t va,
                                               mfn_t *m)
{
    paddr_t pa;

    if ((va & ~PAGE_MASK) > PAGE_SIZE - sizeof(struct vcpu_runstate_info) ||
        arch_guest_walk(self, va, true, &pa) ||
        physmap_get_page(self->domain, _gfn(pa >> PAGE_SHIFT), true, m))
        return NULL;
    return (void *)((char *)mfn_to_virt(*m) + (pa & ~PAGE_MASK));
}

void vcpu_runstate_register(struct vcpu *self, struct vcpu *v, uint64_t va)
{
    struct vcpu_runstate_info now, *map;
    mfn_t m = _mfn(INVALID_FRAME);

    vcpu_runstate_get(v, &now);
    vcpu_runstate_unregister(v);
    if (!va || guest_copy_to(self, va, &now, sizeof(now)))
        return; /* nothing there: the guest's own affair */
    map = runstate_pin(self, va, &m);
    spin_lock(&v->domain->lock);
    v->runstate_map = map;
    v->runstate_mfn = m;
    v->runstate_guest = va;
    spin_unlock(&v->domain->lock);
}

void vcpu_runstate_unregister(struct vcpu *v)
{
    mfn_t m;

    spin_lock(&v->domain->lock);
    m = v->runstate_mfn;
    v->runstate_guest = 0;
    v->runstate_map = NULL;
    v->runstate_mfn = _mfn(INVALID_FRAME);
    spin_unlock(&v->domain->lock);
    if (mfn_valid_value(m))
        page_put(m);
}
