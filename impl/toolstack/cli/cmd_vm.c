/* Commands on machines: start, clone, snapshot, uninstall. */
#include <string.h>

#include "cli_commands.h"
#include "cli_recipe.h"
#include "cli_report.h"
#include "cli_select.h"

/* Starts of a machine: by which message, and with what. */
struct start {
    const char *here, *there;
    bool paused, force, explain;
};

static int explain_failure(struct cli *c, const char *vm)
{
    static const char why[] = "The following table provides per-host reasons "
                              "for why the VM could not be started:";
    const char *lines[] = {"There are no suitable hosts to start this VM on.",
                           why, ""};
    struct value words = c->words, list = value_strings(cli_arena(c), lines, 3);

    if (!cli_failed_with(c, "NO_HOSTS_AVAILABLE"))
        return CLI_FAILED;
    cli_print_list(c, &list);
    cli_forgive(c);
    if (cli_print_hosts_for(c, vm))
        return CLI_FAILED;
    c->failure = FAILURE_API;
    c->words = words;
    return CLI_FAILED;
}

static int start_one(struct cli *c, const struct cli_row *row, void *ctx)
{
    const struct start *s = ctx;
    const char *on = cli_param(c, "on"), *host = NULL;
    struct value args[4] = {value_string(row->ref)}, task;
    int nr = 1, rc;

    if (on && cli_host_named(c, on, &host))
        return CLI_FAILED;
    if (host)
        args[nr++] = value_string(host);
    args[nr++] = value_bool(s->paused);
    args[nr++] = value_bool(s->force);
    rc = cli_call(c, host ? s->there : s->here, &task, args, nr);
    if (!rc)
        rc = cli_await_task(c, task.s);
    return rc && (s->explain || !host) ? explain_failure(c, row->ref) : rc;
}

int cmd_vm_start(struct cli *c)
{
    struct cli_selection all = {SELECT_VM, SELECT_CONTROL,
                                "on paused progress"};
    struct start s = {"Async.VM.start", "Async.VM.start_on", .explain = true};

    if (cli_flag(c, "force", false, &s.force) ||
        cli_flag(c, "paused", false, &s.paused))
        return CLI_FAILED;
    return cli_each(c, &all, start_one, &s);
}

int cmd_vm_resume(struct cli *c)
{
    struct cli_selection all = {SELECT_VM, 0, "on progress"};
    struct start s = {"Async.VM.resume", "Async.VM.resume_on",
                      .explain = false};

    if (cli_flag(c, "force", false, &s.force))
        return CLI_FAILED;
    return cli_each(c, &all, start_one, &s);
}

int cmd_vm_destroy(struct cli *c)
{
    static const char *const words[] = {
        "OPERATION_NOT_ALLOWED",
        "You cannot destroy a control domain via the CLI"};
    struct value is = value_bool(false);
    const char *vm;

    if (cli_param_ref(c, "VM", "uuid", &vm) ||
        cli_ask(c, "VM.get_is_control_domain", &is, vm, NULL))
        return CLI_FAILED;
    if (!is.b)
        return cli_ask(c, "VM.destroy", NULL, vm, NULL);
    c->words = value_strings(cli_arena(c), words, 2);
    c->failure = FAILURE_API;
    return CLI_FAILED;
}

/* Copies of machines, and what they are made with. */
struct copies {
    const char *method, *name;
    struct value more; /* the last argument; VALUE_VOID: none */
    struct value made;
};

static int copy_one(struct cli *c, const struct cli_row *row, void *ctx)
{
    struct copies *copies = ctx;
    struct value args[3] = {value_string(row->ref), value_string(copies->name),
                            copies->more};
    struct value vm, *items;

    if (cli_call(c, copies->method, &vm, args,
                 copies->more.kind == VALUE_VOID ? 2 : 3))
        return CLI_FAILED;
    items =
        arena_alloc(cli_arena(c), (copies->made.nr + 1) * sizeof(struct value));
    items[0] = vm; /* newest first, as they are printed */
    for (uint32_t i = 0; i < copies->made.nr; i++)
        items[i + 1] = copies->made.items[i];
    copies->made = value_set(items, copies->made.nr + 1);
    return 0;
}

static int print_copies(struct cli *c, const struct value *made)
{
    static const struct type vms = {.shape = SHAPE_SET,
                                    .elem = {.kind = BASE_REF, .of = "VM"}};
    const char *text = cli_param(c, "new-name-description");

    if (text && cli_ask(c, "VM.set_name_description", NULL, made->items[0].s,
                        text, NULL))
        return CLI_FAILED;
    cli_print_result(c, &vms, made, "");
    return 0;
}

static int copy_all(struct cli *c, unsigned flags, const char *method,
                    struct value more)
{
    struct cli_selection all = {SELECT_VM, flags,
                                "new-name-label new-name-description "
                                "ignore-vdi-uuids sr-uuid"};
    struct copies copies = {method, cli_param_or(c, "new-name-label", ""), more,
                            value_set(NULL, 0)};

    if (cli_each(c, &all, copy_one, &copies))
        return CLI_FAILED;
    return print_copies(c, &copies.made);
}

