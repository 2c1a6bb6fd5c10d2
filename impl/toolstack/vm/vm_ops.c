/* Which operations a machine allows, from vm_ops.def. */
#include <ctype.h>
#include <string.h>

#include "appliance.h"
#include "device.h"
#include "handlers.h"
#include "pool.h"
#include "vm.h"

enum {
    OP_TEMPLATE = 1 << 0,
    OP_OWN_TEMPLATE = 1 << 1,
    OP_SNAPSHOT = 1 << 2,
    OP_FEATURE = 1 << 3,
    OP_DOM0 = 1 << 4,
    OP_LISTED = 1 << 5,
    OP_NAMELESS = 1 << 6,
    OP_MOVES = 1 << 7,
    OP_FREEZES = 1 << 8,
    OP_KEPT = 1 << 9,
    OP_SETTLED = 1 << 10,
};

struct vm_op {
    const char *name, *states;
    unsigned flags;
};

static const struct vm_op ops[] = {
#define OP(n, s, f) {.name = #n, .states = s, .flags = f},
#include "vm_ops.def"
#undef OP
};

enum {
    OPS_NR = sizeof(ops) / sizeof(ops[0]),
};

/* What is true of a machine, found once for all operations. */
struct facts {
    struct request *r;
    const struct object *vm;
    bool strict, quiet; /* quiet: nobody reads the error */
    char state;         /* H, P, S, R */
    bool live, snapshot, template, default_template, control;
    bool immobile, nested, drivers;
    const struct value *blocked, *current, *told; /* told: NULL or a map */
};

#define REFUSE(f, ...) \
    ((f)->quiet ? API_FAILED : request_fail((f)->r, __VA_ARGS__, NULL))

/* What guests with firmware must have announced. */
static const struct {
    const char *op, *feature, *otherwise;
    bool strict_only;
} features[] = {
    {"clean_shutdown", "feature-shutdown", "feature-poweroff", true},
    {"clean_reboot", "feature-shutdown", "feature-reboot", true},
    {"changing_VCPUs_live", "feature-vcpu-hotplug", NULL, false},
};

/* Operations that some others may join: all that run must be of the set. */
static const char *const joinable[][3] = {
    {"clone", "copy", "export"},
    {"get_boot_record", NULL, NULL},
    {"snapshot", "checkpoint", NULL},
};

static const struct {
    const char *running, *op;
} concurrent[] = {
    {"migrate_send", "metadata_export"},
    {"migrate_send", "clean_shutdown"},
    {"migrate_send", "clean_reboot"},
};

static const struct vm_op *op_find(const char *name)
{
    for (int i = 0; i < OPS_NR; i++)
        if (strcmp(ops[i].name, name) == 0)
            return &ops[i];
    return NULL;
}

static bool is(const struct vm_op *op, const char *name)
{
    return strcmp(op->name, name) == 0;
}

