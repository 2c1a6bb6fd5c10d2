/*
 * Clusters of hosts, for storage that they share block by block. The cluster
 * stack runs on the hosts: it is told through their agents ("cluster").
 */
#include <string.h>

#include "agent.h"
#include "cluster.h"
#include "handlers.h"
#include "net.h"
#include "wait.h"

enum {
    STACK_VERSION = 3,
};

#define TOKEN_TIMEOUT_MIN     1.0
#define TOKEN_COEFFICIENT_MIN 0.65

static const char *const stacks[] = {"corosync"};

static const char *const cluster_operations[] = {"add", "remove", "enable",
                                                 "disable", "destroy"};
static const char *const host_operations[] = {"enable", "disable", "destroy"};

/* --- Checks --------------------------------------------------------------------------- */

static int check_stack(struct request *r, const char *name)
{
    for (size_t i = 0; i < sizeof(stacks) / sizeof(stacks[0]); i++)
        if (strcmp(stacks[i], name) == 0)
            return 0;
    return request_fail(r, "INVALID_CLUSTER_STACK", name, NULL);
}

static int check_timeouts(struct request *r, double timeout, double coefficient)
{
    if (!(timeout >= TOKEN_TIMEOUT_MIN))
        return request_fail(r, "INVALID_VALUE", "token_timeout",
                            arena_printf(r->arena, "%g", timeout), NULL);
    if (!(coefficient >= TOKEN_COEFFICIENT_MIN))
        return request_fail(r, "INVALID_VALUE", "token_timeout_coefficient",
                            arena_printf(r->arena, "%g", coefficient), NULL);
    return 0;
}

static int check_pif(struct request *r, const struct object *pif)
{
    if (!db_bool(pif, "disallow_unplug"))
        return request_fail(r, "PIF_ALLOWS_UNPLUG", pif->ref, NULL);
    if (!db_bool(pif, "currently_attached"))
        return request_fail(r, "REQUIRED_PIF_IS_UNPLUGGED", pif->ref, NULL);
    if (!*db_text(pif, "IP"))
        return request_fail(r, "PIF_HAS_NO_NETWORK_CONFIGURATION", pif->ref,
                            NULL);
    return 0;
}

/* The interface becomes fit for it, if it has an address. */
static int fix_pif(struct request *r, struct object *pif)
{
    if (!*db_text(pif, "IP"))
        return request_fail(r, "PIF_HAS_NO_NETWORK_CONFIGURATION", pif->ref,
                            NULL);
    if (!db_bool(pif, "currently_attached") && pif_do_plug(r, pif))
        return API_FAILED;
    db_set_bool(r->db, pif, "disallow_unplug", true);
    return 0;
}

static struct object *member_on(struct request *r, const struct object *host)
{
    for (struct object *o = db_first(r->db, "Cluster_host"); o; o = o->next)
        if (strcmp(db_text(o, "host"), host->ref) == 0)
            return o;
    return NULL;
}

/* Storage that hangs on the stack keeps the member in. */
static int check_unused(struct request *r, const struct object *member)
{
    const struct object *host = db_ref(r->db, member, "host");
    const struct object *cluster = db_ref(r->db, member, "cluster");
    struct objects pbds = {0};

    if (host)
        pbds = objects_of(r, host, "PBDs");
    for (uint32_t i = 0; i < pbds.nr; i++) {
        const struct object *sr = db_ref(r->db, pbds.at[i], "SR");

        if (sr && db_bool(pbds.at[i], "currently_attached") &&
            strcmp(db_text(sr, "type"), "gfs2") == 0)
            return request_fail(r, "CLUSTER_STACK_IN_USE",
                                db_text(cluster, "cluster_stack"), NULL);
    }
    return 0;
}

/* --- State ------------------------------------------------------------------------------- */

static bool host_live(const struct request *r, const struct object *host)
{
    const struct object *metrics = db_ref(r->db, host, "metrics");

    return !metrics || db_bool(metrics, "live");
}

