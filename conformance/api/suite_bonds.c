/* Scenarios: bonds of interfaces, and what stands on them. */
#include <string.h>

#include "checks.h"
#include "scenario.h"
#include "suite.h"
#include "world.h"

enum {
    TAG = 55,
};

/* The interface of a device of the host. */
static const char *interface_of(const char *host, const char *device)
{
    cJSON *pifs = get("host", host, "PIFs");

    for (cJSON *pif = pifs->child; pif; pif = pif->next)
        if (strcmp(get_text("PIF", pif->valuestring, "device"), device) == 0 &&
            get_flag("PIF", pif->valuestring, "physical"))
            return pif->valuestring;
    ck_abort_msg("the host has no interface %s", device);
    return NULL; /* not reached */
}

/* A world whose hosts have an interface for each of four cards. */
static const char *world_of_interfaces(void)
{
    const char *host;

    world("--preset", "trio", "--nics", "4", NULL);
    for (cJSON *h = ok("host.get_all", "")->child; h; h = h->next)
        ok("PIF.scan", "s", h->valuestring);
    host = other_host(the_master());
    return host;
}

static const char *bond_of(const char *network, const char *one,
                           const char *two, const char *mac, const char *mode)
{
    return ok_text("Bond.create", "sjssj", network,
                   json_of("['%s', '%s']", one, two), mac, mode, json_of("{}"));
}

static void check_member(const char *pif, const char *bond)
{
    ck_assert_str_eq(get_text("PIF", pif, "bond_slave_of"), bond);
}

void check_bond(int nr)
{
    const char *host = world_of_interfaces(), *one, *two, *bond, *pif, *network;

    (void)nr;
    one = interface_of(host, "eth1");
    two = interface_of(host, "eth2");
    network = new_network("bond");
    bond = bond_of(network, one, two, "", "active-backup");
    pif = get_text("Bond", bond, "master");
    check_member(one, bond);
    check_member(two, bond);
    ck_assert(lists(get("PIF", pif, "bond_master_of"), bond));
    ck_assert(!get_flag("PIF", pif, "physical"));
    ck_assert_str_eq(get_text("PIF", pif, "network"), network);
    ck_assert_str_eq(get_text("PIF", pif, "MAC"), get_text("PIF", one, "MAC"));
    ck_assert_str_eq(get_text("Bond", bond, "primary_slave"), one);
    ck_assert_str_eq(get_text("Bond", bond, "mode"), "active-backup");
    ck_assert(lists(get("Bond", bond, "slaves"), two));
    ok("Bond.set_mode", "ss", bond, "balance-slb");
    ck_assert_str_eq(get_text("Bond", bond, "mode"), "balance-slb");
    ok("Bond.destroy", "s", bond);
    check_member(one, REF_NULL);
    check_member(two, REF_NULL);
    ck_assert(!exists("PIF", pif) && !exists("Bond", bond));
}

void check_bond_mac(int nr)
{
    const char *host = world_of_interfaces(), *bond, *pif;
    const char *mac = "02:00:00:00:c0:de", *one = interface_of(host, "eth1");
    const char *two = interface_of(host, "eth2");

    (void)nr;
    words(refused("MAC_INVALID", "Bond.create", "sjssj", new_network("bond"),
                  json_of("['%s', '%s']", one, two), "no mac", "balance-slb",
                  json_of("{}")),
          "MAC_INVALID", "no mac", NULL);
    bond = bond_of(new_network("bond"), one, two, mac, "balance-slb");
    pif = get_text("Bond", bond, "master");
    ck_assert_str_eq(get_text("PIF", pif, "MAC"), mac);
}

void check_bond_lacp(int nr)
{
    const char *host = world_of_interfaces(), *bond;

    (void)nr;
    bond = bond_of(new_network("lacp"), interface_of(host, "eth1"),
                   interface_of(host, "eth2"), "", "lacp");
    ck_assert_str_eq(
        field_text(get("Bond", bond, "properties"), "hashing_algorithm"),
        "tcpudp_ports");
    ok("Bond.set_property", "sss", bond, "hashing_algorithm", "src_mac");
    ck_assert_str_eq(
        field_text(get("Bond", bond, "properties"), "hashing_algorithm"),
        "src_mac");
    refused("INVALID_VALUE", "Bond.set_property", "sss", bond, "conform", "1");
}

