/* Commands on networks and interfaces. */
#include <string.h>

#include "cli_commands.h"
#include "cli_record.h"

static int print_uuid(struct cli *c, const char *method, const char *ref)
{
    const char *uuid;

    if (cli_ask_text(c, method, &uuid, ref, NULL))
        return CLI_FAILED;
    cli_print(c, uuid);
    return 0;
}

/* A unicast address of our own choice. */
static const char *random_mac(struct cli *c)
{
    uint64_t r = c->ts->env.random(c->ts->env.ctx);

    return arena_printf(cli_arena(c), "%02x:%02x:%02x:%02x:%02x:%02x",
                        (unsigned)((r & 0xfe) | 2), (unsigned)(r >> 8 & 0xff),
                        (unsigned)(r >> 16 & 0xff), (unsigned)(r >> 24 & 0xff),
                        (unsigned)(r >> 32 & 0xff), (unsigned)(r >> 40 & 0xff));
}

int cmd_vif_create(struct cli *c)
{
    const char *mac = cli_param_or(c, "mac", ""), *vm, *network;
    struct value mtu, record, vif;

    if (strcmp(mac, "random") == 0)
        mac = random_mac(c);
    if (cli_param_ref(c, "VM", "vm-uuid", &vm) ||
        cli_param_ref(c, "network", "network-uuid", &network) ||
        cli_ask(c, "network.get_MTU", &mtu, network, NULL))
        return CLI_FAILED;
    const struct member members[] = {
        {"device", value_string(cli_param_or(c, "device", ""))},
        {"network", value_string(network)},
        {"VM", value_string(vm)},
        {"MAC", value_string(mac)},
        {"MTU", mtu},
        {"other_config", value_map(NULL, 0)},
        {"currently_attached", value_bool(false)},
        {"qos_algorithm_type", value_string("")},
        {"qos_algorithm_params", value_map(NULL, 0)},
        {"locking_mode", value_string("network_default")},
        {"ipv4_allowed", value_set(NULL, 0)},
        {"ipv6_allowed", value_set(NULL, 0)},
    };
    record = value_map(members, sizeof(members) / sizeof(members[0]));
    if (cli_call(c, "VIF.create", &vif, &record, 1))
        return CLI_FAILED;
    return print_uuid(c, "VIF.get_uuid", vif.s);
}

static int configure(struct cli *c, const char *method)
{
    const struct message *m = message_find(method);
    const char *address = cli_param_or(c, "address", ""), *mode, *vif;

    if (cli_param_ref(c, "VIF", "uuid", &vif) ||
        cli_read_word(c, "", m->params[1].type.elem.enumeration,
                      cli_param_or(c, "mode", ""), &mode))
        return CLI_FAILED;
    if (strcasecmp(mode, "static") == 0 && !*address)
        return cli_fail(c, "Required parameter not found: address");
    return cli_ask(c, method, NULL, vif, mode, address,
                   cli_param_or(c, "gateway", ""), NULL);
}

int cmd_vif_configure_ipv4(struct cli *c)
{
    return configure(c, "VIF.configure_ipv4");
}

int cmd_vif_configure_ipv6(struct cli *c)
{
    return configure(c, "VIF.configure_ipv6");
}

int cmd_vlan_create(struct cli *c)
{
    const char *network, *pif, *untagged;
    struct value args[3] = {value_void(), value_int(0)}, vlan;

    if (cli_param_ref(c, "network", "network-uuid", &network) ||
        cli_param_ref(c, "PIF", "pif-uuid", &pif))
        return CLI_FAILED;
    if (!cli_int_parse(cli_param_or(c, "vlan", ""), &args[1].i))
        return cli_fail(
            c, "Failed to parse parameter 'vlan': expecting an integer");
    args[0] = value_string(pif);
    args[2] = value_string(network);
    if (cli_call(c, "VLAN.create", &vlan, args, 3) ||
        cli_ask_text(c, "VLAN.get_untagged_PIF", &untagged, vlan.s, NULL))
        return CLI_FAILED;
    return print_uuid(c, "PIF.get_uuid", untagged);
}

/* An interface will do as well, as it did before VLANs were objects. */
int cmd_vlan_destroy(struct cli *c)
{
    const char *uuid = cli_param_or(c, "uuid", ""), *ref;
    struct value words;

    if (cli_by_uuid(c, "VLAN", uuid, &ref) == 0 &&
        cli_ask(c, "VLAN.destroy", NULL, ref, NULL) == 0)
        return 0;
    if (c->failure != FAILURE_API || cli_failed_with(c, "HANDLE_INVALID") ||
        cli_failed_with(c, "HOST_OFFLINE"))
        return CLI_FAILED;
    words = c->words;
    cli_forgive(c);
    if (cli_by_uuid(c, "PIF", uuid, &ref) == 0)
        return cli_ask(c, "PIF.destroy", NULL, ref, NULL);
    c->words = words;
    return CLI_FAILED;
}

int cmd_tunnel_create(struct cli *c)
{
    const struct message *m = message_find("tunnel.create");
    const char *network, *pif, *protocol, *tunnel, *access;

    if (cli_param_ref(c, "network", "network-uuid", &network) ||
        cli_param_ref(c, "PIF", "pif-uuid", &pif) ||
        cli_read_word(c, "", m->params[2].type.elem.enumeration,
                      cli_param_or(c, "protocol", "gre"), &protocol) ||
        cli_ask_text(c, "tunnel.create", &tunnel, pif, network, protocol,
                     NULL) ||
        cli_ask_text(c, "tunnel.get_access_PIF", &access, tunnel, NULL))
        return CLI_FAILED;
    return print_uuid(c, "PIF.get_uuid", access);
}

int cmd_sdn_controller_introduce(struct cli *c)
{
    const struct message *m = message_find("SDN_controller.introduce");
    const char *port = cli_param(c, "tcp-port"), *protocol;
    struct value args[3] = {value_void(), value_void(), value_int(0)}, made;

    if (port && !cli_int_parse(port, &args[2].i))
        return cli_fail(c, "port field should be an integer");
    if (cli_read_word(c, "", m->params[0].type.elem.enumeration,
                      cli_param_or(c, "protocol", "ssl"), &protocol))
        return CLI_FAILED;
    args[0] = value_string(protocol);
    args[1] = value_string(cli_param_or(c, "address", ""));
    if (cli_call(c, "SDN_controller.introduce", &made, args, 3))
        return CLI_FAILED;
    return print_uuid(c, "SDN_controller.get_uuid", made.s);
}