static void member_refresh(struct request *r, struct object *member, bool live)
{
    if (db_bool(member, "live") != live) {
        db_set_bool(r->db, member, "live", live);
        db_set(r->db, member, "last_update_live",
               value_date(toolstack_now(r->ts, r->arena)));
    }
    db_set(r->db, member, "allowed_operations",
           value_strings(r->arena,
                         host_operations + !!db_bool(member, "enabled"), 2));
}

/* Who is in, who answers, and whether that is more than half. */
void cluster_refresh(struct request *r, struct object *cluster)
{
    struct objects members = objects_of(r, cluster, "cluster_hosts");
    int64_t live = 0, expected = 0, quorum;

    for (uint32_t i = 0; i < members.nr; i++) {
        const struct object *host = db_ref(r->db, members.at[i], "host");
        bool enabled = db_bool(members.at[i], "enabled");
        bool on = enabled && host && host_live(r, host);

        expected += enabled;
        live += on;
        member_refresh(r, members.at[i], on);
    }
    quorum = expected ? expected / 2 + 1 : 0;
    db_set_int(r->db, cluster, "expected_hosts", expected);
    db_set_int(r->db, cluster, "live_hosts", live);
    db_set_int(r->db, cluster, "quorum", quorum);
    db_set_bool(r->db, cluster, "is_quorate", live && live >= quorum);
    db_set(r->db, cluster, "allowed_operations",
           value_strings(r->arena, cluster_operations,
                         sizeof(cluster_operations) /
                             sizeof(cluster_operations[0])));
}

void clusters_refresh(struct toolstack *ts)
{
    struct request r = {.ts = ts, .db = &ts->db};
    struct arena a;

    if (!db_first(&ts->db, "Cluster"))
        return;
    arena_init(&a);
    r.arena = &a;
    for (struct object *c = db_first(&ts->db, "Cluster"); c; c = c->next)
        cluster_refresh(&r, c);
    arena_fini(&a);
}

static int tell(struct request *r, const struct object *member,
                const char *verb)
{
    const struct object *host = db_ref(r->db, member, "host");
    const struct object *pif = db_ref(r->db, member, "PIF");

    return agent_apply(
        r, host, "cluster",
        arena_printf(r->arena, "%s %s", verb, pif ? db_text(pif, "IP") : ""));
}

static struct object *member_make(struct request *r, struct object *cluster,
                                  const struct object *host,
                                  const struct object *pif)
{
    struct object *o = db_create(r->db, "Cluster_host");

    db_set_text(r->db, o, "cluster", cluster->ref);
    db_set_text(r->db, o, "host", host->ref);
    db_set_text(r->db, o, "PIF", pif->ref);
    db_set_bool(r->db, o, "joined", false);
    return o;
}

static int join(struct request *r, struct object *member)
{
    struct object *pif = db_ref(r->db, member, "PIF");

    if (fix_pif(r, pif) || tell(r, member, "join"))
        return API_FAILED;
    db_set_bool(r->db, member, "joined", true);
    db_set_bool(r->db, member, "enabled", true);
    cluster_refresh(r, db_ref(r->db, member, "cluster"));
    return 0;
}

/* The pool's HA can use what its hosts run. */
static void name_stack(struct request *r)
{
    const struct object *cluster = db_first(r->db, "Cluster");

    db_set_text(r->db, toolstack_pool(r->ts), "ha_cluster_stack",
                cluster ? db_text(cluster, "cluster_stack") : "xhad");
}

/* --- Clusters ---------------------------------------------------------------------------------- */

