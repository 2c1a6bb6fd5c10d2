/* Operations on disks, networks, repositories and tasks. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "model_ops.h"
#include "scenario.h"
#include "suite.h"

enum {
    MIB = 1 << 20,
    SIZE_STEP_MIB = 4,
};

static const struct model_end success = {.code = ""};

static bool is_attached(const struct model *m, int disk)
{
    return model_is_plugged(m, disk);
}

static bool has_drive(const struct model *m, int disk)
{
    for (int i = 0; i < MODEL_DRIVES; i++)
        if (m->drives[i].o.alive && m->drives[i].to == disk)
            return true;
    return false;
}

static int mib_of(int size)
{
    return (size + 1) * SIZE_STEP_MIB;
}

/* Sets a label by "CLASS.set_name_label". */
static void set_label(struct model *m, enum model_kind kind, const int *a)
{
    struct model_object *o = model_object(m, kind, a[0]);
    char method[64];

    (void)snprintf(method, sizeof(method), "%s.set_name_label",
                   model_class(kind));
    model_touch(m, kind, a[0]);
    if (model_send(m, success, method,
                   json_of("['%s', '%s']", o->ref, m->labels[a[1]])))
        o->label = a[1];
}

/* --- Disks --- */

void op_disk_create(struct model *m, const struct model_op *op, const int *a)
{
    (void)op;
    if (!model_make(m, success, "VDI.create",
                    json_of("[{'name_label': '%s', 'name_description': '', "
                            "'SR': '%s', 'virtual_size': %d, 'type': 'user', "
                            "'sharable': false, 'read_only': false, "
                            "'other_config': {}}]",
                            m->labels[a[1]], m->sr, mib_of(a[2]) * MIB),
                    MODEL_DISK, a[0]))
        return;
    m->disks[a[0]].o.label = a[1];
    m->disks[a[0]].mib = mib_of(a[2]);
    m->disks[a[0]].is_snapshot = false;
}

/* What becomes of the drives of a disk that goes is not foretold. */
void op_disk_destroy(struct model *m, const struct model_op *op, const int *a)
{
    struct model_end end = success;

    (void)op;
    if (is_attached(m, a[0]))
        end = (struct model_end){.code = "VDI_IN_USE",
                                 .words = {m->disks[a[0]].o.ref}};
    else if (has_drive(m, a[0]))
        return;
    if (model_send(m, end, "VDI.destroy",
                   json_of("['%s']", m->disks[a[0]].o.ref)))
        model_drop_disk(m, a[0]);
}

/* It grows while nobody uses it; what else is asked for is not foretold. */
void op_disk_resize(struct model *m, const struct model_op *op, const int *a)
{
    (void)op;
    if (is_attached(m, a[0]) || mib_of(a[1]) < m->disks[a[0]].mib ||
        m->disks[a[0]].is_snapshot)
        return;
    model_touch(m, MODEL_DISK, a[0]);
    if (model_send(
            m, success, "VDI.resize",
            json_of("['%s', %d]", m->disks[a[0]].o.ref, mib_of(a[1]) * MIB)))
        m->disks[a[0]].mib = mib_of(a[1]);
}

void op_disk_label(struct model *m, const struct model_op *op, const int *a)
{
    (void)op;
    set_label(m, MODEL_DISK, a);
}

void op_disk_clone(struct model *m, const struct model_op *op, const int *a)
{
    struct model_disk *from = &m->disks[a[0]], *to = &m->disks[a[1]];

    (void)op;
    if (is_attached(m, a[0]) || from->is_snapshot)
        return;
    if (!model_make(m, success, "VDI.clone", json_of("['%s']", from->o.ref),
                    MODEL_DISK, a[1]))
        return;
    to->mib = from->mib;
    to->is_snapshot = false;
    to->o.label = from->o.label;
}

