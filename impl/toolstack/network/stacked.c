/* VLANs, tunnels and SR-IOV: interfaces that stand on others. */
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "handlers.h"
#include "net.h"

enum {
    VLAN_TAG_MAX = 4094,
    NAME_TRIES_MAX = 10000,
};

int vlan_check_tag(struct request *r, int64_t tag)
{
    if (tag >= 0 && tag <= VLAN_TAG_MAX)
        return 0;
    return request_fail(r, "VLAN_TAG_INVALID",
                        arena_printf(r->arena, "%lld", (long long)tag), NULL);
}

/* --- VLANs ---------------------------------------------------------------- */

static int check_base(struct request *r, const struct object *pif,
                      const char *slave_code)
{
    enum pif_kind kind = pif_kind(pif);

    if (kind == PIF_PHYSICAL && pif_is_slave(r, pif))
        return request_fail(r, slave_code, pif->ref, NULL);
    if (kind == PIF_TUNNEL)
        return request_fail(r, "IS_TUNNEL_ACCESS_PIF", pif->ref, NULL);
    return 0;
}

/* Bridges and virtual functions do not mix in one network. */
static int check_vlan_network(struct request *r, const struct object *network,
                              const struct object *tagged)
{
    bool sriov = network_is_sriov(r, network);
    struct object *pif = first_of(r, network, "PIFs");

    if (pif_kind(tagged) != PIF_SRIOV)
        return !sriov ? 0
                      : request_fail(r,
                                     "NETWORK_INCOMPATIBLE_WITH_VLAN_ON_"
                                     "BRIDGE",
                                     network->ref, NULL);
    if (!pif || (sriov && pif_kind(pif) == PIF_VLAN))
        return 0;
    return request_fail(r, "NETWORK_INCOMPATIBLE_WITH_VLAN_ON_SRIOV",
                        network->ref, NULL);
}

static int check_no_trunks(struct request *r, const struct object *network)
{
    struct objects vifs = objects_of(r, network, "VIFs");

    for (uint32_t i = 0; i < vifs.nr; i++)
        if (db_get(vifs.at[i], "trunks")->nr)
            return request_fail(r, "NETWORK_INCOMPATIBLE_WITH_TRUNKS",
                                network->ref, NULL);
    return 0;
}

static int check_tag_free(struct request *r, const struct object *tagged,
                          int64_t tag)
{
    struct objects vlans = objects_of(r, tagged, "VLAN_slave_of");

    for (uint32_t i = 0; i < vlans.nr; i++)
        if (db_int(vlans.at[i], "tag") == tag)
            return request_fail(r, "PIF_VLAN_EXISTS", db_text(tagged, "device"),
                                NULL);
    return 0;
}

static int check_vlan(struct request *r, struct object *tagged, int64_t tag,
                      struct object *network)
{
    if (network_check_managed(r, network) ||
        network_check_free(r, network, pif_host(r, tagged)) ||
        pif_check_managed(r, tagged))
        return API_FAILED;
    if (pif_kind(tagged) == PIF_VLAN)
        return request_fail(r, "PIF_IS_VLAN", tagged->ref, NULL);
    if (check_base(r, tagged, "CANNOT_ADD_VLAN_TO_BOND_SLAVE") ||
        check_vlan_network(r, network, tagged) || vlan_check_tag(r, tag) ||
        check_tag_free(r, tagged, tag))
        return API_FAILED;
    return check_no_trunks(r, network);
}

static void inherit(struct request *r, struct object *pif,
                    const struct object *base)
{
    db_set_text(r->db, pif, "metrics", db_text(base, "metrics"));
    db_set_text(r->db, pif, "primary_address_type",
                db_text(base, "primary_address_type"));
}

struct object *vlan_make(struct request *r, struct object *tagged, int64_t tag,
                         struct object *network)
{
    struct object *vlan = db_create(r->db, "VLAN");
    struct object *pif =
        pif_make(r, network, pif_host(r, tagged), db_text(tagged, "device"),
                 DUMMY_MAC, db_int(tagged, "MTU"));

    db_set_int(r->db, pif, "VLAN", tag);
    inherit(r, pif, tagged);
    db_set_text(r->db, pif, "VLAN_master_of", vlan->ref);
    db_set_text(r->db, vlan, "tagged_PIF", tagged->ref);
    db_set_text(r->db, vlan, "untagged_PIF", pif->ref);
    db_set_int(r->db, vlan, "tag", tag);
    return vlan;
}

