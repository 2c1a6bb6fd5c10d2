/* The interface that a host is managed through. */
#include <stdlib.h>
#include <string.h>

#include "handlers.h"
#include "net.h"

/* The first address that is not of the link alone, without its prefix. */
static const char *global_v6(struct request *r, const struct object *pif)
{
    const struct value *set = db_get(pif, "IPv6");

    for (uint32_t i = 0; i < set->nr; i++)
        if (*set->items[i].s && strncmp(set->items[i].s, "fe80", 4) != 0)
            return arena_strndup(r->arena, set->items[i].s,
                                 strcspn(set->items[i].s, "/"));
    return "";
}

void management_follow(struct request *r, struct object *host)
{
    const struct object *pif = management_pif(r, host);
    const char *address;

    if (!pif)
        return;
    address = strcmp(db_text(pif, "primary_address_type"), "IPv6") == 0
                  ? global_v6(r, pif)
                  : db_text(pif, "IP");
    if (*address)
        db_set_text(r->db, host, "address", address);
}

/* `from` may be NULL: there was none, or it has gone already. */
int management_move(struct request *r, struct object *from, struct object *to)
{
    struct object *host = pif_host(r, to);
    struct objects pifs = objects_of(r, host, "PIFs");

    if (pif_up(r, to))
        return API_FAILED;
    for (uint32_t i = 0; i < pifs.nr; i++)
        db_set_bool(r->db, pifs.at[i], "management", pifs.at[i] == to);
    if (from && from != to)
        db_set_bool(r->db, from, "management", false);
    management_follow(r, host);
    return 0;
}

static int check_no_ha(struct request *r)
{
    if (!db_bool(toolstack_pool(r->ts), "ha_enabled"))
        return 0;
    return request_fail(r, "HA_IS_ENABLED", NULL);
}

static int check_usable(struct request *r, const struct object *pif)
{
    bool v6 = strcmp(db_text(pif, "primary_address_type"), "IPv6") == 0;

    if (pif_is_slave(r, pif))
        return request_fail(r, "CANNOT_PLUG_BOND_SLAVE", pif->ref, NULL);
    if (!v6 && strcmp(db_text(pif, "ip_configuration_mode"), "None") == 0)
        return request_fail(r, "PIF_HAS_NO_NETWORK_CONFIGURATION", pif->ref,
                            NULL);
    if (v6 && strcmp(db_text(pif, "ipv6_configuration_mode"), "None") == 0)
        return request_fail(r, "PIF_HAS_NO_V6_NETWORK_CONFIGURATION", pif->ref,
                            NULL);
    return 0;
}

int host_management_reconfigure(struct request *r)
{
    struct object *pif = r->self;
    struct object *now = management_pif(r, pif_host(r, pif));

    if (check_no_ha(r))
        return API_FAILED;
    if (db_bool(pif, "managed") && check_usable(r, pif))
        return API_FAILED;
    if (db_bool(pif, "management"))
        return reply_void(r);
    return management_move(r, now, pif) ? API_FAILED : reply_void(r);
}

/* The interface on that bridge, or NIC, of this host. */
int host_local_management_reconfigure(struct request *r)
{
    struct object *host = toolstack_master(r->ts);
    struct objects pifs = objects_of(r, host, "PIFs");
    const char *name = arg_text(r, 0);

    for (uint32_t i = 0; i < pifs.nr; i++) {
        struct object *network = db_ref(r->db, pifs.at[i], "network");

        if (strcmp(db_text(pifs.at[i], "device"), name) != 0 &&
            (!network || strcmp(db_text(network, "bridge"), name) != 0))
            continue;
        return management_move(r, management_pif(r, host), pifs.at[i])
                   ? API_FAILED
                   : reply_void(r);
    }
    return request_fail(r, "PIF_DEVICE_NOT_FOUND", NULL);
}

