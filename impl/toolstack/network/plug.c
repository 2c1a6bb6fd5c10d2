/* Interfaces brought up and down: bridges through the driver below. */
#include <string.h>

#include "handlers.h"
#include "net.h"

enum {
    STACK_MAX = 4, /* VLAN over SR-IOV over NIC, and a bond */
};

static int driver_failed(struct request *r, const struct object *pif, int rc)
{
    const char *text =
        arena_printf(r->arena, "network driver: %s", strerror(-rc));

    return request_fail(r, "PIF_CONFIGURATION_ERROR", pif->ref, text, NULL);
}

/* The NICs under an interface: one, or the members of a bond. */
static void uplinks(struct request *r, struct object *root,
                    struct bridge_config *c)
{
    struct object *bond = first_of(r, root, "bond_master_of");
    struct objects slaves = {0};

    if (!bond) {
        c->uplinks[c->uplinks_nr++] = db_text(root, "device");
        return;
    }
    c->bond_mode = db_text(bond, "mode");
    slaves = objects_of(r, bond, "slaves");
    for (uint32_t i = 0; i < slaves.nr && c->uplinks_nr < UPLINKS_MAX; i++)
        c->uplinks[c->uplinks_nr++] = db_text(slaves.at[i], "device");
}

static void configure(struct request *r, struct object *pif,
                      struct bridge_config *c)
{
    struct object *network = db_ref(r->db, pif, "network"), *root = pif;
    struct object *tunnel = first_of(r, pif, "tunnel_access_PIF_of");

    *c = (struct bridge_config){.bridge = db_text(network, "bridge"),
                                .vlan = (int)db_int(pif, "VLAN"),
                                .mtu = db_int(network, "MTU"),
                                .mode = db_text(pif, "ip_configuration_mode"),
                                .ip = db_text(pif, "IP"),
                                .netmask = db_text(pif, "netmask"),
                                .gateway = db_text(pif, "gateway"),
                                .dns = db_text(pif, "DNS")};
    if (tunnel)
        c->tunnel = db_text(tunnel, "protocol");
    for (int i = 0; i < STACK_MAX && pif_below(r, root); i++)
        root = pif_below(r, root);
    uplinks(r, root, c);
}

/* A bond's members lose their own bridges, and take the bond's MTU. */
static void absorb_slaves(struct request *r, struct object *pif)
{
    struct object *bond = first_of(r, pif, "bond_master_of");
    struct object *network = db_ref(r->db, pif, "network");
    struct objects slaves = {0};

    if (bond)
        slaves = objects_of(r, bond, "slaves");
    for (uint32_t i = 0; i < slaves.nr; i++) {
        struct object *own = db_ref(r->db, slaves.at[i], "network");

        pif_down(r, slaves.at[i]);
        if (own)
            db_set_int(r->db, own, "MTU", db_int(network, "MTU"));
    }
}

static void tunnel_status(struct request *r, struct object *pif, bool active)
{
    struct object *tunnel = first_of(r, pif, "tunnel_access_PIF_of");

    if (tunnel)
        db_map_put(r->db, tunnel, "status", "active",
                   active ? "true" : "false");
}

static void came_up(struct request *r, struct object *pif,
                    const struct bridge_state *state)
{
    bool dhcp = strcmp(db_text(pif, "ip_configuration_mode"), "DHCP") == 0;
    bool snooping = db_bool(toolstack_pool(r->ts), "igmp_snooping_enabled");

    db_set_bool(r->db, pif, "currently_attached", true);
    db_set_int(r->db, pif, "MTU", state->mtu);
    if (db_int(pif, "VLAN") == -1)
        db_set_text(r->db, pif, "igmp_snooping_status",
                    snooping ? "enabled" : "disabled");
    tunnel_status(r, pif, true);
    if (dhcp) {
        db_set_text(r->db, pif, "IP", state->ip);
        db_set_text(r->db, pif, "netmask", state->netmask);
        db_set_text(r->db, pif, "gateway", state->gateway);
        db_set_text(r->db, pif, "DNS", state->dns);
    }
    if (db_bool(pif, "management"))
        management_follow(r, pif_host(r, pif));
}

