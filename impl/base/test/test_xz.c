/*
 * The .xz decoder against streams that python3's lzma makes.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "abi/xen.h"
#include "base/xz.h"

#define PLAIN_MAX  (1U << 20)
#define PACKED_MAX (PLAIN_MAX + 65536)

static uint8_t plain[PLAIN_MAX], packed[PACKED_MAX], out[PLAIN_MAX];
static size_t plain_bytes, packed_bytes;
static struct lzma work;

static uint32_t rng_state;

static uint32_t rng(void)
{
    rng_state = rng_state * 1664525 + 1013904223;
    return rng_state >> 8;
}

/* Text, runs, repeats, noise and CALL instructions in one. */
static void plain_make(uint32_t seed, size_t bytes)
{
    size_t n = 0;

    rng_state = seed;
    plain_bytes = bytes;
    while (n < bytes) {
        size_t part = rng() % 3000 + 1;
        unsigned int kind = rng() % 5;

        part = MIN(part, bytes - n);
        for (size_t i = 0; i < part; i++, n++) {
            if (kind == 0)
                plain[n] = "the quick brown fox "[i % 20];
            else if (kind == 1)
                plain[n] = 0;
            else if (kind == 2)
                plain[n] = (uint8_t)rng();
            else if (kind == 3)
                plain[n] = n > 4000 ? plain[n - 4000] : 'x';
            else
                plain[n] = "\xe8\x12\x34\x00\x00\xe9\xff\xe8\xff"[rng() % 9];
        }
    }
}

/* Let python3 pack 'plain' by an expression over 'd'. */
static void pack(const char *expression)
{
    char name[] = "/tmp/test_xz_XXXXXX", command[1024];
    int fd = mkstemp(name);
    FILE *f;

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, plain, plain_bytes), (ssize_t)plain_bytes);
    close(fd);
    snprintf(command, sizeof(command),
             "python3 -c 'import lzma,sys; d=open(\"%s\",\"rb\").read(); "
             "X=lzma.FILTER_X86; L=lzma.FILTER_LZMA2; "
             "sys.stdout.buffer.write(%s)'",
             name, expression);
    f = popen(command, "r");
    ck_assert_ptr_nonnull(f);
    packed_bytes = fread(packed, 1, sizeof(packed), f);
    ck_assert_int_eq(pclose(f), 0);
    unlink(name);
    ck_assert_uint_gt(packed_bytes, 0);
}

static int unpack(size_t in_bytes, size_t out_max, size_t *bytes)
{
    return xz_unpack(packed, in_bytes, out, out_max, bytes, &work);
}

static const char *const packers[] = {
    "lzma.compress(d)",
    "lzma.compress(d,check=lzma.CHECK_SHA256,preset=0)",
    "lzma.compress(d,check=lzma.CHECK_NONE,preset=9)",
    "lzma.compress(d,check=lzma.CHECK_CRC32,filters=[{\"id\":X},"
    "{\"id\":L,\"dict_size\":1<<25}])",
    "lzma.compress(d,filters=[{\"id\":L,\"preset\":6,\"lc\":0,\"lp\":4,"
    "\"pb\":4}])",
    "lzma.compress(d,filters=[{\"id\":L,\"preset\":6,\"lc\":4,\"lp\":0,"
    "\"pb\":0,\"dict_size\":4096}])",
};

START_TEST(what_python_packs_is_unpacked)
{
    static const size_t sizes[] = {0, 5, 65537, PLAIN_MAX};

    for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
        size_t bytes = ~0UL;

        plain_make(i * 77 + (unsigned int)_i, sizes[i]);
        pack(packers[_i]);
        ck_assert_int_eq(unpack(packed_bytes, plain_bytes, &bytes), 0);
        ck_assert_uint_eq(bytes, plain_bytes);
        ck_assert(memcmp(plain, out, bytes) == 0);
    }
}
END_TEST

START_TEST(more_than_the_buffer_is_enospc)
{
    size_t bytes;

    plain_make(1, 10000);
    pack(packers[0]);
    ck_assert_int_eq(unpack(packed_bytes, 9999, &bytes), -XEN_ENOSPC);
}
END_TEST

START_TEST(a_stream_cut_short_is_refused)
{
    size_t bytes;

    plain_make(2, 5000);
    pack(packers[3]);
    for (size_t n = 0; n + 40 < packed_bytes; n += 7)
        ck_assert_int_eq(unpack(n, PLAIN_MAX, &bytes), -XEN_EINVAL);
}
END_TEST

START_TEST(damage_never_writes_outside)
{
    plain_make(3, 20000);
    pack(packers[3]);
    for (unsigned int i = 0; i < 300; i++) {
        size_t at = rng() % packed_bytes, bytes = 0;
        uint8_t was = packed[at];

        packed[at] = (uint8_t)rng();
        memset(out, 0xa5, 20000 + 4096);
        if (unpack(packed_bytes, 20000, &bytes) == 0)
            ck_assert_uint_le(bytes, 20000);
        for (size_t j = 20000; j < 20000 + 4096; j++)
            ck_assert_uint_eq(out[j], 0xa5);
        packed[at] = was;
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("xz");
    TCase *t = tcase_create("xz");
    SRunner *r;
    int failed;

    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, what_python_packs_is_unpacked, 0,
                        ARRAY_SIZE(packers));
    tcase_add_test(t, more_than_the_buffer_is_enospc);
    tcase_add_test(t, a_stream_cut_short_is_refused);
    tcase_add_test(t, damage_never_writes_outside);
    suite_add_tcase(s, t);
    r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
