/* Commands on the disks and drives of machines. */
#include <string.h>

#include "cli_commands.h"
#include "cli_report.h"
#include "cli_select.h"

/* Which fields are shown, by an argument of its own: vbd-params, vdi-params. */
static const char *chosen(struct cli *c, const char *param, const char *shown)
{
    const char *names = cli_param(c, param);

    names = names ? names : cli_param(c, "params");
    if (!names)
        return shown;
    return strcmp(names, "all") == 0 ? "" : *names ? names : ",";
}

static int print_row(struct cli *c, const char *whose, const char *ref,
                     const char *names)
{
    struct cli_table table = {0};
    struct cli_row row;

    if (cli_row_get(c, cli_record_of(whose), ref, &row) ||
        cli_row_lines(c, &row, names, cli_table_row(c, &table)))
        return CLI_FAILED;
    cli_print_table(c, &table);
    return 0;
}

static int print_drive(struct cli *c, const char *vbd, bool cds, int nr)
{
    const char *what =
        arena_printf(cli_arena(c), "%s %d", cds ? "CD" : "Disk", nr);
    struct value record;

    if (cli_ask(c, "VBD.get_record", &record, vbd, NULL))
        return CLI_FAILED;
    cli_say(c, arena_printf(cli_arena(c), "%s VBD:", what));
    if (print_row(c, "vbd", vbd,
                  chosen(c, "vbd-params",
                         cds ? "uuid vm-name-label userdevice empty"
                             : "uuid vm-name-label userdevice")))
        return CLI_FAILED;
    if (value_find(&record, "empty")->b)
        return 0;
    cli_say(c, arena_printf(cli_arena(c), "%s VDI:", what));
    return print_row(
        c, "vdi", value_text(&record, "VDI", ""),
        chosen(c, "vdi-params", "uuid name-label virtual-size sr-name-label"));
}

static int list_drives(struct cli *c, const struct cli_row *row, void *ctx)
{
    const bool *cds = ctx;
    const struct value *vbds = value_find(&row->fields, "VBDs");
    int nr = 0;

    for (uint32_t i = 0; i < vbds->nr; i++) {
        const char *vbd = vbds->items[i].s, *type;

        if (cli_ask_text(c, "VBD.get_type", &type, vbd, NULL))
            return CLI_FAILED;
        if (strcmp(type, *cds ? "CD" : "Disk") == 0 &&
            print_drive(c, vbd, *cds, nr++))
            return CLI_FAILED;
    }
    return 0;
}

static int list_of_vms(struct cli *c, bool cds)
{
    struct cli_selection all = {SELECT_VM, 0, "vbd-params vdi-params"};

    return cli_each(c, &all, list_drives, &cds);
}

int cmd_vm_disk_list(struct cli *c)
{
    return list_of_vms(c, false);
}

int cmd_vm_cd_list(struct cli *c)
{
    return list_of_vms(c, true);
}

int cmd_snapshot_disk_list(struct cli *c)
{
    struct cli_row row;
    const char *vm;
    bool cds = false;

    if (cli_snapshot_param(c, &vm) ||
        cli_row_get(c, cli_record_of("vm"), vm, &row))
        return CLI_FAILED;
    return list_drives(c, &row, &cds);
}

static int print_all(struct cli *c, const char *whose, const struct value *refs,
                     const char *names)
{
    struct cli_table table = {0};

    for (uint32_t i = 0; i < refs->nr; i++) {
        struct cli_row row;

        if (cli_row_get(c, cli_record_of(whose), refs->items[i].s, &row) ||
            cli_row_lines(c, &row, names, cli_table_row(c, &table)))
            return CLI_FAILED;
    }
    cli_print_table(c, &table);
    return 0;
}

static int list_crashdumps(struct cli *c, const struct cli_row *row, void *ctx)
{
    (void)ctx;
    return print_all(c, "crashdump", value_find(&row->fields, "crash_dumps"),
                     "");
}