/* Virtual functions instead of a bridge. */
static int sriov_up(struct request *r, struct object *pif)
{
    const struct network_driver *d = r->ts->network;
    struct object *sriov = first_of(r, pif, "sriov_logical_PIF_of");
    const char *host = db_text(pif_host(r, pif), "uuid");
    int rc =
        d ? d->vfs_enable(d->ctx, host, db_text(pif, "device"), true) : -ENODEV;

    if (rc < 0)
        return request_fail(r, "NETWORK_SRIOV_ENABLE_FAILED",
                            db_text(sriov, "physical_PIF"), strerror(-rc),
                            NULL);
    db_set_text(r->db, sriov, "configuration_mode", "sysfs");
    db_set_bool(r->db, sriov, "requires_reboot", false);
    db_set_bool(r->db, pif, "currently_attached", true);
    return 0;
}

int pif_up(struct request *r, struct object *pif)
{
    const struct network_driver *d = r->ts->network;
    struct bridge_config config;
    struct bridge_state state = {0};
    struct object *below = pif_below(r, pif);
    int rc = 0;

    if (pif_kind(pif) == PIF_SRIOV)
        return sriov_up(r, pif);
    if (below && pif_kind(below) == PIF_SRIOV) {
        db_set_bool(r->db, pif, "currently_attached",
                    db_bool(below, "currently_attached"));
        return 0;
    }
    configure(r, pif, &config);
    state.mtu = config.mtu;
    if (d)
        rc = d->bridge_up(d->ctx, db_text(pif_host(r, pif), "uuid"), &config,
                          &state);
    if (rc)
        return driver_failed(r, pif, rc);
    absorb_slaves(r, pif);
    came_up(r, pif, &state);
    return 0;
}

void pif_down(struct request *r, struct object *pif)
{
    const struct network_driver *d = r->ts->network;
    const char *host = db_text(pif_host(r, pif), "uuid");
    struct object *network = db_ref(r->db, pif, "network");

    if (!db_bool(pif, "currently_attached"))
        return;
    /* What is not there any more is down already. */
    if (d && pif_kind(pif) == PIF_SRIOV)
        (void)d->vfs_enable(d->ctx, host, db_text(pif, "device"), false);
    else if (d && network)
        (void)d->bridge_down(d->ctx, host, db_text(network, "bridge"));
    db_set_bool(r->db, pif, "currently_attached", false);
    tunnel_status(r, pif, false);
}

/* --- With the checks ----------------------------------------------------- */

/* A tunnel needs an address to send from. */
static int check_transport(struct request *r, const struct object *pif)
{
    const struct object *transport;

    if (pif_kind(pif) != PIF_TUNNEL)
        return 0;
    transport = pif_below(r, pif);
    if (transport &&
        strcmp(db_text(transport, "ip_configuration_mode"), "None") != 0)
        return 0;
    return request_fail(r, "TRANSPORT_PIF_NOT_CONFIGURED",
                        transport ? transport->ref : REF_NULL, NULL);
}

/* What must be up before an interface: below a tunnel, SR-IOV, a VLAN on it. */
static struct object *needed_below(struct request *r, struct object *pif)
{
    struct object *below = pif_below(r, pif), *bond;

    if (pif_is_slave(r, pif) && db_get(pif, "sriov_physical_PIF_of")->nr) {
        bond = db_ref(r->db, pif, "bond_slave_of");
        return db_ref(r->db, bond, "master");
    }
    if (pif_kind(pif) == PIF_VLAN && below && pif_kind(below) != PIF_SRIOV)
        return NULL;
    return below;
}

static int check_pluggable(struct request *r, const struct object *pif)
{
    if (pif_check_managed(r, pif) || check_transport(r, pif))
        return API_FAILED;
    if (pif_is_slave(r, pif) && !db_get(pif, "sriov_physical_PIF_of")->nr)
        return request_fail(r, "CANNOT_PLUG_BOND_SLAVE", pif->ref, NULL);
    return 0;
}

