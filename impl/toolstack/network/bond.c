/*
 * Bonds: several NICs as one interface. What stood on the members (addresses,
 * management, VLANs, tunnels, machines) moves to the bond and back.
 */
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "handlers.h"
#include "net.h"

enum {
    NAME_TRIES_MAX = 10000,
};

/* Settings that only LACP has; no fallback: the key may be missing. */
static const struct {
    const char *key, *fallback, *values;
} lacp_settings[] = {
    {"hashing_algorithm", "tcpudp_ports", "src_mac tcpudp_ports"},
    {"lacp-time", "slow", "fast slow"},
    {"lacp-aggregation-key", NULL, NULL},
    {"lacp-fallback-ab", "true", "true false"},
};

static bool is_lacp(const char *mode)
{
    return strcmp(mode, "lacp") == 0;
}

static bool word_in(const char *words, const char *word)
{
    size_t len = strlen(word);

    for (const char *w = words; *w; w += strspn(w, " ")) {
        size_t n = strcspn(w, " ");

        if (n == len && strncmp(w, word, n) == 0)
            return true;
        w += n;
    }
    return false;
}

static bool is_number(const char *text)
{
    char *end;

    (void)strtoll(text, &end, 0);
    return *text && !*end;
}

static bool setting_valid(const char *mode, const char *key, const char *value)
{
    for (size_t i = 0; i < sizeof(lacp_settings) / sizeof(lacp_settings[0]);
         i++)
        if (is_lacp(mode) && strcmp(lacp_settings[i].key, key) == 0)
            return lacp_settings[i].values
                       ? word_in(lacp_settings[i].values, value)
                       : is_number(value);
    return false;
}

static int check_setting(struct request *r, const char *mode, const char *key,
                         const char *value)
{
    if (setting_valid(mode, key, value))
        return 0;
    return request_fail(r, "INVALID_VALUE", "properties",
                        arena_printf(r->arena, "%s = %s", key, value), NULL);
}

static int check_settings(struct request *r, const char *mode,
                          const struct value *map)
{
    for (uint32_t i = 0; i < map->nr; i++)
        if (check_setting(r, mode, map->members[i].key,
                          map->members[i].value.s))
            return API_FAILED;
    return 0;
}

/* The settings that the mode knows, and defaults for those missing. */
static struct value complete_settings(struct request *r, const char *mode,
                                      struct value map)
{
    struct value out = value_map(NULL, 0);

    for (uint32_t i = 0; i < map.nr; i++)
        if (setting_valid(mode, map.members[i].key, map.members[i].value.s))
            out = value_map_with(r->arena, &out, map.members[i].key,
                                 map.members[i].value);
    for (size_t i = 0; i < sizeof(lacp_settings) / sizeof(lacp_settings[0]);
         i++)
        if (is_lacp(mode) && lacp_settings[i].fallback &&
            !value_find(&out, lacp_settings[i].key))
            out = value_map_with(r->arena, &out, lacp_settings[i].key,
                                 value_string(lacp_settings[i].fallback));
    return out;
}

static const char *bond_device(struct request *r, const struct object *host)
{
    struct objects pifs = objects_of(r, host, "PIFs");

    for (int n = 0; n < NAME_TRIES_MAX; n++) {
        const char *name = arena_printf(r->arena, "bond%d", n);
        bool taken = false;

        for (uint32_t i = 0; i < pifs.nr; i++)
            taken = taken || strcmp(db_text(pifs.at[i], "device"), name) == 0;
        if (!taken)
            return name;
    }
    return "bond";
}

/* --- Moving what stands on an interface ------------------------------------ */

static void move_addresses(struct request *r, struct object *from,
                           struct object *to)
{
    static const char *const fields[] = {"IP", "netmask", "gateway", "DNS"};

    db_set_text(r->db, to, "ip_configuration_mode",
                db_text(from, "ip_configuration_mode"));
    db_set_text(r->db, from, "ip_configuration_mode", "None");
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        db_set_text(r->db, to, fields[i],
                    arena_strdup(r->arena, db_text(from, fields[i])));
        db_set_text(r->db, from, fields[i], "");
    }
}

