/* Scenarios: interfaces of hosts, their addresses, tunnels, networks. */
#include <stdio.h>
#include <string.h>

#include "checks.h"
#include "scenario.h"
#include "suite.h"
#include "world.h"

/* A host that is not the master, its second card without an interface. */
static const char *host_of_world(void)
{
    world("--preset", "trio", "--nics", "3", NULL);
    return other_host(the_master());
}

static const char *second_interface(const char *host)
{
    ok("PIF.scan", "s", host);
    for (cJSON *pif = get("host", host, "PIFs")->child; pif; pif = pif->next)
        if (strcmp(get_text("PIF", pif->valuestring, "device"), "eth1") == 0)
            return pif->valuestring;
    ck_abort_msg("the scan has not found eth1");
    return NULL; /* not reached */
}

static const char *management_interface(const char *host)
{
    for (cJSON *pif = get("host", host, "PIFs")->child; pif; pif = pif->next)
        if (get_flag("PIF", pif->valuestring, "management"))
            return pif->valuestring;
    ck_abort_msg("the host has no management interface");
    return NULL; /* not reached */
}

void check_pif_scan(int nr)
{
    const char *host = host_of_world(), *pif, *mac, *network;
    int before = cJSON_GetArraySize(get("host", host, "PIFs"));

    (void)nr;
    pif = second_interface(host);
    ck_assert_int_eq(cJSON_GetArraySize(get("host", host, "PIFs")), before + 2);
    ok("PIF.scan", "s", host); /* finds nothing more */
    ck_assert_int_eq(cJSON_GetArraySize(get("host", host, "PIFs")), before + 2);
    mac = get_text("PIF", pif, "MAC");
    network = get_text("PIF", pif, "network");
    ck_assert(lists(get("network", network, "PIFs"), pif));
    ok("PIF.forget", "s", pif);
    ck_assert(!exists("PIF", pif));
    refused("COULD_NOT_FIND_NETWORK_INTERFACE_WITH_SPECIFIED_DEVICE_NAME_AND_"
            "MAC_ADDRESS",
            "PIF.introduce", "sss", host, "02:00:00:00:00:42", "eth1");
    pif = ok_text("PIF.introduce", "sss", host, mac, "eth1");
    ck_assert_str_eq(get_text("PIF", pif, "MAC"), mac);
    ck_assert(get_flag("PIF", pif, "physical"));
    refused("DUPLICATE_PIF_DEVICE_NAME", "PIF.introduce", "sss", host, mac,
            "eth1");
    words(refused("PIF_IS_MANAGEMENT_INTERFACE", "PIF.forget", "s",
                  management_interface(host)),
          "PIF_IS_MANAGEMENT_INTERFACE", management_interface(host), NULL);
}

void check_pif_address(int nr)
{
    const char *host = host_of_world(), *pif = second_interface(host);
    cJSON *error;

    (void)nr;
    ok("PIF.reconfigure_ip", "ssssss", pif, "Static", "192.0.2.5",
       "255.255.255.0", "192.0.2.1", "192.0.2.2");
    ck_assert_str_eq(get_text("PIF", pif, "ip_configuration_mode"), "Static");
    ck_assert_str_eq(get_text("PIF", pif, "IP"), "192.0.2.5");
    ck_assert_str_eq(get_text("PIF", pif, "netmask"), "255.255.255.0");
    ck_assert_str_eq(get_text("PIF", pif, "gateway"), "192.0.2.1");
    ck_assert_str_eq(get_text("PIF", pif, "DNS"), "192.0.2.2");
    error =
        refused("INVALID_IP_ADDRESS_SPECIFIED", "PIF.reconfigure_ip", "ssssss",
                pif, "Static", "192.0.2.500", "255.255.255.0", "", "");
    words(error, "INVALID_IP_ADDRESS_SPECIFIED", "IP", NULL);
    ck_assert_str_eq(get_text("PIF", pif, "IP"), "192.0.2.5");
    ok("PIF.reconfigure_ip", "ssssss", pif, "None", "", "", "", "");
    ck_assert_str_eq(get_text("PIF", pif, "IP"), "");
    ok("PIF.reconfigure_ipv6", "sssss", pif, "Static", "2001:db8::5/64",
       "2001:db8::1", "");
    ck_assert_str_eq(get_text("PIF", pif, "ipv6_configuration_mode"), "Static");
    ck_assert(lists(get("PIF", pif, "IPv6"), "2001:db8::5/64"));
    refused("INVALID_CIDR_ADDRESS_SPECIFIED", "PIF.reconfigure_ipv6", "sssss",
            pif, "Static", "not:an:address", "", "");
    ok("PIF.reconfigure_ip", "ssssss", pif, "DHCP", "", "", "", "");
    ck_assert_str_eq(get_text("PIF", pif, "ip_configuration_mode"), "DHCP");
}

