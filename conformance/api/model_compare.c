/* The model beside what events told, what objects say, and lists by name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "scenario.h"
#include "suite.h"

enum {
    VALUE_BYTES = 160,
};

/* --- Events --- */

static void take_event(struct model *m, const cJSON *event)
{
    const char *ref = field_text(event, "ref");
    cJSON *snapshot = cJSON_GetObjectItem(event, "snapshot");

    cJSON_DeleteItemFromObjectCaseSensitive(m->mirror, ref);
    if (strcmp(field_text(event, "operation"), "del") != 0 && snapshot)
        cJSON_AddItemToObject(m->mirror, ref, cJSON_Duplicate(snapshot, true));
}

static void take_events(struct model *m)
{
    cJSON *news = ok("event.from", "jsf",
                     json_of("['VM', 'VDI', 'VBD', 'VIF', 'network', 'SR', "
                             "'task']"),
                     m->token, 0.0);
    cJSON *events = cJSON_GetObjectItem(news, "events");

    for (cJSON *e = events ? events->child : NULL; e; e = e->next)
        take_event(m, e);
    free(m->token);
    m->token = strdup(field_text(news, "token"));
}

/* --- A record beside the model --- */

/* What is compared, and where it was seen. */
struct view {
    struct model *m;
    const cJSON *record;
    const char *where; /* "an event", "get_record" */
    char what[64];     /* the object */
};

static void compare_text(const struct view *v, const char *field,
                         const char *wanted)
{
    const char *found =
        cJSON_GetStringValue(cJSON_GetObjectItem(v->record, field));

    if (!found || strcmp(found, wanted) != 0)
        model_wrong(v->m, "%s.%s is '%s' in %s, the model says '%s'", v->what,
                    field, found ? found : "(nothing)", v->where, wanted);
}

static void compare_flag(const struct view *v, const char *field, bool wanted)
{
    const cJSON *found = cJSON_GetObjectItem(v->record, field);

    if (!cJSON_IsBool(found) || cJSON_IsTrue(found) != wanted)
        model_wrong(v->m, "%s.%s is %s in %s, the model says %s", v->what,
                    field, cJSON_IsTrue(found) ? "true" : "false", v->where,
                    wanted ? "true" : "false");
}

static int count_in(const cJSON *set)
{
    return set ? cJSON_GetArraySize(set) : -1;
}

/* Whether a set has this member; how many it should have is counted. */
static void compare_member(const struct view *v, const char *field,
                           const char *ref, int *nr)
{
    (*nr)++;
    if (!lists(cJSON_GetObjectItem(v->record, field), ref))
        model_wrong(v->m, "%s.%s lacks %s in %s", v->what, field, ref,
                    v->where);
}

static void compare_count(const struct view *v, const char *field, int wanted)
{
    int found = count_in(cJSON_GetObjectItem(v->record, field));

    if (found != wanted)
        model_wrong(v->m, "%s.%s has %d members in %s, the model says %d",
                    v->what, field, found, v->where, wanted);
}

/* The devices that lead from or to an object. */
static void compare_devices(const struct view *v, const char *field,
                            const struct model_device *devices, int devices_nr,
                            int vm, int to)
{
    int nr = 0;

    for (int i = 0; i < devices_nr; i++)
        if (devices[i].o.alive && (vm < 0 || devices[i].vm == vm) &&
            (to < 0 || devices[i].to == to))
            compare_member(v, field, devices[i].o.ref, &nr);
    compare_count(v, field, nr);
}

/* "conform-N" is there for each bit, and for no other. */
static void compare_bits(const struct view *v, const char *field, unsigned bits)
{
    const cJSON *set = cJSON_GetObjectItem(v->record, field);
    char text[VALUE_BYTES];

    for (int i = 0; i < MODEL_KEYS; i++) {
        bool found;

        (void)snprintf(text, sizeof(text), "conform-%d", i);
        found = cJSON_IsObject(set) ? cJSON_GetObjectItem(set, text) != NULL
                                    : lists(set, text);
        if (found != (bits >> i & 1))
            model_wrong(v->m, "%s.%s %s %s in %s, unlike the model", v->what,
                        field, found ? "has" : "lacks", text, v->where);
    }
}

