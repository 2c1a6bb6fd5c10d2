/*
 * Memory hypercall: reservations, mappings, maps, and what hostile ones get.
 */
#include "call.h"

#include "hv/memory.h"
#include "hv/p2m.h"

#include <string.h>

static struct xen_memory_reservation reservation(domid_t id, unsigned long nr,
                                                 unsigned int order)
{
    struct xen_memory_reservation r = {
        .nr_extents = nr, .extent_order = order, .domid = id};

    set_xen_guest_handle(r.extent_start, (xen_pfn_t *)CALL_ARRAY);
    return r;
}

static void array_set(struct domain *d, uint64_t at, unsigned int i,
                      uint64_t value)
{
    ((uint64_t *)call_at(d, at))[i] = value;
}

static long memory_op(struct vcpu *v, unsigned long cmd, const void *r,
                      size_t bytes)
{
    call_put(v, r, bytes);
    return call(v, __HYPERVISOR_memory_op, cmd, CALL_REQUEST, 0);
}

#define MEMORY_OP(v, cmd, r) memory_op(v, cmd, &(r), sizeof(r))

/* --- Reservations --- */

START_TEST(populate_maps_pages_and_counts_extents)
{
    struct xen_memory_reservation r = reservation(1, 3, 0);

    for (unsigned int i = 0; i < 3; i++)
        array_set(call_dom0, CALL_ARRAY, i, 0x100 + i);
    ck_assert_int_eq(MEMORY_OP(call_v0, XENMEM_populate_physmap, r), 3);
    ck_assert_uint_eq(call_guest->tot_pages, CALL_PAGES + 3);
    ck_assert_int_eq(p2m_get(call_guest, _gfn(0x102)).type, P2M_RAM_RW);
}
END_TEST

START_TEST(populate_uses_superpages_where_asked)
{
    struct xen_memory_reservation r = reservation(1, 1, 9);

    array_set(call_dom0, CALL_ARRAY, 0, 0x400);
    ck_assert_int_eq(MEMORY_OP(call_v0, XENMEM_populate_physmap, r), 1);
    ck_assert_uint_eq(p2m_get(call_guest, _gfn(0x5ff)).order, 9);
    ck_assert_uint_eq(call_guest->tot_pages, CALL_PAGES + 512);
    array_set(call_dom0, CALL_ARRAY, 0, 0x401);
    ck_assert_int_eq(MEMORY_OP(call_v0, XENMEM_populate_physmap, r), 0);
}
END_TEST

START_TEST(populate_over_ram_frees_what_was_there)
{
    struct xen_memory_reservation r = reservation(1, 1, 9);

    array_set(call_dom0, CALL_ARRAY, 0, 0);
    ck_assert_int_eq(MEMORY_OP(call_v0, XENMEM_populate_physmap, r), 1);
    ck_assert_uint_eq(call_guest->tot_pages, 512);
}
END_TEST

START_TEST(populate_stops_at_the_first_extent_that_fails)
{
    struct xen_memory_reservation r = reservation(1, 4, 0);

    call_guest->max_pages = CALL_PAGES + 2;
    for (unsigned int i = 0; i < 4; i++)
        array_set(call_dom0, CALL_ARRAY, i, 0x100 + i);
    ck_assert_int_eq(MEMORY_OP(call_v0, XENMEM_populate_physmap, r), 2);
    ck_assert_uint_eq(call_guest->tot_pages, CALL_PAGES + 2);
}
END_TEST

START_TEST(populate_restarts_and_still_counts_all)
{
    struct xen_memory_reservation r = reservation(1, 200, 0);

    for (unsigned int i = 0; i < 200; i++)
        array_set(call_dom0, CALL_ARRAY, i, 0x100 + i);
    call_v0->arch->pending = true;
    ck_assert_int_eq(MEMORY_OP(call_v0, XENMEM_populate_physmap, r), 200);
    ck_assert_uint_gt(call_restarts, 3);
    ck_assert_uint_eq(call_guest->tot_pages, CALL_PAGES + 200);
}
END_TEST

