/* Operations on machines. */
#include <stdio.h>
#include <string.h>

#include "model_ops.h"
#include "scenario.h"
#include "suite.h"

enum {
    H = 1 << MODEL_HALTED,
    P = 1 << MODEL_PAUSED,
    S = 1 << MODEL_SUSPENDED,
    R = 1 << MODEL_RUNNING,
};

/* What can be blocked: its name, and the states that it may start from. */
static const struct operation {
    const char *name;
    unsigned from;
} operations[] = {
    {"start", H},
    {"pause", R},
    {"unpause", P},
    {"hard_shutdown", P | S | R},
    {"hard_reboot", P | R},
    {"suspend", R},
    {"resume", S},
    {"clone", H},
    {"snapshot", H | P | S | R},
    {"destroy", H | S},
};

enum {
    OP_START,
    OP_PAUSE,
    OP_UNPAUSE,
    OP_HARD_SHUTDOWN,
    OP_HARD_REBOOT,
    OP_SUSPEND,
    OP_RESUME,
    OP_CLONE,
    OP_SNAPSHOT,
    OP_DESTROY,
    OPERATIONS_NR,
};

/* Messages that change the power state. */
static const struct power_op {
    const char *method, *more; /* parameters behind the machine */
    int operation;
    enum model_power after;
} power_ops[] = {
    {"VM.start", ", false, false", OP_START, MODEL_RUNNING},
    {"VM.start", ", true, false", OP_START, MODEL_PAUSED},
    {"VM.pause", "", OP_PAUSE, MODEL_PAUSED},
    {"VM.unpause", "", OP_UNPAUSE, MODEL_RUNNING},
    {"VM.hard_shutdown", "", OP_HARD_SHUTDOWN, MODEL_HALTED},
    {"VM.hard_reboot", "", OP_HARD_REBOOT, MODEL_RUNNING},
    {"VM.suspend", "", OP_SUSPEND, MODEL_SUSPENDED},
    {"VM.resume", ", false, false", OP_RESUME, MODEL_RUNNING},
};

const char *model_operation(int nr)
{
    return nr < OPERATIONS_NR ? operations[nr].name : NULL;
}

static const char *power_word(enum model_power p)
{
    static const char *const words[MODEL_POWERS] = {"halted", "paused",
                                                    "suspended", "running"};

    return words[p];
}

static const struct model_end success = {.code = ""};

/* The machine itself, without its disks. */
static struct model_end may(const struct model *m, int vm, int operation)
{
    const struct model_vm *v = &m->vms[vm];

    if (v->blocked & 1u << operation)
        return (struct model_end){.code = "OPERATION_BLOCKED",
                                  .words = {v->o.ref, "conform"}};
    if (!(operations[operation].from & 1u << v->power))
        return (struct model_end){
            .code = "VM_BAD_POWER_STATE",
            .words = {v->o.ref, NULL, power_word(v->power)}};
    if (v->is_template && operation < OP_CLONE)
        return (struct model_end){.code = "VM_IS_TEMPLATE",
                                  .words = {v->o.ref}};
    if (v->is_template && operation == OP_SNAPSHOT)
        return (struct model_end){.code = "VM_IS_TEMPLATE",
                                  .words = {v->o.ref}};
    return success;
}

bool model_allowed(const struct model *m, int vm, int operation)
{
    return !*may(m, vm, operation).code;
}

static const char *ref_of(const struct model *m, int vm)
{
    return m->vms[vm].o.ref;
}

/* --- Made and unmade --- */

void op_vm_create(struct model *m, const struct model_op *op, const int *a)
{
    struct model_vm *v = &m->vms[a[0]];

    (void)op;
    if (!model_make(
            m, success, "VM.create",
            json_of(
                "[{'name_label': '%s', 'name_description': 'text0', "
                "'user_version': 1, 'is_a_template': false, 'affinity': '', "
                "'memory_static_max': 134217728, "
                "'memory_dynamic_max': 134217728, "
                "'memory_dynamic_min': 134217728, "
                "'memory_static_min': 67108864, 'VCPUs_params': {}, "
                "'VCPUs_max': 1, 'VCPUs_at_startup': 1, "
                "'actions_after_shutdown': 'destroy', "
                "'actions_after_reboot': 'restart', "
                "'actions_after_crash': 'restart', 'PV_bootloader': '', "
                "'PV_kernel': '', 'PV_ramdisk': '', 'PV_args': '', "
                "'PV_bootloader_args': '', 'PV_legacy_args': '', "
                "'HVM_boot_policy': 'BIOS order', "
                "'HVM_boot_params': {'order': 'cd'}, 'platform': {}, "
                "'PCI_bus': '', 'other_config': {'sim-guest': 'linux'}, "
                "'recommendations': ''}]",
                m->labels[a[1]]),
            MODEL_VM, a[0]))
        return;
    *v = (struct model_vm){.o = v->o, .origin = -1};
    v->o.label = a[1];
}