/* NULL: the error says why. */
static struct object *create(struct request *r, struct object *pif,
                             const char *stack, bool auto_join, double timeout,
                             double coefficient)
{
    struct object *cluster, *member;
    char token[UUID_BYTES];

    if (feature_check(r, "corosync") || check_timeouts(r, timeout, coefficient))
        return NULL;
    if (db_first(r->db, "Cluster")) {
        (void)request_fail(r, "CLUSTER_ALREADY_EXISTS", NULL);
        return NULL;
    }
    if (check_pif(r, pif))
        return NULL;
    cluster = db_create(r->db, "Cluster");
    db_uuid(r->db, token);
    db_set_text(r->db, cluster, "cluster_token", token);
    db_set_text(r->db, cluster, "cluster_stack", stack);
    db_set_int(r->db, cluster, "cluster_stack_version", STACK_VERSION);
    db_set_bool(r->db, cluster, "pool_auto_join", auto_join);
    db_set(r->db, cluster, "token_timeout", value_float(timeout));
    db_set(r->db, cluster, "token_timeout_coefficient",
           value_float(coefficient));
    member = member_make(r, cluster, pif_host(r, pif), pif);
    if (join(r, member) == 0) {
        name_stack(r);
        return cluster;
    }
    db_destroy(r->db, member);
    db_destroy(r->db, cluster);
    return NULL;
}

int cluster_create(struct request *r)
{
    struct object *pif, *cluster;

    if (check_stack(r, arg_text(r, 1)))
        return API_FAILED;
    pif = arg_object(r, 0, "PIF");
    cluster = pif ? create(r, pif, arg_text(r, 1), arg_bool(r, 2),
                           arg_float(r, 3), arg_float(r, 4))
                  : NULL;
    return cluster ? reply_ref(r, cluster) : API_FAILED;
}

static int member_remove(struct request *r, struct object *member, bool force)
{
    struct object *cluster = db_ref(r->db, member, "cluster");

    if (check_unused(r, member))
        return API_FAILED;
    if (tell(r, member, force ? "destroy" : "leave") && !force)
        return API_FAILED;
    db_destroy(r->db, member);
    if (cluster)
        cluster_refresh(r, cluster);
    return 0;
}

static int destroy(struct request *r, struct object *cluster)
{
    struct objects members = objects_of(r, cluster, "cluster_hosts");

    if (members.nr > 1)
        return request_fail(r, "CLUSTER_DOES_NOT_HAVE_ONE_NODE",
                            arena_printf(r->arena, "%u", members.nr), NULL);
    if (members.nr && member_remove(r, members.at[0], true))
        return API_FAILED;
    db_destroy(r->db, cluster);
    name_stack(r);
    return 0;
}

int cluster_destroy(struct request *r)
{
    return destroy(r, r->self) ? API_FAILED : reply_void(r);
}

/* Who takes part can leave, unless nobody is left then. */
static int check_leaves(struct request *r, const struct object *member)
{
    const struct object *cluster = db_ref(r->db, member, "cluster");

    if (!db_bool(member, "enabled"))
        return request_fail(r, "CLUSTERING_DISABLED", member->ref, NULL);
    if (cluster && db_get(cluster, "cluster_hosts")->nr == 1)
        return request_fail(r, "CLUSTER_HOST_IS_LAST", member->ref, NULL);
    return 0;
}

static int pool_destroy(struct request *r, struct object *cluster, bool force)
{
    struct objects members = objects_of(r, cluster, "cluster_hosts");
    struct object *master = member_on(r, toolstack_master(r->ts));

    db_set_bool(r->db, cluster, "pool_auto_join", false);
    for (uint32_t i = 0; i < members.nr; i++)
        if (members.at[i] != master &&
            ((!force && check_leaves(r, members.at[i])) ||
             member_remove(r, members.at[i], force)))
            return force ? request_fail(r, "CLUSTER_FORCE_DESTROY_FAILED",
                                        cluster->ref, NULL)
                         : API_FAILED;
    return destroy(r, cluster);
}

int cluster_pool_destroy(struct request *r)
{
    return pool_destroy(r, r->self, false) ? API_FAILED : reply_void(r);
}

int cluster_pool_force_destroy(struct request *r)
{
    return pool_destroy(r, r->self, true) ? API_FAILED : reply_void(r);
}

