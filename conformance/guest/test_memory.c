/* What is told about memory, and resources. Source: public/memory.h. */
#include "guest.h"
#include "suites.h"

enum {
    E820_RAM = 1,
    MAP_ENTRIES = 64,
    EXTENT_SHIFT = 6, /* above the operation: how much is done already */
};

struct range {
    uint64_t addr, size;
    uint32_t type;
} __attribute__((packed));

static struct range ranges[MAP_ENTRIES];

static long op(unsigned nr, void *arg)
{
    return CALL2(__HYPERVISOR_memory_op, nr, arg);
}

static void maximum_ram_page(void)
{
    CHECK(op(XENMEM_maximum_ram_page, NULL) > 0);
}

static void reservations(void)
{
    domid_t self = DOMID_SELF;
    long now = op(XENMEM_current_reservation, &self);

    CHECK(now > 0);
    CHECK(op(XENMEM_maximum_reservation, &self) >= now);
    CHECK(op(XENMEM_maximum_gpfn, &self) > 0);
}

static void figures_refused(void)
{
    static const unsigned ops[] = {XENMEM_current_reservation,
                                   XENMEM_maximum_reservation,
                                   XENMEM_maximum_gpfn};
    domid_t nobody = NOBODY, self = DOMID_SELF;

    for (int i = 0; i < 3; i++) {
        SAME(op(ops[i], &nobody), NEG_ESRCH);
        SAME(op(ops[i], UNMAPPED), NEG_EFAULT);
        SAME(op(ops[i] | 1 << EXTENT_SHIFT, &self), NEG_EINVAL);
    }
}

static void figures_of_control(void)
{
    domid_t control = 0;

    SAME(op(XENMEM_current_reservation, &control), NEG_EPERM);
    SAME(op(XENMEM_maximum_reservation, &control), NEG_EPERM);
    SAME(op(XENMEM_maximum_gpfn, &control), NEG_EPERM);
}

static struct xen_memory_map map_of(unsigned entries)
{
    struct xen_memory_map m = {.nr_entries = entries};

    set_xen_guest_handle(m.buffer, ranges);
    return m;
}

static void memory_map(void)
{
    struct xen_memory_map m = map_of(MAP_ENTRIES);
    uint64_t ram = 0;

    SAME(op(XENMEM_memory_map, &m), 0);
    CHECK(m.nr_entries > 0 && m.nr_entries <= MAP_ENTRIES);
    for (unsigned i = 0; i < m.nr_entries; i++)
        if (ranges[i].type == E820_RAM)
            ram += ranges[i].size;
    CHECK(ram > 8 << 20);
}

static void memory_map_short(void)
{
    struct xen_memory_map m = map_of(1);

    SAME(op(XENMEM_memory_map, &m), 0);
    SAME(m.nr_entries, 1); /* as many as fit */
}

static void memory_map_refused(void)
{
    struct xen_memory_map m = map_of(MAP_ENTRIES);

    SAME(op(XENMEM_memory_map, UNMAPPED), NEG_EFAULT);
    set_xen_guest_handle(m.buffer, UNMAPPED);
    SAME(op(XENMEM_memory_map, &m), NEG_EFAULT);
}

static void machine_map_refused(void)
{
    struct xen_memory_map m = map_of(MAP_ENTRIES);
    struct xen_machphys_mapping p;

    SAME(op(XENMEM_machine_memory_map, &m), NEG_ENOSYS);
    SAME(op(XENMEM_machphys_mapping, &p), NEG_ENOSYS);
}

static void set_map_of_guest(void)
{
    static struct range wanted[2] = {{0, 0x1000, 1}, {0x2000, 0x3000, 1}};
    struct guest g = guest_new(1);
    struct xen_foreign_memory_map f = {.domid = g.domid, .map.nr_entries = 2};

    set_xen_guest_handle(f.map.buffer, wanted);
    SAME(op(XENMEM_set_memory_map, &f), 0);
    f.map.nr_entries = 100000;
    SAME(op(XENMEM_set_memory_map, &f), NEG_EINVAL);
    f.map.nr_entries = 1;
    f.domid = NOBODY;
    SAME(op(XENMEM_set_memory_map, &f), NEG_ESRCH);
    SAME(op(XENMEM_set_memory_map, UNMAPPED), NEG_EFAULT);
    guest_destroy(&g);
}

static void set_map_not_for_guest(void)
{
    struct xen_foreign_memory_map f = {.domid = DOMID_SELF,
                                       .map.nr_entries = 1};

    set_xen_guest_handle(f.map.buffer, ranges);
    f.domid = 0;
    SAME(op(XENMEM_set_memory_map, &f), NEG_EPERM);
}

