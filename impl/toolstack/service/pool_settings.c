/* Settings of pools: telemetry, proxies, agents of guests, secrets, caches. */

#include <string.h>

#include "agent.h"
#include "handlers.h"
#include "net.h"
#include "pool.h"

enum {
    DAY_MS = 24 * 3600 * 1000,
    PORT_MAX = 65535,
};

static struct object *secret_make(struct request *r, const char *value)
{
    struct object *o = db_create(r->db, "secret");

    db_set_text(r->db, o, "value", value);
    return o;
}

/* The field refers to another secret, or (NULL) to none. */
static void secret_replace(struct request *r, struct object *o,
                           const char *field, const char *value)
{
    struct object *old = db_ref(r->db, o, field);

    db_set_text(r->db, o, field, value ? secret_make(r, value)->ref : REF_NULL);
    if (old)
        db_destroy(r->db, old);
}

/* --- Telemetry -------------------------------------------------------------------- */

int pool_reset_telemetry_uuid(struct request *r)
{
    char uuid[UUID_BYTES];

    db_uuid(r->db, uuid);
    secret_replace(r, r->self, "telemetry_uuid", uuid);
    return reply_void(r);
}

int pool_set_telemetry_next_collection(struct request *r)
{
    static const struct {
        const char *frequency;
        int days;
    } limits[] = {{"daily", 2}, {"weekly", 14}, {"monthly", 62}};
    const char *frequency = db_text(r->self, "telemetry_frequency");
    int64_t now = r->ts->env.now_ms(r->ts->env.ctx), last = now;

    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
        if (strcmp(limits[i].frequency, frequency) == 0)
            last = now + (int64_t)limits[i].days * DAY_MS;
    if (strcmp(arg_text(r, 1), date_text(r->arena, last)) > 0)
        return request_fail(r, "TELEMETRY_NEXT_COLLECTION_TOO_LATE",
                            arg_text(r, 1), NULL);
    db_set(r->db, r->self, "telemetry_next_collection", r->args[1]);
    return reply_void(r);
}

/* --- Proxies -------------------------------------------------------------------------- */

static int check_credentials(struct request *r, const char *user,
                             const char *password)
{
    if (!*user == !*password && !strchr(user, '\n') && !strchr(password, '\n'))
        return 0;
    return request_fail(r, "INVALID_REPOSITORY_PROXY_CREDENTIAL", NULL);
}

int pool_configure_repository_proxy(struct request *r)
{
    const char *url = arg_text(r, 1), *password = arg_text(r, 3);
    struct object *pool;

    if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
        return request_fail(r, "INVALID_REPOSITORY_PROXY_URL", url, NULL);
    if (check_credentials(r, arg_text(r, 2), password))
        return API_FAILED;
    pool = arg_object(r, 0, "pool");
    if (!pool)
        return API_FAILED;
    db_set_text(r->db, pool, "repository_proxy_url", url);
    db_set_text(r->db, pool, "repository_proxy_username", arg_text(r, 2));
    secret_replace(r, pool, "repository_proxy_password",
                   *password ? password : NULL);
    return reply_void(r);
}

int pool_disable_repository_proxy(struct request *r)
{
    db_set_text(r->db, r->self, "repository_proxy_url", "");
    db_set_text(r->db, r->self, "repository_proxy_username", "");
    secret_replace(r, r->self, "repository_proxy_password", NULL);
    return reply_void(r);
}

/* --- Agents in guests --------------------------------------------------------------------- */

static const char *const agent_keys[] = {"auto_update_enabled",
                                         "auto_update_url"};

/* What guests read of it, on every host. */
static int tell_guests(struct request *r, const struct object *pool)
{
    const struct value *map = db_get(pool, "guest_agent_config");
    const char *text = "";

    for (uint32_t i = 0; i < map->nr; i++)
        text = arena_printf(r->arena, "%s%s=%s\n", text, map->members[i].key,
                            map->members[i].value.s);
    for (struct object *h = db_first(r->db, "host"); h; h = h->next)
        if (agent_apply(r, h, "guest-agent-config", text))
            return API_FAILED;
    return 0;
}

int pool_add_to_guest_agent_config(struct request *r)
{
    const char *key = arg_text(r, 1), *value = arg_text(r, 2);
    struct object *pool;

    for (size_t i = 0; i < sizeof(agent_keys) / sizeof(char *); i++) {
        if (strcmp(agent_keys[i], key) != 0)
            continue;
        pool = arg_object(r, 0, "pool");
        if (!pool)
            return API_FAILED;
        if (value_find(db_get(pool, "guest_agent_config"), key))
            return request_fail(r, "MAP_DUPLICATE_KEY", "pool",
                                "guest_agent_config", pool->ref, key, NULL);
        db_map_put(r->db, pool, "guest_agent_config", key, value);
        return tell_guests(r, pool) ? API_FAILED : reply_void(r);
    }
    return request_fail(r, "INVALID_VALUE", "guest_agent_config",
                        arena_printf(r->arena, "%s = %s", key, value), NULL);
}

int pool_remove_from_guest_agent_config(struct request *r)
{
    db_map_del(r->db, r->self, "guest_agent_config", arg_text(r, 1));
    return tell_guests(r, r->self) ? API_FAILED : reply_void(r);
}

int host_apply_guest_agent_config(struct request *r)
{
    return tell_guests(r, toolstack_pool(r->ts)) ? API_FAILED : reply_void(r);
}

/* --- Client certificates, secrets --------------------------------------------------------- */

