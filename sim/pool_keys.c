/* What the keys of a pool and of its machines make. */
#include "pool_keys.h"
#include "dispatch.h"
#include "moving.h"

#include <errno.h>
#include <string.h>

void pool_begin(struct making *m)
{
    seed_make(m->seeder, SEED_HOST | SEED_POOL | SEED_MACHINE);
    toolstack_recover(m->ts);
    m->pool = seed_find(m->seeder, "pool");
    m->self = seed_find(m->seeder, "host");
    if (m->pool_nr)
        db_set_text(m->db, m->pool, "name_label",
                    arena_printf(m->arena, "pool %d", m->pool_nr + 1));
    host_settle(m);
}

void pool_file_alone(struct world *w, struct toolstack *from,
                     struct toolstack *to, const char *host)
{
    struct seeder *s = seeder_create(to);
    struct object *old = db_find_uuid(&from->db, "host", host), *sr;
    struct request r = {.ts = from, .db = &from->db};
    struct arena a;

    (void)w;
    arena_init(&a);
    r.arena = &a;
    moving_eject(&r, old, to);
    sr = db_first(&to->db, "SR");
    seed_name(s, "host", db_find(&to->db, "host", old->ref));
    if (sr)
        seed_name(s, "sr", sr);
    else
        seed_make_one(s, "sr");
    seed_make(s, SEED_POOL);
    for (struct object *p = db_first(&to->db, "PIF"); p; p = p->next)
        db_set_text(&to->db, p, "network", seed_find(s, "net")->ref);
    toolstack_recover(to);
    arena_fini(&a);
    seeder_destroy(s);
}

int pool_name(struct making *m, const struct value *v)
{
    const char *text = making_text(m, v);

    if (!text)
        return -EINVAL;
    db_set_text(m->db, m->pool, "name_label", text);
    return 0;
}

int pool_description(struct making *m, const struct value *v)
{
    const char *text = making_text(m, v);

    if (!text)
        return -EINVAL;
    db_set_text(m->db, m->pool, "name_description", text);
    return 0;
}

/* Done by the list that it stands in. */
int making_count(struct making *m, const struct value *v)
{
    (void)m;
    (void)v;
    return 0;
}

/* --- Machines -------------------------------------------------------------- */

/* A copy of vm1, which has no disk; its name says which one it is. */
static int vm_begin(struct making *m)
{
    struct value params[2], result;
    const char *of = seed_find(m->seeder, "vm1")->ref;
    int rc;

    params[0] = value_string(of);
    params[1] = value_string(
        arena_printf(m->arena, "vm%lld", (long long)m->number + 1));
    rc = making_call(m, "VM.clone", params, 2, &result);
    if (!rc)
        m->self = db_find(m->db, "VM", result.s);
    return rc;
}

int pool_vms(struct making *m, const struct value *v)
{
    return making_list(m, SCOPE_VM, v, vm_begin);
}

int vm_name(struct making *m, const struct value *v)
{
    const char *text = making_text(m, v);

    if (!text)
        return -EINVAL;
    db_set_text(m->db, m->self, "name_label", making_numbered(m, text));
    return 0;
}

int vm_memory(struct making *m, const struct value *v)
{
    struct value params[5] = {value_string(m->self->ref)};
    int64_t bytes;

    if (making_number(m, v, &bytes))
        return -EINVAL;
    for (int i = 1; i < 5; i++)
        params[i] = value_int(bytes);
    return making_call(m, "VM.set_memory_limits", params, 5, NULL);
}

int vm_vcpus(struct making *m, const struct value *v)
{
    int64_t nr;

    if (making_number(m, v, &nr))
        return -EINVAL;
    db_set_int(m->db, m->self, "VCPUs_max", nr);
    db_set_int(m->db, m->self, "VCPUs_at_startup", nr);
    return 0;
}

int vm_priority(struct making *m, const struct value *v)
{
    const char *text = making_text(m, v);
    struct value params[2] = {value_string(m->self->ref)};

    if (!text)
        return -EINVAL;
    params[1] = value_string(text);
    return making_call(m, "VM.set_ha_restart_priority", params, 2, NULL);
}

/* Each host in turn: asking all of them every time is for clients. */
static bool start_in_turn(struct making *m)
{
    struct value params[4] = {
        value_string(m->self->ref), {0}, value_bool(false), value_bool(false)};
    struct answer answer;

    m->turn =
        m->turn && m->turn->next ? m->turn->next : db_first(m->db, "host");
    params[1] = value_string(m->turn->ref);
    return making_try(m, "VM.start_on", params, 4, &answer) == 0;
}

int vm_running(struct making *m, const struct value *v)
{
    struct value params[3] = {value_string(m->self->ref), value_bool(false),
                              value_bool(false)};

    if (v->kind != VALUE_BOOL)
        return making_fail(m, "'running' is true or false");
    if (!v->b || start_in_turn(m))
        return 0;
    return making_call(m, "VM.start", params, 3, NULL);
}

/* --- High availability --------------------------------------------------------- */

int ha_failures(struct making *m, const struct value *v)
{
    int64_t nr;

    if (making_number(m, v, &nr))
        return -EINVAL;
    m->ha[0] = value_int(nr);
    return 0;
}

int ha_timeout(struct making *m, const struct value *v)
{
    const char *text = making_text(m, v);

    if (!text)
        return -EINVAL;
    m->ha[1] = value_string(text);
    return 0;
}

/* Switched on at last, when machines and storage are there. */
int pool_ha(struct making *m, const struct value *v)
{
    struct value on[2] = {value_set(NULL, 0), value_map(NULL, 0)};
    struct value failures[2] = {value_string(m->pool->ref)};
    struct member timeout;
    int rc;

    m->ha[0] = value_int(0);
    m->ha[1] = (struct value){.kind = VALUE_NIL};
    rc = making_run(m, SCOPE_HA, v);
    timeout = (struct member){"timeout", m->ha[1]};
    if (m->ha[1].kind == VALUE_STRING)
        on[1] = value_map(&timeout, 1);
    failures[1] = m->ha[0];
    if (!rc)
        rc = making_call(m, "pool.enable_ha", on, 2, NULL);
    if (!rc)
        rc = making_call(m, "pool.set_ha_host_failures_to_tolerate", failures,
                         2, NULL);
    return rc;
}
