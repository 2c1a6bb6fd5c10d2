/*
 * The liveset: which hosts may go on, and which must stop.
 *
 * A host may go on when it reaches the heartbeat volume and is in the best
 * partition (the largest, then the one with the lowest uuid); or when nobody
 * reaches the volume and all hear each other. One that may not for T is reset
 * by its watchdog. Survivors take it for dead after T and a margin, so that
 * nothing of it runs when they start its machines: at most one master, and at
 * most one instance of a machine.
 */
#include <stdlib.h>
#include <string.h>

#include "ha_state.h"
#include "host.h"
#include "liveness.h"
#include "placement.h"
#include "pool.h"

struct ha *ha_state(struct toolstack *ts)
{
    if (!ts->ha) {
        ts->ha = must_alloc(sizeof(*ts->ha));
        *ts->ha = (struct ha){0};
    }
    return ts->ha;
}

void ha_forget(struct toolstack *ts)
{
    struct ha *ha = ha_state(ts);

    free(ha->members);
    free(ha->restarts);
    *ha = (struct ha){0};
}

void ha_fini(struct toolstack *ts)
{
    if (ts->ha)
        ha_forget(ts);
    free(ts->ha);
}

bool ha_quiet(const struct toolstack *ts)
{
    const struct ha *ha = ts->ha;

    for (size_t i = 0; ha && i < ha->members_nr; i++)
        if (!ha->members[i].fine && !ha->members[i].dead)
            return false;
    return !ha || !ha->restarts_nr;
}

int64_t ha_timeout_ms(struct request *r)
{
    const char *text = value_text(
        db_get(toolstack_pool(r->ts), "ha_configuration"), "timeout", NULL);
    long long seconds = text ? atoll(text) : 0;

    return seconds > 0 && seconds < INT32_MAX ? seconds * 1000 : HA_TIMEOUT_MS;
}

bool ha_sees_statefile(struct request *r, const struct object *host)
{
    const struct value *files = db_get(toolstack_pool(r->ts), "ha_statefiles");
    const struct host_driver *d = &r->ts->hosts;

    for (uint32_t i = 0; i < files->nr; i++) {
        const struct object *vdi = db_find(r->db, "VDI", files->items[i].s);
        const struct object *sr = vdi ? db_ref(r->db, vdi, "SR") : NULL;

        if (sr && (!d->reaches || d->reaches(d->ctx, db_text(host, "uuid"),
                                             db_text(sr, "uuid"))))
            return true;
    }
    return false;
}

static struct object *host_of(struct request *r, const struct ha_member *m)
{
    return db_find(r->db, "host", m->host);
}

/* Armed hosts are members; who is gone from the pool is none. */
static void collect(struct request *r, int64_t now)
{
    struct ha *ha = ha_state(r->ts);
    size_t nr = 0;

    for (size_t i = 0; i < ha->members_nr; i++)
        if (host_of(r, &ha->members[i]) &&
            ha_armed(r, host_of(r, &ha->members[i])))
            ha->members[nr++] = ha->members[i];
    ha->members_nr = nr;
    for (struct object *h = db_first(r->db, "host"); h; h = h->next) {
        bool known = false;

        for (size_t i = 0; i < ha->members_nr; i++)
            known |= strcmp(ha->members[i].host, h->ref) == 0;
        if (known || !ha_armed(r, h))
            continue;
        ha->members = must_realloc(ha->members,
                                   sizeof(*ha->members) * (ha->members_nr + 1));
        ha->members[ha->members_nr] = (struct ha_member){.fine_ms = now};
        memcpy(ha->members[ha->members_nr++].host, h->ref, REF_BYTES);
    }
}

static bool hear_each_other(struct request *r, const struct object *a,
                            const struct object *b)
{
    const struct host_driver *d = &r->ts->hosts;

    return !d->hears ||
           (d->hears(d->ctx, db_text(a, "uuid"), db_text(b, "uuid")) &&
            d->hears(d->ctx, db_text(b, "uuid"), db_text(a, "uuid")));
}

/* Joins the groups of two members that hear each other. */
static void join_groups(struct ha *ha, size_t a, size_t b)
{
    size_t low = a < b ? a : b, high = a < b ? b : a;

    for (size_t i = 0; low != high && i < ha->members_nr; i++)
        if (ha->members[i].group == high)
            ha->members[i].group = low;
}

static void look_around(struct request *r)
{
    struct ha *ha = ha_state(r->ts);
    const struct host_driver *d = &r->ts->hosts;

    for (size_t i = 0; i < ha->members_nr; i++) {
        struct ha_member *m = &ha->members[i];
        const struct object *h = host_of(r, m);

        m->group = i;
        m->running = !d->running || d->running(d->ctx, db_text(h, "uuid"));
        m->storage = m->running && ha_sees_statefile(r, h);
    }
    for (size_t i = 0; i < ha->members_nr; i++)
        for (size_t k = 0; k < i; k++)
            if (ha->members[i].running && ha->members[k].running &&
                hear_each_other(r, host_of(r, &ha->members[i]),
                                host_of(r, &ha->members[k])))
                join_groups(ha, ha->members[i].group, ha->members[k].group);
}

static size_t size_of(const struct ha *ha, size_t group)
{
    size_t nr = 0;

    for (size_t i = 0; i < ha->members_nr; i++)
        nr += ha->members[i].running && ha->members[i].storage &&
              ha->members[i].group == group;
    return nr;
}

static const char *lowest_uuid(struct request *r, size_t group)
{
    const struct ha *ha = ha_state(r->ts);
    const char *lowest = "~";

    for (size_t i = 0; i < ha->members_nr; i++) {
        const char *uuid = db_text(host_of(r, &ha->members[i]), "uuid");

        if (ha->members[i].running && ha->members[i].group == group &&
            strcmp(uuid, lowest) < 0)
            lowest = uuid;
    }
    return lowest;
}