/* From here on only the local socket reaches the host. */
int host_management_disable(struct request *r)
{
    struct object *pif = management_pif(r, toolstack_master(r->ts));

    if (check_no_ha(r))
        return API_FAILED;
    if (pif)
        db_set_bool(r->db, pif, "management", false);
    return reply_void(r);
}

int pool_management_reconfigure(struct request *r)
{
    struct objects hosts = objects_all(r, "host");
    struct object *network = r->self, *last = toolstack_master(r->ts);
    const char *type = NULL;

    if (check_no_ha(r))
        return API_FAILED;
    for (uint32_t i = 0; i < hosts.nr; i++)
        if (!pif_on(r, network, hosts.at[i]))
            return request_fail(r, "PIF_NOT_PRESENT", hosts.at[i]->ref,
                                network->ref, NULL);
    for (uint32_t i = 0; i < hosts.nr; i++) {
        struct object *pif = pif_on(r, network, hosts.at[i]);

        if (type && strcmp(db_text(pif, "primary_address_type"), type) != 0)
            return request_fail(r, "PIF_INCOMPATIBLE_PRIMARY_ADDRESS_TYPE",
                                pif->ref, NULL);
        type = db_text(pif, "primary_address_type");
        if (check_usable(r, pif))
            return API_FAILED;
    }
    for (uint32_t i = 0; i < hosts.nr; i++) /* the master goes last */
        if (hosts.at[i] != last &&
            management_move(r, management_pif(r, hosts.at[i]),
                            pif_on(r, network, hosts.at[i])))
            return API_FAILED;
    if (management_move(r, management_pif(r, last), pif_on(r, network, last)))
        return API_FAILED;
    return reply_void(r);
}

/* --- After changes behind the daemon's back --------------------------------- */

/* The host's script says that its addresses changed. */
int host_signal_networking_change(struct request *r)
{
    struct objects hosts = objects_all(r, "host");

    for (uint32_t i = 0; i < hosts.nr; i++)
        management_follow(r, hosts.at[i]);
    network_poll(r->ts);
    return reply_void(r);
}

/* Bridges that exist mean interfaces that are plugged, and no others are. */
int host_sync_pif_currently_attached(struct request *r)
{
    struct objects pifs = objects_of(r, r->self, "PIFs");

    for (uint32_t i = 0; i < pifs.nr; i++) {
        const struct object *network = db_ref(r->db, pifs.at[i], "network");

        db_set_bool(r->db, pifs.at[i], "currently_attached",
                    network &&
                        value_has(&r->args[1], db_text(network, "bridge")));
    }
    return reply_void(r);
}

int host_sync_vlans(struct request *r)
{
    networks_sync_vlans(r, r->self);
    return reply_void(r);
}

int host_sync_tunnels(struct request *r)
{
    networks_sync_tunnels(r, r->self);
    return reply_void(r);
}

/* Everything but the NICs goes, and they are as if just found. */
int host_reset_networking(struct request *r)
{
    struct objects pifs = objects_of(r, r->self, "PIFs");
    static const char *const stacked[] = {"VLAN", "tunnel", "network_sriov",
                                          "Bond"};
    static const char *const tops[] = {"untagged_PIF", "access_PIF",
                                       "logical_PIF", "master"};

    for (size_t k = 0; k < sizeof(stacked) / sizeof(stacked[0]); k++) {
        struct objects all = objects_all(r, stacked[k]);

        for (uint32_t i = 0; i < all.nr; i++) {
            struct object *pif = db_ref(r->db, all.at[i], tops[k]);

            if (pif && pif_host(r, pif) == r->self)
                db_destroy(r->db, all.at[i]);
        }
    }
    for (uint32_t i = 0; i < pifs.nr; i++) {
        pif_down(r, pifs.at[i]);
        db_destroy(r->db, pifs.at[i]);
    }
    return pifs_scan(r, r->self) ? API_FAILED : reply_void(r);
}
