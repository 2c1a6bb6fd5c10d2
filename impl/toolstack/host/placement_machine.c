/* What a machine itself asks of a host: its settings, GPUs, USB devices. */
#include <string.h>

#include "placement.h"
#include "vgpu.h"

static const char *number(struct request *r, int64_t n)
{
    return arena_printf(r->arena, "%lld", (long long)n);
}

static int unsupported(struct request *r, const char *field, const char *value,
                       const char *why)
{
    return request_fail(r, "VALUE_NOT_SUPPORTED", field, value, why, NULL);
}

int placement_vcpus(struct request *r, struct object *vm, struct object *host)
{
    int64_t startup = db_int(vm, "VCPUs_at_startup");

    (void)host;
    if (db_int(vm, "VCPUs_max") < 1)
        return request_fail(r, "INVALID_VALUE", "VCPUs_max",
                            number(r, db_int(vm, "VCPUs_max")), NULL);
    if (startup < 1)
        return request_fail(r, "INVALID_VALUE", "VCPUs-at-startup",
                            number(r, startup), NULL);
    if (startup > db_int(vm, "VCPUs_max"))
        return unsupported(r, "VCPUs-at-startup", number(r, startup),
                           "value greater than VCPUs-max");
    return 0;
}

int placement_limits(struct request *r, struct object *vm, struct object *host)
{
    double shadow = db_get(vm, "HVM_shadow_multiplier")->f;

    (void)host;
    if (db_int(vm, "memory_static_min") > db_int(vm, "memory_static_max"))
        return request_fail(r, "MEMORY_CONSTRAINT_VIOLATION", NULL);
    if (shadow < 1.0)
        return request_fail(r, "INVALID_VALUE", "HVM_shadow_multiplier",
                            arena_printf(r->arena, "%.12g", shadow), NULL);
    return 0;
}

/* Behaviours after a crash that a domain's type cannot have. */
static const struct {
    const char *value, *why;
    bool hvm_only;
} crash_actions[] = {
    {"rename_restart",
     "option would leak a domain; VMs and not domains are managed by this API",
     false},
    {"coredump_and_destroy",
     "cannot invoke a coredump of an HVM, PVH or PV-in-PVH domain", true},
    {"coredump_and_restart",
     "cannot invoke a coredump of an HVM, PVH or PV-in-PVH domain", true},
};

int placement_crash_action(struct request *r, struct object *vm,
                           struct object *host)
{
    const char *value = db_text(vm, "actions_after_crash");
    bool hvm = strcmp(db_text(vm, "domain_type"), "pv") != 0;

    (void)host;
    for (size_t i = 0; i < sizeof(crash_actions) / sizeof(crash_actions[0]);
         i++)
        if (strcmp(crash_actions[i].value, value) == 0 &&
            (hvm || !crash_actions[i].hvm_only))
            return unsupported(r, "VM.actions_after_crash", value,
                               crash_actions[i].why);
    return 0;
}

int placement_gpus(struct request *r, struct object *vm, struct object *host)
{
    return db_get(vm, "VGPUs")->nr ? vgpus_fit(r, vm, host) : 0;
}

int placement_usbs(struct request *r, struct object *vm, struct object *host)
{
    const struct value *vusbs = db_get(vm, "VUSBs");

    for (uint32_t i = 0; i < vusbs->nr; i++) {
        struct object *vusb = db_find_any(r->db, vusbs->items[i].s);
        struct object *group = db_ref(r->db, vusb, "USB_group");
        const struct value *pusbs = group ? db_get(group, "PUSBs") : NULL;
        struct object *pusb =
            pusbs && pusbs->nr ? db_find_any(r->db, pusbs->items[0].s) : NULL;

        if (!pusb || strcmp(db_text(pusb, "host"), host->ref) != 0)
            return request_fail(
                r, "OPERATION_NOT_ALLOWED",
                arena_printf(r->arena, "VUSB %s is not available on Host %s",
                             vusb->ref, host->ref),
                NULL);
    }
    return 0;
}

int placement_hvm(struct request *r, struct object *vm, struct object *host)
{
    const struct value *able = db_get(host, "capabilities");

    if (strcmp(db_text(vm, "domain_type"), "pv") == 0 || !able->nr)
        return 0;
    for (uint32_t i = 0; i < able->nr; i++)
        if (strncmp(able->items[i].s, "hvm", 3) == 0)
            return 0;
    return request_fail(r, "VM_HVM_REQUIRED", vm->ref, NULL);
}
