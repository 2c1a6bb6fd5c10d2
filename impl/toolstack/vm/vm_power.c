/* Power: start, stop, pause, reboot; each move is checked by vm_ops.def. */
#include <string.h>

#include "console.h"
#include "device.h"
#include "ha.h"
#include "handlers.h"
#include "host_memory.h"
#include "levelling.h"
#include "net.h"
#include "placement.h"
#include "plug.h"
#include "storage.h"
#include "vgpu.h"
#include "vm.h"
#include "vm_alert.h"
#include "vm_domain.h"
#include "vm_guest.h"
#include "vm_suspend.h"

enum {
    SHUTDOWN_TIMEOUT_S = 1200,
    SECTOR_BYTES = 512,
};

bool vm_is_live(const struct object *vm)
{
    char state = db_text(vm, "power_state")[0];

    return state == 'R' || state == 'P';
}

static bool platform_true(const struct object *vm, const char *key)
{
    const char *text = value_text(db_get(vm, "platform"), key, "");

    return strcmp(text, "true") == 0 || strcmp(text, "1") == 0;
}

static void metrics_begin(struct request *r, struct object *vm, bool booted)
{
    struct object *o = db_ref(r->db, vm, "metrics");
    const char *now = toolstack_now(r->ts, r->arena);

    if (!o)
        return;
    if (booted)
        db_set_text(r->db, o, "start_time", now);
    db_set_text(r->db, o, "last_updated", now);
    db_set_int(r->db, o, "memory_actual", db_int(vm, "memory_dynamic_max"));
    db_set_int(r->db, o, "VCPUs_number", db_int(vm, "VCPUs_at_startup"));
    db_set_text(r->db, o, "current_domain_type", db_text(vm, "domain_type"));
    db_set_bool(r->db, o, "hvm",
                strcmp(db_text(vm, "domain_type"), "hvm") == 0);
    db_set_bool(r->db, o, "nested_virt", platform_true(vm, "nested-virt"));
    db_set_bool(r->db, o, "nomigrate", platform_true(vm, "nomigrate"));
}

static void metrics_end(struct request *r, struct object *vm)
{
    struct object *o = db_ref(r->db, vm, "metrics");

    if (!o)
        return;
    db_set_text(r->db, o, "last_updated", toolstack_now(r->ts, r->arena));
    db_set_text(r->db, o, "current_domain_type", "unspecified");
    db_set_bool(r->db, o, "hvm", false);
    db_set_bool(r->db, o, "nested_virt", false);
    db_set_bool(r->db, o, "nomigrate", false);
}

/* A domain appeared: of a machine that booted, or that was resumed. */
static void come_alive(struct request *r, struct object *vm, bool booted)
{
    db_set_int(r->db, vm, "domid", r->ts->next_domid++);
    metrics_begin(r, vm, booted);
    if (booted)
        vm_guest_begin(r, vm);
    else
        vm_guest_update(r, vm);
    devices_attach(r, vm, true);
    console_open(r, vm);
}

int vm_host_prepare(struct request *r, struct object *vm, struct object *host)
{
    if (networks_attach(r, vm, host))
        return API_FAILED;
    if (vgpus_place(r, vm, host)) {
        networks_detach(r, vm, host);
        return API_FAILED;
    }
    return 0;
}

void vm_host_leave(struct request *r, struct object *vm, struct object *host)
{
    vgpus_release(r, vm);
    networks_detach(r, vm, host);
}

static void leave_host(struct request *r, struct object *vm)
{
    struct object *host = db_ref(r->db, vm, "resident_on");

    if (host)
        vm_host_leave(r, vm, host);
    db_set_text(r->db, vm, "resident_on", REF_NULL);
    db_set_text(r->db, vm, "scheduled_to_be_resident_on", REF_NULL);
    db_set_int(r->db, vm, "domid", -1);
    consoles_close(r, vm);
}

/* A suspended machine keeps its devices, a halted one does not. */
static void end(struct request *r, struct object *vm)
{
    vm_guest_end(r, vm);
    devices_attach(r, vm, false);
    metrics_end(r, vm);
    db_set_bool(r->db, vm, "requires_reboot", false);
    if (db_int(vm, "memory_target"))
        db_set_int(r->db, vm, "memory_target", 0);
}

