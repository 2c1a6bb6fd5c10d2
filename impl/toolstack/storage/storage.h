/*
 * Contents of disks: the seam below storage repositories, and what the rest of
 * the toolstack uses to reach the contents of a disk object.
 *
 * A repository is named by its uuid, a volume in it by its name (the location
 * of the disk). Volumes are thin: what was never written reads as zeros and
 * takes no room. Contents are kept in blocks of STORAGE_BLOCK bytes, which
 * clones and snapshots share until one side writes. All calls are made under
 * the toolstack's lock; sizes and offsets are bytes.
 */
#ifndef STORAGE_STORAGE_H
#define STORAGE_STORAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "value.h"

enum {
    STORAGE_BLOCK = 64 << 10,
};

/* The largest volume; qcow2 and raw go that far, VHD to 2040 GiB. */
#define STORAGE_VOLUME_MAX ((int64_t)64 << 40)

struct object;
struct request;
struct toolstack;

struct storage_sr_stat {
    int64_t size;     /* room that there is */
    int64_t used;     /* room that is taken */
    bool clustered;   /* every host of a cluster uses it at once */
    const char *type; /* borrowed until the next call */
};

struct storage_volume_stat {
    const char *name;   /* borrowed until the next call */
    const char *parent; /* hidden volume whose blocks it shares; "": none */
    int64_t size;       /* that a guest sees */
    int64_t used;       /* room that is taken by it alone */
    bool hidden;        /* holds what clones share; nobody uses it itself */
    const char *about;  /* what `describe` said last; "" */
};

/* Called for each; non-zero stops, and is returned. */
typedef int (*storage_volume_fn)(void *arg,
                                 const struct storage_volume_stat *stat);
/*
 * What a device config leads to: a repository, or, when the config lacks a key,
 * one of the values that there are for it.
 */
struct storage_found {
    const char *sr;              /* uuid; "": none */
    struct storage_sr_stat stat; /* of the repository */
    const char *key;             /* that was missing; "": none */
    struct value config;         /* the device config that leads on */
    bool complete;               /* nothing is missing in it */
};

typedef int (*storage_probe_fn)(void *arg, const struct storage_found *found);

/*
 * What keeps the volumes. Every function returns 0 or -Exxx: -ENOENT without
 * such a repository or volume, -EEXIST, -ENOSPC, -EIO, -ENOTCONN when the host
 * has no path, -EINVAL for an offset, a size or a device config without sense.
 */
struct storage_driver {
    /* Repositories. `config` is a device config: a map of strings. */
    int (*sr_create)(void *ctx, const char *host, const char *sr,
                     const char *type, const struct value *config,
                     int64_t size);
    int (*sr_destroy)(void *ctx, const char *sr);
    int (*sr_attach)(void *ctx, const char *host, const char *sr,
                     const char *type, const struct value *config);
    int (*sr_detach)(void *ctx, const char *host, const char *sr);
    int (*sr_stat)(void *ctx, const char *sr, struct storage_sr_stat *stat);
    int (*sr_scan)(void *ctx, const char *sr, storage_volume_fn fn, void *arg);
    int (*probe)(void *ctx, struct arena *a, const char *host, const char *type,
                 const struct value *config, storage_probe_fn fn, void *arg);

    /* Volumes. */
    int (*create)(void *ctx, const char *sr, const char *name, int64_t size);
    int (*destroy)(void *ctx, const char *sr, const char *name);
    int (*stat)(void *ctx, const char *sr, const char *name,
                struct storage_volume_stat *stat);
    int (*resize)(void *ctx, const char *sr, const char *name, int64_t size);
    /* A new volume `to` with the contents that `from` has now. */
    int (*clone)(void *ctx, const char *sr, const char *from, const char *to);
    /* `name` gets the contents that `from` has now, and its size. */
    int (*revert)(void *ctx, const char *sr, const char *name,
                  const char *from);
    /* A text that stays with the volume, for whoever finds it. */
    int (*describe)(void *ctx, const char *sr, const char *name,
                    const char *about);
    /* Drops the contents, and keeps what `changed` needs. */
    int (*forget_data)(void *ctx, const char *sr, const char *name);
    int (*read)(void *ctx, const char *sr, const char *name, int64_t offset,
                void *data, size_t len);
    int (*write)(void *ctx, const char *sr, const char *name, int64_t offset,
                 const void *data, size_t len);
    /*
     * The first run of blocks at or after *offset that takes room: *offset and
     * *len, within the volume. *len is 0 when there is none.
     */
    int (*extent)(void *ctx, const char *sr, const char *name, int64_t *offset,
                  int64_t *len);
    /*
     * The same for blocks that were written to in one of two volumes since
     * they were clones of each other, within the larger of the two.
     */
    int (*changed)(void *ctx, const char *sr, const char *from, const char *to,
                   int64_t *offset, int64_t *len);

    /* What was done so far outlives the process. Called before an answer. */
    int (*sync)(void *ctx);
    void *ctx;
};

/*
 * Volumes are told what the records of their disks say now, so that a pool
 * which finds them later knows. Called before each commit.
 */
void storage_describe(struct toolstack *ts);

/* --- Disks by object ---------------------------------------------------- */

/*
 * 0 or -Exxx, as from the driver. The disk's repository decides where that is.
 * None of these looks at allowed operations, locks or sizes in the database.
 */
int vdi_read(struct toolstack *ts, const struct object *vdi, int64_t offset,
             void *data, size_t len);
int vdi_write(struct toolstack *ts, const struct object *vdi, int64_t offset,
              const void *data, size_t len);
/* As the driver's extent and changed. `base` may be NULL: what takes room. */
int vdi_extent(struct toolstack *ts, const struct object *vdi,
               const struct object *base, int64_t *offset, int64_t *len);

/*
 * Makes a disk and its volume in the repository: a record with defaults, of
 * `type` ("user", "suspend", ...). NULL, with the error of the request set,
 * when there is no room or no path.
 */
struct object *vdi_make(struct request *r, struct object *sr, const char *type,
                        const char *label, int64_t size);
/* Destroys volume and record; the caller has made sure that nobody uses it. */
int vdi_unmake(struct request *r, struct object *vdi);

/* Sizes of the disk and of its repository as they are now, in the database. */
void vdi_refresh_size(struct toolstack *ts, struct object *vdi);

/* API_FAILED with the error that stands for the driver's -Exxx. */
int storage_fail(struct request *r, const struct object *sr, int rc);
int vdi_fail(struct request *r, const struct object *vdi, int rc);

#endif
