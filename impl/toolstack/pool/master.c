/* Who leads a pool: handed over, taken over, found again. */
#include <string.h>

#include "ha.h"
#include "handlers.h"
#include "host.h"
#include "liveness.h"
#include "placement.h"
#include "pool.h"

/* What every host believes; silent ones learn it when somebody tells them. */
static void tell(struct request *r, const char *address, bool only_answering)
{
    for (struct object *h = db_first(r->db, "host"); h; h = h->next)
        if (!only_answering || host_answers(r, h))
            host_local_put(r->ts, h, LOCAL_MASTER, address);
}

/* All sessions ended with the agents that kept them. */
static void end_sessions(struct request *r)
{
    for (struct object *o = db_first(r->db, "session"), *next; o; o = next) {
        next = o->next;
        if (o != r->session)
            db_destroy(r->db, o);
    }
}

static void restart_agent(struct request *r, const struct object *host)
{
    const struct host_driver *d = &r->ts->hosts;

    if (d->restart_agent) /* or it is off */
        (void)d->restart_agent(d->ctx, db_text(host, "uuid"));
}

void pool_set_master(struct request *r, struct object *host)
{
    struct object *old = toolstack_master(r->ts);

    db_set_text(r->db, toolstack_pool(r->ts), "master", host->ref);
    end_sessions(r);
    if (old)
        restart_agent(r, old);
    if (host != old)
        restart_agent(r, host);
    liveness_hurry(r->ts);
}

int pool_designate_new_master(struct request *r)
{
    struct object *host = arg_object(r, 0, "host");

    if (!host)
        return API_FAILED;
    if (!host_live(r, host) || !host_answers(r, host))
        return request_fail(r, "HOST_OFFLINE", host->ref, NULL);
    if (host == toolstack_master(r->ts))
        return reply_void(r);
    if (ha_enabled(r))
        return request_fail(r, "HA_IS_ENABLED", NULL);
    for (struct object *h = db_first(r->db, "host"); h; h = h->next)
        if (!host_answers(r, h)) /* each must agree */
            return request_fail(r, "CANNOT_CONTACT_HOST", h->ref, NULL);
    tell(r, db_text(host, "address"), true);
    pool_set_master(r, host);
    return reply_void(r);
}

/* The host that was called leads from now on; the others do not know yet. */
int pool_emergency_transition_to_master(struct request *r)
{
    struct object *host = pool_here(r), *old = toolstack_master(r->ts);

    if (ha_armed(r, host))
        return request_fail(r, "HA_IS_ENABLED", NULL);
    if (host == old)
        return reply_void(r);
    tell(r, db_text(old, "address"), false);
    host_local_put(r->ts, host, LOCAL_MASTER, db_text(host, "address"));
    pool_set_master(r, host);
    return reply_void(r);
}

/* The host that was called follows another one from now on. */
int pool_emergency_reset_master(struct request *r)
{
    struct object *host = pool_here(r);

    if (ha_armed(r, host))
        return request_fail(r, "HA_IS_ENABLED", NULL);
    host_local_put(r->ts, host, LOCAL_MASTER, arg_text(r, 0));
    restart_agent(r, host);
    liveness_hurry(r->ts);
    return reply_void(r);
}

static bool lost(struct request *r, const struct object *host)
{
    const char *follows = host_local_get(r->ts, host, LOCAL_MASTER);

    return follows &&
           strcmp(follows, db_text(toolstack_master(r->ts), "address")) != 0;
}

int pool_recover_slaves(struct request *r)
{
    const char **refs = arena_alloc(
        r->arena, sizeof(*refs) * (db_count(r->db, class_find("host")) + 1));
    const char *address = db_text(toolstack_master(r->ts), "address");
    size_t nr = 0;

    for (struct object *h = db_first(r->db, "host"); h; h = h->next) {
        if (!lost(r, h) || !host_answers(r, h))
            continue;
        host_local_put(r->ts, h, LOCAL_MASTER, address);
        restart_agent(r, h);
        refs[nr++] = h->ref;
    }
    liveness_hurry(r->ts);
    return reply(r, value_strings(r->arena, refs, nr));
}

int pool_is_slave(struct request *r)
{
    return reply(r, value_bool(pool_at_supporter(r)));
}

/* What a supporter says when it starts. */
int pool_hello(struct request *r)
{
    struct object *host = db_find_uuid(r->db, "host", arg_text(r, 0));

    if (!host)
        return reply_text(r, "unknown_host");
    db_set_text(r->db, host, "address", arg_text(r, 1));
    if (!host_answers(r, host))
        return reply_text(r, "cannot_talk_back");
    db_set_bool(r->db, host, "enabled", false);
    if (!ha_enabled(r))
        db_set_bool(r->db, db_ref(r->db, host, "metrics"), "live", true);
    host_refresh(r, host);
    return reply_text(r, "ok");
}

/* Nothing is kept back: every answer leaves after its changes are written. */
int pool_sync_database(struct request *r)
{
    toolstack_commit(r->ts);
    return reply_void(r);
}

/* --- A new master in two steps, each host asked alone ------------------------ */

#define LOCAL_PROPOSED "proposed_master"

static int abort_with(struct request *r, const char *format,
                      const char *address)
{
    return request_fail(r, "HA_ABORT_NEW_MASTER",
                        arena_printf(r->arena, "%s %s", format, address), NULL);
}

int host_propose_new_master(struct request *r)
{
    struct object *host = pool_here(r);
    const char *before = host_local_get(r->ts, host, LOCAL_PROPOSED);

    if (before && *before && strcmp(before, arg_text(r, 0)) != 0)
        return abort_with(r, "Already agreed to propose", before);
    host_local_put(r->ts, host, LOCAL_PROPOSED, arg_text(r, 0));
    return reply_void(r);
}

int host_commit_new_master(struct request *r)
{
    struct object *host = pool_here(r), *named = NULL;
    const char *address = arg_text(r, 0);
    const char *before = host_local_get(r->ts, host, LOCAL_PROPOSED);

    if (!before || strcmp(before, address) != 0)
        return abort_with(r, "No proposal was made for", address);
    host_local_put(r->ts, host, LOCAL_PROPOSED, "");
    host_local_put(r->ts, host, LOCAL_MASTER, address);
    for (struct object *h = db_first(r->db, "host"); h; h = h->next)
        if (strcmp(db_text(h, "address"), address) == 0)
            named = h;
    if (named == host)
        pool_set_master(r, host);
    liveness_hurry(r->ts);
    return reply_void(r);
}

int host_abort_new_master(struct request *r)
{
    struct object *host = pool_here(r);
    const char *before = host_local_get(r->ts, host, LOCAL_PROPOSED);

    if (!before || strcmp(before, arg_text(r, 0)) != 0)
        return abort_with(r, "No proposal was made for", arg_text(r, 0));
    host_local_put(r->ts, host, LOCAL_PROPOSED, "");
    return reply_void(r);
}

/* The sender has a new address for the master. */
int host_update_master(struct request *r)
{
    struct object *host = arg_object(r, 0, "host");

    if (!host)
        return API_FAILED;
    host_local_put(r->ts, host, LOCAL_MASTER, arg_text(r, 1));
    liveness_hurry(r->ts);
    return reply_void(r);
}
