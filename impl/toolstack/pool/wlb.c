/* Workload balancing by a balancer of our own. */
#include "wlb.h"

#include <stdlib.h>
#include <string.h>

#include "evacuation.h"
#include "handlers.h"
#include "host.h"
#include "host_memory.h"
#include "placement.h"
#include "session.h"

enum {
    STARS_MAX = 5,
    MOVES_MAX = 16,
    KEY_BYTES = 64,
};

static const struct {
    const char *name;
    int64_t otherwise, most;
} settings[] = {
#define WLB_SETTING(name, otherwise, most) {#name, otherwise, most},
#include "wlb_settings.def"
#undef WLB_SETTING
};

enum {
    SETTINGS_NR = sizeof(settings) / sizeof(settings[0]),
};

/* Kept with the pool, where nobody else looks. */
static const char *key_of(struct arena *a, const char *name)
{
    return arena_printf(a, "wlb:%s", name);
}

static int64_t setting(struct request *r, int i)
{
    const char *text = value_text(db_get(toolstack_pool(r->ts), "other_config"),
                                  key_of(r->arena, settings[i].name), NULL);

    return text ? atoll(text) : settings[i].otherwise;
}

static int64_t setting_named(struct request *r, const char *name)
{
    for (int i = 0; i < SETTINGS_NR; i++)
        if (strcmp(settings[i].name, name) == 0)
            return setting(r, i);
    return 0;
}

static int check_initialized(struct request *r)
{
    if (*db_text(toolstack_pool(r->ts), "wlb_url"))
        return 0;
    return request_fail(r, "WLB_NOT_INITIALIZED", NULL);
}

static int check_enabled(struct request *r)
{
    if (check_initialized(r))
        return API_FAILED;
    if (db_bool(toolstack_pool(r->ts), "wlb_enabled"))
        return 0;
    return request_fail(r, "WLB_DISABLED", NULL);
}

bool wlb_decides(struct request *r)
{
    const struct object *pool = toolstack_pool(r->ts);
    const char *not_here = value_text(db_get(pool, "other_config"),
                                      "wlb_choose_host_disable", "false");

    return *db_text(pool, "wlb_url") && db_bool(pool, "wlb_enabled") &&
           strcmp(not_here, "true") != 0;
}

/* --- What is known of hosts ---------------------------------------------------- */

static double part(double left, double of)
{
    if (left <= 0 || of <= 0)
        return 0;
    return left >= of ? 1 : left / of;
}

static int64_t vcpus_on(struct request *r, const struct object *host)
{
    const struct value *vms = db_get(host, "resident_VMs");
    int64_t nr = 0;

    for (uint32_t i = 0; i < vms->nr; i++) {
        const struct object *vm = db_find_any(r->db, vms->items[i].s);

        if (vm && !db_bool(vm, "is_control_domain"))
            nr += db_int(vm, "VCPUs_at_startup");
    }
    return nr;
}

static double memory_left(struct request *r, const struct object *vm,
                          const struct object *host)
{
    const struct object *metrics = db_ref(r->db, host, "metrics");
    int64_t left = host_memory_available(r->ts, host);

    if (vm && strcmp(db_text(vm, "resident_on"), host->ref) != 0)
        left -= vm_memory_needed(vm);
    return part((double)left,
                metrics ? (double)db_int(metrics, "memory_total") : 0);
}

static double cpus_left(struct request *r, const struct object *vm,
                        const struct object *host)
{
    double room = (double)db_get(host, "host_CPUs")->nr *
                  (double)setting_named(r, "OverCommitCpuRatio");
    int64_t taken = vcpus_on(r, host);

    if (vm && strcmp(db_text(vm, "resident_on"), host->ref) != 0)
        taken += db_int(vm, "VCPUs_at_startup");
    return part(room - (double)taken, room);
}

double wlb_points(struct request *r, const struct object *vm,
                  const struct object *host)
{
    double memory = memory_left(r, vm, host), cpus = cpus_left(r, vm, host);

    return STARS_MAX * (memory < cpus ? memory : cpus);
}

/* A used part above its threshold, in percent. */
static bool is_critical(struct request *r, const struct object *host)
{
    double memory = 100 * (1 - memory_left(r, NULL, host));
    double cpus = 100 * (1 - cpus_left(r, NULL, host));

    return memory > (double)setting_named(r, "HostMemoryThresholdCritical") ||
           cpus > (double)setting_named(r, "HostCpuThresholdCritical");
}

