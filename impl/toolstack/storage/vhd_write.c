/*
 * VHD files, made while they are read: footer, header, table of blocks, the
 * blocks in order with a bitmap of sectors before each, footer.
 */
#include "vhd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "image.h"

enum {
    HEAD_BYTES = VHD_FOOTER_BYTES + VHD_HEADER_BYTES,
    BLOCK_BYTES = VHD_BITMAP_BYTES + VHD_BLOCK,
    BLOCKS_EACH = VHD_BLOCK / STORAGE_BLOCK,
    SECTORS_EACH = STORAGE_BLOCK / VHD_SECTOR,
    FEATURES = 2, /* reserved, always set */
};

struct vhd_image {
    struct image image; /* first */
    struct runs runs;
    char head[HEAD_BYTES];
    uint32_t *used; /* VHD blocks that are in the file, in order */
    uint32_t used_nr, blocks_nr;
    int64_t data_at; /* offset of the first block */
};

/* --- The fixed parts -------------------------------------------------------- */

/* Cylinders, heads and sectors, as the specification's appendix has it. */
static uint32_t geometry(int64_t size)
{
    int64_t total = size / VHD_SECTOR, cylinders;
    int heads, sectors;

    if (total > 65535 * 16 * 255)
        total = 65535 * 16 * 255;
    if (total >= 65535 * 16 * 63) {
        sectors = 255;
        heads = 16;
        cylinders = total / sectors / heads;
    } else {
        sectors = 17;
        cylinders = total / sectors;
        heads = (int)((cylinders + 1023) / 1024);
        if (heads < 4)
            heads = 4;
        if (cylinders >= heads * 1024 || heads > 16) {
            sectors = 31;
            heads = 16;
            cylinders = total / sectors;
        }
        if (cylinders >= heads * 1024) {
            sectors = 63;
            heads = 16;
            cylinders = total / sectors;
        }
        cylinders /= heads;
    }
    return (uint32_t)cylinders << 16 | (uint32_t)heads << 8 | (uint32_t)sectors;
}

static void seal(char *at, size_t len, int checksum)
{
    uint32_t sum = 0;

    put_be(at + checksum, 4, 0);
    for (size_t i = 0; i < len; i++)
        sum += (uint8_t)at[i];
    put_be(at + checksum, 4, ~sum);
}

static void footer_fill(const struct image_source *s, char *at)
{
    int64_t size = (s->size + VHD_SECTOR - 1) / VHD_SECTOR * VHD_SECTOR;

    memcpy(at + FOOTER_COOKIE, "conectix", 8);
    put_be(at + FOOTER_FEATURES, 4, FEATURES);
    put_be(at + FOOTER_VERSION, 4, VHD_VERSION);
    put_be(at + FOOTER_DATA_OFFSET, 8, VHD_FOOTER_BYTES);
    memcpy(at + FOOTER_CREATOR, "tap", 3); /* whose sizes readers believe */
    put_be(at + FOOTER_CREATOR_VERSION, 4, VHD_VERSION);
    put_be(at + FOOTER_ORIGINAL_SIZE, 8, (uint64_t)size);
    put_be(at + FOOTER_CURRENT_SIZE, 8, (uint64_t)size);
    put_be(at + FOOTER_GEOMETRY, 4, geometry(size));
    put_be(at + FOOTER_TYPE, 4,
           *s->parent_name ? VHD_DIFFERENCING : VHD_DYNAMIC);
    memcpy(at + FOOTER_UUID, s->uuid, IMAGE_UUID_BYTES);
    seal(at, VHD_FOOTER_BYTES, FOOTER_CHECKSUM);
}

static void header_fill(const struct vhd_image *v, char *at)
{
    const struct image_source *s = &v->image.source;

    memcpy(at + HEADER_COOKIE, "cxsparse", 8);
    put_be(at + HEADER_DATA_OFFSET, 8, UINT64_MAX);
    put_be(at + HEADER_TABLE_OFFSET, 8, HEAD_BYTES);
    put_be(at + HEADER_VERSION, 4, VHD_VERSION);
    put_be(at + HEADER_ENTRIES, 4, v->blocks_nr);
    put_be(at + HEADER_BLOCK_SIZE, 4, VHD_BLOCK);
    if (*s->parent_name)
        memcpy(at + HEADER_PARENT_UUID, s->parent, IMAGE_UUID_BYTES);
    for (int i = 0; s->parent_name[i] && i < VHD_NAME_UNITS; i++)
        put_be(at + HEADER_PARENT_NAME + 2 * i, 2, (uint8_t)s->parent_name[i]);
    seal(at, VHD_HEADER_BYTES, HEADER_CHECKSUM);
}

/* --- Bytes ------------------------------------------------------------------ */

/* Where in the file the block is: its number there, or used_nr. */
static uint32_t place_of(const struct vhd_image *v, uint32_t block)
{
    uint32_t low = 0, high = v->used_nr;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (v->used[middle] < block)
            low = middle + 1;
        else
            high = middle;
    }
    return low < v->used_nr && v->used[low] == block ? low : v->used_nr;
}

