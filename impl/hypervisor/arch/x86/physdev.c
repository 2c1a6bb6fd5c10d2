/*
 * PHYSDEVOP_*: what a domain without pirqs may ask (public/physdev.h).
 *
 * As upstream: dom0 tells which PCI devices and MMCFG areas it found, everything
 * else is -ENOSYS in a HVM container.
 */
#include "x86/pci.h"

#include "hv/arch.h"
#include "hv/guest.h"

#include "abi/xen.h"

static long mmcfg_reserved(struct vcpu *v, uint64_t u)
{
    struct physdev_pci_mmcfg_reserved r;

    if (guest_copy_from(v, &r, u, sizeof(r)))
        return -XEN_EFAULT;
    if (r.flags & ~XEN_PCI_MMCFG_RESERVED)
        return -XEN_EINVAL;
    return pci_ecam_matches(r.address, r.segment, r.start_bus, r.end_bus)
               ? 0
               : -XEN_ENODEV;
}

static long device_add(struct vcpu *v, uint64_t u)
{
    struct physdev_pci_device_add a;

    if (guest_copy_from(v, &a, u,
                        offsetof(struct physdev_pci_device_add, optarr)))
        return -XEN_EFAULT;
    return vpci_add(PCI_SBDF(a.seg, a.bus, a.devfn));
}

static long device_remove(struct vcpu *v, uint64_t u)
{
    struct physdev_pci_device r;

    if (guest_copy_from(v, &r, u, sizeof(r)))
        return -XEN_EFAULT;
    return vpci_remove(PCI_SBDF(r.seg, r.bus, r.devfn));
}

static const struct {
    unsigned int cmd;
    long (*fn)(struct vcpu *v, uint64_t u);
} ops[] = {
    {PHYSDEVOP_pci_mmcfg_reserved, mmcfg_reserved},
    {PHYSDEVOP_pci_device_add, device_add},
    {PHYSDEVOP_pci_device_remove, device_remove},
};

long arch_physdev_op(struct vcpu *v, unsigned int cmd, uint64_t u_arg)
{
    if (v->domain != dom0)
        return -XEN_ENOSYS;
    for (unsigned int i = 0; i < ARRAY_SIZE(ops); i++)
        if (ops[i].cmd == cmd)
            return ops[i].fn(v, u_arg);
    return -XEN_ENOSYS;
}
