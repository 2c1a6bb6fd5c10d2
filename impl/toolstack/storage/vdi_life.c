/* Disks: made, resized, removed. */
#include <string.h>

#include "generic.h"
#include "handlers.h"
#include "sm.h"
#include "storage.h"
#include "vdi.h"

/* The repository is ready for the operation, and the disk then is. */
static int check_both(struct request *r, struct object *vdi, const char *sr_op,
                      const char *op)
{
    struct object *sr = db_ref(r->db, vdi, "SR");

    if (!sr)
        return request_bad_handle(r, "SR", db_text(vdi, "SR"));
    if (*sr_op && sr_check(r, sr, sr_op))
        return API_FAILED;
    if (vdi_check(r, vdi, op) || sr_check_plugged(r, sr))
        return API_FAILED;
    return vdi_check_managed(r, vdi);
}

int vdi_create(struct request *r)
{
    const struct value *args = &r->args[0];
    const char *ref = value_text(args, "SR", REF_NULL);
    struct object *sr = db_find(r->db, "SR", ref), *o;
    int64_t size = value_find(args, "virtual_size")->i;

    if (!sr)
        return request_bad_handle(r, "SR", ref);
    if (strcmp(value_text(args, "type", ""), "cbt_metadata") == 0)
        return request_fail(r, "VDI_INCOMPATIBLE_TYPE", "", "cbt_metadata",
                            NULL);
    if (sr_check(r, sr, "vdi_create"))
        return API_FAILED;
    o = vdi_make(r, sr, value_text(args, "type", "user"), "", size);
    if (!o)
        return API_FAILED;
    for (uint32_t i = 0; i < args->nr; i++)
        db_set(r->db, o, args->members[i].key, args->members[i].value);
    return reply_ref(r, o);
}

int vdi_destroy(struct request *r)
{
    if (check_both(r, r->self, "vdi_destroy", "destroy") ||
        vdi_unmake(r, r->self))
        return API_FAILED;
    return reply_void(r);
}

/* The volume stays where it is: a scan finds it again. */
int vdi_forget(struct request *r)
{
    if (vdi_check(r, r->self, "forget"))
        return API_FAILED;
    vdi_remove(r, r->self);
    return reply_void(r);
}

static int resize(struct request *r, const char *op)
{
    struct storage_driver *driver = &r->ts->storage;
    int rc;

    if (check_both(r, r->self, "vdi_resize", op))
        return API_FAILED;
    if (arg_int(r, 1) < db_int(r->self, "virtual_size"))
        return request_fail(
            r, "VDI_TOO_SMALL", r->self->ref,
            arena_printf(r->arena, "%lld",
                         (long long)db_int(r->self, "virtual_size")),
            NULL);
    rc = driver->resize(driver->ctx, vdi_sr_uuid(r->ts, r->self),
                        vdi_volume(r->self), arg_int(r, 1));
    if (rc)
        return vdi_fail(r, r->self, rc);
    vdi_refresh_size(r->ts, r->self);
    return reply_void(r);
}

int vdi_resize(struct request *r)
{
    return resize(r, "resize");
}

int vdi_resize_online(struct request *r)
{
    return resize(r, "resize_online");
}

/* --- Snapshots and clones -------------------------------------------------- */

/* What a copy has from its original. */
static const char *const inherited[] = {
    "name_label",   "name_description", "type",    "sharable",
    "other_config", "xenstore_data",    "on_boot", "allow_caching",
    "tags",         "virtual_size",     "SR",
};

struct object *vdi_duplicate(struct request *r, struct object *from,
                             bool snapshot)
{
    struct storage_driver *driver = &r->ts->storage;
    struct object *to = db_create(r->db, "VDI");
    int rc;

    for (size_t i = 0; i < sizeof(inherited) / sizeof(inherited[0]); i++)
        db_set(r->db, to, inherited[i], *db_get(from, inherited[i]));
    db_set_text(r->db, to, "location", db_text(to, "uuid"));
    db_set_bool(r->db, to, "managed", true);
    rc = driver->clone(driver->ctx, vdi_sr_uuid(r->ts, from), vdi_volume(from),
                       vdi_volume(to));
    if (rc) {
        db_destroy(r->db, to);
        (void)vdi_fail(r, from, rc);
        return NULL;
    }
    if (snapshot) {
        db_set_bool(r->db, to, "is_a_snapshot", true);
        db_set_text(r->db, to, "snapshot_of", from->ref);
        db_set_text(r->db, to, "snapshot_time", toolstack_now(r->ts, r->arena));
        db_set_bool(r->db, to, "cbt_enabled", db_bool(from, "cbt_enabled"));
        db_set(r->db, to, "sm_config", *db_get(from, "sm_config"));
    }
    vdi_refresh_size(r->ts, from);
    vdi_refresh_size(r->ts, to);
    vdi_refresh(r, to);
    return to;
}

int vdi_snapshot(struct request *r)
{
    struct object *to;

    if (check_both(r, r->self, "vdi_snapshot", "snapshot"))
        return API_FAILED;
    to = vdi_duplicate(r, r->self, true);
    return to ? reply_ref(r, to) : API_FAILED;
}

int vdi_clone(struct request *r)
{
    struct object *to;

    if (check_both(r, r->self, "vdi_clone", "clone"))
        return API_FAILED;
    to = vdi_duplicate(r, r->self, false);
    return to ? reply_ref(r, to) : API_FAILED;
}

/* The disk that the snapshot was taken of gets its contents back. */
int vdi_revert(struct request *r)
{
    struct storage_driver *driver = &r->ts->storage;
    struct object *of = db_ref(r->db, r->self, "snapshot_of");
    int rc;

    if (check_both(r, r->self, "", "revert_to"))
        return API_FAILED;
    if (!of)
        return request_bad_handle(r, "VDI", db_text(r->self, "snapshot_of"));
    if (check_both(r, of, "", "revert_from"))
        return API_FAILED;
    rc = driver->revert(driver->ctx, vdi_sr_uuid(r->ts, of), vdi_volume(of),
                        vdi_volume(r->self));
    if (rc)
        return vdi_fail(r, of, rc);
    vdi_refresh_size(r->ts, of);
    vdi_refresh_size(r->ts, r->self);
    return reply_void(r);
}
