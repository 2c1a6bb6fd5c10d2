/* Seldom used calls of machines: keys, plugins, sysprep, firmware. */
#include <string.h>

#include "handlers.h"
#include "net.h"
#include "vm.h"
#include "vm_domain.h"
#include "vm_guest.h"

enum {
    SCRIPT_BYTES_MAX = 1024,
    UNATTEND_BYTES_MAX = 32 << 10,
    MAXIMISE_VCPUS = 64,
};

/* Hosts' drivers know how; who listens is a guest with Xen's drivers. */
static bool has_drivers(struct request *r, const struct object *vm)
{
    const struct object *o = db_ref(r->db, vm, "guest_metrics");

    return o && db_bool(o, "PV_drivers_detected");
}

static int sysrq_now(struct request *r, struct object *vm)
{
    const struct domain_driver *driver = &r->ts->domains;
    const char *key = arg_text(r, 1);
    int rc;

    if (!has_drivers(r, vm))
        return request_fail(r, "NOT_IMPLEMENTED", "send_sysrq", NULL);
    if (strlen(key) != 1)
        return request_fail(r, "INVALID_VALUE", "key", key, NULL);
    rc = driver->sysrq(driver->ctx, vm_host_uuid(r, vm), db_text(vm, "uuid"),
                       key[0]);
    if (rc == -EINVAL)
        return request_fail(r, "INVALID_VALUE", "key", key, NULL);
    if (rc)
        return vm_driver_failed(r, vm, rc);
    vm_sync(r, vm);
    return reply_void(r);
}

int vm_send_sysrq(struct request *r)
{
    return vm_run(r, "send_sysrq", sysrq_now);
}

static int trigger_now(struct request *r, struct object *vm)
{
    const struct domain_driver *driver = &r->ts->domains;
    int rc;

    if (!has_drivers(r, vm))
        return request_fail(r, "NOT_IMPLEMENTED", "send_trigger", NULL);
    rc = driver->trigger(driver->ctx, vm_host_uuid(r, vm), db_text(vm, "uuid"),
                         arg_text(r, 1));
    if (rc == -ENOTSUP)
        return request_fail(r, "INVALID_VALUE", "trigger", arg_text(r, 1),
                            NULL);
    if (rc)
        return vm_driver_failed(r, vm, rc);
    vm_sync(r, vm);
    return reply_void(r);
}

int vm_send_trigger(struct request *r)
{
    return vm_run(r, "send_trigger", trigger_now);
}

/* --- Plugins of guest agents ---------------------------------------------- */

static int no_function(struct request *r, const char *what, const char *text)
{
    return request_fail(r, "XENAPI_PLUGIN_FAILURE", what, text, text, NULL);
}

static int run_script(struct request *r, struct object *vm)
{
    const char *script = value_text(&r->args[3], "script", NULL);

    (void)vm;
    if (!script)
        return no_function(r, "missing argument",
                           "The argument 'script' is needed.");
    if (strlen(script) > SCRIPT_BYTES_MAX)
        return no_function(r, "length restriction",
                           "The script length must not exceed 1024 bytes");
    return reply_text(r, "{\"rc\": 0, \"stdout\": \"\", \"stderr\": \"\"}");
}

static int note_only(struct request *r, struct object *vm)
{
    (void)vm;
    return reply_text(r, "");
}

/* What agents that announce the feature do. */
static const struct {
    const char *name, *feature;
    int (*function)(struct request *r, struct object *vm);
} agent_functions[] = {
    {"request-rdp-on", "feature-ts", note_only},
    {"request-rdp-off", "feature-ts", note_only},
    {"run-script", "feature-xs-batcmd", run_script},
};

static int plugin_now(struct request *r, struct object *vm)
{
    const char *plugin = arg_text(r, 1), *name = arg_text(r, 2);

    if (strcmp(plugin, "guest-agent-operation") != 0)
        return request_fail(r, "XENAPI_MISSING_PLUGIN", plugin, NULL);
    for (size_t i = 0; i < sizeof(agent_functions) / sizeof(agent_functions[0]);
         i++) {
        if (strcmp(agent_functions[i].name, name) != 0)
            continue;
        if (vm_guest_has(r, vm, agent_functions[i].feature))
            return agent_functions[i].function(r, vm);
        return no_function(
            r, "failed to execute fn",
            arena_printf(r->arena,
                         "The requested fn \"%s\" of plugin \"%s\" could not "
                         "be executed for lack of guest agent control feature.",
                         name, plugin));
    }
    return no_function(
        r, "failed to find fn",
        arena_printf(
            r->arena,
            "The requested fn \"%s\" could not be found in plugin \"%s\".",
            name, plugin));
}

