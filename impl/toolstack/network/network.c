/* Networks: what interfaces of hosts and of machines have in common. */
#include <string.h>

#include "device.h"
#include "generic.h"
#include "handlers.h"
#include "net.h"
#include "placement.h"

enum {
    MTU_DEFAULT = 1500,
    BRIDGE_NAME_MAX = 15, /* Linux: IFNAMSIZ without the NUL */
};

/* Names of other things that are on hosts. */
static const char *const reserved_prefixes[] = {"xen", "xapi", "vif", "tap",
                                                "eth"};

static bool bridge_taken(struct request *r, const char *bridge)
{
    for (struct object *n = db_first(r->db, "network"); n; n = n->next)
        if (strcmp(db_text(n, "bridge"), bridge) == 0)
            return true;
    return false;
}

static int check_bridge(struct request *r, const char *bridge)
{
    bool bad = strlen(bridge) > BRIDGE_NAME_MAX;

    for (size_t i = 0; i < sizeof(reserved_prefixes) / sizeof(char *); i++)
        bad = bad || strncmp(bridge, reserved_prefixes[i],
                             strlen(reserved_prefixes[i])) == 0;
    if (bad)
        return request_fail(r, "INVALID_VALUE", "bridge", bridge, NULL);
    if (bridge_taken(r, bridge))
        return request_fail(r, "BRIDGE_NAME_EXISTS", bridge, NULL);
    return 0;
}

static const char *free_bridge(struct request *r)
{
    for (uint32_t i = 0;; i++) { /* ends: there are finitely many networks */
        const char *name = arena_printf(r->arena, "xapi%u", i);

        if (!bridge_taken(r, name))
            return name;
    }
}

int network_create(struct request *r)
{
    const char *bridge = value_text(&r->args[0], "bridge", "");
    struct object *o;

    if (*bridge && check_bridge(r, bridge))
        return API_FAILED;
    if (!*bridge)
        bridge = free_bridge(r);
    o = generic_create(r, &r->args[0]);
    if (db_int(o, "MTU") <= 0)
        db_set_int(r->db, o, "MTU", MTU_DEFAULT);
    db_set_text(r->db, o, "bridge", bridge);
    return reply_ref(r, o);
}

int network_pool_introduce(struct request *r)
{
    const struct message *m = r->message;
    struct object *o = db_create(r->db, "network");

    for (int i = 0; i < m->params_nr; i++)
        db_set_at(r->db, o, field_index(o->class, m->params[i].name),
                  r->args[i]);
    return reply_ref(r, o);
}

static int check_destroyable(struct request *r, struct object *network)
{
    struct objects vifs = objects_of(r, network, "VIFs");

    for (uint32_t i = 0; i < vifs.nr; i++)
        if (db_bool(vifs.at[i], "currently_attached"))
            return request_fail(r, "NETWORK_CONTAINS_VIF", vifs.at[i]->ref,
                                NULL);
    if (db_get(network, "PIFs")->nr)
        return request_fail(r, "NETWORK_CONTAINS_PIF",
                            db_get(network, "PIFs")->items[0].s, NULL);
    if (strcmp(value_text(db_get(network, "other_config"),
                          "is_host_internal_management_network", ""),
               "true") == 0)
        return request_fail(r, "CANNOT_DESTROY_SYSTEM_NETWORK", network->ref,
                            NULL);
    return 0;
}

int network_destroy(struct request *r)
{
    struct objects vifs = objects_of(r, r->self, "VIFs");

    if (check_destroyable(r, r->self))
        return API_FAILED;
    for (uint32_t i = 0; i < vifs.nr; i++)
        device_destroy(r, vifs.at[i]);
    db_destroy(r->db, r->self);
    return reply_void(r);
}

/* nbd and insecure_nbd exclude each other, pool-wide. */
int network_add_purpose(struct request *r)
{
    const char *purpose = arg_text(r, 1);
    const char *other = strcmp(purpose, "nbd") == 0 ? "insecure_nbd" : "nbd";

    if (network_check_managed(r, r->self))
        return API_FAILED;
    for (struct object *n = db_first(r->db, "network"); n; n = n->next)
        if (value_has(db_get(n, "purpose"), other))
            return request_fail(r, "NETWORK_INCOMPATIBLE_PURPOSES", purpose,
                                other, NULL);
    db_set(r->db, r->self, "purpose",
           value_set_with(r->arena, db_get(r->self, "purpose"), purpose));
    return reply_void(r);
}

