/*
 * How much memory dom0 gets, which, and what its memory map says.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "abi/xen.h"
#include "double/double.h"
#include "hv/memory.h"
#include "hv/p2m.h"
#include "x86/boot.h"
#include "x86/dom0.h"

#define MIB  (1UL << 20)
#define GIB  (1UL << 30)
#define LENT 32 /* pages below 1 MiB */

/* --- dom0_mem= --- */

START_TEST(dom0_gets_a_quarter_unless_told_otherwise)
{
    uint64_t bytes = 0, max = 0;

    ck_assert(dom0_memory_size("", 8 * GIB, &bytes, &max));
    ck_assert_uint_eq(bytes, 2 * GIB);
    ck_assert(dom0_memory_size("", 32 * GIB, &bytes, &max));
    ck_assert_uint_eq(bytes, 4 * GIB);
    ck_assert(dom0_memory_size("", GIB, &bytes, &max));
    ck_assert_uint_eq(bytes, 512 * MIB);
    ck_assert(dom0_memory_size("", 100 * MIB, &bytes, &max));
    ck_assert_uint_eq(bytes, 100 * MIB);
    ck_assert_uint_eq(max, ~0UL);
    ck_assert(!dom0_memory_size("much", GIB, &bytes, &max));
}
END_TEST

/* --- Building --- */

static struct memmap_range range[3];

/* RAM 1-17 and 18-34 MiB, a reserved MiB between, a hole above. */
static void machine(void)
{
    static const struct page_region usable[] = {
        {.start = 1 * MIB, .end = 17 * MIB},
        {.start = 18 * MIB, .end = 34 * MIB},
    };

    boot_info.map.range = range;
    range[0] = (struct memmap_range){MIB, 17 * MIB, MEMMAP_RAM};
    range[1] = (struct memmap_range){17 * MIB, 18 * MIB, MEMMAP_RESERVED};
    range[2] = (struct memmap_range){18 * MIB, 34 * MIB + 0x800, MEMMAP_RAM};
    boot_info.map.nr = 3;
    double_init_regions(64 * MIB, usable, 2);
    dom0 = double_domain(0, 1);
    dom0->max_pages = ~0U;
}

static void build(uint64_t bytes, paddr_t acpi, paddr_t acpi_end)
{
    dom0_memory_build(dom0, bytes);
    dom0_memory_publish(dom0, acpi, acpi_end);
}

static const struct memory_map_entry *map_entry(unsigned int i)
{
    ck_assert_uint_lt(i, dom0->memory_map->nr);
    return &dom0->memory_map->entry[i];
}

static void expect(unsigned int i, paddr_t start, paddr_t end, uint32_t type)
{
    const struct memory_map_entry *e = map_entry(i);

    ck_assert_uint_eq(e->start, start);
    ck_assert_uint_eq(e->start + e->bytes, end);
    ck_assert_uint_eq(e->type, type);
}

START_TEST(dom0_gets_the_lowest_memory_at_its_own_address)
{
    machine();
    build(20 * MIB, 0, 0);
    expect(1, MIB, 17 * MIB, XEN_HVM_MEMMAP_TYPE_RAM);
    expect(2, 17 * MIB, 18 * MIB, XEN_HVM_MEMMAP_TYPE_RESERVED);
    expect(3, 18 * MIB, 22 * MIB, XEN_HVM_MEMMAP_TYPE_RAM);
    expect(4, 22 * MIB, 34 * MIB + 0x800, XEN_HVM_MEMMAP_TYPE_UNUSABLE);
    ck_assert_uint_eq(dom0->memory_map->nr, 5);
    ck_assert_uint_eq(dom0->tot_pages, 20 * MIB / PAGE_SIZE + LENT);
    for (uint64_t n = 18 * MIB / PAGE_SIZE; n < 22 * MIB / PAGE_SIZE; n++) {
        struct p2m_entry e = p2m_get(dom0, _gfn(n));

        ck_assert_uint_eq(mfn_x(e.mfn), n);
        ck_assert_int_eq(e.type, P2M_RAM_RW);
        ck_assert_uint_eq(page_owner(e.mfn), 0);
    }
    ck_assert_int_eq(p2m_get(dom0, _gfn(22 * MIB / PAGE_SIZE)).type, P2M_NONE);
}
END_TEST