static bool vm_local(struct request *r, const struct object *vm,
                     const struct object *host)
{
    const char *resident = db_text(vm, "resident_on");

    if (strcmp(resident, REF_NULL) != 0)
        return strcmp(resident, host->ref) == 0;
    return db_count(r->db, class_find("host")) == 1 ||
           strcmp(db_text(vm, "affinity"), host->ref) == 0;
}

/* Interfaces of machines that can be nowhere but on this host. */
static struct objects local_vifs(struct request *r, const struct object *host,
                                 const struct object *network)
{
    struct objects vifs = objects_of(r, network, "VIFs"), local = vifs;

    local.nr = 0;
    for (uint32_t i = 0; i < vifs.nr; i++) {
        const struct object *vm = db_ref(r->db, vifs.at[i], "VM");

        if (vm && vm_local(r, vm, host))
            local.at[local.nr++] = vifs.at[i];
    }
    return local;
}

static void move_vifs(struct request *r, const struct object *host,
                      const struct object *from, const struct object *to)
{
    struct objects vifs = local_vifs(r, host, from);

    for (uint32_t i = 0; i < vifs.nr; i++)
        db_set_text(r->db, vifs.at[i], "network", to->ref);
}

static struct object *vlan_with_tag(struct request *r, const struct object *pif,
                                    int64_t tag)
{
    struct objects vlans = objects_of(r, pif, "VLAN_slave_of");

    for (uint32_t i = 0; i < vlans.nr; i++)
        if (db_int(vlans.at[i], "tag") == tag)
            return vlans.at[i];
    return NULL;
}

static int replug(struct request *r, struct object *pif, bool management)
{
    if (!management)
        return pif_up(r, pif);
    return management_move(r, NULL, pif);
}

/* The VLAN is made again on the other interface; one with its tag is used. */
static int move_vlan(struct request *r, struct object *host,
                     struct object *vlan, struct object *to)
{
    struct object *old = db_ref(r->db, vlan, "untagged_PIF"), *new;
    struct object *network = db_ref(r->db, old, "network");
    struct object *same = vlan_with_tag(r, to, db_int(vlan, "tag"));
    bool plugged = db_bool(old, "currently_attached");
    bool management = db_bool(old, "management");

    if (!management)
        pif_down(r, old);
    if (same)
        move_vifs(
            r, host, network,
            db_ref(r->db, db_ref(r->db, same, "untagged_PIF"), "network"));
    else
        same = vlan_make(r, to, db_int(vlan, "tag"), network);
    new = db_ref(r->db, same, "untagged_PIF");
    move_addresses(r, old, new);
    db_destroy(r->db, vlan);
    db_destroy(r->db, old);
    return plugged ? replug(r, new, management) : 0;
}

static int move_tunnel(struct request *r, struct object *tunnel,
                       struct object *to)
{
    struct object *old = db_ref(r->db, tunnel, "access_PIF"), *made;
    bool plugged = db_bool(old, "currently_attached");
    const char *protocol = arena_strdup(r->arena, db_text(tunnel, "protocol"));
    struct object *network = db_ref(r->db, old, "network");

    pif_down(r, old);
    db_destroy(r->db, tunnel);
    db_destroy(r->db, old);
    made = tunnel_make(r, to, network, protocol);
    return plugged ? pif_up(r, db_ref(r->db, made, "access_PIF")) : 0;
}

/* All that stands on one interface goes to another of the same host. */
static int move_stack(struct request *r, struct object *host,
                      struct object *from, struct object *to)
{
    struct objects vlans = objects_of(r, from, "VLAN_slave_of");
    struct objects tunnels = objects_of(r, from, "tunnel_transport_PIF_of");

