/* Questions about machines that change nothing. */
#include <stdlib.h>
#include <string.h>

#include "handlers.h"
#include "net.h"
#include "placement.h"
#include "pool.h"
#include "vbd_place.h"
#include "vm.h"
#include "vm_domain.h"

enum {
    VIF_PLACES = 16,
};

int vm_get_allowed_vbd_devices(struct request *r)
{
    const char **names =
        arena_alloc(r->arena, sizeof(*names) * VBD_DEVICES_MAX);
    size_t nr = 0;

    for (int i = 0; i < VBD_DEVICES_MAX; i++)
        if (vbd_place_free(r, r->self, i))
            names[nr++] = arena_printf(r->arena, "%d", i);
    return reply(r, value_strings(r->arena, names, nr));
}

static bool has_vif(struct request *r, const char *place)
{
    const struct value *vifs = db_get(r->self, "VIFs");

    for (uint32_t i = 0; i < vifs->nr; i++)
        if (strcmp(db_text(db_find_any(r->db, vifs->items[i].s), "device"),
                   place) == 0)
            return true;
    return false;
}

int vm_get_allowed_vif_devices(struct request *r)
{
    const char **names = arena_alloc(r->arena, sizeof(*names) * VIF_PLACES);
    size_t nr = 0;

    for (int i = 0; i < VIF_PLACES; i++) {
        const char *place = arena_printf(r->arena, "%d", i);

        if (!has_vif(r, place))
            names[nr++] = place;
    }
    return reply(r, value_strings(r->arena, names, nr));
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

/* During an upgrade only hosts that are as far as the master will do. */
static int check_version(struct request *r, const struct object *host)
{
    static const char *const keys[] = {"platform_version", "xapi"};
    const struct value *here = db_get(host, "software_version");
    const struct value *master =
        db_get(toolstack_master(r->ts), "software_version");

    if (!pool_upgrades(r))
        return 0;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (strcmp(value_text(here, keys[i], ""),
                   value_text(master, keys[i], "")) != 0)
            return request_fail(r, "VM_HOST_INCOMPATIBLE_VERSION", host->ref,
                                r->self->ref, NULL);
    return 0;
}

int vm_assert_can_boot_here(struct request *r)
{
    struct object *host = arg_object(r, 1, "host");

    if (!host || check_version(r, host))
        return API_FAILED;
    if (db_text(r->self, "power_state")[0] == 'H' && feature_check_start(r))
        return API_FAILED;
    if (placement_check(r, r->self, host, 0))
        return API_FAILED;
    return reply_void(r);
}

typedef bool (*sees_fn)(struct request *r, const struct object *host,
                        const struct object *what);

/* Whether every enabled host sees it. */
static bool seen_everywhere(struct request *r, const struct object *what,
                            sees_fn sees)
{
    for (struct object *h = db_first(r->db, "host"); h; h = h->next)
        if (db_bool(h, "enabled") && !sees(r, h, what))
            return false;
    return true;
}

static int check_disks_agile(struct request *r)
{
    const struct value *vbds = db_get(r->self, "VBDs");

    for (uint32_t i = 0; i < vbds->nr; i++) {
        struct object *vbd = db_find_any(r->db, vbds->items[i].s);
        struct object *vdi = db_ref(r->db, vbd, "VDI");
        struct object *sr = vdi ? db_ref(r->db, vdi, "SR") : NULL;

        if (sr && !seen_everywhere(r, sr, host_sees_sr))
            return request_fail(r, "HA_CONSTRAINT_VIOLATION_SR_NOT_SHARED",
                                sr->ref, NULL);
    }
    return 0;
}

static int check_networks_agile(struct request *r)
{
    const struct value *vifs = db_get(r->self, "VIFs");

    for (uint32_t i = 0; i < vifs->nr; i++) {
        struct object *vif = db_find_any(r->db, vifs->items[i].s);
        struct object *network = db_ref(r->db, vif, "network");

        if (network && !seen_everywhere(r, network, host_sees_network))
            return request_fail(r, "HA_CONSTRAINT_VIOLATION_NETWORK_NOT_SHARED",
                                network->ref, NULL);
    }
    return 0;
}

/* Whether any host could take the machine over. */
int vm_assert_agile(struct request *r)
{
    if (db_get(r->self, "VGPUs")->nr)
        return request_fail(r, "VM_HAS_VGPU", r->self->ref, NULL);
    if (db_get(r->self, "VUSBs")->nr)
        return request_fail(r, "VM_HAS_VUSBS", r->self->ref, NULL);
    if (check_disks_agile(r) || check_networks_agile(r))
        return API_FAILED;
    return reply_void(r);
}

/* Kept for old clients: every machine has been cooperative for long. */
int vm_get_cooperative(struct request *r)
{
    return reply(r, value_bool(true));
}

/* ACPI S3 is the guest's own business; one without an agent is not asked. */
static int ask_s3(struct request *r, enum domain_request what)
{
    const struct domain_driver *driver = &r->ts->domains;
    int rc;

    if (!vm_is_live(r->self))
        return vm_bad_state(r, r->self, "running");
    rc = driver->ask(driver->ctx, vm_host_uuid(r, r->self),
                     db_text(r->self, "uuid"), what);
    return rc && rc != -ENODATA ? vm_driver_failed(r, r->self, rc)
                                : reply_void(r);
}

int vm_s3_suspend(struct request *r)
{
    return ask_s3(r, DOMAIN_ASK_S3);
}

int vm_s3_resume(struct request *r)
{
    return ask_s3(r, DOMAIN_ASK_S3_RESUME);
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
