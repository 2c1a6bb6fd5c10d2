/* Power: start, stop, pause, reboot; each move is checked by vm_ops.def. */
#include <string.h>

#include "device.h"
#include "handlers.h"
#include "vm.h"
#include "vm_domain.h"

/* What the guest reports; an agent that says more is not there yet. */
static void guest_metrics(struct request *r, struct object *vm, bool live)
{
    struct object *o = db_ref(r->db, vm, "guest_metrics");

    if (o && !live) {
        db_destroy(r->db, o);
        db_set_text(r->db, vm, "guest_metrics", REF_NULL);
    }
    if (!live)
        return;
    o = db_create(r->db, "VM_guest_metrics");
    db_set_text(r->db, o, "last_updated", toolstack_now(r->ts, r->arena));
    db_set_text(r->db, vm, "guest_metrics", o->ref);
}

/* What a machine has only while a domain runs. */
static void live_fields(struct request *r, struct object *vm, bool live)
{
    struct object *metrics = db_ref(r->db, vm, "metrics");

    if (!live)
        db_set_text(r->db, vm, "resident_on", REF_NULL);
    db_set_int(r->db, vm, "domid", live ? r->ts->next_domid++ : -1);
    guest_metrics(r, vm, live);
    devices_attach(r, vm, live);
    if (metrics && !live) /* its RRD ends here */
        db_set_text(r->db, metrics, "last_updated",
                    toolstack_now(r->ts, r->arena));
    if (metrics && live) {
        db_set_text(r->db, metrics, "start_time",
                    toolstack_now(r->ts, r->arena));
        db_set_int(r->db, metrics, "memory_actual",
                   db_int(vm, "memory_dynamic_max"));
        db_set_int(r->db, metrics, "VCPUs_number",
                   db_int(vm, "VCPUs_at_startup"));
    }
}

void vm_set_power(struct request *r, struct object *vm, const char *state)
{
    const char *old = db_text(vm, "power_state");
    bool was_live = old[0] == 'R' || old[0] == 'P';
    bool live = state[0] == 'R' || state[0] == 'P';

    db_set_text(r->db, vm, "power_state", state);
    if (live != was_live)
        live_fields(r, vm, live);
    vm_refresh(r, vm);
}

int vm_halt(struct request *r, struct object *vm)
{
    char state = db_text(vm, "power_state")[0];

    if ((state == 'R' || state == 'P') && vm_drive(r, vm, r->ts->domains.stop))
        return API_FAILED;
    vm_set_power(r, vm, "Halted");
    return 0;
}

static int memory_fits(struct request *r, const struct object *vm)
{
    struct object *metrics = db_ref(r->db, toolstack_master(r->ts), "metrics");
    int64_t needed = db_int(vm, "memory_dynamic_min") + vm_memory_overhead(vm);
    int64_t free = metrics ? db_int(metrics, "memory_free") : 0;

    for (struct object *o = db_first(r->db, "VM"); o; o = o->next)
        if (db_int(o, "domid") > 0)
            free -= db_int(o, "memory_dynamic_min") + vm_memory_overhead(o);
    if (needed <= free && db_bool(toolstack_master(r->ts), "enabled"))
        return 0;
    if (strcmp(r->message->name, "VM.start") == 0)
        return request_fail(r, "NO_HOSTS_AVAILABLE", NULL);
    return request_fail(r, "HOST_NOT_ENOUGH_FREE_MEMORY",
                        arena_printf(r->arena, "%lld", (long long)needed),
                        arena_printf(r->arena, "%lld", (long long)free), NULL);
}

/* What the first start settles for good. */
static void settle(struct request *r, struct object *vm)
{
    static const struct value none = {.kind = VALUE_MAP};

    if (!db_get(vm, "bios_strings")->nr)
        vm_fix_bios_strings(r, vm, &none);
    if (strcmp(db_text(vm, "domain_type"), "hvm") == 0 &&
        !value_find(db_get(vm, "platform"), "device-model"))
        db_map_put(r->db, vm, "platform", "device-model",
                   "qemu-upstream-compat");
}

enum {
    HARDWARE_PLATFORM_MAX = 2,
};

/* What no host can run, and kernels that are not where they should be. */
static int check_startable(struct request *r, const struct object *vm)
{
    int64_t vcpus = db_int(vm, "VCPUs_at_startup");
    const char *kernel = db_text(vm, "PV_kernel");

    if (vcpus < 1 || vcpus > db_int(vm, "VCPUs_max") ||
        db_int(vm, "hardware_platform_version") > HARDWARE_PLATFORM_MAX ||
        db_get(vm, "HVM_shadow_multiplier")->f < 1.0)
        return request_fail(r, "NO_HOSTS_AVAILABLE", NULL);
    if (strcmp(db_text(vm, "domain_type"), "hvm") != 0 &&
        !*db_text(vm, "PV_bootloader"))
        return request_fail(r, "INVALID_VALUE", "kernel",
                            arena_printf(r->arena, "%s%s",
                                         *kernel && *kernel != '/' ? "/" : "",
                                         kernel),
                            "File does not exist", NULL);
    return 0;
}

/* What a cancelled start would have stopped at, for those who count. */
static void note_cancel_points(struct request *r)
{
    if (r->task)
        db_map_put(r->db, r->task, "other_config",
                   "debug_info:cancel_points_seen", "5");
}

