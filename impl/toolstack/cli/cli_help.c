/* The help that the server gives; scripts read it, so the wording stays. */
#include <string.h>

#include "cli_command.h"
#include "cli_record.h"

enum {
    LINE_BYTES = 74,
};

static const char usage[] =
    "Usage:\n"
    "  xe <command>\n"
    "    [ -s <server> ]            XenServer host\n"
    "    [ -p <port> ]              XenServer port number\n"
    "    [ -u <username> -pw <password> | -pwf <password file> ]\n"
    "                               User authentication (password or file)\n"
    "    [ --nossl ]                Disable SSL/TLS\n"
    "    [ --debug ]                Enable debug output\n"
    "    [ --debug-on-fail ]        Enable debug output only on failure\n"
    "    [ --traceparent <value> ]  Distributed tracing context\n"
    "    [ <other arguments> ... ]  Command-specific options\n"
    "\n"
    "To get help on a specific command:\n"
    "  xe help <command>\n"
    "\n";

static const char common_heading[] = "To get a full listing of commands:\n"
                                     "  xe help --all\n"
                                     "\n"
                                     "Common command list\n"
                                     "-------------------\n";

static const char full_heading[] = "Full command list\n"
                                   "-----------------\n";

static const struct {
    unsigned flag;
    const char *word, *text;
} selectors[] = {
    {CMD_VMS, "<vm-selectors>",
     " VMs can be specified by filtering the full list of VMs on the values of "
     "zero or more fields. For example, specifying 'uuid=<some_uuid>' will "
     "select only the VM with that uuid, and 'power-state=halted' will select "
     "only VMs whose 'power-state' field is equal to 'halted'. The special "
     "pseudo-field 'vm' matches either of name-label or uuid. Where multiple "
     "VMs are matching, the option '--multiple' must be specified to perform "
     "the operation. The full list of fields that can be matched can be "
     "obtained by the command 'xe vm-list params=all'. If no parameters to "
     "select VMs are given, the operation will be performed on all VMs."},
    {CMD_HOSTS, "<host-selectors>",
     " Hosts can be specified by filtering the full list of hosts on the "
     "values of zero or more fields. For example, specifying "
     "'uuid=<some_uuid>' will select only the host with that uuid, and "
     "'enabled=true' will select only hosts whose 'enabled' field is equal to "
     "'true'. The special pseudo-field 'host' matches any of hostname, "
     "name-label or uuid. Where multiple hosts are matching, and the operation "
     "can be performed on multiple hosts, the option '--multiple' must be "
     "specified to perform the operation. The full list of fields that can be "
     "matched can be obtained by the command 'xe host-list params=all'. If no "
     "parameters to select hosts are given, the operation will be performed on "
     "all hosts."},
    {CMD_SRS, "<sr-selectors>",
     " SRs can be specified by filtering the full list of SRs on the values of "
     "zero or more fields. For example, specifying 'uuid=<some_uuid>' will "
     "select only the sr with that uuid, and 'enabled=true' will select only "
     "srs whose 'enabled' field is equal to 'true'. The special pseudo-field "
     "'sr' matches either of name-label or uuid. Where multiple SRs are "
     "matching, and the operation can be performed on multiple SRs, the option "
     "'--multiple' must be specified to perform the operation. The full list "
     "of fields that can be matched can be obtained by the command 'xe sr-list "
     "params=all'. If no parameters to select SRs are given, the operation "
     "will be performed on all SRs."},
};

static const char *comma_list(struct cli *c, const char *words,
                              const char *last)
{
    struct value list = cli_words(c, words, ' ');
    const char *text = *words ? cli_value_text(c, &list, ", ") : "";

    return arena_printf(cli_arena(c), "%s%s%s", text,
                        *text && *last ? ", " : "", last);
}

