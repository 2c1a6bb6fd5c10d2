/* Commands that tell how things are. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli_commands.h"
#include "cli_report.h"
#include "cli_select.h"

static int print_fields(struct cli *c, const char *whose, const char *ref,
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

int cmd_diagnostic_vm_status(struct cli *c)
{
    struct value vbds;
    const char *vm, *text = "VM is agile.";

    if (cli_param_ref(c, "VM", "uuid", &vm) ||
        print_fields(c, "vm", vm, "uuid name-label power-state possible-hosts"))
        return CLI_FAILED;
    cli_print(c, "Checking to see whether disks are attachable");
    if (cli_ask(c, "VM.get_VBDs", &vbds, vm, NULL))
        return CLI_FAILED;
    for (uint32_t i = 0; i < vbds.nr; i++)
        if (print_fields(c, "vbd", vbds.items[i].s,
                         "uuid userdevice device vdi-uuid empty mode type "
                         "storage-lock attachable"))
            return CLI_FAILED;
    cli_print(c, "Checking to see whether VM can boot on each host");
    if (cli_print_hosts_for(c, vm))
        return CLI_FAILED;
    if (cli_ask(c, "VM.assert_agile", NULL, vm, NULL)) {
        text = arena_printf(cli_arena(c), "VM is not agile because: %s",
                            cli_reason(c));
        cli_forgive(c);
    }
    cli_print(c, text);
    return c->failure ? CLI_FAILED : 0;
}

static int print_vbds(struct cli *c, const struct value *vbds, bool active,
                      const char *heading, int *nr)
{
    struct value attached;

    for (uint32_t i = 0; i < vbds->nr; i++) {
        const char *vbd = vbds->items[i].s;

        if (cli_ask(c, "VBD.get_currently_attached", &attached, vbd, NULL))
            return CLI_FAILED;
        if (attached.b != active)
            continue;
        if ((*nr)++ == 0)
            cli_print(c, heading);
        if (print_fields(c, "vbd", vbd,
                         "uuid userdevice device empty mode type "
                         "storage-lock"))
            return CLI_FAILED;
    }
    return 0;
}

int cmd_diagnostic_vdi_status(struct cli *c)
{
    int active = 0, inactive = 0;
    struct value vbds;
    const char *vdi;

    if (cli_param_ref(c, "VDI", "uuid", &vdi) ||
        print_fields(c, "vdi", vdi,
                     "uuid name-label sr-uuid mode read-only sharable "
                     "storage-lock") ||
        cli_ask(c, "VDI.get_VBDs", &vbds, vdi, NULL) ||
        print_vbds(c, &vbds, true, "active VBDs:", &active))
        return CLI_FAILED;
    if (!active)
        cli_print(c, "no active VBDs.");
    return print_vbds(c, &vbds, false, "inactive VBDs:", &inactive);
}

int cmd_diagnostic_db_stats(struct cli *c)
{
    struct value stats;
    struct buf text = {0};

    if (cli_ask(c, "Diagnostics.db_stats", &stats, NULL))
        return CLI_FAILED;
    buf_puts(&text, "DB lock stats: ");
    for (uint32_t i = 0; i < stats.nr; i++)
        cli_join(&text, i ? " " : "", stats.members[i].key, "=",
                 stats.members[i].value.s, NULL);
    cli_say(c, arena_strndup(cli_arena(c), text.data, text.len));
    buf_fini(&text);
    return 0;
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp((*(const struct cli_line *const *)a)->name,
                  (*(const struct cli_line *const *)b)->name);
}

static void sort_lines(struct cli *c, struct cli_lines *lines)
{
    struct cli_line **all;
    size_t nr = 0;

    for (struct cli_line *l = lines->first; l; l = l->next)
        nr++;
    all = arena_alloc(cli_arena(c), (nr + 1) * sizeof(struct cli_line *));
    nr = 0;
    for (struct cli_line *l = lines->first; l; l = l->next)
        all[nr++] = l;
    qsort(all, nr, sizeof(struct cli_line *), compare_lines);
    for (size_t i = 0; i < nr; i++)
        all[i]->next = i + 1 < nr ? all[i + 1] : NULL;
    lines->first = nr ? all[0] : NULL;
}

static int timing_of(struct cli *c, const char *host, bool counts,
                     struct cli_lines *lines)
{
    struct value args[2] = {value_string(host), value_bool(counts)}, stats;

    cli_row_line(c, lines, "host-uuid", cli_uuid_of(c, host));
    cli_row_line(c, lines, "host-name-label", cli_label_of(c, host));
    if (cli_call(c, "host.get_diagnostic_timing_stats", &stats, args, 2)) {
        cli_row_line(c, lines, "Error", cli_reason(c));
        cli_forgive(c);
        stats = value_map(NULL, 0);
    }
    for (uint32_t i = 0; i < stats.nr; i++)
        cli_row_line(c, lines, stats.members[i].key, stats.members[i].value.s);
    sort_lines(c, lines);
    return c->failure ? CLI_FAILED : 0;
}

int cmd_diagnostic_timing_stats(struct cli *c)
{
    struct cli_table table = {0};
    struct value hosts;
    bool counts;

    if (cli_flag(c, "counts", false, &counts) ||
        cli_ask(c, "host.get_all", &hosts, NULL))
        return CLI_FAILED;
    for (uint32_t i = 0; i < hosts.nr; i++)
        if (timing_of(c, hosts.items[i].s, counts, cli_table_row(c, &table)))
            return CLI_FAILED;
    cli_print_table(c, &table);
    return 0;
}

/* Rows of words, in columns as wide as their widest word. */
static void print_columns(struct cli *c, const struct value *rows,
                          const char *separator, bool right)
{
    for (uint32_t i = 0; i < rows->nr; i++) {
        const struct value *row = &rows->items[i];
        struct buf line = {0};

        for (uint32_t j = 0; j < row->nr; j++) {
            size_t width = 0;

            for (uint32_t k = 0; k < rows->nr; k++)
                if (j < rows->items[k].nr &&
                    strlen(rows->items[k].items[j].s) > width)
                    width = strlen(rows->items[k].items[j].s);
            buf_printf(&line, right ? "%s%*s" : "%s%-*s", j ? separator : "",
                       (int)width, row->items[j].s);
        }
        cli_say(c, line.len ? arena_strndup(cli_arena(c), line.data, line.len)
                            : "");
        buf_fini(&line);
    }
}

