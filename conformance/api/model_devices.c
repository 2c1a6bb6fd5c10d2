/* Operations on drives and interfaces of machines. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model_ops.h"
#include "scenario.h"
#include "suite.h"

static const struct model_end success = {.code = ""};

/* What drives and interfaces have in common. */
static const struct device_kind {
    enum model_kind kind, other; /* other: what they lead to */
    int nr;
} device_kinds[] = {
    {MODEL_DRIVE, MODEL_DISK, MODEL_DRIVES},
    {MODEL_CARD, MODEL_NET, MODEL_CARDS},
};

enum {
    DEVICE_KINDS = 2,
};

static struct model_device *device(struct model *m, enum model_kind kind,
                                   int nr)
{
    return kind == MODEL_DRIVE ? &m->drives[nr] : &m->cards[nr];
}

static bool place_taken(struct model *m, const struct device_kind *k, int vm,
                        int place)
{
    for (int i = 0; i < k->nr; i++) {
        const struct model_device *d = device(m, k->kind, i);

        if (d->o.alive && d->vm == vm && d->place == place)
            return true;
    }
    return false;
}

bool model_is_plugged(const struct model *m, int disk)
{
    for (int i = 0; i < MODEL_DRIVES; i++)
        if (m->drives[i].o.alive && m->drives[i].to == disk &&
            m->drives[i].attached)
            return true;
    return false;
}

bool model_disk_in_use(const struct model *m, int disk, int but_vm)
{
    for (int i = 0; i < MODEL_DRIVES; i++)
        if (m->drives[i].o.alive && m->drives[i].to == disk &&
            m->drives[i].vm != but_vm && m->drives[i].attached &&
            m->vms[m->drives[i].vm].power != MODEL_SUSPENDED)
            return true;
    return false;
}

void model_attach(struct model *m, int vm, bool attached)
{
    for (int k = 0; k < DEVICE_KINDS; k++)
        for (int i = 0; i < device_kinds[k].nr; i++) {
            struct model_device *d = device(m, device_kinds[k].kind, i);

            if (d->o.alive && d->vm == vm)
                d->attached = attached;
        }
}

bool model_has_loose(const struct model *m, int vm)
{
    for (int k = 0; k < DEVICE_KINDS; k++)
        for (int i = 0; i < device_kinds[k].nr; i++) {
            const struct model_device *d =
                device((struct model *)m, device_kinds[k].kind, i);

            if (d->o.alive && d->vm == vm && !d->attached)
                return true;
        }
    return false;
}

void model_drop_devices(struct model *m, int vm)
{
    for (int k = 0; k < DEVICE_KINDS; k++)
        for (int i = 0; i < device_kinds[k].nr; i++) {
            struct model_device *d = device(m, device_kinds[k].kind, i);

            if (d->o.alive && d->vm == vm)
                d->o.alive = false;
        }
}

static int count_free(const struct model *m, enum model_kind kind)
{
    int nr = 0;

    for (int i = 0; i < model_count(kind); i++)
        nr += !model_object((struct model *)m, kind, i)->alive;
    return nr;
}

static int count_of(const struct model *m, const struct device_kind *k, int vm)
{
    int nr = 0;

    for (int i = 0; i < k->nr; i++) {
        const struct model_device *d = device((struct model *)m, k->kind, i);

        nr += d->o.alive && d->vm == vm;
    }
    return nr;
}

bool model_has_room(const struct model *m, int vm)
{
    int drives = count_of(m, &device_kinds[0], vm);

    return drives <= count_free(m, MODEL_DRIVE) &&
           drives <= count_free(m, MODEL_DISK) &&
           count_of(m, &device_kinds[1], vm) <= count_free(m, MODEL_CARD);
}

/* The first number of a kind that is free, made alive with the reference. */
static int take_number(struct model *m, enum model_kind kind, const char *ref)
{
    for (int i = 0; i < model_count(kind); i++) {
        struct model_object *o = model_object(m, kind, i);

        if (o->alive)
            continue;
        *o = (struct model_object){.alive = true};
        (void)snprintf(o->ref, sizeof(o->ref), "%s", ref);
        return i;
    }
    return -1;
}

/* A drive or interface that was found, like the one that it was copied from. */
static bool adopt_one(struct model *m, const struct device_kind *k, int vm,
                      const char *ref, const struct model_device *like,
                      bool snapshot)
{
    bool drive = k->kind == MODEL_DRIVE;
    const char *to =
        get_text(model_class(k->kind), ref, drive ? "VDI" : "network");
    int nr = take_number(m, k->kind, ref), other = like->to;
    struct model_device *d;

    if (drive) {
        int mib = m->disks[like->to].mib, label = m->disks[like->to].o.label;

        other = take_number(m, MODEL_DISK, to);
        if (other < 0)
            return false;
        m->disks[other] = (struct model_disk){.o = m->disks[other].o,
                                              .mib = mib,
                                              .is_snapshot = snapshot,
                                              .origin = like->to};
        m->disks[other].o.label = label;
    } else if (strcmp(to, m->nets[other].ref) != 0) {
        return false;
    }
    d = device(m, k->kind, nr);
    *d = (struct model_device){
        .o = d->o, .vm = vm, .to = other, .place = like->place};
    return true;
}

