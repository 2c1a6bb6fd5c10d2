/* Parameters, formats and errors of disk transfers. */
#include "transfer_vdi.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "digest.h"
#include "pool.h"
#include "tar.h"
#include "vdi.h"
#include "xva_reader.h"

const struct vdi_format_row vdi_formats[FORMATS_NR] = {
    [FORMAT_RAW] = {"raw", "application/octet-stream", raw_image_create,
                    raw_reader_create},
    [FORMAT_VHD] = {"vhd", "application/vhd", vhd_image_create,
                    vhd_reader_create},
    [FORMAT_QCOW2] = {"qcow2", "application/x-qemu-disk", qcow2_image_create,
                      qcow2_reader_create},
    [FORMAT_TAR] = {"tar", "application/x-tar", NULL, tar_reader_create},
};

int vdi_format_of(struct route_call *c, enum vdi_format *format)
{
    const char *name = route_param(c, "format");

    *format = FORMAT_RAW;
    for (int i = 0; name && i < FORMATS_NR; i++)
        if (strcasecmp(vdi_formats[i].name, name) == 0) {
            *format = i;
            return 0;
        }
    if (!name)
        return 0;
    c->status = 404;
    return request_internal(
        &c->request, arena_printf(c->request.arena, "Unknown format %s", name));
}

struct object *vdi_param(struct route_call *c, const char *name)
{
    const char *text = route_param(c, name);
    struct object *o = text ? db_find(c->request.db, "VDI", text) : NULL;

    return text && !o ? db_find_uuid(c->request.db, "VDI", text) : o;
}

struct object *transfer_host(struct route_call *c, const struct object *sr,
                             int *rc)
{
    struct request *r = &c->request;
    const struct value *pbds = db_get(sr, "PBDs");
    struct object *here = pool_here(r), *other = NULL;

    *rc = 0;
    for (uint32_t i = 0; i < pbds->nr; i++) {
        const struct object *pbd = db_find_any(r->db, pbds->items[i].s);

        if (!db_bool(pbd, "currently_attached"))
            continue;
        other = db_ref(r->db, pbd, "host");
        if (other == here)
            return here;
    }
    *rc = other ? route_redirect(c, db_text(other, "address"))
                : request_fail(r, "SR_HAS_NO_PBDS", sr->ref, NULL);
    return NULL;
}

int transfer_fail(struct route_call *c, const struct object *vdi, int rc)
{
    struct request *r = &c->request;

    switch (rc) {
    case -EBADMSG:
    case -ESPIPE:
        return request_fail(r, "VDI_IO_ERROR",
                            "The image is broken, or not of that format", NULL);
    case -EOPNOTSUPP:
        return request_fail(r, "VDI_IO_ERROR",
                            "The image needs what is not supported", NULL);
    case -EFBIG:
        return request_fail(
            r, "VDI_TOO_LARGE", vdi->ref,
            arena_printf(r->arena, "%lld", (long long)VHD_DISK_MAX), NULL);
    default:
        return vdi_fail(r, vdi, rc);
    }
}

/* --- Tar -------------------------------------------------------------------------- */

enum {
    CHUNK = XVA_CHUNK_BYTES,
    NAME_BYTES = 64,
};

int tar_export_step(struct tar_export *t, const struct image_source *source,
                    int64_t mtime_s, struct buf *out)
{
    char *chunk = must_alloc(CHUNK), name[NAME_BYTES];
    char sum[DIGEST_TEXT_BYTES];
    size_t len =
        source->size - t->at < CHUNK ? (size_t)(source->size - t->at) : CHUNK;
    bool ends = t->at == 0 || t->at + CHUNK >= source->size;
    int rc = source->read(source->ctx, t->at, chunk, len);

    /* The first and the last one are always there: they tell the size. */
    if (!rc && (ends || !all_zeros(chunk, len))) {
        (void)snprintf(name, sizeof(name), "vdi/%08lld",
                       (long long)(t->at / CHUNK)); /* fits */
        tar_file(out, name, chunk, len, mtime_s);
        digest_text(DIGEST_XXH64, chunk, len, sum);
        (void)snprintf(name, sizeof(name), "vdi/%08lld%s",
                       (long long)(t->at / CHUNK),
                       digest_suffix(DIGEST_XXH64)); /* fits too */
        tar_file(out, name, sum, strlen(sum), mtime_s);
    }
    t->at += CHUNK;
    free(chunk);
    if (rc)
        return rc;
    if (t->at < source->size)
        return 1;
    tar_end(out);
    return 0;
}

struct tar_import {
    struct image_reader reader; /* first */
    struct xva_reader xva;
};

static int tar_write(void *ctx, const struct xva_disk *disk, uint64_t offset,
                     const void *data, size_t len)
{
    const struct tar_import *t = ctx;

    (void)disk;
    return t->reader.sink.write(t->reader.sink.ctx, (int64_t)offset, data, len);
}

static int tar_header(void *ctx, const char *xml, size_t len)
{
    (void)ctx;
    (void)xml;
    (void)len;
    return -EBADMSG; /* of a machine, not of a disk */
}

static int tar_rc(const struct tar_import *t, int rc)
{
    return rc && t->xva.error == XVA_REFUSED ? t->xva.rc : rc;
}

static int tar_take(struct image_reader *r, const char *data, size_t len)
{
    struct tar_import *t = (struct tar_import *)r;

    return tar_rc(t, xva_feed(&t->xva, data, len));
}

static int tar_over(struct image_reader *r)
{
    struct tar_import *t = (struct tar_import *)r;

    return tar_rc(t, xva_finish(&t->xva));
}

static void tar_destroy(struct image_reader *r)
{
    struct tar_import *t = (struct tar_import *)r;

    xva_reader_fini(&t->xva);
    free(t);
}

struct image_reader *tar_reader_create(const struct image_sink *sink)
{
    static const struct xva_events events = {tar_header, tar_write};
    struct tar_import *t = must_alloc(sizeof(*t));

    *t = (struct tar_import){.reader = {.sink = *sink,
                                        .take = tar_take,
                                        .end = tar_over,
                                        .destroy = tar_destroy}};
    xva_reader_init(&t->xva, &events, t);
    t->xva.at = XVA_AT_CHUNK;
    (void)xva_reader_expect(&t->xva, "vdi", (uint64_t)sink->disk_size, t);
    return &t->reader;
}
