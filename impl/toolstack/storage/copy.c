/* Copies of contents. */
#include "copy.h"

#include <stdlib.h>
#include <string.h>

#include "storage.h"
#include "vdi.h"

enum {
    PIECE = 1 << 20,
    SLICE = 16 << 20, /* bytes copied before others have their turn */
};

void copy_init(struct copy *c, struct request *r, const struct object *from,
               const struct object *to, const struct object *base, bool fresh)
{
    *c = (struct copy){
        .from = arena_strdup(r->arena, from->ref),
        .to = arena_strdup(r->arena, to->ref),
        .base = base ? arena_strdup(r->arena, base->ref) : NULL,
        .fresh = fresh,
        .size = db_int(from, "virtual_size"),
    };
}

double copy_progress(const struct copy *c)
{
    return c->size ? (double)c->at / (double)c->size : 1.0;
}

struct ends {
    struct object *from, *to, *base;
};

static int find_ends(struct request *r, const struct copy *c, struct ends *e)
{
    *e = (struct ends){db_find(r->db, "VDI", c->from),
                       db_find(r->db, "VDI", c->to),
                       c->base ? db_find(r->db, "VDI", c->base) : NULL};
    if (!e->from)
        return request_bad_handle(r, "VDI", c->from);
    if (!e->to)
        return request_bad_handle(r, "VDI", c->to);
    if (c->base && !e->base)
        return request_bad_handle(r, "VDI", c->base);
    return 0;
}

static int copy_run(struct request *r, const struct ends *e, int64_t offset,
                    int64_t len, char *piece)
{
    int rc = 0;

    while (!rc && len) {
        size_t nr = len < PIECE ? (size_t)len : PIECE;

        rc = vdi_read(r->ts, e->from, offset, piece, nr);
        if (rc)
            return vdi_fail(r, e->from, rc);
        rc = vdi_write(r->ts, e->to, offset, piece, nr);
        offset += (int64_t)nr;
        len -= (int64_t)nr;
    }
    return rc ? vdi_fail(r, e->to, rc) : 0;
}

/* The next run of blocks to copy; a target that is not empty needs them all. */
static int next_run(struct request *r, const struct copy *c,
                    const struct ends *e, int64_t *offset, int64_t *len)
{
    int rc = 0;

    *offset = c->at;
    if (e->base || c->fresh)
        rc = vdi_extent(r->ts, e->from, e->base, offset, len);
    else
        *len = c->size - c->at;
    if (!rc && *offset + *len > c->size)
        *len = *offset < c->size ? c->size - *offset : 0;
    return rc ? vdi_fail(r, e->from, rc) : 0;
}

int copy_step(struct request *r, struct copy *c)
{
    int64_t left = SLICE, offset, len;
    char *piece = must_alloc(PIECE);
    struct ends e;
    int rc = find_ends(r, c, &e);

    while (!rc && left > 0) {
        rc = next_run(r, c, &e, &offset, &len);
        if (rc || !len)
            break;
        if (len > left)
            len = left;
        rc = copy_run(r, &e, offset, len, piece);
        c->at = offset + len;
        left -= len;
    }
    free(piece);
    if (!rc && left > 0)
        c->at = c->size;
    return rc ? rc : left > 0 ? 0 : API_WAITING;
}