static void compare_operations(const struct view *v, int vm)
{
    const cJSON *allowed = cJSON_GetObjectItem(v->record, "allowed_operations");
    const cJSON *blocked = cJSON_GetObjectItem(v->record, "blocked_operations");

    for (int i = 0; model_operation(i); i++) {
        const char *name = model_operation(i);

        if ((cJSON_GetObjectItem(blocked, name) != NULL) !=
            (v->m->vms[vm].blocked >> i & 1))
            model_wrong(v->m, "%s: %s is%s blocked in %s, unlike the model",
                        v->what, name,
                        cJSON_GetObjectItem(blocked, name) ? "" : " not",
                        v->where);
        if (!v->m->vms[vm].is_snapshot && !v->m->vms[vm].stale &&
            lists(allowed, name) != model_allowed(v->m, vm, i))
            model_wrong(v->m, "%s: %s is%s allowed in %s, unlike the model",
                        v->what, name, lists(allowed, name) ? "" : " not",
                        v->where);
    }
}

static void compare_vm(const struct view *v, int nr)
{
    const struct model_vm *vm = &v->m->vms[nr];
    char text[16];
    int snapshots = 0;

    (void)snprintf(text, sizeof(text), "text%d", vm->text);
    compare_text(v, "power_state", model_power_name(vm->power));
    compare_text(v, "name_description", text);
    compare_flag(v, "is_a_template", vm->is_template);
    compare_flag(v, "is_a_snapshot", vm->is_snapshot);
    compare_bits(v, "tags", vm->tags);
    compare_bits(v, "other_config", vm->keys);
    compare_devices(v, "VBDs", v->m->drives, MODEL_DRIVES, nr, -1);
    compare_devices(v, "VIFs", v->m->cards, MODEL_CARDS, nr, -1);
    if (vm->origin >= 0)
        compare_text(v, "snapshot_of", v->m->vms[vm->origin].o.ref);
    for (int i = 0; i < MODEL_VMS; i++)
        if (v->m->vms[i].o.alive && v->m->vms[i].is_snapshot &&
            v->m->vms[i].origin == nr)
            compare_member(v, "snapshots", v->m->vms[i].o.ref, &snapshots);
    compare_count(v, "snapshots", snapshots);
    compare_operations(v, nr);
}

static void compare_disk(const struct view *v, int nr)
{
    double found =
        cJSON_GetNumberValue(cJSON_GetObjectItem(v->record, "virtual_size"));

    if (found < (double)v->m->disks[nr].mib * (1 << 20))
        model_wrong(v->m, "%s.virtual_size is %.0f in %s, too small", v->what,
                    found, v->where);
    compare_text(v, "SR", v->m->sr);
    compare_flag(v, "is_a_snapshot", v->m->disks[nr].is_snapshot);
    if (v->m->disks[nr].is_snapshot && v->m->disks[nr].origin >= 0)
        compare_text(v, "snapshot_of",
                     v->m->disks[v->m->disks[nr].origin].o.ref);
    compare_devices(v, "VBDs", v->m->drives, MODEL_DRIVES, -1, nr);
}

static void compare_device(const struct view *v, const struct model_device *d,
                           const char *to_field, const char *to,
                           const char *place_field)
{
    char place[8];

    (void)snprintf(place, sizeof(place), "%d", d->place);
    compare_text(v, "VM", v->m->vms[d->vm].o.ref);
    compare_text(v, to_field, to);
    compare_text(v, place_field, place);
    compare_flag(v, "currently_attached", d->attached);
}

static void compare_drive(const struct view *v, int nr)
{
    const struct model_device *d = &v->m->drives[nr];

    compare_device(v, d, "VDI", v->m->disks[d->to].o.ref, "userdevice");
}

static void compare_card(const struct view *v, int nr)
{
    const struct model_device *d = &v->m->cards[nr];

    compare_device(v, d, "network", v->m->nets[d->to].ref, "device");
}

