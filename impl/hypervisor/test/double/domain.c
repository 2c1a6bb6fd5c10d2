/*
 * Domains for tests, made by the real core.
 */
#include "double.h"

#include "hv/p2m.h"

#include <stdlib.h>

struct domain *double_domain(domid_t id, unsigned int vcpus)
{
    struct domain_config c = {
        .abi = {.flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap,
                .max_vcpus = vcpus,
                .max_evtchn_port = -1,
                .max_grant_frames = 64,
                .max_maptrack_frames = 1024,
                .grant_opts = XEN_DOMCTL_GRANT_version(2),
                .arch = {.emulation_flags = XEN_X86_EMU_LAPIC}},
        .privileged = id == 0,
    };
    struct domain *d;
    struct vcpu *v;

    if (domain_create(id, &c, &d))
        abort();
    d->max_pages = ~0ULL >> 1;
    for (unsigned int i = 0; i < vcpus; i++) {
        if (vcpu_create(d, i, &v))
            abort();
        v->initialised = true;
        (void)bit_test_and_clear(&v->pause_flags, VPF_DOWN);
    }
    if (id == 0)
        dom0 = d;
    d->ctl_pause_count = 0;
    domain_unpause(d);
    return d;
}

void double_domain_ram(struct domain *d, unsigned int pages)
{
    mfn_t m;

    for (unsigned int i = 0; i < pages; i++)
        if (page_alloc(d, 0, PAGE_ALLOC_ZERO, &m) ||
            p2m_set(d, _gfn(i), m, 0, P2M_RAM_RW))
            abort();
}
