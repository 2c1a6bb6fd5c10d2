/* Commands on messages, callers, subjects, observers and the like. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli_commands.h"
#include "cli_select.h"

static int print_uuid(struct cli *c, const char *class, const char *ref,
                      bool message)
{
    const char *uuid;

    if (cli_ask_text(c, arena_printf(cli_arena(c), "%s.get_uuid", class), &uuid,
                     ref, NULL))
        return CLI_FAILED;
    if (message)
        cli_say(c, uuid);
    else
        cli_print(c, uuid);
    return 0;
}

/* The first of these that is given names the object. */
struct target {
    const char *param, *class_name, *self;
};

static const struct target *find_target(struct cli *c, const struct target *all,
                                        int nr)
{
    for (int i = 0; i < nr; i++)
        if (cli_param(c, all[i].param))
            return &all[i];
    return NULL;
}

int cmd_message_create(struct cli *c)
{
    static const struct target targets[] = {{"vm-uuid", "VM", ""},
                                            {"pool-uuid", "Pool", ""},
                                            {"sr-uuid", "SR", ""},
                                            {"host-uuid", "Host", ""}};
    struct value args[5] = {value_void(), value_int(0)};
    const struct target *t;

    if (!cli_int_parse(cli_param_or(c, "priority", ""), &args[1].i))
        return cli_fail(c, "Priority field should be an integer");
    t = find_target(c, targets, 4);
    if (!t)
        return cli_fail(
            c, "Need one of: vm-uuid, host-uuid, sr-uuid or pool-uuid");
    args[0] = value_string(cli_param_or(c, "name", ""));
    args[2] = value_string(t->class_name);
    args[3] = value_string(cli_param(c, t->param));
    args[4] = value_string(cli_param_or(c, "body", ""));
    return cli_call(c, "message.create", NULL, args, 5);
}

int cmd_message_destroy(struct cli *c)
{
    const char *one = cli_param(c, "uuid"), *many = cli_param(c, "uuids");
    struct value uuids, refs = value_set(NULL, 0);
    const char *ref;

    if (one && many)
        return cli_fail(c, "Ambiguous arguments; need one of uuid, uuids");
    if (!one && !many)
        return cli_fail(c, "Need one of uuid, uuids");
    uuids = cli_words(c, one ? one : many, one ? '\n' : ',');
    for (uint32_t i = 0; i < uuids.nr; i++) {
        if (cli_by_uuid(c, "message", uuids.items[i].s, &ref))
            return CLI_FAILED;
        refs = value_set_with(cli_arena(c), &refs, ref);
    }
    return cli_call(c, "message.destroy_many", NULL, &refs, 1);
}

/* 20250101T00:00:00Z, or with dashes; as the API writes it, or NULL. */
static const char *date_parse(struct cli *c, const char *text)
{
    static const char *const forms[] = {"%4d%2d%2dT%2d:%2d:%2d%n",
                                        "%4d-%2d-%2dT%2d:%2d:%2d%n"};

    for (size_t i = 0; i < 2; i++) {
        int y, m, d, h, min, s, used = 0;

        if (sscanf(text, forms[i], &y, &m, &d, &h, &min, &s, &used) == 6 &&
            used && (!text[used] || strcmp(text + used, "Z") == 0))
            return arena_printf(cli_arena(c), "%04d%02d%02dT%02d:%02d:%02dZ", y,
                                m, d, h, min, s);
    }
    return NULL;
}

static int add_date(struct cli *c, const char *name, const char *complaint,
                    struct value *filters)
{
    const char *text = cli_param(c, name), *date;

    if (!text)
        return 0;
    date = date_parse(c, text);
    if (!date)
        return cli_fail(c, "%s", complaint);
    *filters = value_map_with(cli_arena(c), filters, name, value_string(date));
    return 0;
}

