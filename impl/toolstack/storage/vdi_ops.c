/* What may be done with disks and repositories now. */
#include <assert.h>
#include <string.h>

#include "sm.h"
#include "vdi.h"

/* Whether an operation goes on while a machine has the disk plugged. */
enum live {
    LIVE_NOT,
    LIVE,
    LIVE_RO,       /* if all of them only read */
    LIVE_SNAPSHOT, /* if all of them are of snapshots */
};

enum {
    NOT_METADATA = 1, /* not for what is left of a snapshot's data */
    NOT_CBT = 2,      /* not while changes are tracked */
    OPS_MAX = 32,
};

static const struct vdi_op {
    const char *name, *feature;
    bool shown;
    enum live live;
    int flags;
} ops[] = {
#define VDI_OP(op, feature, shown, live, flags) \
    {#op, feature, shown, live, flags},
#include "vdi_ops.def"
#undef VDI_OP
};

enum {
    OPS_NR = sizeof(ops) / sizeof(ops[0]),
};

static const struct vdi_op *op_find(const char *name)
{
    for (size_t i = 0; i < OPS_NR; i++)
        if (strcmp(ops[i].name, name) == 0)
            return &ops[i];
    assert(!"an operation that vdi_ops.def does not have");
    return NULL;
}

/* --- Use -------------------------------------------------------------------- */

static bool vbd_active(const struct object *vbd)
{
    return db_bool(vbd, "currently_attached") || db_bool(vbd, "reserved");
}

bool vdi_in_use(struct request *r, const struct object *vdi, bool writes_only)
{
    const struct value *vbds = db_get(vdi, "VBDs");

    for (uint32_t i = 0; i < vbds->nr; i++) {
        const struct object *vbd = db_find_any(r->db, vbds->items[i].s);

        if (vbd_active(vbd) &&
            (!writes_only || strcmp(db_text(vbd, "mode"), "RW") == 0))
            return true;
    }
    return false;
}

static bool used_by_snapshots_only(struct request *r, const struct object *vdi)
{
    const struct value *vbds = db_get(vdi, "VBDs");

    for (uint32_t i = 0; i < vbds->nr; i++) {
        const struct object *vbd = db_find_any(r->db, vbds->items[i].s);
        const struct object *vm = db_ref(r->db, vbd, "VM");

        if (vbd_active(vbd) && !(vm && db_bool(vm, "is_a_snapshot")))
            return false;
    }
    return true;
}

static bool blocked(struct request *r, const struct object *vdi,
                    const struct vdi_op *op)
{
    switch (op->live) {
    case LIVE:
        return false;
    case LIVE_RO:
        return vdi_in_use(r, vdi, true);
    case LIVE_SNAPSHOT:
        return !used_by_snapshots_only(r, vdi);
    default:
        return vdi_in_use(r, vdi, false);
    }
}

/* --- Disks ------------------------------------------------------------------ */

static bool is_type(const struct object *vdi, const char *a, const char *b)
{
    const char *type = db_text(vdi, "type");

    return strcmp(type, a) == 0 || strcmp(type, b) == 0;
}

/* What else is in progress on the disk. A copy lets others go on. */
static int check_current(struct request *r, const struct object *vdi,
                         const char *op)
{
    const struct value *now = db_get(vdi, "current_operations");

    for (uint32_t i = 0; i < now->nr; i++) {
        const char *other = now->members[i].value.s;

        if (strcmp(other, "copy") == 0 ||
            (strcmp(other, "mirror") == 0 && strcmp(op, "destroy") == 0))
            continue;
        return request_fail(r, "OTHER_OPERATION_IN_PROGRESS", "VDI", vdi->ref,
                            other, now->members[i].key, NULL);
    }
    return 0;
}

static int check_destroy(struct request *r, const struct object *vdi)
{
    const struct object *sr = db_ref(r->db, vdi, "SR");
    const struct object *pool = toolstack_pool(r->ts);

    if (strcmp(db_text(sr, "type"), "udev") == 0)
        return request_fail(r, "VDI_IS_A_PHYSICAL_DEVICE", vdi->ref, NULL);
    if (db_bool(sr, "is_tools_sr"))
        return request_fail(r, "SR_OPERATION_NOT_SUPPORTED", sr->ref, NULL);
    if (is_type(vdi, "rrd", "rrd"))
        return request_fail(r, "VDI_HAS_RRDS", vdi->ref, NULL);
    if (is_type(vdi, "ha_statefile", "redo_log") && db_bool(pool, "ha_enabled"))
        return request_fail(r, "HA_IS_ENABLED", NULL);
    return 0;
}

static int check_forget(struct request *r, const struct object *vdi)
{
    if (is_type(vdi, "ha_statefile", "redo_log") &&
        db_bool(toolstack_pool(r->ts), "ha_enabled"))
        return request_fail(r, "HA_IS_ENABLED", NULL);
    if (is_type(vdi, "rrd", "rrd"))
        return request_fail(r, "VDI_HAS_RRDS", vdi->ref, NULL);
    return 0;
}

static int check_data_destroy(struct request *r, const struct object *vdi)
{
    if (!db_bool(vdi, "is_a_snapshot"))
        return request_fail(
            r, "OPERATION_NOT_ALLOWED",
            arena_printf(r->arena, "VDI is not a snapshot: %s", vdi->ref),
            NULL);
    if (!db_bool(vdi, "cbt_enabled"))
        return request_fail(r, "VDI_NO_CBT_METADATA", vdi->ref, NULL);
    return check_destroy(r, vdi);
}

static int check_resize(struct request *r, const struct object *vdi)
{
    if (is_type(vdi, "ha_statefile", "redo_log") &&
        db_bool(toolstack_pool(r->ts), "ha_enabled"))
        return request_fail(r, "HA_IS_ENABLED", NULL);
    return 0;
}

static int check_boot_mode(struct request *r, const struct object *vdi)
{
    if (strcmp(db_text(vdi, "on_boot"), "reset") == 0)
        return request_fail(r, "VDI_ON_BOOT_MODE_INCOMPATIBLE_WITH_OPERATION",
                            NULL);
    return 0;
}

static int check_snapshot(struct request *r, const struct object *vdi)
{
    const struct value *now = db_get(vdi, "current_operations");

    if (db_bool(vdi, "sharable"))
        return request_fail(r, "VDI_IS_SHARABLE", vdi->ref, NULL);
    if (check_boot_mode(r, vdi))
        return API_FAILED;
    for (uint32_t i = 0; i < now->nr; i++)
        if (strcmp(now->members[i].value.s, "copy") == 0)
            return request_fail(r, "OPERATION_NOT_ALLOWED",
                                "Snapshot operation not allowed during copy.",
                                NULL);
    return 0;
}

static int check_copy(struct request *r, const struct object *vdi)
{
    if (check_boot_mode(r, vdi))
        return API_FAILED;
    if (is_type(vdi, "ha_statefile", "redo_log"))
        return request_fail(
            r, "OPERATION_NOT_ALLOWED",
            "VDI containing HA statefile or redo log cannot be copied (check "
            "the VDI's allowed operations).",
            NULL);
    return 0;
}

static int check_cbt(struct request *r, const struct object *vdi)
{
    if (db_bool(vdi, "is_a_snapshot"))
        return request_fail(
            r, "OPERATION_NOT_ALLOWED",
            arena_printf(r->arena, "VDI is a snapshot: %s", vdi->ref), NULL);
    if (!is_type(vdi, "user", "system"))
        return request_fail(r, "VDI_INCOMPATIBLE_TYPE", vdi->ref,
                            db_text(vdi, "type"), NULL);
    return check_boot_mode(r, vdi);
}

static int check_revert(struct request *r, const struct object *vdi)
{
    if (!db_bool(vdi, "is_a_snapshot"))
        return request_fail(r, "ONLY_REVERT_SNAPSHOT", NULL);
    return 0;
}

/* What only one operation asks for. */
static const struct {
    const char *op;
    int (*check)(struct request *r, const struct object *vdi);
} special[] = {
    {"destroy", check_destroy},   {"revert_from", check_destroy},
    {"forget", check_forget},     {"data_destroy", check_data_destroy},
    {"resize", check_resize},     {"resize_online", check_resize},
    {"snapshot", check_snapshot}, {"copy", check_copy},
    {"enable_cbt", check_cbt},    {"disable_cbt", check_cbt},
    {"revert_to", check_revert},
};

static int check_special(struct request *r, const struct object *vdi,
                         const char *op)
{
    for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++)
        if (strcmp(special[i].op, op) == 0)
            return special[i].check(r, vdi);
    return 0;
}

