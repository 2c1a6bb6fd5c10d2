/* Observers: who traces what the parts of the toolstack do, on which hosts. */
#include <string.h>

#include "agent.h"
#include "generic.h"
#include "handlers.h"
#include "net.h"

static const char *const components[] = {"xapi", "xenopsd", "xapi-clusterd",
                                         "smapi"};

static int invalid(struct request *r, const char *field, const char *value)
{
    return request_fail(r, "INVALID_VALUE", field, value, NULL);
}

static int check_attributes(struct request *r, const struct value *map)
{
    for (uint32_t i = 0; i < map->nr; i++)
        if (!strchr(map->members[i].key, '.'))
            return invalid(r, "attributes",
                           arena_printf(r->arena, "%s:%s", map->members[i].key,
                                        map->members[i].value.s));
    return 0;
}

static int check_endpoints(struct request *r, const struct value *set)
{
    for (uint32_t i = 0; i < set->nr; i++)
        if (strncmp(set->items[i].s, "http", 4) != 0 &&
            strcmp(set->items[i].s, "bugtool") != 0)
            return invalid(r, "endpoint", set->items[i].s);
    return 0;
}

static int check_components(struct request *r, const struct value *set)
{
    for (uint32_t i = 0; i < set->nr; i++) {
        bool known = false;

        for (size_t k = 0; k < sizeof(components) / sizeof(char *); k++)
            known = known || strcmp(components[k], set->items[i].s) == 0;
        if (!known)
            return invalid(r, "component", set->items[i].s);
    }
    return 0;
}

static bool watches(const struct object *o, const struct object *host)
{
    const struct value *hosts = db_get(o, "hosts");

    return !hosts->nr || value_has(hosts, host->ref);
}

static const char *path_of(struct request *r, const struct object *o)
{
    return arena_printf(r->arena, "observers/%s", db_text(o, "uuid"));
}

/* What the host's parts read of the observer. */
static int tell(struct request *r, const struct object *o,
                const struct object *host)
{
    const struct value *ends = db_get(o, "endpoints");
    const char *text = db_bool(o, "enabled") ? "enabled" : "disabled";

    for (uint32_t i = 0; i < ends->nr; i++)
        text = arena_printf(r->arena, "%s %s", text, ends->items[i].s);
    return agent_write(r, host, path_of(r, o), text);
}

static int tell_all(struct request *r, const struct object *o)
{
    if (!r->ts->agent)
        return 0;
    for (struct object *h = db_first(r->db, "host"); h; h = h->next)
        if (!watches(o, h))
            (void)agent_delete(r, h, path_of(r, o)); /* or it never knew */
        else if (tell(r, o, h))
            return API_FAILED;
    return 0;
}

static int finish(struct request *r)
{
    return tell_all(r, r->self) ? API_FAILED : reply_void(r);
}

int observer_create(struct request *r)
{
    const struct value *args = &r->args[0];
    struct object *o;

    if (check_attributes(r, value_find(args, "attributes")) ||
        check_endpoints(r, value_find(args, "endpoints")) ||
        check_components(r, value_find(args, "components")))
        return API_FAILED;
    o = generic_create(r, args);
    return tell_all(r, o) ? API_FAILED : reply_ref(r, o);
}

int observer_destroy(struct request *r)
{
    for (struct object *h = db_first(r->db, "host"); h; h = h->next)
        (void)agent_delete(r, h, path_of(r, r->self)); /* or it never knew */
    db_destroy(r->db, r->self);
    return reply_void(r);
}

int observer_set_attributes(struct request *r)
{
    if (check_attributes(r, &r->args[1]))
        return API_FAILED;
    db_set(r->db, r->self, "attributes", r->args[1]);
    return finish(r);
}

int observer_set_endpoints(struct request *r)
{
    if (check_endpoints(r, &r->args[1]))
        return API_FAILED;
    db_set(r->db, r->self, "endpoints", r->args[1]);
    return finish(r);
}

int observer_set_components(struct request *r)
{
    if (check_components(r, &r->args[1]))
        return API_FAILED;
    db_set(r->db, r->self, "components", r->args[1]);
    return finish(r);
}

int observer_set_enabled(struct request *r)
{
    db_set(r->db, r->self, "enabled", r->args[1]);
    return finish(r);
}

int observer_set_hosts(struct request *r)
{
    const struct value *set = &r->args[1];

    for (uint32_t i = 0; i < set->nr; i++)
        if (!db_find(r->db, "host", set->items[i].s))
            return request_bad_handle(r, "host", set->items[i].s);
    db_set(r->db, r->self, "hosts", *set);
    return finish(r);
}

int observer_register(struct request *r)
{
    struct object *host = db_find(r->db, "host", arg_text(r, 1));

    return tell(r, r->self, host) ? API_FAILED : reply_void(r);
}

int observer_unregister(struct request *r)
{
    struct object *host = db_find(r->db, "host", arg_text(r, 1));

    (void)agent_delete(r, host, path_of(r, r->self)); /* or it never knew */
    return reply_void(r);
}
