/*
 * Feeds a reader of disk images: the first byte chooses the format and the size
 * of the pieces, the rest is the file.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "image.h"
#include "vhd.h"

enum {
    DISK_BYTES = 1 << 26,
    KEEP_BYTES = 1 << 16,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static char kept[KEEP_BYTES];
static int64_t written;

static int take_size(void *ctx, int64_t size)
{
    (void)ctx;
    return size > DISK_BYTES ? -E2BIG : 0;
}

static int take_write(void *ctx, int64_t offset, const void *data, size_t len)
{
    (void)ctx;
    if (offset < 0 || offset > DISK_BYTES - (int64_t)len)
        return -E2BIG;
    written += all_zeros(data, len);
    return 0;
}

static int take_keep(void *ctx, int64_t offset, const void *data, size_t len)
{
    (void)ctx;
    if (offset >= 0 && offset + (int64_t)len <= KEEP_BYTES)
        memcpy(kept + offset, data, len);
    return 0;
}

static int give_kept(void *ctx, int64_t offset, void *data, size_t len)
{
    (void)ctx;
    memset(data, 0, len);
    if (offset >= 0 && offset + (int64_t)len <= KEEP_BYTES)
        memcpy(data, kept + offset, len);
    return 0;
}

/* Checksums that are right, or nothing behind them would ever be reached. */
static void seal(char *at, size_t len, int checksum)
{
    uint32_t sum = 0;

    put_be(at + checksum, 4, 0);
    for (size_t i = 0; i < len; i++)
        sum += (uint8_t)at[i];
    put_be(at + checksum, 4, ~sum);
}

static char *copy_sealed(const uint8_t *data, size_t len)
{
    char *copy = must_alloc(len + 1);

    memcpy(copy, data, len);
    if (len < VHD_FOOTER_BYTES + VHD_HEADER_BYTES ||
        memcmp(copy, "conectix", 8) != 0)
        return copy;
    put_be(copy + FOOTER_DATA_OFFSET, 8, VHD_FOOTER_BYTES);
    memcpy(copy + VHD_FOOTER_BYTES, "cxsparse", 8);
    seal(copy, VHD_FOOTER_BYTES, FOOTER_CHECKSUM);
    seal(copy + VHD_FOOTER_BYTES, VHD_HEADER_BYTES, HEADER_CHECKSUM);
    return copy;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct image_reader *(*const readers[])(const struct image_sink *sink) = {
        vhd_reader_create, qcow2_reader_create, pieces_reader_create};
    struct image_sink sink = {.disk_size = DISK_BYTES,
                              .size = take_size,
                              .write = take_write,
                              .keep = take_keep,
                              .kept = give_kept};
    struct image_reader *r;
    char *file;
    size_t piece;
    int rc = 0;

    if (!len)
        return 0;
    r = readers[data[0] % 3](&sink);
    piece = (size_t)data[0] * 7 + 1;
    file = copy_sealed(data + 1, --len);
    for (size_t at = 0; !rc && at < len; at += piece)
        rc = r->take(r, file + at, len - at < piece ? len - at : piece);
    if (!rc)
        (void)r->end(r); /* either is fine */
    r->destroy(r);
    free(file);
    return 0;
}