static int pif_of(struct request *r, struct object *network,
                  struct object *host, struct object **pif)
{
    *pif = pif_on(r, network, host);
    if (*pif)
        return 0;
    return request_fail(r, "PIF_NOT_PRESENT", host->ref, network->ref, NULL);
}

static int join_others(struct request *r, struct object *cluster,
                       struct object *network)
{
    struct objects hosts = objects_all(r, "host");
    struct object *pif;

    for (uint32_t i = 0; i < hosts.nr; i++)
        if (!member_on(r, hosts.at[i]) &&
            (pif_of(r, network, hosts.at[i], &pif) ||
             join(r, member_make(r, cluster, hosts.at[i], pif))))
            return API_FAILED;
    return 0;
}

int cluster_pool_create(struct request *r)
{
    double timeout = arg_float(r, 2), coefficient = arg_float(r, 3);
    struct object *network, *pif, *cluster;
    struct value error;

    network = db_find(r->db, "network", arg_text(r, 0));
    pif = network ? pif_on(r, network, toolstack_master(r->ts)) : NULL;
    if (!pif) /* looked for before anything else, and told so by the original */
        return request_internal(
            r, arena_printf(r->arena, "No PIF found for host:%s and network:%s",
                            toolstack_master(r->ts)->ref, arg_text(r, 0)));
    if (check_stack(r, arg_text(r, 1)) ||
        check_timeouts(r, timeout, coefficient))
        return API_FAILED;
    cluster = create(r, pif, arg_text(r, 1), true, timeout, coefficient);
    if (!cluster)
        return API_FAILED;
    if (join_others(r, cluster, network) == 0)
        return reply_ref(r, cluster);
    error = r->error;
    (void)pool_destroy(r, cluster, true); /* the first error is the news */
    r->error = error;
    return API_FAILED;
}

static struct object *network_of(struct request *r, struct object *cluster)
{
    struct object *member = first_of(r, cluster, "cluster_hosts");
    struct object *pif = member ? db_ref(r->db, member, "PIF") : NULL;

    return pif ? db_ref(r->db, pif, "network") : NULL;
}

int cluster_get_network(struct request *r)
{
    struct object *network = network_of(r, r->self);

    if (!network)
        return request_internal(r, "No network found for cluster");
    return reply_ref(r, network);
}

/* Members that fell out, and hosts that came since, join. */
/* Of a cluster that is not there, no member is missing. */
int cluster_pool_resync(struct request *r)
{
    struct object *cluster = db_find(r->db, "Cluster", arg_text(r, 0));
    struct objects members = {0};

    if (!cluster)
        return reply_void(r);
    members = objects_of(r, cluster, "cluster_hosts");
    for (uint32_t i = 0; i < members.nr; i++)
        if (!db_bool(members.at[i], "joined") && join(r, members.at[i]))
            return API_FAILED;
    if (db_bool(cluster, "pool_auto_join") && network_of(r, cluster) &&
        join_others(r, cluster, network_of(r, cluster)))
        return API_FAILED;
    cluster_refresh(r, cluster);
    return reply_void(r);
}

int cluster_cstack_sync(struct request *r)
{
    cluster_refresh(r, r->self);
    return reply_void(r);
}

/* --- Their members ------------------------------------------------------------------------------ */

/* A member that lets others in. */
static bool anyone_in(struct request *r, const struct object *cluster)
{
    struct objects members = objects_of(r, cluster, "cluster_hosts");

    for (uint32_t i = 0; i < members.nr; i++)
        if (db_bool(members.at[i], "live"))
            return true;
    return false;
}

