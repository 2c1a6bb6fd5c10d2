/* What exports and imports of disks have in common. */
#ifndef STORAGE_TRANSFER_VDI_H
#define STORAGE_TRANSFER_VDI_H

#include "image.h"
#include "route.h"

enum vdi_format {
    FORMAT_RAW,
    FORMAT_VHD,
    FORMAT_QCOW2,
    FORMAT_TAR,
    FORMATS_NR,
};

/* Name, type on the wire, and how to make such a file. */
struct vdi_format_row {
    const char *name, *type;
    int (*image)(const struct image_source *source, struct image **out);
    struct image_reader *(*reader)(const struct image_sink *sink);
};

extern const struct vdi_format_row vdi_formats[FORMATS_NR];

/* Of the query; raw unless it says. API_FAILED with status 404: no such. */
int vdi_format_of(struct route_call *c, enum vdi_format *format);

/* A disk by reference or uuid; NULL: no such parameter, or no such disk. */
struct object *vdi_param(struct route_call *c, const char *name);

/*
 * The host that the call came to, when the repository is plugged there. NULL:
 * *rc is 0 and the client was sent to a host where it is, or API_FAILED.
 */
struct object *transfer_host(struct route_call *c, const struct object *sr,
                             int *rc);

/* The request fails with what a source or a sink returned. */
int transfer_fail(struct route_call *c, const struct object *vdi, int rc);

/* Disks as tar archives: pieces of 1 MiB, each with its checksum behind it. */
struct tar_export {
    int64_t at; /* in the disk */
    bool over;
};

/* Adds the next piece that is not all zeros. 1: more, 0: over, or -Exxx. */
int tar_export_step(struct tar_export *t, const struct image_source *source,
                    int64_t mtime_s, struct buf *out);
struct image_reader *tar_reader_create(const struct image_sink *sink);

#endif
