/* Commands that are one call of the API: reading and carrying out their line. */
#include "cli_recipe.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "cli_select.h"
#include "generic.h"

enum {
    TOKENS_MAX = 32,
};

struct token {
    const char *field; /* of a constructor's record; or NULL */
    const char *name, *option, *otherwise;
    bool early, demanded;
};

struct recipe {
    bool force_first, force_last, selects, late, async;
    struct cli_selection selection;
    const struct message *message;
    const char *method;
    struct token tokens[TOKENS_MAX];
    int tokens_nr;
    const char *output;
    struct value args[TOKENS_MAX];
};

static const struct {
    const char *name;
    enum cli_selects what;
} selectors[] = {{"vm", SELECT_VM}, {"host", SELECT_HOST}, {"sr", SELECT_SR}};

/* vm:ct and the like. */
static bool selector_parse(const char *word, struct recipe *r)
{
    for (size_t i = 0; i < sizeof(selectors) / sizeof(selectors[0]); i++) {
        size_t len = strlen(selectors[i].name);
        const char *options = word + len + 1;

        if (strncmp(word, selectors[i].name, len) != 0 || word[len] != ':')
            continue;
        r->selects = true;
        r->selection.what = selectors[i].what;
        r->selection.flags = (strchr(options, 'c') ? SELECT_CONTROL : 0) |
                             (strchr(options, 't') ? SELECT_TEMPLATES : 0) |
                             (strchr(options, '1') ? SELECT_ONE : 0);
        r->late = strchr(options, 'l') != NULL;
        return true;
    }
    return false;
}

static void token_parse(struct cli *c, const char *word, struct token *t)
{
    char *text = arena_strdup(cli_arena(c), word), *at;

    *t = (struct token){.option = ""};
    if ((at = strchr(text, '<'))) {
        *at = '\0';
        t->field = text;
        text = at + 1;
    }
    if (*text == '^') {
        t->early = true;
        text++;
    }
    t->name = text;
    if ((at = strchr(text, '='))) {
        *at = '\0';
        t->otherwise = at + 1;
    }
    if ((at = strchr(text, ':'))) {
        *at = '\0';
        t->option = at + 1;
    }
    if (*text && text[strlen(text) - 1] == '!') {
        text[strlen(text) - 1] = '\0';
        t->demanded = true;
    }
}

static void method_parse(const char *word, struct recipe *r)
{
    r->method = word;
    r->async = strncmp(word, "Async.", 6) == 0;
    r->message = message_find(r->async ? word + 6 : word);
}

static void recipe_parse(struct cli *c, const char *line, struct recipe *r)
{
    struct value words = cli_words(c, line, ' ');

    memset(r, 0, sizeof(*r));
    r->output = "";
    for (uint32_t i = 0; i < words.nr; i++) {
        const char *word = words.items[i].s;

        if (!*word)
            continue;
        if (!r->method && (*word == '!' || *word == '~'))
            *(*word == '!' ? &r->force_first : &r->force_last) = true;
        else if (!r->method && !selector_parse(word, r))
            method_parse(word, r);
        else if (*word == '>')
            r->output = word + 1;
        else if (r->method && r->tokens_nr < TOKENS_MAX)
            token_parse(c, word, &r->tokens[r->tokens_nr++]);
    }
}

int cli_need_force(struct cli *c)
{
    bool force;

    if (cli_flag(c, "force", false, &force))
        return CLI_FAILED;
    if (force)
        return 0;
    return cli_fail(c, "This operation is dangerous and may cause data loss. "
                       "This operation must be forced (use --force).");
}

static bool is_create(const struct recipe *r)
{
    return r->message->kind == KIND_CREATE;
}

static const struct type *token_type(const struct recipe *r, int i)
{
    const struct token *t = &r->tokens[i];

    if (is_create(r)) {
        int nr = t->field ? field_index(r->message->class, t->field) : -ENOENT;

        return nr < 0 ? NULL : &r->message->class->fields[nr]->type;
    }
    return i < r->message->params_nr ? &r->message->params[i].type : NULL;
}

static const char *param_any_case(const struct cli *c, const char *name)
{
    for (int i = 0; i < c->params_nr; i++)
        if (strcasecmp(c->params[i].name, name) == 0)
            return c->params[i].value;
    return NULL;
}

static struct value empty_value(const struct type *type)
{
    if (type->shape == SHAPE_SET)
        return value_set(NULL, 0);
    if (type->shape != SHAPE_ONE)
        return value_map(NULL, 0);
    switch (type->elem.kind) {
    case BASE_INT:
        return value_int(0);
    case BASE_FLOAT:
        return value_float(0);
    case BASE_BOOL:
        return value_bool(false);
    case BASE_REF:
        return value_string(REF_NULL);
    default:
        return value_string("");
    }
}