    for (uint32_t i = 0; i < vlans.nr; i++)
        if (move_vlan(r, host, vlans.at[i], to))
            return API_FAILED;
    for (uint32_t i = 0; i < tunnels.nr; i++)
        if (move_tunnel(r, tunnels.at[i], to))
            return API_FAILED;
    move_vifs(r, host, db_ref(r->db, from, "network"),
              db_ref(r->db, to, "network"));
    return 0;
}

static void move_cluster(struct request *r, const struct object *from,
                         const struct object *to)
{
    for (struct object *o = db_first(r->db, "Cluster_host"); o; o = o->next)
        if (strcmp(db_text(o, "PIF"), from->ref) == 0)
            db_set_text(r->db, o, "PIF", to->ref);
}

/* --- Create ----------------------------------------------------------------- */

static bool has_address(const struct object *pif)
{
    bool v6 = strcmp(db_text(pif, "primary_address_type"), "IPv6") == 0;

    return strcmp(db_text(pif, v6 ? "ipv6_configuration_mode"
                                  : "ip_configuration_mode"),
                  "None") != 0;
}

/* Management first, then who has an address, then the first. */
static struct object *primary_of(struct objects members)
{
    for (uint32_t i = 0; i < members.nr; i++)
        if (db_bool(members.at[i], "management"))
            return members.at[i];
    for (uint32_t i = 0; i < members.nr; i++)
        if (has_address(members.at[i]))
            return members.at[i];
    return members.at[0];
}

static int check_member(struct request *r, const struct object *pif)
{
    enum pif_kind kind = pif_kind(pif);

    if (pif_check_managed(r, pif))
        return API_FAILED;
    if (kind == PIF_PHYSICAL && pif_is_slave(r, pif))
        return request_fail(r, "PIF_ALREADY_BONDED", pif->ref, NULL);
    if (kind == PIF_VLAN)
        return request_fail(r, "PIF_VLAN_EXISTS", db_text(pif, "device_name"),
                            NULL);
    if (kind == PIF_TUNNEL)
        return request_fail(r, "IS_TUNNEL_ACCESS_PIF", pif->ref, NULL);
    if (kind == PIF_SRIOV)
        return request_fail(r, "PIF_IS_SRIOV_LOGICAL", pif->ref, NULL);
    if (db_bool(toolstack_pool(r->ts), "ha_enabled") &&
        db_bool(pif, "management"))
        return request_fail(r, "HA_CANNOT_CHANGE_BOND_STATUS_OF_MGMT_IFACE",
                            NULL);
    return 0;
}

static int check_address_types(struct request *r, struct objects members)
{
    const char *type = db_text(primary_of(members), "primary_address_type");

    for (uint32_t i = 0; i < members.nr; i++)
        if (strcmp(db_text(members.at[i], "primary_address_type"), type) != 0)
            return request_fail(r, "PIF_INCOMPATIBLE_PRIMARY_ADDRESS_TYPE",
                                members.at[i]->ref, NULL);
    return 0;
}

/* An interface that nobody set has the default. */
static const char *offload(const struct object *pif)
{
    return value_text(db_get(pif, "properties"), "gro", "on");
}

static int check_alike(struct request *r, struct objects members)
{
    const struct object *first = members.at[0];
    int addresses = 0;

    for (uint32_t i = 0; i < members.nr; i++)
        if (strcmp(db_text(members.at[i], "host"), db_text(first, "host")) != 0)
            return request_fail(r, "PIF_CANNOT_BOND_CROSS_HOST", NULL);
    for (uint32_t i = 0; i < members.nr; i++)
        if (strcmp(offload(members.at[i]), offload(first)) != 0)
            return request_fail(r, "INCOMPATIBLE_PIF_PROPERTIES", NULL);
    for (uint32_t i = 0; i < members.nr; i++)
        addresses += has_address(members.at[i]);
    if (addresses > 1)
        return request_fail(r, "PIF_BOND_MORE_THAN_ONE_IP", NULL);
    return 0;
}

