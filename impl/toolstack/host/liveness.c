/* Heartbeats: which hosts live, who leads, and who has lost the master. */
#include "liveness.h"

#include <stdlib.h>
#include <string.h>

#include "boot.h"
#include "cluster.h"
#include "ha.h"
#include "host.h"
#include "placement.h"

struct pulse {
    char host[REF_BYTES];
    int64_t silent_ms; /* since when; 0: it answers */
    bool lost_boot;    /* it was down: comes back empty */
};

struct liveness {
    int64_t due_ms;
    uint64_t seen; /* the driver's changes at the last look */
    struct pulse *pulses;
    size_t nr;
};

static struct liveness *get(struct toolstack *ts)
{
    if (!ts->liveness) {
        ts->liveness = must_alloc(sizeof(*ts->liveness));
        *ts->liveness = (struct liveness){0};
    }
    return ts->liveness;
}

static struct pulse *pulse_of(struct liveness *l, const struct object *host)
{
    struct pulse *p;

    for (size_t i = 0; i < l->nr; i++)
        if (strcmp(l->pulses[i].host, host->ref) == 0)
            return &l->pulses[i];
    l->pulses = must_realloc(l->pulses, sizeof(*l->pulses) * (l->nr + 1));
    p = &l->pulses[l->nr++];
    *p = (struct pulse){0};
    memcpy(p->host, host->ref, REF_BYTES);
    return p;
}

void liveness_hurry(struct toolstack *ts)
{
    get(ts)->due_ms = 0;
}

static void set_live(struct request *r, struct object *host, bool live)
{
    struct object *metrics = db_ref(r->db, host, "metrics");

    if (!metrics || db_bool(metrics, "live") == live)
        return;
    db_set_bool(r->db, metrics, "live", live);
    db_set_text(r->db, metrics, "last_updated", toolstack_now(r->ts, r->arena));
    if (!live)
        db_set_bool(r->db, host, "enabled", false);
    host_refresh(r, host);
    clusters_refresh(r->ts);
}

void liveness_lost(struct request *r, struct object *host)
{
    struct pulse *p = pulse_of(get(r->ts), host);

    if (!p->silent_ms)
        p->silent_ms = r->ts->env.now_ms(r->ts->env.ctx);
    p->lost_boot = true;
    set_live(r, host, false);
}

/* Disabled by somebody for good stays disabled. */
static bool enables_itself(struct request *r, const struct object *host)
{
    const char *word = host_local_get(r->ts, host, LOCAL_AUTO_ENABLE);

    return !word || strcmp(word, "false") != 0;
}

static bool ended_cleanly(struct request *r, const struct object *host)
{
    const char *word = host_local_get(r->ts, host, LOCAL_CLEAN);

    return word && strcmp(word, "true") == 0;
}

/* The host's agent starts: it tells what it has, which is no machine. */
static void come_back(struct request *r, struct object *host, struct pulse *p)
{
    const struct value *pbds = db_get(host, "PBDs");
    bool empty = p->lost_boot;

    *p = (struct pulse){0};
    memcpy(p->host, host->ref, REF_BYTES);
    if (empty) {
        if (!ended_cleanly(r, host))
            host_note_crash(r, host);
        host_lose_machines(r, host);
        for (uint32_t i = 0; i < pbds->nr; i++)
            db_set_bool(r->db, db_find_any(r->db, pbds->items[i].s),
                        "currently_attached", true);
        host_local_put(r->ts, host, LOCAL_CLEAN, "false");
    }
    services_started(r, host, empty);
    set_live(r, host, true);
    if (enables_itself(r, host) && !ha_keeps_out(r, host))
        db_set_bool(r->db, host, "enabled", true);
    host_refresh(r, host);
    ha_replan(r);
}

static void look_at(struct request *r, struct object *host, int64_t now,
                    bool judge)
{
    struct pulse *p = pulse_of(get(r->ts), host);
    const struct host_driver *d = &r->ts->hosts;
    bool answers = host_answers(r, host);

    if (answers) {
        if (p->silent_ms)
            come_back(r, host, p);
        return;
    }
    if (!p->silent_ms)
        p->silent_ms = now;
    if (d->running && !d->running(d->ctx, db_text(host, "uuid")))
        p->lost_boot = true;
    if (judge && now - p->silent_ms >= DEAD_MS)
        set_live(r, host, false);
}

/* Whether the host follows the master that the pool has, and hears of it. */
static bool follows(struct request *r, const struct object *host,
                    const struct object *master, int64_t now)
{
    const char *address = host_local_get(r->ts, host, LOCAL_MASTER);
    const struct pulse *p = pulse_of(get(r->ts), master);

    if (host == master)
        return true;
    if (address && strcmp(address, db_text(master, "address")) != 0)
        return false;
    return !p->silent_ms || now - p->silent_ms < EMERGENCY_MS;
}

static void tell_roles(struct request *r, int64_t now)
{
    const struct host_driver *d = &r->ts->hosts;
    const struct object *master = toolstack_master(r->ts);

    for (struct object *h = db_first(r->db, "host"); h && d->set_role;
         h = h->next)
        (void)d->set_role(d->ctx, db_text(h, "uuid"), h == master,
                          !follows(r, h, master, now)); /* or it is off */
}

/* A pool without its master stands still: nobody writes its database. */
static void beat(struct request *r, int64_t now)
{
    struct object *master = toolstack_master(r->ts);

    look_at(r, master, now, false);
    if (!pulse_of(get(r->ts), master)->silent_ms)
        for (struct object *h = db_first(r->db, "host"); h; h = h->next)
            if (h != master)
                look_at(r, h, now, true);
    ha_step(r, now);
    tell_roles(r, now);
}

/* Nobody is silent: whatever changes that also looks here. */
static bool quiet(const struct toolstack *ts)
{
    const struct liveness *l = ts->liveness;

    for (size_t i = 0; i < l->nr; i++)
        if (l->pulses[i].silent_ms)
            return false;
    return ha_quiet(ts);
}

static bool stirred(struct toolstack *ts)
{
    struct liveness *l = ts->liveness;
    uint64_t changes = ts->hosts.changes ? ts->hosts.changes(ts->hosts.ctx) : 0;
    bool news = changes != l->seen;

    l->seen = changes;
    return news;
}

int64_t liveness_step(struct toolstack *ts)
{
    struct liveness *l = get(ts);
    struct endpoint at = {.ts = ts};
    struct request r = {.ts = ts, .db = &ts->db, .at = &at};
    int64_t now = ts->env.now_ms(ts->env.ctx);
    struct arena a;

    if (!ts->hosts.alive || ts->joined || !toolstack_pool(ts) ||
        !toolstack_master(ts))
        return INT64_MAX;
    if (!stirred(ts) && now < l->due_ms && l->due_ms - now <= HEARTBEAT_MS)
        return quiet(ts) ? INT64_MAX : l->due_ms;
    l->due_ms = now + HEARTBEAT_MS;
    arena_init(&a);
    r.arena = &a;
    beat(&r, now);
    arena_fini(&a);
    return quiet(ts) ? INT64_MAX : l->due_ms;
}

void liveness_fini(struct toolstack *ts)
{
    if (ts->liveness)
        free(ts->liveness->pulses);
    free(ts->liveness);
}
