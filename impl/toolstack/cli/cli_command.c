/* The table of commands, with those that records.def stands for. */
#include "cli_command.h"

#include <stdlib.h>
#include <string.h>

#include "cli_commands.h"
#include "cli_recipe.h"
#include "cli_record.h"

static const struct cli_command commands[] = {
#define COMMAND_CALL(name, required, optional, flags, call, help) \
    {name, required, optional, flags, call, NULL, help, NULL, VERB_LIST},
#define COMMAND_RUN(name, required, optional, flags, run, help) \
    {name, required, optional, flags, NULL, run, help, NULL, VERB_LIST},
#include "commands.def"
#undef COMMAND_CALL
#undef COMMAND_RUN
};

enum {
    COMMANDS = sizeof(commands) / sizeof(commands[0]),
    COMMANDS_MAX = 1024,
};

/* Names of fields, with `before` and `after` each, that have a property. */
static const char *names(struct cli *c, const struct cli_record *r,
                         const char *first,
                         bool (*has)(const struct cli_field *f),
                         const char *after)
{
    struct buf out = {0};
    const char *text;

    buf_puts(&out, first);
    for (const struct cli_field *f = cli_field_first(r); f;
         f = cli_field_next(f))
        if (!cli_field_is(f, 'h') && has(f))
            cli_join(&out, out.len ? " " : "", f->name, after, NULL);
    text = out.len ? arena_strndup(cli_arena(c), out.data, out.len) : "";
    buf_fini(&out);
    return text;
}

static bool is_any(const struct cli_field *f)
{
    return f != NULL;
}

static bool is_set(const struct cli_field *f)
{
    return cli_field_is(f, 'S');
}

static bool has_keys(const struct cli_field *f)
{
    return cli_field_is_map_rw(f) || f->put[0] == 'p' || f->put[0] == 'M';
}

static bool has_members(const struct cli_field *f)
{
    return cli_field_adds(f) || cli_field_is_map_rw(f);
}

static bool can_clear(const struct cli_field *f)
{
    return cli_field_sets(f) || cli_field_is(f, 'S') || cli_field_is(f, 'M');
}

static const char *list_names(struct cli *c, const struct cli_record *r)
{
    const char *all = names(c, r, "params database:", is_any, "");

    return names(c, r, all, is_set, ":contains");
}

static const char *set_names(struct cli *c, const struct cli_record *r)
{
    const char *whole = names(c, r, "", cli_field_sets, "");

    return names(c, r, whole, has_keys, ":");
}

static void describe_list(struct cli *c, struct cli_command *command)
{
    const char *prefix = command->record->prefix;

    command->optional = list_names(c, command->record);
    command->help = arena_printf(
        cli_arena(c),
        "Lists all the %s%s, filtering on the optional arguments. To filter on "
        "map parameters, use the syntax 'map-param:key=value'",
        prefix, strcmp(prefix, "patch") == 0 ? "es" : "s");
    if (cli_names_have("vm network sr", prefix))
        command->flags = CMD_COMMON;
}

static void describe_clear(struct cli *c, struct cli_command *command)
{
    struct value words =
        cli_words(c, names(c, command->record, "", can_clear, ""), ' ');

    command->required = "uuid param-name";
    command->help = arena_printf(
        cli_arena(c), "Clears the specified parameter (param-name can be %s).",
        cli_value_text(c, &words, ","));
}

static void describe_set(struct cli *c, struct cli_command *command)
{
    command->optional = set_names(c, command->record);
    command->help = "Sets the parameter specified. If param-value is not "
                    "given, the parameter is set to a null value. To set a "
                    "(key,value) pair in a map parameter, use the syntax "
                    "'map-param:key=value'.";
}

