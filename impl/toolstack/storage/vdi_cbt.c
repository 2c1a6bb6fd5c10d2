/*
 * Changed block tracking: which blocks of 64 KiB differ between a disk and its
 * snapshots.
 *
 * A disk that is tracked has the name of its chain in sm_config; snapshots
 * inherit it. Two disks can be compared if they have the same chain, so that
 * tracking which was switched off in between is noticed.
 */
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "handlers.h"
#include "net.h"
#include "storage.h"
#include "vdi.h"
#include "wait.h"

enum {
    BITMAP_BYTES_MAX = 8 << 20, /* of 4 TiB */
    PATIENCE_MS = 4000,
};

#define CHAIN "cbt_chain"

static const char *chain_of(const struct object *vdi)
{
    return value_text(db_get(vdi, "sm_config"), CHAIN, "");
}

static int check(struct request *r, struct object *vdi, const char *sr_op,
                 const char *op)
{
    struct object *sr = db_ref(r->db, vdi, "SR");
    struct storage_volume_stat stat;
    int rc;

    if (!sr)
        return request_bad_handle(r, "SR", db_text(vdi, "SR"));
    if (sr_check(r, sr, sr_op) || vdi_check(r, vdi, op) ||
        sr_check_plugged(r, sr))
        return API_FAILED;
    rc = r->ts->storage.stat(r->ts->storage.ctx, db_text(sr, "uuid"),
                             vdi_volume(vdi), &stat);
    return rc ? vdi_fail(r, vdi, rc) : 0;
}

int vdi_enable_cbt(struct request *r)
{
    char uuid[UUID_BYTES];

    if (check(r, r->self, "vdi_enable_cbt", "enable_cbt") ||
        feature_check(r, "cbt"))
        return API_FAILED;
    if (db_bool(r->self, "cbt_enabled"))
        return reply_void(r);
    db_uuid(r->db, uuid);
    db_map_put(r->db, r->self, "sm_config", CHAIN, uuid);
    db_set_bool(r->db, r->self, "cbt_enabled", true);
    vdi_refresh(r, r->self);
    return reply_void(r);
}

int vdi_disable_cbt(struct request *r)
{
    if (check(r, r->self, "vdi_disable_cbt", "disable_cbt"))
        return API_FAILED;
    db_map_del(r->db, r->self, "sm_config", CHAIN);
    db_set_bool(r->db, r->self, "cbt_enabled", false);
    vdi_refresh(r, r->self);
    return reply_void(r);
}

/* --- What changed ------------------------------------------------------------ */

static int fail(struct request *r, const char *why)
{
    return request_fail(
        r, "SR_BACKEND_FAILURE_460", "",
        arena_printf(r->arena,
                     "Failed to calculate changed blocks for given VDIs. "
                     "[opterr=%s]",
                     why),
        "", NULL);
}

/* Within one second, the order of the records tells. */
static bool later(const struct object *a, const struct object *b)
{
    int order =
        strcmp(db_text(a, "snapshot_time"), db_text(b, "snapshot_time"));

    return order > 0 || (order == 0 && a->created > b->created);
}

/* A snapshot must be older than what it is compared with. */
static int check_related(struct request *r, const struct object *from,
                         const struct object *to)
{
    if (from == to)
        return fail(r, "Source and target VDI are same");
    if (!db_bool(from, "cbt_enabled") || !db_bool(to, "cbt_enabled"))
        return fail(r, "Changed block tracking is not enabled");
    if (!*chain_of(from) || strcmp(chain_of(from), chain_of(to)) != 0 ||
        strcmp(db_text(from, "SR"), db_text(to, "SR")) != 0 ||
        !db_bool(from, "is_a_snapshot"))
        return fail(r, "Source and target VDI are unrelated");
    if (db_bool(to, "is_a_snapshot") && later(from, to))
        return fail(r, "Source and target VDI are unrelated");
    return 0;
}

/* The first block is the highest bit of the first byte. */
static int fill(struct request *r, const struct object *from,
                const struct object *to, char *bits)
{
    int64_t size = db_int(to, "virtual_size"), offset = 0, len;
    int rc;

    while (!(rc = vdi_extent(r->ts, to, from, &offset, &len)) && len &&
           offset < size) {
        int64_t end = offset + len < size ? offset + len : size;

        for (int64_t block = offset / STORAGE_BLOCK;
             block * STORAGE_BLOCK < end; block++)
            bits[block / 8] |= (char)(0x80 >> block % 8);
        offset += len;
    }
    return rc;
}