static int read_int(struct cli *c, const struct token *t, const char *text,
                    struct value *v)
{
    *v = value_int(0);
    if (strcmp(t->option, "z") == 0)
        return cli_bytes_parse(c, t->name, text, &v->i);
    if (cli_int_parse(text, &v->i))
        return 0;
    if (strcmp(t->option, "safe") == 0)
        return cli_fail(
            c, "Failed to parse parameter '%s': expecting an integer", t->name);
    return cli_fail_internal(c, "Failure: Int64.of_string");
}

static int read_float(struct cli *c, const struct token *t, const char *text,
                      struct value *v)
{
    *v = value_float(0);
    if (cli_float_parse(text, &v->f))
        return 0;
    if (strcmp(t->option, "safe") == 0)
        return cli_fail(c, "Failed to parse parameter '%s': expecting a float",
                        t->name);
    if (t->otherwise && cli_float_parse(t->otherwise, &v->f))
        return 0;
    return cli_fail_internal(c, "Failure: float_of_string");
}

static int read_one(struct cli *c, const struct token *t,
                    const struct base *base, const char *text, struct value *v)
{
    const char *word = text;
    int rc = 0;

    switch (base->kind) {
    case BASE_INT:
        return read_int(c, t, text, v);
    case BASE_FLOAT:
        return read_float(c, t, text, v);
    case BASE_BOOL:
        *v = value_bool(false);
        return cli_flag(c, t->name,
                        t->otherwise && strcmp(t->otherwise, "true") == 0,
                        &v->b);
    case BASE_REF:
        rc = cli_by_uuid(c, base->of, text, &word);
        break;
    case BASE_ENUM:
        rc = cli_read_word(c, t->option, base->enumeration, text, &word);
        break;
    default:
        break;
    }
    *v = value_string(word);
    return rc;
}

static int read_set(struct cli *c, const struct token *t,
                    const struct base *base, const char *text, struct value *v)
{
    struct value words = cli_words(c, text, ','), *items;

    items = arena_alloc(cli_arena(c), (words.nr + 1) * sizeof(*items));
    for (uint32_t i = 0; i < words.nr; i++)
        if (read_one(c, t, base, words.items[i].s, &items[i]))
            return CLI_FAILED;
    *v = value_set(items, words.nr);
    return 0;
}

static int read_special(struct cli *c, const struct token *t, struct value *v)
{
    const char *param = *t->option ? t->option : NULL, *ref = REF_NULL;
    int rc = strcmp(t->name, "@pool") == 0 ? cli_pool(c, param, &ref)
                                           : cli_host(c, param, &ref);

    *v = value_string(ref);
    return rc;
}

static int read_token(struct cli *c, const struct token *t,
                      const struct type *type, struct value *v)
{
    const char *text = strcmp(t->option, "anycase") == 0
                           ? param_any_case(c, t->name)
                           : cli_param(c, t->name);

    if (*t->name == '@')
        return read_special(c, t, v);
    if (*t->name == '\'')
        return read_one(c, t, &type->elem, t->name + 1, v);
    *v = empty_value(type);
    if (strcmp(t->name, "-") == 0 || strcmp(t->name, "*") == 0)
        return 0;
    if (type->shape == SHAPE_MAP) {
        *v = cli_map_params(c, t->name);
        return 0;
    }
    if (!text && t->demanded)
        return cli_param_need(c, t->name, &text);
    text = text ? text : t->otherwise;
    if (!text && type->elem.kind == BASE_ENUM && *t->option)
        text = "";
    if (!text)
        return 0;
    return type->shape == SHAPE_SET ? read_set(c, t, &type->elem, text, v)
                                    : read_one(c, t, &type->elem, text, v);
}

static int read_tokens(struct cli *c, struct recipe *r)
{
    for (int early = 1; early >= 0; early--)
        for (int i = 0; i < r->tokens_nr; i++)
            if (r->tokens[i].early == (early == 1) &&
                read_token(c, &r->tokens[i], token_type(r, i), &r->args[i]))
                return CLI_FAILED;
    return r->force_last ? cli_need_force(c) : 0;
}

/* The arguments that are no filters. */
static const char *other_params(struct cli *c, const struct recipe *r)
{
    struct buf names = {0};
    const char *text;

    buf_puts(&names, "progress");
    for (int i = 0; i < r->tokens_nr; i++)
        if (*r->tokens[i].name != '*')
            cli_join(&names, " ", r->tokens[i].name, NULL);
    text = arena_strndup(cli_arena(c), names.data, names.len);
    buf_fini(&names);
    return text;
}

