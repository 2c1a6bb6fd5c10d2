/* Questions about machines that change nothing. */
#include <stdlib.h>
#include <string.h>

#include "handlers.h"
#include "placement.h"
#include "vm.h"

enum {
    VIF_PLACES = 16,
};

/* 3 of "3", and of "xvdd" and the like; negative for what is neither. */
static int place_number(const char *name)
{
    size_t len = strlen(name);

    if (*name >= '0' && *name <= '9')
        return atoi(name);
    if (len >= 3 && name[len - 1] >= 'a' && name[len - 1] <= 'z')
        return name[len - 1] - 'a';
    return -ENOENT;
}

/* The numbers below `places` that no device of the set has taken. */
static int free_places(struct request *r, const char *set_name,
                       const char *field, int places)
{
    const struct value *set = db_get(r->self, set_name);
    const char **names = arena_alloc(r->arena, sizeof(*names) * (size_t)places);
    size_t nr = 0;

    for (int i = 0; i < places; i++) {
        const char *name = arena_printf(r->arena, "%d", i);
        bool taken = false;

        for (uint32_t k = 0; k < set->nr; k++)
            taken |= place_number(db_text(db_find_any(r->db, set->items[k].s),
                                          field)) == i;
        if (!taken)
            names[nr++] = name;
    }
    return reply(r, value_strings(r->arena, names, nr));
}

int vm_get_allowed_vbd_devices(struct request *r)
{
    return free_places(r, "VBDs", "userdevice", VBD_DEVICES_MAX);
}

int vm_get_allowed_vif_devices(struct request *r)
{
    return free_places(r, "VIFs", "device", VIF_PLACES);
}

int vm_compute_memory_overhead(struct request *r)
{
    return reply(r, value_int(vm_memory_overhead(r->self)));
}

/* Not where it is: that it can run there is known. */
int vm_get_possible_hosts(struct request *r)
{
    size_t room = db_count(r->db, class_find("host"));
    const char **refs = arena_alloc(r->arena, sizeof(*refs) * (room + 1));
    size_t nr = 0;

    for (struct object *o = db_first(r->db, "host"); o; o = o->next)
        if ((strcmp(db_text(r->self, "resident_on"), o->ref) != 0 ||
             db_bool(r->self, "is_control_domain")) &&
            placement_possible(r, r->self, o, 0))
            refs[nr++] = o->ref;
    return reply(r, value_strings(r->arena, refs, nr));
}

int vm_assert_can_boot_here(struct request *r)
{
    struct object *host = arg_object(r, 1, "host");

    if (!host || placement_check(r, r->self, host, 0))
        return API_FAILED;
    return reply_void(r);
}

/* One host only: nothing ties a machine to another. */
int vm_assert_agile(struct request *r)
{
    return reply_void(r);
}

/* Kept for old clients: every machine has been cooperative for long. */
int vm_get_cooperative(struct request *r)
{
    return reply(r, value_bool(true));
}

/* ACPI S3 needs nothing of the record. */
int vm_s3_suspend(struct request *r)
{
    if (db_text(r->self, "power_state")[0] == 'H')
        return vm_bad_state(r, r->self, "running");
    return reply_void(r);
}

static struct object *blob_make(struct request *r, const char *mime)
{
    struct object *o = db_create(r->db, "blob");

    db_set_text(r->db, o, "mime_type",
                *mime ? mime : "application/octet-stream");
    db_set_text(r->db, o, "last_updated", DATE_0);
    return o;
}

int blob_create(struct request *r)
{
    struct object *o = blob_make(r, arg_text(r, 0));

    db_set_bool(r->db, o, "public", arg_bool(r, 1));
    return reply_ref(r, o);
}

/* create_new_blob of every class that has blobs. */
int any_create_new_blob(struct request *r)
{
    const struct value *blobs = db_get(r->self, "blobs");
    const char *name = arg_text(r, 1);
    struct object *o;

    if (value_find(blobs, name))
        return request_fail(r, "MAP_DUPLICATE_KEY", r->self->class->name,
                            "blobs", r->self->ref, name, NULL);
    o = blob_make(r, arg_text(r, 2));
    db_set_text(r->db, o, "name_label", name);
    db_set_bool(r->db, o, "public", arg_bool(r, 3));
    db_map_put(r->db, r->self, "blobs", name, o->ref);
    return reply_ref(r, o);
}
