/*
 * Heap: sizes, zeroing, accounting, limits.
 */
#include "double/double.h"
#include "run.h"

#include "hv/heap.h"

#include <stdlib.h>
#include <string.h>

static uint64_t free_pages(void)
{
    struct page_stats s;

    page_stats(&s);
    return s.free;
}

START_TEST(every_size_is_zeroed_aligned_and_apart)
{
    static char *p[600];

    double_init(64);
    for (size_t n = 0; n < ARRAY_SIZE(p); n++) {
        size_t size = n * 11 + 1;

        p[n] = heap_alloc(size);
        ck_assert_ptr_nonnull(p[n]);
        ck_assert_uint_eq((uintptr_t)p[n] % 16, 0);
        for (size_t i = 0; i < size; i++)
            ck_assert_int_eq(p[n][i], 0);
        memset(p[n], (int)(n & 0xff) | 1, size);
    }
    for (size_t n = 0; n < ARRAY_SIZE(p); n++)
        for (size_t i = 0; i < n * 11 + 1; i++)
            ck_assert_int_eq((unsigned char)p[n][i], (n & 0xff) | 1);
}
END_TEST

START_TEST(everything_freed_is_everything_back)
{
    static void *p[4000];
    uint64_t pages;
    unsigned int seed = 7;

    double_init(64);
    pages = free_pages();
    for (unsigned int round = 0; round < 3; round++) {
        for (unsigned int i = 0; i < ARRAY_SIZE(p); i++) {
            p[i] = heap_alloc((size_t)rand_r(&seed) % 5000);
            ck_assert_ptr_nonnull(p[i]);
        }
        ck_assert_uint_gt(heap_used_bytes(), 2500 * ARRAY_SIZE(p));
        for (unsigned int i = 0; i < ARRAY_SIZE(p); i += 2)
            heap_free(p[i]);
        for (unsigned int i = 1; i < ARRAY_SIZE(p); i += 2)
            heap_free(p[i]);
        ck_assert_uint_eq(heap_used_bytes(), 0);
        ck_assert_uint_eq(free_pages(), pages);
    }
}
END_TEST

START_TEST(freed_slots_come_back_zeroed)
{
    char *p;

    double_init(64);
    ck_assert_ptr_nonnull(heap_alloc(100)); /* Keeps the slab. */
    p = heap_alloc(100);
    memset(p, 0xff, 100);
    heap_free(p);
    p = heap_alloc(100);
    for (unsigned int i = 0; i < 100; i++)
        ck_assert_int_eq(p[i], 0);
}
END_TEST

START_TEST(null_may_be_freed)
{
    double_init(64);
    heap_free(NULL);
    ck_assert_uint_eq(heap_used_bytes(), 0);
}
END_TEST

START_TEST(without_memory_it_says_null)
{
    double_init(16);
    double_exhaust(1);
    ck_assert_ptr_null(heap_alloc(8000));
    ck_assert_ptr_nonnull(heap_alloc(2000));
    ck_assert_ptr_nonnull(heap_alloc(2000));
    ck_assert_ptr_null(heap_alloc(2000));
    ck_assert_ptr_null(heap_alloc(1UL << 40));
    ck_assert_ptr_null(heap_alloc(~0UL));
    ck_assert_uint_eq(heap_used_bytes(), 2 * 2016);
}
END_TEST

START_TEST(a_stray_pointer_is_a_panic)
{
    double_init(64);
    heap_free((char *)page_alloc_virt() + 64);
    ck_abort_msg("it went through");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        every_size_is_zeroed_aligned_and_apart,
        everything_freed_is_everything_back,
        freed_slots_come_back_zeroed,
        null_may_be_freed,
        without_memory_it_says_null,
    };
    const TTest *const aborting[] = {a_stray_pointer_is_a_panic};
    const struct test_more more = {.aborting = aborting,
                                   .aborting_nr = ARRAY_SIZE(aborting)};

    return test_run_more("heap", tests, ARRAY_SIZE(tests), &more);
}
