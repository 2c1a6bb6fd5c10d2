/* Hosts come and go: enable, disable, reboot, shutdown, power on, death. */
#include <errno.h>
#include <string.h>

#include "ha.h"
#include "handlers.h"
#include "host.h"
#include "liveness.h"
#include "placement.h"
#include "pool.h"

static int driver_failed(struct request *r, const struct object *host, int rc)
{
    if (rc == -EHOSTUNREACH)
        return request_fail(r, "HOST_OFFLINE", host->ref, NULL);
    return request_internal(
        r, arena_printf(r->arena, "host driver: %s", strerror(-rc)));
}

/* Calls that are carried out on the host itself. */
static int check_online(struct request *r, const struct object *host)
{
    if (host_live(r, host) && host_answers(r, host))
        return 0;
    return request_fail(r, "HOST_OFFLINE", host->ref, NULL);
}

int host_enable(struct request *r)
{
    struct object *host = r->self;

    if (db_bool(host, "enabled"))
        return reply_void(r);
    if (check_online(r, host))
        return API_FAILED;
    if (ha_enabled(r) && !ha_armed(r, host))
        return request_fail(r, "HA_POOL_IS_ENABLED_BUT_HOST_IS_DISABLED", NULL);
    if (host_check(r, host, "enable"))
        return API_FAILED;
    host_local_put(r->ts, host, LOCAL_AUTO_ENABLE, "true");
    db_set_bool(r->db, host, "enabled", true);
    host_refresh(r, host);
    ha_replan(r);
    return reply_void(r);
}

int host_disable(struct request *r)
{
    struct object *host = r->self;

    if (!db_bool(host, "enabled"))
        return reply_void(r);
    if (ha_check_without_host(r, host))
        return API_FAILED;
    if (!arg_bool(r, 1))
        host_local_put(r->ts, host, LOCAL_AUTO_ENABLE, "false");
    db_set_bool(r->db, host, "enabled", false);
    host_refresh(r, host);
    ha_replan(r);
    return reply_void(r);
}

static int check_empty(struct request *r, const struct object *host)
{
    if (!host_machines(r, host).nr)
        return 0;
    return request_fail(r, "HOST_IN_USE", host->ref, "VM",
                        host_machines(r, host).items[0].s, NULL);
}

/* Storage is let go, and nobody waits for a sign of life. */
static void leave_cleanly(struct request *r, struct object *host)
{
    const struct value *pbds = db_get(host, "PBDs");

    for (uint32_t i = 0; i < pbds->nr; i++)
        db_set_bool(r->db, db_find_any(r->db, pbds->items[i].s),
                    "currently_attached", false);
    ha_leave(r, host);
    host_local_put(r->ts, host, LOCAL_CLEAN, "true");
    liveness_lost(r, host);
}

static int go_down(struct request *r, const char *op,
                   int (*function)(void *ctx, const char *host))
{
    struct object *host = r->self;
    int rc;

    if (check_online(r, host) || host_check(r, host, op) ||
        ha_check_without_host(r, host) || check_empty(r, host))
        return API_FAILED;
    if (!function)
        return request_fail(r, "NOT_IMPLEMENTED", r->message->name, NULL);
    leave_cleanly(r, host);
    rc = function(r->ts->hosts.ctx, db_text(host, "uuid"));
    host_refresh(r, host);
    return rc ? driver_failed(r, host, rc) : reply_void(r);
}

int host_shutdown(struct request *r)
{
    return go_down(r, "shutdown", r->ts->hosts.shutdown);
}

int host_reboot(struct request *r)
{
    return go_down(r, "reboot", r->ts->hosts.reboot);
}

/* What its own shutdown script calls before the power goes. */
int host_prepare_for_poweroff(struct request *r)
{
    struct object *host = r->self;

    if (check_online(r, host))
        return API_FAILED;
    host_lose_machines(r, host);
    leave_cleanly(r, host);
    return reply_void(r);
}

int host_power_on(struct request *r)
{
    struct object *host = r->self;
    const struct host_driver *d = &r->ts->hosts;
    int rc;

    if (host_check(r, host, "power_on"))
        return API_FAILED;
    rc = d->power_on ? d->power_on(d->ctx, db_text(host, "uuid"),
                                   db_text(host, "power_on_mode"))
                     : -ENOSYS;
    return rc ? driver_failed(r, host, rc) : reply_void(r);
}

static int check_dead(struct request *r, const struct object *host)
{
    bool alive = host_answers(r, host) && host_live(r, host);

    if (host == toolstack_master(r->ts) || alive)
        return request_fail(r, "HOST_IS_LIVE", host->ref, NULL);
    return 0;
}

/* The caller vouches for it: nothing of the host runs any more. */
int host_declare_dead(struct request *r)
{
    struct object *host = r->self;

    if (host_answers(r, host) || host == toolstack_master(r->ts))
        return request_fail(r, "HOST_IS_LIVE", host->ref, NULL);
    host_lose_machines(r, host);
    liveness_lost(r, host);
    db_set_bool(r->db, host, "enabled", false);
    host_refresh(r, host);
    return reply_void(r);
}

int host_destroy(struct request *r)
{
    if (check_dead(r, r->self))
        return API_FAILED;
    if (ha_enabled(r))
        return request_fail(r, "HA_IS_ENABLED", NULL);
    if (host_machines(r, r->self).nr)
        return request_fail(r, "HOST_HAS_RESIDENT_VMS", r->self->ref, NULL);
    pool_forget_host(r, r->self);
    return reply_void(r);
}

int host_restart_agent(struct request *r)
{
    const struct host_driver *d = &r->ts->hosts;
    struct object *host = arg_object(r, 0, "host");
    int rc;

    if (!host || check_online(r, host))
        return API_FAILED;
    rc = d->restart_agent ? d->restart_agent(d->ctx, db_text(host, "uuid"))
                          : -ENOSYS;
    return rc ? driver_failed(r, host, rc) : reply_void(r);
}

/* The agent of the host that was called stops, until somebody starts it. */
int host_shutdown_agent(struct request *r)
{
    const struct host_driver *d = &r->ts->hosts;
    struct object *host = pool_here(r);
    int rc =
        d->stop_agent ? d->stop_agent(d->ctx, db_text(host, "uuid")) : -ENOSYS;

    return rc ? driver_failed(r, host, rc) : reply_void(r);
}

int host_is_in_emergency_mode(struct request *r)
{
    return reply(r, value_bool(r->at->emergency));
}

int host_local_assert_healthy(struct request *r)
{
    if (r->at->emergency)
        return request_fail(r, "HOST_IN_EMERGENCY_MODE", NULL);
    return reply_void(r);
}
