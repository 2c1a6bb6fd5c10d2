/* Memory operations. Source: public/memory.h. */
#include "suites.h"

#include <xen/hvm/e820.h>

static long op(int nr, void *arg)
{
    return CALL2(__HYPERVISOR_memory_op, nr, arg);
}

static void maximum_ram_page(void)
{
    CHECK(op(XENMEM_maximum_ram_page, NULL) > 0);
}

static void reservations(void)
{
    domid_t self = DOMID_SELF, nobody = 0x7000;
    long now = op(XENMEM_current_reservation, &self);

    CHECK(now > 0);
    CHECK(op(XENMEM_maximum_reservation, &self) >= now);
    SAME(op(XENMEM_current_reservation, &nobody), NEG_ESRCH);
    SAME(op(XENMEM_current_reservation, UNMAPPED), NEG_EFAULT);
}

static void maximum_gpfn(void)
{
    domid_t self = DOMID_SELF;

    CHECK(op(XENMEM_maximum_gpfn, &self) > 0);
}

static void memory_map(void)
{
    static struct {
        uint64_t addr, size;
        uint32_t type;
    } __attribute__((packed)) entries[64];
    struct xen_memory_map m = {.nr_entries = 64};
    uint64_t ram = 0;

    set_xen_guest_handle(m.buffer, entries);
    SAME(op(XENMEM_memory_map, &m), 0);
    CHECK(m.nr_entries > 0 && m.nr_entries <= 64);
    for (unsigned i = 0; i < m.nr_entries; i++)
        if (entries[i].type == 1)
            ram += entries[i].size;
    CHECK(ram > 16 << 20);
    SAME(op(XENMEM_memory_map, UNMAPPED), NEG_EFAULT);
}

static void shared_info_twice(void)
{
    struct xen_add_to_physmap a = {.domid = DOMID_SELF,
                                   .space = XENMAPSPACE_shared_info};

    shared_info = page_new();
    a.gpfn = gfn_of(shared_info);
    SAME(op(XENMEM_add_to_physmap, &a), 0);
    CHECK(shared_info->wc_sec > 0);
}

static void add_to_physmap_refused(void)
{
    struct xen_add_to_physmap a = {.domid = DOMID_SELF,
                                   .space = XENMAPSPACE_shared_info,
                                   .idx = 1,
                                   .gpfn = gfn_free()};

    CHECK(op(XENMEM_add_to_physmap, &a) < 0);
    a.idx = 0;
    a.domid = 0x7000;
    SAME(op(XENMEM_add_to_physmap, &a), NEG_ESRCH);
    a.domid = DOMID_SELF;
    a.space = 77;
    CHECK(op(XENMEM_add_to_physmap, &a) < 0);
    SAME(op(XENMEM_add_to_physmap, UNMAPPED), NEG_EFAULT);
}

static struct xen_memory_reservation one_page(xen_pfn_t *gfn)
{
    struct xen_memory_reservation r = {.nr_extents = 1, .domid = DOMID_SELF};

    set_xen_guest_handle(r.extent_start, gfn);
    return r;
}

static void balloon(void)
{
    char *page = page_new();
    xen_pfn_t gfn = gfn_of(page);
    struct xen_memory_reservation r = one_page(&gfn);
    domid_t self = DOMID_SELF;
    long before = op(XENMEM_current_reservation, &self);

    page[0] = 'x';
    SAME(op(XENMEM_decrease_reservation, &r), 1);
    SAME(op(XENMEM_current_reservation, &self), before - 1);
    r = one_page(&gfn);
    SAME(op(XENMEM_populate_physmap, &r), 1);
    SAME(op(XENMEM_current_reservation, &self), before);
    page[1] = 'y'; /* memory is there again */
    SAME(page[1], 'y');
}

static void balloon_refused(void)
{
    xen_pfn_t gfn = gfn_free();
    struct xen_memory_reservation r = one_page(&gfn);

    SAME(op(XENMEM_decrease_reservation, &r), 0); /* none was given back */
    r.domid = 0x7000;
    SAME(op(XENMEM_decrease_reservation, &r), 0); /* none, and no error */
    SAME(op(XENMEM_decrease_reservation, UNMAPPED), 0);
    SAME(op(XENMEM_populate_physmap, UNMAPPED), 0);
}

static void remove_from_physmap(void)
{
    struct xen_remove_from_physmap r = {.domid = DOMID_SELF,
                                        .gpfn = gfn_free()};

    SAME(op(XENMEM_remove_from_physmap, &r), NEG_ENOENT);
    r.domid = 0x7000;
    SAME(op(XENMEM_remove_from_physmap, &r), NEG_ESRCH);
    SAME(op(XENMEM_remove_from_physmap, UNMAPPED), NEG_EFAULT);
}

static void unknown(void)
{
    SAME(op(63, NULL), NEG_ENOSYS);
}

const struct test memory_tests[] = {
    {"maximum_ram_page", "The machine MUST have memory.", maximum_ram_page},
    {"reservations", "What is there MUST NOT exceed what may be.",
     reservations},
    {"maximum_gpfn", "The highest page MUST be told.", maximum_gpfn},
    {"memory_map", "The map MUST hold our memory.", memory_map},
    {"shared_info_twice", "The shared page MUST move where it is put.",
     shared_info_twice},
    {"add_to_physmap_refused", "Spaces, pages and domains that are not there.",
     add_to_physmap_refused},
    {"balloon", "A page MUST go and come back.", balloon},
    {"balloon_refused", "Pages and domains that are not there.",
     balloon_refused},
    {"remove_from_physmap", "Pages and domains that are not there.",
     remove_from_physmap},
    {"unknown", "Other operations MUST answer -ENOSYS.", unknown},
    {0},
};