static void sharing_figures(void)
{
    SAME(op(XENMEM_get_sharing_freed_pages, NULL), 0);
    SAME(op(XENMEM_get_sharing_shared_pages, NULL), 0);
}

static void pod_target(void)
{
    struct xen_pod_target t = {.domid = guest_common()->domid};

    SAME(op(XENMEM_get_pod_target, &t), 0);
    CHECK(t.tot_pages >= GUEST_PAGES);
    SAME(t.pod_entries, 0);
    t.domid = NOBODY;
    SAME(op(XENMEM_get_pod_target, &t), NEG_ESRCH);
    SAME(op(XENMEM_get_pod_target, UNMAPPED), NEG_EFAULT);
}

static void set_pod_target(void)
{
    struct xen_pod_target t = {.domid = guest_common()->domid,
                               .target_pages = GUEST_PAGES};

    SAME(op(XENMEM_set_pod_target, &t), 0);
    t.domid = NOBODY;
    SAME(op(XENMEM_set_pod_target, &t), NEG_ESRCH);
    SAME(op(XENMEM_set_pod_target, UNMAPPED), NEG_EFAULT);
}

static void claim(void)
{
    struct xen_memory_reservation r = {.nr_extents = 0};

    r.domid = guest_common()->domid;
    SAME(op(XENMEM_claim_pages, &r), 0);
    r.extent_order = 1;
    SAME(op(XENMEM_claim_pages, &r), NEG_EINVAL);
    r.extent_order = 0;
    r.mem_flags = 1;
    SAME(op(XENMEM_claim_pages, &r), NEG_EINVAL);
    r.mem_flags = 0;
    set_xen_guest_handle(r.extent_start, (xen_pfn_t *)&r);
    SAME(op(XENMEM_claim_pages, &r), NEG_EINVAL);
    SAME(op(XENMEM_claim_pages, UNMAPPED), NEG_EFAULT);
}

static void claim_not_for_guest(void)
{
    struct xen_memory_reservation r = {.nr_extents = 0, .domid = own_domid()};

    SAME(op(XENMEM_claim_pages, &r), NEG_EPERM);
}

static void vnuma_none(void)
{
    struct xen_vnuma_topology_info v = {.domid = DOMID_SELF};

    SAME(op(XENMEM_get_vnumainfo, &v), NEG_EOPNOTSUPP);
    v.domid = NOBODY;
    SAME(op(XENMEM_get_vnumainfo, &v), NEG_ESRCH);
    v.pad = 1;
    SAME(op(XENMEM_get_vnumainfo, &v), NEG_EINVAL);
    SAME(op(XENMEM_get_vnumainfo, UNMAPPED), NEG_EFAULT);
}

/* --- Resources of a guest --- */

static struct xen_mem_acquire_resource resource_of(xen_pfn_t *gfns,
                                                   unsigned count)
{
    struct xen_mem_acquire_resource r = {.domid = guest_common()->domid,
                                         .type = XENMEM_resource_grant_table,
                                         .nr_frames = count};

    set_xen_guest_handle(r.frame_list, gfns);
    return r;
}

static void resource_size(void)
{
    struct xen_mem_acquire_resource r = resource_of(NULL, 0);

    SAME(op(XENMEM_acquire_resource, &r), 0);
    CHECK(r.nr_frames >= 1);
}

static void resource_mapped(void)
{
    xen_pfn_t gfn = gfn_free();
    struct xen_mem_acquire_resource r = resource_of(&gfn, 1);
    grant_entry_v1_t *table = memory_at(gfn);

    SAME(op(XENMEM_acquire_resource, &r), 0);
    table[1].frame = 0x77;
    SAME(table[1].frame, 0x77);
    table[1].frame = 0;
    SAME(guest_unmap(table), 0);
}

static void resource_refused(void)
{
    xen_pfn_t gfn = gfn_free();
    struct xen_mem_acquire_resource r = resource_of(&gfn, 1);

    r.pad = 1;
    SAME(op(XENMEM_acquire_resource, &r), NEG_EINVAL);
    r.pad = 0;
    r.type = 77;
    SAME(op(XENMEM_acquire_resource, &r), NEG_EOPNOTSUPP);
    r.type = XENMEM_resource_grant_table;
    r.id = 77;
    SAME(op(XENMEM_acquire_resource, &r), NEG_EINVAL);
    r.id = XENMEM_resource_grant_table_id_shared;
    r.frame = 1 << 20;
    SAME(op(XENMEM_acquire_resource, &r), NEG_EINVAL);
    r.frame = 0;
    r.domid = NOBODY;
    SAME(op(XENMEM_acquire_resource, &r), NEG_ESRCH);
    SAME(op(XENMEM_acquire_resource, UNMAPPED), NEG_EFAULT);
}

