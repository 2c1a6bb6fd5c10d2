/* Suspending machines to a disk of their own, and resuming them from it. */
#include "vm_suspend.h"

#include <string.h>

#include "handlers.h"
#include "levelling.h"
#include "placement.h"
#include "storage.h"
#include "vdi.h"
#include "vm.h"
#include "vm_alert.h"
#include "vm_domain.h"

enum {
    SUSPEND_TIMEOUT_S = 1200,
    ROOM_PERCENT = 126, /* of the memory: page tables, compression of none */
};

#define ROOM_FIXED ((int64_t)100 << 20)

/* Whether the host knows of the repository, plugged or not. */
static bool host_knows(struct request *r, const struct object *host,
                       const struct object *sr)
{
    const struct value *pbds = db_get(sr, "PBDs");

    for (uint32_t i = 0; i < pbds->nr; i++)
        if (db_ref(r->db, db_find_any(r->db, pbds->items[i].s), "host") == host)
            return true;
    return false;
}

/* The machine's own choice, the pool's, its host's. */
static struct object *suspend_sr(struct request *r, struct object *vm)
{
    struct object *host = db_ref(r->db, vm, "resident_on");
    struct object *choices[] = {
        db_ref(r->db, vm, "suspend_SR"),
        db_ref(r->db, toolstack_pool(r->ts), "suspend_image_SR"),
        host ? db_ref(r->db, host, "suspend_image_sr") : NULL,
    };

    for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++)
        if (choices[i] && host && host_knows(r, host, choices[i]))
            return choices[i];
    return NULL;
}

static struct object *image_make(struct request *r, struct object *vm)
{
    struct object *sr = suspend_sr(r, vm), *vdi;
    int64_t room = db_int(vm, "memory_static_max") / 100 * ROOM_PERCENT;

    if (!sr) {
        (void)request_fail(r, "VM_NO_SUSPEND_SR", vm->ref, NULL);
        return NULL;
    }
    vdi = vdi_make(r, sr, "suspend", "Suspend image", room + ROOM_FIXED);
    if (vdi)
        db_set_text(r->db, vdi, "name_description", "Suspend image");
    return vdi;
}

static int save_failed(struct request *r, struct object *vm, int rc)
{
    if (rc != -ETIMEDOUT)
        return vm_driver_failed(r, vm, rc);
    return request_fail(r, "VM_SUSPEND_TIMEOUT", vm->ref,
                        arena_printf(r->arena, "%d.", SUSPEND_TIMEOUT_S), NULL);
}

int vm_image_save(struct request *r, struct object *vm)
{
    const struct domain_driver *driver = &r->ts->domains;
    struct object *vdi = image_make(r, vm);
    int rc;

    if (!vdi)
        return API_FAILED;
    rc = driver->save(driver->ctx, vm_host_uuid(r, vm), db_text(vm, "uuid"),
                      db_text(vdi, "location"));
    if (rc) {
        struct value error;

        (void)save_failed(r, vm, rc);
        error = r->error;
        (void)vdi_unmake(r, vdi); /* it holds nothing */
        r->error = error;
        return API_FAILED;
    }
    db_set_text(r->db, vm, "suspend_VDI", vdi->ref);
    vm_set_power(r, vm, "Suspended");
    return 0;
}

void vm_image_drop(struct request *r, struct object *vm)
{
    struct object *vdi = db_ref(r->db, vm, "suspend_VDI");
    struct value error = r->error;

    db_set_text(r->db, vm, "suspend_VDI", REF_NULL);
    if (vdi && vdi_unmake(r, vdi))
        r->error = error; /* a disk that is left over harms nobody */
}

int vm_image_restore(struct request *r, struct object *vm, struct object *host,
                     bool paused)
{
    const struct domain_driver *driver = &r->ts->domains;
    struct object *vdi = db_ref(r->db, vm, "suspend_VDI");
    struct domain_spec spec;
    int rc;

    if (!vdi) {
        vm_set_power(r, vm, "Halted");
        return request_fail(r, "VM_HAS_NO_SUSPEND_VDI", "VM", vm->ref, NULL);
    }
    if (vm_host_prepare(r, vm, host))
        return API_FAILED;
    spec = vm_spec(r, vm, paused);
    rc = driver->restore(driver->ctx, db_text(host, "uuid"), &spec,
                         db_text(vdi, "location"));
    if (rc) {
        vm_host_leave(r, vm, host);
        return vm_driver_failed(r, vm, rc);
    }
    db_set_text(r->db, vm, "resident_on", host->ref);
    vm_set_power(r, vm, paused ? "Paused" : "Running");
    vm_image_drop(r, vm);
    return 0;
}

static int suspend_now(struct request *r, struct object *vm)
{
    vm_note_wanted(r, vm, false);
    if (vm_image_save(r, vm))
        return API_FAILED;
    vm_alert(r, vm, "VM_SUSPENDED", "suspended", NULL);
    return reply_void(r);
}

int vm_suspend(struct request *r)
{
    return vm_run(r, "suspend", suspend_now);
}

static int resume(struct request *r, struct object *vm, struct object *host,
                  bool paused)
{
    if (!host || vm_image_restore(r, vm, host, paused))
        return API_FAILED;
    vm_note_wanted(r, vm, true);
    vm_alert(r, vm, "VM_RESUMED", "resumed on host", host);
    return reply_void(r);
}

static int resume_now(struct request *r, struct object *vm)
{
    return resume(r, vm, placement_choose(r, vm, NULL), arg_bool(r, 1));
}

int vm_resume(struct request *r)
{
    return vm_run(r, "resume", resume_now);
}

/* Forced, a machine comes back even if the CPU is not what it was. */
static int resume_on_now(struct request *r, struct object *vm)
{
    struct object *host = arg_object(r, 1, "host");
    unsigned without = arg_bool(r, 3) ? PLACEMENT_CPU : 0;

    if (!host || placement_check(r, vm, host, without))
        return API_FAILED;
    return resume(r, vm, host, arg_bool(r, 2));
}

int vm_resume_on(struct request *r)
{
    return arg_object(r, 1, "host") ? vm_run(r, "resume_on", resume_on_now)
                                    : API_FAILED;
}