static void help_one(struct cli *c, const char *name)
{
    const char *word = "", *text = "";
    struct cli_command command;
    struct cli_table table = {0};
    struct cli_lines *lines;

    if (!cli_command_find(c, name, &command)) {
        cli_print(c, arena_printf(cli_arena(c), "Unknown command '%s'", name));
        return;
    }
    for (size_t i = 0; i < sizeof(selectors) / sizeof(selectors[0]); i++)
        if (command.flags & selectors[i].flag) {
            word = selectors[i].word;
            text = selectors[i].text;
        }
    lines = cli_table_row(c, &table);
    cli_row_line(c, lines, "command name        ", name);
    cli_row_line(c, lines, "reqd params     ",
                 comma_list(c, command.required, ""));
    cli_row_line(c, lines, "optional params ",
                 comma_list(c, command.optional, word));
    cli_row_line(c, lines, "description     ",
                 arena_printf(cli_arena(c), "%s%s", command.help, text));
    cli_print_table(c, &table);
}

/* Names in indented lines; at least one, which may be empty. */
static void print_columns(struct cli *c, const char *const *names, int nr)
{
    struct buf line = {0};

    for (int i = 0; i < nr; i++) {
        if (line.len && line.len + strlen(names[i]) > LINE_BYTES) {
            cli_tell(c, arena_strndup(cli_arena(c), line.data, line.len));
            line.len = 0;
        }
        cli_join(&line, line.len ? ", " : "    ", names[i], NULL);
    }
    cli_tell(c, line.len ? arena_strndup(cli_arena(c), line.data, line.len)
                         : "    ");
    buf_fini(&line);
}

enum part {
    PART_HOST,
    PART_VM,
    PART_OTHER,
    PART_ANY,
};

static enum part part_of(const char *name)
{
    if (strncmp(name, "host-", 5) == 0)
        return PART_HOST;
    return strncmp(name, "vm-", 3) == 0 ? PART_VM : PART_OTHER;
}

/* The commands that are listed: of one part, and common ones only. */
static int pick(struct cli *c, enum part part, bool common, const char **picked)
{
    int all_nr, nr = 0;
    const char *const *all = cli_command_names(c, &all_nr);

    for (int i = 0; i < all_nr; i++) {
        struct cli_command command;

        if (!cli_command_find(c, all[i], &command) ||
            command.flags & CMD_HIDDEN ||
            (common && !(command.flags & CMD_COMMON)) ||
            (part != PART_ANY && part_of(all[i]) != part))
            continue;
        picked[nr++] = all[i];
    }
    return nr;
}

static void help_minimal(struct cli *c, bool common)
{
    const char *picked[1024];
    int nr = pick(c, PART_ANY, common, picked);
    struct value list = value_strings(cli_arena(c), picked, (size_t)nr);

    cli_print_list(c, &list);
}

static void help_common(struct cli *c)
{
    const char *picked[1024];

    cli_tell(c, arena_printf(cli_arena(c), "%s%s", usage, common_heading));
    print_columns(c, picked, pick(c, PART_ANY, true, picked));
}

static void help_all(struct cli *c)
{
    const char *picked[1024];

    cli_tell(c, arena_printf(cli_arena(c), "%s%s", usage, full_heading));
    print_columns(c, picked, pick(c, PART_HOST, false, picked));
    print_columns(c, NULL, 0);
    print_columns(c, picked, pick(c, PART_VM, false, picked));
    print_columns(c, NULL, 0);
    print_columns(c, picked, pick(c, PART_OTHER, false, picked));
}

void cli_help(struct cli *c)
{
    bool all = strcmp(cli_param_or(c, "all", ""), "true") == 0, named = false;

    for (int i = 0; i < c->params_nr; i++) {
        const char *name = c->params[i].name;

        if (cli_names_have("server username password port minimal all", name))
            continue;
        help_one(c, name);
        named = true;
    }
    if (named)
        return;
    if (c->minimal)
        help_minimal(c, !all);
    else if (all)
        help_all(c);
    else
        help_common(c);
}