/* NULL: the error says why. An interface that cannot be plugged goes again. */
static struct object *create_vlan(struct request *r, struct object *tagged,
                                  int64_t tag, struct object *network)
{
    struct object *vlan, *pif;

    if (check_vlan(r, tagged, tag, network))
        return NULL;
    vlan = vlan_make(r, tagged, tag, network);
    pif = db_ref(r->db, vlan, "untagged_PIF");
    if (pif_do_plug(r, pif) == 0)
        return vlan;
    db_destroy(r->db, vlan);
    pif_unmake(r, pif);
    return NULL;
}

int vlan_create(struct request *r)
{
    struct object *network = arg_object(r, 2, "network"), *vlan;

    if (!network)
        return API_FAILED;
    vlan = create_vlan(r, r->self, arg_int(r, 1), network);
    return vlan ? reply_ref(r, vlan) : API_FAILED;
}

int vlan_pool_introduce(struct request *r)
{
    struct object *untagged = arg_object(r, 1, "PIF"), *vlan;

    if (!untagged)
        return API_FAILED;
    vlan = db_create(r->db, "VLAN");
    db_set_text(r->db, vlan, "tagged_PIF", r->self->ref);
    db_set_text(r->db, vlan, "untagged_PIF", untagged->ref);
    db_set_int(r->db, vlan, "tag", arg_int(r, 2));
    db_set(r->db, vlan, "other_config", r->args[3]);
    db_set_text(r->db, untagged, "VLAN_master_of", vlan->ref);
    db_set_text(r->db, untagged, "metrics", db_text(r->self, "metrics"));
    return reply_ref(r, vlan);
}

static int destroy_vlan(struct request *r, struct object *vlan)
{
    struct object *pif = db_ref(r->db, vlan, "untagged_PIF");

    if (pif && pif_check_unprotected(r, pif))
        return API_FAILED;
    if (pif && db_int(pif, "VLAN") < 0)
        return request_fail(r, "PIF_IS_PHYSICAL", NULL);
    if (pif && pif_do_unplug(r, pif))
        return API_FAILED;
    db_destroy(r->db, vlan);
    if (pif)
        db_destroy(r->db, pif);
    return 0;
}

int vlan_destroy(struct request *r)
{
    return destroy_vlan(r, r->self) ? API_FAILED : reply_void(r);
}

int pif_destroy(struct request *r)
{
    struct object *vlan = db_ref(r->db, r->self, "VLAN_master_of");

    if (db_int(r->self, "VLAN") < 0 || !vlan)
        return request_fail(r, "PIF_IS_PHYSICAL", NULL);
    return destroy_vlan(r, vlan) ? API_FAILED : reply_void(r);
}

/* The interface of that name that carries no tag itself. */
static struct object *base_of(struct request *r, const struct object *host,
                              const char *device)
{
    struct objects pifs = objects_of(r, host, "PIFs");

    for (uint32_t i = 0; i < pifs.nr; i++)
        if (db_int(pifs.at[i], "VLAN") == -1 &&
            strcmp(db_text(pifs.at[i], "device"), device) == 0)
            return pifs.at[i];
    (void)request_fail(r, "INVALID_VALUE", "device", device, NULL);
    return NULL;
}

int pif_create_vlan(struct request *r)
{
    struct object *network = arg_object(r, 1, "network");
    struct object *host = db_find(r->db, "host", arg_text(r, 2)), *base, *vlan;

    base = host ? base_of(r, host, arg_text(r, 0)) : NULL;
    if (!network || !base)
        return API_FAILED;
    vlan = create_vlan(r, base, arg_int(r, 3), network);
    return vlan ? reply_text(r, db_text(vlan, "untagged_PIF")) : API_FAILED;
}

static bool host_live(const struct request *r, const struct object *pif)
{
    struct object *metrics = db_ref(r->db, pif_host(r, pif), "metrics");

    return !metrics || db_bool(metrics, "live");
}

/* The VLAN on each interface of a list, or on none. */
static int create_everywhere(struct request *r, struct objects bases,
                             int64_t tag, struct object *network)
{
    struct object **vlans =
        arena_alloc(r->arena, sizeof(struct object *) * (bases.nr + 1));
    struct value *refs = arena_alloc(r->arena, sizeof(*refs) * (bases.nr + 1)),
                 error;
    uint32_t nr = 0;

    for (uint32_t i = 0; i < bases.nr; i++) {
        if (!host_live(r, bases.at[i]))
            continue;
        vlans[nr] = create_vlan(r, bases.at[i], tag, network);
        if (!vlans[nr])
            break;
        refs[nr] = value_string(
            arena_strdup(r->arena, db_text(vlans[nr], "untagged_PIF")));
        nr++;
        if (i + 1 == bases.nr)
            return reply(r, value_set(refs, nr));
    }
    if (!bases.nr || r->error.kind == VALUE_VOID)
        return reply(r, value_set(refs, nr));
    error = r->error;
    while (nr-- > 0)
        (void)destroy_vlan(r, vlans[nr]); /* the first error is the news */
    r->error = error;
    return API_FAILED;
}

