/* PVS: sites of streamed machines, their servers, caches and proxies; and the
 * controllers that switches obey. */
#include <stdlib.h>
#include <string.h>

#include "generic.h"
#include "handlers.h"
#include "ip.h"
#include "net.h"

enum {
    PORT_MAX = 65535,
    SDN_PORT_DEFAULT = 6632,
};

static int check_port(struct request *r, int64_t port, const char *name)
{
    if (port >= 1 && port <= PORT_MAX)
        return 0;
    return request_fail(r, "VALUE_NOT_SUPPORTED", name,
                        arena_printf(r->arena, "%lld", (long long)port),
                        "Port out of range", NULL);
}

static int invalid(struct request *r, const char *name, const char *value)
{
    return request_fail(r, "INVALID_VALUE", name, value, NULL);
}

/* --- Sites ------------------------------------------------------------------- */

/* The proxies of a site that run, as words of an error; how many. */
static int check_idle(struct request *r, struct object *site)
{
    struct objects proxies = objects_of(r, site, "proxies");

    for (uint32_t i = 0; i < proxies.nr; i++)
        if (db_bool(proxies.at[i], "currently_attached"))
            return request_fail(r, "PVS_SITE_CONTAINS_RUNNING_PROXIES",
                                proxies.at[i]->ref, NULL);
    return 0;
}

int pvs_site_introduce(struct request *r)
{
    return feature_check(r, "pvs_proxy") ? API_FAILED : any_introduce(r);
}

int pvs_site_set_pvs_uuid(struct request *r)
{
    if (check_idle(r, r->self))
        return API_FAILED;
    db_set_text(r->db, r->self, "PVS_uuid", arg_text(r, 1));
    return reply_void(r);
}

static void cache_destroy(struct request *r, struct object *cache)
{
    struct object *vdi = db_ref(r->db, cache, "VDI");

    if (vdi)
        db_destroy(r->db, vdi);
    db_destroy(r->db, cache);
}

int pvs_site_forget(struct request *r)
{
    struct objects caches = objects_of(r, r->self, "cache_storage");
    struct objects proxies = objects_of(r, r->self, "proxies");

    if (check_idle(r, r->self))
        return API_FAILED;
    if (db_get(r->self, "servers")->nr)
        return request_fail(r, "PVS_SITE_CONTAINS_SERVERS",
                            db_get(r->self, "servers")->items[0].s, NULL);
    for (uint32_t i = 0; i < caches.nr; i++)
        cache_destroy(r, caches.at[i]);
    for (uint32_t i = 0; i < proxies.nr; i++)
        db_destroy(r->db, proxies.at[i]);
    db_destroy(r->db, r->self);
    return reply_void(r);
}

/* --- Servers ------------------------------------------------------------------- */

static int check_server_addresses(struct request *r, const struct value *set)
{
    struct objects servers = objects_all(r, "PVS_server");

    for (uint32_t i = 0; i < set->nr; i++)
        if (!ip_valid(set->items[i].s, false) &&
            !ip_valid(set->items[i].s, true))
            return request_fail(r, "INVALID_IP_ADDRESS_SPECIFIED", "addresses",
                                NULL);
    for (uint32_t i = 0; i < set->nr; i++)
        for (uint32_t k = 0; k < servers.nr; k++)
            if (value_has(db_get(servers.at[k], "addresses"), set->items[i].s))
                return request_fail(r, "PVS_SERVER_ADDRESS_IN_USE",
                                    set->items[i].s, NULL);
    return 0;
}

int pvs_server_introduce(struct request *r)
{
    int64_t first = arg_int(r, 1), last = arg_int(r, 2);

    if (feature_check(r, "pvs_proxy") ||
        check_server_addresses(r, &r->args[0]) ||
        check_port(r, first, "first_port") || check_port(r, last, "last_port"))
        return API_FAILED;
    if (last < first)
        return request_fail(
            r, "VALUE_NOT_SUPPORTED", "last_port",
            arena_printf(r->arena, "%lld", (long long)last),
            arena_printf(r->arena, "last_port smaller than first_port %lld",
                         (long long)first),
            NULL);
    if (!db_find(r->db, "PVS_site", arg_text(r, 3)))
        return invalid(r, "site", arg_text(r, 3));
    return any_introduce(r);
}

