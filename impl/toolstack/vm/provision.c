/*
 * VM.provision: a clone of a template becomes a machine of its own, with the
 * disks that other_config:disks asks for.
 */
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "handlers.h"
#include "provision.h"
#include "storage.h"
#include "vbd_place.h"
#include "vdi.h"
#include "vm.h"

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

/* The device of a new disk; NULL: the error says why. */
static struct object *disk_make(struct request *r, struct object *vm,
                                const struct disk_order *o)
{
    struct object *sr = db_find_uuid(r->db, "SR", o->sr), *vdi, *vbd;
    const char *place = place_of(r, vm, o->device);

    if (!sr) {
        (void)request_fail(r, "UUID_INVALID", "sr", o->sr, NULL);
        return NULL;
    }
    if (sr_check(r, sr, "vdi_create"))
        return NULL;
    vdi = vdi_make(r, sr, o->type, place, strtoll(o->size, NULL, 10));
    if (!vdi)
        return NULL;
    db_set_text(r->db, vdi, "name_description",
                "Created by template provisioner");
    vbd = db_create(r->db, "VBD");
    db_set_text(r->db, vbd, "VM", vm->ref);
    db_set_text(r->db, vbd, "VDI", vdi->ref);
    db_set_text(r->db, vbd, "userdevice", place);
    db_set_bool(r->db, vbd, "bootable", strcmp(o->bootable, "true") == 0);
    db_set_text(r->db, vbd, "mode", "RW");
    db_set_text(r->db, vbd, "type", "Disk");
    db_set_bool(r->db, vbd, "unpluggable", strcmp(o->type, "system") != 0);
    db_map_put(r->db, vbd, "other_config", "owner", "");
    device_metrics(r, vbd);
    return vbd;
}

/* All of them, or none. */
static int disks_make(struct request *r, struct object *vm,
                      const struct disk_order *orders, int nr)
{
    struct object *made[DISK_ORDERS_MAX];
    struct value error;
    int i = 0;

    while (i < nr && (made[i] = disk_make(r, vm, &orders[i])))
        i++;
    if (i == nr)
        return 0;
    error = r->error;
    while (i-- > 0) {
        struct object *vdi = db_ref(r->db, made[i], "VDI");

        device_destroy(r, made[i]);
        (void)vdi_unmake(r, vdi); /* the first error is the news */
    }
    r->error = error;
    return API_FAILED;
}

static int install(struct request *r, struct object *vm)
{
    const char *text = value_text(db_get(vm, "other_config"), "disks", NULL);
    struct disk_order *orders =
        arena_alloc(r->arena, sizeof(*orders) * DISK_ORDERS_MAX);
    int nr = text ? disk_orders_decode(r->arena, text, orders) : 0;

    if (nr < 0)
        return request_internal(r, "Xapi_templates.Parse_failure");
    if (disks_make(r, vm, orders, nr))
        return API_FAILED;
    db_map_del(r->db, vm, "other_config", "disks");
    db_map_del(r->db, vm, "other_config", "postinstall");
    return 0;
}

int vm_provision(struct request *r)
{
    struct object *metrics = db_ref(r->db, r->self, "metrics");

    if (vm_check(r, r->self, "provision"))
        return API_FAILED;
    if (metrics)
        db_set_text(r->db, metrics, "install_time",
                    toolstack_now(r->ts, r->arena));
    db_set_bool(r->db, r->self, "is_a_template", false);
    db_set_bool(r->db, r->self, "is_default_template", false);
    db_map_del(r->db, r->self, "other_config", "default_template");
    if (install(r, r->self))
        return API_FAILED;
    vm_refresh(r, r->self);
    devices_refresh(r, r->self);
    return reply_void(r);
}
