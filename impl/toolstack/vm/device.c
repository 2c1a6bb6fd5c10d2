/* Devices as a whole: what follows when their machine changes. */
#include "device.h"

#include <ctype.h>
#include <string.h>

#include "handlers.h"
#include "plug.h"
#include "vdi.h"
#include "vm.h"
#include "vm_copy.h"
#include "vm_domain.h"

static const char *const classes[] = {"VBD", "VIF"};
static const char *const sets[] = {"VBDs", "VIFs"};

static const char *const own_fields[] = {
    "uuid",         "allowed_operations", "current_operations",
    "VM",           "currently_attached", "metrics",
    "status_code",  "status_detail",      "runtime_properties",
    "storage_lock", "reserved",           "MAC",
};

const char *device_mac(struct request *r)
{
    uint64_t n = r->db->random(r->db->random_ctx);

    return arena_printf(r->arena, "%02x:%02x:%02x:%02x:%02x:%02x",
                        (unsigned)(n >> 40 & 0xfc) | 2,
                        (unsigned)(n >> 32 & 255), (unsigned)(n >> 24 & 255),
                        (unsigned)(n >> 16 & 255), (unsigned)(n >> 8 & 255),
                        (unsigned)(n & 255));
}

bool mac_valid(const char *mac)
{
    for (int i = 0; i < 17; i++)
        if (i % 3 == 2 ? mac[i] != ':' : !isxdigit((unsigned char)mac[i]))
            return false;
    return mac[17] == '\0';
}

void device_metrics(struct request *r, struct object *o)
{
    bool vbd = strcmp(o->class->name, "VBD") == 0;
    struct object *metrics =
        db_create(r->db, vbd ? "VBD_metrics" : "VIF_metrics");

    db_set_text(r->db, metrics, "last_updated", toolstack_now(r->ts, r->arena));
    db_set_text(r->db, o, "metrics", metrics->ref);
}

void device_destroy(struct request *r, struct object *o)
{
    struct object *metrics = db_ref(r->db, o, "metrics");

    if (metrics)
        db_destroy(r->db, metrics);
    db_destroy(r->db, o);
}

/* What a running guest can do about an interface; NULL: nothing. */
static const char *vif_switch(struct request *r, const struct object *vm,
                              const struct object *vif)
{
    struct value error = r->error;
    int rc;

    if (db_text(vm, "power_state")[0] != 'R' ||
        db_bool(vm, "is_control_domain"))
        return NULL;
    rc = device_check_drivers(r, vm, "can_use_hotplug_vif", "");
    r->error = error; /* nobody asked for it */
    if (rc)
        return NULL;
    return db_bool(vif, "currently_attached") ? "unplug" : "plug";
}

static void vif_refresh(struct request *r, const struct object *vm,
                        struct object *vif)
{
    const char *names[2] = {"attach", vif_switch(r, vm, vif)};

    db_set(r->db, vif, "allowed_operations",
           value_strings(r->arena, names, names[1] ? 2 : 1));
}

void devices_refresh(struct request *r, struct object *vm)
{
    const struct value *vbds = db_get(vm, "VBDs"), *vifs = db_get(vm, "VIFs");
    const struct value *vusbs = db_get(vm, "VUSBs");

    for (uint32_t i = 0; i < vusbs->nr; i++)
        vusb_refresh(r, db_find_any(r->db, vusbs->items[i].s));
    for (uint32_t i = 0; i < vbds->nr; i++)
        vbd_refresh(r, db_find_any(r->db, vbds->items[i].s));
    for (uint32_t i = 0; i < vifs->nr; i++)
        vif_refresh(r, vm, db_find_any(r->db, vifs->items[i].s));
}

/* "xvda" and the like: what the guest calls it. */
static void attach(struct request *r, struct object *o, bool attached)
{
    struct object *vdi =
        strcmp(o->class->name, "VBD") == 0 ? db_ref(r->db, o, "VDI") : NULL;

    db_set_bool(r->db, o, "currently_attached", attached);
    if (attached && strcmp(o->class->name, "VBD") == 0)
        db_set_text(r->db, o, "device", vm_device_spec(r, o).target);
    if (vdi)
        vdi_refresh(r, vdi);
}

void devices_attach(struct request *r, struct object *vm, bool attached)
{
    static const char *const all[] = {"VBDs", "VIFs", "VUSBs"};

    for (size_t k = 0; k < sizeof(all) / sizeof(all[0]); k++) {
        const struct value *set = db_get(vm, all[k]);

        for (uint32_t i = 0; i < set->nr; i++)
            attach(r, db_find_any(r->db, set->items[i].s), attached);
    }
}

static bool is_own(const char *name)
{
    for (size_t i = 0; i < sizeof(own_fields) / sizeof(own_fields[0]); i++)
        if (strcmp(own_fields[i], name) == 0)
            return true;
    return false;
}

/* A machine's copy gets disks of its own; CDs are shared. */
static int disk_clone(struct request *r, struct object *vbd,
                      const struct vm_copy *how)
{
    struct object *vdi = db_ref(r->db, vbd, "VDI");

    if (!vdi || strcmp(db_text(vbd, "type"), "Disk") != 0)
        return 0;
    db_set_text(r->db, vbd, "VDI", REF_NULL);
    if (how->no_disks)
        return 0;
    vdi = vdi_duplicate(r, vdi, how->snapshot && !how->revert);
    if (!vdi)
        return API_FAILED;
    db_set_text(r->db, vbd, "VDI", vdi->ref);
    return 0;
}

static int device_clone(struct request *r, const struct object *from,
                        struct object *vm, const struct vm_copy *how)
{
    struct object *to = db_create(r->db, from->class->name);

    for (int i = 0; i < from->class->fields_nr; i++)
        if (!is_own(from->class->fields[i]->name))
            db_set_at(r->db, to, i, from->cells[i].value);
    if (strcmp(from->class->name, "VIF") == 0)
        db_set_text(r->db, to, "MAC",
                    how->snapshot || !db_bool(from, "MAC_autogenerated")
                        ? db_text(from, "MAC")
                        : device_mac(r));
    db_set_text(r->db, to, "VM", vm->ref);
    device_metrics(r, to);
    return strcmp(from->class->name, "VBD") == 0 ? disk_clone(r, to, how) : 0;
}

static bool is_left_out(const struct object *device, const struct vm_copy *how)
{
    return how->ignore && strcmp(device->class->name, "VBD") == 0 &&
           value_has(how->ignore, db_text(device, "VDI"));
}

int devices_clone(struct request *r, struct object *from, struct object *to,
                  const struct vm_copy *how)
{
    for (size_t k = 0; k < 2; k++) {
        const struct value *set = db_get(from, sets[k]);

        for (uint32_t i = 0; i < set->nr; i++) {
            struct object *o = db_find_any(r->db, set->items[i].s);

            if (!is_left_out(o, how) && device_clone(r, o, to, how))
                return API_FAILED;
        }
    }
    return 0;
}

void devices_destroy(struct request *r, struct object *vm)
{
    for (size_t k = 0; k < 2; k++) {
        const struct value *set = db_get(vm, sets[k]);

        while (set->nr)
            device_destroy(r, db_find(r->db, classes[k], set->items[0].s));
    }
}
