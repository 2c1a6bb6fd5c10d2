/*
 * Grant tables: operations on a table as a whole, version switch.
 */
#include "gnttab_priv.h"

#include "hv/guest.h"

#include "base/string.h"

int gnttab_op_query_size(struct gnttab_call *c, void *arg)
{
    struct gnttab_query_size *op = arg;
    struct domain *d;
    int rc = domain_target_get(c->v, op->dom, &d);

    if (rc) {
        op->status =
            rc == -XEN_EPERM ? GNTST_permission_denied : GNTST_bad_domain;
        return 0;
    }
    spin_lock(&d->gnttab->lock);
    op->nr_frames = d->gnttab->frames;
    op->max_nr_frames = d->gnttab->max_frames;
    spin_unlock(&d->gnttab->lock);
    op->status = GNTST_okay;
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

static void swap_bytes(void *a, void *b, size_t bytes)
{
    char kept[sizeof(grant_entry_v2_t)];

    memcpy(kept, a, bytes);
    memcpy(a, b, bytes);
    memcpy(b, kept, bytes);
}

static int swap_locked(const struct gnttab *t, grant_ref_t a, grant_ref_t b)
{
    if (MAX(a, b) >= gnttab_entries_locked(t))
        return GNTST_bad_gntref;
    if (a == b)
        return GNTST_okay;
    if (gnttab_pinned(gnttab_active(t, a)) ||
        gnttab_pinned(gnttab_active(t, b)))
        return GNTST_eagain;
    if (t->version == 1) {
        swap_bytes(gnttab_v1(t, a), gnttab_v1(t, b), sizeof(grant_entry_v1_t));
        return GNTST_okay;
    }
    swap_bytes(gnttab_v2(t, a), gnttab_v2(t, b), sizeof(grant_entry_v2_t));
    swap_bytes(gnttab_status(t, a), gnttab_status(t, b),
               sizeof(grant_status_t));
    return GNTST_okay;
}

int gnttab_op_swap_grant_ref(struct gnttab_call *c, void *arg)
{
    struct gnttab_swap_grant_ref *op = arg;
    struct gnttab *t = c->v->domain->gnttab;

    spin_lock(&t->lock);
    op->status = (int16_t)swap_locked(t, op->ref_a, op->ref_b);
    spin_unlock(&t->lock);
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
