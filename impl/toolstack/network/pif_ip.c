/* Addresses of interfaces: PIF.reconfigure_ip and _ipv6. */
#include <string.h>

#include "handlers.h"
#include "ip.h"
#include "net.h"

/* The servers of a list that are (v6 or not) addresses of the family. */
static const char *dns_of(struct request *r, const char *list, bool v6)
{
    const char *out = "";

    for (const char *c = list; *c; c += *c == ',') {
        size_t len = strcspn(c, ",");
        const char *item = arena_strndup(r->arena, c, len);

        if (ip_valid(item, v6))
            out = arena_printf(r->arena, "%s%s%s", out, *out ? "," : "", item);
        c += len;
    }
    return out;
}

static const char *joined(struct request *r, const char *a, const char *b)
{
    return arena_printf(r->arena, "%s%s%s", a, *a && *b ? "," : "", b);
}

/* With other addresses, HA and clustering would fence the host. */
static int check_changeable(struct request *r, bool same)
{
    if (same)
        return 0;
    if (pif_check_unprotected(r, r->self))
        return API_FAILED;
    return pif_check_no_cluster(r, r->self);
}

static int check_addresses(struct request *r, bool needed)
{
    static const char *const names[] = {"IP", "netmask", "gateway"};

    for (int i = 0; i < 3; i++) {
        const char *text = arg_text(r, 2 + i);

        if ((*text || (needed && i < 2)) && !ip_valid(text, false))
            return request_fail(r, "INVALID_IP_ADDRESS_SPECIFIED", names[i],
                                NULL);
    }
    return 0;
}

/* The management interface keeps an address of its family. */
static int check_kept(struct request *r, const char *mode, const char *type)
{
    if (strcmp(mode, "None") != 0 ||
        strcmp(db_text(r->self, "primary_address_type"), type) != 0)
        return 0;
    return pif_check_not_management(r, r->self);
}

static int reapply(struct request *r)
{
    if (!db_bool(r->self, "currently_attached"))
        return reply_void(r);
    return pif_up(r, r->self) ? API_FAILED : reply_void(r);
}

int pif_reconfigure_ip(struct request *r)
{
    static const char *const names[] = {"IP", "netmask", "gateway"};
    const char *mode = arg_text(r, 1);
    bool is_static = strcmp(mode, "Static") == 0, same = is_static;

    same = same && strcmp(db_text(r->self, "ip_configuration_mode"), mode) == 0;
    for (int i = 0; i < 3; i++)
        same =
            same && strcmp(db_text(r->self, names[i]), arg_text(r, 2 + i)) == 0;
    if (pif_check_managed(r, r->self) || check_changeable(r, same) ||
        check_addresses(r, is_static) || check_kept(r, mode, "IPv4"))
        return API_FAILED;
    db_set_text(r->db, r->self, "ip_configuration_mode", mode);
    for (int i = 0; i < 3; i++)
        db_set_text(r->db, r->self, names[i], arg_text(r, 2 + i));
    db_set_text(r->db, r->self, "DNS",
                joined(r, dns_of(r, arg_text(r, 5), false),
                       dns_of(r, db_text(r->self, "DNS"), true)));
    return reapply(r);
}

static int check_v6(struct request *r)
{
    const char *address = arg_text(r, 2), *gateway = arg_text(r, 3);

    if (*gateway && !ip_valid(gateway, true))
        return request_fail(r, "INVALID_IP_ADDRESS_SPECIFIED", "gateway", NULL);
    if (*address && !ip_valid_cidr(address, true))
        return request_fail(r, "INVALID_CIDR_ADDRESS_SPECIFIED", "IPv6", NULL);
    return 0;
}

int pif_reconfigure_ipv6(struct request *r)
{
    const char *mode = arg_text(r, 1), *address = arg_text(r, 2);
    const struct value *now = db_get(r->self, "IPv6");
    bool same =
        strcmp(mode, "Static") == 0 && now->nr == 1 &&
        strcmp(now->items[0].s, address) == 0 &&
        strcmp(db_text(r->self, "ipv6_configuration_mode"), mode) == 0 &&
        strcmp(db_text(r->self, "ipv6_gateway"), arg_text(r, 3)) == 0;

    if (pif_check_managed(r, r->self) || check_changeable(r, same) ||
        check_v6(r) || check_kept(r, mode, "IPv6"))
        return API_FAILED;
    db_set_text(r->db, r->self, "ipv6_configuration_mode", mode);
    db_set_text(r->db, r->self, "ipv6_gateway", arg_text(r, 3));
    db_set(r->db, r->self, "IPv6", value_strings(r->arena, &address, 1));
    db_set_text(r->db, r->self, "DNS",
                joined(r, dns_of(r, arg_text(r, 4), true),
                       dns_of(r, db_text(r->self, "DNS"), false)));
    return reapply(r);
}