/* --- Proxies -------------------------------------------------------------------- */

static bool is_first_vif(struct request *r, const struct object *vif)
{
    struct object *vm = db_ref(r->db, vif, "VM");
    struct objects vifs = {0};

    if (vm)
        vifs = objects_of(r, vm, "VIFs");
    for (uint32_t i = 0; i < vifs.nr; i++)
        if (atol(db_text(vifs.at[i], "device")) < atol(db_text(vif, "device")))
            return false;
    return true;
}

/* A proxy runs with a cache on the machine's host; else it stays stopped. */
static void proxy_follow(struct request *r, struct object *proxy)
{
    struct object *vif = db_ref(r->db, proxy, "VIF");
    struct object *site = db_ref(r->db, proxy, "site");
    struct object *vm = vif ? db_ref(r->db, vif, "VM") : NULL;
    struct objects caches = {0};
    bool run = false;

    if (site && vm && db_bool(vif, "currently_attached"))
        caches = objects_of(r, site, "cache_storage");
    for (uint32_t i = 0; i < caches.nr; i++)
        run = run || strcmp(db_text(caches.at[i], "host"),
                            db_text(vm, "resident_on")) == 0;
    db_set_bool(r->db, proxy, "currently_attached", run);
    db_set_text(r->db, proxy, "status", run ? "initialised" : "stopped");
}

void pvs_proxies_follow(struct request *r, struct object *vif)
{
    struct objects proxies = objects_all(r, "PVS_proxy");

    for (uint32_t i = 0; i < proxies.nr; i++)
        if (strcmp(db_text(proxies.at[i], "VIF"), vif->ref) == 0)
            proxy_follow(r, proxies.at[i]);
}

int pvs_proxy_create(struct request *r)
{
    struct object *site = db_find(r->db, "PVS_site", arg_text(r, 0)), *proxy;
    struct object *vif = db_find(r->db, "VIF", arg_text(r, 1));
    struct objects proxies = objects_all(r, "PVS_proxy");

    if (feature_check(r, "pvs_proxy"))
        return API_FAILED;
    for (uint32_t i = 0; i < proxies.nr; i++)
        if (strcmp(db_text(proxies.at[i], "VIF"), vif->ref) == 0)
            return request_fail(r, "PVS_PROXY_ALREADY_PRESENT",
                                proxies.at[i]->ref, NULL);
    if (!site)
        return invalid(r, "site", arg_text(r, 0));
    if (!is_first_vif(r, vif))
        return request_fail(r, "PVS_VIF_MUST_BE_FIRST_DEVICE", NULL);
    proxy = db_create(r->db, "PVS_proxy");
    db_set_text(r->db, proxy, "site", site->ref);
    db_set_text(r->db, proxy, "VIF", vif->ref);
    proxy_follow(r, proxy);
    return reply_ref(r, proxy);
}

/* --- Caches ---------------------------------------------------------------------- */

static int check_cache(struct request *r, const struct value *args)
{
    static const char *const names[][2] = {
        {"host", "host"}, {"SR", "SR"}, {"site", "PVS_site"}};
    struct objects caches;

    for (int i = 0; i < 3; i++) {
        const char *ref = value_text(args, names[i][0], REF_NULL);

        if (!db_find(r->db, names[i][1], ref))
            return invalid(r, names[i][0], ref);
    }
    caches = objects_of(r, db_find_any(r->db, value_text(args, "site", "")),
                        "cache_storage");
    for (uint32_t i = 0; i < caches.nr; i++)
        if (strcmp(db_text(caches.at[i], "host"),
                   value_text(args, "host", "")) == 0)
            return request_fail(r, "PVS_CACHE_STORAGE_ALREADY_PRESENT",
                                value_text(args, "site", ""),
                                value_text(args, "host", ""), NULL);
    return 0;
}

