/* Commands on machines: plugins, recovery, advice. */
#include <string.h>

#include "cli_commands.h"
#include "cli_report.h"
#include "cli_select.h"

static int call_plugin(struct cli *c, const char *method, const char *class,
                       const char *param)
{
    struct value args[4], result;
    const char *ref;

    if (cli_param_ref(c, class, param, &ref) || cli_plugin_args(c, &args[3]))
        return CLI_FAILED;
    args[0] = value_string(ref);
    args[1] = value_string(cli_param_or(c, "plugin", ""));
    args[2] = value_string(cli_param_or(c, "fn", ""));
    if (cli_call(c, method, &result, args, 4))
        return CLI_FAILED;
    cli_print(c, result.s);
    return 0;
}

int cmd_vm_call_plugin(struct cli *c)
{
    return call_plugin(c, "VM.call_plugin", "VM", "vm-uuid");
}

int cmd_vm_call_host_plugin(struct cli *c)
{
    return call_plugin(c, "VM.call_host_plugin", "VM", "vm-uuid");
}

int cmd_host_call_plugin(struct cli *c)
{
    return call_plugin(c, "host.call_plugin", "host", "host-uuid");
}

struct preparation {
    const char *answers;
    double timeout;
};

static int sysprep_one(struct cli *c, const struct cli_row *row, void *ctx)
{
    const struct preparation *p = ctx;
    struct value args[3] = {value_string(row->ref), value_string(p->answers),
                            value_float(p->timeout)};

    return cli_call(c, "VM.sysprep", NULL, args, 3);
}

int cmd_vm_sysprep(struct cli *c)
{
    struct cli_selection all = {SELECT_VM, 0, "filename timeout"};
    struct preparation p = {.timeout = 180};

    if (!cli_float_parse(cli_param_or(c, "timeout", ""), &p.timeout))
        p.timeout = 180;
    if (p.timeout < 0)
        p.timeout = 0;
    if (cli_load(c, cli_param_or(c, "filename", ""), &p.answers))
        return CLI_FAILED;
    if (!p.answers) {
        cli_complain(c, "Failed to read file.\n");
        return cli_fail_exit(c, 1);
    }
    return cli_each(c, &all, sysprep_one, &p);
}

static int recover(struct cli *c, const char *class, const char *message,
                   bool forced)
{
    const char *vdi_uuid = cli_param(c, "database:vdi-uuid"), *vdi;
    const char *session, *mine = c->session, *ref = REF_NULL, *method;
    struct value args[3];
    bool force = false;
    int rc;

    if (forced && cli_flag(c, "force", false, &force))
        return CLI_FAILED;
    if (!vdi_uuid)
        return cli_fail(c, "A parameter of the form 'database:vdi-uuid=<uuid>' "
                           "must be specified to run this command.");
    if (cli_by_uuid(c, "VDI", vdi_uuid, &vdi) ||
        cli_ask_text(c, "VDI.open_database", &session, vdi, NULL))
        return CLI_FAILED;
    c->session = session;
    method = arena_printf(cli_arena(c), "%s.%s", class, message);
    rc = cli_by_uuid(c, class, cli_param_or(c, "uuid", ""), &ref);
    args[0] = value_string(ref);
    args[1] = value_string(mine);
    args[2] = value_bool(force);
    if (!rc)
        rc = cli_call(c, method, NULL, args, forced ? 3 : 2);
    c->session = mine;
    return rc;
}

int cmd_vm_recover(struct cli *c)
{
    return recover(c, "VM", "recover", true);
}

int cmd_vm_assert_can_be_recovered(struct cli *c)
{
    return recover(c, "VM", "assert_can_be_recovered", false);
}

int cmd_appliance_recover(struct cli *c)
{
    return recover(c, "VM_appliance", "recover", true);
}

int cmd_appliance_assert_can_be_recovered(struct cli *c)
{
    return recover(c, "VM_appliance", "assert_can_be_recovered", false);
}

static int bios_one(struct cli *c, const struct cli_row *row, void *ctx)
{
    static const char *const standard[] = {"bios-vendor",         "Xen",
                                           "system-manufacturer", "Xen",
                                           "system-product-name", "HVM domU"};
    struct value strings;
    bool generic = true;

    (void)ctx;
    if (cli_ask(c, "VM.get_bios_strings", &strings, row->ref, NULL))
        return CLI_FAILED;
    for (size_t i = 0; i < 6; i += 2)
        generic &=
            strcmp(value_text(&strings, standard[i], ""), standard[i + 1]) == 0;
    cli_say(c, !strings.nr
                   ? "The BIOS strings of this VM have not yet been set."
               : generic ? "This VM is BIOS-generic."
                         : "This VM is BIOS-customized.");
    return 0;
}

int cmd_vm_is_bios_customized(struct cli *c)
{
    struct cli_selection all = {SELECT_VM, 0, ""};

    return cli_each(c, &all, bios_one, NULL);
}

static int services_one(struct cli *c, const struct cli_row *row, void *ctx)
{
    struct cli_table table = {0};
    struct cli_lines *lines = cli_table_row(c, &table);
    struct value services;

    (void)ctx;
    if (cli_ask(c, "VM.query_services", &services, row->ref, NULL))
        return CLI_FAILED;
    cli_row_line(c, lines, "Type", "Name");
    for (uint32_t i = 0; i < services.nr; i++)
        cli_row_line(c, lines, services.members[i].key,
                     services.members[i].value.s);
    cli_print_table(c, &table);
    return 0;
}

int cmd_vm_query_services(struct cli *c)
{
    struct cli_selection all = {SELECT_VM, 0, ""};

    return cli_each(c, &all, services_one, NULL);
}

int cmd_vm_retrieve_wlb_recommendations(struct cli *c)
{
    struct cli_selection all = {SELECT_VM, 0, ""};
    struct cli_table table = {0};
    struct cli_lines *lines = cli_table_row(c, &table);
    struct cli_row *rows;
    struct value advice;
    int nr;

    if (cli_select(c, &all, &rows, &nr))
        return CLI_FAILED;
    if (nr != 1)
        return cli_fail(c, "%s",
                        nr ? "Multiple VMs found. Operation can only be "
                             "performed on one VM at a time"
                           : "No matching VMs found");
    if (cli_ask(c, "VM.retrieve_wlb_recommendations", &advice, rows[0].ref,
                NULL))
        return CLI_FAILED;
    cli_row_line(c, lines, "Host(Uuid)", "Stars, RecID, ZeroScoreReason");
    for (uint32_t i = 0; i < advice.nr; i++) {
        const char *host = advice.members[i].key;

        cli_row_line(c, lines,
                     arena_printf(cli_arena(c), "%s(%s)", cli_label_of(c, host),
                                  cli_uuid_of(c, host)),
                     cli_value_text(c, &advice.members[i].value, " "));
    }
    cli_print_table(c, &table);
    return 0;
}