/* A machine like another one, as clone and snapshot make it: what is blocked
 * is not copied. */
static void copy_vm(struct model *m, int from, int to, int label, bool snapshot)
{
    struct model_vm *v = &m->vms[to];

    *v = (struct model_vm){.o = v->o,
                           .origin = -1,
                           .text = m->vms[from].text,
                           .tags = m->vms[from].tags,
                           .keys = m->vms[from].keys,
                           .is_snapshot = snapshot,
                           .is_template = snapshot || m->vms[from].is_template};
    v->o.label = label;
    if (!model_adopt(m, to, from, snapshot))
        model_wrong(m, "the copy has other devices than its origin");
}

void op_vm_clone(struct model *m, const struct model_op *op, const int *a)
{
    (void)op;
    if (!model_has_room(m, a[0]))
        return;
    if (model_make(m, may(m, a[0], OP_CLONE), "VM.clone",
                   json_of("['%s', '%s']", ref_of(m, a[0]), m->labels[a[2]]),
                   MODEL_VM, a[1]))
        copy_vm(m, a[0], a[1], a[2], false);
}

void op_vm_snapshot(struct model *m, const struct model_op *op, const int *a)
{
    struct model_vm *v = &m->vms[a[0]], *s = &m->vms[a[1]];

    (void)op;
    if (!model_has_room(m, a[0]))
        return;
    if (!model_make(m, may(m, a[0], OP_SNAPSHOT), "VM.snapshot",
                    json_of("['%s', '%s']", ref_of(m, a[0]), m->labels[a[2]]),
                    MODEL_VM, a[1]))
        return;
    copy_vm(m, a[0], a[1], a[2], true);
    s->origin = a[0];
    s->kept.label = v->o.label;
    s->kept.text = v->text;
    s->kept.keys = v->keys;
    s->kept.blocked = v->blocked;
    s->kept.is_template = v->is_template;
}

/* A disk of the machine is in a drive of another one. */
static bool shares_disks(const struct model *m, int vm)
{
    for (int i = 0; i < MODEL_DRIVES; i++)
        for (int j = 0; j < MODEL_DRIVES; j++)
            if (m->drives[i].o.alive && m->drives[j].o.alive &&
                m->drives[i].vm == vm && j != i &&
                m->drives[j].to == m->drives[i].to)
                return true;
    return false;
}

static bool is_in(const struct model *m, int disk, int vm)
{
    for (int i = 0; i < MODEL_DRIVES; i++)
        if (m->drives[i].o.alive && m->drives[i].vm == vm &&
            m->drives[i].to == disk)
            return true;
    return false;
}

/* Disks of the machine that the snapshot has are replaced by what it has; the
 * others stay, without a drive. Snapshots remember what they were taken of. */
static void drop_reverted(struct model *m, int snapshot)
{
    int vm = m->vms[snapshot].origin;

    for (int i = 0; i < MODEL_DISKS; i++) {
        int origin = m->disks[i].origin;

        if (m->disks[i].o.alive && m->disks[i].is_snapshot && origin >= 0 &&
            is_in(m, i, snapshot) && is_in(m, origin, vm))
            model_drop(m, MODEL_DISK, origin);
    }
}

/* Disk of the machine at the same place as a disk of the snapshot. */
static int disk_at(const struct model *m, int vm, int place)
{
    for (int i = 0; i < MODEL_DRIVES; i++)
        if (m->drives[i].o.alive && m->drives[i].vm == vm &&
            m->drives[i].place == place)
            return m->drives[i].to;
    return -1;
}

/* Snapshots of the disks that were replaced are of the new ones now. */
static void move_origins(struct model *m, int vm, int snapshot)
{
    int moved[MODEL_DISKS];

    for (int i = 0; i < MODEL_DISKS; i++)
        moved[i] = m->disks[i].origin;
    for (int i = 0; i < MODEL_DRIVES; i++) {
        const struct model_device *d = &m->drives[i];

        if (!d->o.alive || d->vm != snapshot)
            continue;
        for (int k = 0; k < MODEL_DISKS; k++)
            if (m->disks[k].is_snapshot &&
                m->disks[k].origin == m->disks[d->to].origin)
                moved[k] = disk_at(m, vm, d->place);
    }
    for (int i = 0; i < MODEL_DISKS; i++)
        if (m->disks[i].is_snapshot)
            m->disks[i].origin = moved[i];
}