START_TEST(a_guest_balloons_down_and_up)
{
    struct xen_memory_reservation r = reservation(DOMID_SELF, 2, 0);
    struct page_stats before, after;

    array_set(call_guest, CALL_ARRAY, 0, 8);
    array_set(call_guest, CALL_ARRAY, 1, 9);
    page_stats(&before);
    ck_assert_int_eq(MEMORY_OP(call_v1, XENMEM_decrease_reservation, r), 2);
    page_stats(&after);
    ck_assert_uint_eq(after.free, before.free + 2);
    ck_assert_uint_eq(call_guest->tot_pages, CALL_PAGES - 2);
    ck_assert_int_eq(MEMORY_OP(call_v1, XENMEM_decrease_reservation, r), 0);
    ck_assert_int_eq(MEMORY_OP(call_v1, XENMEM_populate_physmap, r), 2);
    ck_assert_uint_eq(call_guest->tot_pages, CALL_PAGES);
}
END_TEST

START_TEST(an_extent_goes_as_a_whole_or_stays)
{
    struct xen_memory_reservation big = reservation(DOMID_SELF, 1, 9);
    struct xen_memory_reservation one = reservation(DOMID_SELF, 1, 0);
    struct xen_memory_reservation give = reservation(1, 1, 9);

    array_set(call_dom0, CALL_ARRAY, 0, 0x400);
    array_set(call_guest, CALL_ARRAY, 0, 0x400);
    ck_assert_int_eq(MEMORY_OP(call_v0, XENMEM_populate_physmap, give), 1);
    ck_assert_int_eq(MEMORY_OP(call_v1, XENMEM_decrease_reservation, big), 1);
    ck_assert_uint_eq(call_guest->tot_pages, CALL_PAGES);
    ck_assert_int_eq(MEMORY_OP(call_v0, XENMEM_populate_physmap, give), 1);
    array_set(call_guest, CALL_ARRAY, 0, 0x5ff);
    ck_assert_int_eq(MEMORY_OP(call_v1, XENMEM_decrease_reservation, one), 1);
    array_set(call_guest, CALL_ARRAY, 0, 0x400);
    ck_assert_int_eq(MEMORY_OP(call_v1, XENMEM_decrease_reservation, big), 0);
    ck_assert_uint_eq(call_guest->tot_pages, CALL_PAGES + 511);
    big.extent_order = 10;
    ck_assert_int_eq(MEMORY_OP(call_v0, XENMEM_decrease_reservation, big), 0);
}
END_TEST

START_TEST(dom0_gets_back_the_frame_of_the_same_number_or_none)
{
    struct xen_memory_reservation r = reservation(DOMID_SELF, 1, 0);
    struct p2m_entry e = p2m_get(call_dom0, _gfn(8));
    uint64_t m = mfn_x(e.mfn);

    ck_assert_int_eq(p2m_set(call_dom0, _gfn(m), e.mfn, 0, P2M_RAM_RW), 0);
    ck_assert_int_eq(p2m_clear(call_dom0, _gfn(8), 0), 0);
    array_set(call_dom0, CALL_ARRAY, 0, m);
    memset(mfn_to_virt(e.mfn), 0x5a, PAGE_SIZE);
    ck_assert_int_eq(MEMORY_OP(call_v0, XENMEM_decrease_reservation, r), 1);
    ck_assert_int_eq(MEMORY_OP(call_v0, XENMEM_populate_physmap, r), 1);
    ck_assert_uint_eq(mfn_x(p2m_get(call_dom0, _gfn(m)).mfn), m);
    ck_assert_uint_eq(*(uint64_t *)mfn_to_virt(e.mfn), 0);
    array_set(call_dom0, CALL_ARRAY, 0, 0x80000);
    ck_assert_int_eq(MEMORY_OP(call_v0, XENMEM_populate_physmap, r), 0);
}
END_TEST

START_TEST(hostile_reservations_do_nothing)
{
    struct xen_memory_reservation r = reservation(1, 1, 0);

    ck_assert_int_eq(call(call_v1, __HYPERVISOR_memory_op,
                          XENMEM_populate_physmap, CALL_BAD, 0),
                     0);
    r.domid = 0;
    ck_assert_int_eq(MEMORY_OP(call_v1, XENMEM_decrease_reservation, r), 0);
    r = reservation(DOMID_SELF, ~0UL, 0);
    ck_assert_int_eq(MEMORY_OP(call_v1, XENMEM_populate_physmap, r), 0);
    r = reservation(DOMID_SELF, 1, 10);
    ck_assert_int_eq(MEMORY_OP(call_v1, XENMEM_populate_physmap, r), 0);
    r = reservation(DOMID_SELF, 1, 255);
    ck_assert_int_eq(MEMORY_OP(call_v1, XENMEM_decrease_reservation, r), 0);
    r = reservation(DOMID_SELF, 1, 0);
    array_set(call_guest, CALL_ARRAY, 0, ~0ULL);
    ck_assert_int_eq(MEMORY_OP(call_v1, XENMEM_populate_physmap, r), 0);
    ck_assert_int_eq(MEMORY_OP(call_v1, XENMEM_decrease_reservation, r), 0);
    ck_assert_uint_eq(call_guest->tot_pages, CALL_PAGES);
}
END_TEST

