/*
 * Domain control hypercall: limits of memory and questions about pages.
 */
#include "domctl.h"

#include "hv/guest.h"
#include "physmap.h"

#define PAGE_INFO_BATCH 1024 /* as upstream */

long domctl_max_mem(struct domctl *c)
{
    spin_lock(&c->d->lock);
    c->d->max_pages = c->op->u.max_mem.max_memkb >> (PAGE_SHIFT - 10);
    spin_unlock(&c->d->lock);
    return 0;
}

/* Nested page tables come from the general pool: the size is only kept. */
long domctl_get_paging_mempool(struct domctl *c)
{
    c->op->u.paging_mempool.size = c->d->paging_pool_bytes;
    return 0;
}

long domctl_set_paging_mempool(struct domctl *c)
{
    uint64_t bytes = c->op->u.paging_mempool.size;

    if (bytes & ~PAGE_MASK)
        return -XEN_EINVAL;
    c->d->paging_pool_bytes = bytes;
    return 0;
}

/* Tools switch log-dirty mode off at the end of a save, whatever it was. */
long domctl_shadow_op(struct domctl *c)
{
    return c->op->u.shadow_op.op == XEN_DOMCTL_SHADOW_OP_OFF ? 0
                                                             : -XEN_EOPNOTSUPP;
}

static uint64_t page_info(struct domain *d, xen_pfn_t gfn)
{
    struct p2m_entry e = p2m_get(d, _gfn(gfn));

    return physmap_is_ram(e.type) || e.type == P2M_FOREIGN
               ? XEN_DOMCTL_PFINFO_NOTAB
               : XEN_DOMCTL_PFINFO_XTAB;
}

long domctl_getpageframeinfo3(struct domctl *c)
{
    const struct xen_domctl_getpageframeinfo3 *p = &c->op->u.getpageframeinfo3;

    if (p->num > PAGE_INFO_BATCH)
        return -XEN_E2BIG;
    for (uint64_t i = 0; i < p->num; i++) {
        xen_pfn_t gfn;

        if (guest_read(c->v, &gfn, p->array, i))
            return -XEN_EFAULT;
        gfn = page_info(c->d, gfn);
        if (guest_write(c->v, p->array, i, &gfn))
            return -XEN_EFAULT;
    }
    return 0;
}