/* What is not foretold here stays out of scripts: disks of two machines, and
 * devices that would not fit. */
void op_vm_revert(struct model *m, const struct model_op *op, const int *a)
{
    struct model_vm *s = &m->vms[a[0]], *v;

    (void)op;
    if (s->origin < 0 || shares_disks(m, s->origin) ||
        !model_has_room(m, a[0]) || m->vms[s->origin].is_template ||
        m->vms[s->origin].blocked || s->kept.blocked)
        return;
    v = &m->vms[s->origin];
    if (!model_send(m, success, "VM.revert", json_of("['%s']", s->o.ref)))
        return;
    drop_reverted(m, a[0]);
    model_drop_devices(m, s->origin);
    v->power = MODEL_HALTED;
    v->stale = false;
    v->o.label = s->kept.label;
    v->text = s->kept.text;
    v->keys = s->kept.keys;
    v->blocked = s->kept.blocked;
    v->is_template = s->kept.is_template;
    if (!model_adopt(m, s->origin, a[0], false))
        model_wrong(m, "the machine has other devices than its snapshot");
    else
        move_origins(m, s->origin, a[0]);
    model_touch(m, MODEL_VM, s->origin);
}

void op_vm_destroy(struct model *m, const struct model_op *op, const int *a)
{
    (void)op;
    if (!model_send(m, may(m, a[0], OP_DESTROY), "VM.destroy",
                    json_of("['%s']", ref_of(m, a[0]))))
        return;
    model_drop_devices(m, a[0]);
    for (int i = 0; i < MODEL_VMS; i++)
        if (m->vms[i].origin == a[0])
            m->vms[i].origin = -1;
    model_drop(m, MODEL_VM, a[0]);
}

/* --- Power --- */

static bool disks_in_use(const struct model *m, int vm)
{
    for (int i = 0; i < MODEL_DRIVES; i++)
        if (m->drives[i].o.alive && m->drives[i].vm == vm &&
            model_disk_in_use(m, m->drives[i].to, vm))
            return true;
    return false;
}

/*
 * A disk that another machine uses keeps it from starting. A network without
 * an interface of a host is on one host at a time, so that there may be none
 * that has all its networks.
 */
static struct model_end may_power(const struct model *m, int vm, int operation)
{
    struct model_end end = may(m, vm, operation);

    if (operation != OP_START && operation != OP_RESUME)
        return end;
    if (!*end.code && operation == OP_START && disks_in_use(m, vm))
        end = (struct model_end){.code = "VDI_IN_USE"};
    for (int i = 0; i < MODEL_CARDS; i++)
        if (m->cards[i].o.alive && m->cards[i].vm == vm)
            end.instead = "NO_HOSTS_AVAILABLE";
    return end;
}

/* What the steps of a script leave open. */
static bool is_foretold(const struct model *m, int vm, int operation)
{
    if (operation == OP_HARD_REBOOT || operation == OP_SUSPEND)
        return !model_has_loose(m, vm); /* is it plugged afterwards? */
    return operation != OP_RESUME || !disks_in_use(m, vm);
}

static void set_power(struct model *m, int vm, enum model_power power)
{
    bool was_halted = m->vms[vm].power == MODEL_HALTED;

    m->vms[vm].stale = false;
    m->vms[vm].power = power; /* a suspended machine keeps its devices */
    if ((power == MODEL_HALTED) != was_halted)
        model_attach(m, vm, was_halted);
}

void op_vm_power(struct model *m, const struct model_op *op, const int *a)
{
    const struct power_op *p = &power_ops[op->nr];

    if (!is_foretold(m, a[0], p->operation))
        return;
    model_touch(m, MODEL_VM, a[0]);
    if (model_send(m, may_power(m, a[0], p->operation), p->method,
                   json_of("['%s'%s]", ref_of(m, a[0]), p->more)))
        set_power(m, a[0], p->after);
}