int vm_call_plugin(struct request *r)
{
    return vm_run(r, "call_plugin", plugin_now);
}

/* The plugins of the machine's host; where it is decides nothing else. */
int vm_call_host_plugin(struct request *r)
{
    return host_call_plugin(r);
}

/* --- Sysprep ---------------------------------------------------------------- */

static int sysprep_failed(struct request *r, const struct object *vm,
                          const char *why)
{
    return request_fail(r, "SYSPREP", db_text(vm, "uuid"), why, NULL);
}

static bool has_cd_drive(struct request *r, const struct object *vm)
{
    const struct value *vbds = db_get(vm, "VBDs");

    for (uint32_t i = 0; i < vbds->nr; i++)
        if (strcmp(db_text(db_find_any(r->db, vbds->items[i].s), "type"),
                   "CD") == 0)
            return true;
    return false;
}

/* The agent finds the answers on a CD, and the guest ends when it is done. */
static int sysprep_now(struct request *r, struct object *vm)
{
    double timeout = arg_float(r, 2);

    if (timeout < 0)
        return request_fail(r, "INVALID_VALUE", "timeout",
                            arena_printf(r->arena, "%.12g.", timeout), NULL);
    if (!vm_guest_has(r, vm, "feature-sysprep"))
        return sysprep_failed(r, vm, "VM driver does not support sysprep");
    if (r->args[1].nr > UNATTEND_BYTES_MAX)
        return sysprep_failed(r, vm, "unattend.xml file too large");
    if (!has_cd_drive(r, vm))
        return sysprep_failed(r, vm, "CD-ROM drive not found");
    return vm_halt(r, vm) ? API_FAILED : reply_void(r);
}

int vm_sysprep(struct request *r)
{
    return vm_run(r, "sysprep", sysprep_now);
}

/* --- Services of system domains --------------------------------------------- */

static int services_now(struct request *r, struct object *vm)
{
    const struct object *o = db_ref(r->db, vm, "guest_metrics");

    return reply(r, o ? *db_get(o, "services") : value_map(NULL, 0));
}

int vm_query_services(struct request *r)
{
    return vm_run(r, "query_services", services_now);
}

/* --- Firmware --------------------------------------------------------------- */

static bool is_uefi(const struct object *vm)
{
    const struct value *boot = db_get(vm, "HVM_boot_params");

    return strcmp(value_text(boot, "firmware", "bios"), "uefi") == 0;
}

int vm_set_nvram_efi_variables(struct request *r)
{
    static const char *const states[][2] = {{"yes", "ok"}};

    db_map_put(r->db, r->self, "NVRAM", "EFI-variables", arg_text(r, 1));
    if (strcmp(arg_text(r, 2), states[0][0]) == 0)
        db_set_text(r->db, r->self, "secureboot_certificates_state",
                    states[0][1]);
    return reply_void(r);
}

/*
 * Setup mode has no keys at all; user mode starts from the pool's. What the
 * tool on a host would print is the answer.
 */
int vm_set_uefi_mode(struct request *r)
{
    bool setup = strcmp(arg_text(r, 1), "setup") == 0;

    if (!is_uefi(r->self))
        return request_fail(r, "OPERATION_NOT_ALLOWED",
                            "The VM does not boot with UEFI firmware.", NULL);
    if (db_text(r->self, "power_state")[0] != 'H')
        return vm_bad_state(r, r->self, "halted");
    db_map_put(r->db, r->self, "NVRAM", "EFI-variables", "");
    db_map_put(r->db, r->self, "NVRAM", "uefi-mode", setup ? "setup" : "user");
    return reply_text(r, setup ? "setup" : "user");
}

/* NVRAM decides: no variables yet, without keys, with all of them. */
int vm_get_secureboot_readiness(struct request *r)
{
    const struct value *nvram = db_get(r->self, "NVRAM");
    const char *secure =
        value_text(db_get(r->self, "platform"), "secureboot", "false");

    if (!is_uefi(r->self))
        return reply_text(r, "not_supported");
    if (strcmp(secure, "true") != 0)
        return reply_text(r, "disabled");
    if (!value_find(nvram, "EFI-variables"))
        return reply_text(r, "first_boot");
    return reply_text(
        r, *value_text(nvram, "EFI-variables", "") ? "ready" : "setup_mode");
}