static void table_bytes(const struct vhd_image *v, int64_t at, char *data,
                        size_t len)
{
    for (size_t i = 0; i < len; i++) {
        int64_t byte = at - HEAD_BYTES + (int64_t)i;
        uint32_t place = v->used_nr;
        uint64_t sector = VHD_NONE;

        if (byte / 4 < v->blocks_nr)
            place = place_of(v, (uint32_t)(byte / 4));
        if (place < v->used_nr)
            sector = (uint64_t)(v->data_at + (int64_t)place * BLOCK_BYTES) /
                     VHD_SECTOR;
        data[i] = (char)(sector >> (24 - byte % 4 * 8) & 255);
    }
}

/* Sectors that are in this file, and not only in the parent. */
static void bitmap_bytes(const struct vhd_image *v, uint32_t block, size_t at,
                         char *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        int64_t first =
            (int64_t)block * BLOCKS_EACH + (int64_t)(at + i) * 8 / SECTORS_EACH;

        data[i] = runs_rank(&v->runs, first) != INT64_MAX ? (char)0xff : 0;
    }
}

static int block_bytes(const struct vhd_image *v, int64_t at, char *data,
                       size_t len)
{
    uint32_t block = v->used[(at - v->data_at) / BLOCK_BYTES];
    size_t offset = (size_t)((at - v->data_at) % BLOCK_BYTES);

    if (offset >= VHD_BITMAP_BYTES)
        return source_read(&v->image.source,
                           (int64_t)block * VHD_BLOCK +
                               (int64_t)(offset - VHD_BITMAP_BYTES),
                           data, len);
    bitmap_bytes(v, block, offset, data, len);
    return 0;
}

/* The end of the part of the file that begins before it and holds `at`. */
static int64_t part_end(const struct vhd_image *v, int64_t at)
{
    int64_t blocks_end = v->data_at + (int64_t)v->used_nr * BLOCK_BYTES, start;

    if (at < HEAD_BYTES)
        return HEAD_BYTES;
    if (at < v->data_at)
        return v->data_at;
    if (at >= blocks_end)
        return v->image.length;
    start = v->data_at + (at - v->data_at) / BLOCK_BYTES * BLOCK_BYTES;
    return at < start + VHD_BITMAP_BYTES ? start + VHD_BITMAP_BYTES
                                         : start + BLOCK_BYTES;
}

static int vhd_bytes(struct image *i, int64_t at, char *data, size_t len)
{
    struct vhd_image *v = (struct vhd_image *)i;
    int rc = 0;

    while (!rc && len) {
        int64_t end = part_end(v, at);
        size_t nr = (int64_t)len < end - at ? len : (size_t)(end - at);

        if (at < HEAD_BYTES)
            memcpy(data, v->head + at, nr);
        else if (at < v->data_at)
            table_bytes(v, at, data, nr);
        else if (at >= i->length - VHD_FOOTER_BYTES)
            memcpy(data, v->head + (at - (i->length - VHD_FOOTER_BYTES)), nr);
        else
            rc = block_bytes(v, at, data, nr);
        at += (int64_t)nr;
        data += nr;
        len -= nr;
    }
    return rc;
}

static void vhd_destroy(struct image *i)
{
    struct vhd_image *v = (struct vhd_image *)i;

    runs_fini(&v->runs);
    free(v->used);
    free(v);
}

/* VHD blocks with anything in them. */
static void find_used(struct vhd_image *v)
{
    v->used = must_alloc(((size_t)v->blocks_nr + 1) * sizeof(*v->used));
    for (uint32_t i = 0; i < v->runs.nr; i++) {
        int64_t first = v->runs.items[i].first / BLOCKS_EACH;
        int64_t last =
            (v->runs.items[i].first + v->runs.items[i].nr - 1) / BLOCKS_EACH;

        if (v->used_nr && v->used[v->used_nr - 1] == first)
            first++;
        for (; first <= last; first++)
            v->used[v->used_nr++] = (uint32_t)first;
    }
}

int vhd_image_create(const struct image_source *source, struct image **out)
{
    struct vhd_image *v;
    int64_t table;
    int rc;

    if (source->size > VHD_DISK_MAX)
        return -EFBIG;
    v = must_alloc(sizeof(*v));
    *v = (struct vhd_image){.image = {.source = *source,
                                      .bytes = vhd_bytes,
                                      .destroy = vhd_destroy}};
    rc = runs_collect(&v->runs, source);
    if (rc) {
        vhd_destroy(&v->image);
        return rc;
    }
    v->blocks_nr = (uint32_t)((source->size + VHD_BLOCK - 1) / VHD_BLOCK);
    find_used(v);
    table =
        ((int64_t)v->blocks_nr * 4 + VHD_SECTOR - 1) / VHD_SECTOR * VHD_SECTOR;
    v->data_at = HEAD_BYTES + table;
    v->image.length =
        v->data_at + (int64_t)v->used_nr * BLOCK_BYTES + VHD_FOOTER_BYTES;
    footer_fill(source, v->head);
    header_fill(v, v->head + VHD_FOOTER_BYTES);
    *out = &v->image;
    return 0;
}
