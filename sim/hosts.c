/* Fake hosts: power, boot times, agents that come and go. */
#include "hosts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "domains.h"
#include "faults.h"
#include "nics.h"

static int64_t now_ms(const struct world *w)
{
    return sim_clock_now_ms(&w->sim->clock);
}

/* Whoever is connected is cut off; the next start is another epoch. */
static void agent_stop(struct sim_host *h)
{
    h->endpoint.down = true;
    h->endpoint.lingering = false;
    h->endpoint.epoch++;
    h->world->changes++;
}

static void agent_start(struct sim_host *h)
{
    h->world->changes++;
    if (h->power != SIM_UP)
        sim_domains_revive(h->world->sim->domains, h->endpoint.host);
    h->power = SIM_UP;
    h->agent_down = false;
    h->endpoint.down = h->cut_off;
}

/* What has had its time is up. */
static void settle(struct sim_host *h)
{
    bool waits = h->power == SIM_BOOTING || h->agent_down;

    if (waits && now_ms(h->world) >= h->ready_ms)
        agent_start(h);
}

void sim_host_crash(struct sim_host *h)
{
    h->power = SIM_OFF;
    agent_stop(h);
    sim_domains_crash(h->world->sim->domains, h->endpoint.host);
    sim_nics_crash(h->world->sim->nics, h->endpoint.host);
}

void sim_host_boot(struct sim_host *h)
{
    h->power = SIM_BOOTING;
    h->ready_ms = now_ms(h->world) + BOOT_MS;
}

void sim_host_cut(struct sim_host *h, bool cut)
{
    h->cut_off = cut;
    h->world->changes++;
    if (cut)
        agent_stop(h);
    else if (h->power == SIM_UP && !h->agent_down)
        h->endpoint.down = false;
}

static bool host_alive(void *ctx, const char *host)
{
    struct sim_host *h = world_find_host(ctx, host);

    if (!h)
        return false;
    settle(h);
    return h->power == SIM_UP && !h->agent_down && !h->cut_off;
}

static uint64_t hosts_changes(void *ctx)
{
    const struct world *w = ctx;

    return w->changes + faults_changes(w->sim->faults);
}

static int host_shutdown(void *ctx, const char *host)
{
    if (!host_alive(ctx, host))
        return -EHOSTUNREACH;
    sim_host_crash(world_find_host(ctx, host));
    return 0;
}

static int host_reboot(void *ctx, const char *host)
{
    int rc = host_shutdown(ctx, host);

    if (!rc)
        sim_host_boot(world_find_host(ctx, host));
    return rc;
}

static int host_power_on(void *ctx, const char *host, const char *mode)
{
    struct sim_host *h = world_find_host(ctx, host);

    (void)mode; /* each reaches it */
    if (!h)
        return -EHOSTUNREACH;
    if (h->power == SIM_OFF)
        sim_host_boot(h);
    return 0;
}

static int host_restart_agent(void *ctx, const char *host)
{
    struct sim_host *h = world_find_host(ctx, host);

    if (!host_alive(ctx, host))
        return -EHOSTUNREACH;
    agent_stop(h);
    h->endpoint.lingering = true; /* an agent that restarts says so first */
    h->agent_down = true;
    h->ready_ms = now_ms(h->world) + RESTART_MS;
    return 0;
}

static bool host_running(void *ctx, const char *host)
{
    struct sim_host *h = world_find_host(ctx, host);

    if (h)
        settle(h);
    return h && h->power == SIM_UP;
}

static int host_stop_agent(void *ctx, const char *host)
{
    if (!host_alive(ctx, host))
        return -EHOSTUNREACH;
    agent_stop(world_find_host(ctx, host));
    world_find_host(ctx, host)->agent_down = true;
    world_find_host(ctx, host)->ready_ms = INT64_MAX; /* until it boots */
    return 0;
}

/* The watchdog needs nobody's agent. */
static int host_fence(void *ctx, const char *host)
{
    struct sim_host *h = world_find_host(ctx, host);

    if (!h || h->power != SIM_UP)
        return -EHOSTUNREACH;
    sim_host_crash(h);
    sim_host_boot(h);
    return 0;
}

/* --- What a host remembers ---------------------------------------------------- */

static struct sim_memo *memo_find(const struct sim_host *h, const char *key)
{
    struct sim_memo *m = h->memos;

    while (m && strcmp(m->key, key) != 0)
        m = m->next;
    return m;
}

static char *copy(const char *text)
{
    size_t size = strlen(text) + 1;

    return memcpy(must_alloc(size), text, size);
}

