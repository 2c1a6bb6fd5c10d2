/* Settings of machines that are checked before they are stored. */
#include <stdio.h>
#include <string.h>

#include "appliance.h"
#include "generic.h"
#include "handlers.h"
#include "host_memory.h"
#include "vm.h"
#include "vmss_run.h"

struct memory {
    int64_t static_min, dynamic_min, dynamic_max, static_max;
};

static const char *number(struct request *r, int64_t n)
{
    return arena_printf(r->arena, "%lld", (long long)n);
}

static struct memory memory_of(const struct object *vm)
{
    return (struct memory){.static_min = db_int(vm, "memory_static_min"),
                           .dynamic_min = db_int(vm, "memory_dynamic_min"),
                           .dynamic_max = db_int(vm, "memory_dynamic_max"),
                           .static_max = db_int(vm, "memory_static_max")};
}

/* A new dynamic range moves the balloon's target to its lower end. */
static bool moves_target(const char *op)
{
    return strcmp(op, "changing_static_range") != 0;
}

static int memory_store(struct request *r, const char *op, struct memory m)
{
    struct object *vm = r->self;

    if (vm_check(r, vm, op))
        return API_FAILED;
    if (m.static_min < 0 || m.static_min > m.dynamic_min ||
        m.dynamic_min > m.dynamic_max || m.dynamic_max > m.static_max)
        return request_fail(r, "MEMORY_CONSTRAINT_VIOLATION_ORDER", NULL);
    db_set_int(r->db, vm, "memory_static_min", m.static_min);
    db_set_int(r->db, vm, "memory_dynamic_min", m.dynamic_min);
    db_set_int(r->db, vm, "memory_dynamic_max", m.dynamic_max);
    db_set_int(r->db, vm, "memory_static_max", m.static_max);
    if (moves_target(op))
        db_set_int(r->db, vm, "memory_target", m.dynamic_min);
    db_set_int(r->db, vm, "memory_overhead", vm_memory_overhead(vm));
    host_memory_account(r->ts, vm);
    return reply_void(r);
}

int vm_set_memory_static_max(struct request *r)
{
    struct memory m = memory_of(r->self);

    m.static_max = arg_int(r, 1);
    return memory_store(r, "changing_static_range", m);
}

int vm_set_memory_static_min(struct request *r)
{
    struct memory m = memory_of(r->self);

    m.static_min = arg_int(r, 1);
    return memory_store(r, "changing_static_range", m);
}

int vm_set_memory_static_range(struct request *r)
{
    struct memory m = memory_of(r->self);

    m.static_min = arg_int(r, 1);
    m.static_max = arg_int(r, 2);
    return memory_store(r, "changing_static_range", m);
}

int vm_set_memory_dynamic_max(struct request *r)
{
    struct memory m = memory_of(r->self);

    m.dynamic_max = arg_int(r, 1);
    return memory_store(r, "changing_dynamic_range", m);
}

int vm_set_memory_dynamic_min(struct request *r)
{
    struct memory m = memory_of(r->self);

    m.dynamic_min = arg_int(r, 1);
    return memory_store(r, "changing_dynamic_range", m);
}

int vm_set_memory_dynamic_range(struct request *r)
{
    struct memory m = memory_of(r->self);

    m.dynamic_min = arg_int(r, 1);
    m.dynamic_max = arg_int(r, 2);
    return memory_store(r, "changing_dynamic_range", m);
}

int vm_set_memory_limits(struct request *r)
{
    struct memory m = {.static_min = arg_int(r, 1),
                       .static_max = arg_int(r, 2),
                       .dynamic_min = arg_int(r, 3),
                       .dynamic_max = arg_int(r, 4)};

    return memory_store(r, "changing_memory_limits", m);
}

int vm_set_memory(struct request *r)
{
    int64_t bytes = arg_int(r, 1);
    struct memory m = {.static_min = db_int(r->self, "memory_static_min"),
                       .static_max = bytes,
                       .dynamic_min = bytes,
                       .dynamic_max = bytes};

    return memory_store(r, "changing_memory_limits", m);
}

int vm_set_memory_target_live(struct request *r)
{
    if (vm_check(r, r->self, "changing_memory_live"))
        return API_FAILED;
    db_set_int(r->db, r->self, "memory_target", arg_int(r, 1));
    return reply_void(r);
}

