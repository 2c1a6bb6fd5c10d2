/* Makes the objects that an export describes. */
#include "import_set.h"

#include <string.h>

#include "device.h"
#include "import_classes.h"
#include "unmarshal.h"
#include "vdi.h"
#include "vm.h"

/* In this order; each 0 or API_FAILED. */
static const struct {
    const char *class_name;
    int (*import)(struct import_set *s, const struct xva_object *x);
} handlers[] = {
    {"host", import_host},
    {"SR", import_sr},
    {"VDI", import_disk},
    {"VM_guest_metrics", import_metrics},
    {"VM_metrics", import_metrics},
    {"VM", import_machine},
    {"network", import_network},
    {"GPU_group", import_gpu_group},
    {"VBD", import_vbd},
    {"VIF", import_vif},
    {"VGPU_type", import_vgpu_type},
    {"VGPU", import_vgpu},
    {"PVS_proxy", import_pvs_proxy},
    {"VTPM", import_vtpm},
};

int import_fail(struct request *r, const char *text)
{
    return request_fail(r, "IMPORT_ERROR", text, NULL);
}

void import_set_init(struct import_set *s, struct request *r,
                     const struct import_options *options,
                     const struct xva_header *header)
{
    *s = (struct import_set){.r = r, .options = *options, .header = *header};
    refmap_init(&s->described, r->arena);
    refmap_init(&s->made, r->arena);
    for (uint32_t i = 0; i < header->objects_nr; i++)
        refmap_put(&s->described, header->objects[i].id, &header->objects[i]);
    s->machines =
        arena_alloc(r->arena, sizeof(*s->machines) * (header->objects_nr + 1));
}

struct object *import_set_object(const struct import_set *s,
                                 const char *class_name, const char *id)
{
    const char *ref = refmap_find(&s->made, id);

    return ref ? db_find(s->r->db, class_name, ref) : NULL;
}

void import_bind(struct import_set *s, const struct xva_object *x,
                 const char *ref)
{
    refmap_put(&s->made, x->id, arena_strdup(s->r->arena, ref));
}

void import_created(struct import_set *s, const struct object *o)
{
    if (s->created_nr == s->created_room) {
        const char **old = s->created;

        s->created_room = s->created_room ? s->created_room * 2 : 64;
        s->created = arena_alloc(s->r->arena, sizeof(*old) * s->created_room);
        if (s->created_nr)
            memcpy(s->created, old, sizeof(*old) * s->created_nr);
    }
    s->created[s->created_nr++] = arena_strdup(s->r->arena, o->ref);
}

bool import_has(const struct import_set *s, const struct xva_object *x,
                const char *field)
{
    return refmap_find(&s->made, xva_text(x, field)) != NULL;
}

struct object *import_lookup(struct import_set *s, const struct xva_object *x,
                             const char *field)
{
    const struct class *c = class_find(x->class_name);
    int i = field_index(c, field);
    const char *id = xva_text(x, field);
    struct object *o = import_set_object(
        s, i < 0 ? "VM" : c->fields[i]->type.elem.of, id); /* TPMs differ */

    if (!o)
        (void)request_fail(s->r, "IMPORT_ERROR_FAILED_TO_FIND_OBJECT", id,
                           NULL);
    return o;
}

bool import_flag(const struct xva_object *x, const char *field)
{
    const struct value *v = value_find(&x->snapshot, field);

    return v && v->kind == VALUE_BOOL && v->b;
}

/* Fields that no import takes over, beside those that refer to objects. */
static bool is_own(const struct field *f)
{
    static const char *const own[] = {"uuid", "current_operations",
                                      "allowed_operations",
                                      "currently_attached"};

    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        if (strcmp(own[i], f->name) == 0)
            return true;
    return f->type.elem.kind == BASE_REF || f->type.key.kind == BASE_REF ||
           f->flags & FIELD_INTERNAL;
}

/*
 * An enumeration that has grown since has members that are not known here:
 * then the default stays.
 */
