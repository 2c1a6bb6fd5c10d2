/*
 * Evacuation: machines move to the other hosts, as memory allows.
 *
 * A machine must be able to run on every other host that is enabled, memory
 * aside: so says what clients have relied on for long. With HA only protected
 * machines move; the others would not come back after a failure either.
 */
#include "evacuation.h"

#include <string.h>

#include "ha.h"
#include "handlers.h"
#include "host.h"
#include "host_memory.h"
#include "inner.h"
#include "placement.h"
#include "planner.h"
#include "vm.h"
#include "wait.h"

struct targets {
    struct object **hosts;
    struct plan_bin *bins;
    size_t nr;
};

static struct targets targets_find(struct request *r, const struct object *host)
{
    size_t max = db_count(r->db, host->class);
    struct targets t = {.hosts = arena_alloc(r->arena, sizeof(*t.hosts) * max),
                        .bins = arena_alloc(r->arena, sizeof(*t.bins) * max)};

    for (struct object *h = db_first(r->db, "host"); h; h = h->next) {
        if (h == host || !db_bool(h, "enabled"))
            continue;
        t.bins[t.nr].room = host_memory_available(r->ts, h);
        t.hosts[t.nr++] = h;
    }
    return t;
}

static void refuse(struct request *r, struct departure *d, const char *code)
{
    const char *words[] = {code, d->vm->ref};

    d->error = value_strings(r->arena, words, 2);
}

/* Why the machine cannot go anywhere, memory aside; false: it can. */
static bool stuck(struct request *r, struct departure *d,
                  const struct targets *t, bool ignore_ha)
{
    struct value error = r->error;

    if (!t->nr) {
        refuse(r, d, "NO_HOSTS_AVAILABLE");
        return true;
    }
    if (ha_enabled(r) && !ignore_ha && !ha_protected(d->vm)) {
        refuse(r, d, "HOST_EVACUATE_VM_NOT_HA_PROTECTED");
        return true;
    }
    for (size_t i = 0; i < t->nr; i++)
        if (placement_check(r, d->vm, t->hosts[i], PLACEMENT_MEMORY))
            goto out;
    if (vm_check(r, d->vm, "pool_migrate"))
        goto out;
    return false;
out:
    d->error = r->error;
    r->error = error;
    return true;
}

/* Room for those that can move: the largest first. */
static void assign(struct request *r, struct departure *d, size_t nr,
                   struct targets *t)
{
    struct plan_item *items = arena_alloc(r->arena, sizeof(*items) * (nr + 1));
    size_t items_nr = 0;

    for (size_t i = 0; i < nr; i++)
        if (!d[i].error.nr)
            items[items_nr++] =
                (struct plan_item){.size = vm_memory_needed(d[i].vm), .tag = i};
    (void)plan_pack(t->bins, t->nr, items, items_nr); /* bin says it */
    for (size_t i = 0; i < items_nr; i++) {
        struct departure *one = &d[items[i].tag];

        if (items[i].bin < 0)
            refuse(r, one, "HOST_NOT_ENOUGH_FREE_MEMORY");
        else
            one->to = t->hosts[items[i].bin];
    }
}

struct departure *evacuation_plan(struct request *r, struct object *host,
                                  bool ignore_ha, size_t *nr)
{
    struct value vms = host_machines(r, host);
    struct departure *d = arena_alloc(r->arena, sizeof(*d) * (vms.nr + 1));
    struct targets t = targets_find(r, host);

    *nr = vms.nr;
    for (size_t i = 0; i < *nr; i++) {
        d[i].vm = db_find(r->db, "VM", vms.items[i].s);
        d[i].error = value_set(NULL, 0);
        (void)stuck(r, &d[i], &t, ignore_ha); /* the error says it */
    }
    assign(r, d, *nr, &t);
    return d;
}

int host_get_vms_which_prevent_evacuation(struct request *r)
{
    size_t nr, stuck_nr = 0;
    struct departure *d = evacuation_plan(r, r->self, false, &nr);
    struct member *m = arena_alloc(r->arena, sizeof(*m) * (nr + 1));

    for (size_t i = 0; i < nr; i++)
        if (!d[i].to)
            m[stuck_nr++] = (struct member){d[i].vm->ref, d[i].error};
    return reply(r, value_map(m, stuck_nr));
}

static const char *joined(struct request *r, const struct value *words)
{
    const char *text = words->items[0].s;

    for (uint32_t i = 1; i < words->nr; i++)
        text = arena_printf(r->arena, "%s,%s", text, words->items[i].s);
    return text;
}

int host_assert_can_evacuate(struct request *r)
{
    size_t nr;
    struct departure *d = evacuation_plan(r, r->self, false, &nr);
    const char *text = "";

    for (size_t i = 0; i < nr; i++)
        if (!d[i].to)
            text = arena_printf(r->arena, "%s%s%s", text, *text ? "|" : "",
                                joined(r, &d[i].error));
    if (*text)
        return request_fail(r, "CANNOT_EVACUATE_HOST", text, NULL);
    return reply_void(r);
}

/* --- Evacuating --------------------------------------------------------------- */

/* Goes on over several looks when machines take their time. */
struct evacuation {
    struct wait wait; /* first: the request finds it */
    const char *host;
    struct departure *departures;
    size_t nr, next;
    struct request *moving; /* the call that moves one now */
};

static int end(struct request *r, const struct evacuation *e, int rc)
{
    struct object *host = db_find(r->db, "host", e->host);

    if (host)
        host_op_end(r, host);
    return rc ? rc : reply_void(r);
}

static int move_next(struct request *r, struct evacuation *e)
{
    const struct departure *d = &e->departures[e->next++];
    struct member live = {"live", value_string("true")};
    struct value args[] = {value_string(d->vm->ref), value_string(d->to->ref),
                           value_map(&live, 1)};

    return inner_call(r, "VM.pool_migrate", args, 3, NULL, &e->moving);
}

static int go_on(struct request *r, struct evacuation *e, int rc)
{
    while (!rc && e->next < e->nr) {
        rc = move_next(r, e);
        if (!rc && r->task)
            db_set(r->db, r->task, "progress",
                   value_float((double)e->next / (double)e->nr));
    }
    if (rc != API_WAITING)
        return end(r, e, rc);
    e->wait.deadline_ms = wait_deadline_ms(e->moving);
    r->wait = &e->wait;
    return API_WAITING;
}

static bool evacuation_ready(struct request *r)
{
    return wait_ready(((struct evacuation *)r->wait)->moving);
}

static int evacuation_resume(struct request *r)
{
    struct evacuation *e = (struct evacuation *)r->wait;

    return go_on(r, e, inner_resume(r, e->moving, NULL));
}

int host_evacuate(struct request *r)
{
    struct evacuation *e = arena_alloc(r->arena, sizeof(*e));

    if (strcmp(arg_text(r, 1), REF_NULL) != 0 && !arg_object(r, 1, "network"))
        return API_FAILED;
    if (host_check(r, r->self, "evacuate"))
        return API_FAILED;
    e->departures = evacuation_plan(r, r->self, false, &e->nr);
    for (size_t i = 0; i < e->nr; i++)
        if (!e->departures[i].to) {
            r->error = e->departures[i].error;
            return API_FAILED;
        }
    e->host = arena_strdup(r->arena, r->self->ref);
    e->wait.ready = evacuation_ready;
    e->wait.resume = evacuation_resume;
    host_op_begin(r, r->self, "evacuate");
    return go_on(r, e, 0);
}
