/*
 * Architecture part of domains: flags, CPU policy, port rights.
 */
#include "x86/cpuid.h"
#include "x86/dom0.h"
#include "x86/vcpu.h"
#include "x86/vt.h"

#include "hv/heap.h"
#include "hv/log.h"

#include "base/string.h"

#define PORTS          0x10000
#define GFN_BITS_LIMIT 36

/* What PVH guests may have: a local APIC; dom0 its IO-APIC and PCI. */
#define EMULATION_DOMU XEN_X86_EMU_LAPIC
#define EMULATION_DOM0 \
    (XEN_X86_EMU_LAPIC | XEN_X86_EMU_IOAPIC | XEN_X86_EMU_VPCI)

int arch_domain_check(const struct domain_config *c)
{
    const struct xen_arch_domainconfig *a = &c->abi.arch;
    uint32_t allowed = c->privileged ? EMULATION_DOM0 : EMULATION_DOMU;

    if (a->emulation_flags & ~allowed ||
        !(a->emulation_flags & XEN_X86_EMU_LAPIC))
        return -XEN_EINVAL;
    if (a->misc_flags & ~XEN_X86_MSR_RELAXED)
        return -XEN_EINVAL;
    return 0;
}

static int make_io_map(struct domain *d, bool privileged)
{
    struct arch_domain *a = d->arch;

    a->io_map = vt_io_map_all();
    if (privileged) {
        a->own_io_map = vt_io_map_create();
        if (!a->own_io_map)
            return -XEN_ENOMEM;
        memset(a->own_io_map, 0, PORTS / 8); /* the builder traps some */
        a->io_map = a->own_io_map;
    }
    a->io_map_pa = vt_io_map_address(a->io_map);
    return 0;
}

int arch_domain_create(struct domain *d, const struct domain_config *c)
{
    struct arch_domain *a = heap_alloc(sizeof(*a));
    int rc;

    if (!a)
        return -XEN_ENOMEM;
    d->arch = a;
    a->emulation_flags = c->abi.arch.emulation_flags;
    a->msr_relaxed = c->abi.arch.misc_flags & XEN_X86_MSR_RELAXED;
    a->policy = cpu_policy_create(c->privileged);
    rc = a->policy ? make_io_map(d, c->privileged) : -XEN_ENOMEM;
    if (rc)
        arch_domain_destroy(d);
    return rc;
}

int arch_domain_relinquish(struct domain *d)
{
    (void)d; /* nothing here refers to memory of the domain */
    return 0;
}

void arch_domain_destroy(struct domain *d)
{
    if (!d->arch)
        return;
    vt_io_map_destroy(d->arch->own_io_map);
    heap_free(d->arch->policy);
    heap_free(d->arch);
    d->arch = NULL;
}

unsigned int arch_max_gfn_bits(void)
{
    unsigned int bits = cpuid(0x80000008, 0).a & 0xff;

    return MIN(bits - PAGE_SHIFT, (unsigned int)GFN_BITS_LIMIT);
}

const char *arch_capabilities(void)
{
    return "hvm-3.0-x86_32 hvm-3.0-x86_32p hvm-3.0-x86_64 ";
}
