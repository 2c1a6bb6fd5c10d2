/* Which objects an export describes, and how. */
#include "export_set.h"

#include <stdlib.h>
#include <string.h>

enum {
    PARENTS_MAX = 64, /* of one volume */
};

/* Classes in the order in which an export lists their objects. */
static const char *const order[] = {
    "host",      "VM",        "VM_metrics", "VM_guest_metrics",
    "VBD",       "VIF",       "network",    "VDI",
    "SR",        "VGPU_type", "VGPU",       "GPU_group",
    "PVS_proxy", "PVS_site",  "VTPM",
};

enum rule_kind {
    RULE_DROP,
    RULE_KEEP,
    RULE_POWER,
    RULE_TREE,
};

static const struct rule {
    enum rule_kind kind;
    const char *class_name, *field, *otherwise;
} rules[] = {
#define DROP(class, field)             {RULE_DROP, #class, #field, NULL},
#define KEEP(class, field)             {RULE_KEEP, #class, #field, NULL},
#define POWER(class, field, otherwise) {RULE_POWER, #class, #field, otherwise},
#define TREE(class, field)             {RULE_TREE, #class, #field, NULL},
#include "export_fields.def"
#undef TREE
#undef POWER
#undef KEEP
#undef DROP
};

void export_set_init(struct export_set *s, struct request *r)
{
    *s = (struct export_set){.r = r};
    refmap_init(&s->names, r->arena);
}

const char *export_set_name(const struct export_set *s, const char *ref)
{
    return refmap_find(&s->names, ref);
}

/* --- Choosing ----------------------------------------------------------- */

/* False: no object, or already in there. */
static bool add(struct export_set *s, struct object *o)
{
    if (!o || export_set_name(s, o->ref))
        return false;
    if (s->nr == s->room) {
        struct object **old = s->objects;

        s->room = s->room ? s->room * 2 : 64;
        s->objects = arena_alloc(s->r->arena, sizeof(*old) * s->room);
        if (s->nr)
            memcpy(s->objects, old, sizeof(*old) * s->nr);
    }
    refmap_put(&s->names, o->ref, arena_printf(s->r->arena, "Ref:%zu", s->nr));
    s->objects[s->nr++] = o;
    return true;
}

static struct object *ref_of(const struct export_set *s, struct object *o,
                             const char *field)
{
    return o ? db_ref(s->r->db, o, field) : NULL;
}

static void add_disk(struct export_set *s, struct object *vdi)
{
    for (int i = 0; vdi && i < PARENTS_MAX; i++) {
        const char *parent =
            value_text(db_get(vdi, "sm_config"), "vhd-parent", NULL);

        (void)add(s, vdi);
        (void)add(s, ref_of(s, vdi, "SR")); /* may be in there */
        vdi =
            s->parents && parent ? db_find_uuid(s->r->db, "VDI", parent) : NULL;
    }
}

/* A set of references, each with what two of its fields refer to. */
static void add_devices(struct export_set *s, const struct object *vm,
                        const char *set, const char *first, const char *second)
{
    const struct value *refs = db_get(vm, set);

    for (uint32_t i = 0; i < refs->nr; i++) {
        struct object *o = db_find_any(s->r->db, refs->items[i].s);

        if (!add(s, o))
            continue;
        if (first)
            (void)add(s, ref_of(s, o, first)); /* may be in there */
        if (second)
            (void)add(s, ref_of(s, o, second));
    }
}

static void add_disks(struct export_set *s, const struct object *vm)
{
    const struct value *refs = db_get(vm, "VBDs");

    for (uint32_t i = 0; i < refs->nr; i++) {
        struct object *vbd = db_find(s->r->db, "VBD", refs->items[i].s);

        if (add(s, vbd) && !db_bool(vbd, "empty"))
            add_disk(s, ref_of(s, vbd, "VDI"));
    }
}

static void add_proxies(struct export_set *s, const struct object *vm)
{
    const struct value *vifs = db_get(vm, "VIFs");

    for (struct object *o = db_first(s->r->db, "PVS_proxy"); o; o = o->next)
        if (value_has(vifs, db_text(o, "VIF")) && add(s, o))
            (void)add(s, ref_of(s, o, "site")); /* may be in there */
}

/* Without its snapshots. */
static bool add_machine(struct export_set *s, struct object *vm)
{
    if (!add(s, vm))
        return false;
    if (!(s->without & EXPORT_NO_VIF))
        add_devices(s, vm, "VIFs", "network", NULL);
    if (!(s->without & EXPORT_NO_VBD))
        add_disks(s, vm);
    if (!(s->without & EXPORT_NO_VGPU))
        add_devices(s, vm, "VGPUs", "type", "GPU_group");
    add_proxies(s, vm);
    if (!(s->without & EXPORT_NO_VTPM))
        add_devices(s, vm, "VTPMs", NULL, NULL);
    if (s->power && strcmp(db_text(vm, "power_state"), "Suspended") == 0)
        add_disk(s, ref_of(s, vm, "suspend_VDI"));
    (void)add(s, ref_of(s, vm, "metrics")); /* any of these may be missing */
    (void)add(s, ref_of(s, vm, "guest_metrics"));
    (void)add(s, ref_of(s, vm, "resident_on"));
    (void)add(s, ref_of(s, vm, "affinity"));
    return true;
}