static int check_members(struct request *r, struct objects members)
{
    if (check_address_types(r, members))
        return API_FAILED;
    for (uint32_t i = 0; i < members.nr; i++)
        if (check_member(r, members.at[i]))
            return API_FAILED;
    return check_alike(r, members);
}

/* The members without duplicates; none: the error is set. */
static struct objects take_members(struct request *r)
{
    const struct value *set = &r->args[1];
    struct objects list = {0}, none = {0};

    list.at = arena_alloc(r->arena, sizeof(struct object *) * (set->nr + 1));
    for (uint32_t i = 0; i < set->nr; i++) {
        struct object *pif = db_find(r->db, "PIF", set->items[i].s);
        bool twice = false;

        if (!pif) {
            (void)request_bad_handle(r, "PIF", set->items[i].s);
            return none;
        }
        for (uint32_t k = 0; k < list.nr; k++)
            twice = twice || list.at[k] == pif;
        if (!twice)
            list.at[list.nr++] = pif;
    }
    return list;
}

static struct object *bond_metrics(struct request *r)
{
    struct object *metrics = db_create(r->db, "PIF_metrics");

    db_set_text(r->db, metrics, "last_updated", DATE_0);
    return metrics;
}

static struct object *objects_make(struct request *r, struct object *network,
                                   struct objects members, const char *mac,
                                   const char *mode, struct value settings)
{
    struct object *primary = primary_of(members);
    struct object *host = pif_host(r, primary);
    struct object *bond = db_create(r->db, "Bond");
    struct object *master = pif_make(r, network, host, bond_device(r, host),
                                     *mac ? mac : db_text(primary, "MAC"), -1);

    db_set_text(r->db, master, "metrics", bond_metrics(r)->ref);
    db_set_text(r->db, master, "primary_address_type",
                db_text(primary, "primary_address_type"));
    db_set(r->db, master, "properties", *db_get(members.at[0], "properties"));
    db_set_text(r->db, bond, "master", master->ref);
    db_set_text(r->db, bond, "primary_slave", primary->ref);
    db_set_text(r->db, bond, "mode", mode);
    db_set(r->db, bond, "properties", settings);
    db_set_bool(r->db, bond, "auto_update_mac", !*mac);
    for (uint32_t i = 0; i < members.nr; i++)
        db_set_text(r->db, members.at[i], "bond_slave_of", bond->ref);
    return bond;
}

/* What the members had to carry, the bond carries from now on. */
static int take_over(struct request *r, struct object *bond,
                     struct objects members)
{
    struct object *master = db_ref(r->db, bond, "master");
    struct object *primary = db_ref(r->db, bond, "primary_slave");
    struct object *host = pif_host(r, master);
    bool keep = false;

    move_addresses(r, primary, master);
    if (db_bool(primary, "management") ? management_move(r, primary, master)
                                       : pif_up(r, master))
        return API_FAILED;
    for (uint32_t i = 0; i < members.nr; i++) {
        if (move_stack(r, host, members.at[i], master))
            return API_FAILED;
        keep = keep || db_bool(members.at[i], "disallow_unplug");
        db_set_bool(r->db, members.at[i], "disallow_unplug", false);
        move_cluster(r, members.at[i], master);
    }
    db_set_bool(r->db, master, "disallow_unplug", keep);
    return 0;
}

/* The bond that could not be brought up: as if it had not been asked for. */
static void give_up(struct request *r, struct object *bond)
{
    struct object *master = db_ref(r->db, bond, "master");
    struct object *primary = db_ref(r->db, bond, "primary_slave");
    struct objects members = objects_of(r, bond, "slaves");

    if (db_get(master, "VLAN_slave_of")->nr || db_bool(master, "management"))
        return;
    for (uint32_t i = 0; i < members.nr; i++)
        db_set_text(r->db, members.at[i], "bond_slave_of", REF_NULL);
    move_addresses(r, master, primary);
    db_destroy(r->db, bond);
    pif_unmake(r, master);
}