/* --- Set up ---------------------------------------------------------------------- */

static int check_account(struct request *r)
{
    const char *url = arg_text(r, 0), *user = arg_text(r, 3);

    if (!*url || strchr(url, ' '))
        return request_fail(r, "WLB_URL_INVALID", url, NULL);
    if (!*arg_text(r, 1) || !*arg_text(r, 2))
        return request_fail(r, "WLB_AUTHENTICATION_FAILED", NULL);
    if (strcmp(user, "root") != 0 || !session_password_right(r, arg_text(r, 4)))
        return request_fail(r, "WLB_XENSERVER_AUTHENTICATION_FAILED", NULL);
    return 0;
}

static void forget_password(struct request *r, struct object *pool)
{
    struct object *secret = db_ref(r->db, pool, "wlb_password");

    if (secret)
        db_destroy(r->db, secret);
    db_set_text(r->db, pool, "wlb_password", REF_NULL);
}

int pool_initialize_wlb(struct request *r)
{
    struct object *pool = toolstack_pool(r->ts), *secret;

    if (check_account(r))
        return API_FAILED;
    forget_password(r, pool);
    secret = db_create(r->db, "secret");
    db_set_text(r->db, secret, "value", arg_text(r, 2));
    db_set_text(r->db, pool, "wlb_url", arg_text(r, 0));
    db_set_text(r->db, pool, "wlb_username", arg_text(r, 1));
    db_set_text(r->db, pool, "wlb_password", secret->ref);
    return reply_void(r);
}

int pool_deconfigure_wlb(struct request *r)
{
    struct object *pool = toolstack_pool(r->ts);

    if (check_initialized(r))
        return API_FAILED;
    forget_password(r, pool);
    db_set_text(r->db, pool, "wlb_url", "");
    db_set_text(r->db, pool, "wlb_username", "");
    db_set_bool(r->db, pool, "wlb_enabled", false);
    for (int i = 0; i < SETTINGS_NR; i++)
        db_map_del(r->db, pool, "other_config",
                   key_of(r->arena, settings[i].name));
    return reply_void(r);
}

int pool_set_wlb_enabled(struct request *r)
{
    if (arg_bool(r, 1) && check_initialized(r))
        return API_FAILED;
    db_set_bool(r->db, r->self, "wlb_enabled", arg_bool(r, 1));
    return reply_void(r);
}

static int setting_find(const char *name)
{
    for (int i = 0; i < SETTINGS_NR; i++)
        if (strcmp(settings[i].name, name) == 0)
            return i;
    return -ENOENT;
}

static bool valid(int i, const char *text)
{
    char *end;
    long long n;

    errno = 0;
    n = strtoll(text, &end, 10);
    return *text && !*end && !errno && n >= 0 && n <= settings[i].most;
}

int pool_send_wlb_configuration(struct request *r)
{
    const struct value *map = &r->args[0];

    if (check_enabled(r))
        return API_FAILED;
    for (uint32_t i = 0; i < map->nr; i++) {
        int nr = setting_find(map->members[i].key);

        if (nr < 0 || !valid(nr, map->members[i].value.s))
            return request_fail(r, "WLB_MALFORMED_REQUEST", NULL);
    }
    for (uint32_t i = 0; i < map->nr; i++)
        db_map_put(r->db, toolstack_pool(r->ts), "other_config",
                   key_of(r->arena, map->members[i].key),
                   map->members[i].value.s);
    return reply_void(r);
}

int pool_retrieve_wlb_configuration(struct request *r)
{
    struct member *m = arena_alloc(r->arena, sizeof(*m) * SETTINGS_NR);

    if (check_enabled(r))
        return API_FAILED;
    for (int i = 0; i < SETTINGS_NR; i++)
        m[i] = (struct member){
            settings[i].name, value_string(arena_printf(
                                  r->arena, "%lld", (long long)setting(r, i)))};
    return reply(r, value_map(m, SETTINGS_NR));
}

/* --- Advice ---------------------------------------------------------------------- */

