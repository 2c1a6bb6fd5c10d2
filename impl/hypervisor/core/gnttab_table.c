/*
 * Grant tables: operations on a table as a whole, version switch, cache flush.
 */
#include "gnttab_priv.h"

#include "hv/guest.h"

#include "base/string.h"

/* Entries searched by a cache_flush before it may be interrupted. */
#define SEARCH_STEP 4096

/* The domain of a request that answers by status; NULL: *status says why. */
static struct domain *target_get(struct gnttab_call *c, domid_t id,
                                 int16_t *status)
{
    struct domain *d = NULL;
    int rc = domain_target_get(c->v, id, &d);

    *status = !rc                ? GNTST_okay
              : rc == -XEN_EPERM ? GNTST_permission_denied
                                 : GNTST_bad_domain;
    return rc ? NULL : d;
}

/* The frames' own numbers mean nothing in an address space that the guest lays
   out itself (XENMEM_add_to_physmap): each answer is "not mapped". */
static void write_frames(struct gnttab_call *c, uint64_t list, unsigned int nr,
                         int16_t *status)
{
    const uint64_t none = INVALID_FRAME;

    for (unsigned int i = 0; i < nr; i++)
        if (guest_copy_to(c->v, list + i * sizeof(none), &none, sizeof(none)))
            *status = GNTST_bad_virt_addr;
}

int gnttab_op_setup_table(struct gnttab_call *c, void *arg)
{
    struct gnttab_setup_table *op = arg;
    struct domain *d = target_get(c, op->dom, &op->status);
    int rc;

    if (!d)
        return 0;
    spin_lock(&d->gnttab->lock);
    rc = gnttab_grow_locked(d, op->nr_frames);
    spin_unlock(&d->gnttab->lock);
    if (rc)
        op->status = GNTST_general_error;
    else
        write_frames(c, guest_ptr(op->frame_list), op->nr_frames, &op->status);
    domain_put(d);
    return 0;
}

int gnttab_op_query_size(struct gnttab_call *c, void *arg)
{
    struct gnttab_query_size *op = arg;
    struct domain *d = target_get(c, op->dom, &op->status);

    if (!d)
        return 0;
    spin_lock(&d->gnttab->lock);
    op->nr_frames = d->gnttab->frames;
    op->max_nr_frames = d->gnttab->max_frames;
    spin_unlock(&d->gnttab->lock);
    domain_put(d);
    return 0;
}

int gnttab_op_get_status_frames(struct gnttab_call *c, void *arg)
{
    struct gnttab_get_status_frames *op = arg;
    struct domain *d = target_get(c, op->dom, &op->status);
    unsigned int have;

    if (!d)
        return 0;
    spin_lock(&d->gnttab->lock);
    have = d->gnttab->version == 2 ? d->gnttab->status_frames : 0;
    spin_unlock(&d->gnttab->lock);
    if (op->nr_frames > have)
        op->status = GNTST_general_error;
    else
        write_frames(c, guest_ptr(op->frame_list), op->nr_frames, &op->status);
    domain_put(d);
    return 0;
}

int gnttab_op_get_version(struct gnttab_call *c, void *arg)
{
    struct gnttab_get_version *op = arg;
    struct domain *d;
    int rc = domain_target_get(c->v, op->dom, &d);

    if (rc)
        return rc;
    op->version = d->gnttab->version;
    domain_put(d);
    return 0;
}

/* --- Version switch --- */

/* The toolstack's entries keep their meaning over a switch, all others go. */
struct kept_entries {
    grant_entry_v1_t e[GNTTAB_NR_RESERVED_ENTRIES];
};

static int keep_v2(const struct gnttab *t, grant_ref_t ref,
                   grant_entry_v1_t *out)
{
    const grant_entry_v2_t *e = gnttab_v2(t, ref);
    unsigned int flags = READ_ONCE(e->hdr.flags);
    uint64_t frame = READ_ONCE(e->full_page.frame);

    memset(out, 0, sizeof(*out));
    if ((flags & GTF_type_mask) == GTF_transitive)
        return -XEN_ERANGE;
    if ((flags & GTF_type_mask) != GTF_permit_access)
        return 0;
    if (frame != (uint32_t)frame)
        return -XEN_ERANGE;
    out->flags = flags | *gnttab_status(t, ref);
    out->domid = e->hdr.domid;
    out->frame = (uint32_t)frame;
    return 0;
}

static int keep_locked(const struct gnttab *t, struct kept_entries *k)
{
    int rc = 0;

    for (grant_ref_t ref = 0; !rc && ref < ARRAY_SIZE(k->e); ref++) {
        if (t->version == 1)
            k->e[ref] = *gnttab_v1(t, ref);
        else
            rc = keep_v2(t, ref, &k->e[ref]);
    }
    return rc;
}

static void restore_locked(const struct gnttab *t, const struct kept_entries *k)
{
    const unsigned int in_use = GTF_reading | GTF_writing;

    for (grant_ref_t ref = 0; ref < ARRAY_SIZE(k->e); ref++) {
        const grant_entry_v1_t *e = &k->e[ref];

        if (t->version == 1) {
            *gnttab_v1(t, ref) = *e;
            continue;
        }
        *gnttab_status(t, ref) = e->flags & in_use;
        gnttab_v2(t, ref)->full_page.frame = e->frame;
        gnttab_v2(t, ref)->hdr.domid = e->domid;
        gnttab_v2(t, ref)->hdr.flags = e->flags & ~in_use;
    }
}

