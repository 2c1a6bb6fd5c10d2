/*
 * Disks without contents: what the simulated repository of type `dummy` keeps
 * of them is their record.
 */
#include "vdi.h"

#include <string.h>

#include "generic.h"
#include "handlers.h"

static const char *const own_fields[] = {
    "uuid",          "VBDs",
    "crash_dumps",   "snapshots",
    "snapshot_of",   "snapshot_time",
    "is_a_snapshot", "current_operations",
    "parent",        "metadata_latest",
    "storage_lock",  "location",
};

static const char *const operations[] = {
    "clone",  "copy",     "destroy", "forget",      "generate_config", "mirror",
    "resize", "snapshot", "update",  "set_on_boot", "enable_cbt",
};

/* What can be done with the disk now: less while a machine has it. */
static void refresh(struct request *r, struct object *o)
{
    db_set(r->db, o, "allowed_operations",
           value_strings(r->arena, operations,
                         sizeof(operations) / sizeof(operations[0])));
}

static bool in_use(struct request *r, const struct object *o)
{
    const struct value *vbds = db_get(o, "VBDs");

    for (uint32_t i = 0; i < vbds->nr; i++)
        if (db_bool(db_find_any(r->db, vbds->items[i].s), "currently_attached"))
            return true;
    return false;
}

static int check_free(struct request *r, const char *op)
{
    if (in_use(r, r->self))
        return request_fail(r, "VDI_IN_USE", r->self->ref, op, NULL);
    return 0;
}

static bool is_own(const char *name)
{
    for (size_t i = 0; i < sizeof(own_fields) / sizeof(own_fields[0]); i++)
        if (strcmp(own_fields[i], name) == 0)
            return true;
    return false;
}

struct object *vdi_duplicate(struct request *r, struct object *from,
                             bool snapshot)
{
    struct object *to = db_create(r->db, "VDI");

    for (int i = 0; i < from->class->fields_nr; i++)
        if (!is_own(from->class->fields[i]->name))
            db_set_at(r->db, to, i, from->cells[i].value);
    db_set_text(r->db, to, "location", db_text(to, "uuid"));
    if (snapshot) {
        db_set_bool(r->db, to, "is_a_snapshot", true);
        db_set_text(r->db, to, "snapshot_of", from->ref);
        db_set_text(r->db, to, "snapshot_time", toolstack_now(r->ts, r->arena));
    }
    return to;
}

int vdi_create(struct request *r)
{
    const struct value *args = &r->args[0];
    const char *sr = value_text(args, "SR", REF_NULL);
    struct object *o;

    if (!db_find(r->db, "SR", sr))
        return request_bad_handle(r, "SR", sr);
    if (value_find(args, "virtual_size")->i < 0)
        return request_fail(r, "VDI_INCOMPATIBLE_TYPE", sr, "negative size",
                            NULL);
    o = generic_create(r, args);
    db_set_text(r->db, o, "location", db_text(o, "uuid"));
    db_set_bool(r->db, o, "managed", true);
    refresh(r, o);
    return reply_ref(r, o);
}

int vdi_destroy(struct request *r)
{
    if (check_free(r, "destroy"))
        return API_FAILED;
    while (db_get(r->self, "VBDs")->nr)
        db_destroy(r->db,
                   db_find_any(r->db, db_get(r->self, "VBDs")->items[0].s));
    db_destroy(r->db, r->self);
    return reply_void(r);
}

int vdi_snapshot(struct request *r)
{
    return reply_ref(r, vdi_duplicate(r, r->self, true));
}

int vdi_clone(struct request *r)
{
    return reply_ref(r, vdi_duplicate(r, r->self, false));
}

int vdi_copy(struct request *r)
{
    struct object *to;

    if (strcmp(arg_text(r, 1), REF_NULL) != 0 && !arg_object(r, 1, "SR"))
        return API_FAILED;
    to = vdi_duplicate(r, r->self, false);
    if (strcmp(arg_text(r, 1), REF_NULL) != 0)
        db_set_text(r->db, to, "SR", arg_text(r, 1));
    return reply_ref(r, to);
}

int vdi_resize(struct request *r)
{
    if (check_free(r, "resize"))
        return API_FAILED;
    if (arg_int(r, 1) < db_int(r->self, "virtual_size"))
        return request_fail(r, "OPERATION_NOT_ALLOWED",
                            "a disk cannot be made smaller", NULL);
    db_set_int(r->db, r->self, "virtual_size", arg_int(r, 1));
    return reply_void(r);
}

/* --- What the repository hangs on --------------------------------------- */

int pbd_plug(struct request *r)
{
    db_set_bool(r->db, r->self, "currently_attached", true);
    return reply_void(r);
}

int pbd_unplug(struct request *r)
{
    const struct object *sr = db_ref(r->db, r->self, "SR");
    const struct value *vdis = sr ? db_get(sr, "VDIs") : NULL;

    for (uint32_t i = 0; vdis && i < vdis->nr; i++)
        if (in_use(r, db_find_any(r->db, vdis->items[i].s)))
            return request_fail(r, "VDI_IN_USE", vdis->items[i].s, "unplug",
                                NULL);
    db_set_bool(r->db, r->self, "currently_attached", false);
    return reply_void(r);
}

/* Nothing changes behind the daemon's back. */
int sr_scan(struct request *r)
{
    if (db_get(r->self, "PBDs")->nr == 0)
        return request_fail(r, "SR_HAS_NO_PBDS", r->self->ref, NULL);
    return reply_void(r);
}

int host_enable(struct request *r)
{
    db_set_bool(r->db, r->self, "enabled", true);
    return reply_void(r);
}

int host_disable(struct request *r)
{
    db_set_bool(r->db, r->self, "enabled", false);
    return reply_void(r);
}
