/* "ova.xml": one XML-RPC value. */
#include "xva_header.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "xmlrpc.h"

int64_t xva_int(const struct value *map, const char *field)
{
    const struct value *v = value_find(map, field);

    if (v && v->kind == VALUE_INT)
        return v->i;
    return v && v->kind == VALUE_STRING ? strtoll(v->s, NULL, 10) : 0;
}

static int decode_object(const struct value *in, struct xva_object *o)
{
    const struct value *snapshot;

    if (in->kind != VALUE_MAP)
        return -EINVAL;
    o->class_name = value_text(in, "class", NULL);
    o->id = value_text(in, "id", NULL);
    snapshot = value_find(in, "snapshot");
    if (!o->class_name || !o->id || !snapshot || snapshot->kind != VALUE_MAP)
        return -EINVAL;
    o->snapshot = *snapshot;
    return 0;
}

static void decode_version(const struct value *in, struct xva_version *v)
{
    *v = (struct xva_version){
        .hostname = value_text(in, "hostname", ""),
        .date = value_text(in, "date", ""),
        .product_version = value_text(in, "product_version", ""),
        .product_brand = value_text(in, "product_brand", ""),
        .build_number = value_text(in, "build_number", ""),
        .major = xva_int(in, "xapi_major"),
        .minor = xva_int(in, "xapi_minor"),
        .export_version = xva_int(in, "export_vsn"),
    };
}

int xva_header_decode(struct arena *a, const char *xml, size_t len,
                      struct xva_header *h)
{
    const struct value *version, *objects;
    struct value root;

    if (xmlrpc_decode_value(a, xml, len, &root) || root.kind != VALUE_MAP)
        return -EINVAL;
    version = value_find(&root, "version");
    objects = value_find(&root, "objects");
    if (!version || version->kind != VALUE_MAP || !objects ||
        objects->kind != VALUE_SET)
        return -EINVAL;
    decode_version(version, &h->version);
    h->objects = arena_alloc(a, sizeof(*h->objects) * (objects->nr + 1));
    h->objects_nr = objects->nr;
    for (uint32_t i = 0; i < objects->nr; i++)
        if (decode_object(&objects->items[i], &h->objects[i]))
            return -EINVAL;
    return 0;
}

void xva_header_encode(struct arena *a, struct buf *out,
                       const struct xva_header *h)
{
    const struct xva_version *v = &h->version;
    const struct member version[] = {
        {"hostname", value_string(v->hostname)},
        {"date", value_string(v->date)},
        {"product_version", value_string(v->product_version)},
        {"product_brand", value_string(v->product_brand)},
        {"build_number", value_string(v->build_number)},
        {"xapi_major", value_int(v->major)},
        {"xapi_minor", value_int(v->minor)},
        {"export_vsn", value_int(v->export_version)},
    };
    struct value *objects =
        arena_alloc(a, sizeof(*objects) * (h->objects_nr + 1));
    struct member root[2] = {
        {"version", value_map(version, sizeof(version) / sizeof(version[0]))}};

    for (uint32_t i = 0; i < h->objects_nr; i++) {
        struct member *m = arena_alloc(a, sizeof(*m) * 3);

        m[0] = (struct member){"class", value_string(h->objects[i].class_name)};
        m[1] = (struct member){"id", value_string(h->objects[i].id)};
        m[2] = (struct member){"snapshot", h->objects[i].snapshot};
        objects[i] = value_map(m, 3);
    }
    root[1] = (struct member){"objects", value_set(objects, h->objects_nr)};
    objects = arena_alloc(a, sizeof(*objects));
    *objects = value_map(root, 2);
    xmlrpc_value(out, objects);
}

const struct xva_object *xva_object_find(const struct xva_header *h,
                                         const char *id)
{
    for (uint32_t i = 0; i < h->objects_nr; i++)
        if (strcmp(h->objects[i].id, id) == 0)
            return &h->objects[i];
    return NULL;
}

const char *xva_text(const struct xva_object *o, const char *field)
{
    return value_text(&o->snapshot, field, "");
}