static bool adopt_kind(struct model *m, const struct device_kind *k, int vm,
                       int from, bool snapshot)
{
    cJSON *all =
        get("VM", m->vms[vm].o.ref, k->kind == MODEL_DRIVE ? "VBDs" : "VIFs");

    if (cJSON_GetArraySize(all) != count_of(m, k, from))
        return false;
    for (cJSON *one = all->child; one; one = one->next) {
        const char *ref = one->valuestring;
        int place =
            atoi(get_text(model_class(k->kind), ref,
                          k->kind == MODEL_DRIVE ? "userdevice" : "device"));
        const struct model_device *like = NULL;

        for (int i = 0; i < k->nr; i++) {
            const struct model_device *d = device(m, k->kind, i);

            if (d->o.alive && d->vm == from && d->place == place)
                like = d;
        }
        if (!like || !adopt_one(m, k, vm, ref, like, snapshot))
            return false;
    }
    return true;
}

bool model_adopt(struct model *m, int vm, int from, bool snapshot)
{
    return adopt_kind(m, &device_kinds[0], vm, from, snapshot) &&
           adopt_kind(m, &device_kinds[1], vm, from, snapshot);
}

/* --- Operations --- */

static void set_device(struct model *m, enum model_kind kind, int nr, int vm,
                       int to, int place)
{
    struct model_device *d = device(m, kind, nr);

    *d = (struct model_device){.o = d->o, .vm = vm, .to = to, .place = place};
}

static struct model_end may_create(struct model *m, const struct device_kind *k,
                                   int vm, int place, const char *text)
{
    if (place_taken(m, k, vm, place))
        return (struct model_end){.code = "DEVICE_ALREADY_EXISTS",
                                  .words = {text}};
    return success;
}

void op_drive_create(struct model *m, const struct model_op *op, const int *a)
{
    char place[8];

    (void)op;
    if (m->vms[a[0]].power == MODEL_SUSPENDED || m->disks[a[1]].is_snapshot)
        return; /* not foretold */
    (void)snprintf(place, sizeof(place), "%d", a[3]);
    if (model_make(
            m, may_create(m, &device_kinds[0], a[0], a[3], place), "VBD.create",
            json_of("[{'VM': '%s', 'VDI': '%s', 'userdevice': '%s', "
                    "'bootable': false, 'mode': 'RW', 'type': 'Disk', "
                    "'empty': false, 'other_config': {}, "
                    "'qos_algorithm_type': '', 'qos_algorithm_params': {}}]",
                    m->vms[a[0]].o.ref, m->disks[a[1]].o.ref, place),
            MODEL_DRIVE, a[2]))
        set_device(m, MODEL_DRIVE, a[2], a[0], a[1], a[3]);
}

void op_card_create(struct model *m, const struct model_op *op, const int *a)
{
    char place[8];

    (void)op;
    if (m->vms[a[0]].power == MODEL_SUSPENDED)
        return; /* not foretold */
    (void)snprintf(place, sizeof(place), "%d", a[3]);
    if (model_make(
            m, may_create(m, &device_kinds[1], a[0], a[3], place), "VIF.create",
            json_of("[{'VM': '%s', 'network': '%s', 'device': '%s', "
                    "'MAC': '', 'MTU': 1500, 'other_config': {}, "
                    "'qos_algorithm_type': '', 'qos_algorithm_params': {}}]",
                    m->vms[a[0]].o.ref, m->nets[a[1]].ref, place),
            MODEL_CARD, a[2]))
        set_device(m, MODEL_CARD, a[2], a[0], a[1], a[3]);
}

static void destroy(struct model *m, const struct device_kind *k,
                    const char *method, int nr)
{
    struct model_device *d = device(m, k->kind, nr);
    struct model_end end = {.code = d->attached ? "OPERATION_NOT_ALLOWED" : ""};

    if (model_send(m, end, method, json_of("['%s']", d->o.ref)))
        model_drop(m, k->kind, nr);
}

void op_drive_destroy(struct model *m, const struct model_op *op, const int *a)
{
    (void)op;
    destroy(m, &device_kinds[0], "VBD.destroy", a[0]);
}

void op_card_destroy(struct model *m, const struct model_op *op, const int *a)
{
    (void)op;
    destroy(m, &device_kinds[1], "VIF.destroy", a[0]);
}

/* Only machines that run take a device, or give it back. */
static struct model_end may_plug(const struct model *m,
                                 const struct model_device *d, bool plug)
{
    static const char *const states[MODEL_POWERS] = {"halted", "paused",
                                                     "suspended", "running"};
    const struct model_vm *v = &m->vms[d->vm];

    if (v->power != MODEL_RUNNING)
        return (struct model_end){
            .code = "VM_BAD_POWER_STATE",
            .words = {v->o.ref, "running", states[v->power]}};
    if (d->attached == plug)
        return (struct model_end){.code = plug ? "DEVICE_ALREADY_ATTACHED"
                                               : "DEVICE_ALREADY_DETACHED",
                                  .words = {d->o.ref}};
    return success;
}

void op_drive_plug(struct model *m, const struct model_op *op, const int *a)
{
    struct model_device *d = &m->drives[a[0]];
    struct model_end end = may_plug(m, d, op->nr);

    if (op->nr && model_disk_in_use(m, d->to, -1) && !d->attached &&
        m->vms[d->vm].power == MODEL_RUNNING)
        end = (struct model_end){.code = "VDI_IN_USE",
                                 .words = {m->disks[d->to].o.ref}};
    model_touch(m, MODEL_DRIVE, a[0]);
    if (model_send(m, end, op->nr ? "VBD.plug" : "VBD.unplug",
                   json_of("['%s']", d->o.ref)))
        d->attached = op->nr;
}

void op_card_plug(struct model *m, const struct model_op *op, const int *a)
{
    struct model_device *d = &m->cards[a[0]];

    model_touch(m, MODEL_CARD, a[0]);
    if (model_send(m, may_plug(m, d, op->nr),
                   op->nr ? "VIF.plug" : "VIF.unplug",
                   json_of("['%s']", d->o.ref)))
        d->attached = op->nr;
}
