/* Groups of machines: appliances, snapshot schedules, observers, callers. */
#include <stdlib.h>
#include <string.h>

#include "generic.h"
#include "handlers.h"
#include "request.h"

enum {
    SNAPSHOTS_RETAINED_MAX = 10,
};

static int with_machines(struct request *r)
{
    if (db_get(r->self, "VMs")->nr == 0)
        return request_fail(r, "OPERATION_NOT_ALLOWED",
                            "Appliance has no VMs.", NULL);
    return request_fail(r, "NOT_IMPLEMENTED", r->message->name, NULL);
}

int appliance_start(struct request *r)
{
    return with_machines(r);
}

int appliance_clean_shutdown(struct request *r)
{
    if (db_get(r->self, "VMs")->nr == 0)
        return request_fail(r, "OPERATION_NOT_ALLOWED",
                            "There are no running VMs in this appliance.",
                            NULL);
    return with_machines(r);
}

int vmss_set_retained_snapshots(struct request *r)
{
    int64_t nr = arg_int(r, 1);

    if (nr < 1 || nr > SNAPSHOTS_RETAINED_MAX)
        return request_fail(r, "INVALID_VALUE", "retained_snapshots",
                            arena_printf(r->arena, "%lld", (long long)nr),
                            NULL);
    db_set_int(r->db, r->self, "retained_snapshots", nr);
    return reply_void(r);
}

static bool in_range(const char *text, int max)
{
    int n = 0;

    if (!*text || strlen(text) > 2 || strspn(text, "0123456789") != strlen(text))
        return false;
    for (; *text; text++)
        n = n * 10 + (*text - '0');
    return n <= max;
}

static bool schedule_valid(const char *key, const char *value)
{
    if (strcmp(key, "hour") == 0)
        return in_range(value, 23);
    if (strcmp(key, "min") == 0)
        return in_range(value, 45) && atoi(value) % 15 == 0;
    return strcmp(key, "days") == 0;
}

/* Keys that are not given keep what they were. */
int vmss_set_schedule(struct request *r)
{
    const struct value *map = &r->args[1];

    for (uint32_t i = 0; i < map->nr; i++) {
        const char *key = map->members[i].key, *v = map->members[i].value.s;

        if (schedule_valid(key, v))
            continue;
        return request_fail(
            r, "INVALID_VALUE",
            *key ? arena_printf(r->arena, "schedule:%s", key) : "schedule", v,
            NULL);
    }
    for (uint32_t i = 0; i < map->nr; i++)
        db_map_put(r->db, r->self, "schedule", map->members[i].key,
                   map->members[i].value.s);
    return reply_void(r);
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
            return request_fail(r, "INVALID_VALUE", "endpoint",
                                set->items[i].s, NULL);
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

int any_zero(struct request *r)
{
    return reply(r, value_int(0));
}
