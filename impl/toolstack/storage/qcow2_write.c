/*
 * qcow2 files, made while they are read: header, reference counts, first-level
 * table, second-level tables, data clusters; each part in order, so that
 * nothing refers back. Clusters are blocks of the disk.
 */
#include "qcow2.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "image.h"
#include "vhd.h"

enum {
    CLUSTER = STORAGE_BLOCK,
    CLUSTER_BITS = 16,
    L2_ENTRIES = CLUSTER / 8,  /* clusters that one table maps */
    COUNTS_EACH = CLUSTER / 2, /* clusters that one block counts */
};

struct qcow2_image {
    struct image image; /* first */
    struct runs runs;
    char header[QCOW2_HEADER_BYTES];
    uint32_t *tables; /* second-level tables that are there, in order */
    uint32_t tables_nr;
    int64_t l1_nr; /* entries of the first-level table */
    /* First clusters of the parts; each ends where the next begins. */
    int64_t counts_table, counts, l1, l2, data, end;
};

static int64_t divide_up(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

/* --- Bytes -------------------------------------------------------------------- */

/* The number of a second-level table in the file; tables_nr: it is not there.
 */
static uint32_t table_find(const struct qcow2_image *q, uint32_t table)
{
    uint32_t low = 0, high = q->tables_nr;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (q->tables[middle] < table)
            low = middle + 1;
        else
            high = middle;
    }
    return low < q->tables_nr && q->tables[low] == table ? low : q->tables_nr;
}

static uint64_t counts_table_entry(const struct qcow2_image *q, int64_t nr)
{
    int64_t cluster = q->counts + nr;

    return cluster < q->l1 ? (uint64_t)cluster * CLUSTER : 0;
}

static uint64_t l1_entry(const struct qcow2_image *q, int64_t nr)
{
    uint32_t at = nr < q->l1_nr ? table_find(q, (uint32_t)nr) : q->tables_nr;

    return at < q->tables_nr ? QCOW2_COPIED | (uint64_t)(q->l2 + at) * CLUSTER
                             : 0;
}

static uint64_t l2_entry(const struct qcow2_image *q, int64_t nr)
{
    int64_t block =
        (int64_t)q->tables[nr / L2_ENTRIES] * L2_ENTRIES + nr % L2_ENTRIES;
    int64_t rank = runs_rank(&q->runs, block);

    return rank == INT64_MAX
               ? 0
               : QCOW2_COPIED | (uint64_t)(q->data + rank) * CLUSTER;
}

/* Tables of 8-byte entries, from any byte on. */
static void entries_bytes(const struct qcow2_image *q,
                          uint64_t (*entry)(const struct qcow2_image *q,
                                            int64_t nr),
                          int64_t at, char *data, size_t len)
{
    char whole[8];

    for (size_t i = 0; i < len; i++, at++) {
        if (i == 0 || at % 8 == 0)
            put_be(whole, 8, entry(q, at / 8));
        data[i] = whole[at % 8];
    }
}

/* Every cluster of the file is used once. */
static void counts_bytes(const struct qcow2_image *q, int64_t at, char *data,
                         size_t len)
{
    for (size_t i = 0; i < len; i++, at++)
        data[i] = at / 2 < q->end && at % 2 == 1 ? 1 : 0;
}

static void header_bytes(const struct qcow2_image *q, int64_t at, char *data,
                         size_t len)
{
    memset(data, 0, len);
    for (size_t i = 0; i < len && at + (int64_t)i < QCOW2_HEADER_BYTES; i++)
        data[i] = q->header[at + (int64_t)i];
}

static int data_bytes(const struct qcow2_image *q, int64_t at, char *data,
                      size_t len)
{
    int64_t block = runs_select(&q->runs, at / CLUSTER);

    return source_read(&q->image.source, block * CLUSTER + at % CLUSTER, data,
                       len);
}

/* Bytes of one cluster. */
static int cluster_bytes(const struct qcow2_image *q, int64_t at, char *data,
                         size_t len)
{
    int64_t cluster = at / CLUSTER;

    if (cluster < q->counts_table)
        header_bytes(q, at, data, len);
    else if (cluster < q->counts)
        entries_bytes(q, counts_table_entry, at - q->counts_table * CLUSTER,
                      data, len);
    else if (cluster < q->l1)
        counts_bytes(q, at - q->counts * CLUSTER, data, len);
    else if (cluster < q->l2)
        entries_bytes(q, l1_entry, at - q->l1 * CLUSTER, data, len);
    else if (cluster < q->data)
        entries_bytes(q, l2_entry, at - q->l2 * CLUSTER, data, len);
    else
        return data_bytes(q, at - q->data * CLUSTER, data, len);
    return 0;
}

