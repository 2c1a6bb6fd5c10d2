/* Reasons why machines cannot start, and other answers in words. */
#include "cli_report.h"

#include <string.h>

#include "cli_select.h"

static const struct {
    const char *code, *text;
    int param; /* a reference that is told as well; 0: none */
} reasons[] = {
    {"VM_REQUIRES_SR", "VM requires access to SR: ", 2},
    {"HOST_DISABLED", "Host disabled (use 'xe host-enable' to re-enable)", 0},
    {"HOST_DISABLED_INDEFINITELY",
     "Host disabled indefinitely (use 'xe host-enable' to re-enable)", 0},
    {"HOST_NOT_LIVE", "Host down", 0},
    {"HOST_NOT_ENOUGH_FREE_MEMORY", "Not enough free memory", 0},
    {"VM_REQUIRES_NETWORK", "VM requires access to network: ", 2},
    {"HOST_CANNOT_ATTACH_NETWORK", "Host cannot attach to network: ", 2},
    {"VM_HVM_REQUIRED", "HVM not supported", 0},
};

/* What takes more than a constant and a reference. */
static const char *long_reason(struct cli *c)
{
    const struct value *w = &c->words;
    struct arena *a = cli_arena(c);

    if (cli_failed_with(c, "HOST_NOT_ENOUGH_PCPUS") && w->nr == 3)
        return arena_printf(a, "Not enough CPUs (VM needs %s, but host has %s)",
                            w->items[1].s, w->items[2].s);
    if (cli_failed_with(c, "INVALID_VALUE") && w->nr == 3)
        return arena_printf(a, "Field has invalid value: %s = %s",
                            w->items[1].s, w->items[2].s);
    if (cli_failed_with(c, "HA_CONSTRAINT_VIOLATION_SR_NOT_SHARED") &&
        w->nr == 2)
        return arena_printf(a,
                            "VM requires access to non-shared SR: %s. SR must "
                            "both be marked as shared and a properly "
                            "configured PBD must be plugged-in on every host",
                            cli_readable(c, w->items[1].s));
    if (cli_failed_with(c, "HA_CONSTRAINT_VIOLATION_NETWORK_NOT_SHARED") &&
        w->nr == 2)
        return arena_printf(a,
                            "VM requires access to non-shared Network: %s. "
                            "Network must either be entirely virtual or there "
                            "must be a PIF connecting to this Network on every "
                            "host.",
                            cli_readable(c, w->items[1].s));
    return NULL;
}

const char *cli_raised(struct cli *c)
{
    struct value rest;

    if (c->failure != FAILURE_API)
        return cli_failure_text(c);
    rest = value_set(c->words.items + 1, c->words.nr - 1);
    return arena_printf(cli_arena(c), "Server_error(%s, [ %s ])",
                        c->words.items[0].s, cli_value_text(c, &rest, "; "));
}

const char *cli_reason(struct cli *c)
{
    const char *text;

    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        uint32_t nr = (uint32_t)reasons[i].param;

        if (!cli_failed_with(c, reasons[i].code))
            continue;
        if (!nr)
            return reasons[i].text;
        return arena_printf(cli_arena(c), "%s%s", reasons[i].text,
                            nr < c->words.nr
                                ? cli_readable(c, c->words.items[nr].s)
                                : "<server did not provide reference>");
    }
    text = long_reason(c);
    return text ? text : cli_raised(c);
}

int cli_print_hosts_for(struct cli *c, const char *vm)
{
    struct cli_table table = {0};
    struct cli_lines *lines = cli_table_row(c, &table);
    struct value hosts;

    if (cli_ask(c, "host.get_all", &hosts, NULL))
        return CLI_FAILED;
    for (uint32_t i = 0; i < hosts.nr; i++) {
        const char *host = hosts.items[i].s, *name, *text = "OK";

        if (cli_ask_text(c, "host.get_name_label", &name, host, NULL))
            return CLI_FAILED;
        if (cli_ask(c, "VM.assert_can_boot_here", NULL, vm, host, NULL)) {
            text = arena_printf(cli_arena(c), "Cannot start here [%s]",
                                cli_reason(c));
            cli_forgive(c);
        }
        cli_row_line(c, lines, name, text);
    }
    cli_print_table(c, &table);
    return 0;
}

int cli_snapshot_param(struct cli *c, const char **vm)
{
    const char *uuid = cli_param(c, "snapshot-uuid");
    struct value is = value_bool(false);

    if (!uuid)
        uuid = cli_param(c, "uuid");
    if (!uuid)
        return cli_fail(c,
                        "Required parameter not found: snapshot-uuid or uuid.");
    if (cli_by_uuid(c, "VM", uuid, vm) ||
        cli_ask(c, "VM.get_is_a_snapshot", &is, *vm, NULL))
        return CLI_FAILED;
    if (is.b)
        return 0;
    return cli_fail(c,
                    "This operation can only be performed on a VM snapshot. %s "
                    "is not a VM snapshot.",
                    uuid);
}

int cli_default_sr(struct cli *c, const char **uuid)
{
    const char *pool, *sr;

    *uuid = NULL;
    if (cli_pool(c, NULL, &pool) ||
        cli_ask_text(c, "pool.get_default_SR", &sr, pool, NULL))
        return CLI_FAILED;
    if (cli_ask_text(c, "SR.get_uuid", uuid, sr, NULL)) {
        *uuid = NULL;
        cli_forgive(c);
    }
    return c->failure ? CLI_FAILED : 0;
}