int pvs_cache_storage_create(struct request *r)
{
    struct object *cache, *vdi;

    if (check_cache(r, &r->args[0]))
        return API_FAILED;
    cache = generic_create(r, &r->args[0]);
    vdi = db_create(r->db, "VDI");
    db_set_text(r->db, vdi, "name_label", "PVS cache VDI");
    db_set_text(r->db, vdi, "SR", db_text(cache, "SR"));
    db_set_int(r->db, vdi, "virtual_size", db_int(cache, "size"));
    db_set_text(r->db, vdi, "type", "pvs_cache");
    db_set_bool(r->db, vdi, "managed", true);
    db_set_text(r->db, cache, "VDI", vdi->ref);
    return reply_ref(r, cache);
}

int pvs_cache_storage_destroy(struct request *r)
{
    struct object *site = db_ref(r->db, r->self, "site");
    struct objects proxies = {0};

    if (site)
        proxies = objects_of(r, site, "proxies");
    for (uint32_t i = 0; i < proxies.nr; i++) {
        const struct object *vif = db_ref(r->db, proxies.at[i], "VIF");
        const struct object *vm = vif ? db_ref(r->db, vif, "VM") : NULL;

        if (vm && db_bool(proxies.at[i], "currently_attached") &&
            strcmp(db_text(vm, "resident_on"), db_text(r->self, "host")) == 0)
            return request_fail(r, "PVS_CACHE_STORAGE_IS_IN_USE", r->self->ref,
                                NULL);
    }
    cache_destroy(r, r->self);
    return reply_void(r);
}

/* --- SDN controllers ---------------------------------------------------------------- */

static int check_sdn(struct request *r, const char *protocol,
                     const char *address, int64_t port)
{
    bool passive = strcmp(protocol, "pssl") == 0;

    if (db_first(r->db, "SDN_controller"))
        return request_fail(r, "OPERATION_NOT_ALLOWED",
                            "SDN controller has been configured. Please forget "
                            "it first.",
                            NULL);
    if (passive && *address)
        return invalid(r, "address", address);
    if (passive && port)
        return invalid(r, "port",
                       arena_printf(r->arena, "%lld", (long long)port));
    if (!passive && !*address)
        return invalid(r, "address", address);
    if (!passive && !ip_valid(address, false))
        return request_fail(r, "INVALID_IP_ADDRESS_SPECIFIED", "address", NULL);
    return port ? check_port(r, port, "port") : 0;
}

static struct object *sdn_make(struct request *r, const char *protocol,
                               const char *address, int64_t port)
{
    struct object *o = db_create(r->db, "SDN_controller");

    if (!port && strcmp(protocol, "ssl") == 0)
        port = SDN_PORT_DEFAULT;
    db_set_text(r->db, o, "protocol", protocol);
    db_set_text(r->db, o, "address", address);
    db_set_int(r->db, o, "port", port);
    return o;
}

int sdn_controller_introduce(struct request *r)
{
    const char *protocol = arg_text(r, 0), *address = arg_text(r, 1);

    if (check_sdn(r, protocol, address, arg_int(r, 2)))
        return API_FAILED;
    return reply_ref(r, sdn_make(r, protocol, address, arg_int(r, 2)));
}

/* The older way: one address, which is empty for none. */
int pool_set_vswitch_controller(struct request *r)
{
    struct objects all = objects_all(r, "SDN_controller");
    const char *address = arg_text(r, 0);

    if (*address && !ip_valid(address, false))
        return request_fail(r, "INVALID_IP_ADDRESS_SPECIFIED", "address", NULL);
    for (uint32_t i = 0; i < all.nr; i++)
        db_destroy(r->db, all.at[i]);
    if (*address)
        (void)sdn_make(r, "ssl", address, 0); /* found by its class */
    db_set_text(r->db, toolstack_pool(r->ts), "vswitch_controller", address);
    return reply_void(r);
}

int sdn_controller_forget(struct request *r)
{
    db_set_text(r->db, toolstack_pool(r->ts), "vswitch_controller", "");
    return any_forget(r);
}