void op_disk_snapshot(struct model *m, const struct model_op *op, const int *a)
{
    struct model_disk *from = &m->disks[a[0]], *to = &m->disks[a[1]];

    (void)op;
    if (from->is_snapshot)
        return; /* of a snapshot: not foretold */
    if (!model_make(m, success, "VDI.snapshot", json_of("['%s']", from->o.ref),
                    MODEL_DISK, a[1]))
        return;
    to->mib = from->mib;
    to->o.label = from->o.label;
    to->is_snapshot = true;
    to->origin = a[0];
}

/* --- Networks --- */

void op_net_create(struct model *m, const struct model_op *op, const int *a)
{
    (void)op;
    if (model_make(m, success, "network.create",
                   json_of("[{'name_label': '%s', 'name_description': '', "
                           "'MTU': 1500, 'other_config': {}}]",
                           m->labels[a[1]]),
                   MODEL_NET, a[0]))
        m->nets[a[0]].label = a[1];
}

void op_net_destroy(struct model *m, const struct model_op *op, const int *a)
{
    struct model_end end = success;

    (void)op;
    for (int i = 0; i < MODEL_CARDS; i++)
        if (m->cards[i].o.alive && m->cards[i].to == a[0] &&
            m->cards[i].attached)
            end = (struct model_end){.code = "NETWORK_CONTAINS_VIF"};
    if (!model_send(m, end, "network.destroy",
                    json_of("['%s']", m->nets[a[0]].ref)))
        return;
    for (int i = 0; i < MODEL_CARDS; i++) /* what is not plugged goes too */
        if (m->cards[i].to == a[0])
            m->cards[i].o.alive = false;
    model_drop(m, MODEL_NET, a[0]);
}

void op_net_label(struct model *m, const struct model_op *op, const int *a)
{
    (void)op;
    set_label(m, MODEL_NET, a);
}

/* --- Repositories, without a host that sees them --- */

void op_sr_introduce(struct model *m, const struct model_op *op, const int *a)
{
    static unsigned nr;

    (void)op;
    if (model_make(m, success, "SR.introduce",
                   json_of("['c0f02a11-0000-4000-8000-%08x%04x', '%s', '', "
                           "'nfs', 'user', true, {}]",
                           (unsigned)strlen(m->labels[0]) * 65536u +
                               (unsigned)getpid(),
                           nr++ & 0xffff, m->labels[a[1]]),
                   MODEL_SR, a[0]))
        m->srs[a[0]].label = a[1];
}

void op_sr_label(struct model *m, const struct model_op *op, const int *a)
{
    (void)op;
    set_label(m, MODEL_SR, a);
}

void op_sr_forget(struct model *m, const struct model_op *op, const int *a)
{
    (void)op;
    if (model_send(m, success, "SR.forget",
                   json_of("['%s']", m->srs[a[0]].ref)))
        model_drop(m, MODEL_SR, a[0]);
}

/* --- Tasks --- */

void op_task_create(struct model *m, const struct model_op *op, const int *a)
{
    (void)op;
    if (model_make(m, success, "task.create",
                   json_of("['%s', '']", m->labels[a[1]]), MODEL_TASK, a[0])) {
        m->tasks[a[0]].label = a[1];
        m->finished[a[0]] = false;
    }
}

void op_task_finish(struct model *m, const struct model_op *op, const int *a)
{
    (void)op;
    model_touch(m, MODEL_TASK, a[0]);
    if (model_send(m, success, "task.set_status",
                   json_of("['%s', 'success']", m->tasks[a[0]].ref)))
        m->finished[a[0]] = true;
}

void op_task_destroy(struct model *m, const struct model_op *op, const int *a)
{
    (void)op;
    if (!m->finished[a[0]])
        return; /* it may stay until it is over */
    if (model_send(m, success, "task.destroy",
                   json_of("['%s']", m->tasks[a[0]].ref)))
        model_drop(m, MODEL_TASK, a[0]);
}
