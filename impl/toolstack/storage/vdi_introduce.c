/* Records of disks that are there already. */
#include <ctype.h>
#include <string.h>

#include "generic.h"
#include "handlers.h"
#include "storage.h"
#include "vdi.h"

static bool uuid_like(const char *text)
{
    for (int i = 0; i < UUID_BYTES - 1; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;

        if (dash ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
            return false;
    }
    return !text[UUID_BYTES - 1];
}

/* By position, as the message has them. */
enum {
    ARG_UUID,
    ARG_LABEL,
    ARG_DESCRIPTION,
    ARG_SR,
    ARG_TYPE,
    ARG_SHARABLE,
    ARG_READ_ONLY,
    ARG_OTHER_CONFIG,
    ARG_LOCATION,
    ARG_XENSTORE_DATA,
    ARG_SM_CONFIG,
};

static struct object *disk_at(struct request *r, const struct object *sr,
                              const char *location)
{
    const struct value *vdis = db_get(sr, "VDIs");

    for (uint32_t i = 0; i < vdis->nr; i++) {
        struct object *o = db_find_any(r->db, vdis->items[i].s);

        if (strcmp(db_text(o, "location"), location) == 0)
            return o;
    }
    return NULL;
}

static int check_unique(struct request *r, const struct object *sr,
                        const char *uuid)
{
    const struct object *other = disk_at(r, sr, arg_text(r, ARG_LOCATION));

    if (!other || strcmp(db_text(other, "uuid"), uuid) == 0)
        return 0;
    return request_fail(r, "LOCATION_NOT_UNIQUE", sr->ref,
                        arg_text(r, ARG_LOCATION), NULL);
}

/* What the caller says of a disk whose contents the repository has. */
int vdi_introduce(struct request *r)
{
    struct storage_driver *driver = &r->ts->storage;
    const char *uuid = arg_text(r, ARG_UUID);
    const char *location = arg_text(r, ARG_LOCATION);
    struct object *sr = arg_object(r, ARG_SR, "SR"), *o;
    struct storage_volume_stat stat;

    if (!sr || sr_check(r, sr, "vdi_introduce") || sr_check_plugged(r, sr) ||
        check_unique(r, sr, uuid))
        return API_FAILED;
    if (driver->stat(driver->ctx, db_text(sr, "uuid"), location, &stat))
        return request_fail(r, "VDI_LOCATION_MISSING", sr->ref, location, NULL);
    o = disk_at(r, sr, location);
    if (!o)
        o = vdi_record(r, sr, "user", "", stat.size);
    db_set_text(r->db, o, "location", location);
    if (uuid_like(uuid))
        db_set_text(r->db, o, "uuid", uuid);
    if (*arg_text(r, ARG_LABEL))
        db_set_text(r->db, o, "name_label", arg_text(r, ARG_LABEL));
    if (*arg_text(r, ARG_DESCRIPTION))
        db_set_text(r->db, o, "name_description", arg_text(r, ARG_DESCRIPTION));
    db_set(r->db, o, "type", r->args[ARG_TYPE]);
    db_set(r->db, o, "sharable", r->args[ARG_SHARABLE]);
    db_set(r->db, o, "other_config", r->args[ARG_OTHER_CONFIG]);
    db_set(r->db, o, "xenstore_data", r->args[ARG_XENSTORE_DATA]);
    vdi_refresh_size(r->ts, o);
    vdi_refresh(r, o);
    return reply_ref(r, o);
}

/* The record alone, as a pool that joins brings it along. */
int vdi_pool_introduce(struct request *r)
{
    const char *uuid = arg_text(r, ARG_UUID);
    struct object *sr = arg_object(r, ARG_SR, "SR"), *o;

    if (!sr)
        return API_FAILED;
    if (disk_at(r, sr, arg_text(r, ARG_LOCATION)))
        return request_fail(r, "LOCATION_NOT_UNIQUE", sr->ref,
                            arg_text(r, ARG_LOCATION), NULL);
    if (!uuid_like(uuid))
        return request_fail(r, "UUID_INVALID", "VDI", uuid, NULL);
    if (any_introduce_uuid(r))
        return API_FAILED;
    o = db_find_any(r->db, r->result.s);
    vdi_refresh(r, o);
    return reply_ref(r, o);
}
