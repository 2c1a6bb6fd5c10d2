/* How objects of each class are imported: the smaller ones. */
#include "import_classes.h"

#include <string.h>

#include "device.h"

/* Where storage and VM migration say which network takes an interface. */
#define VIF_MAP_KEY "maps_to"

int import_pretend(struct import_set *s, const struct xva_object *x)
{
    import_bind(s, x, REF_NULL);
    return 0;
}

static int found(struct import_set *s, const struct xva_object *x,
                 const struct object *o)
{
    import_bind(s, x, o->ref);
    return 0;
}

/* The first object of the class whose field has that text; NULL: none. */
static struct object *by_text(struct import_set *s, const char *class_name,
                              const char *field, const char *text)
{
    for (struct object *o = db_first(s->r->db, class_name); o; o = o->next)
        if (strcmp(db_text(o, field), text) == 0)
            return o;
    return NULL;
}

bool import_again(struct import_set *s, const struct xva_object *x)
{
    struct object *o = NULL;

    if (s->options.restore)
        o = db_find_uuid(s->r->db, x->class_name, xva_text(x, "uuid"));
    return o && found(s, x, o) == 0;
}

void import_keep_uuid(struct import_set *s, const struct xva_object *x,
                      struct object *o)
{
    const char *uuid = xva_text(x, "uuid");

    if (s->options.restore && strlen(uuid) == UUID_BYTES - 1 &&
        !db_find_uuid(s->r->db, x->class_name, uuid))
        db_set_text(s->r->db, o, "uuid", uuid);
}

int import_host(struct import_set *s, const struct xva_object *x)
{
    struct object *o = db_find_uuid(s->r->db, "host", xva_text(x, "uuid"));

    return o ? found(s, x, o) : import_pretend(s, x);
}

/* Media are ejected; other repositories are the one that disks are made in. */
int import_sr(struct import_set *s, const struct xva_object *x)
{
    struct object *o = s->options.sr;

    if (o && strcmp(xva_text(x, "content_type"), "iso") == 0)
        return 0;
    if (!o)
        o = db_find_uuid(s->r->db, "SR", xva_text(x, "uuid"));
    return o ? found(s, x, o) : 0;
}

int import_metrics(struct import_set *s, const struct xva_object *x)
{
    if (s->options.dry_run)
        return import_pretend(s, x);
    return import_create(s, x) ? 0 : API_FAILED;
}

/* By its name, which users choose, else by its bridge. */
int import_network(struct import_set *s, const struct xva_object *x)
{
    struct object *o =
        by_text(s, "network", "name_label", xva_text(x, "name_label"));

    if (!o)
        o = by_text(s, "network", "bridge", xva_text(x, "bridge"));
    if (o)
        return found(s, x, o);
    if (s->options.dry_run)
        return import_pretend(s, x);
    o = import_create(s, x);
    if (!o)
        return API_FAILED;
    if (!*db_text(o, "bridge"))
        db_set_text(
            s->r->db, o, "bridge",
            arena_printf(s->r->arena, "xapi%u", db_count(s->r->db, o->class)));
    return 0;
}

int import_gpu_group(struct import_set *s, const struct xva_object *x)
{
    const struct value *types = value_find(&x->snapshot, "GPU_types");
    struct object *o;

    for (o = db_first(s->r->db, "GPU_group"); o; o = o->next)
        if (types && value_equal(db_get(o, "GPU_types"), types))
            return found(s, x, o);
    if (!s->options.sr)
        return import_fail(s->r, "Unable to find a GPU group that matches");
    return import_create(s, x) ? 0 : API_FAILED;
}

/* Where a migration sends it; else the network of the same name. */
static struct object *network_of(struct import_set *s,
                                 const struct xva_object *x)
{
    const struct value *config = value_find(&x->snapshot, "other_config");
    const char *mapped = config && config->kind == VALUE_MAP
                             ? value_text(config, VIF_MAP_KEY, NULL)
                             : NULL;
    struct object *o = mapped ? db_find(s->r->db, "network", mapped) : NULL;

    return o ? o : import_lookup(s, x, "network");
}

/* Whether what the field refers to was met, be it only in pretence. */
static int check_met(struct import_set *s, const struct xva_object *x,
                     const char *field)
{
    if (import_has(s, x, field))
        return 0;
    return request_fail(s->r, "IMPORT_ERROR_FAILED_TO_FIND_OBJECT",
                        xva_text(x, field), NULL);
}

static void refer(struct import_set *s, struct object *o, const char *field,
                  const struct object *to)
{
    db_set_text(s->r->db, o, field, to->ref);
}

