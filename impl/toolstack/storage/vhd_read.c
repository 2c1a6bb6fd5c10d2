/*
 * VHD files, read while they come in: dynamic and differencing ones whose
 * table comes before their blocks, as every writer has it, and fixed ones.
 */
#include "vhd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "image.h"

enum {
    ENTRIES_MAX = 1 << 22,
    BLOCK_MIN = 4096,
    BLOCK_MAX = 64 << 20,
    BITMAP_MAX = BLOCK_MAX / VHD_SECTOR / 8,
};

/* What is read next. */
enum state {
    IN_FOOTER, /* the copy at the start */
    IN_HEADER,
    IN_TABLE,
    IN_BITMAP,
    IN_DATA,
    IN_REST,  /* nothing more counts */
    IN_FIXED, /* contents, and a footer at the end */
};

/* A block that is in the file. */
struct place {
    uint32_t sector, block;
};

struct vhd_reader {
    struct image_reader reader; /* first */
    enum state state;
    int64_t at;        /* in the file */
    int64_t part_at;   /* where the part begins that is waited for */
    size_t want, have; /* bytes of it */
    char *part;        /* what of it is there; room for `want` */
    int64_t size, block_bytes, table_at;
    uint32_t entries, next; /* next: of the places */
    struct place *places;
    uint32_t places_nr;
    char *bitmap;
    int64_t fixed_at;
};

static void expect(struct vhd_reader *v, enum state state, int64_t at,
                   size_t want)
{
    v->state = state;
    v->part_at = at;
    v->want = want;
    v->have = 0;
    v->part = must_realloc(v->part, want ? want : 1);
}

static bool sealed(const char *at, size_t len, int checksum)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < len; i++)
        if ((int)i < checksum || (int)i >= checksum + 4)
            sum += (uint8_t)at[i];
    return ~sum == get_be(at + checksum, 4);
}

/* --- What comes before the blocks ------------------------------------------- */

static int take_footer(struct vhd_reader *v)
{
    const char *f = v->part;
    uint64_t type = get_be(f + FOOTER_TYPE, 4);
    uint64_t header_at = get_be(f + FOOTER_DATA_OFFSET, 8);

    if (memcmp(f + FOOTER_COOKIE, "conectix", 8) != 0) {
        v->state = IN_FIXED; /* that has its footer at the end only */
        return 0;
    }
    v->size = (int64_t)get_be(f + FOOTER_CURRENT_SIZE, 8);
    if (!sealed(f, VHD_FOOTER_BYTES, FOOTER_CHECKSUM) ||
        (type != VHD_DYNAMIC && type != VHD_DIFFERENCING) || v->size < 0 ||
        v->size > STORAGE_VOLUME_MAX || header_at > INT32_MAX)
        return -EBADMSG;
    expect(v, IN_HEADER, (int64_t)header_at, VHD_HEADER_BYTES);
    return v->reader.sink.size(v->reader.sink.ctx, v->size);
}

static int take_header(struct vhd_reader *v)
{
    const char *h = v->part;
    uint64_t table_at = get_be(h + HEADER_TABLE_OFFSET, 8);

    v->entries = (uint32_t)get_be(h + HEADER_ENTRIES, 4);
    v->block_bytes = (int64_t)get_be(h + HEADER_BLOCK_SIZE, 4);
    if (memcmp(h + HEADER_COOKIE, "cxsparse", 8) != 0 ||
        !sealed(h, VHD_HEADER_BYTES, HEADER_CHECKSUM) ||
        v->block_bytes < BLOCK_MIN || v->block_bytes > BLOCK_MAX ||
        (v->block_bytes & (v->block_bytes - 1)) || v->entries > ENTRIES_MAX ||
        (int64_t)v->entries * v->block_bytes < v->size || table_at > INT32_MAX)
        return -EBADMSG;
    expect(v, IN_TABLE, (int64_t)table_at, (size_t)v->entries * 4);
    return 0;
}

static size_t bitmap_bytes(const struct vhd_reader *v)
{
    size_t bytes = (size_t)v->block_bytes / VHD_SECTOR / 8;

    return (bytes + VHD_SECTOR - 1) / VHD_SECTOR * VHD_SECTOR;
}

static int by_sector(const void *a, const void *b)
{
    uint32_t x = ((const struct place *)a)->sector;
    uint32_t y = ((const struct place *)b)->sector;

    return x < y ? -1 : x > y;
}

static void next_block(struct vhd_reader *v)
{
    if (v->next == v->places_nr)
        v->state = IN_REST;
    else
        expect(v, IN_BITMAP, (int64_t)v->places[v->next].sector * VHD_SECTOR,
               bitmap_bytes(v));
}

/* In the order of the file, and not on top of each other. */
static int take_table(struct vhd_reader *v)
{
    int64_t sectors = (v->block_bytes + (int64_t)bitmap_bytes(v)) / VHD_SECTOR;

    v->places = must_alloc(((size_t)v->entries + 1) * sizeof(*v->places));
    for (uint32_t i = 0; i < v->entries; i++) {
        uint32_t sector = (uint32_t)get_be(v->part + (size_t)i * 4, 4);

        if (sector != VHD_NONE)
            v->places[v->places_nr++] = (struct place){sector, i};
    }
    qsort(v->places, v->places_nr, sizeof(*v->places), by_sector);
    for (uint32_t i = 1; i < v->places_nr; i++)
        if (v->places[i].sector < v->places[i - 1].sector + sectors)
            return -EBADMSG;
    next_block(v);
    return 0;
}

