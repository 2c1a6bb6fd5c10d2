/* Machines come and go: create, clone, copy, snapshot, revert, destroy. */
#include <string.h>

#include "device.h"
#include "generic.h"
#include "handlers.h"
#include "vm.h"

enum {
    PAGE_BYTES = 4096,
    VCPU_PAGES = 256,
    OVERHEAD_MIB = 2, /* and one more for a machine with firmware and VCPUs */
    SHIM_MIB = 34,
    HARDWARE_PLATFORM_VENDOR = 2, /* lowest with the vendor device */
};

/* Fields that a copy does not take over. */
static const char *const own_fields[] = {
    "uuid",
    "allowed_operations",
    "current_operations",
    "power_state",
    "resident_on",
    "consoles",
    "VIFs",
    "VBDs",
    "VUSBs",
    "crash_dumps",
    "VTPMs",
    "domid",
    "metrics",
    "guest_metrics",
    "snapshot_of",
    "snapshots",
    "snapshot_time",
    "parent",
    "children",
    "blobs",
    "is_a_snapshot",
    "attached_PCIs",
    "VGPUs",
    "is_default_template",
    "suspend_VDI",
    "snapshot_info",
    "snapshot_metadata",
    "generation_id",
    "last_booted_record",
    "blocked_operations",
    "appliance",
    "is_vmss_snapshot",
    "groups",
    "order",
    "start_delay",
    "scheduled_to_be_resident_on",
};

int64_t vm_memory_overhead(const struct object *vm)
{
    int64_t static_mib = (db_int(vm, "memory_static_max") + MIB - 1) / MIB;
    int64_t pages = VCPU_PAGES * db_int(vm, "VCPUs_max") + 2 * static_mib;
    int64_t shadow_mib = (pages * PAGE_BYTES + MIB - 1) / MIB;
    const char *type = db_text(vm, "domain_type");
    double multiplied =
        (double)shadow_mib * db_get(vm, "HVM_shadow_multiplier")->f;

    int64_t fixed_mib = OVERHEAD_MIB;

    if (strcmp(type, "pv") != 0 && db_int(vm, "VCPUs_max") > 0)
        fixed_mib++;
    if (strcmp(type, "pv_in_pvh") == 0)
        fixed_mib += SHIM_MIB;
    if (multiplied > 1e12)
        return INT64_MAX / 4;
    return ((int64_t)multiplied + fixed_mib) * MIB;
}

static void metrics_make(struct request *r, struct object *vm)
{
    struct object *o = db_create(r->db, "VM_metrics");

    db_set_text(r->db, o, "last_updated", toolstack_now(r->ts, r->arena));
    db_set_text(r->db, vm, "metrics", o->ref);
}

static void mac_seed_put(struct request *r, struct object *vm)
{
    char uuid[UUID_BYTES];

    db_uuid(r->db, uuid);
    db_map_put(r->db, vm, "other_config", "mac_seed", uuid);
}

static const char *derived_type(const struct object *vm)
{
    const char *type = db_text(vm, "domain_type");

    if (strcmp(type, "unspecified") != 0)
        return type;
    return *db_text(vm, "HVM_boot_policy") ? "hvm" : "pv";
}

int vm_create(struct request *r)
{
    const struct value *args = &r->args[0];
    bool vendor = !db_bool(toolstack_pool(r->ts), "policy_no_vendor_device");
    struct object *vm;

    vm = generic_create(r, args);
    db_set(r->db, vm, "blocked_operations", value_map(NULL, 0));
    db_set_text(r->db, vm, "power_state", "Halted");
    db_set_int(r->db, vm, "domid", -1);
    db_set_text(r->db, vm, "domain_type", derived_type(vm));
    db_set_bool(r->db, vm, "has_vendor_device",
                vendor || db_bool(vm, "has_vendor_device"));
    if (db_bool(vm, "has_vendor_device"))
        db_set_int(r->db, vm, "hardware_platform_version",
                   HARDWARE_PLATFORM_VENDOR);
    if (!value_find(db_get(vm, "other_config"), "mac_seed"))
        mac_seed_put(r, vm);
    db_set_int(r->db, vm, "memory_overhead", vm_memory_overhead(vm));
    metrics_make(r, vm);
    vm_refresh(r, vm);
    return reply_ref(r, vm);
}

static bool is_own(const char *name)
{
    for (size_t i = 0; i < sizeof(own_fields) / sizeof(own_fields[0]); i++)
        if (strcmp(own_fields[i], name) == 0)
            return true;
    return false;
}

static void copy_fields(struct request *r, const struct object *from,
                        struct object *to)
{
    for (int i = 0; i < from->class->fields_nr; i++)
        if (!is_own(from->class->fields[i]->name))
            db_set_at(r->db, to, i, from->cells[i].value);
}