/* Moves between two states; asking twice is no error. */
int vm_update_secureboot_certificates(struct request *r)
{
    static const char *const states[] = {"update_available", "update_on_boot"};
    const char *now = db_text(r->self, "secureboot_certificates_state");
    bool mark = arg_bool(r, 1);

    if (strcmp(now, states[0]) != 0 && strcmp(now, states[1]) != 0)
        return request_fail(
            r, "OPERATION_NOT_ALLOWED",
            arena_printf(r->arena,
                         "Cannot %s update_on_boot: "
                         "VM.secureboot_certificates_state is not in a valid "
                         "state",
                         mark ? "set" : "clear"),
            NULL);
    db_set_text(r->db, r->self, "secureboot_certificates_state", states[mark]);
    return reply_void(r);
}

/* --- Memory and VCPUs that depend on each other ----------------------------- */

#define MAXIMISE_BYTES (INT64_C(1) << 50) /* no host has more */

/* The largest static maximum that fits with its overhead, in whole MiB. */
int vm_maximise_memory(struct request *r)
{
    int64_t low = 0, total = arg_int(r, 1), high;
    int64_t vcpus =
        arg_bool(r, 2) ? MAXIMISE_VCPUS : db_int(r->self, "VCPUs_max");

    total = total > MAXIMISE_BYTES ? MAXIMISE_BYTES : total;
    high = total;
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;

        if (middle + vm_overhead_of(r->self, middle, vcpus) <= total)
            low = middle;
        else
            high = middle;
    }
    return reply(r, value_int(low / MIB * MIB));
}

static int vcpus_now(struct request *r, struct object *vm)
{
    const struct domain_driver *driver = &r->ts->domains;
    struct object *metrics = db_ref(r->db, vm, "metrics");
    int64_t nr = arg_int(r, 1);
    int rc;

    if (feature_check(r, "set_vcpus_number_live"))
        return API_FAILED;
    if (nr < 1 || nr > db_int(vm, "VCPUs_max"))
        return request_fail(
            r, "INVALID_VALUE",
            "VCPU values must satisfy: 0 < VCPUs_at_startup \xe2\x89\xa4 "
            "VCPUs_max",
            arena_printf(r->arena, "%lld", (long long)nr), NULL);
    rc = driver->set_vcpus(driver->ctx, vm_host_uuid(r, vm),
                           db_text(vm, "uuid"), (int)nr);
    if (rc)
        return vm_driver_failed(r, vm, rc);
    if (metrics)
        db_set_int(r->db, metrics, "VCPUs_number", nr);
    db_set_int(r->db, vm, "VCPUs_at_startup", nr);
    db_set_int(r->db, vm, "memory_overhead", vm_memory_overhead(vm));
    return reply_void(r);
}

int vm_set_vcpus_number_live(struct request *r)
{
    return vm_run(r, "changing_VCPUs_live", vcpus_now);
}

/* Weight and cap of the scheduler, masks: kept for the next start as well. */
static int vcpu_params_now(struct request *r, struct object *vm)
{
    struct object *metrics = db_ref(r->db, vm, "metrics");
    const char *key = arg_text(r, 1), *value = arg_text(r, 2);

    db_map_put(r->db, vm, "VCPUs_params", key, value);
    if (metrics)
        db_map_put(r->db, metrics, "VCPUs_params", key, value);
    return reply_void(r);
}

int vm_add_to_vcpus_params_live(struct request *r)
{
    return vm_run(r, "changing_VCPUs_live", vcpu_params_now);
}

/* Releases that snapshots came from told their date and origin this way. */
int vm_update_snapshot_metadata(struct request *r)
{
    struct object *of = arg_object(r, 1, "VM");

    if (!of)
        return API_FAILED;
    db_set_bool(r->db, r->self, "is_a_snapshot", true);
    db_set_text(r->db, r->self, "snapshot_of", of->ref);
    db_set_text(r->db, r->self, "snapshot_time", arg_text(r, 2));
    db_set_text(r->db, r->self, "transportable_snapshot_id", arg_text(r, 3));
    vm_refresh(r, r->self);
    return reply_void(r);
}

int vm_atomic_set_resident_on(struct request *r)
{
    struct object *host = arg_object(r, 1, "host");

    if (!host)
        return API_FAILED;
    db_set_text(r->db, r->self, "resident_on", host->ref);
    db_set_text(r->db, r->self, "scheduled_to_be_resident_on", REF_NULL);
    return reply_void(r);
}