int vm_boot(struct request *r, struct object *vm, const char *op, bool paused)
{
    const struct domain_driver *driver = &r->ts->domains;
    struct object *host = toolstack_master(r->ts);
    struct domain_spec spec;
    int rc;

    if (vm_check(r, vm, op) || memory_fits(r, vm) || check_startable(r, vm))
        return API_FAILED;
    spec = vm_spec(r, vm, paused);
    rc = driver->start(driver->ctx, db_text(host, "uuid"), &spec);
    if (rc)
        return vm_driver_failed(r, vm, rc);
    db_set_text(r->db, vm, "resident_on", host->ref);
    settle(r, vm);
    note_cancel_points(r);
    vm_set_power(r, vm, paused ? "Paused" : "Running");
    return reply_void(r);
}

int vm_start(struct request *r)
{
    return vm_boot(r, r->self, "start", arg_bool(r, 1));
}

int vm_start_on(struct request *r)
{
    if (!arg_object(r, 1, "host"))
        return API_FAILED;
    return vm_boot(r, r->self, "start_on", arg_bool(r, 2));
}

int vm_pause(struct request *r)
{
    if (vm_check(r, r->self, "pause") ||
        vm_drive(r, r->self, r->ts->domains.pause))
        return API_FAILED;
    vm_set_power(r, r->self, "Paused");
    return reply_void(r);
}

int vm_unpause(struct request *r)
{
    if (vm_check(r, r->self, "unpause") ||
        vm_drive(r, r->self, r->ts->domains.resume))
        return API_FAILED;
    vm_set_power(r, r->self, "Running");
    return reply_void(r);
}

static int stop(struct request *r, const char *op)
{
    if (vm_check(r, r->self, op) || vm_halt(r, r->self))
        return API_FAILED;
    return reply_void(r);
}

int vm_hard_shutdown(struct request *r)
{
    return stop(r, "hard_shutdown");
}

int vm_clean_shutdown(struct request *r)
{
    return stop(r, "clean_shutdown");
}

/* Clean if the guest can, else hard. */
int vm_shutdown(struct request *r)
{
    return stop(r, "shutdown");
}

static int reboot(struct request *r, const char *op)
{
    if (vm_check(r, r->self, op) || vm_drive(r, r->self, r->ts->domains.reboot))
        return API_FAILED;
    db_set_int(r->db, r->self, "domid", r->ts->next_domid++);
    vm_set_power(r, r->self, "Running");
    return reply_void(r);
}

int vm_hard_reboot(struct request *r)
{
    return reboot(r, "hard_reboot");
}

int vm_clean_reboot(struct request *r)
{
    return reboot(r, "clean_reboot");
}

/* Suspended machines come with guest metrics, which no guest here has yet. */
static int unsupported(struct request *r, const char *op)
{
    if (vm_check(r, r->self, op))
        return API_FAILED;
    return request_fail(r, "NOT_IMPLEMENTED", r->message->name, NULL);
}

int vm_suspend(struct request *r)
{
    return unsupported(r, "suspend");
}

int vm_resume(struct request *r)
{
    return unsupported(r, "resume");
}

int vm_resume_on(struct request *r)
{
    return unsupported(r, "resume_on");
}

int vm_pool_migrate(struct request *r)
{
    return unsupported(r, "pool_migrate");
}

int vm_checkpoint(struct request *r)
{
    return unsupported(r, "checkpoint");
}

int vm_send_sysrq(struct request *r)
{
    if (vm_check(r, r->self, "send_sysrq"))
        return API_FAILED;
    return request_fail(r, "NOT_IMPLEMENTED", "send_sysrq", NULL);
}

int vm_send_trigger(struct request *r)
{
    return unsupported(r, "send_trigger");
}

int vm_sysprep(struct request *r)
{
    return unsupported(r, "sysprep");
}

int vm_call_plugin(struct request *r)
{
    return unsupported(r, "call_plugin");
}

int vm_get_boot_record(struct request *r)
{
    if (vm_check(r, r->self, "get_boot_record"))
        return API_FAILED;
    return reply(r, db_record(r->arena, r->self));
}

/* The domain may be gone already: forgetting it is what is asked for. */
int vm_power_state_reset(struct request *r)
{
    const struct domain_driver *driver = &r->ts->domains;

    if (db_bool(r->self, "is_control_domain"))
        return request_fail(r, "OPERATION_NOT_ALLOWED",
                            "This operation is not allowed on a control domain",
                            NULL);
    if (db_text(r->self, "power_state")[0] == 'R')
        return request_fail(r, "DOMAIN_EXISTS", r->self->ref, NULL);
    (void)driver->stop(driver->ctx, vm_host_uuid(r, r->self),
                       db_text(r->self, "uuid"));
    vm_set_power(r, r->self, "Halted");
    return reply_void(r);
}

int vm_restart_device_models(struct request *r)
{
    const char *state = db_text(r->self, "power_state");

    if (state[0] != 'R')
        return request_fail(r, "VM_BAD_POWER_STATE", r->self->ref, "Running",
                            state, NULL);
    return reply_void(r);
}

int vm_query_services(struct request *r)
{
    return unsupported(r, "query_services");
}

int vm_csvm(struct request *r)
{
    if (!db_find(r->db, "VDI", db_text(r->self, "suspend_VDI")))
        return request_bad_handle(r, "VDI", db_text(r->self, "suspend_VDI"));
    return unsupported(r, "csvm");
}
