/* Selecting objects by their fields, and doing something with each. */
#include "cli_select.h"

#include <inttypes.h>
#include <string.h>

enum {
    MESSAGE_PRIORITY = 5, /* messages more urgent than this are shown */
};

static const struct kind {
    const char *record, *param;
    const char *fields; /* that the argument may be equal to */
    const char *none, *one_only, *several;
} kinds[] = {
    [SELECT_VM] = {"vm", "vm", "uuid name__label", "No matching VMs found",
                   "Multiple matches VMs found. Operation can only be "
                   "performed on one VM at a time",
                   "Multiple matches VMs found. --multiple required to "
                   "complete the operation"},
    [SELECT_HOST] = {"host", "host", "uuid hostname name__label",
                     "No matching hosts found",
                     "Multiple matching hosts found. Operation can only be "
                     "performed on one host at a time",
                     "Multiple matching hosts found. --multiple required to "
                     "complete the operation"},
    [SELECT_SR] = {"sr", "sr", "uuid name__label", "No matching hosts found",
                   "Multiple matching SRs found. Operation can only be "
                   "performed on one SR at a time",
                   "Multiple matching SRs found. --multiple required to "
                   "complete the operation"},
};

/* (field "uuid" = "x") or (field "name__label" = "x") */
static const char *where(struct cli *c, const char *fields, const char *name)
{
    struct value list = cli_words(c, fields, ' ');
    struct buf quoted = {0}, out = {0};
    const char *expr;

    for (; *name; name++) {
        if (*name == '"')
            buf_putc(&quoted, '\\');
        buf_putc(&quoted, *name);
    }
    for (uint32_t i = 0; i < list.nr; i++)
        buf_printf(&out, "%s(field \"%s\"=\"%.*s\")", i ? " or " : "",
                   list.items[i].s, (int)quoted.len,
                   quoted.data ? quoted.data : "");
    expr = arena_strndup(cli_arena(c), out.data, out.len);
    buf_fini(&quoted);
    buf_fini(&out);
    return expr;
}

static int filter_kinds(struct cli *c, const struct cli_selection *s,
                        struct cli_row *rows, int *nr)
{
    if (s->what != SELECT_VM)
        return 0;
    if (!(s->flags & SELECT_TEMPLATES) &&
        cli_filter(c, rows, nr, "is-a-template", "false"))
        return CLI_FAILED;
    if (!(s->flags & SELECT_CONTROL))
        return cli_filter(c, rows, nr, "is-control-domain", "false");
    return 0;
}

static const char *stem(struct cli *c, const char *name)
{
    return arena_strndup(cli_arena(c), name, strcspn(name, ":"));
}

/* Which objects to look at: all, unless a name or a uuid comes first. */
static const char *candidates(struct cli *c, const struct cli_selection *s)
{
    const struct kind *kind = &kinds[s->what];
    const char *name = cli_param(c, kind->param);

    if (name)
        return where(c, kind->fields, name);
    for (int i = 0; i < c->params_nr; i++) {
        const char *first = stem(c, c->params[i].name);

        if (strcmp(first, "uuid") == 0 && !cli_names_have(s->others, first))
            return where(c, "uuid", c->params[i].value);
        if (!cli_is_common_param(first) && !cli_names_have(s->others, first))
            return "true";
    }
    return "true";
}

int cli_select(struct cli *c, const struct cli_selection *s,
               struct cli_row **rows, int *nr)
{
    const struct kind *kind = &kinds[s->what];
    bool named = false;

    if (cli_rows(c, cli_record_find(kind->record), candidates(c, s), rows,
                 nr) ||
        filter_kinds(c, s, *rows, nr))
        return CLI_FAILED;
    for (int i = 0; i < c->params_nr; i++) {
        const struct cli_param *p = &c->params[i];
        const char *first = stem(c, p->name);

        if (!named && strcmp(p->name, kind->param) == 0) {
            named = true;
            continue;
        }
        if (cli_is_common_param(first) || cli_names_have(s->others, first))
            continue;
        if (cli_filter(c, *rows, nr, p->name, p->value))
            return CLI_FAILED;
    }
    return 0;
}