int network_set_default_locking_mode(struct request *r)
{
    struct objects vifs = objects_of(r, r->self, "VIFs");

    for (uint32_t i = 0; i < vifs.nr; i++)
        if (db_bool(vifs.at[i], "currently_attached"))
            return request_fail(r, "VIF_IN_USE", r->self->ref, vifs.at[i]->ref,
                                NULL);
    db_set_text(r->db, r->self, "default_locking_mode", arg_text(r, 1));
    return reply_void(r);
}

/* Bridges that are up snoop from now on. */
int pool_set_igmp_snooping_enabled(struct request *r)
{
    struct objects pifs = objects_all(r, "PIF");
    bool wanted = arg_bool(r, 1);

    if (wanted && feature_check(r, "igmp_snooping"))
        return API_FAILED;
    db_set_bool(r->db, r->self, "igmp_snooping_enabled", wanted);
    for (uint32_t i = 0; i < pifs.nr; i++)
        if (db_bool(pifs.at[i], "currently_attached") &&
            db_bool(pifs.at[i], "managed") && db_int(pifs.at[i], "VLAN") == -1)
            db_set_text(r->db, pifs.at[i], "igmp_snooping_status",
                        wanted ? "enabled" : "disabled");
    return reply_void(r);
}

/* --- Attach: what machines need before they start ---------------------------- */

static int internal_bridge(struct request *r, const struct object *network,
                           const struct object *host)
{
    const struct network_driver *d = r->ts->network;
    struct bridge_config config = {.bridge = db_text(network, "bridge"),
                                   .vlan = -1,
                                   .mtu = db_int(network, "MTU"),
                                   .mode = "None",
                                   .ip = "",
                                   .netmask = "",
                                   .gateway = "",
                                   .dns = ""};
    struct bridge_state state;

    if (!d || d->bridge_up(d->ctx, db_text(host, "uuid"), &config, &state) == 0)
        return 0;
    return request_fail(r, "HOST_CANNOT_ATTACH_NETWORK", host->ref,
                        network->ref, NULL);
}

static int check_bridge_there(struct request *r, const struct object *network,
                              const struct object *host)
{
    const struct network_driver *d = r->ts->network;
    const char *bridge = db_text(network, "bridge");

    if (!d || d->bridge_exists(d->ctx, db_text(host, "uuid"), bridge))
        return 0;
    return request_fail(r, "BRIDGE_NOT_AVAILABLE", bridge, NULL);
}

static int attach(struct request *r, struct object *network,
                  struct object *host, bool again)
{
    struct object *pif = pif_on(r, network, host);

    if (!db_bool(network, "managed"))
        return check_bridge_there(r, network, host);
    if (!pif)
        return internal_bridge(r, network, host);
    if (!db_bool(pif, "managed") ||
        (!again && db_bool(pif, "currently_attached")))
        return 0;
    if (pif_is_slave(r, pif))
        return request_fail(r, "CANNOT_PLUG_BOND_SLAVE", pif->ref, NULL);
    return pif_up(r, pif);
}

/* Virtual functions that are free on the host; negative: it has no such NIC. */
static int64_t functions_left(struct request *r, struct object *network,
                              struct object *host)
{
    struct object *pif = pif_on(r, network, host), *sriov;

    if (pif && pif_kind(pif) == PIF_VLAN)
        pif = pif_below(r, pif);
    sriov = pif ? first_of(r, pif, "sriov_logical_PIF_of") : NULL;
    return sriov ? sriov_remaining(r, sriov) : -1;
}

/* A function for each interface of the machine that is not plugged yet. */
int networks_check_functions(struct request *r, struct object *vm,
                             struct object *host)
{
    struct objects vifs = objects_of(r, vm, "VIFs");

    for (uint32_t i = 0; i < vifs.nr; i++) {
        struct object *network = db_ref(r->db, vifs.at[i], "network");
        int64_t left, wanted = 0;

        if (!network || !network_is_sriov(r, network))
            continue;
        left = functions_left(r, network, host);
        for (uint32_t k = 0; k < vifs.nr; k++)
            wanted += db_ref(r->db, vifs.at[k], "network") == network &&
                      !db_bool(vifs.at[k], "currently_attached");
        if (left < wanted)
            return request_fail(r, "NETWORK_SRIOV_INSUFFICIENT_CAPACITY",
                                network->ref, NULL);
    }
    return 0;
}

