/* Networks, physical interfaces, and what is stacked on them. */
#include <string.h>

#include "device.h"
#include "generic.h"
#include "handlers.h"
#include "ip.h"
#include "request.h"

enum {
    MTU_DEFAULT = 1500,
    VLAN_TAG_MAX = 4094,
    BOND_MEMBERS_MIN = 2,
};

int network_create(struct request *r)
{
    struct object *o = generic_create(r, &r->args[0]);
    int nr = 0;

    if (db_int(o, "MTU") <= 0)
        db_set_int(r->db, o, "MTU", MTU_DEFAULT);
    if (!*db_text(o, "bridge")) {
        for (struct object *n = db_first(r->db, "network"); n; n = n->next)
            nr++;
        db_set_text(r->db, o, "bridge", arena_printf(r->arena, "xapi%d", nr));
    }
    return reply_ref(r, o);
}

int network_destroy(struct request *r)
{
    if (db_get(r->self, "PIFs")->nr)
        return request_fail(r, "NETWORK_CONTAINS_PIF",
                            db_get(r->self, "PIFs")->items[0].s, NULL);
    for (uint32_t i = 0; i < db_get(r->self, "VIFs")->nr; i++) {
        const char *vif = db_get(r->self, "VIFs")->items[i].s;

        if (db_bool(db_find_any(r->db, vif), "currently_attached"))
            return request_fail(r, "NETWORK_CONTAINS_VIF", vif, NULL);
    }
    while (db_get(r->self, "VIFs")->nr)
        device_destroy(r,
                       db_find_any(r->db, db_get(r->self, "VIFs")->items[0].s));
    db_destroy(r->db, r->self);
    return reply_void(r);
}

/* nbd and insecure_nbd exclude each other, pool-wide. */
int network_add_purpose(struct request *r)
{
    const char *purpose = arg_text(r, 1);
    const char *other = strcmp(purpose, "nbd") == 0 ? "insecure_nbd" : "nbd";

    for (struct object *n = db_first(r->db, "network"); n; n = n->next)
        if (value_has(db_get(n, "purpose"), other))
            return request_fail(r, "NETWORK_INCOMPATIBLE_PURPOSES", purpose,
                                other, NULL);
    db_set(r->db, r->self, "purpose",
           value_set_with(r->arena, db_get(r->self, "purpose"), purpose));
    return reply_void(r);
}

static int check_addresses(struct request *r, const struct value *set,
                           const char *field, bool v6)
{
    for (uint32_t i = 0; i < set->nr; i++)
        if (!ip_valid(set->items[i].s, v6))
            return request_fail(r, "INVALID_IP_ADDRESS_SPECIFIED", field, NULL);
    return 0;
}

static int set_allowed(struct request *r, const char *field, bool v6)
{
    if (check_addresses(r, &r->args[1], field, v6))
        return API_FAILED;
    db_set(r->db, r->self, field, r->args[1]);
    return reply_void(r);
}

static int add_allowed(struct request *r, const char *field, bool v6)
{
    if (!ip_valid(arg_text(r, 1), v6))
        return request_fail(r, "INVALID_IP_ADDRESS_SPECIFIED", field, NULL);
    db_set(r->db, r->self, field,
           value_set_with(r->arena, db_get(r->self, field), arg_text(r, 1)));
    return reply_void(r);
}

int vif_set_ipv4_allowed(struct request *r)
{
    return set_allowed(r, "ipv4_allowed", false);
}

int vif_set_ipv6_allowed(struct request *r)
{
    return set_allowed(r, "ipv6_allowed", true);
}

int vif_add_ipv4_allowed(struct request *r)
{
    return add_allowed(r, "ipv4_allowed", false);
}

int vif_add_ipv6_allowed(struct request *r)
{
    return add_allowed(r, "ipv6_allowed", true);
}

/* Needs an agent in the guest, which none here has. */
static int configure(struct request *r, bool v6)
{
    const char *address = arg_text(r, 2);

    if (strcmp(arg_text(r, 1), "Static") == 0 && !ip_valid_cidr(address, v6))
        return request_fail(r, "INVALID_CIDR_ADDRESS_SPECIFIED", "address",
                            NULL);
    return request_fail(r, "VM_LACKS_FEATURE", db_text(r->self, "VM"), NULL);
}

int vif_configure_ipv4(struct request *r)
{
    return configure(r, false);
}

int vif_configure_ipv6(struct request *r)
{
    return configure(r, true);
}

/* --- Physical interfaces ----------------------------------------------- */

int pif_forget(struct request *r)
{
    if (db_bool(r->self, "management"))
        return request_fail(r, "PIF_IS_MANAGEMENT_INTERFACE", r->self->ref,
                            NULL);
    if (!db_bool(r->self, "physical"))
        return request_fail(r, "PIF_IS_NOT_PHYSICAL", r->self->ref, NULL);
    db_destroy(r->db, r->self);
    return reply_void(r);
}

int pif_reconfigure_ip(struct request *r)
{
    static const char *const names[] = {"IP", "netmask", "gateway"};
    const char *mode = arg_text(r, 1);

    if (strcmp(mode, "Static") == 0)
        for (int i = 0; i < 3; i++)
            if ((i < 2 || *arg_text(r, 2 + i)) &&
                !ip_valid(arg_text(r, 2 + i), false))
                return request_fail(r, "INVALID_IP_ADDRESS_SPECIFIED", names[i],
                                    NULL);
    db_set_text(r->db, r->self, "ip_configuration_mode", mode);
    for (int i = 0; i < 3; i++)
        db_set_text(r->db, r->self, names[i], arg_text(r, 2 + i));
    db_set_text(r->db, r->self, "DNS", arg_text(r, 5));
    return reply_void(r);
}

