/*
 * System control hypercall: dispatch, domains, memory and console.
 */
#include "sysctl.h"

#include "domctl.h"

#include "hv/arch.h"
#include "hv/console.h"
#include "hv/guest.h"
#include "hv/hypercall.h"

#define DEBUG_KEYS_MAX 256

struct sysctl_row {
    sysctl_fn *fn;
    bool out;
};

enum { IN, OUT };

static const struct sysctl_row rows[] = {
#define SYSCTL(nr, name, out) [nr] = {sysctl_##name, out},
#include "sysctl.def"
#undef SYSCTL
};

long do_sysctl(struct vcpu *v, unsigned long arg[5])
{
    struct xen_sysctl op;
    long rc;

    if (guest_copy_from(v, &op, arg[0], sizeof(op)))
        return -XEN_EFAULT;
    if (op.interface_version != XEN_SYSCTL_INTERFACE_VERSION)
        return -XEN_EACCES;
    if (op.cmd >= ARRAY_SIZE(rows) || !rows[op.cmd].fn)
        return arch_sysctl(v, &op, arg[0]);
    rc = rows[op.cmd].fn(v, &op);
    if (rc >= 0 && rows[op.cmd].out &&
        guest_copy_to(v, arg[0], &op, sizeof(op)))
        return -XEN_EFAULT;
    return rc;
}

long sysctl_readconsole(struct vcpu *v, struct xen_sysctl *op)
{
    return console_readconsole(v, &op->u.readconsole);
}

long sysctl_debug_keys(struct vcpu *v, struct xen_sysctl *op)
{
    const struct xen_sysctl_debug_keys *k = &op->u.debug_keys;

    if (k->nr_keys > DEBUG_KEYS_MAX)
        return -XEN_EINVAL;
    for (uint32_t i = 0; i < k->nr_keys; i++) {
        char key;

        if (guest_read(v, &key, k->keys, i))
            return -XEN_EFAULT;
        debug_key_press(key);
    }
    return 0;
}

/* From first_domain on, as many as the buffer holds. */
long sysctl_getdomaininfolist(struct vcpu *v, struct xen_sysctl *op)
{
    struct xen_sysctl_getdomaininfolist *l = &op->u.getdomaininfolist;
    struct xen_domctl_getdomaininfo info;
    uint32_t from = l->first_domain;

    for (l->num_domains = 0; l->num_domains < l->max_domains;
         l->num_domains++) {
        struct domain *d =
            from < DOMID_LIMIT ? domain_next_get((domid_t)from) : NULL;

        if (!d)
            break;
        domain_info(d, &info);
        from = d->id + 1U;
        domain_put(d);
        if (guest_write(v, l->buffer, l->num_domains, &info))
            return -XEN_EFAULT;
    }
    return 0;
}

long sysctl_physinfo(struct vcpu *v, struct xen_sysctl *op)
{
    struct xen_sysctl_physinfo *pi = &op->u.physinfo;
    struct page_stats s;

    *pi = (struct xen_sysctl_physinfo){.nr_cpus = cpu_count};
    page_stats(&s);
    pi->max_cpu_id = cpu_count - 1;
    pi->nr_nodes = 1;
    pi->total_pages = s.total;
    pi->free_pages = s.free;
    pi->outstanding_pages = s.outstanding;
    pi->capabilities = XEN_SYSCTL_PHYSCAP_hvm | XEN_SYSCTL_PHYSCAP_hap |
                       XEN_SYSCTL_PHYSCAP_gnttab_v1 |
                       XEN_SYSCTL_PHYSCAP_gnttab_v2;
    arch_physinfo(pi); /* CPU clock and features, topology, max_mfn */
    return 0;
}

long sysctl_numainfo(struct vcpu *v, struct xen_sysctl *op)
{
    struct xen_sysctl_numainfo *n = &op->u.numainfo;
    struct xen_sysctl_meminfo mem;
    struct page_stats s;
    uint32_t distance = 10; /* to itself, as firmware tables have it */

    page_stats(&s);
    mem.memsize = s.total << PAGE_SHIFT;
    mem.memfree = s.free << PAGE_SHIFT;
    if (n->num_nodes && guest_ptr(n->meminfo) &&
        guest_write(v, n->meminfo, 0, &mem))
        return -XEN_EFAULT;
    if (n->num_nodes && guest_ptr(n->distance) &&
        guest_write(v, n->distance, 0, &distance))
        return -XEN_EFAULT;
    n->num_nodes = 1;
    return 0;
}