int pool_enable_client_certificate_auth(struct request *r)
{
    db_set_bool(r->db, r->self, "client_certificate_auth_enabled", true);
    db_set_text(r->db, r->self, "client_certificate_auth_name", arg_text(r, 1));
    return reply_void(r);
}

int pool_disable_client_certificate_auth(struct request *r)
{
    db_set_bool(r->db, r->self, "client_certificate_auth_enabled", false);
    db_set_text(r->db, r->self, "client_certificate_auth_name", "");
    return reply_void(r);
}

/* All hosts must take it; they keep the old one until all have. */
static int check_all_live(struct request *r)
{
    for (struct object *h = db_first(r->db, "host"); h; h = h->next) {
        struct object *metrics = db_ref(r->db, h, "metrics");

        if (metrics && !db_bool(metrics, "live"))
            return request_fail(r, "CANNOT_CONTACT_HOST", h->ref, NULL);
    }
    return 0;
}

int pool_rotate_secret(struct request *r)
{
    const char *secret;
    struct object *pool = toolstack_pool(r->ts);

    if (feature_check(r, "pool_secret_rotation") || check_all_live(r))
        return API_FAILED;
    if (db_bool(pool, "ha_enabled"))
        return request_fail(r, "HA_IS_ENABLED", NULL);
    if (pool_upgrades(r))
        return request_fail(r, "NOT_SUPPORTED_DURING_UPGRADE", NULL);
    db_set_bool(r->db, pool, "is_psr_pending", true);
    secret = pool_secret_renew(r->ts);
    for (struct object *h = db_first(r->db, "host"); h; h = h->next)
        if (agent_write(r, h, "ptoken", secret))
            return request_internal(
                r, arena_printf(r->arena, "host '%s' did not take the secret",
                                db_text(h, "name_label")));
    db_set_bool(r->db, pool, "is_psr_pending", false);
    return reply_void(r);
}

int host_notify_accept_new_pool_secret(struct request *r)
{
    return agent_write(r, r->self, "ptoken.new", arg_text(r, 2))
               ? API_FAILED
               : reply_void(r);
}

int host_notify_send_new_pool_secret(struct request *r)
{
    return agent_write(r, r->self, "ptoken", arg_text(r, 2)) ? API_FAILED
                                                             : reply_void(r);
}

int host_cleanup_pool_secret(struct request *r)
{
    (void)agent_delete(r, r->self, "ptoken.new"); /* or there is none */
    return reply_void(r);
}

int host_update_pool_secret(struct request *r)
{
    return agent_write(r, r->self, "ptoken", arg_text(r, 1)) ? API_FAILED
                                                             : reply_void(r);
}

/* Kept by the host itself, for when the pool's database is out of reach. */
int host_set_localdb_key(struct request *r)
{
    return agent_write(r, r->self,
                       arena_printf(r->arena, "local/%s", arg_text(r, 1)),
                       arg_text(r, 2))
               ? API_FAILED
               : reply_void(r);
}

/* --- Caches of the outside world's users ----------------------------------------------------- */

static int set_positive(struct request *r, const char *field, const char *name,
                        int64_t least)
{
    int64_t n = arg_int(r, 1);

    if (n < least)
        return request_fail(r, "INVALID_VALUE", name,
                            arena_printf(r->arena, "%lld", (long long)n), NULL);
    db_set_int(r->db, r->self, field, n);
    return reply_void(r);
}

int pool_set_ext_auth_cache_size(struct request *r)
{
    return set_positive(r, "ext_auth_cache_size", "size", 0);
}

int pool_set_ext_auth_cache_expiry(struct request *r)
{
    return set_positive(r, "ext_auth_cache_expiry", "expiry", 1);
}

/* --- Binary storage: blobs have a place, or no longer one ------------------------------------ */

static int binary_storage(struct request *r, bool enabled)
{
    for (struct object *h = db_first(r->db, "host"); h; h = h->next)
        if (agent_apply(r, h, "binary-storage", enabled ? "on" : "off"))
            return API_FAILED;
    return reply_void(r);
}

int any_enable_binary_storage(struct request *r)
{
    return binary_storage(r, true);
}

int any_disable_binary_storage(struct request *r)
{
    return binary_storage(r, false);
}

/* --- Machines with secure boot ----------------------------------------------------------------- */

/* Which certificates are there for machines' firmware. */
int pool_get_guest_secureboot_readiness(struct request *r)
{
    static const char *const needed[] = {"PK.auth", "KEK.auth", "db.auth"};
    struct value files = agent_list(r, toolstack_master(r->ts), "varstored");

    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
        if (!value_has(&files, needed[i]))
            return reply_text(r, "not_ready");
    return reply_text(r,
                      value_has(&files, "dbx.auth") ? "ready" : "ready_no_dbx");
}

/* --- Reachability -------------------------------------------------------------------------------- */

/* A POST from the master to somewhere; from a simulated host, to a host. */
int pool_send_test_post(struct request *r)
{
    const char *host = arg_text(r, 0);
    int64_t port = arg_int(r, 1);

    if (port < 1 || port > PORT_MAX)
        return request_fail(r, "VALUE_NOT_SUPPORTED", "port",
                            arena_printf(r->arena, "%lld", (long long)port),
                            "Port out of range", NULL);
    for (struct object *h = db_first(r->db, "host"); h; h = h->next)
        if (strcmp(db_text(h, "address"), host) == 0)
            return reply_text(r, "");
    return request_fail(r, "TLS_CONNECTION_FAILED", host,
                        arena_printf(r->arena, "%lld", (long long)port), NULL);
}