int cmd_message_destroy_all(struct cli *c)
{
    const char *priority = cli_param(c, "priority");
    struct value filters = value_map(NULL, 0);
    int64_t nr;

    if (add_date(c, "before",
                 "invalid timestamp format for 'before' (expected RFC3339, "
                 "for example, 2025-01-01T00:00:00Z)",
                 &filters) ||
        add_date(c, "after",
                 "Invalid timestamp format for 'after' (expected RFC3339, for "
                 "example, 2025-01-01T00:00:00Z)",
                 &filters))
        return CLI_FAILED;
    if (priority && (!cli_int_parse(priority, &nr) || nr < 0))
        return cli_fail(c,
                        "Invalid priority format (expected positive integer)");
    if (priority)
        filters = value_map_with(cli_arena(c), &filters, "priority",
                                 value_string(priority));
    return cli_call(c, "message.destroy_all", NULL, &filters, 1);
}

int cmd_blob_create(struct cli *c)
{
    static const struct target targets[] = {{"vm-uuid", "VM", ""},
                                            {"pool-uuid", "pool", ""},
                                            {"sr-uuid", "SR", ""},
                                            {"host-uuid", "host", ""},
                                            {"network-uuid", "network", ""}};
    const struct target *t = find_target(c, targets, 5);
    struct value args[4], blob;
    const char *ref;
    bool public;

    if (cli_flag(c, "public", false, &public))
        return CLI_FAILED;
    if (!t)
        return cli_fail(c, "Need one of: vm-uuid, host-uuid, network-uuid, "
                           "sr-uuid or pool-uuid");
    if (cli_param_ref(c, t->class_name, t->param, &ref))
        return CLI_FAILED;
    args[0] = value_string(ref);
    args[1] = value_string(cli_param_or(c, "name", ""));
    args[2] = value_string(cli_param_or(c, "mime-type", ""));
    args[3] = value_bool(public);
    if (cli_call(
            c, arena_printf(cli_arena(c), "%s.create_new_blob", t->class_name),
            &blob, args, 4))
        return CLI_FAILED;
    return print_uuid(c, "blob", blob.s, false);
}

int cmd_caller_create(struct cli *c)
{
    const char *agent = cli_param_or(c, "user-agent", "");
    const char *ip = cli_param_or(c, "client-ip", "");
    struct member members[] = {
        {"name_label", value_string(cli_param_or(c, "name-label", ""))},
        {"name_description",
         value_string(cli_param_or(c, "name-description", ""))},
        {"user_agent", value_string(agent)},
        {"client_ip", value_string(ip)},
    };
    struct value record =
        value_map(members, sizeof(members) / sizeof(members[0]));
    struct value made;

    if (!*agent && !*ip)
        return cli_fail(c, "Either user-agent or client-ip must be specified");
    if (cli_call(c, "Caller.create", &made, &record, 1))
        return CLI_FAILED;
    return print_uuid(c, "Caller", made.s, true);
}

/* 1.5, but 2. for a whole number. */
static const char *short_float(struct cli *c, double f)
{
    const char *text = arena_printf(cli_arena(c), "%.12g", f);

    return strpbrk(text, ".en") ? text
                                : arena_printf(cli_arena(c), "%s.", text);
}

int cmd_caller_query_usage(struct cli *c)
{
    const char *uuid = cli_param(c, "uuid"), *group = cli_param(c, "group");
    const char *of = group;
    struct value tokens, calls;
    struct cli_table table = {0};
    struct cli_lines *lines = cli_table_row(c, &table);

    if (uuid && group)
        return cli_fail(c, "Specify exactly one of uuid= or group=, not both");
    if (!uuid && !group)
        return cli_fail(c, "Specify exactly one of uuid= or group=");
    if (uuid && cli_by_uuid(c, "Caller", uuid, &of))
        return CLI_FAILED;
    if (cli_ask(c,
                uuid ? "Caller.query_token_usage"
                     : "Caller.query_group_token_usage",
                &tokens, of, NULL) ||
        cli_ask(c,
                uuid ? "Caller.query_call_count"
                     : "Caller.query_group_call_count",
                &calls, of, NULL))
        return CLI_FAILED;
    cli_row_line(c, lines, "tokens", short_float(c, tokens.f));
    cli_row_line(c, lines, "call_count",
                 arena_printf(cli_arena(c), "%" PRId64, calls.i));
    cli_print_table(c, &table);
    return 0;
}

