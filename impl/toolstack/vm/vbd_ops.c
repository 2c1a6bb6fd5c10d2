/* Which operations a block device allows, first reason first. */
#include <string.h>

#include "device.h"
#include "plug.h"
#include "vm.h"

enum {
    VBD_ATTACH = 1 << 0,
    VBD_EJECT = 1 << 1,
    VBD_UNPLUG = 1 << 2,
    VBD_UNPLUG_FORCE = 1 << 3,
    VBD_INSERT = 1 << 4,
    VBD_PLUG = 1 << 5,
    VBD_PAUSE = 1 << 6,
    VBD_UNPAUSE = 1 << 7,
};

#define UNPLUGS (VBD_UNPLUG | VBD_UNPLUG_FORCE)
#define PLUGS   (VBD_PLUG | UNPLUGS)
#define USES    (VBD_ATTACH | VBD_INSERT | VBD_PLUG)

static const struct {
    const char *name;
    unsigned bit;
} ops[] = {
    {"attach", VBD_ATTACH}, {"eject", VBD_EJECT},
    {"unplug", VBD_UNPLUG}, {"unplug_force", VBD_UNPLUG_FORCE},
    {"insert", VBD_INSERT}, {"plug", VBD_PLUG},
    {"pause", VBD_PAUSE},   {"unpause", VBD_UNPAUSE},
};

enum {
    OPS_NR = sizeof(ops) / sizeof(ops[0]),
};

struct look {
    struct request *r;
    struct object *vbd, *vm, *vdi; /* vm, vdi: may be NULL */
    bool cd, empty, attached, quiet;
    char state;
};

#define REFUSE(l, ...) \
    ((l)->quiet ? API_FAILED : request_fail((l)->r, __VA_ARGS__, NULL))

static struct look look_at(struct request *r, struct object *vbd)
{
    struct object *vm = db_ref(r->db, vbd, "VM");

    return (struct look){
        .r = r,
        .vbd = vbd,
        .vm = vm,
        .vdi = db_ref(r->db, vbd, "VDI"),
        .cd = strcmp(db_text(vbd, "type"), "CD") == 0,
        .empty = db_bool(vbd, "empty"),
        .attached =
            db_bool(vbd, "currently_attached") || db_bool(vbd, "reserved"),
        .state = vm ? db_text(vm, "power_state")[0] : 'H',
    };
}

static int check_kind(struct look *l, unsigned op)
{
    if ((op & UNPLUGS) && !db_bool(l->vbd, "unpluggable"))
        return REFUSE(l, "VBD_NOT_UNPLUGGABLE", l->vbd->ref);
    if ((op & (VBD_INSERT | VBD_EJECT)) && !l->cd)
        return REFUSE(l, "VBD_NOT_REMOVABLE_MEDIA", l->vbd->ref);
    if ((op & VBD_EJECT) && l->empty)
        return REFUSE(l, "VBD_IS_EMPTY", l->vbd->ref);
    if ((op & VBD_INSERT) && !l->empty)
        return REFUSE(l, "VBD_NOT_EMPTY", l->vbd->ref);
    return 0;
}

static int check_state(struct look *l, unsigned op)
{
    unsigned needs = PLUGS | (l->state == 'P' ? 0 : VBD_PAUSE | VBD_UNPAUSE);

    if (l->state == 'R' && l->attached && (op & VBD_PLUG))
        return REFUSE(l, "DEVICE_ALREADY_ATTACHED", l->vbd->ref);
    if (l->state == 'R' && !l->attached && (op & UNPLUGS))
        return REFUSE(l, "DEVICE_ALREADY_DETACHED", l->vbd->ref);
    if (l->state == 'R' || !(op & needs))
        return 0;
    return l->quiet || !l->vm ? API_FAILED
                              : vm_bad_state(l->r, l->vm, "running");
}

/* A machine on its way out takes no devices. */
static int check_machine(struct look *l, unsigned op)
{
    static const char *const ends[] = {"clean_shutdown", "hard_shutdown",
                                       "suspend", "pause"};
    const struct value *now =
        l->vm ? db_get(l->vm, "current_operations") : NULL;

    if (!(op & (VBD_PLUG | VBD_UNPLUG)) || !now)
        return 0;
    for (uint32_t i = 0; i < now->nr; i++)
        for (size_t k = 0; k < sizeof(ends) / sizeof(ends[0]); k++)
            if (strcmp(now->members[i].value.s, ends[k]) == 0)
                return REFUSE(l, "OPERATION_NOT_ALLOWED",
                              arena_printf(l->r->arena,
                                           "Current operation on VM:%s is %s",
                                           l->vm->ref, ends[k]));
    return 0;
}

