/* Records of disks beside their volumes, as JSON. */
#include "describe.h"

#include <string.h>

#include "json.h"
#include "storage.h"
#include "unmarshal.h"
#include "vdi.h"

/* What a disk is, wherever it turns up. References are told as uuids. */
static const char *const fields[] = {
    "name_label",       "name_description", "type",          "read_only",
    "sharable",         "is_a_snapshot",    "snapshot_time", "cbt_enabled",
    "metadata_of_pool", "sm_config",        "is_tools_iso",
};

enum {
    FIELDS_NR = sizeof(fields) / sizeof(fields[0]),
};

static void describe(struct toolstack *ts, const struct object *vdi)
{
    struct member members[FIELDS_NR + 1];
    const struct object *of = db_ref(&ts->db, vdi, "snapshot_of");
    struct value v = value_map(members, FIELDS_NR + 1);
    struct buf text = {0};

    for (size_t i = 0; i < FIELDS_NR; i++)
        members[i] = (struct member){fields[i], *db_get(vdi, fields[i])};
    members[FIELDS_NR] = (struct member){
        "snapshot_of", value_string(of ? db_text(of, "uuid") : "")};
    json_encode(&text, &v);
    buf_putc(&text, '\0');
    /* Without a volume, nobody will find it. */
    (void)ts->storage.describe(ts->storage.ctx, vdi_sr_uuid(ts, vdi),
                               vdi_volume(vdi), text.data);
    buf_fini(&text);
}

void storage_describe(struct toolstack *ts)
{
    for (const struct object *o = ts->db.newest;
         o && o->changed > ts->described; o = o->older)
        if (strcmp(o->class->name, "VDI") == 0)
            describe(ts, o);
    ts->described = ts->db.generation - 1;
}

void vdi_recall(struct request *r, struct object *vdi, const char *about)
{
    struct value v, typed;

    if (json_decode(r->arena, about, strlen(about), &v) || v.kind != VALUE_MAP)
        return;
    for (uint32_t i = 0; i < v.nr; i++) {
        int index = field_index(vdi->class, v.members[i].key);

        if (index >= 0 && strcmp(v.members[i].key, "snapshot_of") != 0 &&
            unmarshal(r, &vdi->class->fields[index]->type, &v.members[i].value,
                      &typed) == 0)
            db_set_at(r->db, vdi, index, typed);
    }
}

void vdi_recall_origin(struct request *r, struct object *vdi, const char *about)
{
    const struct object *of;
    struct value v;

    if (json_decode(r->arena, about, strlen(about), &v) || v.kind != VALUE_MAP)
        return;
    of = db_find_uuid(r->db, "VDI", value_text(&v, "snapshot_of", ""));
    if (of)
        db_set_text(r->db, vdi, "snapshot_of", of->ref);
}