static int network_stats(struct cli *c, const struct cli_row *row, void *ctx)
{
    struct value args[2] = {value_string(row->ref), value_map(NULL, 0)}, rows;

    (void)ctx;
    for (int i = 0; i < c->params_nr; i++)
        if (cli_names_have("method uri params requests connections framed",
                           c->params[i].name))
            args[1] = value_map_with(cli_arena(c), &args[1], c->params[i].name,
                                     value_string(c->params[i].value));
    if (cli_call(c, "Diagnostics.network_stats", &rows, args, 2))
        return CLI_FAILED;
    print_columns(c, &rows, " | ", true);
    return 0;
}

int cmd_diagnostic_net_stats(struct cli *c)
{
    struct cli_selection one = {SELECT_HOST, SELECT_ONE, ""};

    return cli_each(c, &one, network_stats, NULL);
}

/* The features that a host or pool is not restricted from: R, or - each. */
static const char *features(struct cli *c, const struct value *restrictions)
{
    struct buf out = {0};
    const char *text;

    for (uint32_t i = 0; i < restrictions->nr; i++) {
        const struct member *m = &restrictions->members[i];

        if (strncmp(m->key, "restrict_", 9) == 0)
            buf_putc(&out, strcmp(m->value.s, "true") == 0 ? '-' : '+');
    }
    text = out.len ? arena_strndup(cli_arena(c), out.data, out.len) : "-";
    buf_fini(&out);
    return text;
}

static int license_row(struct cli *c, const struct value *host,
                       struct value *row)
{
    const char *cells[6] = {
        value_text(host, "hostname", ""), "", "-", "-", "-", "-"};
    const struct value *params = value_find(host, "license_params");

    cells[1] = arena_strndup(cli_arena(c), value_text(host, "uuid", ""), 8);
    if (params && params->nr) {
        cells[2] = features(c, params);
        cells[3] = value_text(host, "edition", "");
        cells[4] = value_text(params, "expiry", "-");
    }
    *row = value_strings(cli_arena(c), cells, 6);
    return 0;
}

int cmd_diagnostic_license_status(struct cli *c)
{
    static const char *const heading[] = {"Hostname", "UUID",   "Features",
                                          "Edition",  "Expiry", "Days left"};
    static const char *const line[] = {"-", "-", "-", "-", "-", "-"};
    const char *last[6] = {"-", "-", "", "-", "-", "-"}, *pool;
    struct value hosts, restrictions, rows, *items;

    if (cli_ask(c, "host.get_all_records", &hosts, NULL) ||
        cli_pool(c, NULL, &pool) ||
        cli_ask(c, "pool.get_restrictions", &restrictions, pool, NULL))
        return CLI_FAILED;
    items = arena_alloc(cli_arena(c), (hosts.nr + 4) * sizeof(*items));
    items[0] = value_strings(cli_arena(c), heading, 6);
    items[1] = value_strings(cli_arena(c), line, 6);
    for (uint32_t i = 0; i < hosts.nr; i++)
        if (license_row(c, &hosts.members[i].value, &items[i + 2]))
            return CLI_FAILED;
    last[2] = features(c, &restrictions);
    items[hosts.nr + 2] = items[1];
    items[hosts.nr + 3] = value_strings(cli_arena(c), last, 6);
    rows = value_set(items, hosts.nr + 4);
    print_columns(c, &rows, " ", false);
    return 0;
}