int cmd_vm_crashdump_list(struct cli *c)
{
    struct cli_selection all = {SELECT_VM, 0, ""};

    return cli_each(c, &all, list_crashdumps, NULL);
}

static int list_vifs(struct cli *c, const struct cli_row *row, void *ctx)
{
    (void)ctx;
    return print_all(c, "vif", value_find(&row->fields, "VIFs"),
                     chosen(c, "params",
                            "uuid device MAC network-uuid network-name-label "
                            "vm-name-label"));
}

/* Of several machines without further ado. */
int cmd_vm_vif_list(struct cli *c)
{
    struct cli_selection all = {SELECT_VM, 0, "params multiple"};
    struct cli_row *rows;
    int nr;

    if (cli_select(c, &all, &rows, &nr))
        return CLI_FAILED;
    if (!nr)
        return cli_fail(c, "No matching VMs found");
    for (int i = 0; i < nr; i++)
        if (list_vifs(c, &rows[i], NULL))
            return CLI_FAILED;
    return 0;
}

int cmd_cd_list(struct cli *c)
{
    struct value discs = value_set(NULL, 0), *items;
    struct cli_row *srs;
    int nr;

    if (cli_rows(c, cli_record_find("sr"), "true", &srs, &nr))
        return CLI_FAILED;
    for (int i = 0; i < nr; i++) {
        const struct value *vdis = value_find(&srs[i].fields, "VDIs");

        if (strcmp(value_text(&srs[i].fields, "content_type", ""), "iso") != 0)
            continue;
        items = arena_alloc(cli_arena(c),
                            (discs.nr + vdis->nr + 1) * sizeof(*items));
        for (uint32_t j = 0; j < discs.nr; j++)
            items[j] = discs.items[j];
        for (uint32_t j = 0; j < vdis->nr; j++)
            items[discs.nr + j] = vdis->items[j];
        discs = value_set(items, discs.nr + vdis->nr);
    }
    return print_all(c, "vdi", &discs, chosen(c, "params", "name-label uuid"));
}

/* A drive of a machine, plugged in if the machine runs. */
static int make_drive(struct cli *c, const char *vm, const char *vdi, bool cd,
                      const char *device, bool owner)
{
    struct member owned = {"owner", value_string("")};
    struct member members[] = {
        {"VM", value_string(vm)},
        {"VDI", value_string(vdi)},
        {"userdevice", value_string(device)},
        {"bootable", value_bool(false)},
        {"mode", value_string(cd ? "RO" : "RW")},
        {"type", value_string(cd ? "CD" : "Disk")},
        {"unpluggable", value_bool(true)},
        {"empty", value_bool(false)},
        {"other_config", value_map(&owned, owner ? 1 : 0)},
        {"qos_algorithm_type", value_string("")},
        {"qos_algorithm_params", value_map(NULL, 0)},
    };
    struct value record =
        value_map(members, sizeof(members) / sizeof(members[0]));
    struct value vbd;

    if (cli_call(c, "VBD.create", &vbd, &record, 1))
        return CLI_FAILED;
    if (cli_ask(c, "VBD.plug", NULL, vbd.s, NULL))
        cli_forgive(c); /* it will be there after the next start */
    return c->failure ? CLI_FAILED : 0;
}

struct new_disk {
    const char *sr;
    int64_t bytes;
};

static int add_disk(struct cli *c, const struct cli_row *row, void *ctx)
{
    const struct new_disk *d = ctx;
    struct member hint = {"vmhint", *value_find(&row->fields, "uuid")};
    struct member members[] = {
        {"name_label", value_string("Created by xe")},
        {"name_description", value_string("Created by xe")},
        {"SR", value_string(d->sr)},
        {"virtual_size", value_int(d->bytes)},
        {"type", value_string("user")},
        {"sharable", value_bool(false)},
        {"read_only", value_bool(false)},
        {"other_config", value_map(NULL, 0)},
        {"sm_config", value_map(&hint, 1)},
    };
    struct value record =
        value_map(members, sizeof(members) / sizeof(members[0]));
    struct value vdi, words;

    if (cli_call(c, "VDI.create", &vdi, &record, 1))
        return CLI_FAILED;
    if (make_drive(c, row->ref, vdi.s, false, cli_param_or(c, "device", ""),
                   true) == 0)
        return 0;
    words = c->words;
    (void)cli_ask(c, "VDI.destroy", NULL, vdi.s, NULL); /* best effort */
    c->failure = FAILURE_API;
    c->words = words;
    return CLI_FAILED;
}

