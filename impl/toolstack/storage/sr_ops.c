/* What may be done with repositories now. */
#include <string.h>

#include "sm.h"
#include "vdi.h"

static const struct sr_op {
    const char *name, *feature;
} ops[] = {
#define SR_OP(op, feature) {#op, feature},
#include "sr_ops.def"
#undef SR_OP
};

enum {
    OPS_NR = sizeof(ops) / sizeof(ops[0]),
};

bool sr_is_plugged(struct request *r, const struct object *sr)
{
    const struct value *pbds = db_get(sr, "PBDs");

    for (uint32_t i = 0; i < pbds->nr; i++)
        if (db_bool(db_find_any(r->db, pbds->items[i].s), "currently_attached"))
            return true;
    return false;
}

int sr_check_plugged(struct request *r, const struct object *sr)
{
    if (sr_is_plugged(r, sr))
        return 0;
    return request_fail(r, "SR_HAS_NO_PBDS", sr->ref, NULL);
}

static int check_empty(struct request *r, const struct object *sr)
{
    const struct value *vdis = db_get(sr, "VDIs");

    for (uint32_t i = 0; i < vdis->nr; i++) {
        const struct object *vdi = db_find_any(r->db, vdis->items[i].s);

        if (db_bool(vdi, "managed") && strcmp(db_text(vdi, "type"), "rrd") != 0)
            return request_fail(r, "SR_NOT_EMPTY", NULL);
    }
    return 0;
}

static int check_removal(struct request *r, const struct object *sr,
                         const char *op)
{
    bool destroy = strcmp(op, "destroy") == 0;

    if (!destroy && strcmp(op, "forget") != 0)
        return 0;
    if (sr_is_plugged(r, sr))
        return request_fail(r, "SR_HAS_PBD", sr->ref, NULL);
    if (!destroy)
        return 0;
    if (!db_get(sr, "PBDs")->nr)
        return request_fail(r, "SR_HAS_NO_PBDS", sr->ref, NULL);
    return check_empty(r, sr);
}

static int check_op(struct request *r, const struct object *sr,
                    const struct sr_op *op)
{
    const struct value *now = db_get(sr, "current_operations");

    if (*op->feature && !sm_has(db_text(sr, "type"), op->feature))
        return request_fail(r, "SR_OPERATION_NOT_SUPPORTED", sr->ref, NULL);
    if (db_bool(sr, "is_tools_sr") && (strcmp(op->name, "vdi_create") == 0 ||
                                       strcmp(op->name, "vdi_destroy") == 0))
        return request_fail(r, "SR_OPERATION_NOT_SUPPORTED", sr->ref, NULL);
    if (check_removal(r, sr, op->name))
        return API_FAILED;
    for (uint32_t i = 0; i < now->nr; i++)
        if (strcmp(op->name, "plug") != 0 ||
            strcmp(now->members[i].value.s, "plug") != 0)
            return request_fail(r, "OTHER_OPERATION_IN_PROGRESS", "SR", sr->ref,
                                now->members[i].value.s, now->members[i].key,
                                NULL);
    return 0;
}

int sr_check(struct request *r, struct object *sr, const char *op)
{
    for (size_t i = 0; i < OPS_NR; i++)
        if (strcmp(ops[i].name, op) == 0)
            return check_op(r, sr, &ops[i]);
    return 0;
}

void sr_refresh(struct request *r, struct object *sr)
{
    const char *allowed[OPS_NR];
    struct value error = r->error;
    size_t nr = 0;

    for (size_t i = 0; i < OPS_NR; i++)
        if (check_op(r, sr, &ops[i]) == 0)
            allowed[nr++] = ops[i].name;
    r->error = error; /* what is not allowed is no failure of the request */
    db_set(r->db, sr, "allowed_operations",
           value_strings(r->arena, allowed, nr));
}
