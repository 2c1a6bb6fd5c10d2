/* Hosts and the pool. */
#include <string.h>

#include "handlers.h"
#include "host_memory.h"
#include "request.h"
#include "vm.h"

int host_compute_free_memory(struct request *r)
{
    return reply(r, value_int(host_memory_available(r->ts, r->self)));
}

int host_compute_memory_overhead(struct request *r)
{
    return reply(r, value_int(db_int(r->self, "memory_overhead")));
}

int host_get_management_interface(struct request *r)
{
    const struct value *pifs = db_get(r->self, "PIFs");

    for (uint32_t i = 0; i < pifs->nr; i++) {
        struct object *pif = db_find_any(r->db, pifs->items[i].s);

        if (db_bool(pif, "management"))
            return reply_ref(r, pif);
    }
    return reply_text(r, REF_NULL);
}

/*
 * For questions whose answer is nothing at all on a quiet pool: no set, no map,
 * no text, zero, false, by the type of the result.
 */
int any_empty(struct request *r)
{
    const struct type *type = &r->message->result;

    if (type->shape == SHAPE_SET)
        return reply(r, value_set(NULL, 0));
    if (type->shape != SHAPE_ONE)
        return reply(r, value_map(NULL, 0));
    if (type->elem.kind == BASE_BOOL)
        return reply(r, value_bool(false));
    if (type->elem.kind == BASE_INT)
        return reply(r, value_int(0));
    if (type->elem.kind == BASE_FLOAT)
        return reply(r, value_float(0));
    return reply_text(r, "");
}

int host_list_methods(struct request *r)
{
    struct value *names =
        arena_alloc(r->arena, sizeof(*names) * (size_t)message_count());

    for (int i = 0; i < message_count(); i++)
        names[i] = value_string(message_at(i)->name);
    return reply(r, value_set(names, (size_t)message_count()));
}

int host_set_power_on_mode(struct request *r)
{
    db_set_text(r->db, r->self, "power_on_mode", arg_text(r, 1));
    db_set(r->db, r->self, "power_on_config", r->args[2]);
    return reply_void(r);
}

/* Settings of transports that no longer exist: accepted, without effect. */
int any_obsolete(struct request *r)
{
    return reply_void(r);
}

int sr_get_live_hosts(struct request *r)
{
    const char *host = toolstack_master(r->ts)->ref;
    const struct object *sr = db_find(r->db, "SR", arg_text(r, 0));

    return reply(
        r, value_strings(r->arena, &host, sr && db_get(sr, "PBDs")->nr > 0));
}