int cmd_vm_disk_add(struct cli *c)
{
    struct cli_selection all = {SELECT_VM, 0, "sr-uuid device disk-size"};
    const char *uuid = cli_param(c, "sr-uuid");
    struct new_disk d;

    if (cli_bytes_parse(c, "disk-size", cli_param_or(c, "disk-size", ""),
                        &d.bytes) ||
        (!uuid && cli_default_sr(c, &uuid)))
        return CLI_FAILED;
    if (!uuid)
        return cli_fail(c, "No default Pool SR set; you must specify an SR on "
                           "the commandline");
    if (cli_by_uuid(c, "SR", uuid, &d.sr))
        return CLI_FAILED;
    return cli_each(c, &all, add_disk, &d);
}

static int remove_disk(struct cli *c, const struct cli_row *row, void *ctx)
{
    const struct value *vbds = value_find(&row->fields, "VBDs");
    const char *device, *vdi;

    for (uint32_t i = 0; i < vbds->nr; i++) {
        const char *vbd = vbds->items[i].s;

        if (cli_ask_text(c, "VBD.get_userdevice", &device, vbd, NULL))
            return CLI_FAILED;
        if (strcmp(device, ctx) != 0)
            continue;
        if (cli_ask_text(c, "VBD.get_VDI", &vdi, vbd, NULL) ||
            cli_ask(c, "VBD.destroy", NULL, vbd, NULL))
            return CLI_FAILED;
        return cli_ask(c, "VDI.destroy", NULL, vdi, NULL);
    }
    return cli_fail(c, "Disk not found");
}

int cmd_vm_disk_remove(struct cli *c)
{
    struct cli_selection all = {SELECT_VM, 0, "device"};

    return cli_each(c, &all, remove_disk,
                    arena_strdup(cli_arena(c), cli_param_or(c, "device", "")));
}

static bool is_disc(struct cli *c, const char *vdi)
{
    const char *sr, *content = "";

    if (cli_ask_text(c, "VDI.get_SR", &sr, vdi, NULL) ||
        cli_ask_text(c, "SR.get_content_type", &content, sr, NULL))
        cli_forgive(c);
    return strcmp(content, "iso") == 0;
}

/* Discs of that name. */
static int find_discs(struct cli *c, const char *name, struct value *discs)
{
    struct value all;

    *discs = value_set(NULL, 0);
    if (cli_ask(c, "VDI.get_by_name_label", &all, name, NULL))
        return CLI_FAILED;
    for (uint32_t i = 0; i < all.nr; i++)
        if (is_disc(c, all.items[i].s))
            *discs = value_set_with(cli_arena(c), discs, all.items[i].s);
    return c->failure ? CLI_FAILED : 0;
}

static int add_cd(struct cli *c, const struct cli_row *row, void *ctx)
{
    return make_drive(c, row->ref, ctx, true, cli_param_or(c, "device", ""),
                      false);
}

int cmd_vm_cd_add(struct cli *c)
{
    struct cli_selection all = {SELECT_VM, 0, "cd-name device cd-location"};
    const char *name = cli_param_or(c, "cd-name", "");
    struct value discs;

    if (find_discs(c, name, &discs))
        return CLI_FAILED;
    if (!discs.nr)
        return cli_fail(c, "CD %s not found!", name);
    return cli_each(c, &all, add_cd,
                    arena_strdup(cli_arena(c), discs.items[0].s));
}

/* The machine's CD drives; only empty ones if asked so. */
static int find_drives(struct cli *c, const struct cli_row *row, bool empty,
                       struct value *drives)
{
    const struct value *vbds = value_find(&row->fields, "VBDs");
    struct value record;

