/* What the keys of hosts that are not like the others make. */
#include <errno.h>
#include <string.h>

#include "pool_keys.h"

static int make_bool(const struct making *m, const struct value *v, bool *b)
{
    if (v->kind != VALUE_BOOL)
        return making_fail(m, "true or false is wanted");
    *b = v->b;
    return 0;
}

/* false: a processor without the means to run machines with firmware. */
int host_hvm(struct making *m, const struct value *v)
{
    const struct value *all = db_get(m->self, "capabilities");
    struct value *kept = arena_alloc(m->arena, sizeof(*kept) * (all->nr + 1));
    size_t nr = 0;
    bool able = false;

    if (make_bool(m, v, &able))
        return -EINVAL;
    for (uint32_t i = 0; i < all->nr; i++)
        if (able || strncmp(all->items[i].s, "hvm", 3) != 0)
            kept[nr++] = value_string(arena_strdup(m->arena, all->items[i].s));
    db_set(m->db, m->self, "capabilities", value_set(kept, nr));
    return 0;
}

int host_iommu(struct making *m, const struct value *v)
{
    bool able = false;

    if (make_bool(m, v, &able))
        return -EINVAL;
    db_map_put(m->db, m->self, "chipset_info", "iommu",
               able ? "true" : "false");
    return 0;
}

/* "openvswitch" or "bridge": what its bridges are made with. */
int host_backend(struct making *m, const struct value *v)
{
    const char *text = making_text(m, v);

    if (!text)
        return -EINVAL;
    if (strcmp(text, "openvswitch") != 0 && strcmp(text, "bridge") != 0)
        return making_fail(m, "bridges are of openvswitch or bridge");
    db_map_put(m->db, m->self, "software_version", "network_backend", text);
    return 0;
}

/* Of the toolstack: a host that is behind the others, or ahead of them. */
int host_version(struct making *m, const struct value *v)
{
    const char *text = making_text(m, v);

    if (!text)
        return -EINVAL;
    db_map_put(m->db, m->self, "software_version", "xapi", text);
    return 0;
}
