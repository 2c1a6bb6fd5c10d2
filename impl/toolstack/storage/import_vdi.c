/*
 * PUT /import_raw_vdi: a file into a disk. As clients expect, the headers of
 * the answer leave before the body comes; the task tells how it ended.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hold.h"
#include "routes.h"
#include "task.h"
#include "transfer_vdi.h"
#include "vdi.h"

struct importing {
    struct toolstack *ts;
    char vdi[REF_BYTES];
    int64_t size, came, end; /* of the disk; of the file; the last byte set */
    struct image_reader *reader;
    char spool[UUID_BYTES + 8]; /* volume beside the disk; "": none yet */
    const char *hold;
    bool whole; /* the body was read to its end */
};

/* --- The sink ------------------------------------------------------------------------ */

static const struct object *disk_of(const struct importing *i)
{
    return db_find(&i->ts->db, "VDI", i->vdi);
}

static int import_size(void *ctx, int64_t size)
{
    const struct importing *i = ctx;

    return size > (i->size + 511) / 512 * 512 ? -E2BIG : 0;
}

static int import_write(void *ctx, int64_t offset, const void *data, size_t len)
{
    struct importing *i = ctx;
    const struct object *vdi = disk_of(i);

    if (offset < 0 || offset > i->size)
        return -E2BIG;
    if ((int64_t)len > i->size - offset) {
        size_t room = (size_t)(i->size - offset);

        if (!all_zeros((const char *)data + room, len - room))
            return -E2BIG;
        len = room; /* padding to whole sectors */
    }
    if (offset + (int64_t)len > i->end)
        i->end = offset + (int64_t)len;
    return vdi ? vdi_write(i->ts, vdi, offset, data, len) : -ENOENT;
}

/* What is not yet known to be needed goes to a volume that nobody sees. */
static int import_keep(void *ctx, int64_t offset, const void *data, size_t len)
{
    struct importing *i = ctx;
    struct storage_driver *d = &i->ts->storage;
    const struct object *vdi = disk_of(i);
    int rc = 0;

    if (!vdi)
        return -ENOENT;
    if (!*i->spool) {
        (void)snprintf(i->spool, sizeof(i->spool), ".spool-%s",
                       db_text(vdi, "uuid")); /* cut, if at all */
        rc = d->create(d->ctx, vdi_sr_uuid(i->ts, vdi), i->spool,
                       STORAGE_VOLUME_MAX);
    }
    return rc ? rc
              : d->write(d->ctx, vdi_sr_uuid(i->ts, vdi), i->spool, offset,
                         data, len);
}

static int import_kept(void *ctx, int64_t offset, void *data, size_t len)
{
    struct importing *i = ctx;
    struct storage_driver *d = &i->ts->storage;
    const struct object *vdi = disk_of(i);

    if (!vdi || !*i->spool)
        return -EBADMSG;
    return d->read(d->ctx, vdi_sr_uuid(i->ts, vdi), i->spool, offset, data,
                   len);
}

/* --- The stream ---------------------------------------------------------------------- */

static int fail(struct route_call *c, struct importing *i, int rc)
{
    struct request *r = &c->request;
    const struct object *vdi = disk_of(i);

    if (!vdi)
        return request_bad_handle(r, "VDI", i->vdi);
    if (rc == -E2BIG)
        return request_fail(r, "VDI_TOO_SMALL", vdi->ref,
                            arena_printf(r->arena, "%lld", (long long)i->size),
                            NULL);
    return transfer_fail(c, vdi, rc);
}

static int64_t import_take(struct route_call *c, const char *data, size_t len)
{
    struct importing *i = c->state;
    int rc = i->reader->take(i->reader, data, len);

    if (rc)
        return fail(c, i, rc);
    i->came += (int64_t)len;
    if (c->length > 0 && c->request.task && i->came <= c->length)
        db_set(c->request.db, c->request.task, "progress",
               value_float((double)i->came / (double)c->length));
    return (int64_t)len;
}

static int import_taken(struct route_call *c)
{
    struct importing *i = c->state;
    int rc = i->reader->end(i->reader);

    if (rc)
        return fail(c, i, rc);
    i->whole = true;
    c->request.result = value_string(arena_strdup(c->request.arena, i->vdi));
    route_resume(c);
    return 0;
}

/* Nothing follows the headers, but their end waits for the body's. */
static int import_give(struct route_call *c, struct buf *out, size_t room)
{
    const struct importing *i = c->state;

    (void)out;
    (void)room;
    return i->whole ? 0 : 1;
}

/*
 * Some clients announce more than they send, and close: if all of the disk was
 * there, all is well.
 */