static char *lower(struct arena *a, const char *text)
{
    char *copy = arena_strdup(a, text);

    for (char *p = copy; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    return copy;
}

int vm_bad_state(struct request *r, const struct object *vm, const char *wanted)
{
    return request_fail(r, "VM_BAD_POWER_STATE", vm->ref, wanted,
                        lower(r->arena, db_text(vm, "power_state")), NULL);
}

bool vm_is_default_template(const struct object *vm)
{
    return db_bool(vm, "is_default_template") ||
           strcmp(
               value_text(db_get(vm, "other_config"), "default_template", ""),
               "true") == 0;
}

/* "halted, running" from "HR". */
static const char *states_text(struct request *r, const char *states)
{
    static const char *const names[] = {"halted", "paused", "suspended",
                                        "running"};
    static const char letters[] = "HPSR";
    const char *text = "";

    for (const char *p = states; *p; p++)
        text = arena_printf(r->arena, "%s%s%s", text, *text ? ", " : "",
                            names[strchr(letters, *p) - letters]);
    return text;
}

static const char *op_text(const struct vm_op *op)
{
    if (op->flags & OP_NAMELESS)
        return "(unknown operation)";
    return is(op, "assert_operation_valid") ? "assertoperationvalid" : op->name;
}

/* Guests without firmware have the drivers, or they would not run. */
static bool has_drivers(const struct object *metrics,
                        const struct object *guest)
{
    const char *type =
        metrics ? db_text(metrics, "current_domain_type") : "unspecified";

    return strncmp(type, "pv", 2) == 0 ||
           (guest && db_get(guest, "PV_drivers_version")->nr > 0);
}

static struct facts facts_find(struct request *r, const struct object *vm)
{
    const struct object *metrics = db_ref(r->db, vm, "metrics");
    const struct object *guest = db_ref(r->db, vm, "guest_metrics");
    char state = db_text(vm, "power_state")[0];

    return (struct facts){
        .r = r,
        .vm = vm,
        .strict = true,
        .state = state,
        .live = state == 'R' || state == 'P',
        .snapshot = db_bool(vm, "is_a_snapshot"),
        .template = db_bool(vm, "is_a_template"),
        .default_template = vm_is_default_template(vm),
        .control = db_bool(vm, "is_control_domain"),
        .immobile = metrics && (db_bool(metrics, "nomigrate") ||
                                db_bool(metrics, "nested_virt")),
        .nested = metrics && db_bool(metrics, "nested_virt"),
        .drivers = has_drivers(metrics, guest),
        .blocked = db_get(vm, "blocked_operations"),
        .current = db_get(vm, "current_operations"),
        .told = guest ? db_get(guest, "other") : NULL,
    };
}

static int check_blocked(struct facts *f, const struct vm_op *op)
{
    const char *reason = value_text(f->blocked, op->name, NULL);

    return reason ? REFUSE(f, "OPERATION_BLOCKED", f->vm->ref, reason) : 0;
}

/* Clones of suspended machines: of snapshots, or where the pool allows it. */
static bool clones_suspended(const struct facts *f, const struct vm_op *op)
{
    const struct value *config =
        db_get(toolstack_pool(f->r->ts), "other_config");

    return (op->flags & OP_KEPT) &&
           (f->snapshot ||
            strcmp(value_text(config, "allow_clone_suspended_vm", ""),
                   "true") == 0);
}

static int check_state(struct facts *f, const struct vm_op *op)
{
    const char *states = clones_suspended(f, op) ? "HS" : op->states;

    if (strchr(states, f->state))
        return 0;
    return f->quiet ? API_FAILED
                    : vm_bad_state(f->r, f->vm, states_text(f->r, states));
}

static bool all_in(const struct value *current, const char *const *set,
                   const char *op)
{
    bool found = false;

    for (int i = 0; i < 3 && set[i]; i++)
        found |= strcmp(set[i], op) == 0;
    for (uint32_t k = 0; found && k < current->nr; k++) {
        bool one = false;

        for (int i = 0; i < 3 && set[i]; i++)
            one |= strcmp(set[i], current->members[k].value.s) == 0;
        found = one;
    }
    return found;
}

static bool runs(const struct value *current, const char *op)
{
    for (uint32_t i = 0; i < current->nr; i++)
        if (strcmp(current->members[i].value.s, op) == 0)
            return true;
    return false;
}

static bool allowed_beside(const struct value *current, const struct vm_op *op)
{
    if (is(op, "hard_shutdown"))
        return !runs(current, "hard_shutdown");
    if (is(op, "hard_reboot"))
        return !runs(current, "hard_shutdown") && !runs(current, "hard_reboot");
    for (size_t i = 0; i < sizeof(joinable) / sizeof(joinable[0]); i++)
        if (all_in(current, joinable[i], op->name))
            return true;
    for (size_t i = 0; i < sizeof(concurrent) / sizeof(concurrent[0]); i++)
        if (current->nr == 1 && is(op, concurrent[i].op) &&
            runs(current, concurrent[i].running))
            return true;
    return false;
}

/* "{a,b}", or the only one. */
static const char *listed(struct request *r, const struct value *map, bool keys)
{
    const char *text = "";

    for (uint32_t i = 0; i < map->nr; i++)
        text =
            arena_printf(r->arena, "%s%s%s", text, i ? "," : "",
                         keys ? map->members[i].key : map->members[i].value.s);
    return map->nr == 1 ? text : arena_printf(r->arena, "{%s}", text);
}

static int check_concurrent(struct facts *f, const struct vm_op *op)
{
    if (f->current->nr == 0 || allowed_beside(f->current, op))
        return 0;
    return REFUSE(f, "OTHER_OPERATION_IN_PROGRESS", "VM", f->vm->ref,
                  listed(f->r, f->current, false),
                  listed(f->r, f->current, true));
}

static int check_kind(struct facts *f, const struct vm_op *op)
{
    if (f->snapshot)
        return op->flags & OP_SNAPSHOT
                   ? 0
                   : REFUSE(f, "VM_IS_SNAPSHOT", f->vm->ref, op_text(op));
    if (!f->template || (op->flags & OP_TEMPLATE) ||
        ((op->flags & OP_OWN_TEMPLATE) && !f->default_template))
        return 0;
    return REFUSE(f, "VM_IS_TEMPLATE", f->vm->ref, op_text(op));
}

static int check_only(struct facts *f, const struct vm_op *op)
{
    if (is(op, "provision") && !f->template)
        return REFUSE(f, "PROVISION_ONLY_ALLOWED_ON_TEMPLATE");
    if (is(op, "revert") && !f->snapshot)
        return REFUSE(f, "REVERT_ONLY_ALLOWED_ON_SNAPSHOT");
    return 0;
}

static int check_mobile(struct facts *f, const struct vm_op *op)
{
    if ((op->flags & OP_MOVES) && f->immobile && f->strict)
        return REFUSE(f, "VM_IS_IMMOBILE", f->vm->ref);
    if (is(op, "changing_dynamic_range") && f->nested && f->strict)
        return REFUSE(f, "VM_IS_USING_NESTED_VIRT", f->vm->ref);
    return 0;
}

static int check_control(struct facts *f, const struct vm_op *op)
{
    if (!f->control || (op->flags & OP_DOM0))
        return 0;
    return REFUSE(f, "OPERATION_NOT_ALLOWED",
                  "This operation is not allowed on a control domain");
}

static bool told(const struct facts *f, const char *feature)
{
    return feature && f->told &&
           strcmp(value_text(f->told, feature, ""), "1") == 0;
}

static int check_suspendable(struct facts *f)
{
    const char *reason =
        f->told ? value_text(f->told, "data-cant-suspend-reason", NULL) : NULL;

    if (reason)
        return REFUSE(f, "VM_NON_SUSPENDABLE", f->vm->ref, reason);
    if (!f->drivers && f->strict && !told(f, "feature-suspend"))
        return REFUSE(f, "VM_LACKS_FEATURE", f->vm->ref);
    return 0;
}

static int check_feature(struct facts *f, const struct vm_op *op)
{
    if (!f->live)
        return 0;
    if (op->flags & OP_MOVES)
        return check_suspendable(f);
    if (f->drivers || !(op->flags & OP_FEATURE))
        return 0;
    for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++)
        if (is(op, features[i].op) && (f->strict || !features[i].strict_only) &&
            !told(f, features[i].feature) && !told(f, features[i].otherwise))
            return REFUSE(f, "VM_LACKS_FEATURE", f->vm->ref);
    return 0;
}

