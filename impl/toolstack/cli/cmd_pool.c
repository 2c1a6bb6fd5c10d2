/* Commands on the pool. */
#include <inttypes.h>
#include <string.h>

#include "cli_commands.h"
#include "cli_record.h"
#include "cli_report.h"

static const char *base_name(const char *file)
{
    const char *slash = strrchr(file, '/');

    return slash ? slash + 1 : file;
}

/* A certificate or list of revoked ones under the file's name. */
static int install_file(struct cli *c, const char *method, const char *what)
{
    const char *file = cli_param_or(c, "filename", ""), *text;

    if (cli_load_or_fail(c, what, file, &text))
        return CLI_FAILED;
    return cli_ask(c, method, NULL, base_name(file), text, NULL);
}

int cmd_pool_install_ca_certificate(struct cli *c)
{
    return install_file(c, "pool.install_ca_certificate", "certificate");
}

int cmd_pool_certificate_install(struct cli *c)
{
    return cmd_pool_install_ca_certificate(c);
}

int cmd_pool_crl_install(struct cli *c)
{
    return install_file(c, "pool.crl_install", "CRL");
}

int cmd_pool_install_trusted_certificate(struct cli *c)
{
    const struct message *m = message_find("pool.install_trusted_certificate");
    const char *purposes = cli_param(c, "purpose"), *pool, *text, *word;
    struct value words = cli_words(c, purposes ? purposes : "", ','), args[4];
    bool ca;

    if (cli_pool(c, "uuid", &pool) || cli_flag(c, "ca", true, &ca))
        return CLI_FAILED;
    args[3] = value_set(NULL, 0);
    for (uint32_t i = 0; i < words.nr && purposes; i++) {
        if (cli_read_word(c, "", m->params[3].type.elem.enumeration,
                          words.items[i].s, &word))
            return CLI_FAILED;
        args[3] = value_set_with(cli_arena(c), &args[3], word);
    }
    if (cli_load_or_fail(c, "certificate", cli_param_or(c, "filename", ""),
                         &text))
        return CLI_FAILED;
    args[0] = value_string(pool);
    args[1] = value_bool(ca);
    args[2] = value_string(text);
    return cli_call(c, "pool.install_trusted_certificate", NULL, args, 4);
}

int cmd_repository_introduce_remote_pool(struct cli *c)
{
    const char *text, *made, *uuid;

    if (cli_load_or_fail(c, "certificate file",
                         cli_param_or(c, "certificate-file", ""), &text) ||
        cli_ask_text(c, "Repository.introduce_remote_pool", &made,
                     cli_param_or(c, "name-label", ""),
                     cli_param_or(c, "name-description", ""),
                     cli_param_or(c, "binary-url", ""), text, NULL) ||
        cli_ask_text(c, "Repository.get_uuid", &uuid, made, NULL))
        return CLI_FAILED;
    cli_print(c, uuid);
    return 0;
}

int cmd_pool_configure_update_sync(struct cli *c)
{
    const struct message *m = message_find("pool.configure_update_sync");
    struct value args[3] = {value_void(), value_void(), value_int(0)};
    const char *pool, *frequency;

    if (cli_pool(c, "uuid", &pool) ||
        cli_read_word(c, "", m->params[1].type.elem.enumeration,
                      cli_param_or(c, "update-sync-frequency", ""), &frequency))
        return CLI_FAILED;
    if (strcmp(frequency, "weekly") == 0 &&
        (!cli_int_parse(cli_param_or(c, "update-sync-day", ""), &args[2].i) ||
         args[2].i < 0 || args[2].i > 6))
        return cli_fail(c, "Invalid value for day picked, must be an integer "
                           "from 0 to 6");
    args[0] = value_string(pool);
    args[1] = value_string(frequency);
    return cli_call(c, "pool.configure_update_sync", NULL, args, 3);
}

static void print_lines(struct cli *c, const char *a, const char *b)
{
    const char *lines[] = {a, b};
    struct value list = value_strings(cli_arena(c), lines, b ? 2 : 1);

    cli_print_list(c, &list);
}