static int take_field(struct import_set *s, struct object *o, int index,
                      const struct value *in)
{
    const struct field *f = o->class->fields[index];
    struct value typed;

    if (unmarshal(s->r, &f->type, in, &typed) == 0) {
        db_set_at(s->r->db, o, index, typed);
        return 0;
    }
    if (f->type.elem.kind == BASE_ENUM)
        return 0;
    return import_fail(s->r, arena_printf(s->r->arena, "%s.%s cannot be read",
                                          f->class_name, f->name));
}

struct object *import_create(struct import_set *s, const struct xva_object *x)
{
    struct object *o = db_create(s->r->db, x->class_name);

    import_created(s, o);
    import_bind(s, x, o->ref);
    for (int i = 0; i < o->class->fields_nr; i++) {
        const struct field *f = o->class->fields[i];
        const struct value *in =
            is_own(f) ? NULL : value_find(&x->snapshot, f->name);

        if (in && take_field(s, o, i, in))
            return NULL;
    }
    return o;
}

/* --- All of them ---------------------------------------------------------- */

/* Machines name each other by the names of the export until all are there. */
static void join_trees(struct import_set *s)
{
    static const char *const fields[] = {"snapshot_of", "parent"};

    for (uint32_t i = 0; i < s->header.objects_nr; i++) {
        const struct xva_object *x = &s->header.objects[i];
        struct object *vm = import_set_object(s, "VM", x->id);

        if (!vm || strcmp(x->class_name, "VM") != 0)
            continue;
        for (size_t f = 0; f < 2; f++) {
            struct object *to =
                import_set_object(s, "VM", xva_text(x, fields[f]));

            if (to && to != vm)
                db_set_text(s->r->db, vm, fields[f], to->ref);
        }
    }
}

int import_set_make(struct import_set *s)
{
    for (size_t h = 0; h < sizeof(handlers) / sizeof(handlers[0]); h++)
        for (uint32_t i = 0; i < s->header.objects_nr; i++) {
            const struct xva_object *x = &s->header.objects[i];

            if (strcmp(x->class_name, handlers[h].class_name) == 0 &&
                !refmap_find(&s->made, x->id) && handlers[h].import(s, x))
                return API_FAILED;
        }
    if (!s->options.dry_run)
        join_trees(s);
    return 0;
}

/* Disks go with their volumes, devices with their metrics. */
static void unmake(struct import_set *s, struct object *o)
{
    const char *class_name = o->class->name;

    if (strcmp(class_name, "VDI") == 0)
        (void)vdi_unmake(s->r, o); /* what cannot go now goes with the scan */
    else if (strcmp(class_name, "VBD") == 0 || strcmp(class_name, "VIF") == 0)
        device_destroy(s->r, o);
    else
        db_destroy(s->r->db, o);
}

void import_set_undo(struct import_set *s)
{
    struct value error = s->r->error;

    while (s->created_nr) {
        struct object *o = db_find_any(s->r->db, s->created[--s->created_nr]);

        if (o)
            unmake(s, o);
    }
    s->r->error = error; /* why it was undone, not what came of that */
}

int import_set_complete(struct import_set *s)
{
    struct value *refs =
        arena_alloc(s->r->arena, sizeof(*refs) * (s->machines_nr + 1));
    bool only_snapshots = true;
    uint32_t nr = 0;

    for (size_t i = 0; i < s->machines_nr; i++) {
        struct object *vm = db_find(s->r->db, "VM", s->machines[i]);

        if (!vm)
            return request_bad_handle(s->r, "VM", s->machines[i]);
        if (s->r->task)
            db_map_del(s->r->db, vm, "current_operations", s->r->task->ref);
        vm_refresh(s->r, vm);
        only_snapshots &= db_bool(vm, "is_a_snapshot");
    }
    for (size_t i = 0; i < s->machines_nr; i++) {
        struct object *vm = db_find(s->r->db, "VM", s->machines[i]);

        if (only_snapshots || !db_bool(vm, "is_a_snapshot"))
            refs[nr++] = value_string(s->machines[i]);
    }
    return reply(s->r, value_set(refs, nr));
}
