/* What the parts of networking share: walks over objects, hardware, alerts. */
#include "net.h"

#include <string.h>

#include "message.h"

struct objects objects_of(struct request *r, const struct object *o,
                          const char *field)
{
    const struct value *set = db_get(o, field);
    struct objects list = {0};

    list.at = arena_alloc(r->arena, sizeof(struct object *) * (set->nr + 1));
    for (uint32_t i = 0; i < set->nr; i++) {
        struct object *item = db_find_any(r->db, set->items[i].s);

        if (item)
            list.at[list.nr++] = item;
    }
    return list;
}

struct objects objects_all(struct request *r, const char *class_name)
{
    uint32_t max = db_count(r->db, class_find(class_name));
    struct objects list = {0};

    list.at = arena_alloc(r->arena, sizeof(struct object *) * (max + 1));
    for (struct object *o = db_first(r->db, class_name); o; o = o->next)
        list.at[list.nr++] = o;
    return list;
}

struct object *first_of(const struct request *r, const struct object *o,
                        const char *field)
{
    const struct value *set = db_get(o, field);

    return set->nr ? db_find_any(r->db, set->items[0].s) : NULL;
}

int nics_read(struct request *r, const struct object *host, struct nic *nics)
{
    const struct network_driver *d = r->ts->network;
    int nr = d ? d->nics(d->ctx, db_text(host, "uuid"), nics, NICS_MAX) : 0;

    return nr > 0 ? nr : 0;
}

const struct nic *nic_find(const struct nic *nics, int nr, const char *device)
{
    for (int i = 0; i < nr; i++)
        if (strcmp(nics[i].device, device) == 0)
            return &nics[i];
    return NULL;
}

struct object *alert(struct request *r, const char *name, int priority,
                     const char *cls, const struct object *about,
                     const char *body)
{
    return message_make(r, name, priority, cls, db_text(about, "uuid"), body);
}
