/*
 * The memory map: order, overlaps, holes, broken ranges.
 */
#include <check.h>
#include <stdlib.h>

#include "base/memmap.h"

#define RANGES_MAX 16

static struct memmap_range range[RANGES_MAX];
static struct memmap map;

static void setup(void)
{
    map = (struct memmap){range, RANGES_MAX, 0};
}

static void expect(const struct memmap_range *want, unsigned int nr)
{
    ck_assert_uint_eq(nr, map.nr);
    for (unsigned int i = 0; i < nr; i++) {
        ck_assert_uint_eq(want[i].start, range[i].start);
        ck_assert_uint_eq(want[i].end, range[i].end);
        ck_assert_int_eq(want[i].type, range[i].type);
    }
}

#define EXPECT(...)                                               \
    do {                                                          \
        static const struct memmap_range want_[] = {__VA_ARGS__}; \
        expect(want_, ARRAY_SIZE(want_));                         \
    } while (0)

START_TEST(ranges_come_out_sorted_and_joined)
{
    ck_assert(memmap_add(&map, 0x3000, 0x4000, MEMMAP_RAM));
    ck_assert(memmap_add(&map, 0x1000, 0x2000, MEMMAP_RAM));
    ck_assert(memmap_add(&map, 0x8000, 0x9000, MEMMAP_ACPI));
    ck_assert(memmap_add(&map, 0x2000, 0x3000, MEMMAP_RAM));
    EXPECT({0x1000, 0x4000, MEMMAP_RAM}, {0x8000, 0x9000, MEMMAP_ACPI});
}
END_TEST

START_TEST(the_more_restrictive_type_wins_in_either_order)
{
    ck_assert(memmap_add(&map, 0x1000, 0x9000, MEMMAP_RAM));
    ck_assert(memmap_add(&map, 0x3000, 0x4000, MEMMAP_RESERVED));
    ck_assert(memmap_add(&map, 0x2000, 0x8000, MEMMAP_ACPI));
    ck_assert(memmap_add(&map, 0x0000, 0xa000, MEMMAP_RAM));
    EXPECT({0x0000, 0x2000, MEMMAP_RAM}, {0x2000, 0x3000, MEMMAP_ACPI},
           {0x3000, 0x4000, MEMMAP_RESERVED}, {0x4000, 0x8000, MEMMAP_ACPI},
           {0x8000, 0xa000, MEMMAP_RAM});
}
END_TEST

START_TEST(empty_and_backward_ranges_are_dropped)
{
    ck_assert(memmap_add(&map, 0x1000, 0x1000, MEMMAP_RAM));
    ck_assert(memmap_add(&map, 0x2000, 0x1000, MEMMAP_RAM));
    ck_assert_uint_eq(0, map.nr);
}
END_TEST

START_TEST(unknown_types_are_reserved)
{
    ck_assert(memmap_add(&map, 0x1000, 0x2000, (enum memmap_type)77));
    ck_assert(memmap_add(&map, 0x2000, 0x3000, (enum memmap_type)0));
    EXPECT({0x1000, 0x3000, MEMMAP_RESERVED});
}
END_TEST

START_TEST(the_top_of_the_address_space_is_fine)
{
    ck_assert(memmap_add(&map, ~0xfffULL, ~0ULL, MEMMAP_RESERVED));
    ck_assert(memmap_add(&map, 0, ~0ULL, MEMMAP_RAM));
    EXPECT({0, ~0xfffULL, MEMMAP_RAM}, {~0xfffULL, ~0ULL, MEMMAP_RESERVED});
}
END_TEST

START_TEST(a_full_map_refuses_and_stays_valid)
{
    for (unsigned int i = 0; i < RANGES_MAX; i++)
        ck_assert(
            memmap_add(&map, i * 0x2000, i * 0x2000 + 0x1000, MEMMAP_RAM));
    ck_assert(!memmap_add(&map, 0x100000, 0x101000, MEMMAP_RAM));
    ck_assert(!memmap_set(&map, 0x200, 0x300, MEMMAP_NVS));
    ck_assert_uint_eq(RANGES_MAX, map.nr);
    for (unsigned int i = 1; i < map.nr; i++)
        ck_assert_uint_ge(range[i].start, range[i - 1].end);
}
END_TEST