static int check_quiesce(struct facts *f, const struct vm_op *op)
{
    if (!is(op, "snapshot_with_quiesce"))
        return 0;
    return REFUSE(f, "VM_SNAPSHOT_WITH_QUIESCE_NOT_SUPPORTED", f->vm->ref);
}

/* A disk that forgets on each boot: what it has now cannot be kept. */
static bool has_reset_disk(const struct facts *f, bool cached)
{
    const struct value *vbds = db_get(f->vm, "VBDs");

    for (uint32_t i = 0; i < vbds->nr; i++) {
        const struct object *vbd = db_find_any(f->r->db, vbds->items[i].s);
        const struct object *vdi = db_ref(f->r->db, vbd, "VDI");
        const struct value *config = vdi ? db_get(vdi, "sm_config") : NULL;

        if (config && strcmp(value_text(config, "on_boot", ""), "reset") == 0 &&
            (!cached || strcmp(value_text(config, "caching", ""), "true") == 0))
            return true;
    }
    return false;
}

static int check_disks(struct facts *f, const struct vm_op *op)
{
    bool migrates = is(op, "pool_migrate");

    if ((migrates || (op->flags & OP_FREEZES)) && has_reset_disk(f, migrates))
        return REFUSE(f, "VDI_ON_BOOT_MODE_INCOMPATIBLE_WITH_OPERATION");
    return 0;
}

/* Only GPUs that are shared by drivers that can save their state. */
static bool vgpus_move(const struct facts *f)
{
    const struct value *vgpus = db_get(f->vm, "VGPUs");

    for (uint32_t i = 0; i < vgpus->nr; i++) {
        const struct object *vgpu = db_find_any(f->r->db, vgpus->items[i].s);
        const struct object *type = db_ref(f->r->db, vgpu, "type");
        const struct object *pgpu = db_ref(f->r->db, vgpu, "resident_on");

        if (!type || !pgpu ||
            strncmp(db_text(type, "implementation"), "nvidia", 6) != 0 ||
            db_get(pgpu, "compatibility_metadata")->nr == 0)
            return false;
    }
    return true;
}