int pool_create_vlan_from_pif(struct request *r)
{
    struct object *network = arg_object(r, 1, "network");
    struct object *base = db_ref(r->db, r->self, "network");

    if (!network || !base)
        return API_FAILED;
    return create_everywhere(r, objects_of(r, base, "PIFs"), arg_int(r, 2),
                             network);
}

int pool_create_vlan(struct request *r)
{
    struct object *network = arg_object(r, 1, "network");
    struct objects hosts = objects_all(r, "host"), bases = {0};

    if (!network)
        return API_FAILED;
    bases.at = arena_alloc(r->arena, sizeof(struct object *) * (hosts.nr + 1));
    for (uint32_t i = 0; i < hosts.nr; i++) {
        struct object *base = base_of(r, hosts.at[i], arg_text(r, 0));

        if (!base)
            return API_FAILED;
        bases.at[bases.nr++] = base;
    }
    return create_everywhere(r, bases, arg_int(r, 2), network);
}

/* --- Tunnels --------------------------------------------------------------- */

static const char *tunnel_device(struct request *r, const struct object *host)
{
    struct objects pifs = objects_of(r, host, "PIFs");

    for (int n = 0; n < NAME_TRIES_MAX; n++) {
        const char *name = arena_printf(r->arena, "tunnel%d", n);
        bool taken = false;

        for (uint32_t i = 0; i < pifs.nr; i++)
            taken = taken || strcmp(db_text(pifs.at[i], "device"), name) == 0;
        if (!taken)
            return name;
    }
    return "tunnel";
}

static int check_tunnel(struct request *r, struct object *transport,
                        struct object *network)
{
    enum pif_kind kind = pif_kind(transport);
    const struct object *below = pif_below(r, transport);

    if (network_check_managed(r, network) ||
        network_check_free(r, network, pif_host(r, transport)) ||
        pif_check_managed(r, transport) ||
        check_base(r, transport, "CANNOT_ADD_TUNNEL_TO_BOND_SLAVE"))
        return API_FAILED;
    if (kind == PIF_SRIOV)
        return request_fail(r, "CANNOT_ADD_TUNNEL_TO_SRIOV_LOGICAL",
                            transport->ref, NULL);
    if (kind == PIF_VLAN && below && pif_kind(below) == PIF_SRIOV)
        return request_fail(r, "CANNOT_ADD_TUNNEL_TO_VLAN_ON_SRIOV_LOGICAL",
                            transport->ref, NULL);
    if (network_is_sriov(r, network))
        return request_fail(r, "NETWORK_INCOMPATIBLE_WITH_TUNNEL", network->ref,
                            NULL);
    return 0;
}

struct object *tunnel_make(struct request *r, struct object *transport,
                           struct object *network, const char *protocol)
{
    struct object *host = pif_host(r, transport);
    struct object *tunnel = db_create(r->db, "tunnel");
    struct object *pif =
        pif_make(r, network, host, tunnel_device(r, host), device_mac(r), -1);

    inherit(r, pif, transport);
    db_set_text(r->db, tunnel, "access_PIF", pif->ref);
    db_set_text(r->db, tunnel, "transport_PIF", transport->ref);
    db_set_text(r->db, tunnel, "protocol", protocol);
    db_map_put(r->db, tunnel, "status", "active", "false");
    return tunnel;
}

/* Bridges of the kernel know no tunnels. */
static int check_openvswitch(struct request *r)
{
    for (struct object *h = db_first(r->db, "host"); h; h = h->next)
        if (strcmp(value_text(db_get(h, "software_version"), "network_backend",
                              ""),
                   "openvswitch") != 0)
            return request_fail(r, "OPENVSWITCH_NOT_ACTIVE", NULL);
    return 0;
}

/*
 * A tunnel whose transport has no address yet stays, unplugged: clients give
 * the address and plug it.
 */
int tunnel_create(struct request *r)
{
    struct object *network = arg_object(r, 1, "network"), *tunnel;

    if (!network || check_tunnel(r, r->self, network) || check_openvswitch(r))
        return API_FAILED;
    tunnel = tunnel_make(r, r->self, network, arg_text(r, 2));
    if (pif_do_plug(r, db_ref(r->db, tunnel, "access_PIF")))
        return API_FAILED;
    return reply_ref(r, tunnel);
}

int tunnel_destroy(struct request *r)
{
    struct object *pif = db_ref(r->db, r->self, "access_PIF");

    if (pif && pif_do_unplug(r, pif))
        return API_FAILED;
    if (pif)
        db_destroy(r->db, pif);
    db_destroy(r->db, r->self);
    return reply_void(r);
}

/* --- SR-IOV ---------------------------------------------------------------- */