int cmd_pool_join(struct cli *c)
{
    bool force;

    if (cli_flag(c, "force", false, &force))
        return CLI_FAILED;
    if (cli_ask(c, force ? "pool.join_force" : "pool.join", NULL,
                cli_param_or(c, "master-address", ""),
                cli_param_or(c, "master-username", ""),
                cli_param_or(c, "master-password", ""), NULL) == 0) {
        print_lines(c,
                    "Host agent will restart and attempt to join pool in "
                    "10.000 seconds...",
                    NULL);
        return 0;
    }
    if (!cli_failed_with(c, "POOL_JOINING_HOST_CONNECTION_FAILED"))
        return CLI_FAILED;
    cli_forgive(c);
    print_lines(c, "Host cannot contact destination host: connection refused.",
                "Check destination host has services running and accessible "
                "from this host.");
    return 0;
}

/* Disks that only this host reaches are lost with it. */
static int warn_of_disks(struct cli *c, const char *host)
{
    struct value pbds, others, vdis;
    bool told = false;
    const char *sr;

    if (cli_ask(c, "host.get_PBDs", &pbds, host, NULL))
        return CLI_FAILED;
    for (uint32_t i = 0; i < pbds.nr; i++) {
        if (cli_ask_text(c, "PBD.get_SR", &sr, pbds.items[i].s, NULL) ||
            cli_ask(c, "SR.get_PBDs", &others, sr, NULL) ||
            cli_ask(c, "SR.get_VDIs", &vdis, sr, NULL))
            return CLI_FAILED;
        for (uint32_t j = 0; j < vdis.nr && others.nr < 2; j++) {
            if (!told)
                cli_tell(c, "The following VDI objects will be destroyed:");
            told = true;
            cli_tell(c, arena_printf(cli_arena(c), "VDI: %s",
                                     cli_readable(c, vdis.items[j].s)));
        }
    }
    return 0;
}

int cmd_pool_eject(struct cli *c)
{
    const char *host;
    bool go;

    if (cli_param_ref(c, "host", "host-uuid", &host) ||
        cli_flag(c, "force", false, &go))
        return CLI_FAILED;
    if (!go) {
        cli_tell(c, "WARNING: Ejecting a host from the pool will reinitialise "
                    "that host's local SRs.");
        cli_tell(c, "WARNING: Any data contained with the local SRs will be "
                    "lost.");
        if (warn_of_disks(c, host) || cli_agrees(c, &go))
            return CLI_FAILED;
    }
    if (!go)
        return 0;
    if (cli_ask(c, "pool.eject", NULL, host, NULL))
        return CLI_FAILED;
    print_lines(c,
                "Specified host will attempt to restart as a master of a "
                "new pool in 10.000 seconds...",
                NULL);
    return 0;
}

int cmd_pool_emergency_reset_master(struct cli *c)
{
    const char *address = cli_param_or(c, "master-address", "");

    if (cli_ask(c, "pool.emergency_reset_master", NULL, address, NULL))
        return CLI_FAILED;
    print_lines(c,
                arena_printf(cli_arena(c),
                             "Host agent will restart and become slave of %s "
                             "in 10.000 seconds...",
                             address),
                NULL);
    return 0;
}

static int is_master(struct cli *c, bool *yes)
{
    const char *pool, *master, *host;

    if (cli_pool(c, NULL, &pool) ||
        cli_ask_text(c, "pool.get_master", &master, pool, NULL) ||
        cli_host(c, NULL, &host)) {
        cli_forgive(c); /* a member that has lost its master cannot tell */
        *yes = false;
        return c->failure ? CLI_FAILED : 0;
    }
    *yes = strcmp(master, host) == 0;
    return 0;
}

int cmd_pool_emergency_transition_to_master(struct cli *c)
{
    bool force, master;

    if (cli_flag(c, "force", false, &force) || is_master(c, &master))
        return CLI_FAILED;
    if (master && !force) {
        print_lines(c,
                    "Host agent is already master. Use '--force' to execute "
                    "the operation anyway.",
                    NULL);
        return 0;
    }
    if (cli_ask(c, "pool.emergency_transition_to_master", NULL, NULL))
        return CLI_FAILED;
    print_lines(c,
                "Host agent will restart and transition to master in 10.000 "
                "seconds...",
                NULL);
    return 0;
}