static int take_bitmap(struct vhd_reader *v)
{
    int64_t at = v->part_at + (int64_t)v->want;

    v->bitmap = must_realloc(v->bitmap, v->want);
    memcpy(v->bitmap, v->part, v->want);
    expect(v, IN_DATA, at, 0);
    v->want = (size_t)v->block_bytes;
    return 0;
}

/* --- Blocks -------------------------------------------------------------------- */

static bool has_sector(const struct vhd_reader *v, size_t sector)
{
    return v->bitmap[sector / 8] >> (7 - sector % 8) & 1;
}

/* Bytes that have the same fate as the first of them. */
static size_t span(const struct vhd_reader *v, size_t len)
{
    size_t first = v->have / VHD_SECTOR, sector = first, nr;

    while (sector * VHD_SECTOR < v->have + len &&
           has_sector(v, sector) == has_sector(v, first))
        sector++;
    nr = sector * VHD_SECTOR - v->have;
    return nr < len ? nr : len;
}

static int write_span(struct vhd_reader *v, const char *data, size_t len)
{
    int64_t at =
        (int64_t)v->places[v->next].block * v->block_bytes + (int64_t)v->have;

    if (!has_sector(v, v->have / VHD_SECTOR) || at >= v->size)
        return 0;
    if ((int64_t)len > v->size - at)
        len = (size_t)(v->size - at);
    return v->reader.sink.write(v->reader.sink.ctx, at, data, len);
}

/* How much of the data was used, or -Exxx. */
static int64_t take_data(struct vhd_reader *v, const char *data, size_t len)
{
    size_t left = v->want - v->have, nr;
    int rc;

    nr = span(v, len < left ? len : left);
    rc = write_span(v, data, nr);
    v->have += nr;
    if (v->have == v->want) {
        v->next++;
        next_block(v);
    }
    return rc ? rc : (int64_t)nr;
}

/* --- Fixed disks ------------------------------------------------------------------ */

/* Contents, as long as a footer's length follows: `part` is held back. */
static int take_fixed(struct vhd_reader *v, const char *data, size_t len)
{
    const struct image_sink *sink = &v->reader.sink;
    size_t out = len < VHD_FOOTER_BYTES ? len : VHD_FOOTER_BYTES;
    int rc = sink->write(sink->ctx, v->fixed_at, v->part, out);

    v->fixed_at += (int64_t)out;
    memmove(v->part, v->part + out, VHD_FOOTER_BYTES - out);
    if (!rc && len > VHD_FOOTER_BYTES) {
        rc = sink->write(sink->ctx, v->fixed_at, data, len - VHD_FOOTER_BYTES);
        v->fixed_at += (int64_t)(len - VHD_FOOTER_BYTES);
        data += len - VHD_FOOTER_BYTES;
    }
    memcpy(v->part + VHD_FOOTER_BYTES - out, data, out);
    return rc;
}

/* --- All of it ---------------------------------------------------------------------- */

static int (*const parts[])(struct vhd_reader *v) = {
    [IN_FOOTER] = take_footer,
    [IN_HEADER] = take_header,
    [IN_TABLE] = take_table,
    [IN_BITMAP] = take_bitmap,
};

/* How much of the data was used, or -Exxx. */
static int64_t take_part(struct vhd_reader *v, const char *data, size_t len)
{
    size_t nr = v->want - v->have;
    int rc = 0;

    if (nr > len)
        nr = len;
    memcpy(v->part + v->have, data, nr);
    v->have += nr;
    if (v->have == v->want)
        rc = parts[v->state](v);
    return rc ? rc : (int64_t)nr;
}

static int64_t take_some(struct vhd_reader *v, const char *data, size_t len)
{
    if (v->state == IN_REST)
        return (int64_t)len;
    if (v->state == IN_FIXED) {
        int rc = take_fixed(v, data, len);

        return rc ? rc : (int64_t)len;
    }
    if (!v->have && v->at < v->part_at) /* between the parts */
        return v->part_at - v->at < (int64_t)len ? v->part_at - v->at
                                                 : (int64_t)len;
    if (!v->have && v->at > v->part_at)
        return -ESPIPE; /* what lies before was not kept */
    return v->state == IN_DATA ? take_data(v, data, len)
                               : take_part(v, data, len);
}

static int vhd_take(struct image_reader *r, const char *data, size_t len)
{
    struct vhd_reader *v = (struct vhd_reader *)r;

    while (len) {
        int64_t nr = take_some(v, data, len);

        if (nr < 0)
            return (int)nr;
        v->at += nr;
        data += nr;
        len -= (size_t)nr;
    }
    /* A table without entries is over before it begins. */
    return v->state == IN_TABLE && !v->want ? take_table(v) : 0;
}

static int vhd_end(struct image_reader *r)
{
    const struct vhd_reader *v = (const struct vhd_reader *)r;

    if (v->state == IN_FIXED)
        return memcmp(v->part, "conectix", 8) == 0 ? 0 : -EBADMSG;
    return v->state == IN_REST ? 0 : -EBADMSG;
}

static void vhd_free(struct image_reader *r)
{
    struct vhd_reader *v = (struct vhd_reader *)r;

    free(v->part);
    free(v->places);
    free(v->bitmap);
    free(v);
}

struct image_reader *vhd_reader_create(const struct image_sink *sink)
{
    struct vhd_reader *v = must_alloc(sizeof(*v));

    *v = (struct vhd_reader){.reader = {.sink = *sink,
                                        .take = vhd_take,
                                        .end = vhd_end,
                                        .destroy = vhd_free}};
    expect(v, IN_FOOTER, 0, VHD_FOOTER_BYTES);
    return &v->reader;
}
