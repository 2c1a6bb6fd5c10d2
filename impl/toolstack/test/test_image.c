/* Disk images: what is made can be read again, however it is cut. */
#include "image.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"

enum {
    BLOCKS = 80,
    DISK = BLOCKS * STORAGE_BLOCK - 512,
    FILE_MAX = 8 << 20,
    FEW = 3,
};

static char disk[BLOCKS * STORAGE_BLOCK], again[BLOCKS * STORAGE_BLOCK];
static char file[FILE_MAX];
static bool used[BLOCKS];

static int disk_read(void *ctx, int64_t offset, void *data, size_t len)
{
    (void)ctx;
    ck_assert_int_le(offset + (int64_t)len, DISK);
    memcpy(data, disk + offset, len);
    return 0;
}

static int disk_extent(void *ctx, int64_t *offset, int64_t *len)
{
    int64_t block = *offset / STORAGE_BLOCK, end;

    (void)ctx;
    *len = 0;
    while (block < BLOCKS && !used[block])
        block++;
    if (block == BLOCKS)
        return 0;
    for (end = block; end < BLOCKS && used[end];)
        end++;
    if (block * STORAGE_BLOCK > *offset)
        *offset = block * STORAGE_BLOCK;
    *len = end * STORAGE_BLOCK - *offset;
    return 0;
}

static int sink_size(void *ctx, int64_t size)
{
    (void)ctx;
    return size == DISK ? 0 : -E2BIG;
}

static int sink_write(void *ctx, int64_t offset, const void *data, size_t len)
{
    (void)ctx;
    if (offset < 0 || offset > DISK - (int64_t)len)
        return -E2BIG;
    memcpy(again + offset, data, len);
    return 0;
}

static int sink_keep(void *ctx, int64_t offset, const void *data, size_t len)
{
    (void)ctx;
    (void)offset;
    return all_zeros(data, len) ? 0 : -EIO; /* our own files need no keeping */
}

static const struct image_sink sink = {.disk_size = DISK,
                                       .size = sink_size,
                                       .write = sink_write,
                                       .keep = sink_keep};

static const struct kind {
    int (*create)(const struct image_source *source, struct image **out);
    struct image_reader *(*reader)(const struct image_sink *sink);
} kinds[FEW] = {{raw_image_create, raw_reader_create},
                {vhd_image_create, vhd_reader_create},
                {qcow2_image_create, qcow2_reader_create}};

static void set_up(void)
{
    srand(1);
    memset(disk, 0, sizeof(disk));
    memset(again, 0, sizeof(again));
    for (int i = 0; i < BLOCKS; i++) {
        used[i] = rand() % 3 == 0;
        for (int k = 0; used[i] && k < STORAGE_BLOCK; k++)
            disk[i * STORAGE_BLOCK + k] = (char)rand();
    }
    memset(disk + DISK, 0, sizeof(disk) - DISK);
}

/* The whole file, read in pieces of that size. */
static size_t make_file(const struct kind *kind, size_t piece)
{
    struct image_source source = {
        .size = DISK, .read = disk_read, .extent = disk_extent};
    struct image *image;
    size_t length;

    ck_assert_int_eq(kind->create(&source, &image), 0);
    ck_assert_int_le(image->length, FILE_MAX);
    length = (size_t)image->length;
    for (size_t at = 0; at < length; at += piece)
        ck_assert_int_eq(
            image->bytes(image, (int64_t)at, file + at,
                         length - at < piece ? length - at : piece),
            0);
    image->destroy(image);
    return length;
}

/* What its reader says of the first bytes of the file. */
static int read_file(const struct kind *kind, size_t length, size_t piece)
{
    struct image_reader *r = kind->reader(&sink);
    int rc = 0;

    for (size_t at = 0; !rc && at < length; at += piece)
        rc = r->take(r, file + at, length - at < piece ? length - at : piece);
    if (!rc)
        rc = r->end(r);
    r->destroy(r);
    return rc;
}

START_TEST(what_is_made_can_be_read_however_it_is_cut)
{
    static const size_t pieces[] = {509, 4096, 70001, FILE_MAX};
    const struct kind *kind = &kinds[_i % FEW];
    size_t piece = pieces[_i / FEW], length = make_file(kind, piece);

    ck_assert_int_eq(read_file(kind, length, piece), 0);
    ck_assert_mem_eq(again, disk, sizeof(disk));
}
END_TEST

START_TEST(bytes_are_the_same_from_any_place)
{
    const struct kind *kind = &kinds[_i];
    struct image_source source = {
        .size = DISK, .read = disk_read, .extent = disk_extent};
    size_t length = make_file(kind, 4096);
    struct image *image;
    char some[1000];

    ck_assert_int_eq(kind->create(&source, &image), 0);
    for (int i = 0; i < 300; i++) {
        size_t at = (size_t)rand() % (length - sizeof(some));

        ck_assert_int_eq(image->bytes(image, (int64_t)at, some, sizeof(some)),
                         0);
        ck_assert_mem_eq(some, file + at, sizeof(some));
    }
    image->destroy(image);
}
END_TEST

START_TEST(a_file_that_ends_early_is_broken)
{
    const struct kind *kind = &kinds[1 + _i];
    size_t length = make_file(kind, 4096);

    ck_assert_int_eq(read_file(kind, length / 2, 4096), -EBADMSG);
    ck_assert_int_eq(read_file(kind, 100, 7), -EBADMSG);
}
END_TEST

/* Whatever comes of it, nothing is written outside of the disk. */
START_TEST(a_damaged_file_does_no_harm)
{
    const struct kind *kind = &kinds[1 + _i % 2];
    size_t length = make_file(kind, FILE_MAX);

    srand((unsigned)_i);
    for (int i = 0; i < 20; i++)
        file[(size_t)rand() % (i % 2 ? 2048 : length)] ^= (char)(1 << i % 8);
    (void)read_file(kind, length, 8192); /* any answer will do */
}
END_TEST

START_TEST(a_disk_is_too_large_for_vhd)
{
    struct image_source source = {
        .size = VHD_DISK_MAX + 512, .read = disk_read, .extent = disk_extent};
    struct image *image;

    ck_assert_int_eq(vhd_image_create(&source, &image), -EFBIG);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("image");
    TCase *tcase = tcase_create("image");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, set_up, NULL);
    tcase_add_loop_test(tcase, what_is_made_can_be_read_however_it_is_cut, 0,
                        4 * FEW);
    tcase_add_loop_test(tcase, bytes_are_the_same_from_any_place, 0, FEW);
    tcase_add_loop_test(tcase, a_file_that_ends_early_is_broken, 0, 2);
    tcase_add_loop_test(tcase, a_damaged_file_does_no_harm, 0, 30);
    tcase_add_test(tcase, a_disk_is_too_large_for_vhd);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