/* A virtual function for each interface on such a network. */
static int check_capacity(struct request *r, struct object *network)
{
    struct object *pif = first_of(r, network, "PIFs"), *sriov;

    if (!network_is_sriov(r, network))
        return 0;
    if (pif_kind(pif) == PIF_VLAN)
        pif = pif_below(r, pif);
    sriov = first_of(r, pif, "sriov_logical_PIF_of");
    if (sriov && sriov_remaining(r, sriov) > 0)
        return 0;
    return request_fail(r, "NETWORK_SRIOV_INSUFFICIENT_CAPACITY", network->ref,
                        NULL);
}

int network_attach_on(struct request *r, struct object *network,
                      struct object *host)
{
    if (check_capacity(r, network))
        return API_FAILED;
    return attach(r, network, host, false);
}

void network_detach_on(struct request *r, struct object *network,
                       struct object *host)
{
    const struct network_driver *d = r->ts->network;
    struct objects vifs = objects_of(r, network, "VIFs");

    if (!d || !db_bool(network, "managed") || db_get(network, "PIFs")->nr)
        return;
    for (uint32_t i = 0; i < vifs.nr; i++) {
        const struct object *vm = db_ref(r->db, vifs.at[i], "VM");

        if (vm && db_bool(vifs.at[i], "currently_attached") &&
            strcmp(db_text(vm, "resident_on"), host->ref) == 0)
            return;
    }
    /* An internal bridge nobody uses; it may be gone already. */
    (void)d->bridge_down(d->ctx, db_text(host, "uuid"),
                         db_text(network, "bridge"));
}

int networks_attach(struct request *r, struct object *vm, struct object *host)
{
    struct objects vifs = objects_of(r, vm, "VIFs");

    for (uint32_t i = 0; i < vifs.nr; i++) {
        struct object *network = db_ref(r->db, vifs.at[i], "network");

        if (network &&
            (check_capacity(r, network) || attach(r, network, host, false)))
            return API_FAILED;
    }
    return 0;
}

void networks_detach(struct request *r, struct object *vm, struct object *host)
{
    struct objects vifs = objects_of(r, vm, "VIFs");

    for (uint32_t i = 0; i < vifs.nr; i++) {
        struct object *network = db_ref(r->db, vifs.at[i], "network");

        if (network)
            network_detach_on(r, network, host);
    }
}

/* Without interfaces a network is where its machines run, if any do. */
static bool internal_visible(struct request *r, struct object *network,
                             const struct object *host)
{
    struct objects vifs = objects_of(r, network, "VIFs");
    bool elsewhere = false;

    if (!db_bool(network, "managed") ||
        strcmp(value_text(db_get(network, "other_config"),
                          "assume_network_is_shared", ""),
               "true") == 0)
        return true;
    for (uint32_t i = 0; i < vifs.nr; i++) {
        const struct object *vm = db_ref(r->db, vifs.at[i], "VM");

        if (!vm || strcmp(db_text(vm, "power_state"), "Running") != 0)
            continue;
        if (strcmp(db_text(vm, "resident_on"), host->ref) == 0)
            return true;
        elsewhere = true;
    }
    return !elsewhere;
}

int network_check_visible(struct request *r, struct object *vm,
                          struct object *network, struct object *host)
{
    const struct object *pif = pif_on(r, network, host);
    bool visible = db_get(network, "PIFs")->nr
                       ? pif != NULL
                       : internal_visible(r, network, host);

    if (!visible)
        return request_fail(r, "VM_REQUIRES_NETWORK", vm->ref, network->ref,
                            NULL);
    if (pif && pif_is_slave(r, pif))
        return request_fail(r, "HOST_CANNOT_ATTACH_NETWORK", host->ref,
                            network->ref, NULL);
    return 0;
}

/* --- The messages of it --- */

int network_attach(struct request *r)
{
    struct object *host = db_find(r->db, "host", arg_text(r, 1));

    return attach(r, r->self, host, true) ? API_FAILED : reply_void(r);
}

int network_attach_for_vm(struct request *r)
{
    struct object *vm = arg_object(r, 1, "VM");

    if (!vm || networks_attach(r, vm, r->self))
        return API_FAILED;
    return reply_void(r);
}

int network_detach_for_vm(struct request *r)
{
    struct object *vm = arg_object(r, 1, "VM");

    if (!vm)
        return API_FAILED;
    networks_detach(r, vm, r->self);
    return reply_void(r);
}
