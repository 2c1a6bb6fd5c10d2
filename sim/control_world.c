/* What /sim shows, and what it does to hosts, the clock and all of it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control.h"
#include "domains.h"
#include "hosts.h"
#include "timer.h"

enum {
    STEPS_MAX = 2000000, /* of one advance */
};

#define ADVANCE_MAX_MS (INT64_C(366) * 24 * 3600 * 1000)

static struct value host_value(struct arena *a, const struct sim_host *h)
{
    static const char *const powers[] = {
        [SIM_UP] = "up", [SIM_BOOTING] = "booting", [SIM_OFF] = "off"};
    struct object *o =
        db_find_uuid(&h->endpoint.ts->db, "host", h->endpoint.host);
    struct member *m = arena_alloc(a, sizeof(*m) * 7);

    m[0] = (struct member){"name", value_string(arena_strdup(
                                       a, o ? db_text(o, "name_label") : ""))};
    m[1] = (struct member){"uuid",
                           value_string(arena_strdup(a, h->endpoint.host))};
    m[2] =
        (struct member){"address", value_string(arena_strdup(a, h->address))};
    m[3] = (struct member){"power", value_string(powers[h->power])};
    m[4] = (struct member){"answers", value_bool(!h->endpoint.down)};
    m[5] = (struct member){"emergency", value_bool(h->endpoint.emergency)};
    m[6] = (struct member){
        "domains", sim_domains_on(h->world->sim->domains, a, h->endpoint.host)};
    return value_map(m, 7);
}

static struct value hosts_value(struct arena *a, const struct world *w)
{
    struct value *items;
    size_t nr = 0;

    for (const struct sim_host *h = w->hosts; h; h = h->next)
        nr++;
    items = arena_alloc(a, sizeof(*items) * (nr + 1));
    nr = 0;
    for (const struct sim_host *h = w->hosts; h; h = h->next)
        items[nr++] = host_value(a, h);
    return value_set(items, nr);
}

static const char *again(const struct options *o, struct arena *a)
{
    char *text = NULL, *copy;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    if (!out)
        abort(); /* without memory nothing goes on */
    options_print(o, out);
    fclose(out);
    copy = arena_strdup(a, text);
    free(text);
    return copy;
}

int control_show(struct route_call *c)
{
    struct sim *sim = control_sim(c);
    struct arena *a = c->request.arena;
    const struct member m[] = {
        {"seed", value_int((int64_t)sim->options.seed)},
        {"again", value_string(again(&sim->options, a))},
        {"now_ms", value_int(sim_clock_now_ms(&sim->clock))},
        {"now", value_string(date_text(a, sim_clock_now_ms(&sim->clock)))},
        {"virtual", value_bool(sim->clock.is_virtual)},
        {"pools", value_int(sim->world->pools_nr)},
        {"hosts", hosts_value(a, sim->world)},
        {"faults", faults_list(sim->faults, a)},
    };
    struct value v = value_map(m, sizeof(m) / sizeof(m[0]));

    return control_answer(c, 200, &v);
}

/* --- The clock -------------------------------------------------------------- */

/* Does what is due everywhere; when more is. */
static int64_t step_all(struct sim *sim)
{
    int64_t earliest = INT64_MAX;

    for (struct toolstack *ts = sim->world->pools; ts; ts = ts->next) {
        int64_t next = toolstack_step(ts);

        earliest = next < earliest ? next : earliest;
    }
    return earliest;
}

/* From one thing that is due to the next, so that each has its own time. */
static void advance(struct sim *sim, int64_t by_ms)
{
    int64_t target = sim_clock_now_ms(&sim->clock) + by_ms;

    for (int i = 0; i < STEPS_MAX; i++) {
        int64_t now = sim_clock_now_ms(&sim->clock), next = step_all(sim);

        if (next > target)
            break;
        if (next > now)
            sim_clock_move(&sim->clock, next - now);
    }
    sim_clock_move(&sim->clock, target - sim_clock_now_ms(&sim->clock));
    for (struct toolstack *ts = sim->world->pools; ts; ts = ts->next)
        toolstack_expire(ts);
}

/* Seconds under the key, as ms. 0, -ENOENT or -EINVAL. */
static int seconds(const struct value *map, const char *key, int64_t *ms)
{
    const struct value *v = value_find(map, key);
    double s;

    if (!v)
        return -ENOENT;
    if (v->kind != VALUE_INT && v->kind != VALUE_FLOAT)
        return -EINVAL;
    s = v->kind == VALUE_INT ? (double)v->i : v->f;
    if (!(s >= -(double)ADVANCE_MAX_MS / 1000) ||
        !(s <= (double)ADVANCE_MAX_MS / 1000))
        return -EINVAL;
    *ms = (int64_t)(s * 1000);
    return 0;
}

static int move_clock(struct route_call *c)
{
    struct sim *sim = control_sim(c);
    const char *why = "";
    struct value v;
    int64_t ms = 0;

    if (control_body(c, &v, &why))
        return control_refuse(c, why);
    if (v.kind == VALUE_MAP && v.nr == 1 && !seconds(&v, "advance", &ms) &&
        ms >= 0) {
        if (!sim->clock.is_virtual)
            return control_refuse(c, "only a virtual clock can be advanced");
        advance(sim, ms);
    } else if (v.kind == VALUE_MAP && v.nr == 1 && !seconds(&v, "jump", &ms)) {
        sim_clock_move(&sim->clock, ms);
    } else {
        return control_refuse(c, "'advance' or 'jump', in seconds");
    }
    return control_show(c);
}

int control_clock(struct route_call *c)
{
    return control_collect(c, move_clock);
}

/* --- Hosts ------------------------------------------------------------------- */

static void cut(struct sim_host *h)
{
    sim_host_cut(h, true);
}

static void join(struct sim_host *h)
{
    sim_host_cut(h, false);
}

static const struct {
    const char *verb;
    void (*fn)(struct sim_host *h);
} verbs[] = {
    {"crash", sim_host_crash},
    {"boot", sim_host_boot},
    {"cut", cut},
    {"join", join},
};

/* By name, uuid or address; of several with the name the first. */
static struct sim_host *host_named(struct world *w, const char *name)
{
    for (struct sim_host *h = w->hosts; h; h = h->next) {
        struct object *o =
            db_find_uuid(&h->endpoint.ts->db, "host", h->endpoint.host);

        if (strcmp(h->endpoint.host, name) == 0 ||
            strcmp(h->address, name) == 0 ||
            (o && strcmp(db_text(o, "name_label"), name) == 0))
            return h;
    }
    return NULL;
}

/* The rest of the path: NAME/VERB. */
int control_host(struct route_call *c)
{
    const char *slash = strrchr(c->rest, '/');
    struct sim_host *h;

    if (!slash)
        return control_refuse(c, "/sim/host/NAME/VERB");
    h = host_named(
        control_sim(c)->world,
        arena_strndup(c->request.arena, c->rest, (size_t)(slash - c->rest)));
    if (!h)
        return control_refuse(c, "no such host");
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
        if (strcmp(verbs[i].verb, slash + 1) == 0) {
            struct value v;

            verbs[i].fn(h);
            v = host_value(c->request.arena, h);
            return control_answer(c, 200, &v);
        }
    return control_refuse(c, "crash, boot, cut or join");
}

int control_reset(struct route_call *c)
{
    struct sim *sim = control_sim(c);
    struct value v = value_map(NULL, 0);

    sim->again = true;
    if (!*sim->stop) /* a signal goes first */
        *sim->stop = SIM_AGAIN;
    return control_answer(c, 202, &v);
}
