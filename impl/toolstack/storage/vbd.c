/* Disks of machines. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "generic.h"
#include "handlers.h"
#include "vbd_place.h"
#include "vm.h"

enum {
    NO_PLACE = -1, /* a device without a place of its own */
};

static const char *const name_prefixes[] = {"xvd", "hd", "sd"};

/* "5", "xvda", "hdc1": what a guest can have. */
static bool device_valid(const char *name)
{
    char *end;

    if (*name && strtol(name, &end, 10) >= NO_PLACE && !*end)
        return true;
    for (size_t i = 0; i < sizeof(name_prefixes) / sizeof(char *); i++) {
        size_t len = strlen(name_prefixes[i]);

        if (strncmp(name, name_prefixes[i], len) == 0 &&
            isalpha((unsigned char)name[len]))
            return true;
    }
    return false;
}

/* "autodetect" takes the lowest place that is free. */
static const char *place_of(struct request *r, struct object *vm,
                            const char *wanted)
{
    if (strcmp(wanted, "autodetect") != 0)
        return wanted;
    for (int i = 0; i < VBD_DEVICES_MAX; i++)
        if (vbd_place_free(r, vm, i))
            return arena_printf(r->arena, "%d", i);
    return "";
}

static int check_medium(struct request *r, const struct value *args)
{
    const char *type = value_text(args, "type", "");
    bool empty = value_find(args, "empty")->b;
    bool cd = strcmp(type, "CD") == 0;
    bool writes = strcmp(value_text(args, "mode", ""), "RO") != 0;
    const struct object *vdi;

    if (cd && writes)
        return request_fail(r, "VBD_CDS_MUST_BE_READONLY", NULL);
    if (empty && !cd)
        return request_fail(r, "VBD_NOT_REMOVABLE_MEDIA", "in constructor",
                            NULL);
    if (empty)
        return 0;
    vdi = db_find(r->db, "VDI", value_text(args, "VDI", ""));
    if (!vdi)
        return request_bad_handle(r, "VDI", value_text(args, "VDI", ""));
    return writes && db_bool(vdi, "read_only")
               ? request_fail(r, "VDI_READONLY", vdi->ref, NULL)
               : 0;
}

int vbd_create(struct request *r)
{
    const struct value *args = &r->args[0];
    const char *ref = value_text(args, "VM", ""), *place;
    struct object *vm = db_find(r->db, "VM", ref), *o;

    if (!vm)
        return request_bad_handle(r, "VM", ref);
    if (check_medium(r, args))
        return API_FAILED;
    place = place_of(r, vm, value_text(args, "userdevice", ""));
    if (!device_valid(place))
        return request_fail(r, "INVALID_DEVICE", place, NULL);
    if (vbd_place_taken(r, vm, place))
        return request_fail(r, "DEVICE_ALREADY_EXISTS", place, NULL);
    o = generic_create(r, args);
    db_set_text(r->db, o, "userdevice", place);
    if (db_bool(o, "empty"))
        db_set_text(r->db, o, "VDI", REF_NULL);
    db_set_bool(r->db, o, "currently_attached", false);
    device_metrics(r, o);
    devices_refresh(r, vm);
    return reply_ref(r, o);
}

int device_remove(struct request *r)
{
    struct object *vm = db_ref(r->db, r->self, "VM");

    if (db_bool(r->self, "currently_attached"))
        return request_fail(
            r, "OPERATION_NOT_ALLOWED",
            arena_printf(r->arena, "%s '%s' still attached to '%s'",
                         r->self->class->name, db_text(r->self, "uuid"),
                         vm ? db_text(vm, "uuid") : ""),
            NULL);
    device_destroy(r, r->self);
    return reply_void(r);
}
