/* Plugging: disks, USB devices, and what they share with interfaces. */
#include "plug.h"

#include <string.h>

#include "device.h"
#include "handlers.h"
#include "vdi.h"
#include "vm.h"
#include "vm_domain.h"
#include "vm_guest.h"

enum {
    VUSBS_MAX = 6,
};

int device_check_drivers(struct request *r, const struct object *vm,
                         const char *field, const char *refusal)
{
    const struct object *o = db_ref(r->db, vm, "guest_metrics");
    const char *says = o ? db_text(o, field) : "unspecified";

    if (strcmp(says, "no") == 0)
        return request_fail(r, "OPERATION_NOT_ALLOWED", refusal, NULL);
    if (strcmp(says, "yes") == 0 || (o && db_bool(o, "PV_drivers_detected")) ||
        strcmp(db_text(vm, "domain_type"), "hvm") != 0)
        return 0;
    return request_fail(r, "VM_MISSING_PV_DRIVERS", vm->ref, NULL);
}

static int attach_failed(struct request *r, const struct object *vm,
                         const struct object *device, int rc)
{
    if (rc == -EEXIST)
        return request_fail(r, "DEVICE_ALREADY_ATTACHED", device->ref, NULL);
    if (rc == -ENOENT)
        return request_fail(r, "DEVICE_ALREADY_DETACHED", device->ref, NULL);
    if (rc == -EBUSY)
        return request_fail(r, "DEVICE_DETACH_REJECTED", device->class->name,
                            device->ref, "", NULL);
    if (rc == -ETIMEDOUT)
        return request_fail(r, "DEVICE_DETACH_TIMEOUT", device->class->name,
                            device->ref, NULL);
    return vm_driver_failed(r, vm, rc);
}

int device_attach(struct request *r, struct object *vm, struct object *device)
{
    const struct domain_driver *driver = &r->ts->domains;
    struct domain_device d = vm_device_spec(r, device);
    int rc = driver->attach(driver->ctx, vm_host_uuid(r, vm),
                            db_text(vm, "uuid"), &d);

    if (rc)
        return attach_failed(r, vm, device, rc);
    vm_guest_update(r, vm);
    return 0;
}

int device_detach(struct request *r, struct object *vm, struct object *device,
                  bool force)
{
    const struct domain_driver *driver = &r->ts->domains;
    struct domain_device d = vm_device_spec(r, device);
    int rc = driver->detach(driver->ctx, vm_host_uuid(r, vm),
                            db_text(vm, "uuid"), &d, force);

    if (rc)
        return attach_failed(r, vm, device, rc);
    vm_guest_update(r, vm);
    return 0;
}

/* --- Block devices ---------------------------------------------------------- */

static void set_attached(struct request *r, struct object *vbd, bool attached)
{
    struct object *vdi = db_ref(r->db, vbd, "VDI");

    db_set_bool(r->db, vbd, "currently_attached", attached);
    if (attached)
        db_set_text(r->db, vbd, "device", vm_device_spec(r, vbd).target);
    vbd_refresh(r, vbd);
    if (vdi)
        vdi_refresh(r, vdi);
}

int vbd_plug(struct request *r)
{
    struct object *vm = db_ref(r->db, r->self, "VM");
    bool hvm = vm && strcmp(db_text(vm, "domain_type"), "hvm") == 0;

    if (vbd_check(r, r->self, "plug"))
        return API_FAILED;
    if (hvm && strcmp(db_text(r->self, "type"), "CD") != 0 &&
        strcmp(db_text(r->self, "mode"), "RO") == 0)
        return request_fail(r, "DISK_VBD_MUST_BE_READWRITE_FOR_HVM",
                            r->self->ref, NULL);
    if (device_attach(r, vm, r->self))
        return API_FAILED;
    set_attached(r, r->self, true);
    return reply_void(r);
}

static int unplug(struct request *r, const char *op, bool force)
{
    struct object *vm = db_ref(r->db, r->self, "VM");

    if (vbd_check(r, r->self, op) || device_detach(r, vm, r->self, force))
        return API_FAILED;
    set_attached(r, r->self, false);
    return reply_void(r);
}

int vbd_unplug(struct request *r)
{
    return unplug(r, "unplug", false);
}

int vbd_unplug_force(struct request *r)
{
    return unplug(r, "unplug_force", true);
}

/* No repository of today's can hold back what a guest writes. */
int vbd_pause(struct request *r)
{
    struct object *vdi = db_ref(r->db, r->self, "VDI");
    bool pause = strcmp(r->message->name, "VBD.pause") == 0;

    if (vbd_check(r, r->self, pause ? "pause" : "unpause"))
        return API_FAILED;
    return request_fail(r, "SR_OPERATION_NOT_SUPPORTED",
                        vdi ? db_text(vdi, "SR") : REF_NULL, NULL);
}

