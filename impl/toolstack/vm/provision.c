/*
 * VM.provision: a clone of a template becomes a machine of its own, with the
 * disks that other_config:disks asks for:
 * <provision><disk device="0" size="8589934592" sr="UUID" bootable="true"
 * type="system"/>...</provision>
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "handlers.h"
#include "storage.h"
#include "vbd_place.h"
#include "vdi.h"
#include "vm.h"

enum {
    DISKS_MAX = 256,
};

struct order {
    const char *device, *size, *sr, *bootable, *type;
};

static const struct {
    const char *name;
    size_t at;
} attributes[] = {
    {"device", offsetof(struct order, device)},
    {"size", offsetof(struct order, size)},
    {"sr", offsetof(struct order, sr)},
    {"bootable", offsetof(struct order, bootable)},
    {"type", offsetof(struct order, type)},
};

/* --- Reading ---------------------------------------------------------------- */

static const char *skip_space(const char *at)
{
    return at + strspn(at, " \t\r\n");
}

/* What stands behind the word; NULL: it is not there. */
static const char *take(const char *at, const char *word)
{
    size_t len = strlen(word);

    return at && strncmp(at, word, len) == 0 ? at + len : NULL;
}

static void keep(struct order *o, const char *name, size_t len,
                 const char *value)
{
    for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++)
        if (strlen(attributes[i].name) == len &&
            strncmp(attributes[i].name, name, len) == 0)
            *(const char **)((char *)o + attributes[i].at) = value;
}

/* name="value"; what stands behind it, or NULL. */
static const char *read_attribute(struct request *r, const char *at,
                                  struct order *o)
{
    size_t len = strcspn(at, "= />"), n;
    const char *value = take(at + len, "=\"");

    if (!value)
        return NULL;
    n = strcspn(value, "\"");
    if (value[n] != '"')
        return NULL;
    keep(o, at, len, arena_strndup(r->arena, value, n));
    return skip_space(value + n + 1);
}

/* <disk .../>; what stands behind it, or NULL. */
static const char *read_disk(struct request *r, const char *at, struct order *o)
{
    *o = (struct order){.type = "system"};
    at = take(at, "<disk");
    at = at ? skip_space(at) : NULL;
    while (at && *at && *at != '/' && *at != '>')
        at = read_attribute(r, at, o);
    if (!o->device || !o->size || !o->sr || !o->bootable || !at)
        return NULL;
    return take(at, "/>") ? at + 2 : take(at, "></disk>");
}

/* How many there are; negative: it is nothing of the kind. */
static int read_orders(struct request *r, const char *text,
                       struct order orders[DISKS_MAX])
{
    const char *at = take(skip_space(text), "<provision>");
    int nr = 0;

    at = at ? skip_space(at) : take(skip_space(text), "<provision/>");
    while (at && strncmp(at, "<disk", 5) == 0 && nr < DISKS_MAX) {
        at = read_disk(r, at, &orders[nr++]);
        at = at ? skip_space(at) : NULL;
    }
    return at && (!*at || take(at, "</provision>")) ? nr : -EINVAL;
}

/* --- Making ----------------------------------------------------------------- */

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
                                const struct order *o)
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
                      const struct order *orders, int nr)
{
    struct object *made[DISKS_MAX];
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
    struct order *orders = arena_alloc(r->arena, sizeof(*orders) * DISKS_MAX);
    int nr = text ? read_orders(r, text, orders) : 0;

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