int vdi_list_changed_blocks(struct request *r)
{
    struct object *from = r->self, *to = arg_object(r, 1, "VDI");
    int64_t blocks;
    size_t bytes;
    char *bits;
    int rc;

    if (!to || check(r, to, "vdi_list_changed_blocks", "list_changed_blocks") ||
        check_related(r, from, to))
        return API_FAILED;
    blocks = (db_int(to, "virtual_size") + STORAGE_BLOCK - 1) / STORAGE_BLOCK;
    bytes = (size_t)(blocks + 7) / 8;
    if (bytes > BITMAP_BYTES_MAX)
        return request_fail(
            r, "VDI_TOO_LARGE", to->ref,
            arena_printf(r->arena, "%lld",
                         8ll * BITMAP_BYTES_MAX * STORAGE_BLOCK),
            NULL);
    bits = arena_alloc(r->arena, bytes + 1);
    rc = fill(r, from, to, bits);
    if (rc)
        return vdi_fail(r, to, rc);
    return reply_text(r, base64_encode(r->arena, bits, bytes));
}

/* --- Only the map remains ----------------------------------------------------- */

struct waiting {
    struct wait wait; /* first: found again from r->wait */
    const char *vdi, *type;
};

static int give_up(struct request *r, struct object *vdi,
                   const struct waiting *w)
{
    db_set_text(r->db, vdi, "type", w->type);
    return request_fail(r, "VDI_IN_USE", vdi->ref, "data_destroy", NULL);
}

static bool nobody_left(struct request *r)
{
    const struct waiting *w = (const struct waiting *)r->wait;
    const struct object *vdi = db_find(r->db, "VDI", w->vdi);

    return !vdi || !db_get(vdi, "VBDs")->nr;
}

static int data_destroy(struct request *r)
{
    const struct waiting *w = (const struct waiting *)r->wait;
    struct storage_driver *driver = &r->ts->storage;
    struct object *vdi = db_find(r->db, "VDI", w->vdi);
    int rc;

    if (!vdi)
        return request_bad_handle(r, "VDI", w->vdi);
    if (db_get(vdi, "VBDs")->nr)
        return give_up(r, vdi, w);
    rc = driver->forget_data(driver->ctx, vdi_sr_uuid(r->ts, vdi),
                             vdi_volume(vdi));
    if (rc) {
        db_set_text(r->db, vdi, "type", w->type);
        return vdi_fail(r, vdi, rc);
    }
    vdi_refresh_size(r->ts, vdi);
    vdi_refresh(r, vdi);
    return reply_void(r);
}

static void data_destroy_cancel(struct request *r)
{
    const struct waiting *w = (const struct waiting *)r->wait;
    struct object *vdi = db_find(r->db, "VDI", w->vdi);

    if (vdi)
        db_set_text(r->db, vdi, "type", w->type);
}

/* The disk is marked first, so that nobody begins to use it. */
int vdi_data_destroy(struct request *r)
{
    struct waiting *w = arena_alloc(r->arena, sizeof(*w));
    struct object *vdi = r->self;

    if (strcmp(db_text(vdi, "type"), "cbt_metadata") == 0)
        return reply_void(r);
    if (check(r, vdi, "vdi_data_destroy", "data_destroy") ||
        vdi_check_managed(r, vdi))
        return API_FAILED;
    w->vdi = arena_strdup(r->arena, vdi->ref);
    w->type = arena_strdup(r->arena, db_text(vdi, "type"));
    db_set_text(r->db, vdi, "type", "cbt_metadata");
    w->wait = (struct wait){.ready = nobody_left,
                            .resume = data_destroy,
                            .cancellable = true,
                            .cancel = data_destroy_cancel,
                            .deadline_ms = r->ts->env.now_ms(r->ts->env.ctx) +
                                           PATIENCE_MS};
    r->wait = &w->wait;
    return nobody_left(r) ? data_destroy(r) : API_WAITING;
}