int cmd_vm_clone(struct cli *c)
{
    return copy_all(c, SELECT_TEMPLATES, "VM.clone", value_void());
}

int cmd_vm_checkpoint(struct cli *c)
{
    return copy_all(c, 0, "VM.checkpoint", value_void());
}

int cmd_vm_snapshot_with_quiesce(struct cli *c)
{
    return copy_all(c, 0, "VM.snapshot_with_quiesce", value_void());
}

int cmd_vm_snapshot(struct cli *c)
{
    const char *text = cli_param(c, "ignore-vdi-uuids"), *vdi;
    struct value uuids = cli_words(c, text ? text : "", ',');
    struct value vdis = value_set(NULL, 0);

    for (uint32_t i = 0; i < uuids.nr && text; i++) {
        if (cli_by_uuid(c, "VDI", uuids.items[i].s, &vdi))
            return CLI_FAILED;
        vdis = value_set_with(cli_arena(c), &vdis, vdi);
    }
    return copy_all(c, 0, "VM.snapshot", vdis);
}

int cmd_vm_copy(struct cli *c)
{
    const char *sr;

    if (cli_param_ref(c, "SR", "sr-uuid", &sr))
        return CLI_FAILED;
    return copy_all(c, SELECT_TEMPLATES | SELECT_ONE, "VM.copy",
                    value_string(sr));
}

static int copy_snapshot(struct cli *c, const char *method, struct value more)
{
    struct copies copies = {method, cli_param_or(c, "new-name-label", ""), more,
                            value_set(NULL, 0)};
    struct cli_row row = {0};

    if (cli_snapshot_param(c, &row.ref) || copy_one(c, &row, &copies))
        return CLI_FAILED;
    return print_copies(c, &copies.made);
}

int cmd_snapshot_clone(struct cli *c)
{
    return copy_snapshot(c, "VM.clone", value_void());
}

int cmd_snapshot_copy(struct cli *c)
{
    const char *sr;

    if (cli_param_ref(c, "SR", "sr-uuid", &sr))
        return CLI_FAILED;
    return copy_snapshot(c, "VM.copy", value_string(sr));
}

int cmd_snapshot_revert(struct cli *c)
{
    const char *vm;

    if (cli_snapshot_param(c, &vm))
        return CLI_FAILED;
    return cli_ask(c, "VM.revert", NULL, vm, NULL);
}

int cmd_snapshot_reset_powerstate(struct cli *c)
{
    const char *vm;

    if (cli_need_force(c) || cli_snapshot_param(c, &vm))
        return CLI_FAILED;
    return cli_ask(c, "VM.power_state_reset", NULL, vm, NULL);
}

int cmd_snapshot_destroy(struct cli *c)
{
    const char *vm, *state;

    if (cli_snapshot_param(c, &vm) ||
        cli_ask_text(c, "VM.get_power_state", &state, vm, NULL))
        return CLI_FAILED;
    if (strcmp(state, "Halted") != 0 &&
        cli_ask(c, "VM.hard_shutdown", NULL, vm, NULL))
        return CLI_FAILED;
    return cli_ask(c, "VM.destroy", NULL, vm, NULL);
}

int cmd_snapshot_uninstall(struct cli *c)
{
    const char *vm;

    return cli_snapshot_param(c, &vm) ? CLI_FAILED : cli_uninstall(c, &vm, 1);
}

int cmd_template_uninstall(struct cli *c)
{
    struct value is = value_bool(false);
    const char *vm;

    if (cli_param_ref(c, "VM", "template-uuid", &vm) ||
        cli_ask(c, "VM.get_is_a_template", &is, vm, NULL))
        return CLI_FAILED;
    if (!is.b)
        return cli_fail(c,
                        "This operation can only be performed on a VM "
                        "template. %s is not a VM template.",
                        cli_param(c, "template-uuid"));
    return cli_uninstall(c, &vm, 1);
}

static int gather(struct cli *c, const struct cli_row *row, void *ctx)
{
    struct value *vms = ctx;

    *vms = value_set_with(cli_arena(c), vms, row->ref);
    return 0;
}

/* The machines, then all of their snapshots. */
int cmd_vm_uninstall(struct cli *c)
{
    struct cli_selection all = {SELECT_VM, 0, ""};
    struct value vms = value_set(NULL, 0), snapshots;
    const char **refs;
    uint32_t selected;

    if (cli_each(c, &all, gather, &vms))
        return CLI_FAILED;
    selected = vms.nr;
    for (uint32_t i = 0; i < selected; i++) {
        if (cli_ask(c, "VM.get_snapshots", &snapshots, vms.items[i].s, NULL))
            return CLI_FAILED;
        for (uint32_t j = 0; j < snapshots.nr; j++)
            vms = value_set_with(cli_arena(c), &vms, snapshots.items[j].s);
    }
    refs = arena_alloc(cli_arena(c), (vms.nr + 1) * sizeof(*refs));
    for (uint32_t i = 0; i < vms.nr; i++)
        refs[i] = vms.items[i].s;
    return cli_uninstall(c, refs, (int)vms.nr);
}