static void print_one(struct cli *c, const struct type *type,
                      const struct value *v, bool message)
{
    struct value shown = cli_show(c, type, v, "");
    const char *text = v->kind == VALUE_FLOAT
                           ? arena_printf(cli_arena(c), "%f", v->f)
                           : cli_value_text(c, &shown, "; ");

    if (message)
        cli_say(c, text);
    else
        cli_print(c, text);
}

void cli_print_result(struct cli *c, const struct type *type,
                      const struct value *v, const char *how)
{
    struct value shown;

    if (v->kind == VALUE_VOID || type->elem.kind == BASE_VOID ||
        strcmp(how, "none") == 0)
        return;
    if (strcmp(how, "raw") == 0) {
        cli_tell(c, v->s);
    } else if (strcmp(how, "table") == 0) {
        shown = cli_show(c, type, v, "");
        cli_print_map(c, &shown);
    } else if (v->kind == VALUE_SET) {
        shown = cli_show(c, type, v, "");
        cli_print_list(c, &shown);
    } else {
        print_one(c, type, v, strcmp(how, "message") == 0);
    }
}

static int perform(struct cli *c, struct recipe *r)
{
    struct member members[TOKENS_MAX];
    struct value record, result = value_void();

    for (int i = 0; i < r->tokens_nr && is_create(r); i++)
        members[i] = (struct member){r->tokens[i].field, r->args[i]};
    if (is_create(r))
        record = value_map(members, (size_t)r->tokens_nr);
    if (cli_call(c, r->method, &result, is_create(r) ? &record : r->args,
                 is_create(r) ? 1 : r->tokens_nr))
        return CLI_FAILED;
    if (r->async)
        return cli_await_task(c, result.s);
    cli_print_result(c, &r->message->result, &result, r->output);
    return 0;
}

static int perform_on(struct cli *c, const struct cli_row *row, void *ctx)
{
    struct recipe *r = ctx;

    if (r->late && read_tokens(c, r))
        return CLI_FAILED;
    for (int i = 0; i < r->tokens_nr; i++)
        if (strcmp(r->tokens[i].name, "*") == 0)
            r->args[i] = value_string(row->ref);
    return perform(c, r);
}

/* The line that applies of "?flag A | B". */
static int choose(struct cli *c, const char **line)
{
    const char *flag, *bar;
    bool yes;

    if (**line != '?')
        return 0;
    bar = strchr(*line, '|');
    assert(bar);
    flag = arena_strndup(cli_arena(c), *line + 1, strcspn(*line + 1, " "));
    if (cli_flag(c, flag, false, &yes))
        return CLI_FAILED;
    *line = yes ? arena_strndup(cli_arena(c), *line + 1 + strlen(flag),
                                (size_t)(bar - *line) - 1 - strlen(flag))
                : bar + 1;
    return 0;
}

int cli_recipe_run(struct cli *c, const char *line)
{
    struct recipe *r = arena_alloc(cli_arena(c), sizeof(*r));

    if (choose(c, &line))
        return CLI_FAILED;
    recipe_parse(c, line, r);
    if (!r->message)
        return 0; /* commands that have lost their meaning do nothing */
    if (r->force_first && cli_need_force(c))
        return CLI_FAILED;
    if (!r->late && read_tokens(c, r))
        return CLI_FAILED;
    if (!r->selects)
        return perform(c, r);
    r->selection.others = other_params(c, r);
    return cli_each(c, &r->selection, perform_on, r);
}

static int check_line(struct cli *c, const char *line)
{
    struct recipe *r = arena_alloc(cli_arena(c), sizeof(*r));

    recipe_parse(c, line, r);
    if (strcmp(line, "nothing") == 0)
        return 0;
    if (!r->message || (r->async && !(r->message->flags & MSG_ASYNC)))
        return -EINVAL;
    for (int i = 0; i < r->tokens_nr; i++)
        if (!token_type(r, i))
            return -EINVAL;
    if (!is_create(r) && (r->tokens_nr < r->message->required_nr ||
                          r->tokens_nr > r->message->params_nr))
        return -EINVAL;
    return 0;
}

int cli_recipe_check(struct cli *c, const char *line)
{
    const char *bar = strchr(line, '|');

    if (*line != '?')
        return check_line(c, line);
    if (!bar || check_line(c, bar + 1))
        return -EINVAL;
    line += strcspn(line, " ");
    return check_line(c,
                      arena_strndup(cli_arena(c), line, (size_t)(bar - line)));
}

bool cli_recipe_works(struct cli *c, const char *line)
{
    struct recipe *r = arena_alloc(cli_arena(c), sizeof(*r));
    const char *bar = strchr(line, '|');

    recipe_parse(c, bar ? bar + 1 : line, r);
    return !r->message || r->message->handler || generic_knows(r->message);
}