static int qcow2_bytes(struct image *i, int64_t at, char *data, size_t len)
{
    const struct qcow2_image *q = (const struct qcow2_image *)i;
    int rc = 0;

    while (!rc && len) {
        size_t nr = (size_t)(CLUSTER - at % CLUSTER);

        if (nr > len)
            nr = len;
        rc = cluster_bytes(q, at, data, nr);
        at += (int64_t)nr;
        data += nr;
        len -= nr;
    }
    return rc;
}

/* --- Layout --------------------------------------------------------------------- */

static void find_tables(struct qcow2_image *q)
{
    q->tables = must_alloc(((size_t)q->l1_nr + 1) * sizeof(*q->tables));
    for (uint32_t i = 0; i < q->runs.nr; i++) {
        const struct run *run = &q->runs.items[i];
        int64_t first = run->first / L2_ENTRIES;
        int64_t last = (run->first + run->nr - 1) / L2_ENTRIES;

        if (q->tables_nr && q->tables[q->tables_nr - 1] == first)
            first++;
        for (; first <= last; first++)
            q->tables[q->tables_nr++] = (uint32_t)first;
    }
}

/* Counts count themselves: their number grows until they do. */
static void place_parts(struct qcow2_image *q)
{
    int64_t l1 = divide_up(q->l1_nr * 8, CLUSTER);
    int64_t others = 1 + (l1 ? l1 : 1) + q->tables_nr + q->runs.blocks;
    int64_t counts = 1, table = 1;

    while (counts < divide_up(others + counts + table, COUNTS_EACH) ||
           table < divide_up(counts * 8, CLUSTER)) {
        counts = divide_up(others + counts + table, COUNTS_EACH);
        table = divide_up(counts * 8, CLUSTER);
    }
    q->counts_table = 1;
    q->counts = q->counts_table + table;
    q->l1 = q->counts + counts;
    q->l2 = q->l1 + (l1 ? l1 : 1);
    q->data = q->l2 + q->tables_nr;
    q->end = q->data + q->runs.blocks;
}

static void header_fill(struct qcow2_image *q)
{
    char *at = q->header;

    put_be(at + QCOW2_AT_MAGIC, 4, QCOW2_MAGIC);
    put_be(at + QCOW2_AT_VERSION, 4, QCOW2_VERSION);
    put_be(at + QCOW2_AT_CLUSTER_BITS, 4, CLUSTER_BITS);
    put_be(at + QCOW2_AT_SIZE, 8,
           (uint64_t)divide_up(q->image.source.size, VHD_SECTOR) * VHD_SECTOR);
    put_be(at + QCOW2_AT_L1_NR, 4, (uint64_t)q->l1_nr);
    put_be(at + QCOW2_AT_L1, 8, (uint64_t)q->l1 * CLUSTER);
    put_be(at + QCOW2_AT_REFCOUNTS, 8, (uint64_t)q->counts_table * CLUSTER);
    put_be(at + QCOW2_AT_REFCOUNT_CLUSTERS, 4,
           (uint64_t)(q->counts - q->counts_table));
    put_be(at + QCOW2_AT_REFCOUNT_ORDER, 4, QCOW2_REFCOUNT_ORDER);
    put_be(at + QCOW2_AT_HEADER_LENGTH, 4, QCOW2_HEADER_BYTES);
}

static void qcow2_destroy(struct image *i)
{
    struct qcow2_image *q = (struct qcow2_image *)i;

    runs_fini(&q->runs);
    free(q->tables);
    free(q);
}

int qcow2_image_create(const struct image_source *source, struct image **out)
{
    struct qcow2_image *q;
    int rc;

    if (source->size > STORAGE_VOLUME_MAX)
        return -EFBIG;
    q = must_alloc(sizeof(*q));
    *q = (struct qcow2_image){.image = {.source = *source,
                                        .bytes = qcow2_bytes,
                                        .destroy = qcow2_destroy}};
    rc = runs_collect(&q->runs, source);
    if (rc) {
        qcow2_destroy(&q->image);
        return rc;
    }
    q->l1_nr = divide_up(source->size, (int64_t)CLUSTER * L2_ENTRIES);
    find_tables(q);
    place_parts(q);
    header_fill(q);
    q->image.length = q->end * CLUSTER;
    *out = &q->image;
    return 0;
}