static const char *host_local_get(void *ctx, const char *host, const char *key)
{
    const struct sim_host *h = world_find_host(ctx, host);
    const struct sim_memo *m = h ? memo_find(h, key) : NULL;

    return m ? m->value : NULL;
}

static void host_local_put(void *ctx, const char *host, const char *key,
                           const char *value)
{
    struct sim_host *h = world_find_host(ctx, host);
    struct sim_memo *m = h ? memo_find(h, key) : NULL;
    char *text = copy(value); /* before the old one goes: it may be that */

    if (!h) {
        free(text);
        return;
    }
    if (!m) {
        m = must_alloc(sizeof(*m));
        *m = (struct sim_memo){.key = copy(key), .next = h->memos};
        h->memos = m;
    }
    free(m->value);
    m->value = text;
}

void sim_host_forget(struct sim_host *h)
{
    while (h->memos) {
        struct sim_memo *m = h->memos;

        h->memos = m->next;
        free(m->key);
        free(m->value);
        free(m);
    }
}

/* --- Networks and storage between hosts ---------------------------------------- */

/* A host by its uuid and by the name in its pool's database. */
static void names_of(const struct sim_host *h, const char *names[3])
{
    struct object *o =
        db_find_uuid(&h->endpoint.ts->db, "host", h->endpoint.host);

    names[0] = h->endpoint.host;
    names[1] = o ? db_text(o, "name_label") : NULL;
    names[2] = NULL;
}

bool sim_host_hears(struct world *w, const char *host, const char *other)
{
    const struct sim_host *a = world_find_host(w, host);
    const struct sim_host *b = world_find_host(w, other);

    if (a == b)
        return a != NULL;
    return a && b && a->power == SIM_UP && b->power == SIM_UP && !a->cut_off &&
           !b->cut_off;
}

static bool host_hears(void *ctx, const char *host, const char *other)
{
    return sim_host_hears(ctx, host, other);
}

static bool host_reaches(void *ctx, const char *host, const char *sr)
{
    struct world *w = ctx;
    const struct sim_host *h = world_find_host(w, host);
    const char *names[4];

    if (!h || h->power != SIM_UP)
        return false;
    names_of(h, names);
    names[2] = names[1] ? sr : NULL;
    names[3] = NULL;
    return faults_error(w->sim->faults, names, false) == 0;
}

static int host_set_role(void *ctx, const char *host, bool master,
                         bool emergency)
{
    struct sim_host *h = world_find_host(ctx, host);

    (void)master; /* the database says that */
    if (!h)
        return -EHOSTUNREACH;
    if (h->endpoint.emergency == emergency)
        return 0;
    h->endpoint.emergency = emergency;
    h->endpoint.epoch++; /* its agent starts anew */
    return 0;
}

int64_t sim_hosts_step(struct world *w)
{
    int64_t earliest = INT64_MAX;

    for (struct sim_host *h = w->hosts; h; h = h->next) {
        settle(h);
        if ((h->power == SIM_BOOTING || h->agent_down) &&
            h->ready_ms < earliest)
            earliest = h->ready_ms;
    }
    return earliest;
}

/* Faults that a host suffers as a whole. */
static void fault_cb(void *ctx, enum fault_kind kind, const char *target,
                     bool begins)
{
    struct world *w = ctx;

    for (struct sim_host *h = w->hosts; h; h = h->next) {
        struct object *o =
            db_find_uuid(&h->endpoint.ts->db, "host", h->endpoint.host);
        const char *names[] = {h->endpoint.host, h->address,
                               o ? db_text(o, "name_label") : NULL, NULL};

        if (!fault_matches(target, names))
            continue;
        if (kind == FAULT_PARTITION)
            sim_host_cut(h, begins);
        else if (kind == FAULT_HOST_CRASH && begins)
            sim_host_crash(h);
        else if (kind == FAULT_HOST_CRASH)
            sim_host_boot(h);
    }
}

void sim_hosts_watch(struct world *w)
{
    faults_watch(w->sim->faults, fault_cb, w);
}

struct host_driver sim_hosts_driver(struct world *w)
{
    return (struct host_driver){.alive = host_alive,
                                .changes = hosts_changes,
                                .shutdown = host_shutdown,
                                .reboot = host_reboot,
                                .power_on = host_power_on,
                                .restart_agent = host_restart_agent,
                                .running = host_running,
                                .stop_agent = host_stop_agent,
                                .fence = host_fence,
                                .local_get = host_local_get,
                                .local_put = host_local_put,
                                .hears = host_hears,
                                .reaches = host_reaches,
                                .set_role = host_set_role,
                                .ctx = w};
}