static void compare_net(const struct view *v, int nr)
{
    compare_devices(v, "VIFs", v->m->cards, MODEL_CARDS, -1, nr);
}

static void compare_nothing(const struct view *v, int nr)
{
    (void)v;
    (void)nr;
}

static const struct {
    void (*compare)(const struct view *v, int nr);
    bool labelled;
} comparers[MODEL_KINDS] = {[MODEL_VM] = {compare_vm, true},
                            [MODEL_DISK] = {compare_disk, true},
                            [MODEL_DRIVE] = {compare_drive, false},
                            [MODEL_CARD] = {compare_card, false},
                            [MODEL_NET] = {compare_net, true},
                            [MODEL_SR] = {compare_nothing, true},
                            [MODEL_TASK] = {compare_nothing, true}};

static void compare_record(struct model *m, enum model_kind kind, int nr,
                           const cJSON *record, const char *where)
{
    const struct model_object *o = model_object(m, kind, nr);
    struct view v = {.m = m, .record = record, .where = where};

    (void)snprintf(v.what, sizeof(v.what), "%s %d", model_class(kind), nr);
    if (comparers[kind].labelled)
        compare_text(&v, "name_label", m->labels[o->label]);
    comparers[kind].compare(&v, nr);
}

static void compare_told(struct model *m, enum model_kind kind, int nr)
{
    const struct model_object *o = model_object(m, kind, nr);
    const cJSON *told =
        *o->ref ? cJSON_GetObjectItemCaseSensitive(m->mirror, o->ref) : NULL;

    if (o->alive && !told)
        model_wrong(m, "no event tells of %s %d", model_class(kind), nr);
    else if (o->alive)
        compare_record(m, kind, nr, told, "the latest event");
    else if (told)
        model_wrong(m, "no event tells of the end of %s %d", model_class(kind),
                    nr);
}

/* --- Direct reads --- */

/* Those of that name, no more and no fewer. */
static void compare_list(struct model *m, enum model_kind kind, int label)
{
    char method[64];
    cJSON *found;
    int nr = 0;

    (void)snprintf(method, sizeof(method), "%s.get_by_name_label",
                   model_class(kind));
    found = ok(method, "s", m->labels[label]);
    for (int i = 0; i < model_count(kind); i++) {
        const struct model_object *o = model_object(m, kind, i);

        if (!o->alive || o->label != label)
            continue;
        nr++;
        if (!lists(found, o->ref))
            model_wrong(m, "%s does not find %s %d", method, model_class(kind),
                        i);
    }
    if (nr != cJSON_GetArraySize(found))
        model_wrong(m, "%s finds %d, the model %d", method,
                    cJSON_GetArraySize(found), nr);
}

static void compare_touched(struct model *m)
{
    enum model_kind kind = m->touched.kind;
    const struct model_object *o = model_object(m, kind, m->touched.nr);
    struct rpc_answer answer;
    char method[64];

    (void)snprintf(method, sizeof(method), "%s.get_record", model_class(kind));
    call_any(&answer, suite.session, method, "s", o->ref);
    if (answer.value)
        keep(answer.value);
    if (answer.error)
        keep(answer.error);
    if (o->alive && answer.value)
        compare_record(m, kind, m->touched.nr, answer.value, "get_record");
    else if (o->alive)
        model_wrong(m, "%s refuses %s: the model says it is there", method,
                    rpc_code(&answer));
    else if (strcmp(rpc_code(&answer), "HANDLE_INVALID") != 0)
        model_wrong(m, "%s answers for an object that is gone", method);
    if (comparers[kind].labelled)
        compare_list(m, kind, o->label);
}

void model_compare(struct model *m)
{
    take_events(m);
    for (enum model_kind kind = 0; kind < MODEL_KINDS; kind++)
        for (int i = 0; i < model_count(kind); i++)
            compare_told(m, kind, i);
    if (m->touched.nr >= 0 && !*m->wrong)
        compare_touched(m);
}