/* "WLB", how good the host is, and the number of the advice; or why not. */
int vm_retrieve_wlb_recommendations(struct request *r)
{
    struct object *vm = r->self;
    struct member *m =
        arena_alloc(r->arena, sizeof(*m) * db_count(r->db, class_find("host")));
    size_t nr = 0;

    if (check_enabled(r))
        return API_FAILED;
    for (struct object *h = db_first(r->db, "host"); h; h = h->next) {
        const char *words[] = {"WLB", "0.0", "0"};
        struct value error = r->error;

        if (placement_check(r, vm, h, 0)) {
            words[2] = r->error.items[0].s;
        } else {
            words[1] = arena_printf(r->arena, "%.3f", wlb_points(r, vm, h));
            words[2] = arena_printf(r->arena, "%zu", nr + 1);
        }
        r->error = error;
        m[nr++] = (struct member){h->ref, value_strings(r->arena, words, 3)};
    }
    return reply(r, value_map(m, nr));
}

/* Loads as they would be: moves are tried on them. */
struct trial {
    struct object **hosts;
    double *points;
    size_t nr;
};

/* The machine of a host whose move helps the worst of the two most. */
struct move {
    struct object *vm;
    size_t to;
    double gain;
};

/* What taking the machine costs a host, in points. */
static double weight(struct request *r, const struct object *vm,
                     const struct object *host)
{
    const struct object *metrics = db_ref(r->db, host, "metrics");
    double memory = part((double)vm_memory_needed(vm),
                         metrics ? (double)db_int(metrics, "memory_total") : 0);
    double cpus = part((double)db_int(vm, "VCPUs_at_startup"),
                       (double)db_get(host, "host_CPUs")->nr *
                           (double)setting_named(r, "OverCommitCpuRatio"));

    return STARS_MAX * (memory > cpus ? memory : cpus);
}

static void consider(struct request *r, const struct trial *t, size_t from,
                     struct object *vm, struct move *best)
{
    for (size_t to = 0; to < t->nr; to++) {
        double worst, cost = weight(r, vm, t->hosts[to]);

        if (to == from || t->points[to] - cost <= t->points[from] ||
            !placement_possible(r, vm, t->hosts[to], 0))
            continue;
        worst = t->points[to] - cost;
        if (worst - t->points[from] > best->gain)
            *best = (struct move){vm, to, worst - t->points[from]};
    }
}

static struct value advice(struct request *r, const struct object *to,
                           size_t nr)
{
    const char *words[] = {"WLB", db_text(to, "uuid"), "1.0",
                           arena_printf(r->arena, "%zu.0", nr), "Cpu"};

    return value_strings(r->arena, words, 5);
}

static size_t relieve(struct request *r, struct trial *t, size_t from,
                      struct member *m, size_t nr)
{
    struct value vms = host_machines(r, t->hosts[from]);
    struct move best = {0};

    for (uint32_t i = 0; i < vms.nr; i++)
        consider(r, t, from, db_find(r->db, "VM", vms.items[i].s), &best);
    if (!best.vm)
        return nr;
    t->points[best.to] -= weight(r, best.vm, t->hosts[best.to]);
    m[nr] = (struct member){best.vm->ref, advice(r, t->hosts[best.to], nr + 1)};
    return nr + 1;
}

int pool_retrieve_wlb_recommendations(struct request *r)
{
    size_t max = db_count(r->db, class_find("host")), nr = 0;
    struct trial t = {.hosts = arena_alloc(r->arena, sizeof(*t.hosts) * max),
                      .points = arena_alloc(r->arena, sizeof(double) * max)};
    struct member *m = arena_alloc(r->arena, sizeof(*m) * MOVES_MAX);

    if (check_enabled(r))
        return API_FAILED;
    for (struct object *h = db_first(r->db, "host"); h; h = h->next) {
        t.points[t.nr] = wlb_points(r, NULL, h);
        t.hosts[t.nr++] = h;
    }
    for (size_t i = 0; i < t.nr && nr < MOVES_MAX; i++)
        if (is_critical(r, t.hosts[i]))
            nr = relieve(r, &t, i, m, nr);
    return reply(r, value_map(m, nr));
}

int host_retrieve_wlb_evacuate_recommendations(struct request *r)
{
    struct object *host = arg_object(r, 0, "host");
    struct departure *d;
    struct member *m;
    size_t nr;

    if (check_enabled(r) || !host)
        return API_FAILED;
    d = evacuation_plan(r, host, false, &nr);
    m = arena_alloc(r->arena, sizeof(*m) * (nr + 1));
    for (size_t i = 0; i < nr; i++) {
        const char *words[] = {"WLB", d[i].to ? db_text(d[i].to, "uuid") : ""};

        m[i] = (struct member){d[i].vm->ref,
                               d[i].to ? value_strings(r->arena, words, 2)
                                       : d[i].error};
    }
    return reply(r, value_map(m, nr));
}