int cluster_host_create(struct request *r)
{
    struct object *cluster = r->self, *member;
    struct object *host = db_find(r->db, "host", arg_text(r, 1));
    struct object *pif = arg_object(r, 2, "PIF");

    if (!host)
        return request_bad_handle(r, "host", arg_text(r, 1));
    if (!pif || feature_check(r, "corosync"))
        return API_FAILED;
    if (pif_host(r, pif) != host)
        return request_fail(r, "PIF_NOT_ATTACHED_TO_HOST", pif->ref, host->ref,
                            NULL);
    if (member_on(r, host))
        return request_internal(
            r, "Cluster host cannot be created because it already exists");
    if (!anyone_in(r, cluster))
        return request_fail(r, "NO_CLUSTER_HOSTS_REACHABLE", cluster->ref,
                            NULL);
    member = member_make(r, cluster, host, pif);
    if (join(r, member) == 0)
        return reply_ref(r, member);
    db_destroy(r->db, member);
    return API_FAILED;
}

int cluster_host_destroy(struct request *r)
{
    return check_leaves(r, r->self) || member_remove(r, r->self, false)
               ? API_FAILED
               : reply_void(r);
}

int cluster_host_force_destroy(struct request *r)
{
    return member_remove(r, r->self, true) ? API_FAILED : reply_void(r);
}

/* A member that will not come back; others need not wait for it. */
int cluster_host_forget(struct request *r)
{
    struct object *cluster = db_ref(r->db, r->self, "cluster");
    const struct object *host = db_ref(r->db, r->self, "host");

    if (host && host_live(r, host))
        return request_fail(r, "HOST_IS_LIVE", host->ref, NULL);
    db_set(r->db, cluster, "pending_forget", value_set(NULL, 0));
    db_destroy(r->db, r->self);
    cluster_refresh(r, cluster);
    return reply_void(r);
}

/* An enabling that takes its time. */
struct enabling {
    struct wait wait; /* first: found again from r->wait */
    const char *member, *key;
};

static int enabled(struct request *r)
{
    const struct enabling *w = (const struct enabling *)r->wait;
    struct object *member = db_find(r->db, "Cluster_host", w->member);
    struct object *cluster = member ? db_ref(r->db, member, "cluster") : NULL;

    if (!cluster)
        return request_bad_handle(r, "Cluster_host", w->member);
    db_map_del(r->db, cluster, "current_operations", w->key);
    db_set_bool(r->db, member, "enabled", true);
    cluster_refresh(r, cluster);
    return reply_void(r);
}

/* Shown as current, for as long as operations take here. */
static int enable_slowly(struct request *r, struct object *cluster)
{
    const struct domain_driver *driver = &r->ts->domains;
    struct enabling *w = arena_alloc(r->arena, sizeof(*w));
    char uuid[UUID_BYTES];

    db_uuid(r->db, uuid);
    w->member = arena_strdup(r->arena, r->self->ref);
    w->key = r->task ? arena_strdup(r->arena, r->task->ref)
                     : arena_printf(r->arena, "DummyRef:|%s|%s", uuid,
                                    r->message->name);
    w->wait = (struct wait){.resume = enabled,
                            .deadline_ms = r->ts->env.now_ms(r->ts->env.ctx)};
    if (driver->pace_ms)
        w->wait.deadline_ms += driver->pace_ms(driver->ctx, "enable");
    db_map_put(r->db, cluster, "current_operations", w->key, "enable");
    r->wait = &w->wait;
    return driver->pace_ms ? API_WAITING : enabled(r);
}

int cluster_host_enable(struct request *r)
{
    struct object *cluster = db_ref(r->db, r->self, "cluster");
    struct object *pif = db_ref(r->db, r->self, "PIF");

    if (!db_bool(r->self, "joined"))
        return request_fail(r, "CLUSTER_HOST_NOT_JOINED", r->self->ref, NULL);
    if (!cluster || !pif || check_pif(r, pif) || tell(r, r->self, "enable"))
        return API_FAILED;
    return enable_slowly(r, cluster);
}

int cluster_host_disable(struct request *r)
{
    if (check_unused(r, r->self) || tell(r, r->self, "disable"))
        return API_FAILED;
    db_set_bool(r->db, r->self, "enabled", false);
    cluster_refresh(r, db_ref(r->db, r->self, "cluster"));
    return reply_void(r);
}