static struct object *duplicate(struct request *r, struct object *from,
                                const char *label, bool snapshot)
{
    struct object *to = db_create(r->db, "VM");

    copy_fields(r, from, to);
    db_set_text(r->db, to, "name_label", label);
    db_set_text(r->db, to, "power_state", "Halted");
    db_set_int(r->db, to, "domid", -1);
    metrics_make(r, to);
    devices_clone(r, from, to, snapshot);
    return to;
}

static int clone(struct request *r, const char *op)
{
    struct object *from = r->self, *to;

    if (vm_check(r, from, op))
        return API_FAILED;
    to = duplicate(r, from, arg_text(r, 1), false);
    db_touch(r->db, from); /* an operation came and went */
    mac_seed_put(r, to);
    if (vm_is_default_template(from) || db_bool(from, "is_a_template"))
        db_map_put(r->db, to, "other_config", "base_template_name",
                   db_text(from, "name_label"));
    db_map_del(r->db, to, "other_config", "default_template");
    vm_refresh(r, to);
    return reply_ref(r, to);
}

int vm_clone(struct request *r)
{
    return clone(r, "clone");
}

int vm_copy(struct request *r)
{
    const char *sr = arg_text(r, 2);

    if (vm_check(r, r->self, "copy"))
        return API_FAILED;
    if (strcmp(sr, REF_NULL) != 0 && !arg_object(r, 2, "SR"))
        return API_FAILED;
    return clone(r, "copy");
}

int vm_snapshot(struct request *r)
{
    struct object *vm = r->self, *o;

    if (vm_check(r, vm, "snapshot"))
        return API_FAILED;
    o = duplicate(r, vm, arg_text(r, 1), true);
    db_set_bool(r->db, o, "is_a_snapshot", true);
    db_set_bool(r->db, o, "is_a_template", true);
    db_set_text(r->db, o, "snapshot_time", toolstack_now(r->ts, r->arena));
    db_set_text(r->db, o, "snapshot_of", vm->ref);
    db_set_text(r->db, o, "parent", db_text(vm, "parent"));
    db_set_text(r->db, vm, "parent", o->ref);
    vm_refresh(r, o);
    return reply_ref(r, o);
}

/* The machine takes over what the snapshot kept. */
int vm_revert(struct request *r)
{
    struct object *snapshot = r->self;
    struct object *vm = db_find(r->db, "VM", db_text(snapshot, "snapshot_of"));
    const char *label;

    if (!vm)
        return request_fail(r, "VM_REVERT_FAILED", snapshot->ref,
                            db_text(snapshot, "snapshot_of"), NULL);
    if (vm_check(r, snapshot, "revert") || vm_halt(r, vm))
        return API_FAILED;
    label = arena_strdup(r->arena, db_text(vm, "name_label"));
    devices_destroy(r, vm);
    copy_fields(r, snapshot, vm);
    db_set_text(r->db, vm, "name_label", label);
    db_set_bool(r->db, vm, "is_a_template", false);
    db_set_text(r->db, vm, "parent", snapshot->ref);
    devices_clone(r, snapshot, vm, true);
    vm_refresh(r, vm);
    return reply_void(r);
}

/* Children hang themselves under the grandparent. */
static void leave_tree(struct request *r, struct object *vm)
{
    const struct value *children = db_get(vm, "children");
    const char *parent = arena_strdup(r->arena, db_text(vm, "parent"));

    while (children->nr)
        db_set_text(r->db, db_find_any(r->db, children->items[0].s), "parent",
                    parent);
}

int vm_destroy(struct request *r)
{
    struct object *vm = r->self, *metrics = db_ref(r->db, vm, "metrics");

    if (vm_check(r, vm, "destroy"))
        return API_FAILED;
    if (vm_is_default_template(vm))
        return request_fail(r, "VM_CANNOT_DELETE_DEFAULT_TEMPLATE", NULL);
    leave_tree(r, vm);
    devices_destroy(r, vm);
    if (metrics)
        db_destroy(r->db, metrics);
    for (uint32_t i = 0; i < db_get(vm, "blobs")->nr; i++) {
        const char *ref = db_get(vm, "blobs")->members[i].value.s;
        struct object *blob = db_find(r->db, "blob", ref);

        if (blob)
            db_destroy(r->db, blob);
    }
    while (db_get(vm, "VTPMs")->nr)
        db_destroy(r->db, db_find_any(r->db, db_get(vm, "VTPMs")->items[0].s));
    db_destroy(r->db, vm);
    return reply_void(r);
}

int vm_provision(struct request *r)
{
    if (vm_check(r, r->self, "provision"))
        return API_FAILED;
    db_set_bool(r->db, r->self, "is_a_template", false);
    db_set_bool(r->db, r->self, "is_default_template", false);
    db_map_del(r->db, r->self, "other_config", "default_template");
    vm_refresh(r, r->self);
    return reply_void(r);
}
