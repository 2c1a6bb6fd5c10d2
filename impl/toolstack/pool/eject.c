/* A host leaves its pool, and starts anew as a pool of its own. */
#include <string.h>

#include "ha.h"
#include "handlers.h"
#include "host.h"
#include "liveness.h"
#include "moving.h"
#include "placement.h"
#include "pool.h"

void pool_forget_host(struct request *r, struct object *host)
{
    moving_forget(r, host);
    pool_refresh_cpu_info(r);
}

static int check_empty(struct request *r, const struct object *host)
{
    struct value vms = host_machines(r, host);

    if (!vms.nr)
        return 0;
    return request_fail(r, "OPERATION_NOT_ALLOWED", "VM resident on host",
                        NULL);
}

int pool_eject(struct request *r)
{
    const struct peer_driver *d = &r->ts->peers;
    struct object *host = arg_object(r, 0, "host");

    if (!host)
        return API_FAILED;
    if (ha_enabled(r))
        return request_fail(r, "HA_IS_ENABLED", NULL);
    if (host == toolstack_master(r->ts))
        return request_fail(r, "OPERATION_NOT_ALLOWED",
                            "The pool's master cannot be ejected", NULL);
    if (!host_live(r, host) || !host_answers(r, host))
        return request_fail(r, "HOST_OFFLINE", host->ref, NULL);
    if (check_empty(r, host))
        return API_FAILED;
    if (!d->move || d->move(d->ctx, db_text(host, "uuid"), NULL))
        return request_internal(r, "the host cannot start anew");
    pool_forget_host(r, host);
    return reply_void(r);
}

static int64_t number(const struct object *host, const char *key)
{
    const char *text = value_text(db_get(host, "cpu_info"), key, "0");
    int64_t n = 0;

    while (*text >= '0' && *text <= '9' && n < INT32_MAX)
        n = n * 10 + (*text++ - '0');
    return n;
}

/* CPUs of all hosts together; what they have in common is for others to say. */
void pool_refresh_cpu_info(struct request *r)
{
    struct object *pool = toolstack_pool(r->ts);
    int64_t cpus = 0, sockets = 0;

    for (struct object *h = db_first(r->db, "host"); h; h = h->next) {
        cpus += number(h, "cpu_count");
        sockets += number(h, "socket_count");
    }
    db_map_put(r->db, pool, "cpu_info", "cpu_count",
               arena_printf(r->arena, "%lld", (long long)cpus));
    db_map_put(r->db, pool, "cpu_info", "socket_count",
               arena_printf(r->arena, "%lld", (long long)sockets));
}
