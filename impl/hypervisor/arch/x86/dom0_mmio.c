/*
 * Machine addresses that are no RAM, as dom0 reaches them.
 *
 * They are mapped to themselves when dom0 first touches them, 2 MiB at a time
 * where nothing else is there; what the hypervisor emulates stays unmapped and
 * comes to dom0_mmio_access().
 */
#include "x86/boot.h"
#include "x86/dom0.h"
#include "x86/pci.h"

#include "hv/log.h"
#include "hv/p2m.h"

#define LAPIC_PAGE   0xfee00000
#define HPET_PAGE    0xfed00000 /* kept by the hypervisor: nothing there */
#define AROUND_BYTES 0x10000    /* mapped with a page where 2 MiB do not fit */
#define PAGE_2M      (PAGE_SIZE << PAGE_ORDER_2M)

/* Whole pages of RAM, which the allocator has; the rest of a page at a range's
   end is the firmware's. */
static bool ram_overlaps(paddr_t start, paddr_t end)
{
    for (unsigned int i = 0; i < boot_info.map.nr; i++) {
        const struct memmap_range *r = &boot_info.map.range[i];

        if (r->type == MEMMAP_RAM && start < ALIGN_DOWN(r->end, PAGE_SIZE) &&
            ALIGN_UP(r->start, PAGE_SIZE) < end)
            return true;
    }
    return false;
}

static bool trapped(paddr_t start, paddr_t end)
{
    static const paddr_t pages[] = {LAPIC_PAGE, HPET_PAGE};

    for (unsigned int i = 0; i < ARRAY_SIZE(pages); i++)
        if (pages[i] >= start && pages[i] < end)
            return true;
    return vioapic_owns(start, end) || vpci_owns(start, end);
}

/* May all 2 MiB around it be mapped at once? */
static bool large_fits(struct domain *d, paddr_t start)
{
    struct p2m_entry e;
    gfn_t at;

    if (ram_overlaps(start, start + PAGE_2M) || trapped(start, start + PAGE_2M))
        return false;
    return !p2m_next(d, _gfn(start >> PAGE_SHIFT), &at, &e) ||
           gfn_x(at) >= (start + PAGE_2M) >> PAGE_SHIFT;
}

/* Machine MMIO or firmware memory, and nothing there yet? */
static bool page_fits(struct domain *d, paddr_t page)
{
    return !ram_overlaps(page, page + PAGE_SIZE) &&
           !trapped(page, page + PAGE_SIZE) &&
           p2m_get(d, _gfn(page >> PAGE_SHIFT)).type == P2M_NONE;
}

static bool map_identity(struct domain *d, paddr_t a, unsigned int order)
{
    uint64_t n = a >> PAGE_SHIFT;

    return p2m_set(d, _gfn(n), _mfn(n), order, P2M_MMIO) == 0;
}

bool dom0_map_mmio(struct vcpu *v, paddr_t gpa)
{
    paddr_t page = ALIGN_DOWN(gpa, PAGE_SIZE);
    paddr_t first = ALIGN_DOWN(gpa, AROUND_BYTES);
    struct domain *d = v->domain;

    if (d != dom0)
        return false;
    if (!page_fits(d, page)) /* or another vCPU was quicker */
        return p2m_get(d, _gfn(page >> PAGE_SHIFT)).type == P2M_MMIO;
    if (large_fits(d, ALIGN_DOWN(gpa, PAGE_2M)))
        return map_identity(d, ALIGN_DOWN(gpa, PAGE_2M), PAGE_ORDER_2M);
    for (paddr_t a = first; a < first + AROUND_BYTES; a += PAGE_SIZE)
        if (page_fits(d, a) && !map_identity(d, a, 0))
            return false;
    return true;
}

void dom0_trap_mmio(paddr_t start, paddr_t end)
{
    for (paddr_t a = ALIGN_DOWN(start, PAGE_SIZE); a < end; a += PAGE_SIZE) {
        gfn_t g = _gfn(a >> PAGE_SHIFT);

        if (p2m_get(dom0, g).type == P2M_MMIO && p2m_clear(dom0, g, 0))
            log_error("cannot trap page %lx of dom0: out of memory", a);
    }
}

bool dom0_mmio_access(struct vcpu *v, struct io_access *io)
{
    return vioapic_access(io) || vpci_mmio_access(io);
}