int cmd_caller_list_usage(struct cli *c)
{
    static const char *const names[] = {"uuid", "name-label", "tokens",
                                        "calls"};
    struct cli_table table = {0};
    struct value rows;

    if (cli_ask(c, "Caller.query_all_usage", &rows, NULL))
        return CLI_FAILED;
    for (uint32_t i = 0; i < rows.nr; i++) {
        struct cli_lines *lines = cli_table_row(c, &table);
        const struct value *row = &rows.items[i];

        for (uint32_t j = 0; j < row->nr; j++)
            cli_row_line(c, lines,
                         row->nr == 4 ? names[j]
                                      : arena_printf(cli_arena(c), "%u", j),
                         row->items[j].s);
    }
    cli_print_table(c, &table);
    return 0;
}

int cmd_rate_limit_create(struct cli *c)
{
    const char *uuids = cli_param_or(c, "caller-uuids", ""), *caller;
    struct value words = cli_words(c, uuids, ',');
    struct member members[] = {
        {"name_label", value_string(cli_param_or(c, "name-label", ""))},
        {"name_description",
         value_string(cli_param_or(c, "name-description", ""))},
        {"burst_size", value_float(0)},
        {"fill_rate", value_float(0)},
    };
    struct value record =
        value_map(members, sizeof(members) / sizeof(members[0]));
    struct value made;

    if (!cli_float_parse(cli_param_or(c, "burst-size", ""),
                         &members[2].value.f) ||
        !cli_float_parse(cli_param_or(c, "fill-rate", ""), &members[3].value.f))
        return cli_fail_internal(c, "Failure: float_of_string");
    if (cli_call(c, "Rate_limit.create", &made, &record, 1))
        return CLI_FAILED;
    for (uint32_t i = 0; i < words.nr && *uuids; i++)
        if (cli_by_uuid(c, "Caller", words.items[i].s, &caller) ||
            cli_ask(c, "Rate_limit.add_caller", NULL, made.s, caller, NULL))
            return CLI_FAILED;
    return print_uuid(c, "Rate_limit", made.s, true);
}

/* a:1,b:2 */
static struct value pairs(struct cli *c, const char *text)
{
    struct value words = cli_words(c, text, ','), map = value_map(NULL, 0);

    for (uint32_t i = 0; i < words.nr; i++) {
        struct value pair = cli_words(c, words.items[i].s, ':');

        if (pair.nr == 2)
            map = value_map_with(cli_arena(c), &map, pair.items[0].s,
                                 pair.items[1]);
    }
    return map;
}

int cmd_observer_create(struct cli *c)
{
    const char *uuids = cli_param(c, "host-uuids"), *host;
    const char *components = cli_param(c, "components");
    struct value words = cli_words(c, uuids ? uuids : "", ',');
    struct value hosts = value_set(NULL, 0), record, made;
    bool enabled;

    for (uint32_t i = 0; i < words.nr && uuids; i++) {
        if (cli_by_uuid(c, "host", words.items[i].s, &host))
            return CLI_FAILED;
        hosts = value_set_with(cli_arena(c), &hosts, host);
    }
    if (cli_flag(c, "enabled", false, &enabled))
        return CLI_FAILED;
    const struct member members[] = {
        {"name_label", value_string(cli_param_or(c, "name-label", ""))},
        {"name_description",
         value_string(cli_param_or(c, "name-description", ""))},
        {"hosts", hosts},
        {"attributes", pairs(c, cli_param_or(c, "attributes", ""))},
        {"endpoints",
         cli_words(c, cli_param_or(c, "endpoints", "bugtool"), ',')},
        {"components",
         components ? cli_words(c, components, ',') : value_set(NULL, 0)},
        {"enabled", value_bool(enabled)},
    };
    record = value_map(members, sizeof(members) / sizeof(members[0]));
    if (cli_call(c, "Observer.create", &made, &record, 1))
        return CLI_FAILED;
    return print_uuid(c, "Observer", made.s, false);
}

