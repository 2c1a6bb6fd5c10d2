/* Machines come and go: create, clone, copy, snapshot, revert, destroy. */
#include <string.h>

#include "device.h"
#include "generic.h"
#include "handlers.h"
#include "host_memory.h"
#include "vm.h"
#include "vm_copy.h"
#include "vm_suspend.h"

enum {
    PAGE_BYTES = 4096,
    VCPU_PAGES = 256,
    VCPU_XEN_PAGES = 38,          /* of Xen itself */
    SHIM_PART = 90,               /* of the memory that the shim maps */
    HARDWARE_PLATFORM_VENDOR = 2, /* lowest with the vendor device */
};

static int64_t mib_of_pages(int64_t pages)
{
    return (pages * PAGE_BYTES + MIB - 1) / MIB;
}

/* What kinds of domains need beside page tables and VCPUs, in MiB. */
#define VCPUS_MOST (INT64_C(1) << 20)

static const struct {
    const char *type;
    int64_t fixed, shim; /* shim: and a part of the memory */
    bool shadow;         /* multiplied as the machine says */
} kinds[] = {
    {"pv", 1, 0, false},
    {"pv_in_pvh", 2, 23, true},
    {"", 2, 0, true}, /* all others */
};

static int64_t within(int64_t i, int64_t most)
{
    return i < -most ? -most : i > most ? most : i;
}

/* Nonsense that setters let pass counts as the most that is not. */
int64_t vm_overhead_of(const struct object *vm, int64_t static_max,
                       int64_t vcpus)
{
    int64_t static_mib = (within(static_max, MEMORY_MOST) + MIB - 1) / MIB;
    int64_t shadow_mib;
    double multiplier = db_get(vm, "HVM_shadow_multiplier")->f;
    size_t kind = 0;

    vcpus = within(vcpus, VCPUS_MOST);
    shadow_mib = mib_of_pages(VCPU_PAGES * vcpus + 2 * static_mib);
    while (*kinds[kind].type &&
           strcmp(kinds[kind].type, db_text(vm, "domain_type")) != 0)
        kind++;
    if (kinds[kind].shadow && !((double)shadow_mib * multiplier <= 1e12))
        return MEMORY_MOST;
    if (kinds[kind].shadow)
        shadow_mib = (int64_t)((double)shadow_mib * multiplier);
    if (shadow_mib < 1)
        shadow_mib = 1;
    if (kinds[kind].shim)
        shadow_mib += kinds[kind].shim + static_mib / SHIM_PART;
    return (kinds[kind].fixed + shadow_mib +
            mib_of_pages(VCPU_XEN_PAGES * vcpus)) *
           MIB;
}

int64_t vm_memory_overhead(const struct object *vm)
{
    return vm_overhead_of(vm, db_int(vm, "memory_static_max"),
                          db_int(vm, "VCPUs_max"));
}

void vm_metrics_make(struct request *r, struct object *vm)
{
    struct object *o = db_create(r->db, "VM_metrics");

    db_set_text(r->db, o, "last_updated", toolstack_now(r->ts, r->arena));
    db_set_text(r->db, vm, "metrics", o->ref);
}

void vm_mac_seed(struct request *r, struct object *vm)
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
    struct object *vm;

    vm = generic_create(r, args);
    db_set(r->db, vm, "blocked_operations", value_map(NULL, 0));
    db_set_text(r->db, vm, "power_state", "Halted");
    db_set_int(r->db, vm, "domid", -1);
    db_set_text(r->db, vm, "last_booted_record", "");
    db_set_text(r->db, vm, "domain_type", derived_type(vm));
    if (db_bool(vm, "has_vendor_device") &&
        db_int(vm, "hardware_platform_version") < HARDWARE_PLATFORM_VENDOR)
        db_set_int(r->db, vm, "hardware_platform_version",
                   HARDWARE_PLATFORM_VENDOR);
    if (!value_find(db_get(vm, "other_config"), "mac_seed"))
        vm_mac_seed(r, vm);
    db_set_int(r->db, vm, "memory_overhead", vm_memory_overhead(vm));
    vm_metrics_make(r, vm);
    vm_refresh(r, vm);
    return reply_ref(r, vm);
}

/* Children hang themselves under the grandparent. */
void vm_tree_leave(struct request *r, struct object *vm)
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
    vm_tree_leave(r, vm);
    devices_destroy(r, vm);
    if (db_ref(r->db, vm, "suspend_VDI"))
        vm_image_drop(r, vm);
    if (metrics)
        db_destroy(r->db, metrics);
    for (uint32_t i = 0; i < db_get(vm, "blobs")->nr; i++) {
        const char *ref = db_get(vm, "blobs")->members[i].value.s;
        struct object *blob = db_find(r->db, "blob", ref);

        if (blob)
            db_destroy(r->db, blob);
    }
    vm_parts_destroy(r, vm);
    db_set_text(r->db, vm, "scheduled_to_be_resident_on", REF_NULL);
    host_memory_account(r->ts, vm); /* what a host keeps for it */
    db_destroy(r->db, vm);
    return reply_void(r);
}