/* What is in the drive is the domain's business while it runs. */
static int change_medium(struct request *r, struct object *vdi)
{
    struct object *vm = db_ref(r->db, r->self, "VM");
    struct object *old = db_ref(r->db, r->self, "VDI");

    db_set_text(r->db, r->self, "VDI", vdi ? vdi->ref : REF_NULL);
    db_set_bool(r->db, r->self, "empty", vdi == NULL);
    if (vm)
        devices_refresh(r, vm);
    if (vdi || old)
        vdi_refresh(r, vdi ? vdi : old);
    return reply_void(r);
}

static int check_drive(struct request *r)
{
    struct object *vm = db_ref(r->db, r->self, "VM");

    return vm && db_text(vm, "power_state")[0] == 'S'
               ? vm_bad_state(r, vm, "halted, running")
               : 0;
}

int vbd_insert(struct request *r)
{
    struct object *vdi = arg_object(r, 1, "VDI");

    if (!vdi || vbd_check(r, r->self, "insert") || check_drive(r) ||
        vdi_check_managed(r, vdi))
        return API_FAILED;
    return change_medium(r, vdi);
}

int vbd_eject(struct request *r)
{
    if (vbd_check(r, r->self, "eject") || check_drive(r))
        return API_FAILED;
    return change_medium(r, NULL);
}

int vbd_assert_attachable(struct request *r)
{
    return vbd_check(r, r->self, "attach") ? API_FAILED : reply_void(r);
}

int vbd_set_mode(struct request *r)
{
    struct object *vm = db_ref(r->db, r->self, "VM");

    if (vm && db_text(vm, "power_state")[0] != 'H')
        return vm_bad_state(r, vm, "halted");
    db_set_text(r->db, r->self, "mode", arg_text(r, 1));
    return reply_void(r);
}

/* --- USB devices ------------------------------------------------------------- */

void vusb_refresh(struct request *r, struct object *vusb)
{
    struct object *vm = db_ref(r->db, vusb, "VM");
    bool runs = vm && db_text(vm, "power_state")[0] == 'R';
    const char *names[2] = {"attach"};
    size_t nr = 1;

    if (runs)
        names[nr++] = db_bool(vusb, "currently_attached") ? "unplug" : "plug";
    db_set(r->db, vusb, "allowed_operations",
           value_strings(r->arena, names, nr));
}

int vusb_create(struct request *r)
{
    struct object *vm = r->self, *group = arg_object(r, 1, "USB_group"), *o;

    if (!group)
        return API_FAILED;
    if (db_get(vm, "VUSBs")->nr >= VUSBS_MAX)
        return request_fail(r, "TOO_MANY_VUSBS", "6", NULL);
    if (db_get(group, "VUSBs")->nr)
        return request_fail(r, "USB_GROUP_CONFLICT", group->ref, NULL);
    if (strcmp(db_text(vm, "ha_restart_priority"), "restart") == 0)
        return request_fail(
            r, "OPERATION_NOT_ALLOWED",
            arena_printf(r->arena,
                         "VM %s ha_restart_priority has been set to 'restart', "
                         "cannot create VUSB for it. ",
                         vm->ref),
            NULL);
    o = db_create(r->db, "VUSB");
    db_set_text(r->db, o, "VM", vm->ref);
    db_set_text(r->db, o, "USB_group", group->ref);
    db_set(r->db, o, "other_config", r->args[2]);
    vusb_refresh(r, o);
    vm_refresh(r, vm);
    return reply_ref(r, o);
}

int vusb_unplug(struct request *r)
{
    struct object *vm = db_ref(r->db, r->self, "VM");

    if (!vm || db_text(vm, "power_state")[0] != 'R')
        return vm_bad_state(r, vm, "running");
    if (!db_bool(r->self, "currently_attached"))
        return request_fail(r, "DEVICE_ALREADY_DETACHED", r->self->ref, NULL);
    if (device_detach(r, vm, r->self, true))
        return API_FAILED;
    db_set_bool(r->db, r->self, "currently_attached", false);
    vusb_refresh(r, r->self);
    return reply_void(r);
}

int vusb_destroy(struct request *r)
{
    struct object *vm = db_ref(r->db, r->self, "VM");

    if (db_bool(r->self, "currently_attached"))
        return request_fail(r, "OPERATION_NOT_ALLOWED",
                            arena_printf(r->arena,
                                         "VUSB '%s' still attached to '%s'",
                                         db_text(r->self, "uuid"),
                                         vm ? db_text(vm, "uuid") : ""),
                            NULL);
    db_destroy(r->db, r->self);
    if (vm)
        vm_refresh(r, vm);
    return reply_void(r);
}
