/* Commands on hosts. */
#include <string.h>

#include "base64.h"
#include "cli_commands.h"
#include "cli_report.h"
#include "cli_select.h"

static int data_sources(struct cli *c, const struct cli_row *row, void *ctx)
{
    static const char *const fields[] = {
        "name_label", "name_description", "enabled", "standard", "min", "max",
        "units"};
    static const struct type any = {.elem = {.kind = BASE_STRING}};
    struct cli_table table = {0};
    struct value all;

    if (cli_ask(c, ctx, &all, row->ref, NULL))
        return CLI_FAILED;
    for (uint32_t i = 0; i < all.nr; i++) {
        struct cli_lines *lines = cli_table_row(c, &table);

        for (size_t f = 0; f < sizeof(fields) / sizeof(fields[0]); f++) {
            struct value shown =
                cli_show(c, &any, value_find(&all.items[i], fields[f]), "");

            cli_row_line(c, lines, fields[f], shown.s);
        }
    }
    cli_print_table(c, &table);
    return 0;
}

static int list_sources(struct cli *c, enum cli_selects what, unsigned flags,
                        const char *method)
{
    struct cli_selection one = {what, flags | SELECT_ONE, ""};

    return cli_each(c, &one, data_sources, arena_strdup(cli_arena(c), method));
}

int cmd_host_data_source_list(struct cli *c)
{
    return list_sources(c, SELECT_HOST, 0, "host.get_data_sources");
}

int cmd_vm_data_source_list(struct cli *c)
{
    return list_sources(c, SELECT_VM, SELECT_CONTROL, "VM.get_data_sources");
}

int cmd_sr_data_source_list(struct cli *c)
{
    return list_sources(c, SELECT_SR, 0, "SR.get_data_sources");
}

static int enable(struct cli *c, const struct cli_row *row, void *ctx)
{
    (void)ctx;
    if (cli_ask(c, "host.remove_from_other_config", NULL, row->ref,
                "MAINTENANCE_MODE", NULL))
        return CLI_FAILED;
    return cli_ask(c, "host.enable", NULL, row->ref, NULL);
}

int cmd_host_enable(struct cli *c)
{
    struct cli_selection all = {SELECT_HOST, 0, ""};

    return cli_each(c, &all, enable, NULL);
}

/* Asks first, unless forced. */
static int careful(struct cli *c, const char *method,
                   const char *const *warnings, int nr)
{
    const char *host;
    bool go;

    if (cli_param_ref(c, "host", "uuid", &host) ||
        cli_flag(c, "force", false, &go))
        return CLI_FAILED;
    for (int i = 0; i < nr && !go; i++)
        cli_tell(c, warnings[i]);
    if (!go && cli_agrees(c, &go))
        return CLI_FAILED;
    return go ? cli_ask(c, method, NULL, host, NULL) : 0;
}

int cmd_host_forget(struct cli *c)
{
    static const char *const warnings[] = {
        "WARNING: A host should only be forgotten if it is physically "
        "unrecoverable;",
        "WARNING: if possible, Hosts should be 'ejected' from the Pool "
        "instead.",
        "WARNING: Once a host has been forgotten it will have to be "
        "re-installed.",
        "WARNING: This operation is irreversible."};

    return careful(c, "host.destroy", warnings, 4);
}

int cmd_host_declare_dead(struct cli *c)
{
    static const char *const warnings[] = {
        "WARNING: A host should only be declared dead if it is verified "
        "offline.",
        "WARNING: Performing this operation if the host is still online and "
        "has any",
        "WARNING: running VMs may lead to possible data loss and/or "
        "corruption."};

    return careful(c, "host.declare_dead", warnings, 3);
}

static int only_forced(struct cli *c)
{
    if (cli_param(c, "force"))
        return 0;
    return cli_fail(c, "This operation is provided only to recover individual "
                       "hosts that are unable to access the external "
                       "authentication service. This operation must be forced "
                       "(use --force).");
}

int cmd_host_enable_external_auth(struct cli *c)
{
    struct value args[4];
    const char *host;

    if (only_forced(c) || cli_param_ref(c, "host", "host-uuid", &host))
        return CLI_FAILED;
    args[0] = value_string(host);
    args[1] = cli_map_params(c, "config");
    args[2] = value_string(cli_param_or(c, "service-name", ""));
    args[3] = value_string(cli_param_or(c, "auth-type", ""));
    return cli_call(c, "host.enable_external_auth", NULL, args, 4);
}