static int check_devices(struct facts *f, const struct vm_op *op)
{
    bool halted_move = is(op, "migrate_send") && f->state == 'H';
    bool frozen = is(op, "checkpoint") && f->state == 'S';

    if ((op->flags & OP_MOVES) && db_get(f->vm, "attached_PCIs")->nr)
        return REFUSE(f, "VM_HAS_PCI_ATTACHED", f->vm->ref);
    if ((op->flags & OP_MOVES) && !halted_move && !frozen &&
        db_get(f->vm, "VGPUs")->nr && !vgpus_move(f))
        return REFUSE(f, "VM_HAS_VGPU", f->vm->ref);
    if (((op->flags & OP_MOVES) || is(op, "snapshot")) &&
        db_get(f->vm, "VUSBs")->nr)
        return REFUSE(f, "VM_HAS_VUSBS", f->vm->ref);
    return 0;
}

/* What a machine belongs to keeps it from becoming a template. */
static int check_belongs(struct facts *f, const struct vm_op *op)
{
    static const struct {
        const char *field, *code;
    } owners[] = {
        {"appliance", "VM_IS_PART_OF_AN_APPLIANCE"},
        {"protection_policy", "VM_ASSIGNED_TO_PROTECTION_POLICY"},
        {"snapshot_schedule", "VM_ASSIGNED_TO_SNAPSHOT_SCHEDULE"},
    };

    if (!is(op, "make_into_template"))
        return 0;
    for (size_t i = 0; i < sizeof(owners) / sizeof(owners[0]); i++) {
        const struct object *o = db_ref(f->r->db, f->vm, owners[i].field);

        if (o)
            return REFUSE(f, owners[i].code, f->vm->ref, o->ref);
    }
    return 0;
}

static int check_rest(struct facts *f, const struct vm_op *op)
{
    const struct value *config = db_get(f->vm, "other_config");

    if (is(op, "query_services") &&
        strcmp(value_text(config, "is_system_domain", ""), "true") != 0)
        return REFUSE(f, "NOT_SYSTEM_DOMAIN", f->vm->ref);
    if ((op->flags & OP_SETTLED) && pool_upgrades(f->r))
        return REFUSE(f, "NOT_SUPPORTED_DURING_UPGRADE");
    if (is(op, "create_vtpm") && db_get(f->vm, "VTPMs")->nr)
        return REFUSE(
            f, "VTPM_MAX_AMOUNT_REACHED",
            arena_printf(f->r->arena, "%u", db_get(f->vm, "VTPMs")->nr));
    return 0;
}

/* Clients rely on the order: the first that refuses is told. */
static int (*const checks[])(struct facts *f, const struct vm_op *op) = {
    check_blocked, check_state,   check_concurrent, check_kind,    check_only,
    check_mobile,  check_control, check_feature,    check_quiesce, check_disks,
    check_devices, check_belongs, check_rest,
};

static int check_op(struct facts *f, const struct vm_op *op)
{
    int rc = 0;

    for (size_t i = 0; !rc && i < sizeof(checks) / sizeof(checks[0]); i++)
        rc = checks[i](f, op);
    return rc;
}

int vm_check(struct request *r, struct object *vm, const char *op)
{
    struct facts f = facts_find(r, vm);

    return check_op(&f, op_find(op));
}

int vm_check_loosely(struct request *r, struct object *vm, const char *op)
{
    struct facts f = facts_find(r, vm);

    f.strict = false;
    return check_op(&f, op_find(op));
}

void vm_refresh(struct request *r, struct object *vm)
{
    struct value names[OPS_NR];
    struct facts f = facts_find(r, vm);
    struct object *appliance;
    size_t nr = 0;

    f.quiet = true;
    for (int i = OPS_NR - 1; i >= 0; i--) /* in the order that clients show */
        if ((ops[i].flags & OP_LISTED) && check_op(&f, &ops[i]) == 0)
            names[nr++] = value_string(ops[i].name);
    db_set(r->db, vm, "allowed_operations", value_set(names, nr));
    devices_refresh(r, vm);
    appliance = db_ref(r->db, vm, "appliance");
    if (appliance)
        appliance_refresh(r, appliance);
}

int vm_update_allowed_operations(struct request *r)
{
    vm_refresh(r, r->self);
    return reply_void(r);
}

int vm_assert_operation_valid(struct request *r)
{
    const struct vm_op *op = op_find(arg_text(r, 1));
    struct facts f = facts_find(r, r->self);

    if (!op)
        return request_fail(r, "NOT_IMPLEMENTED", r->message->name, NULL);
    return check_op(&f, op) ? API_FAILED : reply_void(r);
}