    *drives = value_set(NULL, 0);
    for (uint32_t i = 0; i < vbds->nr; i++) {
        if (cli_ask(c, "VBD.get_record", &record, vbds->items[i].s, NULL))
            return CLI_FAILED;
        if (strcmp(value_text(&record, "type", ""), "CD") == 0 &&
            (!empty || value_find(&record, "empty")->b))
            *drives = value_set_with(cli_arena(c), drives, vbds->items[i].s);
    }
    return 0;
}

static int eject_cd(struct cli *c, const struct cli_row *row, void *ctx)
{
    struct value drives;

    (void)ctx;
    if (find_drives(c, row, false, &drives))
        return CLI_FAILED;
    if (drives.nr != 1)
        return cli_fail(c, "%s",
                        drives.nr
                            ? "Two or more CDs found. Please use vbd-eject"
                            : "No CDs found");
    return cli_ask(c, "VBD.eject", NULL, drives.items[0].s, NULL);
}

int cmd_vm_cd_eject(struct cli *c)
{
    struct cli_selection all = {SELECT_VM, 0, ""};

    return cli_each(c, &all, eject_cd, NULL);
}

static int insert_cd(struct cli *c, const struct cli_row *row, void *ctx)
{
    const char *words[] = {"VM_NO_EMPTY_CD_VBD", row->ref};
    struct value drives;

    if (find_drives(c, row, true, &drives))
        return CLI_FAILED;
    if (drives.nr > 1)
        return cli_fail(c, "Two or more empty CD devices found. Please use "
                           "vbd-insert");
    if (drives.nr)
        return cli_ask(c, "VBD.insert", NULL, drives.items[0].s,
                       (const char *)ctx, NULL);
    c->words = value_strings(cli_arena(c), words, 2);
    c->failure = FAILURE_API;
    return CLI_FAILED;
}

int cmd_vm_cd_insert(struct cli *c)
{
    struct cli_selection all = {SELECT_VM, 0, "cd-name"};
    const char *name = cli_param_or(c, "cd-name", "");
    struct value discs;

    if (find_discs(c, name, &discs))
        return CLI_FAILED;
    if (!discs.nr)
        return cli_fail(c, "CD %s not found", name);
    if (discs.nr > 1)
        return cli_fail(c,
                        "Multiple CDs named %s found. Please use vbd-insert "
                        "and specify uuids",
                        name);
    return cli_each(c, &all, insert_cd,
                    arena_strdup(cli_arena(c), discs.items[0].s));
}

/* The drive that holds the disc, or "<EMPTY>". */
static int holds(struct cli *c, const char *vbd, const char *name, bool *yes)
{
    const char *vdi, *label;

    *yes = false;
    if (cli_ask_text(c, "VBD.get_VDI", &vdi, vbd, NULL))
        return CLI_FAILED;
    if (cli_ask_text(c, "VDI.get_name_label", &label, vdi, NULL)) {
        cli_forgive(c);
        *yes = strcmp(name, "<EMPTY>") == 0;
        return c->failure ? CLI_FAILED : 0;
    }
    *yes = is_disc(c, vdi) && strcmp(label, name) == 0;
    return 0;
}

static int remove_cd(struct cli *c, const struct cli_row *row, void *ctx)
{
    const struct value *vbds = value_find(&row->fields, "VBDs");
    bool yes;

    for (uint32_t i = 0; i < vbds->nr; i++) {
        if (holds(c, vbds->items[i].s, ctx, &yes))
            return CLI_FAILED;
        if (yes)
            return cli_ask(c, "VBD.destroy", NULL, vbds->items[i].s, NULL);
    }
    return cli_fail(c, "Disk not found");
}

int cmd_vm_cd_remove(struct cli *c)
{
    struct cli_selection all = {SELECT_VM, 0, "cd-name"};

    return cli_each(c, &all, remove_cd,
                    arena_strdup(cli_arena(c), cli_param_or(c, "cd-name", "")));
}