/* The nth value of an argument that may be given often; or NULL. */
static const char *param_nr(struct cli *c, const char *name, int nr)
{
    for (int i = 0; i < c->params_nr; i++)
        if (strcmp(c->params[i].name, name) == 0 && nr-- == 0)
            return c->params[i].value;
    return NULL;
}

int cmd_pool_ha_compute_hypothetical_max_host_failures_to_tolerate(
    struct cli *c)
{
    struct value plan = value_map(NULL, 0), nr;
    int vms = 0, priorities = 0;

    while (param_nr(c, "vm-uuid", vms))
        vms++;
    while (param_nr(c, "restart-priority", priorities))
        priorities++;
    if (vms != priorities)
        return cli_fail(c, "Call requires an equal number of vm-uuid and "
                           "restart-priority arguments");
    for (int i = 0; i < vms; i++) {
        const char *vm;

        if (cli_by_uuid(c, "VM", param_nr(c, "vm-uuid", i), &vm))
            return CLI_FAILED;
        plan = value_map_with(cli_arena(c), &plan, vm,
                              value_string(param_nr(c, "restart-priority", i)));
    }
    if (cli_call(c,
                 "pool.ha_compute_hypothetical_max_host_failures_to_tolerate",
                 &nr, &plan, 1))
        return CLI_FAILED;
    cli_print(c, arena_printf(cli_arena(c), "%" PRId64, nr.i));
    return 0;
}

/* Machines that run on the hosts, without control domains. */
static int residents(struct cli *c, const char *host, struct value *vms)
{
    struct value all, control;

    if (cli_ask(c, "host.get_resident_VMs", &all, host, NULL))
        return CLI_FAILED;
    for (uint32_t i = 0; i < all.nr; i++) {
        if (cli_ask(c, "VM.get_is_control_domain", &control, all.items[i].s,
                    NULL))
            return CLI_FAILED;
        if (!control.b)
            *vms = value_set_with(cli_arena(c), vms, all.items[i].s);
    }
    return 0;
}

static const char *destination(struct cli *c, const struct value *result)
{
    const char *host = value_text(result, "host", NULL);

    return host ? cli_readable(c, host)
                : value_text(result, "error_code", "UNKNOWN");
}

int cmd_pool_ha_compute_vm_failover_plan(struct cli *c)
{
    const char *host;
    struct value uuids, args[2] = {value_set(NULL, 0), value_set(NULL, 0)};
    struct value plan;
    struct cli_table table = {0};
    struct cli_lines *lines = cli_table_row(c, &table);

    uuids = cli_words(c, cli_param_or(c, "host-uuids", ""), ',');
    for (uint32_t i = 0; i < uuids.nr; i++) {
        if (cli_by_uuid(c, "host", uuids.items[i].s, &host) ||
            residents(c, host, &args[1]))
            return CLI_FAILED;
        args[0] = value_set_with(cli_arena(c), &args[0], host);
    }
    if (cli_call(c, "pool.ha_compute_vm_failover_plan", &plan, args, 2))
        return CLI_FAILED;
    cli_row_line(c, lines, "VM", "Destination Host or Error");
    for (uint32_t i = 0; i < plan.nr; i++)
        cli_row_line(c, lines, cli_readable(c, plan.members[i].key),
                     destination(c, &plan.members[i].value));
    cli_print_table(c, &table);
    return 0;
}

int cmd_pool_retrieve_wlb_recommendations(struct cli *c)
{
    struct cli_table table = {0};
    struct cli_lines *lines = cli_table_row(c, &table);
    struct value advice;

    if (cli_ask(c, "pool.retrieve_wlb_recommendations", &advice, NULL))
        return CLI_FAILED;
    cli_row_line(c, lines, "VM", "Host, OptID, RecID, Reason");
    for (uint32_t i = 0; i < advice.nr; i++)
        cli_row_line(c, lines, cli_readable(c, advice.members[i].key),
                     cli_value_text(c, &advice.members[i].value, " "));
    cli_print_table(c, &table);
    return 0;
}

