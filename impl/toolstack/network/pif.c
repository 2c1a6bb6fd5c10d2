/* Interfaces of hosts: what they are, how they come and go. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "device.h"
#include "handlers.h"
#include "net.h"

enum {
    MTU_DEFAULT = 1500,
};

static struct object *member_of(const struct request *r,
                                const struct object *pif, const char *field,
                                const char *side)
{
    struct object *o = first_of(r, pif, field);

    return o ? db_ref(r->db, o, side) : NULL;
}

enum pif_kind pif_kind(const struct object *pif)
{
    if (db_get(pif, "tunnel_access_PIF_of")->nr)
        return PIF_TUNNEL;
    if (strcmp(db_text(pif, "VLAN_master_of"), REF_NULL) != 0)
        return PIF_VLAN;
    if (db_get(pif, "sriov_logical_PIF_of")->nr)
        return PIF_SRIOV;
    if (db_get(pif, "bond_master_of")->nr)
        return PIF_BOND;
    return PIF_PHYSICAL;
}

struct object *pif_below(const struct request *r, const struct object *pif)
{
    enum pif_kind kind = pif_kind(pif);
    struct object *vlan;

    if (kind == PIF_TUNNEL)
        return member_of(r, pif, "tunnel_access_PIF_of", "transport_PIF");
    if (kind == PIF_SRIOV)
        return member_of(r, pif, "sriov_logical_PIF_of", "physical_PIF");
    if (kind != PIF_VLAN)
        return NULL;
    vlan = db_ref(r->db, pif, "VLAN_master_of");
    return vlan ? db_ref(r->db, vlan, "tagged_PIF") : NULL;
}

struct object *pif_on(const struct request *r, const struct object *network,
                      const struct object *host)
{
    const struct value *set = db_get(network, "PIFs");

    for (uint32_t i = 0; i < set->nr; i++) {
        struct object *pif = db_find_any(r->db, set->items[i].s);

        if (pif && strcmp(db_text(pif, "host"), host->ref) == 0)
            return pif;
    }
    return NULL;
}

struct object *pif_host(const struct request *r, const struct object *pif)
{
    struct object *host = db_ref(r->db, pif, "host");

    return host ? host : toolstack_master(r->ts);
}

struct object *management_pif(const struct request *r,
                              const struct object *host)
{
    const struct value *set = db_get(host, "PIFs");

    for (uint32_t i = 0; i < set->nr; i++) {
        struct object *pif = db_find_any(r->db, set->items[i].s);

        if (pif && db_bool(pif, "management"))
            return pif;
    }
    return NULL;
}

bool pif_is_slave(const struct request *r, const struct object *pif)
{
    return db_ref(r->db, pif, "bond_slave_of") != NULL;
}

int pif_check_managed(struct request *r, const struct object *pif)
{
    if (db_bool(pif, "managed"))
        return 0;
    return request_fail(r, "PIF_UNMANAGED", pif->ref, NULL);
}

int pif_check_not_management(struct request *r, const struct object *pif)
{
    if (!db_bool(pif, "management"))
        return 0;
    return request_fail(r, "PIF_IS_MANAGEMENT_INTERFACE", pif->ref, NULL);
}

int pif_check_unprotected(struct request *r, const struct object *pif)
{
    const struct object *pool = toolstack_pool(r->ts);

    if (!db_bool(pif, "currently_attached"))
        return 0;
    if (db_bool(pool, "ha_enabled"))
        return request_fail(r, "HA_IS_ENABLED", NULL);
    if (db_bool(pool, "redo_log_enabled"))
        return request_fail(r, "REDO_LOG_IS_ENABLED", NULL);
    return 0;
}

int pif_check_no_cluster(struct request *r, const struct object *pif)
{
    for (struct object *o = db_first(r->db, "Cluster_host"); o; o = o->next)
        if (strcmp(db_text(o, "PIF"), pif->ref) == 0 && db_bool(o, "enabled"))
            return request_fail(r, "CLUSTERING_ENABLED", o->ref, NULL);
    return 0;
}

int pif_check_no_cluster_work(struct request *r)
{
    const struct object *cluster = db_first(r->db, "Cluster");
    const struct value *now =
        cluster ? db_get(cluster, "current_operations") : NULL;

    for (uint32_t i = 0; now && i < now->nr; i++) {
        const char *op = now->members[i].value.s;

        if (strcmp(op, "enable") == 0 || strcmp(op, "add") == 0)
            return request_fail(r, "OTHER_OPERATION_IN_PROGRESS", "Cluster",
                                cluster->ref, op, now->members[i].key, NULL);
    }
    return 0;
}

int network_check_free(struct request *r, const struct object *network,
                       const struct object *host)
{
    const struct object *pif = pif_on(r, network, host);

    if (!pif)
        return 0;
    return request_fail(r, "NETWORK_ALREADY_CONNECTED", host->ref, pif->ref,
                        NULL);
}

int network_check_managed(struct request *r, const struct object *network)
{
    if (db_bool(network, "managed"))
        return 0;
    return request_fail(r, "NETWORK_UNMANAGED", network->ref, NULL);
}

bool network_is_sriov(const struct request *r, const struct object *network)
{
    const struct object *pif = first_of(r, network, "PIFs");

    if (pif && pif_kind(pif) == PIF_VLAN)
        pif = pif_below(r, pif);
    return pif && pif_kind(pif) == PIF_SRIOV;
}

/* --- Making and unmaking ------------------------------------------------- */