struct object *bond_make(struct request *r, struct object *network,
                         struct objects members, const char *mac,
                         const char *mode, struct value settings)
{
    struct object *bond =
        objects_make(r, network, members, mac, mode, settings);

    if (take_over(r, bond, members) == 0)
        return bond;
    give_up(r, bond);
    return NULL;
}

int bond_create(struct request *r)
{
    const char *mac = arg_text(r, 2), *mode = arg_text(r, 3);
    struct object *network, *bond;
    struct objects members;

    if (r->args[1].nr == 0)
        return request_fail(r, "PIF_BOND_NEEDS_MORE_MEMBERS", NULL);
    network = arg_object(r, 0, "network");
    members = network ? take_members(r) : (struct objects){0};
    if (!members.nr || network_check_managed(r, network) ||
        network_check_free(r, network, pif_host(r, members.at[0])))
        return API_FAILED;
    if (network_is_sriov(r, network))
        return request_fail(r, "NETWORK_INCOMPATIBLE_WITH_BOND", network->ref,
                            NULL);
    if (*mac && !mac_valid(mac))
        return request_fail(r, "MAC_INVALID", mac, NULL);
    if (check_settings(r, mode, &r->args[4]))
        return API_FAILED;
    if (check_members(r, members))
        return API_FAILED;
    bond = bond_make(r, network, members, mac, mode,
                     complete_settings(r, mode, r->args[4]));
    if (!bond)
        return API_FAILED;
    network_poll(r->ts);
    return reply_ref(r, bond);
}

/* --- Destroy ----------------------------------------------------------------- */

static int members_up(struct request *r, struct objects members)
{
    for (uint32_t i = 0; i < members.nr; i++)
        if (pif_up(r, members.at[i]))
            return API_FAILED;
    return 0;
}

int bond_destroy(struct request *r)
{
    struct object *master = db_ref(r->db, r->self, "master");
    struct object *primary = db_ref(r->db, r->self, "primary_slave");
    struct objects members = objects_of(r, r->self, "slaves");
    bool plugged = db_bool(master, "currently_attached");
    bool management = db_bool(master, "management");
    struct object *host = pif_host(r, master);

    if (!primary && members.nr)
        primary = members.at[0];
    if (management && db_bool(toolstack_pool(r->ts), "ha_enabled"))
        return request_fail(r, "HA_CANNOT_CHANGE_BOND_STATUS_OF_MGMT_IFACE",
                            NULL);
    if (pif_check_no_cluster(r, master))
        return API_FAILED;
    for (uint32_t i = 0; i < members.nr; i++)
        db_set_text(r->db, members.at[i], "bond_slave_of", REF_NULL);
    move_addresses(r, master, primary);
    pif_down(r, master);
    if (management && management_move(r, master, primary))
        return API_FAILED;
    if (plugged && members_up(r, members))
        return API_FAILED;
    if (move_stack(r, host, master, primary))
        return API_FAILED;
    if (db_bool(master, "disallow_unplug"))
        db_set_bool(r->db, primary, "disallow_unplug", true);
    move_cluster(r, master, primary);
    db_destroy(r->db, r->self);
    pif_unmake(r, master);
    return reply_void(r);
}

/* --- Settings ------------------------------------------------------------------ */

int bond_set_mode(struct request *r)
{
    const char *mode = arg_text(r, 1);
    struct object *master = db_ref(r->db, r->self, "master");

    db_set_text(r->db, r->self, "mode", mode);
    db_set(r->db, r->self, "properties",
           complete_settings(r, mode, *db_get(r->self, "properties")));
    return pif_up(r, master) ? API_FAILED : reply_void(r);
}

int bond_set_property(struct request *r)
{
    const char *name = arg_text(r, 1), *value = arg_text(r, 2);

    if (check_setting(r, db_text(r->self, "mode"), name, value))
        return API_FAILED;
    db_map_put(r->db, r->self, "properties", name, value);
    return pif_up(r, db_ref(r->db, r->self, "master")) ? API_FAILED
                                                       : reply_void(r);
}
