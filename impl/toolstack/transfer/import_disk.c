/* Importing disks, and what plugs them into machines. */
#include <string.h>

#include "device.h"
#include "import_classes.h"
#include "storage.h"

/* Where storage migration says which disk has arrived instead. */
#define VDI_MAP_KEY "maps_to"

static const struct value *config_of(const struct xva_object *x)
{
    const struct value *v = value_find(&x->snapshot, "other_config");

    return v && v->kind == VALUE_MAP ? v : NULL;
}

/* A medium of the same name, in any library of them. */
static struct object *find_medium(struct import_set *s,
                                  const struct xva_object *x)
{
    for (struct object *o = db_first(s->r->db, "VDI"); o; o = o->next) {
        struct object *sr = db_ref(s->r->db, o, "SR");

        if (sr &&
            strcmp(db_text(o, "location"), xva_text(x, "location")) == 0 &&
            strcmp(db_text(sr, "content_type"), "iso") == 0 &&
            strcmp(db_text(sr, "type"), "udev") != 0)
            return o;
    }
    return NULL;
}

static struct object *find_mapped(struct import_set *s,
                                  const struct xva_object *x)
{
    const struct value *config = config_of(x);
    const char *mapped =
        s->options.disks.nr
            ? value_text(&s->options.disks, xva_text(x, "uuid"), NULL)
            : NULL;
    struct object *o = mapped ? db_find_uuid(s->r->db, "VDI", mapped) : NULL;

    if (!o && config && value_text(config, VDI_MAP_KEY, NULL))
        o = db_find(s->r->db, "VDI", value_text(config, VDI_MAP_KEY, ""));
    return o;
}

/* The disk that is there already: where it was, or where it was sent. */
static struct object *find_disk(struct import_set *s,
                                const struct xva_object *x)
{
    struct object *sr = import_set_object(s, "SR", xva_text(x, "SR"));
    struct object *mapped = find_mapped(s, x);

    if (mapped)
        return mapped;
    for (struct object *o = sr ? db_first(s->r->db, "VDI") : NULL; o;
         o = o->next)
        if (strcmp(db_text(o, "SR"), sr->ref) == 0 &&
            strcmp(db_text(o, "location"), xva_text(x, "location")) == 0)
            return o;
    return NULL;
}

static int find_again(struct import_set *s, const struct xva_object *x)
{
    struct object *o = find_disk(s, x);
    struct object *sr = import_set_object(s, "SR", xva_text(x, "SR"));

    if (o) {
        import_bind(s, x, o->ref);
        return 0;
    }
    if (s->options.force)
        return 0;
    if (s->options.live && s->options.dry_run)
        return import_pretend(s, x); /* it will have been sent by then */
    if (!sr)
        return request_fail(s->r, "VDI_CONTENT_ID_MISSING", NULL);
    return request_fail(s->r, "VDI_LOCATION_MISSING", sr->ref,
                        xva_text(x, "location"), NULL);
}

/* Maps and names that a new disk takes over from the description. */
static void describe(struct import_set *s, const struct xva_object *x,
                     struct object *vdi)
{
    static const char *const maps[] = {"other_config", "xenstore_data"};

    db_set_text(s->r->db, vdi, "name_description",
                xva_text(x, "name_description"));
    db_set_bool(s->r->db, vdi, "sharable", import_flag(x, "sharable"));
    for (size_t i = 0; i < 2; i++) {
        const struct value *map = value_find(&x->snapshot, maps[i]);

        for (uint32_t k = 0; map && map->kind == VALUE_MAP && k < map->nr; k++)
            if (map->members[k].value.kind == VALUE_STRING)
                db_map_put(s->r->db, vdi, maps[i], map->members[k].key,
                           map->members[k].value.s);
    }
}

static int make(struct import_set *s, const struct xva_object *x)
{
    int64_t size = xva_int(&x->snapshot, "virtual_size");
    struct object *sr = import_lookup(s, x, "SR"), *vdi;
    const char *type = xva_text(x, "type");

    if (!sr)
        return API_FAILED;
    if (size < 0 || size > STORAGE_VOLUME_MAX)
        return import_fail(s->r, "A disk has no size that can be");
    if (s->options.dry_run)
        return import_pretend(s, x);
    vdi = vdi_make(s->r, sr, strcmp(type, "suspend") == 0 ? type : "user",
                   xva_text(x, "name_label"), size);
    if (!vdi)
        return API_FAILED;
    import_created(s, vdi);
    import_bind(s, x, vdi->ref);
    describe(s, x, vdi);
    return 0;
}

int import_disk(struct import_set *s, const struct xva_object *x)
{
    const struct xva_object *sr = refmap_find(&s->described, xva_text(x, "SR"));
    struct object *medium;

    if (!sr)
        return request_fail(s->r, "IMPORT_ERROR_FAILED_TO_FIND_OBJECT",
                            xva_text(x, "SR"), NULL);
    if (strcmp(xva_text(sr, "content_type"), "iso") != 0)
        return s->options.sr ? make(s, x) : find_again(s, x);
    medium = find_medium(s, x);
    if (medium)
        import_bind(s, x, medium->ref);
    return 0; /* else it is ejected */
}

/* --- What plugs them in ---------------------------------------------------- */

static int check_attached(struct import_set *s, const struct xva_object *x,
                          const struct xva_object *vm)
{
    bool cd = strcmp(xva_text(x, "type"), "CD") == 0;
    bool hvm = strcmp(xva_text(vm, "HVM_boot_policy"), "") != 0;
    bool ejected = s->options.dry_run && s->options.live &&
                   strcmp(xva_text(vm, "power_state"), "Suspended") != 0;

    if (!import_flag(x, "currently_attached") || import_has(s, x, "VDI") ||
        (cd && (hvm || ejected)))
        return 0;
    return request_fail(s->r, "IMPORT_ERROR_ATTACHED_DISKS_NOT_FOUND", NULL);
}

static int plug(struct import_set *s, const struct xva_object *x)
{
    struct object *vm = import_lookup(s, x, "VM");
    struct object *vdi = import_set_object(s, "VDI", xva_text(x, "VDI")), *o;

    if (!vm)
        return API_FAILED;
    o = import_create(s, x);
    if (!o)
        return API_FAILED;
    db_set_text(s->r->db, o, "VM", vm->ref);
    db_set_text(s->r->db, o, "VDI", vdi ? vdi->ref : REF_NULL);
    db_set_bool(s->r->db, o, "empty", !vdi);
    db_set_text(s->r->db, o, "device", "");
    import_keep_uuid(s, x, o);
    device_metrics(s->r, o);
    if (db_text(vm, "power_state")[0] == 'S')
        db_set_bool(s->r->db, o, "currently_attached",
                    import_flag(x, "currently_attached"));
    return 0;
}

int import_vbd(struct import_set *s, const struct xva_object *x)
{
    const struct xva_object *vm = refmap_find(&s->described, xva_text(x, "VM"));

    if (import_again(s, x))
        return 0;
    if (!vm || !import_has(s, x, "VM"))
        return request_fail(s->r, "IMPORT_ERROR_FAILED_TO_FIND_OBJECT",
                            xva_text(x, "VM"), NULL);
    if (check_attached(s, x, vm))
        return API_FAILED;
    if (strcmp(xva_text(x, "type"), "Disk") == 0 && !import_has(s, x, "VDI"))
        return 0; /* a medium that was used as a disk, and is not here */
    return s->options.dry_run ? import_pretend(s, x) : plug(s, x);
}