void check_pif_plug(int nr)
{
    const char *host = host_of_world(), *pif = second_interface(host);
    const char *management = management_interface(host);

    (void)nr;
    ok("PIF.plug", "s", pif);
    ck_assert(get_flag("PIF", pif, "currently_attached"));
    ok("PIF.unplug", "s", pif);
    ck_assert(!get_flag("PIF", pif, "currently_attached"));
    ok("PIF.plug", "s", pif);
    ok("PIF.set_disallow_unplug", "sb", pif, true);
    words(refused("PIF_DOES_NOT_ALLOW_UNPLUG", "PIF.unplug", "s", pif),
          "PIF_DOES_NOT_ALLOW_UNPLUG", pif, NULL);
    ck_assert(get_flag("PIF", pif, "currently_attached"));
    ok("PIF.set_disallow_unplug", "sb", pif, false);
    ok("PIF.unplug", "s", pif);
    words(refused("PIF_IS_MANAGEMENT_INTERFACE", "PIF.unplug", "s", management),
          "PIF_IS_MANAGEMENT_INTERFACE", management, NULL);
    ck_assert(get_flag("PIF", management, "currently_attached"));
}

/* The link's state reaches the metrics. */
void check_pif_link(int nr)
{
    const char *host = host_of_world(), *pif = second_interface(host), *metrics;
    char fault[128];

    (void)nr;
    ok("PIF.plug", "s", pif);
    metrics = get_text("PIF", pif, "metrics");
    ck_assert(get_flag("PIF_metrics", metrics, "carrier"));
    ck_assert(get_number("PIF_metrics", metrics, "speed") > 0);
    (void)snprintf(fault, sizeof(fault),
                   "{\"what\": \"link-down\", \"target\": \"%s\"}",
                   get_text("PIF", pif, "MAC"));
    (void)world_control("POST", "/sim/faults", fault);
    ok("PIF.scan", "s", host);
    ck_assert(!get_flag("PIF_metrics", metrics, "carrier"));
}

void check_tunnel(int nr)
{
    const char *host = host_of_world(), *pif = second_interface(host), *tunnel;
    const char *network = new_network("tunnel"), *access;

    (void)nr;
    words(refused("TRANSPORT_PIF_NOT_CONFIGURED", "tunnel.create", "sss", pif,
                  new_network("early"), "gre"),
          "TRANSPORT_PIF_NOT_CONFIGURED", pif, NULL);
    ok("PIF.reconfigure_ip", "ssssss", pif, "Static", "192.0.2.7",
       "255.255.255.0", "", "");
    tunnel = ok_text("tunnel.create", "sss", pif, network, "vxlan");
    access = get_text("tunnel", tunnel, "access_PIF");
    ck_assert_str_eq(get_text("tunnel", tunnel, "transport_PIF"), pif);
    ck_assert_str_eq(get_text("tunnel", tunnel, "protocol"), "vxlan");
    ck_assert_str_eq(get_text("PIF", access, "network"), network);
    ck_assert(lists(get("PIF", access, "tunnel_access_PIF_of"), tunnel));
    ck_assert(lists(get("PIF", pif, "tunnel_transport_PIF_of"), tunnel));
    words(refused("NETWORK_ALREADY_CONNECTED", "tunnel.create", "sss", pif,
                  network, "gre"),
          "NETWORK_ALREADY_CONNECTED", host, access, NULL);
    words(refused("IS_TUNNEL_ACCESS_PIF", "VLAN.create", "sis", access, 7,
                  new_network("vlan")),
          "IS_TUNNEL_ACCESS_PIF", access, NULL);
    words(refused("PIF_TUNNEL_STILL_EXISTS", "PIF.forget", "s", pif),
          "PIF_TUNNEL_STILL_EXISTS", pif, NULL);
    ok("tunnel.destroy", "s", tunnel);
    ck_assert(!exists("PIF", access));
}

/* --- SR-IOV --- */

void check_sriov(int nr)
{
    const char *host, *pif, *network, *sriov, *logical;

    (void)nr;
    world("--pool", world_file("{hosts: [{nics: [{}, {vfs: 8}, {}]}]}"), NULL);
    host = the_master();
    pif = second_interface(host);
    network = new_network("sriov");
    ck_assert(lists(get("PIF", pif, "capabilities"), "sriov"));
    sriov = ok_text("network_sriov.create", "ss", pif, network);
    logical = get_text("network_sriov", sriov, "logical_PIF");
    ck_assert_str_eq(get_text("network_sriov", sriov, "physical_PIF"), pif);
    ck_assert_str_eq(get_text("PIF", logical, "network"), network);
    ck_assert(cJSON_GetNumberValue(
                  ok("network_sriov.get_remaining_capacity", "s", sriov)) == 8);
    words(refused("NETWORK_SRIOV_ALREADY_ENABLED", "network_sriov.create", "ss",
                  pif, new_network("again")),
          "NETWORK_SRIOV_ALREADY_ENABLED", pif, NULL);
    words(refused("PIF_IS_NOT_SRIOV_CAPABLE", "network_sriov.create", "ss",
                  management_interface(host), new_network("not")),
          "PIF_IS_NOT_SRIOV_CAPABLE", management_interface(host), NULL);
    ok("network_sriov.destroy", "s", sriov);
    ck_assert(!exists("PIF", logical));
}