static bool in_use_locked(const struct gnttab *t)
{
    grant_ref_t end = gnttab_entries_locked(t);

    for (grant_ref_t ref = GNTTAB_NR_RESERVED_ENTRIES; ref < end; ref++)
        if (gnttab_pinned(gnttab_active(t, ref)))
            return true;
    return false;
}

/* Status frames stay when version 2 is left: the guest may have them mapped. */
static int switch_locked(struct domain *d, unsigned int version)
{
    struct gnttab *t = d->gnttab;
    struct kept_entries kept;
    int rc;

    if (t->version == version)
        return 0;
    if (in_use_locked(t))
        return -XEN_EBUSY;
    rc = version == 2 ? gnttab_grow_status_locked(d, t->frames) : 0;
    if (!rc)
        rc = keep_locked(t, &kept);
    if (rc)
        return rc;
    for (uint32_t i = 0; i < t->frames; i++)
        memset(t->shared[i], 0, PAGE_SIZE);
    for (uint32_t i = 0; i < t->status_frames; i++)
        memset(t->status[i], 0, PAGE_SIZE);
    t->version = version;
    restore_locked(t, &kept);
    return 0;
}

/* The version in force goes back to the guest in any case. */
int gnttab_op_set_version(struct gnttab_call *c, void *arg)
{
    struct gnttab_set_version *op = arg;
    struct gnttab *t = c->v->domain->gnttab;
    int rc;

    spin_lock(&t->lock);
    if (op->version != 1 && op->version != 2)
        rc = -XEN_EINVAL;
    else if (op->version > t->max_version)
        rc = -XEN_ENOSYS;
    else
        rc = switch_locked(c->v->domain, op->version);
    op->version = t->version;
    spin_unlock(&t->lock);
    if (guest_copy_to(c->v, c->uop, op, sizeof(*op)))
        rc = -XEN_EFAULT;
    return rc;
}

/* --- Swap --- */

static int swap_locked(const struct gnttab *t, grant_ref_t a, grant_ref_t b)
{
    grant_status_t status;

    if (a >= gnttab_entries_locked(t) || b >= gnttab_entries_locked(t))
        return GNTST_bad_gntref;
    if (a == b)
        return GNTST_okay;
    if (gnttab_pinned(gnttab_active(t, a)) ||
        gnttab_pinned(gnttab_active(t, b)))
        return GNTST_eagain;
    if (t->version == 1) {
        grant_entry_v1_t e = *gnttab_v1(t, a);

        *gnttab_v1(t, a) = *gnttab_v1(t, b);
        *gnttab_v1(t, b) = e;
    } else {
        grant_entry_v2_t e = *gnttab_v2(t, a);

        *gnttab_v2(t, a) = *gnttab_v2(t, b);
        *gnttab_v2(t, b) = e;
        status = *gnttab_status(t, a);
        *gnttab_status(t, a) = *gnttab_status(t, b);
        *gnttab_status(t, b) = status;
    }
    return GNTST_okay;
}

int gnttab_op_swap_grant_ref(struct gnttab_call *c, void *arg)
{
    struct gnttab_swap_grant_ref *op = arg;
    struct gnttab *t = c->v->domain->gnttab;

    spin_lock(&t->lock);
    op->status = swap_locked(t, op->ref_a, op->ref_b);
    spin_unlock(&t->lock);
    return 0;
}

/* --- Cache flush --- */

/* Does 'by' have a grant of 'd' for this frame in use? Looks at SEARCH_STEP
   entries from *from on: 0, -XEN_EINVAL, or -XEN_ERESTART and *from moved. */
static int search_pin(struct domain *d, domid_t by, mfn_t mfn,
                      unsigned int *from)
{
    struct gnttab *t = d->gnttab;
    grant_ref_t end, ref = *from;
    int rc = -XEN_EINVAL;

    spin_lock(&t->lock);
    end = MIN(gnttab_entries_locked(t), ref + SEARCH_STEP);
    for (; ref < end && rc; ref++) {
        const struct grant_active *a = gnttab_active(t, ref);

        if (gnttab_pinned(a) && a->domid == by && a->mfn == mfn_x(mfn))
            rc = 0;
    }
    if (rc && end < gnttab_entries_locked(t)) {
        *from = end;
        rc = -XEN_ERESTART;
    }
    spin_unlock(&t->lock);
    return rc;
}

/* x86 keeps caches and devices coherent: there is nothing to do but to answer
   who may ask. Invalidation alone does not exist there. */
static int flush_frame(struct gnttab_call *c, mfn_t mfn, uint32_t op)
{
    domid_t self = c->v->domain->id;
    struct domain *owner;
    int rc = -XEN_EPERM;

    if (!page_get_any(mfn))
        return rc;
    owner = domain_find_get(page_owner(mfn));
    if (owner && owner->gnttab)
        rc = owner->id == self ? 0 : search_pin(owner, self, mfn, &c->progress);
    if (owner)
        domain_put(owner);
    page_put(mfn);
    if (!rc && op == GNTTAB_CACHE_INVAL)
        rc = -XEN_EOPNOTSUPP;
    return rc;
}

int gnttab_op_cache_flush(struct gnttab_call *c, void *arg)
{
    const struct gnttab_cache_flush *op = arg;
    int rc;

    if (op->offset + op->length > PAGE_SIZE || op->offset >= PAGE_SIZE ||
        op->op & ~(GNTTAB_CACHE_INVAL | GNTTAB_CACHE_CLEAN))
        return -XEN_EINVAL;
    if (!op->length || !op->op)
        return c->progress ? -XEN_EILSEQ : 0;
    rc = flush_frame(c, _mfn(op->a.dev_bus_addr >> PAGE_SHIFT), op->op);
    if (rc != -XEN_ERESTART)
        c->progress = 0;
    return rc;
}