static const struct {
    const char *required, *optional, *help;
    void (*describe)(struct cli *c, struct cli_command *command);
} forms[] = {
    [VERB_LIST] = {"", "", "", describe_list},
    [VERB_PARAM_LIST] = {"uuid", "database:",
                         "Lists all the parameters of the object specified by "
                         "the uuid.",
                         NULL},
    [VERB_PARAM_GET] = {"uuid param-name", "param-key database:",
                        "Gets the parameter specified of the object. If the "
                        "parameter is a map of key=value pairs, use "
                        "'param-key=<key>' to get the value associated with a "
                        "particular key.",
                        NULL},
    [VERB_PARAM_SET] = {"uuid", "", "", describe_set},
    [VERB_PARAM_ADD] = {"uuid param-name", "param-key",
                        "Adds to a set or map parameter. If the parameter is a "
                        "set, use param-key=<key to add>. If the parameter is "
                        "a map, pass the values to add as 'key=value' pairs.",
                        NULL},
    [VERB_PARAM_REMOVE] = {"uuid param-name param-key", "",
                           "Removes a member or a key,value pair from a "
                           "set/map respectively.",
                           NULL},
    [VERB_PARAM_CLEAR] = {"", "", "", describe_clear},
};

/* Classes without anything to set have no command for it. */
static bool verb_exists(struct cli *c, const struct cli_record *r,
                        enum cli_verb verb)
{
    switch (verb) {
    case VERB_PARAM_SET:
        return *set_names(c, r) != '\0';
    case VERB_PARAM_ADD:
    case VERB_PARAM_REMOVE:
        return *names(c, r, "", has_members, "") != '\0';
    case VERB_PARAM_CLEAR:
        return *names(c, r, "", can_clear, "") != '\0';
    default:
        return true;
    }
}

static bool find_generic(struct cli *c, const char *name,
                         struct cli_command *command)
{
    const struct cli_record *r;

    for (int i = 0; (r = cli_record_at(i)); i++) {
        size_t len = strlen(r->prefix);

        if (!len || strncmp(name, r->prefix, len) != 0 || name[len] != '-')
            continue;
        for (int verb = 0; verb < VERBS; verb++) {
            if (strcmp(name + len + 1, cli_verb_name(verb)) != 0 ||
                !verb_exists(c, r, verb))
                continue;
            *command = (struct cli_command){name,
                                            forms[verb].required,
                                            forms[verb].optional,
                                            0,
                                            NULL,
                                            NULL,
                                            forms[verb].help,
                                            r,
                                            verb};
            if (forms[verb].describe)
                forms[verb].describe(c, command);
            return true;
        }
    }
    return false;
}

static int compare_name(const void *name, const void *command)
{
    return strcmp(name, ((const struct cli_command *)command)->name);
}

bool cli_command_find(struct cli *c, const char *name,
                      struct cli_command *command)
{
    const struct cli_command *found =
        bsearch(name, commands, COMMANDS, sizeof(commands[0]), compare_name);

    if (!found)
        return find_generic(c, name, command);
    *command = *found;
    return true;
}

int cli_command_run(struct cli *c, const struct cli_command *command)
{
    if (command->record)
        return cli_generic_run(c, command->record, command->verb);
    return command->run ? command->run(c) : cli_recipe_run(c, command->call);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *const *cli_command_names(struct cli *c, int *nr)
{
    const char **list = arena_alloc(cli_arena(c), COMMANDS_MAX * sizeof(*list));
    const struct cli_record *r;

    *nr = 0;
    for (int i = 0; i < COMMANDS; i++)
        list[(*nr)++] = commands[i].name;
    for (int i = 0; (r = cli_record_at(i)); i++)
        for (int verb = 0; verb < VERBS && *r->prefix; verb++)
            if (verb_exists(c, r, verb) && *nr < COMMANDS_MAX)
                list[(*nr)++] = arena_printf(cli_arena(c), "%s-%s", r->prefix,
                                             cli_verb_name(verb));
    qsort(list, (size_t)*nr, sizeof(*list), compare_names);
    return list;
}

bool cli_command_works(struct cli *c, const struct cli_command *command)
{
    return command->record || command->run ||
           cli_recipe_works(c, command->call);
}

const char *const *cli_missing(struct arena *a, int *nr, int *all)
{
    struct cli_memory memory;
    struct cli c = {.memory = &memory};
    const char *const *list;
    const char **missing;

    cli_memory_init(&memory);
    list = cli_command_names(&c, all);
    missing = arena_alloc(a, (size_t)*all * sizeof(*missing));
    *nr = 0;
    for (int i = 0; i < *all; i++) {
        struct cli_command command;

        if (cli_command_find(&c, list[i], &command) &&
            !cli_command_works(&c, &command))
            missing[(*nr)++] = arena_strdup(a, list[i]);
    }
    cli_memory_fini(&memory);
    return missing;
}