/* Simulated guests reach their target at once. */
int vm_wait_memory_target_live(struct request *r)
{
    return vm_check(r, r->self, "awaiting_memory_live") ? API_FAILED
                                                        : reply_void(r);
}

static int vcpus_store(struct request *r, int64_t startup, int64_t max)
{
    if (startup < 1 || startup > max)
        return request_fail(
            r, "INVALID_VALUE",
            "VCPU values must satisfy: 0 < VCPUs_at_startup \xe2\x89\xa4 "
            "VCPUs_max",
            number(r, arg_int(r, 1)), NULL);
    db_set_int(r->db, r->self, "VCPUs_at_startup", startup);
    db_set_int(r->db, r->self, "VCPUs_max", max);
    db_set_int(r->db, r->self, "memory_overhead", vm_memory_overhead(r->self));
    return reply_void(r);
}

int vm_set_vcpus_max(struct request *r)
{
    if (db_bool(r->self, "is_control_domain"))
        return request_fail(r, "OPERATION_NOT_ALLOWED",
                            "This operation is not allowed on dom0", NULL);
    if (vm_check(r, r->self, "changing_VCPUs"))
        return API_FAILED;
    return vcpus_store(r, db_int(r->self, "VCPUs_at_startup"), arg_int(r, 1));
}

int vm_set_vcpus_at_startup(struct request *r)
{
    return vcpus_store(r, arg_int(r, 1), db_int(r->self, "VCPUs_max"));
}

static int shadow_store(struct request *r, const char *op)
{
    double multiplier = arg_float(r, 1);

    if (vm_check(r, r->self, op))
        return API_FAILED;
    if (multiplier < 1.0)
        return request_fail(
            r, "INVALID_VALUE", "multiplier",
            arena_printf(r->arena,
                         (double)(int64_t)multiplier == multiplier ? "%.12g."
                                                                   : "%.12g",
                         multiplier),
            NULL);
    db_set(r->db, r->self, "HVM_shadow_multiplier", value_float(multiplier));
    db_set_int(r->db, r->self, "memory_overhead", vm_memory_overhead(r->self));
    return reply_void(r);
}

int vm_set_hvm_shadow_multiplier(struct request *r)
{
    return shadow_store(r, "changing_shadow_memory");
}

int vm_set_shadow_multiplier_live(struct request *r)
{
    return shadow_store(r, "changing_shadow_memory_live");
}

/* order, start_delay and shutdown_delay: the value comes before the machine. */
static int natural_store(struct request *r, const char *field)
{
    struct object *vm;

    if (arg_int(r, 1) < 0)
        return request_fail(
            r, "INVALID_VALUE",
            arena_printf(r->arena, "%s must be non-negative", field),
            number(r, arg_int(r, 1)), NULL);
    vm = arg_object(r, 0, "VM");
    if (!vm)
        return API_FAILED;
    db_set_int(r->db, vm, field, arg_int(r, 1));
    return reply_void(r);
}

int vm_set_order(struct request *r)
{
    return natural_store(r, "order");
}

int vm_set_start_delay(struct request *r)
{
    return natural_store(r, "start_delay");
}

int vm_set_shutdown_delay(struct request *r)
{
    return natural_store(r, "shutdown_delay");
}

int vm_set_ha_restart_priority(struct request *r)
{
    const char *value = arg_text(r, 1);
    struct object *vm;

    if (*value && strcmp(value, "restart") != 0 &&
        strcmp(value, "best-effort") != 0)
        return request_fail(r, "INVALID_VALUE", "ha_restart_priority", value,
                            NULL);
    vm = arg_object(r, 0, "VM");
    if (!vm)
        return API_FAILED;
    db_set_text(r->db, vm, "ha_restart_priority", value);
    db_set_bool(r->db, vm, "ha_always_run",
                strcmp(value, "restart") == 0 &&
                    db_text(vm, "power_state")[0] == 'R');
    return reply_void(r);
}

int vm_set_suspend_vdi(struct request *r)
{
    if (db_text(r->self, "power_state")[0] != 'S')
        return vm_bad_state(r, r->self, "suspended");
    db_set_text(r->db, r->self, "suspend_VDI", arg_text(r, 1));
    return reply_void(r);
}

