/*
 * qcow2 files (versions 2 and 3), read while they come in, in any order of
 * clusters: what comes before anything refers to it is kept beside the disk.
 *
 * Compressed clusters lie at any byte: what holds them is kept, and they are
 * expanded at the end.
 */
#include "qcow2.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "arena.h"
#include "cluster_map.h"
#include "image.h"
#include "vhd.h"

enum {
    BITS_MIN = 9,
    BITS_MAX = 21,
    L1_MAX = 1 << 22,
    PACKED_MAX = 1 << 22,
    DEFLATE_WINDOW = -12,
    INCOMPATIBLE_DIRTY = 1, /* counts that nobody needs here */
    KIND_BITS = 3,
};

/* What a cluster of the file is: `what` of the map is kind, and number above. */
enum kind {
    IS_L1,
    IS_L2,
    IS_DATA, /* up to here the disk cannot do without */
    IS_COUNTS_TABLE,
    IS_IGNORED,
    IS_KEPT,   /* came already */
    IS_PACKED, /* to be kept: holds compressed clusters */
};

struct packed {
    int64_t at, len; /* in the file */
    int64_t cluster; /* of the disk */
};

struct qcow2_reader {
    struct image_reader reader; /* first */
    struct cluster_map map;
    char *part; /* a cluster, or the header */
    size_t want, have;
    int64_t next;    /* number of the cluster that comes */
    int64_t cluster; /* bytes; 0: the header is not there yet */
    int bits;
    int64_t size, counts_at, counts_nr;
    uint64_t *found; /* clusters that were kept, and are wanted now */
    uint32_t found_nr, found_room;
    struct packed *packed;
    uint32_t packed_nr, packed_room;
    char *spare; /* a cluster: zeros, or what was kept */
};

static uint64_t what_of(enum kind kind, uint64_t number)
{
    return number << KIND_BITS | kind;
}

/* --- What refers to clusters ------------------------------------------------- */

/* The cluster is wanted: when it comes, or at once when it was kept. */
static int want(struct qcow2_reader *q, uint64_t number, uint64_t what)
{
    uint64_t old;

    if (cluster_peek(&q->map, number, &old)) {
        if (old != IS_KEPT)
            return -EBADMSG;
        (void)cluster_take(&q->map, number, &old); /* it is there */
        if (q->found_nr == q->found_room) {
            q->found_room = q->found_room ? q->found_room * 2 : 64;
            q->found =
                must_realloc(q->found, q->found_room * 2 * sizeof(*q->found));
        }
        q->found[q->found_nr * 2] = number;
        q->found[q->found_nr * 2 + 1] = what;
        q->found_nr++;
        return 0;
    }
    if ((int64_t)number < q->next)
        return -EBADMSG; /* it was something else */
    return cluster_put(&q->map, number, what) ? 0 : -EBADMSG;
}

/* The cluster at a byte of the file; false: that is no place for one. */
static bool cluster_at(const struct qcow2_reader *q, uint64_t offset,
                       uint64_t *number)
{
    *number = offset >> q->bits;
    return offset && !(offset & (uint64_t)(q->cluster - 1)) &&
           offset <= (uint64_t)STORAGE_VOLUME_MAX;
}

static int take_l1(struct qcow2_reader *q, const char *data, uint64_t part)
{
    int64_t entries = q->cluster / 8, first = (int64_t)part * entries;
    int64_t each = q->cluster * entries; /* bytes of the disk per table */

    for (int64_t i = 0; i < entries && (first + i) * each < q->size; i++) {
        uint64_t offset = get_be(data + i * 8, 8) & QCOW2_OFFSET, number;
        int rc;

        if (!offset)
            continue;
        rc = cluster_at(q, offset, &number)
                 ? want(q, number, what_of(IS_L2, (uint64_t)(first + i)))
                 : -EBADMSG;
        if (rc)
            return rc;
    }
    return 0;
}

/* A compressed cluster: the clusters of the file that it lies in are kept. */
static int take_packed(struct qcow2_reader *q, uint64_t entry, int64_t cluster)
{
    int shift = 62 - (q->bits - 8);
    uint64_t at = entry & ((1ull << shift) - 1);
    uint64_t sectors = (entry & (QCOW2_COMPRESSED - 1)) >> shift;
    int64_t len =
        (int64_t)(sectors + 1) * VHD_SECTOR - (int64_t)(at % VHD_SECTOR);

    if (at > (uint64_t)STORAGE_VOLUME_MAX || q->packed_nr >= PACKED_MAX)
        return -EBADMSG;
    if (q->packed_nr == q->packed_room) {
        q->packed_room = q->packed_room ? q->packed_room * 2 : 64;
        q->packed =
            must_realloc(q->packed, q->packed_room * sizeof(*q->packed));
    }
    q->packed[q->packed_nr++] = (struct packed){(int64_t)at, len, cluster};
    for (uint64_t n = at >> q->bits; n <= (at + (uint64_t)len - 1) >> q->bits;
         n++) {
        uint64_t old;

        if (cluster_peek(&q->map, n, &old) || (int64_t)n < q->next)
            continue; /* kept already, or nothing that can be helped */
        if (!cluster_put(&q->map, n, IS_PACKED))
            return -EBADMSG;
    }
    return 0;
}

