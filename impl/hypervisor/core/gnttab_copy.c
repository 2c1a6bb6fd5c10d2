/*
 * GNTTABOP_copy: bytes from page to page, each named by grant or as own frame.
 *
 * Both sides stay claimed from one operation to the next, because a backend
 * copies many pieces from or to one page in a row.
 */
#include "gnttab_priv.h"

#include "hv/p2m.h"

#include "base/string.h"

static void side_release(struct copy_side *s)
{
    if (!s->claimed)
        return;
    s->claimed = false;
    if (s->by_ref)
        gnttab_unpin(s->d, (grant_ref_t)s->name, s->readonly);
    else
        page_put(s->target.mfn);
}

static void side_drop(struct copy_side *s)
{
    side_release(s);
    if (s->d)
        domain_put(s->d);
    s->d = NULL;
}

void gnttab_copy_finish(struct gnttab_call *c)
{
    side_drop(&c->source);
    side_drop(&c->dest);
}

/* Only own frames may be named by number. */
static int side_domain(struct copy_side *s, const struct vcpu *v, domid_t id,
                       bool by_ref)
{
    if (id != DOMID_SELF && !by_ref)
        return GNTST_permission_denied;
    if (s->d && s->domid == id)
        return GNTST_okay;
    side_drop(s);
    s->d = domain_find_get(id == DOMID_SELF ? v->domain->id : id);
    s->domid = id;
    return s->d ? GNTST_okay : GNTST_bad_domain;
}

static int side_claim(struct copy_side *s, const struct vcpu *v, uint64_t name,
                      bool by_ref, bool readonly)
{
    struct grant_pin pin = {.by = v->domain->id, .readonly = readonly};
    int rc;

    if (s->claimed && s->name == name && s->by_ref == by_ref)
        return GNTST_okay;
    side_release(s);
    if (by_ref) {
        rc = gnttab_pin(s->d, (grant_ref_t)name, &pin, &s->target);
    } else {
        rc = physmap_get_page(s->d, _gfn(name), !readonly, &s->target.mfn)
                 ? GNTST_bad_page
                 : GNTST_okay;
        s->target.start = 0;
        s->target.length = PAGE_SIZE;
    }
    s->name = name;
    s->by_ref = by_ref;
    s->readonly = readonly;
    s->claimed = !rc;
    return rc;
}

static bool within(const struct copy_side *s, unsigned int offset,
                   unsigned int len)
{
    return offset >= s->target.start &&
           offset + len <= (unsigned int)s->target.start + s->target.length;
}

static int copy_bytes(struct gnttab_call *c, const struct gnttab_copy *op)
{
    if (op->source.offset + op->len > PAGE_SIZE ||
        op->dest.offset + op->len > PAGE_SIZE)
        return GNTST_bad_copy_arg;
    if (!within(&c->source, op->source.offset, op->len) ||
        !within(&c->dest, op->dest.offset, op->len))
        return GNTST_general_error;
    memmove((char *)mfn_to_virt(c->dest.target.mfn) + op->dest.offset,
            (char *)mfn_to_virt(c->source.target.mfn) + op->source.offset,
            op->len);
    return GNTST_okay;
}

static uint64_t side_name(const struct gnttab_copy_ptr *p, bool by_ref)
{
    return by_ref ? p->u.ref : p->u.gmfn;
}

static int copy_one(struct gnttab_call *c, const struct gnttab_copy *op)
{
    bool from_ref = op->flags & GNTCOPY_source_gref;
    bool to_ref = op->flags & GNTCOPY_dest_gref;
    int rc;

    rc = side_domain(&c->source, c->v, op->source.domid, from_ref);
    if (!rc)
        rc = side_domain(&c->dest, c->v, op->dest.domid, to_ref);
    if (!rc)
        rc = side_claim(&c->source, c->v, side_name(&op->source, from_ref),
                        from_ref, true);
    if (!rc)
        rc = side_claim(&c->dest, c->v, side_name(&op->dest, to_ref), to_ref,
                        false);
    if (!rc)
        rc = copy_bytes(c, op);
    return rc;
}

int gnttab_op_copy(struct gnttab_call *c, void *arg)
{
    struct gnttab_copy *op = arg;
    int rc = copy_one(c, op);

    if (rc) {
        side_release(&c->source);
        side_release(&c->dest);
    }
    op->status = rc;
    return 0;
}