START_TEST(a_dying_domain_gets_nothing)
{
    struct xen_memory_reservation r = reservation(1, 1, 0);
    struct xen_add_to_physmap a = {
        .domid = 1, .space = XENMAPSPACE_grant_table, .gpfn = 0x300};

    array_set(call_dom0, CALL_ARRAY, 0, 0x100);
    call_guest->dying = DOMDYING_DYING;
    ck_assert_int_eq(MEMORY_OP(call_v0, XENMEM_populate_physmap, r), 0);
    ck_assert_int_lt(MEMORY_OP(call_v0, XENMEM_add_to_physmap, a), 0);
    ck_assert_int_eq(p2m_get(call_guest, _gfn(0x300)).type, P2M_NONE);
    ck_assert_uint_eq(call_guest->tot_pages, CALL_PAGES);
}
END_TEST

START_TEST(a_guest_cannot_have_endless_page_tables)
{
    struct xen_memory_reservation r = reservation(DOMID_SELF, 1, 0);

    call_guest->paging_pool_bytes = 0;
    array_set(call_guest, CALL_ARRAY, 0, 0x100);
    ck_assert_int_eq(MEMORY_OP(call_v1, XENMEM_populate_physmap, r), 0);
}
END_TEST

START_TEST(reservations_are_told)
{
    struct xen_memory_domain r = {.domid = 1};

    call_guest->max_pages = 5000;
    ck_assert_int_eq(MEMORY_OP(call_v0, XENMEM_current_reservation, r),
                     CALL_PAGES);
    ck_assert_int_eq(MEMORY_OP(call_v0, XENMEM_maximum_reservation, r), 5000);
    ck_assert_int_eq(MEMORY_OP(call_v0, XENMEM_maximum_gpfn, r),
                     CALL_PAGES - 1);
    r.domid = 0;
    ck_assert_int_eq(MEMORY_OP(call_v1, XENMEM_current_reservation, r),
                     -XEN_EPERM);
    r.domid = 77;
    ck_assert_int_eq(MEMORY_OP(call_v0, XENMEM_maximum_gpfn, r), -XEN_ESRCH);
    ck_assert_int_eq(MEMORY_OP(call_v1, XENMEM_maximum_ram_page, r), 0x4000);
}
END_TEST

START_TEST(nobody_sees_nodes)
{
    struct xen_vnuma_topology_info i = {.domid = 1};

    ck_assert_int_eq(MEMORY_OP(call_v0, XENMEM_get_vnumainfo, i),
                     -XEN_EOPNOTSUPP);
    i.pad = 1;
    ck_assert_int_eq(MEMORY_OP(call_v0, XENMEM_get_vnumainfo, i), -XEN_EINVAL);
    i.domid = 77;
    ck_assert_int_eq(MEMORY_OP(call_v0, XENMEM_get_vnumainfo, i), -XEN_ESRCH);
}
END_TEST

START_TEST(claims_need_privilege_and_clean_fields)
{
    struct xen_memory_reservation r = {.nr_extents = 100, .domid = 1};
    struct page_stats s;

    ck_assert_int_eq(MEMORY_OP(call_v1, XENMEM_claim_pages, r), -XEN_EPERM);
    ck_assert_int_eq(MEMORY_OP(call_v0, XENMEM_claim_pages, r), 0);
    page_stats(&s);
    ck_assert_uint_gt(s.outstanding, 0);
    r.nr_extents = 0;
    ck_assert_int_eq(MEMORY_OP(call_v0, XENMEM_claim_pages, r), 0);
    r.extent_order = 1;
    ck_assert_int_eq(MEMORY_OP(call_v0, XENMEM_claim_pages, r), -XEN_EINVAL);
}
END_TEST

/* --- Placing frames --- */

static struct xen_add_to_physmap_batch foreign_batch(unsigned int nr)
{
    struct xen_add_to_physmap_batch r = {.domid = DOMID_SELF,
                                         .space = XENMAPSPACE_gmfn_foreign,
                                         .size = (uint16_t)nr};

