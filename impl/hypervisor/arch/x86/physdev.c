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

/* What is added may say more, which only its owner would want to know. */
static long device_change(struct vcpu *v, uint64_t u, int (*fn)(uint32_t sbdf))
{
    struct physdev_pci_device p;

    static_assert(offsetof(struct physdev_pci_device_add, devfn) ==
                      offsetof(struct physdev_pci_device, devfn),
                  "both start alike");
    if (guest_copy_from(v, &p, u, sizeof(p)))
        return -XEN_EFAULT;
    return fn(PCI_SBDF(p.seg, p.bus, p.devfn));
}

long arch_physdev_op(struct vcpu *v, unsigned int cmd, uint64_t u_arg)
{
    if (v->domain != dom0)
        return -XEN_ENOSYS;
    if (cmd == PHYSDEVOP_pci_mmcfg_reserved)
        return mmcfg_reserved(v, u_arg);
    if (cmd == PHYSDEVOP_pci_device_add)
        return device_change(v, u_arg, vpci_add);
    if (cmd == PHYSDEVOP_pci_device_remove)
        return device_change(v, u_arg, vpci_remove);
    return -XEN_ENOSYS;
}