static int write_server(struct cli *c, const struct value *hosts,
                        const char *key, const char *text)
{
    for (uint32_t i = 0; i < hosts->nr; i++)
        if (cli_ask(c, "host.remove_from_license_server", NULL,
                    hosts->items[i].s, key, NULL) ||
            cli_ask(c, "host.add_to_license_server", NULL, hosts->items[i].s,
                    key, text, NULL))
            return CLI_FAILED;
    return 0;
}

/* The server of licences that the hosts shall ask, as far as it is given. */
static int change_server(struct cli *c, const struct value *hosts)
{
    const char *address = cli_param(c, "license-server-address");
    const char *port = cli_param(c, "license-server-port");
    int64_t nr;

    if (address && write_server(c, hosts, "address", address))
        return CLI_FAILED;
    if (!port)
        return 0;
    if (cli_int_parse(port, &nr) && nr >= 0 && nr <= 65535)
        return write_server(c, hosts, "port", port);
    cli_warn(c, "NOTE: The given port number is invalid; reverting to the "
                "current value.\n");
    return 0;
}

/* A failure, after what it needs beside its own text. */
static int edition_failed(struct cli *c, const struct value *hosts,
                          const struct value *servers)
{
    struct value words = c->words, args[2], editions;
    const char *host;

    if (cli_failed_with(c, "LICENSE_CHECKOUT_ERROR") && words.nr == 3) {
        for (uint32_t i = 0; i < hosts->nr; i++) {
            args[0] = hosts->items[i];
            args[1] = servers->items[i];
            (void)cli_call(c, "host.set_license_server", NULL, args, 2);
        }
        cli_warn(c, arena_printf(cli_arena(c), "%s: %s\n", words.items[1].s,
                                 words.items[2].s));
        return cli_fail_exit(c, 1);
    }
    if (!cli_failed_with(c, "INVALID_EDITION"))
        return CLI_FAILED;
    if (cli_host(c, NULL, &host) ||
        cli_ask(c, "host.get_editions", &editions, host, NULL))
        return CLI_FAILED;
    cli_warn(c, arena_printf(cli_arena(c), "Valid editions are: %s\n",
                             cli_value_text(c, &editions, ", ")));
    c->words = words;
    c->failure = FAILURE_API;
    return CLI_FAILED;
}

static int apply_edition(struct cli *c, const struct value *hosts,
                         const char *method, const struct value *args, int nr)
{
    struct value *items, servers;

    items = arena_alloc(cli_arena(c), (hosts->nr + 1) * sizeof(*items));
    for (uint32_t i = 0; i < hosts->nr; i++)
        if (cli_ask(c, "host.get_license_server", &items[i], hosts->items[i].s,
                    NULL))
            return CLI_FAILED;
    servers = value_set(items, hosts->nr);
    if (change_server(c, hosts))
        return CLI_FAILED;
    if (cli_call(c, method, NULL, args, nr))
        return edition_failed(c, hosts, &servers);
    return 0;
}

int cmd_host_apply_edition(struct cli *c)
{
    struct value args[3], hosts;
    const char *host;

    if (cli_host(c, "host-uuid", &host))
        return CLI_FAILED;
    args[0] = value_string(host);
    args[1] = value_string(cli_param_or(c, "edition", ""));
    args[2] = value_bool(false);
    hosts = value_set(args, 1);
    return apply_edition(c, &hosts, "host.apply_edition", args, 3);
}

int cmd_pool_apply_edition(struct cli *c)
{
    struct value args[2], hosts;
    const char *pool;

    if (cli_pool(c, "uuid", &pool) || cli_ask(c, "host.get_all", &hosts, NULL))
        return CLI_FAILED;
    args[0] = value_string(pool);
    args[1] = value_string(cli_param_or(c, "edition", ""));
    return apply_edition(c, &hosts, "pool.apply_edition", args, 2);
}