static bool is_plain(const struct object *vm)
{
    return !db_bool(vm, "is_a_template") && !db_bool(vm, "is_a_snapshot") &&
           !db_bool(vm, "is_control_domain");
}

int vm_set_appliance(struct request *r)
{
    struct object *old;

    if (!is_plain(r->self))
        return request_fail(r, "OPERATION_NOT_ALLOWED",
                            "Control domains, templates and snapshots cannot "
                            "be assigned to appliances.",
                            NULL);
    old = db_ref(r->db, r->self, "appliance");
    db_set_text(r->db, r->self, "appliance", arg_text(r, 1));
    if (old)
        appliance_refresh(r, old);
    vm_refresh(r, r->self);
    return reply_void(r);
}

int vm_set_groups(struct request *r)
{
    if (!is_plain(r->self))
        return request_fail(r, "OPERATION_NOT_ALLOWED",
                            "Control domains, templates, and snapshots cannot "
                            "be added to VM groups.",
                            NULL);
    if (r->args[1].nr > 1)
        return request_fail(r, "TOO_MANY_GROUPS", NULL);
    db_set(r->db, r->self, "groups", r->args[1]);
    return reply_void(r);
}

int vm_set_snapshot_schedule(struct request *r)
{
    const char *ref = arg_text(r, 1);
    struct object *vm;

    if (strcmp(ref, REF_NULL) != 0 && !db_find(r->db, "VMSS", ref))
        return request_fail(r, "INVALID_VALUE", ref, NULL);
    vm = arg_object(r, 0, "VM");
    if (!vm)
        return API_FAILED;
    db_set_text(r->db, vm, "snapshot_schedule", ref);
    vmss_begin(r->ts);
    return reply_void(r);
}

int vm_set_has_vendor_device(struct request *r)
{
    if (db_text(r->self, "power_state")[0] != 'H')
        return vm_bad_state(r, r->self, "halted");
    db_set_bool(r->db, r->self, "has_vendor_device", arg_bool(r, 1));
    return reply_void(r);
}

int vm_set_is_a_template(struct request *r)
{
    bool template = arg_bool(r, 1);

    if (template && vm_check(r, r->self, "make_into_template"))
        return API_FAILED;
    db_set_bool(r->db, r->self, "is_a_template", template);
    if (!template) {
        /* Clients see the old operations until something else happens. */
        db_set_bool(r->db, r->self, "is_default_template", false);
        db_map_del(r->db, r->self, "other_config", "default_template");
        return reply_void(r);
    }
    vm_refresh(r, r->self);
    return reply_void(r);
}

int vm_set_is_default_template(struct request *r)
{
    bool value = arg_bool(r, 1);

    if (value && db_text(r->self, "power_state")[0] != 'H')
        return vm_bad_state(r, r->self, "halted");
    if (value)
        db_set_bool(r->db, r->self, "is_a_template", true);
    db_set_bool(r->db, r->self, "is_default_template", value);
    db_map_put(r->db, r->self, "other_config", "default_template",
               value ? "true" : "false");
    vm_refresh(r, r->self);
    return reply_void(r);
}

int vm_set_nvram(struct request *r)
{
    if (vm_check(r, r->self, "changing_NVRAM"))
        return API_FAILED;
    return generic_set(r, r->self, field_index(r->self->class, "NVRAM"),
                       r->args[1]);
}

int vm_add_to_nvram(struct request *r)
{
    if (vm_check(r, r->self, "changing_NVRAM"))
        return API_FAILED;
    return generic_map_add(r, r->self, "NVRAM", arg_text(r, 1), r->args[2]);
}

int vm_remove_from_nvram(struct request *r)
{
    if (vm_check(r, r->self, "changing_NVRAM"))
        return API_FAILED;
    db_map_del(r->db, r->self, "NVRAM", arg_text(r, 1));
    return reply_void(r);
}

int vm_set_blocked_operations(struct request *r)
{
    db_set(r->db, r->self, "blocked_operations", r->args[1]);
    vm_refresh(r, r->self);
    return reply_void(r);
}

int vm_add_to_blocked_operations(struct request *r)
{
    int rc = generic_map_add(r, r->self, "blocked_operations", arg_text(r, 1),
                             r->args[2]);

    vm_refresh(r, r->self);
    return rc;
}

