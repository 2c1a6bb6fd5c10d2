/* A host leaves its pool, and starts anew as a pool of its own. */
#include <string.h>

#include "ha.h"
#include "handlers.h"
#include "host.h"
#include "levelling.h"
#include "liveness.h"
#include "moving.h"
#include "placement.h"
#include "pool.h"

void pool_forget_host(struct request *r, struct object *host)
{
    moving_forget(r, host);
    levelling_pool(r);
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