int import_vif(struct import_set *s, const struct xva_object *x)
{
    struct object *vm, *network, *o;

    if (import_again(s, x))
        return 0;
    if (check_met(s, x, "VM"))
        return API_FAILED;
    if (s->options.dry_run)
        return check_met(s, x, "network") ? API_FAILED : import_pretend(s, x);
    vm = import_lookup(s, x, "VM");
    network = vm ? network_of(s, x) : NULL;
    o = network ? import_create(s, x) : NULL;
    if (!o)
        return API_FAILED;
    refer(s, o, "VM", vm);
    refer(s, o, "network", network);
    db_map_del(s->r->db, o, "other_config", VIF_MAP_KEY);
    if (!s->options.restore || !mac_valid(db_text(o, "MAC"))) {
        db_set_text(s->r->db, o, "MAC", device_mac(s->r));
        db_set_bool(s->r->db, o, "MAC_autogenerated", true);
    }
    import_keep_uuid(s, x, o);
    device_metrics(s->r, o);
    if (db_text(vm, "power_state")[0] == 'S')
        db_set_bool(s->r->db, o, "currently_attached",
                    import_flag(x, "currently_attached"));
    return 0;
}

int import_vgpu_type(struct import_set *s, const struct xva_object *x)
{
    struct object *o =
        by_text(s, "VGPU_type", "identifier", xva_text(x, "identifier"));

    for (struct object *t = db_first(s->r->db, "VGPU_type"); !o && t;
         t = t->next)
        if (strcmp(db_text(t, "vendor_name"), xva_text(x, "vendor_name")) ==
                0 &&
            strcmp(db_text(t, "model_name"), xva_text(x, "model_name")) == 0)
            o = t;
    if (o)
        return found(s, x, o);
    if (s->options.dry_run)
        return import_pretend(s, x);
    return import_create(s, x) ? 0 : API_FAILED;
}

int import_vgpu(struct import_set *s, const struct xva_object *x)
{
    static const char *const refs[] = {"VM", "GPU_group", "type"};
    struct object *to[3], *o;

    if (import_again(s, x))
        return 0;
    for (size_t i = 0; i < 3; i++)
        if (check_met(s, x, refs[i]))
            return API_FAILED;
    if (s->options.dry_run)
        return import_pretend(s, x);
    for (size_t i = 0; i < 3; i++) {
        to[i] = import_lookup(s, x, refs[i]);
        if (!to[i])
            return API_FAILED;
    }
    o = import_create(s, x);
    if (!o)
        return API_FAILED;
    for (size_t i = 0; i < 3; i++)
        refer(s, o, refs[i], to[i]);
    import_keep_uuid(s, x, o);
    return 0;
}

/* Only where the site that it belongs to is known by its own uuid. */
int import_pvs_proxy(struct import_set *s, const struct xva_object *x)
{
    const struct xva_object *site =
        refmap_find(&s->described, xva_text(x, "site"));
    struct object *to, *vif, *o;

    if (!site)
        return request_fail(s->r, "IMPORT_ERROR_FAILED_TO_FIND_OBJECT",
                            xva_text(x, "site"), NULL);
    to = by_text(s, "PVS_site", "PVS_uuid", xva_text(site, "PVS_uuid"));
    if (!to || s->options.dry_run)
        return 0;
    vif = import_lookup(s, x, "VIF");
    o = vif ? import_create(s, x) : NULL;
    if (!o)
        return API_FAILED;
    refer(s, o, "site", to);
    refer(s, o, "VIF", vif);
    return 0;
}

/* Its contents come with it and become a secret of their own. */
int import_vtpm(struct import_set *s, const struct xva_object *x)
{
    const char *uuid = xva_text(x, "vTPM'_uuid");
    struct object *vm, *o, *secret;

    if (s->options.restore && db_find_uuid(s->r->db, "VTPM", uuid))
        return import_fail(
            s->r, arena_printf(s->r->arena,
                               "A VTPM with UUID %s already exists", uuid));
    if (s->options.dry_run)
        return import_pretend(s, x);
    vm = import_lookup(s, x, "vTPM'_VM");
    o = vm ? import_create(s, x) : NULL;
    if (!o)
        return API_FAILED;
    secret = db_create(s->r->db, "secret");
    import_created(s, secret);
    db_set_text(s->r->db, secret, "value", xva_text(x, "vTPM'_content"));
    refer(s, o, "contents", secret);
    refer(s, o, "VM", vm);
    db_set_bool(s->r->db, o, "is_unique", import_flag(x, "vTPM'_is_unique"));
    db_set_bool(s->r->db, o, "is_protected",
                import_flag(x, "vTPM'_is_protected"));
    if (s->options.restore && strlen(uuid) == UUID_BYTES - 1)
        db_set_text(s->r->db, o, "uuid", uuid);
    return 0;
}