static int check_sriov(struct request *r, const struct object *pif)
{
    if (pif_kind(pif) != PIF_PHYSICAL || !db_bool(pif, "physical"))
        return request_fail(r, "PIF_IS_NOT_PHYSICAL", pif->ref, NULL);
    if (db_get(pif, "sriov_physical_PIF_of")->nr)
        return request_fail(r, "NETWORK_SRIOV_ALREADY_ENABLED", pif->ref, NULL);
    if (!value_has(db_get(pif, "capabilities"), "sriov"))
        return request_fail(r, "PIF_IS_NOT_SRIOV_CAPABLE", pif->ref, NULL);
    return 0;
}

/* Networks of virtual functions hold those of one kind of NIC. */
static int check_sriov_network(struct request *r, const struct object *pif,
                               const struct object *network)
{
    struct object *other = first_of(r, network, "PIFs"), *below;
    struct nic nics[NICS_MAX], theirs[NICS_MAX];
    const struct nic *a, *b;

    if (!other)
        return 0;
    if (pif_kind(other) != PIF_SRIOV)
        return request_fail(r, "NETWORK_INCOMPATIBLE_WITH_SRIOV", network->ref,
                            NULL);
    below = pif_below(r, other);
    a = nic_find(nics, nics_read(r, pif_host(r, pif), nics),
                 db_text(pif, "device"));
    b = below ? nic_find(theirs, nics_read(r, pif_host(r, below), theirs),
                         db_text(below, "device"))
              : NULL;
    if (a && b && strcmp(a->device_id, b->device_id) == 0 &&
        strcmp(a->vendor_id, b->vendor_id) == 0)
        return 0;
    return request_fail(r, "NETWORK_HAS_INCOMPATIBLE_SRIOV_PIFS", pif->ref,
                        network->ref, NULL);
}

int network_sriov_create(struct request *r)
{
    struct object *network = arg_object(r, 1, "network"), *sriov, *logical;
    struct object *host = pif_host(r, r->self);

    if (!network || feature_check(r, "network_sriov") ||
        network_check_managed(r, network) || pif_check_managed(r, r->self) ||
        check_sriov(r, r->self) || network_check_free(r, network, host) ||
        check_sriov_network(r, r->self, network))
        return API_FAILED;
    sriov = db_create(r->db, "network_sriov");
    logical = pif_make(r, network, host, db_text(r->self, "device"), DUMMY_MAC,
                       db_int(r->self, "MTU"));
    inherit(r, logical, r->self);
    db_set_text(r->db, sriov, "physical_PIF", r->self->ref);
    db_set_text(r->db, sriov, "logical_PIF", logical->ref);
    if (pif_do_plug(r, logical)) {
        db_destroy(r->db, sriov);
        db_destroy(r->db, logical);
        return API_FAILED;
    }
    return reply_ref(r, sriov);
}

int network_sriov_destroy(struct request *r)
{
    struct object *logical = db_ref(r->db, r->self, "logical_PIF");

    if (logical && db_get(logical, "VLAN_slave_of")->nr)
        return request_fail(r, "PIF_VLAN_STILL_EXISTS", logical->ref, NULL);
    if (logical && pif_do_unplug(r, logical))
        return API_FAILED;
    if (logical)
        db_destroy(r->db, logical);
    db_destroy(r->db, r->self);
    return reply_void(r);
}

static int64_t plugged_vifs(struct request *r, const struct object *pif)
{
    struct object *network = db_ref(r->db, pif, "network");
    struct objects vifs = {0};
    int64_t nr = 0;

    if (network)
        vifs = objects_of(r, network, "VIFs");
    for (uint32_t i = 0; i < vifs.nr; i++)
        nr += db_bool(vifs.at[i], "currently_attached");
    return nr;
}

int64_t sriov_remaining(struct request *r, const struct object *sriov)
{
    struct object *logical = db_ref(r->db, sriov, "logical_PIF");
    struct objects vlans = {0};
    struct nic nics[NICS_MAX];
    const struct nic *nic;
    int64_t left;

    if (!logical || !db_bool(logical, "currently_attached"))
        return 0;
    nic = nic_find(nics, nics_read(r, pif_host(r, logical), nics),
                   db_text(logical, "device"));
    left = (nic ? nic->vfs_max : 0) - plugged_vifs(r, logical);
    vlans = objects_of(r, logical, "VLAN_slave_of");
    for (uint32_t i = 0; i < vlans.nr; i++)
        left -= plugged_vifs(r, db_ref(r->db, vlans.at[i], "untagged_PIF"));
    return left > 0 ? left : 0;
}

int network_sriov_get_remaining_capacity(struct request *r)
{
    return reply(r, value_int(sriov_remaining(r, r->self)));
}