static int check_guest(struct look *l, unsigned op)
{
    struct value error = l->r->error;
    int rc;

    if (l->state != 'R' || !(op & PLUGS) ||
        strcmp(db_text(l->vm, "domain_type"), "hvm") != 0)
        return 0;
    rc = device_check_drivers(l->r, l->vm, "can_use_hotplug_vbd",
                              "VM states it does not support VBD hotplug.");
    if (!rc && l->cd)
        rc = REFUSE(l, "OPERATION_NOT_ALLOWED",
                    "HVM CDROMs cannot be hotplugged/unplugged, only inserted "
                    "or ejected");
    if (l->quiet)
        l->r->error = error;
    return rc;
}

static int check_suspended(struct look *l, unsigned op)
{
    if (!l->cd || l->state != 'S' || !(op & (VBD_INSERT | VBD_EJECT)))
        return 0;
    return l->quiet ? API_FAILED : vm_bad_state(l->r, l->vm, "halted, running");
}

/* Whether others use the disk in a way that this device does not bear. */
static bool is_shared_badly(const struct look *l)
{
    const struct value *vbds = db_get(l->vdi, "VBDs");
    bool write = strcmp(db_text(l->vbd, "mode"), "RW") == 0;

    for (uint32_t i = 0; i < vbds->nr; i++) {
        const struct object *o = db_find_any(l->r->db, vbds->items[i].s);
        const struct object *vm = db_ref(l->r->db, o, "VM");

        if (o == l->vbd || !db_bool(o, "currently_attached") ||
            (vm && db_text(vm, "power_state")[0] == 'S'))
            continue;
        if (write || strcmp(db_text(o, "mode"), "RW") == 0)
            return true;
    }
    return false;
}

static int check_disk(struct look *l, unsigned op)
{
    bool write = strcmp(db_text(l->vbd, "mode"), "RW") == 0;

    if (l->empty || !l->vdi)
        return 0;
    if (!db_bool(l->vdi, "managed"))
        return REFUSE(l, "VDI_NOT_MANAGED", l->vbd->ref);
    if (db_bool(l->vbd, "currently_attached") || !(op & USES))
        return 0;
    if (!db_bool(l->vdi, "sharable") && is_shared_badly(l))
        return REFUSE(l, "VDI_IN_USE", l->vdi->ref);
    if (write && db_bool(l->vdi, "read_only"))
        return REFUSE(l, "VDI_READONLY", l->vdi->ref);
    return 0;
}

static int (*const checks[])(struct look *l, unsigned op) = {
    check_kind,  check_state,     check_machine,
    check_guest, check_suspended, check_disk,
};

static int check_op(struct look *l, unsigned op)
{
    int rc = 0;

    for (size_t i = 0; !rc && i < sizeof(checks) / sizeof(checks[0]); i++)
        rc = checks[i](l, op);
    return rc;
}

int vbd_check(struct request *r, struct object *vbd, const char *op)
{
    struct look l = look_at(r, vbd);
    int i = 0;

    while (strcmp(ops[i].name, op) != 0)
        i++;
    return check_op(&l, ops[i].bit);
}

void vbd_refresh(struct request *r, struct object *vbd)
{
    struct look l = look_at(r, vbd);
    struct value names[OPS_NR];
    size_t nr = 0;

    l.quiet = true;
    for (int i = 0; i < OPS_NR; i++)
        if (check_op(&l, ops[i].bit) == 0)
            names[nr++] = value_string(ops[i].name);
    db_set(r->db, vbd, "allowed_operations", value_set(names, nr));
}

int vbds_check_attach(struct request *r, struct object *vm)
{
    const struct value *vbds = db_get(vm, "VBDs");

    for (uint32_t i = 0; i < vbds->nr; i++)
        if (vbd_check(r, db_find_any(r->db, vbds->items[i].s), "attach"))
            return API_FAILED;
    return 0;
}
