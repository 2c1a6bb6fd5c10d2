/* Failover plans: is there room for the machines of hosts that fail. */
#include <stdlib.h>
#include <string.h>

#include "ha_state.h"
#include "handlers.h"
#include "host.h"
#include "host_memory.h"
#include "placement.h"
#include "pool.h"

/* The pool as the planner sees it. */
struct picture {
    struct object **hosts;
    struct plan_bin *bins;
    size_t bins_nr;
    struct object **vms;
    struct plan_item *items;
    size_t items_nr;
};

/* What is supposed to be otherwise than it is. */
struct supposition {
    const struct object *without;   /* this host is away */
    const struct object *vm, *at;   /* this machine runs there as well */
    const struct value *priorities; /* by machine; NULL: as they are */
};

static void add_item(struct picture *p, struct object *vm, const char *host)
{
    struct plan_item *item = &p->items[p->items_nr];

    *item = (struct plan_item){
        .size = vm_memory_needed(vm), .tag = p->items_nr, .at = -1};
    for (size_t i = 0; i < p->bins_nr; i++)
        if (strcmp(p->hosts[i]->ref, host) == 0)
            item->at = (int)i;
    p->vms[p->items_nr++] = vm;
}

static bool is_protected(const struct supposition *s, const struct object *vm)
{
    if (!s->priorities)
        return ha_protected(vm);
    return strcmp(value_text(s->priorities, vm->ref, ""), "restart") == 0;
}

static struct picture draw(struct request *r, const struct supposition *s)
{
    size_t hosts = db_count(r->db, class_find("host"));
    size_t vms = db_count(r->db, class_find("VM")) + 1;
    struct picture p = {.hosts =
                            arena_alloc(r->arena, sizeof(*p.hosts) * hosts),
                        .bins = arena_alloc(r->arena, sizeof(*p.bins) * hosts),
                        .vms = arena_alloc(r->arena, sizeof(*p.vms) * vms),
                        .items = arena_alloc(r->arena, sizeof(*p.items) * vms)};

    for (struct object *h = db_first(r->db, "host"); h; h = h->next) {
        if (h == s->without || !db_bool(h, "enabled") || !host_live(r, h))
            continue;
        p.hosts[p.bins_nr] = h;
        p.bins[p.bins_nr].room = host_memory_available(r->ts, h);
        if (h == s->at)
            p.bins[p.bins_nr].room -= vm_memory_needed(s->vm);
        p.bins_nr++;
    }
    for (struct object *vm = db_first(r->db, "VM"); vm; vm = vm->next)
        if (vm == s->vm)
            continue;
        else if (is_protected(s, vm))
            add_item(&p, vm, db_text(vm, "resident_on"));
    if (s->vm && strcmp(db_text(s->vm, "ha_restart_priority"), "restart") == 0)
        add_item(&p, (struct object *)s->vm, s->at->ref);
    return p;
}

static bool survives(struct request *r, const struct supposition *s, int64_t n)
{
    struct picture p = draw(r, s);

    return n <= 0 ||
           plan_survives(p.bins, p.bins_nr, p.items, p.items_nr, (size_t)n);
}

static size_t most_failures(struct request *r, const struct supposition *s)
{
    struct picture p = draw(r, s);

    return plan_most_failures(p.bins, p.bins_nr, p.items, p.items_nr);
}

/* What cannot be kept already is no reason to refuse more. */
static int check(struct request *r, const struct supposition *s)
{
    const struct object *pool = toolstack_pool(r->ts);
    int64_t wanted = db_int(pool, "ha_host_failures_to_tolerate");

    if (!ha_enabled(r) || db_bool(pool, "ha_allow_overcommit") ||
        db_bool(pool, "ha_overcommitted") || survives(r, s, wanted))
        return 0;
    return request_fail(r, "HA_OPERATION_WOULD_BREAK_FAILOVER_PLAN", NULL);
}

int ha_check_without_host(struct request *r, const struct object *host)
{
    return check(r, &(struct supposition){.without = host});
}

int ha_check_with_vm(struct request *r, const struct object *vm,
                     const struct object *host)
{
    return check(r, &(struct supposition){.vm = vm, .at = host});
}

