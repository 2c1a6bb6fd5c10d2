/*
 * A host joins a pool: asks the other master, checks, and takes along what it
 * has. Its default templates and the networks of its NICs are there already.
 */
#include "join.h"

#include <string.h>

#include "dispatch.h"
#include "handlers.h"
#include "host.h"
#include "levelling.h"
#include "liveness.h"
#include "moving.h"
#include "net.h"
#include "pool.h"
#include "timer.h"

enum {
    LEAVE_MS = 200, /* the answer is out by then */
};

int join_ask(struct join *j, const char *method, const struct value *params,
             size_t nr, struct value *out)
{
    struct request *r = j->r;
    struct value *all = arena_alloc(r->arena, sizeof(*all) * (nr + 1));
    struct value list = value_set(all, nr + (j->session != NULL));
    struct answer answer = {0};
    size_t first = 0;

    if (j->session)
        all[first++] = value_string(j->session);
    for (size_t i = 0; i < nr; i++)
        all[first + i] = params[i];
    if (!r->ts->peers.call ||
        r->ts->peers.call(r->ts->peers.ctx, db_text(j->host, "uuid"),
                          j->address, r->arena, method, &list, &answer) ||
        answer.waiting)
        return request_fail(r, "JOINING_HOST_CONNECTION_FAILED", NULL);
    if (!answer.ok) {
        r->error = answer.value;
        return API_FAILED;
    }
    *out = answer.value;
    return 0;
}

static int meet(struct join *j)
{
    struct value login[] = {j->r->args[1], j->r->args[2]}, pools, ref;
    const struct value *master;

    if (join_ask(j, "session.login_with_password", login, 2, &ref))
        return API_FAILED;
    j->session = ref.s;
    if (join_ask(j, "pool.get_all_records", NULL, 0, &pools))
        return API_FAILED;
    j->their_pool = pools.members[0].value;
    master = value_find(&j->their_pool, "master");
    j->their_master_ref = master->s;
    return join_ask(j, "host.get_record", master, 1, &j->their_master);
}

/* Runs at the old pool when the client has its answer. */
static void leave(struct toolstack *ts, void *arg)
{
    (void)arg;
    if (ts->peers.move)
        (void)ts->peers.move(ts->peers.ctx, ts->leaving, ts->joined);
    moving_clear(ts);
}

/* The pool's shared storage is attached to the newcomer. */
static void attach_shared(struct request *r, struct object *host)
{
    for (struct object *sr = db_first(r->db, "SR"); sr; sr = sr->next) {
        const struct value *pbds = db_get(sr, "PBDs");
        struct object *pbd, *model;

        if (!db_bool(sr, "shared") || !pbds->nr)
            continue;
        model = db_find_any(r->db, pbds->items[0].s);
        pbd = db_create(r->db, "PBD");
        db_set(r->db, pbd, "device_config", *db_get(model, "device_config"));
        db_set_text(r->db, pbd, "host", host->ref);
        db_set_text(r->db, pbd, "SR", sr->ref);
        db_set_bool(r->db, pbd, "currently_attached", true);
    }
}

static int enter(struct join *j)
{
    struct toolstack *to = r_find_pool(j->r, j->host, j->address);
    struct request there = *j->r;

    if (!to)
        return request_fail(j->r, "JOINING_HOST_CONNECTION_FAILED", NULL);
    there.ts = to;
    there.db = &to->db;
    moving_join(j->r, j->host, to);
    attach_shared(&there, db_find(&to->db, "host", j->host->ref));
    if (networks_adopt(&there, db_find(&to->db, "host", j->host->ref)))
        return API_FAILED;
    levelling_pool(&there);
    host_local_put(to, j->host, LOCAL_MASTER, j->address);
    memcpy(j->r->ts->leaving, db_text(j->host, "uuid"), UUID_BYTES);
    j->r->ts->joined = to;
    (void)timer_after(j->r->ts, LEAVE_MS, leave, NULL); /* not cancelled */
    return 0;
}

static int join(struct request *r, bool force)
{
    struct join j = {.r = r,
                     .pool = toolstack_pool(r->ts),
                     .host = toolstack_master(r->ts),
                     .address = arg_text(r, 0)};

    if (r->ts->joined)
        return request_fail(r, "OTHER_OPERATION_IN_PROGRESS", "pool",
                            j.pool->ref, "join", "", NULL);
    if (meet(&j) || join_check(&j, force) || enter(&j))
        return API_FAILED;
    return reply_void(r);
}

int pool_join(struct request *r)
{
    return join(r, false);
}

int pool_join_force(struct request *r)
{
    return join(r, true);
}