int pif_do_plug(struct request *r, struct object *pif)
{
    struct object *stack[STACK_MAX];
    int nr = 0;

    while (pif && nr < STACK_MAX) {
        if (check_pluggable(r, pif))
            return API_FAILED;
        stack[nr++] = pif;
        pif = needed_below(r, pif);
    }
    while (nr-- > 0)
        if (!pif_is_slave(r, stack[nr]) && pif_up(r, stack[nr]))
            return API_FAILED;
    return 0;
}

int pif_plug(struct request *r)
{
    return pif_do_plug(r, r->self) ? API_FAILED : reply_void(r);
}

static int check_no_vifs(struct request *r, const struct object *pif)
{
    struct object *network = db_ref(r->db, pif, "network");
    struct objects vifs = {0};

    if (network)
        vifs = objects_of(r, network, "VIFs");
    for (uint32_t i = 0; i < vifs.nr; i++) {
        const struct object *vm = db_ref(r->db, vifs.at[i], "VM");

        if (vm && db_bool(vifs.at[i], "currently_attached") &&
            db_int(vm, "domid") >= 0 &&
            strcmp(db_text(vm, "resident_on"), db_text(pif, "host")) == 0)
            return request_fail(r, "VIF_IN_USE", network->ref, vifs.at[i]->ref,
                                NULL);
    }
    return 0;
}

/* Storage that hangs on a NIC that carries it: all that its host has. */
static int check_no_storage(struct request *r, const struct object *pif)
{
    struct objects pbds = objects_of(r, pif_host(r, pif), "PBDs");

    for (uint32_t i = 0; i < pbds.nr; i++) {
        const struct object *sr = db_ref(r->db, pbds.at[i], "SR");

        if (sr && db_bool(pbds.at[i], "currently_attached") &&
            strcmp(db_text(sr, "type"), "lvmofcoe") == 0)
            return request_fail(r, "PIF_HAS_FCOE_SR_IN_USE", pif->ref, sr->ref,
                                NULL);
    }
    return 0;
}

static int check_unpluggable(struct request *r, const struct object *pif)
{
    if (pif_check_managed(r, pif) || pif_check_unprotected(r, pif) ||
        pif_check_not_management(r, pif) || check_no_vifs(r, pif))
        return API_FAILED;
    if (db_bool(pif, "disallow_unplug"))
        return request_fail(r, "PIF_DOES_NOT_ALLOW_UNPLUG", pif->ref, NULL);
    return value_has(db_get(pif, "capabilities"), "fcoe")
               ? check_no_storage(r, pif)
               : 0;
}

struct stack {
    struct object **at;
    uint32_t nr, max;
};

static void push_all(struct request *r, struct stack *s,
                     const struct object *pif, const char *field,
                     const char *side)
{
    struct objects list = objects_of(r, pif, field);

    for (uint32_t i = 0; i < list.nr && s->nr < s->max; i++) {
        struct object *above = db_ref(r->db, list.at[i], side);

        if (above)
            s->at[s->nr++] = above;
    }
}

/* All that cannot stay up without the interface, in order from below. */
static struct stack collect_above(struct request *r, struct object *pif)
{
    struct stack s = {.max = db_count(r->db, class_find("PIF")) + 1};

    s.at = arena_alloc(r->arena, sizeof(struct object *) * s.max);
    s.at[s.nr++] = pif;
    for (uint32_t i = 0; i < s.nr; i++) {
        push_all(r, &s, s.at[i], "tunnel_transport_PIF_of", "access_PIF");
        push_all(r, &s, s.at[i], "sriov_physical_PIF_of", "logical_PIF");
        if (pif_kind(s.at[i]) == PIF_SRIOV)
            push_all(r, &s, s.at[i], "VLAN_slave_of", "untagged_PIF");
    }
    return s;
}

int pif_do_unplug(struct request *r, struct object *pif)
{
    struct stack s = collect_above(r, pif);

    for (uint32_t i = 0; i < s.nr; i++)
        if (check_unpluggable(r, s.at[i]))
            return API_FAILED;
    while (s.nr-- > 0)
        if (!pif_is_slave(r, s.at[s.nr]))
            pif_down(r, s.at[s.nr]);
    return 0;
}

int pif_unplug(struct request *r)
{
    return pif_do_unplug(r, r->self) ? API_FAILED : reply_void(r);
}
