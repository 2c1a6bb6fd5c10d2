/*
 * Fixed point factors.
 */
#include <check.h>
#include <stdlib.h>

#include "base/scale.h"

#define ONE (1ULL << 32)

START_TEST(a_ratio_scales)
{
    ck_assert_uint_eq(scale_ratio(1, 1), ONE);
    ck_assert_uint_eq(scale(123, ONE), 123);
    ck_assert_uint_eq(scale_ratio(3, 2), ONE + ONE / 2);
    ck_assert_uint_eq(scale(10, scale_ratio(3, 2)), 15);
    ck_assert_uint_eq(scale(2600000000ULL, scale_ratio(1000000000, 2600000000)),
                      999999999);
    ck_assert_uint_eq(scale(~0ULL >> 1, ONE * 2), ~1ULL);
}
END_TEST

static const uint64_t factors[] = {1,   2,       ONE / 3,     ONE - 1,
                                   ONE, ONE + 1, 5 * ONE / 2, ONE * 40};

START_TEST(pvclock_has_the_same_factor)
{
    const uint64_t delta = 1ULL << 20;
    uint64_t back, want = scale(delta, factors[_i]);
    uint32_t mul;
    int8_t shift;

    scale_pvclock(factors[_i], &mul, &shift);
    ck_assert_uint_ge(mul, 1U << 31);
    back = shift < 0 ? delta >> -shift : delta << shift;
    back = scale(back, mul);
    ck_assert_uint_le(back, want);
    ck_assert_uint_ge(back + 1 + want / 1000000, want);
}
END_TEST

START_TEST(no_factor_is_none)
{
    uint32_t mul = 1;
    int8_t shift = 1;

    scale_pvclock(0, &mul, &shift);
    ck_assert_uint_eq(mul, 0);
    ck_assert_int_eq(shift, 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("scale");
    TCase *t = tcase_create("scale");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_add_test(t, a_ratio_scales);
    tcase_add_loop_test(t, pvclock_has_the_same_factor, 0, ARRAY_SIZE(factors));
    tcase_add_test(t, no_factor_is_none);
    suite_add_tcase(s, t);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