START_TEST(set_overrides_what_was_there)
{
    ck_assert(memmap_add(&map, 0x0000, 0x8000, MEMMAP_RESERVED));
    ck_assert(memmap_set(&map, 0x2000, 0x4000, MEMMAP_RAM));
    EXPECT({0x0000, 0x2000, MEMMAP_RESERVED}, {0x2000, 0x4000, MEMMAP_RAM},
           {0x4000, 0x8000, MEMMAP_RESERVED});
}
END_TEST

START_TEST(find_knows_holes)
{
    ck_assert(memmap_add(&map, 0x1000, 0x2000, MEMMAP_RAM));
    ck_assert(memmap_add(&map, 0x3000, 0x4000, MEMMAP_ACPI));
    ck_assert_ptr_null(memmap_find(&map, 0xfff));
    ck_assert_ptr_eq(&range[0], memmap_find(&map, 0x1000));
    ck_assert_ptr_null(memmap_find(&map, 0x2000));
    ck_assert_ptr_eq(&range[1], memmap_find(&map, 0x3fff));
    ck_assert_ptr_null(memmap_find(&map, 0x4000));
    ck_assert_uint_eq(0x2000, memmap_top(&map, MEMMAP_RAM));
    ck_assert_uint_eq(0, memmap_top(&map, MEMMAP_NVS));
}
END_TEST

START_TEST(denied_ram_is_reserved_and_nothing_else_changes)
{
    ck_assert(memmap_add(&map, 0x0000, 0x9000, MEMMAP_RAM));
    ck_assert(memmap_add(&map, 0xa000, 0xb000, MEMMAP_NVS));
    ck_assert(memmap_add(&map, 0xb000, 0xd000, MEMMAP_RAM));
    ck_assert_uint_eq(0x3000, memmap_deny(&map, 0x8000, 0xf000));
    EXPECT({0x0000, 0x8000, MEMMAP_RAM}, {0x8000, 0x9000, MEMMAP_RESERVED},
           {0xa000, 0xb000, MEMMAP_NVS}, {0xb000, 0xd000, MEMMAP_RESERVED});
    ck_assert_uint_eq(0, memmap_deny(&map, 0x8000, 0xf000));
    ck_assert_uint_eq(0, memmap_deny(&map, 0x100000, 0x200000));
    ck_assert_uint_eq(0x1000, memmap_deny(&map, 0x2000, 0x3000));
    ck_assert_uint_eq(0, memmap_deny(&map, 0xb800, 0xc000));
}
END_TEST

START_TEST(what_reaches_beyond_a_denied_range_is_passed)
{
    ck_assert(memmap_add(&map, 0x0000, 0x4000, MEMMAP_RAM));
    ck_assert(memmap_add(&map, 0x8000, 0x20000, MEMMAP_RESERVED));
    ck_assert_uint_eq(0x1000, memmap_deny(&map, 0x3000, 0x10000));
    ck_assert_uint_eq(0, memmap_deny(&map, 0x9000, 0x10000));
}
END_TEST

START_TEST(ram_is_denied_even_in_a_full_map)
{
    for (unsigned int i = 0; i < RANGES_MAX; i++)
        ck_assert(
            memmap_add(&map, i * 0x4000, i * 0x4000 + 0x3000, MEMMAP_RAM));
    ck_assert_uint_eq(0x1000, memmap_deny(&map, 0x1000, 0x2000));
    ck_assert_uint_eq(RANGES_MAX, map.nr);
    ck_assert_ptr_null(memmap_find(&map, 0x1000));
    ck_assert_uint_eq(0x1000, range[0].end);
}
END_TEST

START_TEST(what_is_removed_is_a_hole)
{
    ck_assert(memmap_add(&map, 0x0000, 0x3000, MEMMAP_RAM));
    ck_assert(memmap_add(&map, 0x5000, ~0ULL, MEMMAP_RAM));
    memmap_remove(&map, 0x7000, ~0ULL);
    memmap_remove(&map, 0x2000, 0x3000);
    EXPECT({0x0000, 0x2000, MEMMAP_RAM}, {0x5000, 0x7000, MEMMAP_RAM});
}
END_TEST

START_TEST(a_coarse_map_gives_up_the_smallest_memory)
{
    ck_assert(memmap_add(&map, 0x0000, 0x9000, MEMMAP_RAM));
    ck_assert(memmap_add(&map, 0x2000, 0x3000, MEMMAP_RESERVED));
    ck_assert(memmap_add(&map, 0x4000, 0x5000, MEMMAP_RESERVED));
    ck_assert(memmap_add(&map, 0xb000, 0xb800, MEMMAP_RAM));
    ck_assert_uint_eq(0x1800, memmap_coarsen(&map, 4));
    EXPECT({0x0000, 0x2000, MEMMAP_RAM}, {0x2000, 0x5000, MEMMAP_RESERVED},
           {0x5000, 0x9000, MEMMAP_RAM});
    ck_assert_uint_eq(0, memmap_coarsen(&map, 3));
}
END_TEST