    r.u.foreign_domid = 1;
    set_xen_guest_handle(r.idxs, (xen_ulong_t *)CALL_ARRAY);
    set_xen_guest_handle(r.gpfns, (xen_pfn_t *)CALL_ARRAY2);
    set_xen_guest_handle(r.errs, (int *)CALL_ARRAY3);
    return r;
}

START_TEST(foreign_pages_are_mapped_and_unmapped)
{
    struct xen_add_to_physmap_batch r = foreign_batch(2);
    struct xen_remove_from_physmap rm = {.domid = DOMID_SELF, .gpfn = 0x200};
    mfn_t m = p2m_get(call_guest, _gfn(3)).mfn;
    int *errs = call_at(call_dom0, CALL_ARRAY3);

    array_set(call_dom0, CALL_ARRAY, 0, 3);
    array_set(call_dom0, CALL_ARRAY2, 0, 0x200);
    array_set(call_dom0, CALL_ARRAY, 1, 0x9999);
    array_set(call_dom0, CALL_ARRAY2, 1, 0x201);
    ck_assert_int_eq(MEMORY_OP(call_v0, XENMEM_add_to_physmap_batch, r), 0);
    ck_assert_int_eq(errs[0], 0);
    ck_assert_int_eq(errs[1], -XEN_EINVAL);
    ck_assert_int_eq(p2m_get(call_dom0, _gfn(0x200)).type, P2M_FOREIGN);
    ck_assert_uint_eq(page_refs(m), 2);
    ck_assert_int_eq(MEMORY_OP(call_v0, XENMEM_remove_from_physmap, rm), 0);
    ck_assert_uint_eq(page_refs(m), 1);
    ck_assert_int_eq(MEMORY_OP(call_v0, XENMEM_remove_from_physmap, rm),
                     -XEN_ENOENT);
}
END_TEST

START_TEST(foreign_pages_are_for_the_privileged)
{
    struct xen_add_to_physmap_batch r = foreign_batch(1);
    int *errs = call_at(call_guest, CALL_ARRAY3);

    r.u.foreign_domid = 0;
    array_set(call_guest, CALL_ARRAY, 0, 3);
    array_set(call_guest, CALL_ARRAY2, 0, 0x200);
    ck_assert_int_eq(MEMORY_OP(call_v1, XENMEM_add_to_physmap_batch, r), 0);
    ck_assert_int_eq(errs[0], -XEN_EPERM);
    r.u.foreign_domid = 55;
    ck_assert_int_eq(MEMORY_OP(call_v1, XENMEM_add_to_physmap_batch, r), 0);
    ck_assert_int_eq(errs[0], -XEN_ESRCH);
    r.u.foreign_domid = DOMID_SELF;
    ck_assert_int_eq(MEMORY_OP(call_v1, XENMEM_add_to_physmap_batch, r), 0);
    ck_assert_int_eq(errs[0], -XEN_EINVAL);
    r.domid = 0;
    ck_assert_int_eq(MEMORY_OP(call_v1, XENMEM_add_to_physmap_batch, r),
                     -XEN_EPERM);
}
END_TEST

START_TEST(hostile_batches_fail)
{
    struct xen_add_to_physmap_batch r = foreign_batch(4);

    ck_assert_int_eq(
        MEMORY_OP(call_v0, XENMEM_add_to_physmap_batch | 1UL << 40, r),
        -XEN_EDOM);
    ck_assert_int_eq(
        MEMORY_OP(call_v0, XENMEM_add_to_physmap_batch | 5 << 6, r),
        -XEN_EILSEQ);
    set_xen_guest_handle(r.errs, (int *)CALL_BAD);
    ck_assert_int_eq(MEMORY_OP(call_v0, XENMEM_add_to_physmap_batch, r),
                     -XEN_EFAULT);
    r.space = 200;
    set_xen_guest_handle(r.errs, (int *)CALL_ARRAY3);
    r.u.res0 = 0;
    ck_assert_int_eq(MEMORY_OP(call_v0, XENMEM_add_to_physmap_batch, r), 0);
    ck_assert_int_eq(*(int *)call_at(call_dom0, CALL_ARRAY3), -XEN_EINVAL);
}
END_TEST

