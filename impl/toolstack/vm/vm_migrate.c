/* Live migration inside a pool. */
#include <string.h>

#include "console.h"
#include "handlers.h"
#include "host_memory.h"
#include "net.h"
#include "placement.h"
#include "vgpu.h"
#include "vm.h"
#include "vm_alert.h"
#include "vm_domain.h"
#include "vm_guest.h"

static int move_failed(struct request *r, const struct object *vm,
                       const struct object *from, const struct object *to,
                       int rc)
{
    return request_fail(r, "VM_MIGRATE_FAILED", vm->ref, from ? from->ref : "",
                        to->ref, strerror(-rc), NULL);
}

/* It is there: what its record says of its host follows. */
void vm_arrive(struct request *r, struct object *vm, struct object *host)
{
    db_set_text(r->db, vm, "scheduled_to_be_resident_on", REF_NULL);
    db_set_text(r->db, vm, "resident_on", host->ref);
    db_set_int(r->db, vm, "domid", r->ts->next_domid++);
    consoles_close(r, vm);
    console_open(r, vm);
    vm_guest_update(r, vm);
    host_memory_account(r->ts, vm);
    vm_refresh(r, vm);
}

int vm_move(struct request *r, struct object *vm, struct object *host)
{
    const struct domain_driver *driver = &r->ts->domains;
    struct object *from = db_ref(r->db, vm, "resident_on");
    struct domain_spec spec;
    int rc;

    if (from == host)
        return 0;
    if (placement_check(r, vm, host, 0))
        return API_FAILED;
    if (networks_attach(r, vm, host))
        return API_FAILED;
    spec = vm_spec(r, vm, false);
    rc = driver->migrate(driver->ctx, vm_host_uuid(r, vm), db_text(vm, "uuid"),
                         db_text(host, "uuid"), NULL, &spec);
    if (rc) {
        networks_detach(r, vm, host);
        return move_failed(r, vm, from, host, rc);
    }
    if (from)
        networks_detach(r, vm, from);
    if (db_get(vm, "VGPUs")->nr) {
        vgpus_release(r, vm);
        (void)vgpus_place(r, vm, host); /* was checked: there is room */
    }
    vm_arrive(r, vm, host);
    vm_alert(r, vm, "VM_MIGRATED",
             from ? arena_printf(
                        r->arena, "migrated from host '%s' (uuid: %s) to host",
                        db_text(from, "name_label"), db_text(from, "uuid"))
                  : "migrated to host",
             host);
    return 0;
}

static int pool_migrate_now(struct request *r, struct object *vm)
{
    struct object *host = arg_object(r, 1, "host");

    if (!host || feature_check(r, "xen_motion") || vm_move(r, vm, host))
        return API_FAILED;
    return reply_void(r);
}

static bool option(const struct value *options, const char *key)
{
    return strcmp(value_text(options, key, ""), "true") == 0;
}

/* A machine that cannot run there is refused before anything begins. */
int vm_pool_migrate(struct request *r)
{
    bool force = option(&r->args[2], "force");
    struct object *host;

    if (!vm_is_live(r->self))
        return vm_run(r, "pool_migrate", pool_migrate_now);
    host = arg_object(r, 1, "host");
    if (!host || (!force && vm_check(r, r->self, "pool_migrate")))
        return API_FAILED;
    if (placement_check(r, r->self, host, force ? PLACEMENT_CPU : 0))
        return API_FAILED;
    return vm_run_towards(r, "pool_migrate", host, force, pool_migrate_now);
}

/* The other half of a migration, when hosts tell each other by messages. */
int vm_pool_migrate_complete(struct request *r)
{
    struct object *host = arg_object(r, 1, "host");

    if (!host)
        return API_FAILED;
    if (vm_is_live(r->self) && db_ref(r->db, r->self, "resident_on") != host)
        vm_arrive(r, r->self, host);
    vm_refresh(r, r->self);
    return reply_void(r);
}