struct object *pif_make(struct request *r, struct object *network,
                        struct object *host, const char *device,
                        const char *mac, int64_t mtu)
{
    struct object *pif = db_create(r->db, "PIF");

    db_set_text(r->db, pif, "device", device);
    db_set_text(r->db, pif, "device_name", device);
    db_set_text(r->db, pif, "network", network->ref);
    db_set_text(r->db, pif, "host", host->ref);
    db_set_text(r->db, pif, "MAC", mac);
    db_set_int(r->db, pif, "MTU", mtu);
    db_set_int(r->db, pif, "VLAN", -1);
    db_set_bool(r->db, pif, "currently_attached", false);
    return pif;
}

static struct object *metrics_make(struct request *r)
{
    struct object *metrics = db_create(r->db, "PIF_metrics");

    db_set_text(r->db, metrics, "last_updated", DATE_0);
    return metrics;
}

void pif_unmake(struct request *r, struct object *pif)
{
    enum pif_kind kind = pif_kind(pif);
    struct object *metrics = db_ref(r->db, pif, "metrics");

    if (metrics && (kind == PIF_PHYSICAL || kind == PIF_BOND))
        db_destroy(r->db, metrics);
    db_destroy(r->db, pif);
}

/* "xenbr0" for the first NIC, by the order of the slots. */
static struct object *network_for(struct request *r, const char *device,
                                  int position, bool managed)
{
    const char *bridge =
        managed ? arena_printf(r->arena, "xenbr%d", position) : "";
    struct object *network;

    for (network = db_first(r->db, "network"); network; network = network->next)
        if (managed && strcmp(db_text(network, "bridge"), bridge) == 0)
            return network;
    network = db_create(r->db, "network");
    db_set_text(
        r->db, network, "name_label",
        arena_printf(r->arena, "Pool-wide network associated with %s", device));
    db_set_text(r->db, network, "bridge", bridge);
    db_set_int(r->db, network, "MTU", MTU_DEFAULT);
    db_set_bool(r->db, network, "managed", managed);
    return network;
}