int pif_reconfigure_ipv6(struct request *r)
{
    if (strcmp(arg_text(r, 1), "Static") == 0 &&
        !ip_valid_cidr(arg_text(r, 2), true))
        return request_fail(r, "INVALID_CIDR_ADDRESS_SPECIFIED", "IPv6", NULL);
    db_set_text(r->db, r->self, "ipv6_configuration_mode", arg_text(r, 1));
    db_set_text(r->db, r->self, "ipv6_gateway", arg_text(r, 3));
    db_set_text(r->db, r->self, "DNS", arg_text(r, 4));
    return reply_void(r);
}

int pif_set_primary_address_type(struct request *r)
{
    if (db_bool(r->self, "management"))
        return request_fail(r, "PIF_IS_MANAGEMENT_INTERFACE", r->self->ref,
                            NULL);
    db_set_text(r->db, r->self, "primary_address_type", arg_text(r, 1));
    return reply_void(r);
}

int pif_set_property(struct request *r)
{
    const char *name = arg_text(r, 1), *value = arg_text(r, 2);

    if (strcmp(name, "gro") != 0 ||
        (strcmp(value, "on") != 0 && strcmp(value, "off") != 0))
        return request_fail(r, "INVALID_VALUE", "properties",
                            arena_printf(r->arena, "%s = %s", name, value),
                            NULL);
    db_map_put(r->db, r->self, "properties", name, value);
    return reply_void(r);
}

/* --- Stacked interfaces: refused early, or not there yet ---------------- */

static int check_tag(struct request *r, int64_t tag)
{
    if (tag >= 0 && tag <= VLAN_TAG_MAX)
        return 0;
    return request_fail(r, "VLAN_TAG_INVALID",
                        arena_printf(r->arena, "%lld", (long long)tag), NULL);
}

static int check_free(struct request *r, const struct object *network,
                      const struct object *pif)
{
    const struct value *pifs = db_get(network, "PIFs");
    const char *host = db_text(pif, "host");

    for (uint32_t i = 0; i < pifs->nr; i++)
        if (strcmp(db_text(db_find_any(r->db, pifs->items[i].s), "host"),
                   host) == 0)
            return request_fail(r, "NETWORK_ALREADY_CONNECTED", host,
                                pifs->items[i].s, NULL);
    return 0;
}

static int not_yet(struct request *r)
{
    return request_fail(r, "NOT_IMPLEMENTED", r->message->name, NULL);
}

int vlan_create(struct request *r)
{
    struct object *network = arg_object(r, 2, "network");

    if (!network || check_tag(r, arg_int(r, 1)) ||
        check_free(r, network, r->self))
        return API_FAILED;
    return not_yet(r);
}

int pif_create_vlan(struct request *r)
{
    return check_tag(r, arg_int(r, 3)) ? API_FAILED : not_yet(r);
}

int pool_create_vlan(struct request *r)
{
    for (struct object *o = db_first(r->db, "PIF"); o; o = o->next)
        if (strcmp(db_text(o, "device"), arg_text(r, 0)) == 0)
            return check_tag(r, arg_int(r, 2)) ? API_FAILED : not_yet(r);
    return request_fail(r, "INVALID_VALUE", "device", arg_text(r, 0), NULL);
}

int tunnel_create(struct request *r)
{
    struct object *network = arg_object(r, 1, "network");

    if (!network || check_free(r, network, r->self))
        return API_FAILED;
    if (!*db_text(r->self, "IP") ||
        strcmp(db_text(r->self, "ip_configuration_mode"), "None") == 0)
        return request_fail(r, "TRANSPORT_PIF_NOT_CONFIGURED", r->self->ref,
                            NULL);
    return not_yet(r);
}

int bond_create(struct request *r)
{
    const struct value *members = &r->args[1];

    if (members->nr == 0)
        return request_fail(r, "PIF_BOND_NEEDS_MORE_MEMBERS", NULL);
    if (!arg_object(r, 0, "network"))
        return API_FAILED;
    for (uint32_t i = 0; i < members->nr; i++)
        if (!db_find(r->db, "PIF", members->items[i].s))
            return request_bad_handle(r, "PIF", members->items[i].s);
    if (*arg_text(r, 2) && !mac_valid(arg_text(r, 2)))
        return request_fail(r, "MAC_INVALID", arg_text(r, 2), NULL);
    if (members->nr < BOND_MEMBERS_MIN)
        return request_fail(r, "PIF_BOND_NEEDS_MORE_MEMBERS", NULL);
    return not_yet(r);
}

int network_attach_for_vm(struct request *r)
{
    return arg_object(r, 1, "VM") ? not_yet(r) : API_FAILED;
}

int cluster_create(struct request *r)
{
    if (strcmp(arg_text(r, 1), "corosync") != 0)
        return request_fail(r, "INVALID_CLUSTER_STACK", arg_text(r, 1), NULL);
    return arg_object(r, 0, "PIF") ? not_yet(r) : API_FAILED;
}

int network_sriov_create(struct request *r)
{
    return request_fail(r, "PIF_IS_NOT_SRIOV_CAPABLE", r->self->ref, NULL);
}