static int zero_cluster(struct qcow2_reader *q, int64_t cluster)
{
    int64_t at = cluster * q->cluster, len = q->cluster;

    if (at + len > q->size)
        len = q->size - at;
    memset(q->spare, 0, (size_t)q->cluster);
    return q->reader.sink.write(q->reader.sink.ctx, at, q->spare, (size_t)len);
}

static int take_l2(struct qcow2_reader *q, const char *data, uint64_t table)
{
    int64_t entries = q->cluster / 8, first = (int64_t)table * entries;
    int rc = 0;

    for (int64_t i = 0; !rc && i < entries; i++) {
        uint64_t entry = get_be(data + i * 8, 8), number;

        if (!entry || (first + i) * q->cluster >= q->size)
            continue;
        if (entry & QCOW2_COMPRESSED)
            rc = take_packed(q, entry, first + i);
        else if (entry & QCOW2_ZERO)
            rc = zero_cluster(q, first + i);
        else if (!(entry & QCOW2_OFFSET))
            continue;
        else if (cluster_at(q, entry & QCOW2_OFFSET, &number))
            rc = want(q, number, what_of(IS_DATA, (uint64_t)(first + i)));
        else
            rc = -EBADMSG;
    }
    return rc;
}

/* Blocks of reference counts need not be kept. */
static int take_counts(struct qcow2_reader *q, const char *data)
{
    for (int64_t i = 0; i < q->cluster / 8; i++) {
        uint64_t offset = get_be(data + i * 8, 8), number;
        bool ok = cluster_at(q, offset, &number);

        if (ok && (int64_t)number >= q->next)
            (void)cluster_put(&q->map, number, IS_IGNORED); /* or it is kept */
    }
    return 0;
}

static int take_data(struct qcow2_reader *q, const char *data, uint64_t cluster)
{
    int64_t at = (int64_t)cluster * q->cluster, len = q->cluster;

    if (at + len > q->size)
        len = q->size - at;
    return q->reader.sink.write(q->reader.sink.ctx, at, data, (size_t)len);
}

/* A cluster that comes, or that was kept. */
static int take_cluster(struct qcow2_reader *q, uint64_t what, const char *data)
{
    uint64_t number = what >> KIND_BITS;

    switch ((enum kind)(what & ((1 << KIND_BITS) - 1))) {
    case IS_L1:
        return take_l1(q, data, number);
    case IS_L2:
        return take_l2(q, data, number);
    case IS_DATA:
        return take_data(q, data, number);
    case IS_COUNTS_TABLE:
        return take_counts(q, data);
    default:
        return 0;
    }
}

/* Clusters that came too early, until none of them leads to another. */
static int take_found(struct qcow2_reader *q)
{
    const struct image_sink *sink = &q->reader.sink;
    char *data = q->found_nr ? must_alloc((size_t)q->cluster) : NULL;
    int rc = 0;

    while (!rc && q->found_nr) {
        uint64_t number, what;

        q->found_nr--;
        number = q->found[q->found_nr * 2];
        what = q->found[q->found_nr * 2 + 1];
        rc = sink->kept(sink->ctx, (int64_t)number * q->cluster, data,
                        (size_t)q->cluster);
        if (!rc)
            rc = take_cluster(q, what, data);
    }
    free(data);
    return rc;
}

static int keep(struct qcow2_reader *q)
{
    const struct image_sink *sink = &q->reader.sink;
    uint64_t number = (uint64_t)q->next - 1;

    if (!cluster_put(&q->map, number, IS_KEPT))
        return -EBADMSG;
    return sink->keep(sink->ctx, (int64_t)number * q->cluster, q->part,
                      (size_t)q->cluster);
}

static int whole_cluster(struct qcow2_reader *q)
{
    uint64_t what;
    int rc;

    q->have = 0;
    if (q->next++ == 0)
        return 0; /* the header's */
    if (!cluster_take(&q->map, (uint64_t)q->next - 1, &what) ||
        what == IS_PACKED)
        return keep(q);
    rc = take_cluster(q, what, q->part);
    return rc ? rc : take_found(q);
}

/* --- The header ------------------------------------------------------------------ */

static int check_header(const struct qcow2_reader *q)
{
    const char *h = q->part;
    uint64_t version = get_be(h + QCOW2_AT_VERSION, 4);

    if (get_be(h + QCOW2_AT_MAGIC, 4) != QCOW2_MAGIC || version < 2 ||
        version > QCOW2_VERSION || get_be(h + QCOW2_AT_CRYPT, 4))
        return -EBADMSG;
    if (version > 2 &&
        get_be(h + QCOW2_AT_INCOMPATIBLE, 8) & ~(uint64_t)INCOMPATIBLE_DIRTY)
        return -EOPNOTSUPP;
    return 0;
}

