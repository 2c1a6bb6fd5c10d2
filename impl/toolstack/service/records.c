/* Records with checks of their own and no work behind them. */
#include <string.h>

#include "generic.h"
#include "handlers.h"

int rate_limit_create(struct request *r)
{
    static const char *const names[] = {"fill_rate", "burst_size"};

    for (int i = 0; i < 2; i++) {
        double f = value_find(&r->args[0], names[i])->f;

        if (!(f > 0))
            return request_fail(r, "INVALID_VALUE", names[i],
                                arena_printf(r->arena, "%.12g.", f), NULL);
    }
    return reply_ref(r, generic_create(r, &r->args[0]));
}

int observer_set_attributes(struct request *r)
{
    const struct value *map = &r->args[1];

    for (uint32_t i = 0; i < map->nr; i++)
        if (!strchr(map->members[i].key, '.'))
            return request_fail(r, "INVALID_VALUE", "attributes",
                                arena_printf(r->arena, "%s:%s",
                                             map->members[i].key,
                                             map->members[i].value.s),
                                NULL);
    db_set(r->db, r->self, "attributes", *map);
    return reply_void(r);
}

int observer_set_endpoints(struct request *r)
{
    const struct value *set = &r->args[1];

    for (uint32_t i = 0; i < set->nr; i++)
        if (strncmp(set->items[i].s, "http", 4) != 0 &&
            strcmp(set->items[i].s, "bugtool") != 0)
            return request_fail(r, "INVALID_VALUE", "endpoint", set->items[i].s,
                                NULL);
    db_set(r->db, r->self, "endpoints", *set);
    return reply_void(r);
}

int caller_create(struct request *r)
{
    const struct value *args = &r->args[0];

    if (!*value_text(args, "user_agent", "") &&
        !*value_text(args, "client_ip", ""))
        return request_fail(r, "INVALID_VALUE", "user_agent/client_ip",
                            "at least one of user_agent or client_ip must be "
                            "set",
                            NULL);
    return reply_ref(r, generic_create(r, args));
}
