/* The model's objects, and what a step's numbers may be. */
#include "model.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model_ops.h"
#include "scenario.h"
#include "suite.h"
#include "verdict.h"

enum {
    SIZES = 4, /* of disks, in steps */
};

static const struct model_op ops[] = {
#define OP(n, a, w, f, x) {n, a, w, f, x},
#include "model_ops.def"
#undef OP
};

/* Where objects of a kind are. */
static const struct {
    const char *class;
    size_t at, size;
    int nr;
} kinds[MODEL_KINDS] = {
    [MODEL_VM] = {"VM", offsetof(struct model, vms), sizeof(struct model_vm),
                  MODEL_VMS},
    [MODEL_DISK] = {"VDI", offsetof(struct model, disks),
                    sizeof(struct model_disk), MODEL_DISKS},
    [MODEL_DRIVE] = {"VBD", offsetof(struct model, drives),
                     sizeof(struct model_device), MODEL_DRIVES},
    [MODEL_CARD] = {"VIF", offsetof(struct model, cards),
                    sizeof(struct model_device), MODEL_CARDS},
    [MODEL_NET] = {"network", offsetof(struct model, nets),
                   sizeof(struct model_object), MODEL_NETS},
    [MODEL_SR] = {"SR", offsetof(struct model, srs),
                  sizeof(struct model_object), MODEL_SRS},
    [MODEL_TASK] = {"task", offsetof(struct model, tasks),
                    sizeof(struct model_object), MODEL_TASKS},
};

const struct model_op *model_op_at(int nr)
{
    return nr < (int)(sizeof(ops) / sizeof(ops[0])) ? &ops[nr] : NULL;
}

struct model_object *model_object(struct model *m, enum model_kind kind, int nr)
{
    return (struct model_object *)(void *)((char *)m + kinds[kind].at +
                                           (size_t)nr * kinds[kind].size);
}

static bool is_alive(const struct model *m, enum model_kind kind, int nr)
{
    const char *at = (const char *)m + kinds[kind].at;

    return ((const struct model_object *)(const void *)(at +
                                                        (size_t)nr *
                                                            kinds[kind].size))
        ->alive;
}

int model_count(enum model_kind kind)
{
    return kinds[kind].nr;
}

const char *model_class(enum model_kind kind)
{
    return kinds[kind].class;
}

const char *model_power_name(enum model_power p)
{
    static const char *const names[MODEL_POWERS] = {
        [MODEL_HALTED] = "Halted",
        [MODEL_PAUSED] = "Paused",
        [MODEL_SUSPENDED] = "Suspended",
        [MODEL_RUNNING] = "Running"};

    return names[p];
}

/* --- Numbers of a step --- */

/* A letter of model_ops.def: what it is about. */
static const struct letter {
    enum model_kind kind; /* MODEL_KINDS: a plain number below `range` */
    bool alive;           /* else it must not be there */
    int range;
} letters[128] = {
    ['v'] = {MODEL_VM, true, 0},
    ['a'] = {MODEL_VM, true, 0},
    ['s'] = {MODEL_VM, true, 0},
    ['V'] = {MODEL_VM, false, 0},
    ['d'] = {MODEL_DISK, true, 0},
    ['D'] = {MODEL_DISK, false, 0},
    ['b'] = {MODEL_DRIVE, true, 0},
    ['B'] = {MODEL_DRIVE, false, 0},
    ['c'] = {MODEL_CARD, true, 0},
    ['C'] = {MODEL_CARD, false, 0},
    ['n'] = {MODEL_NET, true, 0},
    ['N'] = {MODEL_NET, false, 0},
    ['r'] = {MODEL_SR, true, 0},
    ['R'] = {MODEL_SR, false, 0},
    ['t'] = {MODEL_TASK, true, 0},
    ['T'] = {MODEL_TASK, false, 0},
    ['l'] = {MODEL_KINDS, false, MODEL_LABELS},
    ['k'] = {MODEL_KINDS, false, MODEL_KEYS},
    ['p'] = {MODEL_KINDS, false, MODEL_PLACES},
    ['z'] = {MODEL_KINDS, false, SIZES},
    ['o'] = {MODEL_KINDS, false, 0},
};

int model_range(char letter)
{
    const struct letter *l = &letters[letter & 127];
    int nr = 0;

    if (l->kind < MODEL_KINDS)
        return model_count(l->kind);
    if (l->range)
        return l->range;
    while (model_operation(nr))
        nr++;
    return nr;
}

bool model_suits(const struct model *m, char letter, int nr)
{
    const struct letter *l = &letters[letter & 127];

    if (nr < 0 || nr >= model_range(letter))
        return false;
    if (l->kind == MODEL_KINDS)
        return true;
    if (is_alive(m, l->kind, nr) != l->alive)
        return false;
    return letter == 'v'   ? !m->vms[nr].is_snapshot
           : letter == 's' ? m->vms[nr].is_snapshot
                           : true;
}

bool model_applies(const struct model *m, const struct model_step *s)
{
    for (int i = 0; s->op->args[i]; i++)
        if (!model_suits(m, s->op->args[i], s->a[i]))
            return false;
    return true;
}

/* --- From the first step to the last --- */

void model_wrong(struct model *m, const char *format, ...)
{
    va_list args;

    if (*m->wrong)
        return;
    va_start(args, format);
    (void)vsnprintf(m->wrong, sizeof(m->wrong), format, args);
    va_end(args);
}

void model_init(struct model *m)
{
    *m = (struct model){.touched.nr = -1};
    for (int i = 0; i < MODEL_LABELS; i++)
        (void)snprintf(m->labels[i], MODEL_REF_BYTES, "%s",
                       made_name("property"));
    (void)snprintf(m->sr, sizeof(m->sr), "%s", storage());
    m->token = strdup(event_token());
    m->mirror = cJSON_CreateObject();
}

bool model_take(struct model *m, const struct model_step *s)
{
    m->touched.nr = -1;
    s->op->run(m, s->op, s->a);
    if (!*m->wrong)
        model_compare(m);
    verdict_count();
    return !*m->wrong;
}

/* What is sent for an end, whatever the answer. */
static void send_away(const char *method, const char *ref)
{
    struct rpc_answer answer;

    call_any(&answer, suite.session, method, "s", ref);
    rpc_answer_free(&answer);
}

static void unblock(const char *vm)
{
    struct rpc_answer answer;

    call_any(&answer, suite.session, "VM.set_blocked_operations", "sj", vm,
             cJSON_CreateObject());
    rpc_answer_free(&answer);
    send_away("VM.hard_shutdown", vm);
}

void model_fini(struct model *m)
{
    static const struct {
        enum model_kind kind;
        const char *method;
    } ends[] = {{MODEL_VM, "VM.destroy"},
                {MODEL_DISK, "VDI.destroy"},
                {MODEL_NET, "network.destroy"},
                {MODEL_SR, "SR.forget"},
                {MODEL_TASK, "task.destroy"}};

    for (size_t e = 0; e < sizeof(ends) / sizeof(ends[0]); e++)
        for (int i = 0; i < model_count(ends[e].kind); i++) {
            const struct model_object *o = model_object(m, ends[e].kind, i);

            if (!*o->ref || (!o->alive && !*m->wrong))
                continue;
            if (ends[e].kind == MODEL_VM)
                unblock(o->ref);
            send_away(ends[e].method, o->ref);
        }
    free(m->token);
    cJSON_Delete(m->mirror);
    *m = (struct model){0};
}