void vm_set_power(struct request *r, struct object *vm, const char *state)
{
    char old = db_text(vm, "power_state")[0], new = state[0];
    bool was_live = vm_is_live(vm), live;

    db_set_text(r->db, vm, "power_state", state);
    live = vm_is_live(vm);
    if (live && !was_live)
        come_alive(r, vm, old == 'H');
    if (!live && was_live)
        leave_host(r, vm);
    if (new == 'H' && old != 'H')
        end(r, vm);
    if (live != was_live)
        host_memory_account(r->ts, vm);
    vm_refresh(r, vm);
}

int vm_halt(struct request *r, struct object *vm)
{
    if (vm_is_live(vm) && vm_drive(r, vm, r->ts->domains.stop))
        return API_FAILED;
    vm_set_power(r, vm, "Halted");
    return 0;
}

void vm_lost(struct request *r, struct object *vm)
{
    if (vm_is_live(vm))
        vm_set_power(r, vm, "Halted");
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

/* The first disk that is said to boot; NULL: none is. */
static const struct object *boot_disk(struct request *r,
                                      const struct object *vm)
{
    const struct value *vbds = db_get(vm, "VBDs");

    for (uint32_t i = 0; i < vbds->nr; i++) {
        const struct object *vbd = db_find_any(r->db, vbds->items[i].s);

        if (db_bool(vbd, "bootable") && db_ref(r->db, vbd, "VDI"))
            return db_ref(r->db, vbd, "VDI");
    }
    return NULL;
}

/* A bootloader reads the disk before there is a domain. */
static int check_bootloader(struct request *r, const struct object *vm)
{
    const char *name = db_text(vm, "PV_bootloader");
    const struct object *vdi = boot_disk(r, vm);
    char sector[SECTOR_BYTES];
    int rc;

    if (strcmp(name, "pygrub") != 0 && strcmp(name, "eliloader") != 0)
        return request_fail(r, "UNKNOWN_BOOTLOADER", vm->ref, name, NULL);
    rc = vdi ? vdi_read(r->ts, vdi, 0, sector, sizeof(sector)) : 0;
    if (!rc)
        return 0;
    return request_fail(
        r, "BOOTLOADER_FAILED", vm->ref,
        arena_printf(r->arena, "cannot read the disk: %s", strerror(-rc)),
        NULL);
}

/* Kernels that are not where they should be. */
static int check_kernel(struct request *r, const struct object *vm)
{
    const char *kernel = db_text(vm, "PV_kernel");

    if (strcmp(db_text(vm, "domain_type"), "hvm") == 0)
        return 0;
    if (*db_text(vm, "PV_bootloader"))
        return check_bootloader(r, vm);
    return request_fail(r, "INVALID_VALUE", "kernel",
                        arena_printf(r->arena, "%s%s",
                                     *kernel && *kernel != '/' ? "/" : "",
                                     kernel),
                        "File does not exist", NULL);
}

/* TPMs need firmware that knows of them. */
static int check_firmware(struct request *r, const struct object *vm)
{
    const struct value *boot = db_get(vm, "HVM_boot_params");

    if (strcmp(value_text(boot, "firmware", "bios"), "uefi") == 0 ||
        (!platform_true(vm, "vtpm") && !db_get(vm, "VTPMs")->nr))
        return 0;
    return request_fail(r, "NOT_IMPLEMENTED",
                        "Booting BIOS VM with VTPMs attached", NULL);
}

/* What a cancelled start would have stopped at, for those who count. */
static void note_cancel_points(struct request *r)
{
    if (r->task)
        db_map_put(r->db, r->task, "other_config",
                   "debug_info:cancel_points_seen", "5");
}

/* Those that are to be kept running are from now on. */
void vm_note_wanted(struct request *r, struct object *vm, bool wanted)
{
    db_set_bool(r->db, vm, "ha_always_run",
                wanted && *db_text(vm, "ha_restart_priority"));
}

int vm_boot(struct request *r, struct object *vm, struct object *host,
            bool paused)
{
    const struct domain_driver *driver = &r->ts->domains;
    struct domain_spec spec;
    int rc;

    if (!host)
        host = placement_choose(r, vm, NULL);
    else if (placement_check(r, vm, host, 0))
        return API_FAILED;
    if (!host)
        return API_FAILED;
    if (ha_check_with_vm(r, vm, host) || check_kernel(r, vm) ||
        check_firmware(r, vm) || vbds_check_attach(r, vm) ||
        vm_host_prepare(r, vm, host))
        return API_FAILED;
    spec = vm_spec(r, vm, paused);
    rc = driver->start(driver->ctx, db_text(host, "uuid"), &spec);
    if (rc) {
        vm_host_leave(r, vm, host);
        return vm_driver_failed(r, vm, rc);
    }
    db_set_text(r->db, vm, "resident_on", host->ref);
    settle(r, vm);
    levelling_boot(r, vm);
    vm_note_wanted(r, vm, true);
    note_cancel_points(r);
    vm_set_power(r, vm, paused ? "Paused" : "Running");
    return 0;
}

/* After a start: the alert, and the machine's own delay. */
static int started(struct request *r, struct object *vm)
{
    vm_alert(r, vm, "VM_STARTED", "started on host",
             db_ref(r->db, vm, "resident_on"));
    return vm_delay(r, vm, "start_delay");
}

static int start_now(struct request *r, struct object *vm)
{
    return vm_boot(r, vm, NULL, arg_bool(r, 1)) ? API_FAILED : started(r, vm);
}

int vm_start(struct request *r)
{
    if (feature_check_start(r))
        return API_FAILED;
    return vm_run(r, "start", start_now);
}

static int start_on_now(struct request *r, struct object *vm)
{
    struct object *host = arg_object(r, 1, "host");

    if (!host || vm_boot(r, vm, host, arg_bool(r, 2)))
        return API_FAILED;
    return started(r, vm);
}

int vm_start_on(struct request *r)
{
    if (!arg_object(r, 1, "host") || feature_check_start(r))
        return API_FAILED;
    return vm_run(r, "start_on", start_on_now);
}

static int pause_now(struct request *r, struct object *vm)
{
    if (vm_drive(r, vm, r->ts->domains.pause))
        return API_FAILED;
    vm_set_power(r, vm, "Paused");
    vm_alert(r, vm, "VM_PAUSED", "paused", NULL);
    return reply_void(r);
}

int vm_pause(struct request *r)
{
    return vm_run(r, "pause", pause_now);
}

static int unpause_now(struct request *r, struct object *vm)
{
    if (vm_drive(r, vm, r->ts->domains.resume))
        return API_FAILED;
    vm_set_power(r, vm, "Running");
    vm_alert(r, vm, "VM_UNPAUSED", "unpaused", NULL);
    return reply_void(r);
}

int vm_unpause(struct request *r)
{
    return vm_run(r, "unpause", unpause_now);
}

/* Asks the guest: 0, or API_FAILED when it does not do it. */
static int ask(struct request *r, struct object *vm, enum domain_request what)
{
    const struct domain_driver *driver = &r->ts->domains;
    int rc = driver->ask(driver->ctx, vm_host_uuid(r, vm), db_text(vm, "uuid"),
                         what);

    if (rc == -ETIMEDOUT)
        return request_fail(r, "VM_SHUTDOWN_TIMEOUT", vm->ref,
                            arena_printf(r->arena, "%d.", SHUTDOWN_TIMEOUT_S),
                            NULL);
    /* Nobody answered: guests without an agent end when they are stopped. */
    return rc && rc != -ENODATA ? vm_driver_failed(r, vm, rc) : 0;
}

int vm_stop(struct request *r, struct object *vm, enum vm_stop how)
{
    bool runs = db_text(vm, "power_state")[0] == 'R';
    struct value error = r->error;

    vm_note_wanted(r, vm, false);
    if (how != VM_STOP_HARD && runs && ask(r, vm, DOMAIN_ASK_SHUTDOWN)) {
        if (how == VM_STOP_CLEAN)
            return API_FAILED;
        r->error = error; /* of a guest that had its chance */
    }
    if (db_text(vm, "power_state")[0] == 'S')
        vm_image_drop(r, vm); /* a suspended machine's memory goes with it */
    return vm_halt(r, vm);
}

/* How the three shutdowns go: the guest's part, and what is said of it. */
static int stop_now(struct request *r, struct object *vm, enum vm_stop how,
                    const char *what)
{
    if (vm_stop(r, vm, how))
        return API_FAILED;
    vm_alert(r, vm, "VM_SHUTDOWN", what, NULL);
    return vm_delay(r, vm, "shutdown_delay");
}

static int hard_now(struct request *r, struct object *vm)
{
    return stop_now(r, vm, VM_STOP_HARD, "shutdown forcibly");
}

int vm_hard_shutdown(struct request *r)
{
    return vm_run(r, "hard_shutdown", hard_now);
}

static int clean_now(struct request *r, struct object *vm)
{
    return stop_now(r, vm, VM_STOP_CLEAN, "shutdown");
}

int vm_clean_shutdown(struct request *r)
{
    return vm_run(r, "clean_shutdown", clean_now);
}

static int any_now(struct request *r, struct object *vm)
{
    return stop_now(r, vm, VM_STOP_ANY, "shutdown");
}

int vm_shutdown(struct request *r)
{
    return vm_run(r, "shutdown", any_now);
}

static int reboot(struct request *r, struct object *vm, const char *what)
{
    if (vm_drive(r, vm, r->ts->domains.reboot))
        return API_FAILED;
    db_set_int(r->db, vm, "domid", r->ts->next_domid++);
    levelling_boot(r, vm);
    metrics_begin(r, vm, true);
    vm_guest_update(r, vm);
    host_memory_account(r->ts, vm);
    vm_set_power(r, vm, "Running");
    vm_alert(r, vm, "VM_REBOOTED", what, NULL);
    return reply_void(r);
}

static int hard_reboot_now(struct request *r, struct object *vm)
{
    return reboot(r, vm, "rebooted forcibly");
}

int vm_hard_reboot(struct request *r)
{
    return vm_run(r, "hard_reboot", hard_reboot_now);
}

/* Of releases where hosts told each other; the machine must run. */
int vm_hard_reboot_internal(struct request *r)
{
    return vm_is_live(r->self) ? hard_reboot_now(r, r->self)
                               : vm_bad_state(r, r->self, "running");
}

static int clean_reboot_now(struct request *r, struct object *vm)
{
    return ask(r, vm, DOMAIN_ASK_REBOOT) ? API_FAILED
                                         : reboot(r, vm, "rebooted cleanly");
}

int vm_clean_reboot(struct request *r)
{
    return vm_run(r, "clean_reboot", clean_reboot_now);
}

int vm_get_boot_record(struct request *r)
{
    if (vm_check(r, r->self, "get_boot_record"))
        return API_FAILED;
    return reply(r, db_record(r->arena, r->self));
}

/* Whether the domain is still there; a host that is gone has none. */
static bool has_domain(struct request *r, struct object *vm)
{
    const struct domain_driver *driver = &r->ts->domains;
    struct domain_state state = {.condition = DOMAIN_ABSENT};

    return driver->query(driver->ctx, vm_host_uuid(r, vm), db_text(vm, "uuid"),
                         &state) == 0 &&
           state.condition == DOMAIN_RUNNING;
}

/* The domain may be gone already: forgetting it is what is asked for. */
int vm_power_state_reset(struct request *r)
{
    const struct domain_driver *driver = &r->ts->domains;
    struct object *vm = r->self;

    if (db_bool(vm, "is_control_domain"))
        return request_fail(r, "OPERATION_NOT_ALLOWED",
                            "This operation is not allowed on a control domain",
                            NULL);
    if (vm_is_live(vm) && has_domain(r, vm))
        return request_fail(r, "DOMAIN_EXISTS", vm->ref, NULL);
    (void)driver->stop(driver->ctx, vm_host_uuid(r, vm), db_text(vm, "uuid"));
    vm_set_power(r, vm, "Halted");
    return reply_void(r);
}

/* A migration to where it is: here, nothing is left to do. */
static int models_restarted(struct request *r, struct object *vm)
{
    (void)vm;
    return reply_void(r);
}

int vm_restart_device_models(struct request *r)
{
    const char *state = db_text(r->self, "power_state");

    if (state[0] != 'R')
        return request_fail(r, "VM_BAD_POWER_STATE", r->self->ref, "Running",
                            state, NULL);
    return vm_run(r, "pool_migrate", models_restarted);
}