START_TEST(shared_info_is_placed_over_ram)
{
    struct xen_add_to_physmap r = {
        .domid = DOMID_SELF, .space = XENMAPSPACE_shared_info, .gpfn = 7};
    uint64_t pages = call_guest->tot_pages;

    ck_assert_int_eq(MEMORY_OP(call_v1, XENMEM_add_to_physmap, r), 0);
    ck_assert_ptr_eq(call_at(call_guest, 0x7000), call_guest->shared_info);
    ck_assert_uint_eq(call_guest->tot_pages, pages - 1);
    r.idx = 1;
    ck_assert_int_eq(MEMORY_OP(call_v1, XENMEM_add_to_physmap, r), -XEN_EINVAL);
}
END_TEST

START_TEST(grant_frames_are_placed)
{
    struct xen_add_to_physmap r = {
        .domid = DOMID_SELF, .space = XENMAPSPACE_grant_table, .gpfn = 0x300};

    ck_assert_int_eq(MEMORY_OP(call_v1, XENMEM_add_to_physmap, r), 0);
    ck_assert_int_eq(p2m_get(call_guest, _gfn(0x300)).type, P2M_SHARED);
    r.idx = 1 << 20;
    ck_assert_int_ne(MEMORY_OP(call_v1, XENMEM_add_to_physmap, r), 0);
    r.space = XENMAPSPACE_gmfn_foreign;
    ck_assert_int_eq(MEMORY_OP(call_v1, XENMEM_add_to_physmap, r), -XEN_ENOSYS);
}
END_TEST

/* --- Resources --- */

START_TEST(grant_frames_of_a_guest_can_be_acquired)
{
    struct xen_mem_acquire_resource r = {.domid = 1,
                                         .type = XENMEM_resource_grant_table};
    struct xen_mem_acquire_resource *out = call_at(call_dom0, CALL_REQUEST);

    ck_assert_int_eq(MEMORY_OP(call_v0, XENMEM_acquire_resource, r), 0);
    ck_assert_uint_eq(out->nr_frames, 64);
    r.nr_frames = 40;
    set_xen_guest_handle(r.frame_list, (xen_pfn_t *)CALL_ARRAY);
    for (unsigned int i = 0; i < 40; i++)
        array_set(call_dom0, CALL_ARRAY, i, 0x600 + i);
    ck_assert_int_eq(MEMORY_OP(call_v0, XENMEM_acquire_resource, r), 0);
    ck_assert_int_eq(p2m_get(call_dom0, _gfn(0x627)).type, P2M_FOREIGN);
    ck_assert_int_eq(p2m_get(call_dom0, _gfn(0x628)).type, P2M_NONE);
}
END_TEST

START_TEST(bad_resources_are_refused)
{
    struct xen_mem_acquire_resource r = {
        .domid = 1, .type = XENMEM_resource_grant_table, .pad = 1};

    ck_assert_int_eq(MEMORY_OP(call_v0, XENMEM_acquire_resource, r),
                     -XEN_EINVAL);
    r.pad = 0;
    r.nr_frames = 1;
    ck_assert_int_eq(MEMORY_OP(call_v0, XENMEM_acquire_resource, r),
                     -XEN_EINVAL);
    r.domid = DOMID_SELF;
    ck_assert_int_eq(MEMORY_OP(call_v0, XENMEM_acquire_resource, r),
                     -XEN_EPERM);
    r.domid = 1;
    r.type = XENMEM_resource_vmtrace_buf;
    ck_assert_int_eq(MEMORY_OP(call_v0, XENMEM_acquire_resource, r),
                     -XEN_EINVAL);
    r.type = XENMEM_resource_ioreq_server;
    set_xen_guest_handle(r.frame_list, (xen_pfn_t *)CALL_ARRAY);
    ck_assert_int_eq(MEMORY_OP(call_v0, XENMEM_acquire_resource, r),
                     -XEN_EINVAL);
    r.type = XENMEM_resource_grant_table;
    r.frame = ~0ULL;
    ck_assert_int_eq(MEMORY_OP(call_v0, XENMEM_acquire_resource, r),
                     -XEN_EINVAL);
    r.type = XENMEM_resource_vmtrace_buf + 1;
    ck_assert_int_eq(MEMORY_OP(call_v0, XENMEM_acquire_resource, r),
                     -XEN_EOPNOTSUPP);
}
END_TEST

/* --- Maps and small questions --- */