START_TEST(a_map_without_ram_cannot_be_coarser)
{
    ck_assert(memmap_add(&map, 0x0000, 0x1000, MEMMAP_NVS));
    ck_assert(memmap_add(&map, 0x2000, 0x3000, MEMMAP_NVS));
    ck_assert_uint_eq(0, memmap_coarsen(&map, 1));
    ck_assert_uint_eq(2, map.nr);
}
END_TEST

START_TEST(bytes_of_a_type_are_counted)
{
    ck_assert(memmap_add(&map, 0x1000, 0x3000, MEMMAP_RAM));
    ck_assert(memmap_add(&map, 0x3000, 0x5000, MEMMAP_ACPI));
    ck_assert(memmap_add(&map, 0x8000, 0x9000, MEMMAP_RAM));
    ck_assert(memmap_add(&map, 0x9000, 0xa000, MEMMAP_RESERVED));
    ck_assert_uint_eq(0x3000, memmap_bytes(&map, MEMMAP_RAM, 0, ~0ULL));
    ck_assert_uint_eq(0x1800, memmap_bytes(&map, MEMMAP_RAM, 0x2000, 0x8800));
    ck_assert_uint_eq(0, memmap_bytes(&map, MEMMAP_RAM, 0x3000, 0x8000));
    ck_assert_uint_eq(0x9000, memmap_top_below(&map, ~0ULL));
    ck_assert_uint_eq(0x5000, memmap_top_below(&map, 0x8fff));
    ck_assert_uint_eq(0, memmap_top_below(&map, 0x2000));
}
END_TEST

/* Against a map with one byte per page, for many random sequences. */
START_TEST(random_maps_agree_with_a_bitmap)
{
    enum { PAGES = 24, STEPS = 12 };
    static const uint8_t rank[] = {0, 1, 4, 2, 3, 5};
    uint32_t seed = 12345;

    for (unsigned int run = 0; run < 2000; run++) {
        uint8_t model[PAGES] = {0};

        setup();
        for (unsigned int step = 0; step < STEPS; step++) {
            unsigned int a, b, t;

            seed = seed * 1664525 + 1013904223;
            a = seed >> 8 & 0xff;
            b = seed >> 16 & 0xff;
            t = 1 + (seed >> 24) % 5;
            a %= PAGES;
            b = a + b % (PAGES - a + 1);
            if (!memmap_add(&map, a, b, (enum memmap_type)t))
                break;
            for (unsigned int i = a; i < b; i++)
                if (rank[t] > rank[model[i]])
                    model[i] = (uint8_t)t;
            for (unsigned int i = 0; i < PAGES; i++) {
                const struct memmap_range *r = memmap_find(&map, i);

                ck_assert_int_eq(model[i], r ? (int)r->type : 0);
            }
        }
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("memmap");
    TCase *t = tcase_create("memmap");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_test(t, ranges_come_out_sorted_and_joined);
    tcase_add_test(t, the_more_restrictive_type_wins_in_either_order);
    tcase_add_test(t, empty_and_backward_ranges_are_dropped);
    tcase_add_test(t, unknown_types_are_reserved);
    tcase_add_test(t, the_top_of_the_address_space_is_fine);
    tcase_add_test(t, a_full_map_refuses_and_stays_valid);
    tcase_add_test(t, set_overrides_what_was_there);
    tcase_add_test(t, find_knows_holes);
    tcase_add_test(t, denied_ram_is_reserved_and_nothing_else_changes);
    tcase_add_test(t, what_reaches_beyond_a_denied_range_is_passed);
    tcase_add_test(t, ram_is_denied_even_in_a_full_map);
    tcase_add_test(t, what_is_removed_is_a_hole);
    tcase_add_test(t, a_coarse_map_gives_up_the_smallest_memory);
    tcase_add_test(t, a_map_without_ram_cannot_be_coarser);
    tcase_add_test(t, bytes_of_a_type_are_counted);
    tcase_add_test(t, random_maps_agree_with_a_bitmap);
    suite_add_tcase(s, t);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