void check_bond_members(int nr)
{
    const char *host = world_of_interfaces(), *one, *two, *three, *far, *vlan;
    const char *bond;

    (void)nr;
    one = interface_of(host, "eth1");
    two = interface_of(host, "eth2");
    three = interface_of(host, "eth3");
    far = interface_of(the_master(), "eth3");
    refused("PIF_BOND_NEEDS_MORE_MEMBERS", "Bond.create", "sjssj",
            new_network("few"), json_of("[]"), "", "balance-slb",
            json_of("{}"));
    refused("PIF_CANNOT_BOND_CROSS_HOST", "Bond.create", "sjssj",
            new_network("far"), json_of("['%s', '%s']", one, far), "",
            "balance-slb", json_of("{}"));
    vlan = ok_text("VLAN.create", "sis", three, TAG, new_network("vlan"));
    refused(
        "PIF_VLAN_EXISTS", "Bond.create", "sjssj", new_network("tagged"),
        json_of("['%s', '%s']", one, get_text("VLAN", vlan, "untagged_PIF")),
        "", "balance-slb", json_of("{}"));
    bond = bond_of(new_network("bond"), one, two, "", "balance-slb");
    words(refused("PIF_ALREADY_BONDED", "Bond.create", "sjssj",
                  new_network("twice"), json_of("['%s', '%s']", one, three), "",
                  "balance-slb", json_of("{}")),
          "PIF_ALREADY_BONDED", one, NULL);
    ck_assert(exists("Bond", bond));
}

/* A VLAN on a member moves to the bond, and back. */
void check_bond_vlan(int nr)
{
    const char *host = world_of_interfaces(), *one, *bond, *vlan, *pif,
               *network;
    cJSON *vlans;

    (void)nr;
    one = interface_of(host, "eth1");
    network = new_network("vlan");
    ok("VLAN.create", "sis", one, TAG, network);
    bond = bond_of(new_network("bond"), one, interface_of(host, "eth2"), "",
                   "balance-slb");
    pif = get_text("Bond", bond, "master");
    vlans = get("PIF", pif, "VLAN_slave_of");
    ck_assert_int_eq(cJSON_GetArraySize(vlans), 1);
    vlan = vlans->child->valuestring;
    ck_assert(get_number("VLAN", vlan, "tag") == TAG);
    ck_assert_str_eq(
        get_text("PIF", get_text("VLAN", vlan, "untagged_PIF"), "network"),
        network);
    ck_assert_ptr_null(get("PIF", one, "VLAN_slave_of")->child);
    ok("Bond.destroy", "s", bond);
    ck_assert_int_eq(cJSON_GetArraySize(get("PIF", one, "VLAN_slave_of")), 1);
    ck_assert(!exists("PIF", pif));
}

/* The management interface goes to the bond with its address, and back. */
void check_bond_management(int nr)
{
    const char *host = world_of_interfaces(), *one, *bond, *pif, *ip;

    (void)nr;
    one = interface_of(host, "eth0");
    ck_assert(get_flag("PIF", one, "management"));
    ip = get_text("PIF", one, "IP");
    bond = bond_of(new_network("bond"), one, interface_of(host, "eth1"), "",
                   "balance-slb");
    pif = get_text("Bond", bond, "master");
    ck_assert(get_flag("PIF", pif, "management"));
    ck_assert(!get_flag("PIF", one, "management"));
    ck_assert_str_eq(get_text("PIF", pif, "IP"), ip);
    ck_assert_str_eq(get_text("host", host, "address"), ip);
    ck_assert_str_eq(get_text("PIF", one, "ip_configuration_mode"), "None");
    ok("Bond.destroy", "s", bond);
    ck_assert(get_flag("PIF", one, "management"));
    ck_assert_str_eq(get_text("PIF", one, "IP"), ip);
}