int cmd_session_subject_identifier_list(struct cli *c)
{
    struct cli_table table = {0};
    struct value all;

    if (cli_ask(c, "session.get_all_subject_identifiers", &all, NULL))
        return CLI_FAILED;
    for (uint32_t i = 0; i < all.nr; i++)
        cli_row_line(c, cli_table_row(c, &table), "subject-identifier ( RO)",
                     all.items[i].s);
    cli_print_table(c, &table);
    return 0;
}

int cmd_session_subject_identifier_logout_all(struct cli *c)
{
    struct value all;

    if (cli_ask(c, "session.get_all_subject_identifiers", &all, NULL))
        return CLI_FAILED;
    for (uint32_t i = 0; i < all.nr; i++)
        if (cli_ask(c, "session.logout_subject_identifier", NULL,
                    all.items[i].s, NULL))
            return CLI_FAILED;
    return 0;
}

int cmd_subject_add(struct cli *c)
{
    const char *name = cli_param_or(c, "subject-name", "");
    struct value identifier, record, made;

    if (cli_ask(c, "auth.get_subject_identifier", &identifier, name, NULL))
        return CLI_FAILED;
    const struct member members[] = {{"subject_identifier", identifier},
                                     {"other_config", value_map(NULL, 0)}};
    record = value_map(members, 2);
    if (cli_call(c, "subject.create", &made, &record, 1))
        return CLI_FAILED;
    return print_uuid(c, "subject", made.s, false);
}

static int change_role(struct cli *c, const char *method)
{
    const char *uuid = cli_param_or(c, "role-uuid", "");
    const char *name = cli_param_or(c, "role-name", "");
    const char *role = REF_NULL, *subject;
    struct value roles;

    if (!*uuid && !*name)
        return cli_fail(c,
                        "Required parameter not found: role-uuid or role-name");
    if (*uuid && *name)
        return cli_fail(
            c, "Parameters role-uuid and role-name cannot be used together");
    if (*uuid && cli_by_uuid(c, "role", uuid, &role))
        return CLI_FAILED;
    if (*name) {
        if (cli_ask(c, "role.get_by_name_label", &roles, name, NULL))
            return CLI_FAILED;
        role = roles.nr ? roles.items[0].s : REF_NULL;
    }
    if (cli_param_ref(c, "subject", "uuid", &subject))
        return CLI_FAILED;
    return cli_ask(c, method, NULL, subject, role, NULL);
}

int cmd_subject_role_add(struct cli *c)
{
    return change_role(c, "subject.add_to_roles");
}

int cmd_subject_role_remove(struct cli *c)
{
    return change_role(c, "subject.remove_from_roles");
}

static int precheck(struct cli *c, const struct cli_row *row, void *ctx)
{
    static const char *const words[][2] = {
        {"ok", "Ok."},
        {"ok_livepatch_complete", "Ok: Patch can be applied without reboot."},
        {"ok_livepatch_incomplete",
         "Ok: Patch can be applied, but a reboot will be required."}};
    const char *update, *state, *text;
    struct value *texts = ctx;

    if (cli_param_ref(c, "pool_update", "uuid", &update) ||
        cli_ask_text(c, "pool_update.precheck", &state, update, row->ref, NULL))
        return CLI_FAILED;
    text = state;
    for (size_t i = 0; i < 3; i++)
        if (strcmp(words[i][0], state) == 0)
            text = words[i][1];
    *texts = value_set_with(cli_arena(c), texts, text);
    return 0;
}

int cmd_update_precheck(struct cli *c)
{
    struct cli_selection all = {SELECT_HOST, 0, "uuid"};
    struct value texts = value_set(NULL, 0);

    if (cli_each(c, &all, precheck, &texts))
        return CLI_FAILED;
    cli_print_list(c, &texts);
    return 0;
}