int cmd_host_disable_external_auth(struct cli *c)
{
    struct value args[3];
    const char *host;

    if (only_forced(c) || cli_param_ref(c, "host", "host-uuid", &host))
        return CLI_FAILED;
    args[0] = value_string(host);
    args[1] = cli_map_params(c, "config");
    args[2] = value_bool(true);
    return cli_call(c, "host.disable_external_auth", NULL, args, 3);
}

static int apply_updates(struct cli *c, const struct cli_row *row, void *ctx)
{
    struct value lines;

    if (cli_ask(c, "host.apply_updates", &lines, row->ref, (const char *)ctx,
                NULL))
        return CLI_FAILED;
    for (uint32_t i = 0; i < lines.nr; i++)
        cli_say(c, cli_value_text(c, &lines.items[i], "; "));
    return 0;
}

int cmd_host_apply_updates(struct cli *c)
{
    struct cli_selection one = {SELECT_HOST, SELECT_ONE, "hash"};

    return cli_each(c, &one, apply_updates,
                    arena_strdup(cli_arena(c), cli_param_or(c, "hash", "")));
}

/* The arguments but for some, as a map. */
static struct value other_params(struct cli *c, const char *names)
{
    struct value map = value_map(NULL, 0);

    for (int i = 0; i < c->params_nr; i++)
        if (!cli_names_have(names, c->params[i].name))
            map = value_map_with(cli_arena(c), &map, c->params[i].name,
                                 value_string(c->params[i].value));
    return map;
}

static int upload_report(struct cli *c, const struct cli_row *row, void *ctx)
{
    struct value args[3] = {value_string(row->ref),
                            value_string(cli_param_or(c, "url", "")),
                            other_params(c, "host url")};

    (void)ctx;
    return cli_call(c, "host.bugreport_upload", NULL, args, 3);
}

int cmd_host_bugreport_upload(struct cli *c)
{
    struct cli_selection all = {SELECT_HOST, 0, "url http_proxy"};

    return cli_each(c, &all, upload_report, NULL);
}

int cmd_host_crashdump_upload(struct cli *c)
{
    struct value args[3];
    const char *dump;

    if (cli_param_ref(c, "host_crashdump", "uuid", &dump))
        return CLI_FAILED;
    args[0] = value_string(dump);
    args[1] = value_string(cli_param_or(c, "url", ""));
    args[2] = other_params(c, "uuid url");
    return cli_call(c, "host_crashdump.upload", NULL, args, 3);
}

static int print_features(struct cli *c, const struct value *info,
                          const char *names)
{
    struct value keys = cli_words(c, names, ' ');
    struct cli_table table = {0};
    struct cli_lines *lines = cli_table_row(c, &table);

    for (uint32_t i = 0; i < keys.nr; i++) {
        const struct value *v = value_find(info, keys.items[i].s);

        if (v)
            cli_row_line(c, lines, keys.items[i].s, v->s);
    }
    cli_print_table(c, &table);
    return 0;
}

int cmd_host_get_cpu_features(struct cli *c)
{
    struct value info;
    const char *host;

    if (cli_host(c, "uuid", &host) ||
        cli_ask(c, "host.get_cpu_info", &info, host, NULL))
        return CLI_FAILED;
    return print_features(c, &info,
                          "features_pv features_hvm features_pv_host "
                          "features_hvm_host");
}

int cmd_pool_get_cpu_features(struct cli *c)
{
    struct value info;
    const char *pool;

    if (cli_pool(c, "uuid", &pool) ||
        cli_ask(c, "pool.get_cpu_info", &info, pool, NULL))
        return CLI_FAILED;
    return print_features(c, &info, "features_pv_host features_hvm_host");
}

/* A machine and why it stays: its fields, and one more. */
static int print_staying(struct cli *c, const char *vm, const struct value *why)
{
    const char *params = cli_param(c, "params");
    const char *names = params ? params : "uuid name-label reason";
    struct cli_table table = {0};
    struct cli_lines *lines = cli_table_row(c, &table);
    struct cli_row row;

    if (strcmp(names, "all") == 0)
        names = "";
    if (cli_row_get(c, cli_record_of("vm"), vm, &row) ||
        cli_row_lines(c, &row, names, lines))
        return CLI_FAILED;
    if (!*names || cli_names_have(names, "reason"))
        cli_row_line(c, lines, "reason ( RO)", cli_value_text(c, why, ","));
    cli_print_table(c, &table);
    return 0;
}

int cmd_host_get_vms_which_prevent_evacuation(struct cli *c)
{
    struct value vms;
    const char *host;

    if (cli_param_ref(c, "host", "uuid", &host) ||
        cli_ask(c, "host.get_vms_which_prevent_evacuation", &vms, host, NULL))
        return CLI_FAILED;
    for (uint32_t i = 0; i < vms.nr; i++)
        if (print_staying(c, vms.members[i].key, &vms.members[i].value))
            return CLI_FAILED;
    return 0;
}