START_TEST(a_memory_map_is_set_and_read_back)
{
    struct xen_foreign_memory_map set = {.domid = 1};
    struct xen_memory_map get = {.nr_entries = 1};
    struct memory_map_entry *e = call_at(call_dom0, CALL_ARRAY);

    set.map.nr_entries = 2;
    set_xen_guest_handle(set.map.buffer, (void *)CALL_ARRAY);
    set_xen_guest_handle(get.buffer, (void *)CALL_ARRAY);
    ck_assert_int_eq(MEMORY_OP(call_v1, XENMEM_memory_map, get), -XEN_ENOSYS);
    e[0] = (struct memory_map_entry){0, 0x1000, 1};
    e[1] = (struct memory_map_entry){0x100000, 0x2000, 2};
    ck_assert_int_eq(MEMORY_OP(call_v0, XENMEM_set_memory_map, set), 0);
    ck_assert_int_eq(MEMORY_OP(call_v1, XENMEM_memory_map, get), 0);
    ck_assert_int_eq(memcmp(call_at(call_guest, CALL_ARRAY), e, sizeof(*e)), 0);
    get.nr_entries = 9;
    ck_assert_int_eq(MEMORY_OP(call_v1, XENMEM_memory_map, get), 0);
    ck_assert_uint_eq(
        ((struct xen_memory_map *)call_at(call_guest, CALL_REQUEST))
            ->nr_entries,
        2);
    set.map.nr_entries = MEMORY_MAP_MAX + 1;
    ck_assert_int_eq(MEMORY_OP(call_v0, XENMEM_set_memory_map, set),
                     -XEN_EINVAL);
    set.domid = 0;
    set.map.nr_entries = 1;
    ck_assert_int_eq(MEMORY_OP(call_v1, XENMEM_set_memory_map, set),
                     -XEN_EPERM);
}
END_TEST

START_TEST(a_pod_target_within_the_limit_is_accepted)
{
    struct xen_pod_target t = {.target_pages = 10, .domid = 1};
    struct xen_pod_target *out = call_at(call_dom0, CALL_REQUEST);

    call_guest->max_pages = 100;
    ck_assert_int_eq(MEMORY_OP(call_v0, XENMEM_set_pod_target, t), 0);
    ck_assert_uint_eq(out->tot_pages, CALL_PAGES);
    t.target_pages = 101;
    ck_assert_int_eq(MEMORY_OP(call_v0, XENMEM_set_pod_target, t), -XEN_EINVAL);
    ck_assert_int_eq(MEMORY_OP(call_v0, XENMEM_get_pod_target, t), 0);
    ck_assert_uint_eq(out->tot_pages, CALL_PAGES);
    t.domid = 77;
    ck_assert_int_eq(MEMORY_OP(call_v0, XENMEM_get_pod_target, t), -XEN_ESRCH);
}
END_TEST

START_TEST(what_is_not_there_says_so)
{
    struct xen_vnuma_topology_info t = {.domid = DOMID_SELF};

    ck_assert_int_eq(MEMORY_OP(call_v0, XENMEM_get_vnumainfo, t),
                     -XEN_EOPNOTSUPP);
    ck_assert_int_eq(MEMORY_OP(call_v0, XENMEM_exchange, t), -XEN_ENOSYS);
    ck_assert_int_eq(MEMORY_OP(call_v0, 63, t), -XEN_ENOSYS);
    ck_assert_int_eq(MEMORY_OP(call_v0, XENMEM_get_sharing_freed_pages, t), 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        populate_maps_pages_and_counts_extents,
        populate_uses_superpages_where_asked,
        populate_over_ram_frees_what_was_there,
        populate_stops_at_the_first_extent_that_fails,
        populate_restarts_and_still_counts_all,
        a_guest_balloons_down_and_up,
        an_extent_goes_as_a_whole_or_stays,
        dom0_gets_back_the_frame_of_the_same_number_or_none,
        hostile_reservations_do_nothing,
        a_dying_domain_gets_nothing,
        a_guest_cannot_have_endless_page_tables,
        reservations_are_told,
        nobody_sees_nodes,
        claims_need_privilege_and_clean_fields,
        foreign_pages_are_mapped_and_unmapped,
        foreign_pages_are_for_the_privileged,
        hostile_batches_fail,
        shared_info_is_placed_over_ram,
        grant_frames_are_placed,
        grant_frames_of_a_guest_can_be_acquired,
        bad_resources_are_refused,
        a_memory_map_is_set_and_read_back,
        a_pod_target_within_the_limit_is_accepted,
        what_is_not_there_says_so,
    };

    return call_run("memory", tests, ARRAY_SIZE(tests));
}