void ha_replan(struct request *r)
{
    const struct supposition as_is = {0};
    struct object *pool = toolstack_pool(r->ts);
    int64_t wanted, most, before;
    bool over;

    if (!ha_enabled(r))
        return;
    wanted = db_int(pool, "ha_host_failures_to_tolerate");
    before = db_int(pool, "ha_plan_exists_for");
    most = (int64_t)most_failures(r, &as_is);
    most = most < wanted ? most : wanted;
    over = most < wanted;
    db_set_int(r->db, pool, "ha_plan_exists_for", most);
    if (over && !db_bool(pool, "ha_overcommitted"))
        host_alert(r, pool, "HA_POOL_OVERCOMMITTED", 3,
                   arena_printf(r->arena,
                                "The failover tolerance for pool '%s' is %lld",
                                db_text(pool, "name_label"), (long long)most));
    if (most < before)
        host_alert(r, pool, "HA_POOL_DROP_IN_PLAN_EXISTS_FOR", 3,
                   arena_printf(r->arena, "%lld", (long long)most));
    db_set_bool(r->db, pool, "ha_overcommitted", over);
}

int pool_ha_failover_plan_exists(struct request *r)
{
    const struct supposition as_is = {0};

    return reply(r, value_bool(survives(r, &as_is, arg_int(r, 0))));
}

int pool_ha_compute_max(struct request *r)
{
    const struct supposition as_is = {0};

    return reply(r, value_int((int64_t)most_failures(r, &as_is)));
}

int pool_ha_compute_hypothetical_max(struct request *r)
{
    const struct value *map = &r->args[0];
    const struct supposition s = {.priorities = map};

    for (uint32_t i = 0; i < map->nr; i++)
        if (!db_find(r->db, "VM", map->members[i].key))
            return request_bad_handle(r, "VM", map->members[i].key);
    return reply(r, value_int((int64_t)most_failures(r, &s)));
}

int pool_ha_schedule_plan_recomputation(struct request *r)
{
    ha_replan(r);
    return reply_void(r);
}

int pool_set_ha_host_failures_to_tolerate(struct request *r)
{
    int64_t wanted = arg_int(r, 1);
    const struct supposition as_is = {0};

    if (wanted < 0)
        return request_fail(r, "INVALID_VALUE", "ha_host_failures_to_tolerate",
                            arena_printf(r->arena, "%lld", (long long)wanted),
                            NULL);
    if (ha_enabled(r) && db_int(r->self, "ha_plan_exists_for") > 0 &&
        !db_bool(r->self, "ha_allow_overcommit") &&
        !survives(r, &as_is, wanted))
        return request_fail(r, "HA_OPERATION_WOULD_BREAK_FAILOVER_PLAN", NULL);
    db_set_int(r->db, r->self, "ha_host_failures_to_tolerate", wanted);
    ha_replan(r);
    return reply_void(r);
}

/* --- Where each machine would go ---------------------------------------------- */

static struct value one_pair(struct request *r, const char *key,
                             const char *text)
{
    struct member *m = arena_alloc(r->arena, sizeof(*m));

    *m = (struct member){key, value_string(text)};
    return value_map(m, 1);
}

static void keep_live(struct request *r, struct picture *p,
                      const struct value *failed)
{
    for (struct object *h = db_first(r->db, "host"); h; h = h->next) {
        if (value_has(failed, h->ref) || !host_live(r, h))
            continue;
        p->hosts[p->bins_nr] = h;
        p->bins[p->bins_nr++].room = host_memory_available(r->ts, h);
    }
}

int pool_ha_compute_vm_failover_plan(struct request *r)
{
    const struct value *vms = &r->args[1];
    size_t hosts = db_count(r->db, class_find("host"));
    struct picture p = {
        .hosts = arena_alloc(r->arena, sizeof(*p.hosts) * hosts),
        .bins = arena_alloc(r->arena, sizeof(*p.bins) * hosts),
        .vms = arena_alloc(r->arena, sizeof(*p.vms) * (vms->nr + 1)),
        .items = arena_alloc(r->arena, sizeof(*p.items) * (vms->nr + 1))};
    struct member *m = arena_alloc(r->arena, sizeof(*m) * (vms->nr + 1));

    for (uint32_t i = 0; i < vms->nr; i++) {
        struct object *vm = db_find(r->db, "VM", vms->items[i].s);

        if (!vm)
            return request_bad_handle(r, "VM", vms->items[i].s);
        add_item(&p, vm, "");
    }
    keep_live(r, &p, &r->args[0]);
    (void)plan_pack(p.bins, p.bins_nr, p.items, p.items_nr); /* bin says */
    for (size_t i = 0; i < p.items_nr; i++) {
        const struct plan_item *item = &p.items[i];

        m[i] = (struct member){
            p.vms[item->tag]->ref,
            item->bin < 0
                ? one_pair(r, "error_code", "HOST_NOT_ENOUGH_FREE_MEMORY")
                : one_pair(r, "host", p.hosts[item->bin]->ref)};
    }
    return reply(r, value_map(m, p.items_nr));
}