int cmd_host_retrieve_wlb_evacuate_recommendations(struct cli *c)
{
    struct cli_table table = {0};
    struct cli_lines *lines = cli_table_row(c, &table);
    struct value vms;
    const char *host;

    if (cli_param_ref(c, "host", "uuid", &host) ||
        cli_ask(c, "host.retrieve_wlb_evacuate_recommendations", &vms, host,
                NULL))
        return CLI_FAILED;
    cli_row_line(c, lines, "VM", "[Host, RecID] / Error");
    for (uint32_t i = 0; i < vms.nr; i++)
        cli_row_line(c, lines, cli_readable(c, vms.members[i].key),
                     cli_value_text(c, &vms.members[i].value, " "));
    cli_print_table(c, &table);
    return 0;
}

int cmd_host_ha_xapi_healthcheck(struct cli *c)
{
    struct value healthy = value_bool(false);

    if (cli_ask(c, "host.ha_xapi_healthcheck", &healthy, NULL)) {
        if (c->failure == FAILURE_LOST)
            return CLI_FAILED;
        cli_complain(c, "Host.ha_xapi_healthcheck threw exception: %s\n",
                     cli_failure_text(c));
        return cli_fail_exit(c, 3);
    }
    if (!healthy.b) {
        cli_complain(c, "Host.ha_xapi_healthcheck reports false\n");
        return cli_fail_exit(c, 2);
    }
    cli_tell(c, "xapi is healthy.");
    return 0;
}

int cmd_host_license_add(struct cli *c)
{
    const char *host, *text;

    if (cli_host(c, "host-uuid", &host) ||
        cli_load(c, cli_param_or(c, "license-file", ""), &text))
        return CLI_FAILED;
    if (!text) {
        cli_complain(c, "Failed to read license file.\n");
        return cli_fail_exit(c, 1);
    }
    text = base64_encode(cli_arena(c), text, strlen(text));
    if (cli_ask(c, "host.license_add", NULL, host, text, NULL)) {
        if (c->failure == FAILURE_LOST)
            return CLI_FAILED;
        cli_complain(c, "Failed to apply license file.\n");
        return cli_fail_exit(c, 1);
    }
    cli_tell(c, "License applied.");
    return 0;
}

int cmd_host_license_view(struct cli *c)
{
    struct value params;
    const char *host;

    if (cli_host(c, "host-uuid", &host) ||
        cli_ask(c, "host.get_license_params", &params, host, NULL))
        return CLI_FAILED;
    params = value_map_without(cli_arena(c), &params, "sku_type");
    cli_print_map(c, &params);
    return 0;
}

struct certificate {
    const char *own, *key, *chain;
};

static int install(struct cli *c, const struct cli_row *row, void *ctx)
{
    const struct certificate *cert = ctx;

    return cli_ask(c, "host.install_server_certificate", NULL, row->ref,
                   cert->own, cert->key, cert->chain, NULL);
}

int cmd_host_server_certificate_install(struct cli *c)
{
    struct cli_selection one = {SELECT_HOST, SELECT_ONE,
                                "certificate private-key certificate-chain"};
    struct certificate cert = {.chain = ""};
    const char *chain = cli_param(c, "certificate-chain");

    if (cli_load_or_fail(c, "certificate", cli_param_or(c, "certificate", ""),
                         &cert.own) ||
        cli_load_or_fail(c, "private key", cli_param_or(c, "private-key", ""),
                         &cert.key) ||
        (chain && cli_load_or_fail(c, "certificate chain", chain, &cert.chain)))
        return CLI_FAILED;
    return cli_each(c, &one, install, &cert);
}

int cmd_hostdriver_select(struct cli *c)
{
    const char *name = cli_param_or(c, "variant-name", ""), *driver, *label;
    struct value variants;

    if (cli_param_ref(c, "Host_driver", "uuid", &driver) ||
        cli_ask(c, "Host_driver.get_variants", &variants, driver, NULL))
        return CLI_FAILED;
    for (uint32_t i = 0; i < variants.nr; i++) {
        const char *variant = variants.items[i].s;

        if (cli_ask_text(c, "Driver_variant.get_name", &label, variant, NULL))
            return CLI_FAILED;
        if (strcmp(label, name) == 0)
            return cli_ask(c, "Host_driver.select", NULL, driver, variant,
                           NULL);
    }
    return cli_fail(c, "%s does not identify a variant of this driver", name);
}