/* --- Networks --- */

void check_network_in_use(int nr)
{
    const char *network = new_network("used"), *vm = new_machine("used"), *vif;
    cJSON *physical =
        ok("PIF.get_all_records_where", "s", "field \"physical\" = \"true\"");

    (void)nr;
    vif = new_interface(vm, network, "1");
    ok("VM.start", "sbb", vm, false, false);
    words(refused("NETWORK_CONTAINS_VIF", "network.destroy", "s", network),
          "NETWORK_CONTAINS_VIF", vif, NULL);
    ck_assert(lists(get("network", network, "VIFs"), vif));
    ok("VM.hard_shutdown", "s", vm);
    ok("network.destroy", "s", network);
    ck_assert(!exists("network", network));
    ck_assert(!exists("VIF", vif));
    if (physical->child)
        refused("NETWORK_CONTAINS_PIF", "network.destroy", "s",
                field_text(physical->child, "network"));
}

void check_network_purpose(int nr)
{
    const char *network = new_network("purpose");

    (void)nr;
    ok("network.add_purpose", "ss", network, "nbd");
    ck_assert(lists(get("network", network, "purpose"), "nbd"));
    words(refused("NETWORK_INCOMPATIBLE_PURPOSES", "network.add_purpose", "ss",
                  network, "insecure_nbd"),
          "NETWORK_INCOMPATIBLE_PURPOSES", "insecure_nbd", "nbd", NULL);
    ok("network.remove_purpose", "ss", network, "nbd");
    ok("network.add_purpose", "ss", network, "insecure_nbd");
    ck_assert(lists(get("network", network, "purpose"), "insecure_nbd"));
}

void check_vif_locking(int nr)
{
    const char *network, *vif;

    (void)nr;
    if (world_can())
        world("--preset", "trio", NULL); /* one without an SDN controller */
    if (ok("SDN_controller.get_all", "")->child)
        skip("an SDN controller decides about locking");
    network = new_network("locked");
    vif = new_interface(new_machine("locked"), network, "1");
    ck_assert_str_eq(get_text("VIF", vif, "locking_mode"), "network_default");
    ok("network.set_default_locking_mode", "ss", network, "disabled");
    ck_assert_str_eq(get_text("network", network, "default_locking_mode"),
                     "disabled");
    ok("VIF.set_locking_mode", "ss", vif, "locked");
    ck_assert_str_eq(get_text("VIF", vif, "locking_mode"), "locked");
    ok("VIF.set_ipv4_allowed", "sj", vif, json_of("['192.0.2.9']"));
    ok("VIF.add_ipv4_allowed", "ss", vif, "192.0.2.10");
    ok("VIF.add_ipv4_allowed", "ss", vif, "192.0.2.10");
    ck_assert_int_eq(cJSON_GetArraySize(get("VIF", vif, "ipv4_allowed")), 2);
    ok("VIF.remove_ipv4_allowed", "ss", vif, "192.0.2.9");
    ck_assert(!lists(get("VIF", vif, "ipv4_allowed"), "192.0.2.9"));
    refused("INVALID_IP_ADDRESS_SPECIFIED", "VIF.add_ipv4_allowed", "ss", vif,
            "192.0.2");
    ok("VIF.add_ipv6_allowed", "ss", vif, "2001:db8::9");
    ck_assert(lists(get("VIF", vif, "ipv6_allowed"), "2001:db8::9"));
    refused("INVALID_IP_ADDRESS_SPECIFIED", "VIF.add_ipv6_allowed", "ss", vif,
            "192.0.2.9");
}

/* An interface changes its network under a running machine. */
void check_vif_move(int nr)
{
    const char *vm = new_machine("mover"), *from = new_network("from");
    const char *to = new_network("to"), *vif = new_interface(vm, from, "1");

    (void)nr;
    ok("VM.add_to_other_config", "sss", vm, "sim-guest", "linux");
    ok("VM.start", "sbb", vm, false, false);
    ok("VIF.move", "ss", vif, to);
    ck_assert_str_eq(get_text("VIF", vif, "network"), to);
    ck_assert(get_flag("VIF", vif, "currently_attached"));
    ck_assert(lists(get("network", to, "VIFs"), vif));
    ck_assert(!lists(get("network", from, "VIFs"), vif));
}

/* Management goes to another interface, once that has an address. */
void check_management(int nr)
{
    const char *host = host_of_world(), *pif = second_interface(host);
    const char *was = management_interface(host);

    (void)nr;
    refused("PIF_HAS_NO_NETWORK_CONFIGURATION", "host.management_reconfigure",
            "s", pif);
    ck_assert(get_flag("PIF", was, "management"));
    ok("PIF.reconfigure_ip", "ssssss", pif, "Static", "127.0.0.42",
       "255.255.255.0", "", "");
    ok("host.management_reconfigure", "s", pif);
    ck_assert(get_flag("PIF", pif, "management"));
    ck_assert(!get_flag("PIF", was, "management"));
    ck_assert_str_eq(get_text("host", host, "address"), "127.0.0.42");
}