/* Messages about the machine that came up meanwhile. */
static int show_messages(struct cli *c, const struct cli_row *row,
                         const char *since)
{
    int64_t limit = MESSAGE_PRIORITY;
    const char *given = cli_param(c, "message-priority");
    struct value args[3] = {value_string("VM"),
                            *value_find(&row->fields, "uuid"),
                            value_date(since)};
    struct value all;

    if (given && !cli_int_parse(given, &limit))
        limit = MESSAGE_PRIORITY;
    if (cli_call(c, "message.get", &all, args, 3)) {
        cli_forgive(c);
        return c->failure ? CLI_FAILED : 0;
    }
    for (uint32_t i = 0; i < all.nr; i++) {
        const struct value *m = &all.members[i].value;
        int64_t priority = value_find(m, "priority")->i;

        if (priority < limit)
            cli_warn(c, arena_printf(cli_arena(c),
                                     "Message: time=%s priority=%" PRId64
                                     " name='%s'\n",
                                     value_find(m, "timestamp")->s, priority,
                                     value_text(m, "name", "")));
    }
    return 0;
}

static int do_one(struct cli *c, const struct cli_selection *s,
                  const struct cli_row *row, cli_op op, void *ctx)
{
    const char *since = toolstack_now(c->ts, cli_arena(c));

    if (op(c, row, ctx))
        return CLI_FAILED;
    return s->what == SELECT_VM ? show_messages(c, row, since) : 0;
}

static int do_all(struct cli *c, const struct cli_selection *s,
                  const struct cli_row *rows, int nr, cli_op op, void *ctx)
{
    const char **lines = arena_alloc(cli_arena(c), (size_t)nr * sizeof(*lines));
    int failed = 0;

    for (int i = 0; i < nr; i++) {
        if (do_one(c, s, &rows[i], op, ctx) == 0)
            continue;
        if (c->failure == FAILURE_LOST)
            return CLI_FAILED;
        lines[failed++] = arena_printf(
            cli_arena(c), "operation failed on %s: %s",
            value_text(&rows[i].fields, "uuid", ""), cli_failure_text(c));
        cli_forgive(c);
    }
    for (int i = failed; i > 0; i--)
        cli_tell(c, lines[i - 1]);
    return failed ? cli_fail_exit(c, 1) : 0;
}

int cli_each(struct cli *c, const struct cli_selection *s, cli_op op, void *ctx)
{
    const struct kind *kind = &kinds[s->what];
    struct cli_row *rows;
    bool multiple = false;
    int nr;

    if (cli_select(c, s, &rows, &nr))
        return CLI_FAILED;
    if (nr == 0)
        return cli_fail(c, "%s", kind->none);
    if (nr == 1)
        return do_one(c, s, rows, op, ctx);
    if (s->flags & SELECT_ONE)
        return cli_fail(c, "%s", kind->one_only);
    if (cli_flag(c, "multiple", false, &multiple))
        return CLI_FAILED;
    if (!multiple)
        return cli_fail(c, "%s", kind->several);
    return do_all(c, s, rows, nr, op, ctx);
}

int cli_host_named(struct cli *c, const char *name, const char **ref)
{
    struct cli_row *rows;
    int nr;

    if (cli_rows(c, cli_record_find("host"), "true", &rows, &nr))
        return CLI_FAILED;
    for (int i = 0; i < nr; i++)
        if (strcmp(value_text(&rows[i].fields, "uuid", ""), name) == 0 ||
            strcmp(value_text(&rows[i].fields, "name_label", ""), name) == 0) {
            *ref = rows[i].ref;
            return 0;
        }
    return cli_fail(c, "Host %s not found", name);
}