static int check_op(struct request *r, const struct object *vdi,
                    const struct vdi_op *op)
{
    struct object *sr = db_ref(r->db, vdi, "SR");

    if (!sr)
        return request_bad_handle(r, "SR", db_text(vdi, "SR"));
    if (check_current(r, vdi, op->name))
        return API_FAILED;
    if (strcmp(op->name, "resize") == 0 && sr_check_plugged(r, sr))
        return API_FAILED;
    if (blocked(r, vdi, op))
        return request_fail(r, "VDI_IN_USE", vdi->ref, op->name, NULL);
    if (*op->feature && !sm_has(db_text(sr, "type"), op->feature))
        return request_fail(r, "SR_OPERATION_NOT_SUPPORTED", sr->ref, NULL);
    if ((op->flags & NOT_METADATA) && is_type(vdi, "cbt_metadata", ""))
        return request_fail(r, "VDI_INCOMPATIBLE_TYPE", vdi->ref,
                            "cbt_metadata", NULL);
    if ((op->flags & NOT_CBT) && db_bool(vdi, "cbt_enabled"))
        return request_fail(r, "VDI_CBT_ENABLED", vdi->ref, NULL);
    return check_special(r, vdi, op->name);
}

int vdi_check(struct request *r, const struct object *vdi, const char *op)
{
    return check_op(r, vdi, op_find(op));
}

int vdi_check_managed(struct request *r, const struct object *vdi)
{
    if (db_bool(vdi, "managed"))
        return 0;
    return request_fail(r, "VDI_NOT_MANAGED", vdi->ref, NULL);
}

void vdi_refresh(struct request *r, struct object *vdi)
{
    const char *allowed[OPS_MAX];
    struct value error = r->error;
    size_t nr = 0;

    for (size_t i = 0; i < OPS_NR; i++)
        if (ops[i].shown && check_op(r, vdi, &ops[i]) == 0)
            allowed[nr++] = ops[i].name;
    r->error = error; /* what is not allowed is no failure of the request */
    db_set(r->db, vdi, "allowed_operations",
           value_strings(r->arena, allowed, nr));
}
