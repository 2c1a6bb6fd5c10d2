/* GET /export_raw_vdi: a disk as a file, whole or what changed since another. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hold.h"
#include "routes.h"
#include "transfer_vdi.h"
#include "vdi.h"

enum {
    PIECE = 256 << 10,
};

struct exporting {
    struct toolstack *ts;
    char vdi[REF_BYTES], base[REF_BYTES]; /* base: "" for none */
    struct image_source source;
    struct image *image; /* NULL: a tar archive */
    struct tar_export tar;
    int64_t at;
    const char *hold, *base_hold;
    int rc; /* why it failed */
};

/* --- The source ---------------------------------------------------------------- */

static int export_read(void *ctx, int64_t offset, void *data, size_t len)
{
    const struct exporting *e = ctx;
    const struct object *vdi = db_find(&e->ts->db, "VDI", e->vdi);

    return vdi ? vdi_read(e->ts, vdi, offset, data, len) : -ENOENT;
}

static int export_extent(void *ctx, int64_t *offset, int64_t *len)
{
    const struct exporting *e = ctx;
    const struct object *vdi = db_find(&e->ts->db, "VDI", e->vdi);
    const struct object *base =
        *e->base ? db_find(&e->ts->db, "VDI", e->base) : NULL;

    return vdi ? vdi_extent(e->ts, vdi, base, offset, len) : -ENOENT;
}

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef", *at = strchr(digits, c);

    return c && at ? (int)(at - digits) : 0;
}

static void uuid_bytes(const char *text, uint8_t *bytes)
{
    int nr = 0;

    for (; *text && nr < 2 * IMAGE_UUID_BYTES; text++)
        if (*text != '-') {
            bytes[nr / 2] = (uint8_t)(bytes[nr / 2] << 4 | hex_digit(*text));
            nr++;
        }
}

static void source_fill(struct exporting *e, const struct object *vdi,
                        const struct object *base)
{
    struct image_source *s = &e->source;

    *s = (struct image_source){.size = db_int(vdi, "virtual_size"),
                               .read = export_read,
                               .extent = export_extent,
                               .ctx = e};
    memcpy(e->vdi, vdi->ref, sizeof(e->vdi));
    uuid_bytes(db_text(vdi, "uuid"), s->uuid);
    if (!base)
        return;
    memcpy(e->base, base->ref, sizeof(e->base));
    uuid_bytes(db_text(base, "uuid"), s->parent);
    (void)snprintf(s->parent_name, sizeof(s->parent_name), "%s.vhd",
                   db_text(base, "uuid")); /* a uuid is short */
}

/* --- The stream ------------------------------------------------------------------ */

static void note_progress(struct route_call *c, int64_t at, int64_t of)
{
    double progress = of ? (double)at / (double)of : 1.0;

    if (c->request.task)
        db_set(c->request.db, c->request.task, "progress",
               value_float(progress < 1.0 ? progress : 1.0));
}

static int give_image(struct route_call *c, struct exporting *e,
                      struct buf *out, size_t room)
{
    struct image *i = e->image;
    size_t left = room < PIECE ? room : PIECE;
    char *piece;

    if ((int64_t)left > i->length - e->at)
        left = (size_t)(i->length - e->at);
    piece = must_alloc(left + 1);
    e->rc = i->bytes(i, e->at, piece, left);
    if (!e->rc)
        buf_add(out, piece, left);
    free(piece);
    e->at += (int64_t)left;
    note_progress(c, e->at, i->length);
    return e->at < i->length;
}

static int export_give(struct route_call *c, struct buf *out, size_t room)
{
    struct exporting *e = c->state;
    const struct object *vdi = db_find(c->request.db, "VDI", e->vdi);
    int more;

    if (!vdi)
        return request_bad_handle(&c->request, "VDI", e->vdi);
    if (e->image) {
        more = give_image(c, e, out, room);
    } else {
        int64_t now = e->ts->env.now_ms(e->ts->env.ctx) / 1000;

        more = tar_export_step(&e->tar, &e->source, now, out);
        e->rc = more < 0 ? more : 0;
        note_progress(c, e->tar.at, e->source.size);
        /* A piece of zeros adds nothing: come back at once. */
        for (; more > 0 && !out->len; e->rc = more < 0 ? more : 0)
            more = tar_export_step(&e->tar, &e->source, now, out);
    }
    return e->rc ? transfer_fail(c, vdi, e->rc) : more;
}

static void export_free(struct request *r, struct exporting *e)
{
    vdi_release(r, e->hold);
    vdi_release(r, e->base_hold);
    if (e->image)
        e->image->destroy(e->image);
    free(e);
}

static void export_done(struct route_call *c, bool ok)
{
    (void)ok; /* the task says */
    export_free(&c->request, c->state);
}

static const struct route_stream export_stream = {.give = export_give,
                                                  .done = export_done};

/* --- The call ---------------------------------------------------------------------- */

static int begin(struct route_call *c, struct exporting *e,
                 enum vdi_format format, const struct object *vdi)
{
    const struct vdi_format_row *row = &vdi_formats[format];
    int rc = row->image ? row->image(&e->source, &e->image) : 0;

    if (rc) {
        (void)transfer_fail(c, vdi, rc);
        export_free(&c->request, e);
        return API_FAILED;
    }
    route_header(c, "Content-Disposition",
                 arena_printf(c->request.arena,
                              "attachment; filename=\"%s.%s\"",
                              db_text(vdi, "uuid"), row->name));
    (void)route_stream(c, &export_stream, e); /* always 0, both */
    return route_begin(c, 200, row->type,
                       e->image ? e->image->length : ROUTE_LENGTH_UNKNOWN);
}

/* What can be exported, and be left alone meanwhile. 0, or API_FAILED. */
static int check(struct route_call *c, struct object *vdi, struct object *base)
{
    struct request *r = &c->request;

    if (strcmp(db_text(vdi, "type"), "cbt_metadata") == 0)
        return request_fail(r, "VDI_INCOMPATIBLE_TYPE", vdi->ref,
                            "cbt_metadata", NULL);
    if (base && strcmp(db_text(base, "SR"), db_text(vdi, "SR")) != 0)
        return request_fail(r, "VDI_NOT_SPARSE", base->ref, NULL);
    return 0;
}

int export_raw_vdi(struct route_call *c)
{
    struct request *r = &c->request;
    struct object *vdi = vdi_param(c, "vdi"), *base = vdi_param(c, "base");
    struct object *host;
    struct exporting *e;
    enum vdi_format format;
    int rc;

    if (!vdi)
        return request_bad_handle(
            r, "VDI", route_param(c, "vdi") ? route_param(c, "vdi") : "");
    if (route_param(c, "base") && !base)
        return request_bad_handle(r, "VDI", route_param(c, "base"));
    if (vdi_format_of(c, &format) || check(c, vdi, base))
        return API_FAILED;
    host = transfer_host(c, db_ref(r->db, vdi, "SR"), &rc);
    if (!host)
        return rc;
    e = must_alloc(sizeof(*e));
    *e = (struct exporting){.ts = r->ts};
    r->result = value_void();
    source_fill(e, vdi, base);
    e->hold = vdi_hold(r, host, vdi, "RO");
    if (e->hold && base)
        e->base_hold = vdi_hold(r, host, base, "RO");
    if (!e->hold || (base && !e->base_hold)) {
        export_free(r, e);
        return API_FAILED;
    }
    return begin(c, e, format, vdi);
}
