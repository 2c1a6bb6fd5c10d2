/* Devices as a whole: what follows when their machine changes. */
#include "device.h"

#include <ctype.h>
#include <string.h>

#include "handlers.h"
#include "vdi.h"
#include "vm.h"
#include "vm_copy.h"

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

static size_t vbd_operations(const struct object *o, bool live, bool attached,
                             const char **ops)
{
    size_t nr = 0;

    if (!live || !attached)
        ops[nr++] = "attach";
    if (live && !attached)
        ops[nr++] = "plug";
    if (live && attached && db_bool(o, "unpluggable"))
        ops[nr++] = "unplug";
    if (live && attached)
        ops[nr++] = "unplug_force";
    if (live) {
        ops[nr++] = "pause";
        ops[nr++] = "unpause";
    }
    if (strcmp(db_text(o, "type"), "CD") == 0)
        ops[nr++] = db_bool(o, "empty") ? "insert" : "eject";
    return nr;
}

static size_t vif_operations(bool live, bool attached, const char **ops)
{
    size_t nr = 0;

    ops[nr++] = live && attached ? "unplug" : "attach";
    if (live && attached)
        ops[nr++] = "unplug_force";
    return nr;
}

static void device_refresh(struct request *r, struct object *o, bool live)
{
    const char *ops[8];
    bool attached = db_bool(o, "currently_attached");
    size_t nr = strcmp(o->class->name, "VBD") == 0
                    ? vbd_operations(o, live, attached, ops)
                    : vif_operations(live, attached, ops);

    db_set(r->db, o, "allowed_operations", value_strings(r->arena, ops, nr));
}

void devices_refresh(struct request *r, struct object *vm)
{
    char state = db_text(vm, "power_state")[0];

    for (size_t k = 0; k < 2; k++) {
        const struct value *set = db_get(vm, sets[k]);

        for (uint32_t i = 0; i < set->nr; i++)
            device_refresh(r, db_find_any(r->db, set->items[i].s),
                           state == 'R' || state == 'P');
    }
}

void devices_attach(struct request *r, struct object *vm, bool attached)
{
    for (size_t k = 0; k < 2; k++) {
        const struct value *set = db_get(vm, sets[k]);

        for (uint32_t i = 0; i < set->nr; i++)
            db_set_bool(r->db, db_find_any(r->db, set->items[i].s),
                        "currently_attached", attached);
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
    vdi = vdi_duplicate(r, vdi, how->snapshot);
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