int cli_plugin_args(struct cli *c, struct value *args)
{
    struct value given = cli_map_params(c, "args");

    *args = value_map(NULL, 0);
    for (uint32_t i = 0; i < given.nr; i++) {
        const char *key = given.members[i].key, *text = NULL;
        const char *file = given.members[i].value.s;
        size_t len = strcspn(key, ":");

        if (strcmp(key + len, ":file") != 0) {
            *args =
                value_map_with(cli_arena(c), args, key, given.members[i].value);
            continue;
        }
        if (cli_load_or_fail(c, arena_printf(cli_arena(c), "file %s", file),
                             file, &text))
            return CLI_FAILED;
        *args = value_map_with(cli_arena(c), args,
                               arena_strndup(cli_arena(c), key, len),
                               value_string(text));
    }
    return 0;
}

/* What destroying the machines would take with them. */
struct doomed {
    const char *vm;
    struct value vdis;
    const char *suspended; /* the disk with its memory; or NULL */
};

static bool is_there(struct cli *c, const char *vdi)
{
    const char *uuid;

    if (cli_ask_text(c, "VDI.get_uuid", &uuid, vdi, NULL)) {
        cli_forgive(c);
        return false;
    }
    return true;
}

static int find_disks(struct cli *c, struct doomed *d)
{
    struct value vbds, config;
    const char *vdi;

    d->vdis = value_set(NULL, 0);
    if (cli_ask(c, "VM.get_VBDs", &vbds, d->vm, NULL))
        return CLI_FAILED;
    for (uint32_t i = 0; i < vbds.nr; i++) {
        const char *vbd = vbds.items[i].s;

        if (cli_ask(c, "VBD.get_other_config", &config, vbd, NULL) ||
            cli_ask_text(c, "VBD.get_VDI", &vdi, vbd, NULL))
            cli_forgive(c);
        else if (value_find(&config, "owner") && is_there(c, vdi))
            d->vdis = value_set_with(cli_arena(c), &d->vdis, vdi);
    }
    if (cli_ask_text(c, "VM.get_suspend_VDI", &vdi, d->vm, NULL))
        return CLI_FAILED;
    d->suspended = is_there(c, vdi) ? vdi : NULL;
    return c->failure ? CLI_FAILED : 0;
}

static int tell_vdi(struct cli *c, const char *vdi)
{
    struct value r;

    if (cli_ask(c, "VDI.get_record", &r, vdi, NULL))
        return CLI_FAILED;
    cli_tell(c, arena_printf(cli_arena(c), "VDI: %s (%s) %s",
                             value_text(&r, "uuid", ""),
                             value_text(&r, "name_label", ""),
                             value_find(&r, "VBDs")->nr > 1
                                 ? " ** WARNING: disk is shared by other VMs"
                                 : ""));
    return 0;
}

static int tell_doomed(struct cli *c, const struct doomed *d)
{
    struct value r;

    if (cli_ask(c, "VM.get_record", &r, d->vm, NULL))
        return CLI_FAILED;
    cli_tell(c, arena_printf(cli_arena(c), "VM : %s (%s)",
                             value_text(&r, "uuid", ""),
                             value_text(&r, "name_label", "")));
    for (uint32_t i = 0; i < d->vdis.nr; i++)
        if (tell_vdi(c, d->vdis.items[i].s))
            return CLI_FAILED;
    return d->suspended ? tell_vdi(c, d->suspended) : 0;
}

static int destroy(struct cli *c, const struct doomed *d)
{
    const char *state;

    if (cli_ask_text(c, "VM.get_power_state", &state, d->vm, NULL))
        return CLI_FAILED;
    if (strcmp(state, "Halted") != 0 &&
        cli_ask(c, "VM.hard_shutdown", NULL, d->vm, NULL))
        return CLI_FAILED;
    if (cli_ask(c, "VM.destroy", NULL, d->vm, NULL))
        return CLI_FAILED;
    for (uint32_t i = 0; i < d->vdis.nr; i++)
        if (cli_ask(c, "VDI.destroy", NULL, d->vdis.items[i].s, NULL))
            return CLI_FAILED;
    if (d->suspended && cli_ask(c, "VDI.destroy", NULL, d->suspended, NULL))
        cli_forgive(c); /* the shutdown took it */
    return c->failure ? CLI_FAILED : 0;
}

int cli_uninstall(struct cli *c, const char *const *vms, int nr)
{
    struct doomed *all =
        arena_alloc(cli_arena(c), ((size_t)nr + 1) * sizeof(*all));
    bool go;

    for (int i = 0; i < nr; i++) {
        all[i].vm = vms[i];
        if (find_disks(c, &all[i]))
            return CLI_FAILED;
    }
    cli_tell(c, "The following items are about to be destroyed");
    for (int i = 0; i < nr; i++)
        if (tell_doomed(c, &all[i]))
            return CLI_FAILED;
    if (cli_flag(c, "force", false, &go) || (!go && cli_agrees(c, &go)))
        return CLI_FAILED;
    for (int i = 0; i < nr && go; i++)
        if (destroy(c, &all[i]))
            return CLI_FAILED;
    if (go)
        cli_tell(c, "All objects destroyed");
    return 0;
}