START_TEST(a_machine_without_low_memory_gets_some)
{
    struct p2m_entry e;

    machine();
    build(20 * MIB, 0, 0);
    expect(0, 0x10000, 0x10000 + LENT * PAGE_SIZE, XEN_HVM_MEMMAP_TYPE_RAM);
    e = p2m_get(dom0, _gfn(0x10));
    ck_assert_int_eq(e.type, P2M_RAM_RW);
    ck_assert_uint_ge(mfn_x(e.mfn), 22 * MIB / PAGE_SIZE);
    ck_assert_uint_eq(page_owner(e.mfn), 0);
    ck_assert_int_eq(p2m_get(dom0, _gfn(0x10 + LENT)).type, P2M_NONE);
}
END_TEST

START_TEST(what_the_hypervisor_holds_is_shown_unusable)
{
    machine();
    ck_assert_int_eq(page_alloc_range(dom0, _mfn(5 * MIB / PAGE_SIZE), 1), 0);
    build(8 * MIB, 0, 0);
    expect(1, MIB, 5 * MIB, XEN_HVM_MEMMAP_TYPE_RAM);
    ck_assert_uint_eq(map_entry(2)->start, 5 * MIB);
    ck_assert_uint_eq(map_entry(2)->type, XEN_HVM_MEMMAP_TYPE_UNUSABLE);
    ck_assert_int_eq(p2m_get(dom0, _gfn(5 * MIB / PAGE_SIZE)).type, P2M_NONE);
    ck_assert_uint_eq(dom0->tot_pages, 8 * MIB / PAGE_SIZE + 1 + LENT);
}
END_TEST

START_TEST(more_than_there_is_is_refused)
{
    machine();
    dom0_memory_build(dom0, 40 * MIB);
}
END_TEST

START_TEST(places_keep_clear_of_the_kernel)
{
    machine();
    dom0_memory_build(dom0, 20 * MIB);
    ck_assert_uint_eq(dom0_memory_place(MIB, 8 * MIB, 12 * MIB, GIB), 21 * MIB);
    ck_assert_uint_eq(dom0_memory_place(MIB, 8 * MIB, 12 * MIB, 19 * MIB),
                      18 * MIB);
    ck_assert_uint_eq(dom0_memory_place(5 * MIB, 8 * MIB, 12 * MIB, GIB),
                      12 * MIB);
    ck_assert_uint_eq(dom0_memory_place(6 * MIB, 8 * MIB, 12 * MIB, GIB),
                      2 * MIB);
    ck_assert_uint_eq(dom0_memory_place(9 * MIB, 8 * MIB, 12 * MIB, GIB), 0);
    ck_assert(dom0_memory_owns(8 * MIB, 17 * MIB));
    ck_assert(!dom0_memory_owns(8 * MIB, 17 * MIB + 1));
}
END_TEST

START_TEST(acpi_tables_are_cut_out_of_ram)
{
    machine();
    build(20 * MIB, 20 * MIB, 20 * MIB + PAGE_SIZE);
    expect(3, 18 * MIB, 20 * MIB, XEN_HVM_MEMMAP_TYPE_RAM);
    expect(4, 20 * MIB, 20 * MIB + PAGE_SIZE, XEN_HVM_MEMMAP_TYPE_ACPI);
    expect(5, 20 * MIB + PAGE_SIZE, 22 * MIB, XEN_HVM_MEMMAP_TYPE_RAM);
    expect(6, 22 * MIB, 34 * MIB + 0x800, XEN_HVM_MEMMAP_TYPE_UNUSABLE);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("dom0 memory");
    TCase *t = tcase_create("dom0 memory");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_add_test(t, dom0_gets_a_quarter_unless_told_otherwise);
    tcase_add_test(t, dom0_gets_the_lowest_memory_at_its_own_address);
    tcase_add_test(t, a_machine_without_low_memory_gets_some);
    tcase_add_test(t, what_the_hypervisor_holds_is_shown_unusable);
    tcase_add_test_raise_signal(t, more_than_there_is_is_refused, 6);
    tcase_add_test(t, places_keep_clear_of_the_kernel);
    tcase_add_test(t, acpi_tables_are_cut_out_of_ram);
    suite_add_tcase(s, t);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
