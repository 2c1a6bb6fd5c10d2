/* Block devices of the control domain. */
#include "hold.h"

#include <stdlib.h>
#include <string.h>

#include "storage.h"
#include "vdi.h"

enum {
    PLACES_MAX = 1 << 16,
};

/* A place that no device of the domain has: one behind the last. */
static int free_place(struct request *r, const struct object *vm)
{
    const struct value *vbds = db_get(vm, "VBDs");
    int place = 0;

    for (uint32_t i = 0; i < vbds->nr; i++) {
        int other =
            atoi(db_text(db_find_any(r->db, vbds->items[i].s), "userdevice"));

        if (other >= place && other < PLACES_MAX)
            place = other + 1;
    }
    return place;
}

const char *vdi_hold(struct request *r, struct object *host, struct object *vdi,
                     const char *mode)
{
    bool writes = strcmp(mode, "RW") == 0;
    struct object *vm = db_ref(r->db, host, "control_domain"), *vbd, *metrics;
    const char *place;

    if (vdi_in_use(r, vdi, !writes)) {
        (void)request_fail(r, "VDI_IN_USE", vdi->ref, "attach", NULL);
        return NULL;
    }
    vbd = db_create(r->db, "VBD");
    metrics = db_create(r->db, "VBD_metrics");
    place = arena_printf(r->arena, "%d", vm ? free_place(r, vm) : 0);
    db_set_text(r->db, vbd, "metrics", metrics->ref);
    db_set_text(r->db, vbd, "VM", vm ? vm->ref : REF_NULL);
    db_set_text(r->db, vbd, "VDI", vdi->ref);
    db_set_text(r->db, vbd, "userdevice", place);
    db_set_text(r->db, vbd, "device",
                arena_printf(r->arena, "sm/backend/%s/%s",
                             vdi_sr_uuid(r->ts, vdi), db_text(vdi, "uuid")));
    db_set_text(r->db, vbd, "mode", mode);
    db_set_text(r->db, vbd, "type", "Disk");
    db_set_bool(r->db, vbd, "unpluggable", true);
    db_set_bool(r->db, vbd, "currently_attached", true);
    vdi_refresh(r, vdi);
    return arena_strdup(r->arena, vbd->ref);
}

static void remove_device(struct request *r, struct object *vbd)
{
    struct object *metrics = db_ref(r->db, vbd, "metrics");

    if (metrics)
        db_destroy(r->db, metrics);
    db_destroy(r->db, vbd);
}

void vdi_release(struct request *r, const char *ref)
{
    struct object *vbd = ref ? db_find(r->db, "VBD", ref) : NULL, *vdi;

    if (!vbd)
        return;
    vdi = db_ref(r->db, vbd, "VDI");
    remove_device(r, vbd);
    if (!vdi)
        return;
    vdi_refresh_size(r->ts, vdi);
    vdi_refresh(r, vdi);
}

void holds_clear(struct request *r)
{
    for (struct object *o = db_first(r->db, "VBD"), *next; o; o = next) {
        const struct object *vm = db_ref(r->db, o, "VM");

        next = o->next;
        if (!vm || db_bool(vm, "is_control_domain"))
            remove_device(r, o);
    }
}