static void rescue(struct route_call *c, struct importing *i)
{
    struct request *r = &c->request;

    if (i->whole || r->error.kind == VALUE_SET || !r->task)
        return;
    if ((i->reader->lenient && i->end < i->size) || i->reader->end(i->reader))
        return;
    r->result = value_string(arena_strdup(r->arena, i->vdi));
    (void)task_finish(r, 0); /* nobody reads the answer */
}

static void import_done(struct route_call *c, bool ok)
{
    struct importing *i = c->state;
    struct storage_driver *d = &i->ts->storage;
    const struct object *vdi = disk_of(i);

    if (!ok)
        rescue(c, i);
    if (vdi && *i->spool)
        (void)d->destroy(d->ctx, vdi_sr_uuid(i->ts, vdi), i->spool);
    vdi_release(&c->request, i->hold);
    i->reader->destroy(i->reader);
    free(i);
}

static const struct route_stream import_stream = {.take = import_take,
                                                  .taken = import_taken,
                                                  .give = import_give,
                                                  .done = import_done};

/* --- The call ------------------------------------------------------------------------ */

static int bad_request(struct route_call *c, const char *text)
{
    c->status = 400;
    return request_internal(&c->request, text);
}

/* A disk of the body's length in a repository. NULL: failed. */
static struct object *make_disk(struct route_call *c, struct object *sr,
                                enum vdi_format format)
{
    struct request *r = &c->request;

    if (format != FORMAT_RAW || c->length < 0) {
        (void)bad_request(c, "Only a raw image of known length can become a "
                             "disk by itself");
        return NULL;
    }
    if (sr_check(r, sr, "vdi_create"))
        return NULL;
    return vdi_make(r, sr, "user", "Imported VDI", c->length);
}

static struct object *sr_param(struct route_call *c)
{
    const char *ref = route_param(c, "sr_id"),
               *uuid = route_param(c, "sr_uuid");

    if (ref)
        return db_find(c->request.db, "SR", ref);
    return uuid ? db_find_uuid(c->request.db, "SR", uuid) : NULL;
}

static int begin(struct route_call *c, struct object *host, struct object *vdi,
                 enum vdi_format format)
{
    struct importing *i = must_alloc(sizeof(*i));
    struct image_sink sink = {.disk_size = db_int(vdi, "virtual_size"),
                              .size = import_size,
                              .write = import_write,
                              .keep = import_keep,
                              .kept = import_kept,
                              .ctx = i};

    *i = (struct importing){.ts = c->request.ts, .size = sink.disk_size};
    memcpy(i->vdi, vdi->ref, sizeof(i->vdi));
    i->hold = vdi_hold(&c->request, host, vdi, "RW");
    if (!i->hold) {
        free(i);
        return API_FAILED;
    }
    i->reader = format == FORMAT_RAW && route_param(c, "chunked")
                    ? pieces_reader_create(&sink)
                    : vdi_formats[format].reader(&sink);
    (void)route_stream(c, &import_stream, i); /* always 0 */
    return route_begin(c, 200, "application/octet-stream",
                       ROUTE_LENGTH_UNKNOWN);
}

static int check(struct route_call *c, const struct object *vdi,
                 enum vdi_format format)
{
    struct request *r = &c->request;

    if (format != FORMAT_RAW && route_param(c, "chunked")) {
        c->status = 404;
        return request_internal(r, "Cannot handle chunked VHD");
    }
    if (vdi && db_bool(vdi, "read_only"))
        return request_fail(r, "VDI_READONLY", vdi->ref, NULL);
    if (vdi && strcmp(db_text(vdi, "type"), "cbt_metadata") == 0)
        return request_fail(r, "VDI_INCOMPATIBLE_TYPE", vdi->ref,
                            "cbt_metadata", NULL);
    return 0;
}

int import_raw_vdi(struct route_call *c)
{
    struct request *r = &c->request;
    struct object *vdi = vdi_param(c, "vdi"), *sr = sr_param(c), *host;
    enum vdi_format format;
    int rc;

    if (vdi)
        sr = db_ref(r->db, vdi, "SR");
    else if (route_param(c, "vdi"))
        return request_bad_handle(r, "VDI", route_param(c, "vdi"));
    if (!sr) {
        c->status = 400;
        return request_fail(r, "VDI_MISSING", NULL);
    }
    if (vdi_format_of(c, &format) || check(c, vdi, format))
        return API_FAILED;
    host = transfer_host(c, sr, &rc);
    if (!host)
        return rc;
    if (!vdi)
        vdi = make_disk(c, sr, format);
    return vdi ? begin(c, host, vdi, format) : API_FAILED;
}