/* What the hardware says of an interface that exists. */
static void refresh(struct request *r, struct object *pif,
                    const struct nic *nic)
{
    static const char *const names[] = {"sriov", "fcoe"};
    struct object *pci;

    db_set_text(r->db, pif, "MAC", nic->mac);
    db_set(r->db, pif, "capabilities",
           value_strings(r->arena, names + (nic->vfs_max == 0),
                         (nic->vfs_max > 0) + nic->fcoe));
    for (pci = db_first(r->db, "PCI"); pci; pci = pci->next)
        if (strcmp(db_text(pci, "pci_id"), nic->pci) == 0 &&
            strcmp(db_text(pci, "host"), db_text(pif, "host")) == 0)
            db_set_text(r->db, pif, "PCI", pci->ref);
}

static struct object *introduce(struct request *r, struct object *host,
                                const struct nic *nics, int position,
                                bool managed)
{
    const struct nic *nic = &nics[position];
    struct object *network = network_for(r, nic->device, position, managed);
    struct object *pif =
        pif_make(r, network, host, nic->device, nic->mac,
                 nic->mtu_max < MTU_DEFAULT ? nic->mtu_max : MTU_DEFAULT);

    db_set_bool(r->db, pif, "physical", true);
    db_set_bool(r->db, pif, "managed", managed);
    db_set_text(r->db, pif, "metrics", metrics_make(r)->ref);
    db_map_put(r->db, pif, "properties", "gro", "on");
    refresh(r, pif, nic);
    return pif;
}

static struct object *physical_pif(struct request *r, struct object *host,
                                   const char *device)
{
    struct objects pifs = objects_of(r, host, "PIFs");

    for (uint32_t i = 0; i < pifs.nr; i++)
        if (db_bool(pifs.at[i], "physical") &&
            strcmp(db_text(pifs.at[i], "device"), device) == 0)
            return pifs.at[i];
    return NULL;
}

int pifs_scan(struct request *r, struct object *host)
{
    struct nic nics[NICS_MAX];
    int nr = nics_read(r, host, nics);

    for (int i = 0; i < nr; i++) {
        struct object *pif = physical_pif(r, host, nics[i].device);

        if (pif)
            refresh(r, pif, &nics[i]);
        else
            (void)introduce(r, host, nics, i, true); /* plugged on demand */
    }
    network_poll(r->ts);
    return 0;
}

int pif_scan(struct request *r)
{
    return pifs_scan(r, r->self) ? API_FAILED : reply_void(r);
}

