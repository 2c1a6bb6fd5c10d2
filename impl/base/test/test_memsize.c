/*
 * What dom0_mem= says.
 */
#include <check.h>
#include <stdlib.h>

#include "base/memsize.h"

#define MIB (1UL << 20)
#define GIB (1UL << 30)

static const struct {
    const char *text;
    bool ok;
    uint64_t bytes;
    uint64_t max;
} sizes[] = {
    {"512M", true, 512 * MIB, ~0UL},
    {"524288", true, 512 * MIB, ~0UL},
    {"1g", true, GIB, ~0UL},
    {"8192b", true, 8192, ~0UL},
    {"8193b", true, 8192, ~0UL},
    {"1G,max:1G", true, GIB, GIB},
    {"2G,max:1G", true, GIB, GIB},
    {"max:768M", true, 700 * MIB, 768 * MIB},
    {"64M,min:128M", true, 128 * MIB, ~0UL},
    {"-512M", true, 3584 * MIB, ~0UL},
    {"-8G,min:256M", true, 256 * MIB, ~0UL},
    {"512M,max:-1G", true, 512 * MIB, 3 * GIB},
    {"", true, 700 * MIB, ~0UL},
    {"x", false, 0, 0},
    {"512M,", true, 512 * MIB, ~0UL},
    {"512Mx", false, 0, 0},
    {"min:", false, 0, 0},
    {"99999999999999999999", false, 0, 0},
    {"18446744073709551615G", false, 0, 0},
    {"1,2,3,4,5", false, 0, 0},
};

START_TEST(dom0_mem_is_read_as_xen_reads_it)
{
    uint64_t bytes = 0, max = 0;

    ck_assert_int_eq(
        memsize_read(sizes[_i].text, 4 * GIB, 700 * MIB, &bytes, &max),
        sizes[_i].ok);
    if (sizes[_i].ok) {
        ck_assert_uint_eq(bytes, sizes[_i].bytes);
        ck_assert_uint_eq(max, sizes[_i].max);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("memsize");
    TCase *t = tcase_create("memsize");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_add_loop_test(t, dom0_mem_is_read_as_xen_reads_it, 0,
                        ARRAY_SIZE(sizes));
    suite_add_tcase(s, t);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
