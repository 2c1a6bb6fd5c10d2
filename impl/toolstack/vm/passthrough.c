/* Devices of hosts that can be given away: PCI functions and USB devices. */
#include <string.h>

#include "handlers.h"
#include "passthrough.h"

/*
 * What dom0 may use changes with the host's next boot: `PCI.other_config` keeps
 * what was asked for, "booted" what the host found when it started.
 */
static const char hidden_key[] = "hidden_from_dom0";
static const char booted_key[] = "hidden_when_booted";

static bool is_set(const struct object *pci, const char *key)
{
    return strcmp(value_text(db_get(pci, "other_config"), key, ""), "true") ==
           0;
}

static const char *access_of(const struct object *pci)
{
    static const char *const states[2][2] = {{"enabled", "disable_on_reboot"},
                                             {"enable_on_reboot", "disabled"}};

    return states[is_set(pci, booted_key)][is_set(pci, hidden_key)];
}

/* The message is the PCI's own, or that of a GPU on it. */
static struct object *pci_of(struct request *r)
{
    return strcmp(r->self->class->name, "PGPU") == 0
               ? db_ref(r->db, r->self, "PCI")
               : r->self;
}

static int set_hidden(struct request *r, bool hidden)
{
    struct object *pci = pci_of(r);

    if (!pci)
        return request_bad_handle(r, "PCI", db_text(r->self, "PCI"));
    if (hidden)
        db_map_put(r->db, pci, "other_config", hidden_key, "true");
    else
        db_map_del(r->db, pci, "other_config", hidden_key);
    for (struct object *o = db_first(r->db, "PGPU"); o; o = o->next)
        if (strcmp(db_text(o, "PCI"), pci->ref) == 0)
            db_set_text(r->db, o, "dom0_access", access_of(pci));
    return reply_text(r, access_of(pci));
}

int pci_disable_dom0_access(struct request *r)
{
    return set_hidden(r, true);
}

int pci_enable_dom0_access(struct request *r)
{
    return set_hidden(r, false);
}

int pci_get_dom0_access(struct request *r)
{
    return reply_text(r, access_of(r->self));
}

void passthrough_booted(struct request *r, const struct object *host)
{
    for (struct object *o = db_first(r->db, "PCI"); o; o = o->next) {
        if (strcmp(db_text(o, "host"), host->ref) != 0 ||
            is_set(o, booted_key) == is_set(o, hidden_key))
            continue;
        if (is_set(o, hidden_key))
            db_map_put(r->db, o, "other_config", booted_key, "true");
        else
            db_map_del(r->db, o, "other_config", booted_key);
    }
}

/* --- USB --------------------------------------------------------------------- */

/* A group for each device: machines ask for the group. */
static void group_make(struct request *r, struct object *pusb)
{
    struct object *group = db_create(r->db, "USB_group");

    db_set_text(r->db, group, "name_label",
                arena_printf(r->arena, "Group of %s %s USBs",
                             db_text(pusb, "vendor_id"),
                             db_text(pusb, "product_id")));
    db_set_text(r->db, pusb, "USB_group", group->ref);
}

/* What a host has is known from the start; each device gets its group. */
int pusb_scan(struct request *r)
{
    struct object *host = arg_object(r, 0, "host");

    if (!host)
        return API_FAILED;
    for (struct object *o = db_first(r->db, "PUSB"); o; o = o->next)
        if (strcmp(db_text(o, "host"), host->ref) == 0 &&
            !db_ref(r->db, o, "USB_group"))
            group_make(r, o);
    return reply_void(r);
}

/* 0, or API_FAILED: the disk that a removable device was shown as is in use. */
static int disks_forget(struct request *r)
{
    const char *path = db_text(r->self, "path");

    for (struct object *o = db_first(r->db, "VDI"), *next; o; o = next) {
        const char *of = value_text(db_get(o, "sm_config"), "usb_path", NULL);

        next = o->next;
        if (!of || strcmp(of, path) != 0)
            continue;
        if (db_get(o, "VBDs")->nr)
            return request_fail(r, "PUSB_VDI_CONFLICT", r->self->ref, o->ref,
                                NULL);
        db_destroy(r->db, o);
    }
    return 0;
}

/* 0, or API_FAILED: a machine has the device. */
static int machines_forget(struct request *r)
{
    struct object *group = db_ref(r->db, r->self, "USB_group");
    const struct value *vusbs = group ? db_get(group, "VUSBs") : NULL;

    for (uint32_t i = 0; vusbs && i < vusbs->nr; i++) {
        struct object *o = db_find_any(r->db, vusbs->items[i].s);

        if (db_bool(o, "currently_attached"))
            return request_fail(r, "USB_ALREADY_ATTACHED", r->self->ref,
                                db_text(o, "VM"), NULL);
    }
    while (vusbs && vusbs->nr)
        db_destroy(r->db, db_find_any(r->db, vusbs->items[0].s));
    return 0;
}

int pusb_set_passthrough(struct request *r)
{
    bool enable = arg_bool(r, 1);

    if (enable ? disks_forget(r) : machines_forget(r))
        return API_FAILED;
    db_set_bool(r->db, r->self, "passthrough_enabled", enable);
    return reply_void(r);
}

/* --- Virtual functions of GPUs ---------------------------------------------- */

/* The driver is loaded with the host; functions that it made are known. */
int host_mxgpu_vf_setup(struct request *r)
{
    return arg_object(r, 0, "host") ? reply_void(r) : API_FAILED;
}

/* A GPU without functions has none to give, whatever is asked. */
int host_nvidia_vf_setup(struct request *r)
{
    struct object *host = arg_object(r, 0, "host");
    struct object *pf = host ? arg_object(r, 1, "PCI") : NULL;

    if (!pf)
        return API_FAILED;
    if (!arg_bool(r, 2) || db_get(pf, "virtual_functions")->nr)
        return reply_void(r);
    return request_fail(r, "NVIDIA_SRIOV_MISCONFIGURED", host->ref,
                        db_text(pf, "device_name"), NULL);
}