int vm_remove_from_blocked_operations(struct request *r)
{
    db_map_del(r->db, r->self, "blocked_operations", arg_text(r, 1));
    vm_refresh(r, r->self);
    return reply_void(r);
}

int vm_set_hvm_boot_policy(struct request *r)
{
    const char *policy = arg_text(r, 1);

    db_set_text(r->db, r->self, "HVM_boot_policy", policy);
    db_set_text(r->db, r->self, "domain_type", *policy ? "hvm" : "pv");
    return reply_void(r);
}

int vm_set_domain_type(struct request *r)
{
    bool hvm = strcmp(arg_text(r, 1), "hvm") == 0;

    if (strcmp(arg_text(r, 1), "unspecified") == 0)
        return request_fail(r, "INVALID_VALUE", "domain_type", arg_text(r, 1),
                            NULL);
    db_set_text(r->db, r->self, "domain_type", arg_text(r, 1));
    if (!hvm)
        db_set_text(r->db, r->self, "HVM_boot_policy", "");
    else if (!*db_text(r->self, "HVM_boot_policy"))
        db_set_text(r->db, r->self, "HVM_boot_policy", "BIOS order");
    return reply_void(r);
}

/* What a guest finds in its firmware unless it is told otherwise. */
static const struct {
    const char *key, *text;
} bios_strings[] = {
    {"bios-vendor", "Xen"},
    {"bios-version", ""},
    {"system-manufacturer", "Xen"},
    {"system-product-name", "HVM domU"},
    {"system-version", ""},
    {"system-serial-number", ""},
    {"baseboard-manufacturer", ""},
    {"baseboard-product-name", ""},
    {"baseboard-version", ""},
    {"baseboard-serial-number", ""},
    {"baseboard-asset-tag", ""},
    {"baseboard-location-in-chassis", ""},
    {"enclosure-asset-tag", ""},
    {"hp-rombios", ""},
    {"oem-1", "Xen"},
    {"oem-2", "MS_VM_CERT/SHA1/bdbeb6e0a816d43fa6d3fe8aaef04c2bad9d3e3d"},
};

enum {
    BIOS_STRINGS_NR = sizeof(bios_strings) / sizeof(bios_strings[0]),
    BIOS_STRING_BYTES_MAX = 512,
};

static bool bios_key(const char *key)
{
    for (int i = 0; i < BIOS_STRINGS_NR; i++)
        if (strcmp(bios_strings[i].key, key) == 0)
            return true;
    return false;
}

void vm_fix_bios_strings(struct request *r, struct object *vm,
                         const struct value *given)
{
    struct member *m = arena_alloc(r->arena, sizeof(*m) * BIOS_STRINGS_NR);

    for (int i = 0; i < BIOS_STRINGS_NR; i++) {
        const char *key = bios_strings[i].key;

        m[i] = (struct member){
            key, value_string(value_text(given, key, bios_strings[i].text))};
    }
    db_set(r->db, vm, "bios_strings", value_map(m, BIOS_STRINGS_NR));
}

int vm_set_bios_strings(struct request *r)
{
    const struct value *given = &r->args[1];

    if (db_get(r->self, "bios_strings")->nr)
        return request_fail(r, "VM_BIOS_STRINGS_ALREADY_SET", NULL);
    for (uint32_t i = 0; i < given->nr; i++) {
        const char *key = given->members[i].key;

        if (!bios_key(key))
            return request_fail(r, "INVALID_VALUE", key, "Unknown key", NULL);
        if (given->members[i].value.nr > BIOS_STRING_BYTES_MAX)
            return request_fail(
                r, "INVALID_VALUE", key,
                arena_printf(r->arena, "%s has length more than %d characters",
                             given->members[i].value.s, BIOS_STRING_BYTES_MAX),
                NULL);
    }
    vm_fix_bios_strings(r, r->self, given);
    return reply_void(r);
}

int vm_copy_bios_strings(struct request *r)
{
    struct object *host = arg_object(r, 1, "host");

    if (!host)
        return API_FAILED;
    if (db_get(r->self, "bios_strings")->nr)
        return request_fail(r, "VM_BIOS_STRINGS_ALREADY_SET", NULL);
    vm_fix_bios_strings(r, r->self, db_get(host, "bios_strings"));
    db_set_text(r->db, r->self, "affinity", host->ref);
    return reply_void(r);
}