/* The best partition of those that reach the volume; SIZE_MAX: nobody does. */
static size_t best_group(struct request *r)
{
    const struct ha *ha = ha_state(r->ts);
    size_t best = SIZE_MAX, most = 0;

    for (size_t i = 0; i < ha->members_nr; i++) {
        size_t size = size_of(ha, i);

        if (size > most ||
            (size && size == most &&
             strcmp(lowest_uuid(r, i), lowest_uuid(r, best)) < 0)) {
            best = i;
            most = size;
        }
    }
    return best;
}

static bool all_hear_each_other(const struct ha *ha)
{
    for (size_t i = 1; i < ha->members_nr; i++)
        if (ha->members[i].group != ha->members[0].group)
            return false;
    return true;
}

static void judge(struct request *r, int64_t now)
{
    struct ha *ha = ha_state(r->ts);
    size_t best = best_group(r);
    bool lost = best == SIZE_MAX && ha->members_nr > 0;

    for (size_t i = 0; i < ha->members_nr; i++) {
        struct ha_member *m = &ha->members[i];

        m->fine = m->running && (lost ? all_hear_each_other(ha)
                                      : m->storage && m->group == best);
        if (m->fine) {
            m->fine_ms = now;
            m->dead = false;
        }
    }
    if (lost && !ha->statefile_lost)
        host_alert(r, toolstack_pool(r->ts), "HA_STATEFILE_LOST", 2,
                   "All live servers have lost access to the HA statefile");
    ha->statefile_lost = lost;
}

/* What the hosts see of each other, in their records. */
static void publish(struct request *r)
{
    const struct ha *ha = ha_state(r->ts);
    const struct value none = value_set(NULL, 0);

    for (size_t i = 0; i < ha->members_nr; i++) {
        const struct ha_member *m = &ha->members[i];
        const char **peers =
            arena_alloc(r->arena, sizeof(*peers) * ha->members_nr);
        size_t nr = 0;

        for (size_t k = 0; m->running && k < ha->members_nr; k++)
            if (ha->members[k].running && ha->members[k].group == m->group)
                peers[nr++] = ha->members[k].host;
        db_set(r->db, host_of(r, m), "ha_network_peers",
               value_strings(r->arena, peers, nr));
        db_set(r->db, host_of(r, m), "ha_statefiles",
               m->storage ? *db_get(toolstack_pool(r->ts), "ha_statefiles")
                          : none);
    }
}

static void fence(struct request *r, const struct ha_member *m)
{
    const struct host_driver *d = &r->ts->hosts;

    if (d->fence) /* or it is off already */
        (void)d->fence(d->ctx, db_text(host_of(r, m), "uuid"));
    host_alert(r, host_of(r, m), "HA_HOST_WAS_FENCED", 4,
               arena_printf(r->arena, "Host '%s' has been fenced",
                            db_text(host_of(r, m), "name_label")));
}

/* Wanted machines of the host start elsewhere. */
static void bury(struct request *r, struct ha_member *m)
{
    struct object *host = host_of(r, m);
    const char *label = db_text(host, "name_label");

    m->dead = true;
    host_lose_machines(r, host);
    liveness_lost(r, host);
    host_alert(r, host, "HA_HOST_FAILED", 3,
               arena_printf(r->arena, "Host '%s' has failed", label));
    ha_replan(r);
}

static struct ha_member *member_of(struct request *r, const struct object *host)
{
    struct ha *ha = ha_state(r->ts);

    for (size_t i = 0; i < ha->members_nr; i++)
        if (strcmp(ha->members[i].host, host->ref) == 0)
            return &ha->members[i];
    return NULL;
}

/* The survivors agree: the lowest uuid leads. */
static void elect(struct request *r)
{
    struct ha *ha = ha_state(r->ts);
    struct object *best = NULL;

    for (size_t i = 0; i < ha->members_nr; i++) {
        struct object *h = host_of(r, &ha->members[i]);

        if (ha->members[i].fine &&
            (!best || strcmp(db_text(h, "uuid"), db_text(best, "uuid")) < 0))
            best = h;
    }
    if (!best)
        return;
    for (size_t i = 0; i < ha->members_nr; i++)
        if (ha->members[i].fine)
            host_local_put(r->ts, host_of(r, &ha->members[i]), LOCAL_MASTER,
                           db_text(best, "address"));
    pool_set_master(r, best);
}

static void act(struct request *r, int64_t now)
{
    struct ha *ha = ha_state(r->ts);
    int64_t timeout = ha_timeout_ms(r), margin = timeout / 4 + HEARTBEAT_MS;
    const struct ha_member *master;

    for (size_t i = 0; i < ha->members_nr; i++) {
        const struct ha_member *m = &ha->members[i];

        if (!m->fine && m->running && now - m->fine_ms >= timeout)
            fence(r, m);
    }
    master = member_of(r, toolstack_master(r->ts));
    if (master && !master->fine && now - master->fine_ms >= timeout + margin)
        elect(r);
    master = member_of(r, toolstack_master(r->ts));
    if (!master || !master->fine)
        return; /* nobody decides */
    for (size_t i = 0; i < ha->members_nr; i++) {
        struct ha_member *m = &ha->members[i];

        if (!m->fine && !m->dead && now - m->fine_ms >= timeout + margin)
            bury(r, m);
    }
}

void ha_step(struct request *r, int64_t now_ms)
{
    if (!ha_enabled(r))
        return;
    collect(r, now_ms);
    look_around(r);
    judge(r, now_ms);
    publish(r);
    act(r, now_ms);
    if (host_answers(r, toolstack_master(r->ts)))
        ha_restart_machines(r, now_ms);
}