static int want_l1(struct qcow2_reader *q)
{
    uint64_t nr = get_be(q->part + QCOW2_AT_L1_NR, 4), first;
    int64_t each = q->cluster * (q->cluster / 8);

    if (nr > L1_MAX || (int64_t)nr * each < q->size)
        return -EBADMSG;
    if (!nr)
        return 0;
    if (!cluster_at(q, get_be(q->part + QCOW2_AT_L1, 8), &first))
        return -EBADMSG;
    for (uint64_t i = 0; i * (uint64_t)q->cluster < nr * 8; i++) {
        int rc = want(q, first + i, what_of(IS_L1, i));

        if (rc)
            return rc;
    }
    return 0;
}

static int take_header(struct qcow2_reader *q)
{
    uint64_t bits = get_be(q->part + QCOW2_AT_CLUSTER_BITS, 4), first;
    uint64_t counts = get_be(q->part + QCOW2_AT_REFCOUNT_CLUSTERS, 4);
    int rc = check_header(q);

    if (rc)
        return rc;
    q->size = (int64_t)get_be(q->part + QCOW2_AT_SIZE, 8);
    if (bits < BITS_MIN || bits > BITS_MAX || q->size < 0 ||
        q->size > STORAGE_VOLUME_MAX)
        return -EBADMSG;
    q->bits = (int)bits;
    q->cluster = (int64_t)1 << bits;
    rc = want_l1(q);
    if (!rc && cluster_at(q, get_be(q->part + QCOW2_AT_REFCOUNTS, 8), &first))
        for (uint64_t i = 0; i < counts && i < CLUSTERS_MAX; i++)
            (void)cluster_put(&q->map, first + i, IS_COUNTS_TABLE);
    q->want = (size_t)q->cluster;
    q->part = must_realloc(q->part, q->want);
    q->spare = must_alloc(q->want);
    return rc ? rc : q->reader.sink.size(q->reader.sink.ctx, q->size);
}

/* --- All of it -------------------------------------------------------------------- */

static int qcow2_take(struct image_reader *r, const char *data, size_t len)
{
    struct qcow2_reader *q = (struct qcow2_reader *)r;
    int rc = 0;

    while (!rc && len) {
        size_t nr = q->want - q->have;

        if (nr > len)
            nr = len;
        memcpy(q->part + q->have, data, nr);
        q->have += nr;
        data += nr;
        len -= nr;
        if (q->have == q->want)
            rc = q->cluster ? whole_cluster(q) : take_header(q);
    }
    return rc;
}

static int unpack(struct qcow2_reader *q, const struct packed *p, char *in)
{
    const struct image_sink *sink = &q->reader.sink;
    z_stream z = {0};
    int rc = sink->kept(sink->ctx, p->at, in, (size_t)p->len), got;

    if (rc)
        return rc;
    if (inflateInit2(&z, DEFLATE_WINDOW) != Z_OK)
        return -ENOMEM;
    z.next_in = (Bytef *)in;
    z.avail_in = (uInt)p->len;
    z.next_out = (Bytef *)q->spare;
    z.avail_out = (uInt)q->cluster;
    got = inflate(&z, Z_FINISH);
    (void)inflateEnd(&z); /* what it says was said by inflate */
    if (z.avail_out || (got != Z_STREAM_END && got != Z_BUF_ERROR))
        return -EBADMSG;
    return take_data(q, q->spare, (uint64_t)p->cluster);
}

/* Tables and data that never came. */
static bool incomplete(const struct qcow2_reader *q)
{
    for (uint32_t i = 0; i < q->map.room; i++) {
        uint64_t kind = q->map.slots[i].what & ((1 << KIND_BITS) - 1);

        if (q->map.slots[i].number && kind <= IS_DATA)
            return true;
    }
    return false;
}

static int qcow2_end(struct image_reader *r)
{
    struct qcow2_reader *q = (struct qcow2_reader *)r;
    char *in;
    int rc = 0;

    if (!q->cluster)
        return -EBADMSG;
    if (q->have) { /* the last cluster may be short */
        memset(q->part + q->have, 0, q->want - q->have);
        rc = whole_cluster(q);
    }
    if (!rc && incomplete(q))
        rc = -EBADMSG;
    in = must_alloc((size_t)q->cluster * 2 + VHD_SECTOR);
    for (uint32_t i = 0; !rc && i < q->packed_nr; i++)
        rc = q->packed[i].len <= q->cluster * 2 ? unpack(q, &q->packed[i], in)
                                                : -EBADMSG;
    free(in);
    return rc;
}

static void qcow2_free(struct image_reader *r)
{
    struct qcow2_reader *q = (struct qcow2_reader *)r;

    cluster_map_fini(&q->map);
    free(q->part);
    free(q->spare);
    free(q->found);
    free(q->packed);
    free(q);
}

struct image_reader *qcow2_reader_create(const struct image_sink *sink)
{
    struct qcow2_reader *q = must_alloc(sizeof(*q));

    *q = (struct qcow2_reader){.reader = {.sink = *sink,
                                          .take = qcow2_take,
                                          .end = qcow2_end,
                                          .destroy = qcow2_free},
                               .want = QCOW2_HEADER_BYTES,
                               .part = must_alloc(QCOW2_HEADER_BYTES)};
    return &q->reader;
}
