/* What a request touches, by name: so that faults find it. */
#include "request.h"
#include "sim.h"

enum {
    NAMES_MAX = 16,
};

struct names {
    const char **items;
    int nr;
};

static void add_text(struct names *n, const struct object *o, const char *field)
{
    if (field_index(o->class, field) < 0 || n->nr >= NAMES_MAX ||
        db_get(o, field)->kind != VALUE_STRING || !*db_text(o, field))
        return;
    n->items[n->nr++] = db_text(o, field);
}

static void add_object(struct names *n, const struct object *o)
{
    static const char *const fields[] = {"uuid", "name_label", "hostname",
                                         "device"};

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        add_text(n, o, fields[i]);
}

/* The object, and the host and SR that it is on. */
const char *const *sim_names(const struct request *r)
{
    static const char *const places[] = {"resident_on", "SR", "host"};
    struct names n = {0};

    n.items = arena_alloc(r->arena, sizeof(*n.items) * (NAMES_MAX + 1));
    if (!r->self)
        return n.items;
    add_object(&n, r->self);
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        struct object *place = field_index(r->self->class, places[i]) < 0
                                   ? NULL
                                   : db_ref(r->db, r->self, places[i]);

        if (place)
            add_object(&n, place);
    }
    return n.items;
}
