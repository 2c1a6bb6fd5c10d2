/* Which operations a machine allows, from vm_ops.def. */
#include <ctype.h>
#include <string.h>

#include "device.h"
#include "handlers.h"
#include "vm.h"

enum {
    OP_TEMPLATE = 1 << 0,
    OP_OWN_TEMPLATE = 1 << 1,
    OP_SNAPSHOT = 1 << 2,
    OP_FEATURE = 1 << 3,
    OP_DOM0 = 1 << 4,
    OP_LISTED = 1 << 5,
    OP_NAMELESS = 1 << 6,
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

/* Operations with a rule of their own. */
static const struct {
    const char *op, *code;
    const char *only; /* the field that must be true; NULL: never allowed */
    bool names_vm;
} special[] = {
    {"revert", "REVERT_ONLY_ALLOWED_ON_SNAPSHOT", "is_a_snapshot", false},
    {"provision", "PROVISION_ONLY_ALLOWED_ON_TEMPLATE", "is_a_template", false},
    {"snapshot_with_quiesce", "VM_SNAPSHOT_WITH_QUIESCE_NOT_SUPPORTED", NULL,
     true},
    {"query_services", "NOT_SYSTEM_DOMAIN", NULL, true},
};

static const struct vm_op *op_find(const char *name)
{
    for (int i = 0; i < OPS_NR; i++)
        if (strcmp(ops[i].name, name) == 0)
            return &ops[i];
    return NULL;
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
    return strcmp(op->name, "assert_operation_valid") == 0
               ? "assertoperationvalid"
               : op->name;
}

static bool template_allows(const struct object *vm, const struct vm_op *op)
{
    return (op->flags & OP_TEMPLATE) ||
           ((op->flags & OP_OWN_TEMPLATE) && !vm_is_default_template(vm));
}

static int check_special(struct request *r, const struct object *vm,
                         const struct vm_op *op)
{
    for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++) {
        if (strcmp(special[i].op, op->name) != 0 ||
            (special[i].only && db_bool(vm, special[i].only)))
            continue;
        return request_fail(r, special[i].code,
                            special[i].names_vm ? vm->ref : NULL, NULL);
    }
    return 0;
}

/* Guests announce what they can do under `other` of their metrics. */
static bool has_feature(struct request *r, const struct object *vm)
{
    const struct object *o = db_ref(r->db, vm, "guest_metrics");

    return o && value_find(db_get(o, "other"), "feature-shutdown");
}

static int check_op(struct request *r, const struct object *vm,
                    const struct vm_op *op)
{
    const char *state = db_text(vm, "power_state");
    const char *reason =
        value_text(db_get(vm, "blocked_operations"), op->name, NULL);
    bool snapshot = db_bool(vm, "is_a_snapshot");

    if (reason)
        return request_fail(r, "OPERATION_BLOCKED", vm->ref, reason, NULL);
    if (!strchr(op->states, state[0]))
        return vm_bad_state(r, vm, states_text(r, op->states));
    if (snapshot && !(op->flags & OP_SNAPSHOT))
        return request_fail(r, "VM_IS_SNAPSHOT", vm->ref, op_text(op), NULL);
    if (!snapshot && db_bool(vm, "is_a_template") && !template_allows(vm, op))
        return request_fail(r, "VM_IS_TEMPLATE", vm->ref, op_text(op), NULL);
    if (db_bool(vm, "is_control_domain") && !(op->flags & OP_DOM0))
        return request_fail(r, "OPERATION_NOT_ALLOWED",
                            "This operation is not allowed on a control domain",
                            NULL);
    if ((op->flags & OP_FEATURE) && state[0] != 'H' && !has_feature(r, vm))
        return request_fail(r, "VM_LACKS_FEATURE", vm->ref, NULL);
    return check_special(r, vm, op);
}

int vm_check(struct request *r, struct object *vm, const char *op)
{
    return check_op(r, vm, op_find(op));
}

void vm_refresh(struct request *r, struct object *vm)
{
    struct value names[OPS_NR], error = r->error;
    size_t nr = 0;

    for (int i = 0; i < OPS_NR; i++)
        if ((ops[i].flags & OP_LISTED) && check_op(r, vm, &ops[i]) == 0)
            names[nr++] = value_string(ops[i].name);
    r->error = error; /* of the caller, not of what is refused here */
    db_set(r->db, vm, "allowed_operations", value_set(names, nr));
    devices_refresh(r, vm);
}

int vm_update_allowed_operations(struct request *r)
{
    vm_refresh(r, r->self);
    return reply_void(r);
}

int vm_assert_operation_valid(struct request *r)
{
    const struct vm_op *op = op_find(arg_text(r, 1));

    if (!op)
        return request_fail(r, "NOT_IMPLEMENTED", r->message->name, NULL);
    return check_op(r, r->self, op) ? API_FAILED : reply_void(r);
}