static const char *lower(struct request *r, const char *text)
{
    char *copy = arena_strdup(r->arena, text);

    for (char *c = copy; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return copy;
}

int pif_introduce(struct request *r)
{
    const char *mac = lower(r, arg_text(r, 1)), *device = arg_text(r, 2);
    struct nic nics[NICS_MAX];
    int nr = nics_read(r, r->self, nics);
    const struct nic *nic = nic_find(nics, nr, device);

    if (!*mac && nic)
        mac = nic->mac;
    if (!mac_valid(mac))
        return request_fail(r, "MAC_INVALID", mac, NULL);
    if (physical_pif(r, r->self, device))
        return request_fail(r, "DUPLICATE_PIF_DEVICE_NAME", device, NULL);
    if (!nic || strcmp(nic->mac, mac) != 0)
        return request_fail(r,
                            "COULD_NOT_FIND_NETWORK_INTERFACE_WITH_SPECIFIED_"
                            "DEVICE_NAME_AND_MAC_ADDRESS",
                            device, mac, NULL);
    return reply_ref(
        r, introduce(r, r->self, nics, (int)(nic - nics), arg_bool(r, 3)));
}

/* What another host or an import says of an interface: a value per field. */
int pif_db_introduce(struct request *r)
{
    const struct message *m = r->message;
    struct object *network = arg_object(r, 1, "network"), *pif;
    struct object *host = network ? arg_object(r, 2, "host") : NULL;

    if (!host)
        return API_FAILED;
    pif = pif_make(r, network, host, arg_text(r, 0), arg_text(r, 3), 0);
    for (int i = 0; i < m->params_nr; i++) {
        int index = field_index(pif->class, m->params[i].name);

        if (index >= 0 && strcmp(m->params[i].name, "bond_slave_of") != 0)
            db_set_at(r->db, pif, index, r->args[i]);
    }
    db_set_text(r->db, pif, "metrics", metrics_make(r)->ref);
    return reply_ref(r, pif);
}

int pif_db_forget(struct request *r)
{
    db_destroy(r->db, r->self);
    return reply_void(r);
}

static int check_forgettable(struct request *r, const struct object *pif)
{
    enum pif_kind kind = pif_kind(pif);

    if (pif_check_not_management(r, pif))
        return API_FAILED;
    if (pif_is_slave(r, pif) || kind == PIF_BOND)
        return request_fail(r, "PIF_ALREADY_BONDED", pif->ref, NULL);
    if (db_get(pif, "VLAN_slave_of")->nr || db_int(pif, "VLAN") != -1)
        return request_fail(r, "PIF_VLAN_STILL_EXISTS", pif->ref, NULL);
    if (db_get(pif, "tunnel_transport_PIF_of")->nr || kind == PIF_TUNNEL)
        return request_fail(r, "PIF_TUNNEL_STILL_EXISTS", pif->ref, NULL);
    if (pif_check_unprotected(r, pif))
        return API_FAILED;
    if (kind == PIF_SRIOV)
        return request_fail(r, "CANNOT_FORGET_SRIOV_LOGICAL", pif->ref, NULL);
    if (db_get(pif, "sriov_physical_PIF_of")->nr)
        return request_fail(r, "PIF_SRIOV_STILL_EXISTS", pif->ref, NULL);
    return pif_check_no_cluster(r, pif);
}

int pif_forget(struct request *r)
{
    if (check_forgettable(r, r->self))
        return API_FAILED;
    if (db_bool(r->self, "managed"))
        pif_down(r, r->self);
    pif_unmake(r, r->self);
    return reply_void(r);
}

/* --- Settings ------------------------------------------------------------ */

int pif_set_primary_address_type(struct request *r)
{
    if (pif_check_unprotected(r, r->self) ||
        pif_check_not_management(r, r->self))
        return API_FAILED;
    db_set_text(r->db, r->self, "primary_address_type", arg_text(r, 1));
    return reply_void(r);
}

int pif_set_property(struct request *r)
{
    const char *name = arg_text(r, 1), *value = arg_text(r, 2);
    enum pif_kind kind = pif_kind(r->self);
    struct object *bond = first_of(r, r->self, "bond_master_of");
    struct objects slaves = {0};

    if (strcmp(name, "gro") != 0 ||
        (strcmp(value, "on") != 0 && strcmp(value, "off") != 0))
        return request_fail(r, "INVALID_VALUE", "properties",
                            arena_printf(r->arena, "%s = %s", name, value),
                            NULL);
    if ((kind != PIF_PHYSICAL && kind != PIF_BOND) || pif_is_slave(r, r->self))
        return request_fail(r, "CANNOT_CHANGE_PIF_PROPERTIES", r->self->ref,
                            NULL);
    db_map_put(r->db, r->self, "properties", name, value);
    if (bond)
        slaves = objects_of(r, bond, "slaves");
    for (uint32_t i = 0; i < slaves.nr; i++)
        db_map_put(r->db, slaves.at[i], "properties", name, value);
    return reply_void(r);
}

int pif_set_disallow_unplug(struct request *r)
{
    bool wanted = arg_bool(r, 1);

    if (db_bool(r->self, "disallow_unplug") == wanted)
        return reply_void(r);
    if (!wanted &&
        (pif_check_no_cluster(r, r->self) || pif_check_no_cluster_work(r)))
        return API_FAILED;
    db_set_bool(r->db, r->self, "disallow_unplug", wanted);
    return reply_void(r);
}