/* The task ends as the call would. */
void op_vm_async(struct model *m, const struct model_op *op, const int *a)
{
    const struct power_op *p = &power_ops[op->nr];
    struct model_end end = may_power(m, a[0], p->operation);
    cJSON *record, *info, *value;
    const char *code;
    char method[64];

    (void)snprintf(method, sizeof(method), "Async.%s", p->method);
    model_touch(m, MODEL_VM, a[0]);
    value = model_send(m, success, method,
                       json_of("['%s'%s]", ref_of(m, a[0]), p->more));
    if (!cJSON_IsString(value))
        return;
    record = task_wait(value->valuestring);
    info = cJSON_GetObjectItem(record, "error_info");
    code = info && info->child ? info->child->valuestring : "";
    if (strcmp(field_text(record, "status"), *code ? "failure" : "success"))
        model_wrong(m, "the task of %s is %s, with the error '%s'", method,
                    field_text(record, "status"), code);
    else if (strcmp(code, end.code) != 0 &&
             (!end.instead || strcmp(code, end.instead) != 0))
        model_wrong(m, "the task of %s ends with '%s', the model says '%s'",
                    method, code, end.code);
    else if (!*code)
        set_power(m, a[0], p->after);
    (void)model_send(m, success, "task.destroy",
                     json_of("['%s']", value->valuestring));
}

/* --- Fields --- */

void op_vm_label(struct model *m, const struct model_op *op, const int *a)
{
    (void)op;
    model_touch(m, MODEL_VM, a[0]);
    if (model_send(m, success, "VM.set_name_label",
                   json_of("['%s', '%s']", ref_of(m, a[0]), m->labels[a[1]])))
        m->vms[a[0]].o.label = a[1];
}

void op_vm_text(struct model *m, const struct model_op *op, const int *a)
{
    (void)op;
    model_touch(m, MODEL_VM, a[0]);
    if (model_send(m, success, "VM.set_name_description",
                   json_of("['%s', 'text%d']", ref_of(m, a[0]), a[1])))
        m->vms[a[0]].text = a[1];
}

static void set_bit(unsigned *bits, int nr, bool set)
{
    *bits = set ? *bits | 1u << nr : *bits & ~(1u << nr);
}

void op_vm_tag(struct model *m, const struct model_op *op, const int *a)
{
    model_touch(m, MODEL_VM, a[0]);
    if (model_send(m, success, op->nr ? "VM.add_tags" : "VM.remove_tags",
                   json_of("['%s', 'conform-%d']", ref_of(m, a[0]), a[1])))
        set_bit(&m->vms[a[0]].tags, a[1], op->nr);
}

void op_vm_key(struct model *m, const struct model_op *op, const int *a)
{
    bool twice = op->nr && m->vms[a[0]].keys & 1u << a[1];
    struct model_end end = {.code = twice ? "MAP_DUPLICATE_KEY" : ""};

    model_touch(m, MODEL_VM, a[0]);
    if (model_send(
            m, end,
            op->nr ? "VM.add_to_other_config" : "VM.remove_from_other_config",
            op->nr ? json_of("['%s', 'conform-%d', 'x']", ref_of(m, a[0]), a[1])
                   : json_of("['%s', 'conform-%d']", ref_of(m, a[0]), a[1])))
        set_bit(&m->vms[a[0]].keys, a[1], op->nr);
}

void op_vm_block(struct model *m, const struct model_op *op, const int *a)
{
    const char *name = model_operation(a[1]);
    bool twice = op->nr && m->vms[a[0]].blocked & 1u << a[1];
    struct model_end end = {.code = twice ? "MAP_DUPLICATE_KEY" : ""};

    model_touch(m, MODEL_VM, a[0]);
    if (model_send(
            m, end,
            op->nr ? "VM.add_to_blocked_operations"
                   : "VM.remove_from_blocked_operations",
            op->nr ? json_of("['%s', '%s', 'conform']", ref_of(m, a[0]), name)
                   : json_of("['%s', '%s']", ref_of(m, a[0]), name)))
        set_bit(&m->vms[a[0]].blocked, a[1], op->nr);
}

void op_vm_template(struct model *m, const struct model_op *op, const int *a)
{
    struct model_vm *v = &m->vms[a[0]];
    struct model_end end = success;

    if (op->nr && v->power != MODEL_HALTED)
        end =
            (struct model_end){.code = "VM_BAD_POWER_STATE",
                               .words = {v->o.ref, NULL, power_word(v->power)}};
    else if (op->nr && v->is_template)
        end = (struct model_end){.code = "VM_IS_TEMPLATE", .words = {v->o.ref}};
    model_touch(m, MODEL_VM, a[0]);
    if (!model_send(m, end, "VM.set_is_a_template",
                    json_of("['%s', %s]", v->o.ref, op->nr ? "true" : "false")))
        return;
    v->stale = !op->nr && (v->stale || v->is_template);
    v->is_template = op->nr;
}