static void resource_own(void)
{
    xen_pfn_t gfn = gfn_free();
    struct xen_mem_acquire_resource r = {.domid = DOMID_SELF,
                                         .type = XENMEM_resource_grant_table,
                                         .nr_frames = 1};

    set_xen_guest_handle(r.frame_list, &gfn);
    CHECK(op(XENMEM_acquire_resource, &r) < 0);
}

/* --- Foreign pages --- */

static void foreign_map(void)
{
    struct guest *g = guest_common();
    struct mailbox *twice = guest_map(g->domid, MAILBOX_GFN);

    SAME(twice->domid, g->domid);
    SAME(guest_unmap(twice), 0);
    SAME(guest_unmap(twice), NEG_ENOENT);
}

static long map_error(domid_t domid, xen_pfn_t gfn, int *error)
{
    xen_ulong_t idx = gfn;
    xen_pfn_t to = gfn_free();
    struct xen_add_to_physmap_batch b = {.domid = DOMID_SELF,
                                         .space = XENMAPSPACE_gmfn_foreign,
                                         .size = 1,
                                         .u.foreign_domid = domid};

    set_xen_guest_handle(b.idxs, &idx);
    set_xen_guest_handle(b.gpfns, &to);
    set_xen_guest_handle(b.errs, error);
    return op(XENMEM_add_to_physmap_batch, &b);
}

static void foreign_refused(void)
{
    struct guest *g = guest_common();
    int error = 7;

    SAME(map_error(g->domid, 0x800000, &error), 0);
    SAME(error, NEG_EINVAL); /* no such page */
    SAME(map_error(NOBODY, 1, &error), 0);
    SAME(error, NEG_ESRCH);
    CHECK(map_error(DOMID_SELF, 1, &error) || error < 0);
}

static long there_map_foreign(void *arg)
{
    int error = 0;
    long rc = map_error(0, 1, &error);

    (void)arg;
    return rc ? rc : error;
}

static void foreign_not_for_guest(void)
{
    long rc = guest_call(guest_common(), there_map_foreign, NULL);

    CHECK(rc == NEG_EPERM || rc == NEG_EINVAL);
}

static void other_operations(void)
{
    SAME(op(63, NULL), NEG_ENOSYS);
    SAME(op(XENMEM_machphys_mfn_list, UNMAPPED), NEG_EFAULT);
    SAME(op(XENMEM_exchange, UNMAPPED), NEG_EFAULT);
}

const struct test memory_tests[] = {
    TEST(maximum_ram_page, "The machine MUST have memory."),
    TEST(reservations, "What is there MUST NOT exceed what may be."),
    TEST(figures_refused, "Domains, places, starts that are not there."),
    TEST_GUEST(figures_of_control, "A guest MUST NOT be told about others."),
    TEST(memory_map, "The map MUST hold our memory."),
    TEST(memory_map_short, "A short list MUST get what fits."),
    TEST(memory_map_refused, "Places that are not there."),
    TEST(machine_map_refused, "A translated guest has no machine map."),
    TEST_CONTROL(set_map_of_guest, "Control MUST set a guest's map."),
    TEST_GUEST(set_map_not_for_guest, "A guest MUST NOT set our map."),
    TEST(sharing_figures, "Nothing is shared."),
    TEST_CONTROL(pod_target, "Control MUST be told a guest's target."),
    TEST_CONTROL(set_pod_target, "Without entries a target changes nothing."),
    TEST_CONTROL(claim, "A claim MUST be of single pages."),
    TEST_GUEST(claim_not_for_guest, "A guest MUST NOT claim."),
    TEST(vnuma_none, "A domain without virtual nodes MUST be told so."),
    TEST_CONTROL(resource_size, "The size of a table MUST be told."),
    TEST_CONTROL(resource_mapped, "A guest's table MUST be mapped."),
    TEST_CONTROL(resource_refused, "Kinds, frames, domains not there."),
    TEST(resource_own, "One's own table MUST be refused."),
    TEST_CONTROL(foreign_map, "A guest's page MUST be mapped and unmapped."),
    TEST_CONTROL(foreign_refused, "Pages and domains that are not there."),
    TEST_CONTROL(foreign_not_for_guest, "A guest MUST NOT map our pages."),
    TEST(other_operations, "Other operations MUST be refused."),
    {0},
};