void export_set_add(struct export_set *s, struct object *vm)
{
    const struct value *snapshots = db_get(vm, "snapshots");
    struct object *parent;

    if (!add_machine(s, vm) || !s->snapshots)
        return;
    for (uint32_t i = 0; i < snapshots->nr; i++) {
        struct object *o = db_find(s->r->db, "VM", snapshots->items[i].s);

        if (o)
            (void)add_machine(s, o); /* may be in there */
    }
    parent = ref_of(s, vm, "parent");
    if (parent)
        (void)add_machine(s, parent); /* may be in there */
}

/* --- Describing --------------------------------------------------------- */

static const struct rule *rule_find(const struct field *f)
{
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (strcmp(rules[i].class_name, f->class_name) == 0 &&
            strcmp(rules[i].field, f->name) == 0)
            return &rules[i];
    return NULL;
}

static struct value empty_of(const struct type *t)
{
    if (t->shape == SHAPE_SET)
        return value_set(NULL, 0);
    if (t->shape != SHAPE_ONE)
        return value_map(NULL, 0);
    switch (t->elem.kind) {
    case BASE_BOOL:
        return value_bool(false);
    case BASE_INT:
        return value_int(0);
    case BASE_DATE:
        return value_date(DATE_0);
    case BASE_REF:
        return value_string(REF_NULL);
    default:
        return value_string("");
    }
}

static struct value renamed(const struct export_set *s, const struct value *v)
{
    const char *name = export_set_name(s, v->s);

    return value_string(name ? name : REF_NULL);
}

/* References by their names in the export; those that lead out are left out. */
static struct value rewritten(const struct export_set *s, const struct type *t,
                              const struct value *v)
{
    struct value *items;
    uint32_t nr = 0;

    if (t->elem.kind != BASE_REF)
        return *v;
    if (t->shape == SHAPE_ONE)
        return renamed(s, v);
    if (t->shape != SHAPE_SET)
        return empty_of(t);
    items = arena_alloc(s->r->arena, sizeof(*items) * (v->nr + 1));
    for (uint32_t i = 0; i < v->nr; i++)
        if (export_set_name(s, v->items[i].s))
            items[nr++] = renamed(s, &v->items[i]);
    return value_set(items, nr);
}

static struct value shown(const struct export_set *s, const struct field *f,
                          const struct value *v)
{
    const struct rule *rule = rule_find(f);

    if (!rule)
        return rewritten(s, &f->type, v);
    if (rule->kind == RULE_KEEP)
        return *v;
    if ((rule->kind == RULE_POWER && s->power) ||
        (rule->kind == RULE_TREE && s->snapshots))
        return rewritten(s, &f->type, v);
    return rule->otherwise ? value_string(rule->otherwise) : empty_of(&f->type);
}

/* The contents of a TPM travel with it, under names of their own. */
static struct value tpm_shown(const struct export_set *s,
                              const struct object *o)
{
    struct object *secret = db_ref(s->r->db, o, "contents");
    struct member *m = arena_alloc(s->r->arena, sizeof(*m) * 5);

    m[0] = (struct member){"vTPM'_VM", renamed(s, db_get(o, "VM"))};
    m[1] = (struct member){"vTPM'_uuid", *db_get(o, "uuid")};
    m[2] = (struct member){"vTPM'_is_unique", *db_get(o, "is_unique")};
    m[3] = (struct member){"vTPM'_is_protected", *db_get(o, "is_protected")};
    m[4] = (struct member){
        "vTPM'_content", value_string(secret ? db_text(secret, "value") : "")};
    return value_map(m, 5);
}

static struct value record(const struct export_set *s, const struct object *o)
{
    struct value all = db_record(s->r->arena, o);
    struct member *m;

    if (strcmp(o->class->name, "VTPM") == 0)
        return tpm_shown(s, o);
    m = arena_alloc(s->r->arena, sizeof(*m) * (all.nr + 1));
    for (uint32_t i = 0; i < all.nr; i++) {
        int f = field_index(o->class, all.members[i].key);

        m[i] =
            (struct member){all.members[i].key, shown(s, o->class->fields[f],
                                                      &all.members[i].value)};
    }
    return value_map(m, all.nr);
}

static void describe_version(struct export_set *s, struct xva_version *v)
{
    struct object *host = toolstack_master(s->r->ts);
    const struct value *software = db_get(host, "software_version");
    const char *api = value_text(software, "xapi", "0.0");
    const char *dot = strchr(api, '.');

    *v = (struct xva_version){
        .hostname = db_text(host, "hostname"),
        .date = value_text(software, "date", "2026-01-01"),
        .product_version = value_text(software, "product_version", ""),
        .product_brand = value_text(software, "product_brand", ""),
        .build_number = value_text(software, "build_number", ""),
        .major = atoll(api),
        .minor = dot ? atoll(dot + 1) : 0,
        .export_version = XVA_EXPORT_VERSION,
    };
}

void export_set_describe(struct export_set *s, struct xva_header *h)
{
    describe_version(s, &h->version);
    h->objects = arena_alloc(s->r->arena, sizeof(*h->objects) * (s->nr + 1));
    h->objects_nr = 0;
    for (size_t c = 0; c < sizeof(order) / sizeof(order[0]); c++)
        for (size_t i = 0; i < s->nr; i++) {
            const struct object *o = s->objects[i];

            if (strcmp(o->class->name, order[c]) == 0)
                h->objects[h->objects_nr++] = (struct xva_object){
                    order[c], export_set_name(s, o->ref), record(s, o)};
        }
}
