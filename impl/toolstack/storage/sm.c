/* Kinds of repository, as data and as objects. */
#include "sm.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "handlers.h"

#define DISKS                                                             \
    "VDI_CREATE VDI_DELETE VDI_ATTACH VDI_DETACH VDI_CLONE VDI_SNAPSHOT " \
    "VDI_RESIZE"
#define VHD                                                                 \
    "SR_PROBE SR_UPDATE " DISKS " VDI_UPDATE VDI_RESIZE_ONLINE VDI_MIRROR " \
    "VDI_GENERATE_CONFIG VDI_RESET_ON_BOOT ATOMIC_PAUSE VDI_CONFIG_CBT "    \
    "VDI_ACTIVATE VDI_DEACTIVATE"

static const struct sm_driver drivers[] = {
#define SM_DRIVER(type, name, description, shared, keys, features) \
    {#type, name, description, shared, keys, features},
#include "sm.def"
#undef SM_DRIVER
};

enum {
    DRIVERS_NR = sizeof(drivers) / sizeof(drivers[0]),
    FEATURES_MAX = 32,
};

const struct sm_driver *sm_find(const char *type)
{
    for (size_t i = 0; i < DRIVERS_NR; i++)
        if (strcasecmp(drivers[i].type, type) == 0)
            return &drivers[i];
    return NULL;
}

bool sm_has(const char *type, const char *feature)
{
    const struct sm_driver *d = sm_find(type);
    size_t len = strlen(feature);

    for (const char *at = d ? strstr(d->features, feature) : NULL; at;
         at = strstr(at + 1, feature))
        if ((at == d->features || at[-1] == ' ') &&
            (at[len] == ' ' || !at[len]))
            return true;
    return false;
}

/* The words as a set, and as a map to their version. */
static void set_features(struct request *r, struct object *o,
                         const char *features)
{
    struct value names[FEATURES_MAX];
    struct member versions[FEATURES_MAX];
    size_t nr = 0;

    while (*features && nr < FEATURES_MAX) {
        size_t len = strcspn(features, " ");
        const char *name = arena_strndup(r->arena, features, len);
        bool second = strcmp(name, "VDI_RESET_ON_BOOT") == 0;

        names[nr] = value_string(name);
        versions[nr] = (struct member){name, value_int(second ? 2 : 1)};
        nr++;
        features += len + strspn(features + len, " ");
    }
    db_set(r->db, o, "capabilities", value_set(names, nr));
    db_set(r->db, o, "features", value_map(versions, nr));
}

static struct object *sm_make(struct request *r, const struct sm_driver *d)
{
    static const char *const formats[] = {"vhd", "qcow2"};
    struct object *o = db_create(r->db, "SM");

    db_set_text(r->db, o, "name_label", d->name);
    db_set_text(r->db, o, "name_description", d->description);
    db_set_text(r->db, o, "type", d->type);
    db_set_text(r->db, o, "vendor", "Touchstone");
    db_set_text(r->db, o, "version", "1.0");
    db_set_text(r->db, o, "required_api_version", "1.0");
    if (sm_has(d->type, "VDI_SNAPSHOT"))
        db_set(r->db, o, "supported_image_formats",
               value_strings(r->arena, formats, 2));
    set_features(r, o, d->features);
    return o;
}

struct object *sm_object(struct request *r, const char *type)
{
    const struct sm_driver *d = sm_find(type);

    if (!d)
        return NULL;
    for (struct object *o = db_first(r->db, "SM"); o; o = o->next)
        if (strcmp(db_text(o, "type"), d->type) == 0)
            return o;
    return sm_make(r, d);
}

const char *sm_missing_key(struct request *r, const struct sm_driver *d,
                           const struct value *config)
{
    for (const char *key = d->keys; *key; key += strspn(key, " ")) {
        size_t len = strcspn(key, " ");
        const char *name = arena_strndup(r->arena, key, len);

        if (!*value_text(config, name, ""))
            return name;
        key += len;
    }
    return NULL;
}

int sr_get_supported_types(struct request *r)
{
    struct value *types = arena_alloc(r->arena, sizeof(*types) * DRIVERS_NR);

    for (size_t i = 0; i < DRIVERS_NR; i++)
        types[i] = value_string(drivers[i].type);
    return reply(r, value_set(types, DRIVERS_NR));
}
