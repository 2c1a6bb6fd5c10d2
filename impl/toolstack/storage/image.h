/*
 * Files of disk images: raw, VHD (dynamic, differencing) and qcow2 version 3,
 * made while they are read, and read while they come in.
 *
 * Neither side knows of repositories: contents come from a source and go to a
 * sink. Formats: "Virtual Hard Disk Image Format Specification" 1.0, and
 * docs/interop/qcow2.txt of QEMU.
 */
#ifndef STORAGE_IMAGE_H
#define STORAGE_IMAGE_H

#include "storage.h"

enum {
    IMAGE_UUID_BYTES = 16,
    IMAGE_NAME_BYTES = 64,
};

/* The largest disk that VHD can hold. */
#define VHD_DISK_MAX ((int64_t)2040 << 30)

/* --- Making ------------------------------------------------------------------ */

struct image_source {
    int64_t size; /* of the disk */
    /* 0 or -Exxx, within the disk. */
    int (*read)(void *ctx, int64_t offset, void *data, size_t len);
    /* The next run of blocks that belong into the image, as vdi_extent. */
    int (*extent)(void *ctx, int64_t *offset, int64_t *len);
    void *ctx;
    uint8_t uuid[IMAGE_UUID_BYTES];     /* of the disk */
    uint8_t parent[IMAGE_UUID_BYTES];   /* of what a differencing disk lacks */
    char parent_name[IMAGE_NAME_BYTES]; /* "": none */
};

/* A file that does not exist, and can be read anywhere. */
struct image {
    struct image_source source;
    int64_t length; /* of the file */
    /* Bytes of the file, within it. 0 or -Exxx. */
    int (*bytes)(struct image *i, int64_t at, char *data, size_t len);
    void (*destroy)(struct image *i);
};

/* 0 and an image to destroy, or -Exxx: -EFBIG when the format has no room. */
int raw_image_create(const struct image_source *source, struct image **out);
int vhd_image_create(const struct image_source *source, struct image **out);
int qcow2_image_create(const struct image_source *source, struct image **out);

/* --- Reading ------------------------------------------------------------------ */

struct image_sink {
    int64_t disk_size; /* of the disk that is written to */
    /*
     * The size of the disk is known: 0, or -Exxx to refuse it. Called once,
     * before any write.
     */
    int (*size)(void *ctx, int64_t size);
    int (*write)(void *ctx, int64_t offset, const void *data, size_t len);
    /*
     * Room beside the disk, at offsets of the file, for what is not yet known
     * to be needed.
     */
    int (*keep)(void *ctx, int64_t offset, const void *data, size_t len);
    int (*kept)(void *ctx, int64_t offset, void *data, size_t len);
    void *ctx;
};

/* A file that comes in piece by piece. */
struct image_reader {
    struct image_sink sink;
    /* 0, or -Exxx: -EBADMSG for what is no such file. */
    int (*take)(struct image_reader *r, const char *data, size_t len);
    /* The file is over: whether it is whole. */
    int (*end)(struct image_reader *r);
    bool lenient; /* `end` accepts less than the whole disk */
    void (*destroy)(struct image_reader *r);
};

struct image_reader *raw_reader_create(const struct image_sink *sink);
/* Pieces with their place: offset (8 bytes) and length (4), little-endian. */
struct image_reader *pieces_reader_create(const struct image_sink *sink);
struct image_reader *vhd_reader_create(const struct image_sink *sink);
struct image_reader *qcow2_reader_create(const struct image_sink *sink);

/* --- For the formats ------------------------------------------------------------ */

/* Runs of blocks, with how many blocks lie before each. */
struct run {
    int64_t first, nr, before; /* in blocks of STORAGE_BLOCK */
};

struct runs {
    struct run *items;
    uint32_t nr, room;
    int64_t blocks; /* of all */
};

/* 0 or -Exxx. More than RUNS_MAX become one at the end: nothing is left out. */
int runs_collect(struct runs *runs, const struct image_source *source);
void runs_fini(struct runs *runs);
/* The run that holds the block, or the first one after it; nr: none. */
uint32_t runs_find(const struct runs *runs, int64_t block);
/* How many blocks of the runs lie before this one; INT64_MAX: it is in none. */
int64_t runs_rank(const struct runs *runs, int64_t block);
/* The block that is number `rank` of all. */
int64_t runs_select(const struct runs *runs, int64_t rank);

/* The source, and zeros behind its end. */
int source_read(const struct image_source *s, int64_t offset, char *data,
                size_t len);
bool all_zeros(const void *data, size_t len);

#endif
