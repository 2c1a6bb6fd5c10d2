/* What the keys of hosts, networks and storage make. */
#include <errno.h>
#include <string.h>

#include "nics.h"
#include "pool_keys.h"

enum {
    CPUS_MAX = 4096,
};

static const char *const control_domain = "Control domain on host: ";

static void host_rename(struct making *m, const char *name)
{
    struct object *dom0 = db_ref(m->db, m->self, "control_domain");

    db_set_text(m->db, m->self, "name_label", name);
    db_set_text(m->db, m->self, "hostname", name);
    db_map_put(m->db, m->self, "software_version", "hostname", name);
    if (dom0)
        db_set_text(m->db, dom0, "name_label",
                    arena_printf(m->arena, "%s%s", control_domain, name));
}

/* What tells one host of the world from another. */
void host_settle(struct making *m)
{
    int nr = ++m->hosts_nr;
    struct object *pif = seed_find(m->seeder, "pif");
    const char *address = arena_printf(m->arena, "127.0.%d.%d", m->pool_nr, nr);

    db_set_text(m->db, m->self, "address", address);
    db_set_text(m->db, pif, "IP", address);
    if (m->pool_nr || nr > 1) {
        db_set_text(m->db, pif, "MAC",
                    arena_printf(m->arena, "00:16:3e:00:%02x:%02x",
                                 m->pool_nr + 1, nr));
        host_rename(
            m, arena_printf(m->arena, "touchstone%d-%d", m->pool_nr + 1, nr));
    }
    sim_nics_adopt(m->world->sim->nics, m->db, m->self);
    (void)world_add_host(m->world, m->ts, m->self); /* the world keeps it */
}

/* The first one is there already. */
static int host_begin(struct making *m)
{
    if (!m->first_host_done) {
        m->first_host_done = true;
        m->self = seed_find(m->seeder, "host");
        return 0;
    }
    if (m->hosts_nr >= POOL_HOSTS_MAX)
        return making_fail(m, "more than %d hosts", POOL_HOSTS_MAX);
    seed_make(m->seeder, SEED_HOST);
    m->self = seed_find(m->seeder, "host");
    host_settle(m);
    return 0;
}

int pool_hosts(struct making *m, const struct value *v)
{
    return making_list(m, SCOPE_HOST, v, host_begin);
}

int host_name(struct making *m, const struct value *v)
{
    const char *text = making_text(m, v);

    if (!text)
        return -EINVAL;
    host_rename(m, making_numbered(m, text));
    return 0;
}

int host_memory(struct making *m, const struct value *v)
{
    struct object *metrics = db_ref(m->db, m->self, "metrics");
    int64_t bytes, hypervisor = db_int(metrics, "memory_total") -
                                db_int(metrics, "memory_free");

    if (making_number(m, v, &bytes))
        return -EINVAL;
    if (bytes < hypervisor)
        return making_fail(m, "a host needs more memory than that");
    db_set_int(m->db, metrics, "memory_total", bytes);
    db_set_int(m->db, metrics, "memory_free", bytes - hypervisor);
    return 0;
}

/* As many host_cpu as asked for, alike; cpu_info counts them. */
int host_cpus(struct making *m, const struct value *v)
{
    static const char *const alike[] = {"vendor", "speed",    "modelname",
                                        "family", "model",    "stepping",
                                        "flags",  "features", "host"};
    const struct value *have = db_get(m->self, "host_CPUs");
    struct object *first = db_find_any(m->db, have->items[0].s);
    int64_t nr;

    if (making_number(m, v, &nr))
        return -EINVAL;
    if (nr < 1 || nr > CPUS_MAX)
        return making_fail(m, "a host has 1 to %d CPUs", CPUS_MAX);
    while ((int64_t)have->nr > nr) {
        db_destroy(m->db, db_find_any(m->db, have->items[have->nr - 1].s));
        have = db_get(m->self, "host_CPUs");
    }
    for (int64_t i = have->nr; i < nr; i++) {
        struct object *o = db_create(m->db, "host_cpu");

        for (size_t k = 0; k < sizeof(alike) / sizeof(alike[0]); k++)
            db_set(m->db, o, alike[k], *db_get(first, alike[k]));
        db_set_int(m->db, o, "number", i);
    }
    db_map_put(m->db, m->self, "cpu_info", "cpu_count",
               arena_printf(m->arena, "%lld", (long long)nr));
    return 0;
}

/* --- Networks -------------------------------------------------------------- */

static int network_begin(struct making *m)
{
    m->self = db_create(m->db, "network");
    db_set_text(m->db, m->self, "name_label", "network");
    db_set_text(
        m->db, m->self, "bridge",
        arena_printf(m->arena, "xapi%u", db_count(m->db, m->self->class)));
    db_set_int(m->db, m->self, "MTU", 1500);
    db_set_bool(m->db, m->self, "managed", true);
    return 0;
}

int pool_networks(struct making *m, const struct value *v)
{
    return making_list(m, SCOPE_NETWORK, v, network_begin);
}

static int put_text(struct making *m, const char *field, const struct value *v)
{
    const char *text = making_text(m, v);

    if (!text)
        return -EINVAL;
    db_set_text(m->db, m->self, field, making_numbered(m, text));
    return 0;
}

int network_name(struct making *m, const struct value *v)
{
    return put_text(m, "name_label", v);
}

int network_bridge(struct making *m, const struct value *v)
{
    return put_text(m, "bridge", v);
}

/* --- Storage ---------------------------------------------------------------- */

/* A repository that every host is attached to. */
static int storage_begin(struct making *m)
{
    m->self = db_create(m->db, "SR");
    db_set_text(m->db, m->self, "name_label", "storage");
    db_set_text(m->db, m->self, "type", "dummy");
    db_set_text(m->db, m->self, "content_type", "user");
    db_set_int(m->db, m->self, "physical_size", (int64_t)1 << 40);
    for (struct object *h = db_first(m->db, "host"); h; h = h->next) {
        struct object *pbd = db_create(m->db, "PBD");

        db_set_text(m->db, pbd, "host", h->ref);
        db_set_text(m->db, pbd, "SR", m->self->ref);
        db_set_bool(m->db, pbd, "currently_attached", true);
    }
    return 0;
}

int pool_storage(struct making *m, const struct value *v)
{
    return making_list(m, SCOPE_STORAGE, v, storage_begin);
}

int storage_name(struct making *m, const struct value *v)
{
    return put_text(m, "name_label", v);
}

int storage_type(struct making *m, const struct value *v)
{
    const char *text = making_text(m, v);

    if (!text)
        return -EINVAL;
    db_set_text(m->db, m->self, "type", text);
    return 0;
}

int storage_size(struct making *m, const struct value *v)
{
    int64_t bytes;

    if (making_number(m, v, &bytes))
        return -EINVAL;
    db_set_int(m->db, m->self, "physical_size", bytes);
    return 0;
}

int storage_shared(struct making *m, const struct value *v)
{
    if (v->kind != VALUE_BOOL)
        return making_fail(m, "'shared' is true or false");
    db_set_bool(m->db, m->self, "shared", v->b);
    return 0;
}

int storage_default(struct making *m, const struct value *v)
{
    if (v->kind != VALUE_BOOL)
        return making_fail(m, "'default' is true or false");
    if (v->b)
        db_set_text(m->db, m->pool, "default_SR", m->self->ref);
    return 0;
}
