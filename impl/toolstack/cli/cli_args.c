/* Arguments: lines into names and values, values into what they mean. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cli_run.h"

static const struct {
    const char *option, *name;
} switches[] = {
    {"-u", "username"}, {"-pw", "password"}, {"-s", "server"},
    {"-h", "server"},   {"-p", "port"},
};

static const char *switch_name(const char *option)
{
    for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++)
        if (strcmp(switches[i].option, option) == 0)
            return switches[i].name;
    return NULL;
}

/* The next line without its end; NULL after the last one. */
static const char *next_line(struct cli *c, const char **at, const char *end)
{
    const char *line = *at, *stop;
    size_t len;

    if (!line)
        return NULL;
    stop = memchr(line, '\n', (size_t)(end - line));
    len = (size_t)((stop ? stop : end) - line);
    *at = stop ? stop + 1 : NULL;
    if (len && line[len - 1] == '\r')
        len--;
    return arena_strndup(cli_arena(c), line, len);
}

static int add_param(struct cli *c, const char *name, const char *value)
{
    if (c->params_nr == CLI_PARAMS_MAX)
        return cli_fail_usage(c, "Syntax error", "");
    c->params[c->params_nr++] = (struct cli_param){name, value};
    return 0;
}

static int take_arg(struct cli *c, const char *arg, const char **at,
                    const char *end)
{
    const char *equals = strchr(arg, '='), *value;
    size_t len = equals ? (size_t)(equals - arg) : strlen(arg);

    if (strncmp(arg, "--", 2) == 0)
        return add_param(c, arg + 2, "true");
    if (arg[0] != '-')
        return add_param(c, arena_strndup(cli_arena(c), arg, len),
                         equals ? equals + 1 : "");
    value = next_line(c, at, end);
    if (!value || !switch_name(arg))
        return cli_fail_usage(c, "Syntax error", "");
    return add_param(c, switch_name(arg), value);
}

int cli_args_parse(struct cli *c, const char *body, size_t len)
{
    static const char session[] = "session_id=";
    const char *at = body, *end = body + len, *arg;
    int rc = 0;

    c->params = arena_alloc(cli_arena(c), CLI_PARAMS_MAX * sizeof(*c->params));
    if (memchr(body, '\0', len))
        return cli_fail_usage(c, "Syntax error", "");
    c->name = next_line(c, &at, end);
    if (strncmp(c->name, session, strlen(session)) == 0) {
        c->session = c->name + strlen(session);
        c->name = next_line(c, &at, end);
    }
    if (!c->name || strchr(c->name, '='))
        return cli_fail_usage(c, "Syntax error", "");
    while (!rc && (arg = next_line(c, &at, end)))
        rc = take_arg(c, arg, &at, end);
    return rc;
}

const char *cli_param(const struct cli *c, const char *name)
{
    for (int i = 0; i < c->params_nr; i++)
        if (strcmp(c->params[i].name, name) == 0)
            return c->params[i].value;
    return NULL;
}

const char *cli_param_or(const struct cli *c, const char *name,
                         const char *otherwise)
{
    const char *value = cli_param(c, name);

    return value ? value : otherwise;
}

int cli_param_need(struct cli *c, const char *name, const char **text)
{
    *text = cli_param(c, name);
    return *text ? 0 : cli_fail_internal(c, "INTERNAL_ERROR: [ Not_found ]");
}

bool cli_bool_parse(const char *text, bool *flag)
{
    static const char *const words[] = {"true",  "t", "yes", "y", "1",
                                        "false", "f", "no",  "n", "0"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcasecmp(words[i], text) == 0) {
            *flag = i < 5;
            return true;
        }
    return false;
}

int cli_flag(struct cli *c, const char *name, bool otherwise, bool *flag)
{
    const char *text = cli_param(c, name);

    *flag = otherwise;
    if (!text || cli_bool_parse(text, flag))
        return 0;
    return cli_fail(c,
                    "Failed to parse parameter '%s': Expected "
                    "'true','t','yes','y','1','false','f','no','n','0' got %s",
                    name, text);
}

bool cli_int_parse(const char *text, int64_t *i)
{
    char *end;

    errno = 0;
    *i = strtoll(text, &end, text[0] == '0' && text[1] == 'x' ? 16 : 10);
    return !errno && !isspace((unsigned char)*text) && *text != '+' &&
           end != text && !*end;
}

bool cli_float_parse(const char *text, double *f)
{
    char *end;

    *f = strtod(text, &end);
    return !isspace((unsigned char)*text) && end != text && !*end;
}

/* Digits and a unit. */
static bool bytes_parse(const char *text, int64_t *bytes)
{
    static const struct {
        const char *unit;
        int shift;
    } units[] = {{"", 0},     {"b", 0},    {"bytes", 0}, {"k", 10},
                 {"kb", 10},  {"kib", 10}, {"m", 20},    {"mb", 20},
                 {"mib", 20}, {"g", 30},   {"gb", 30},   {"gib", 30},
                 {"t", 40},   {"tb", 40},  {"tib", 40}};
    char *unit;

    errno = 0;
    *bytes = strtoll(text, &unit, 10);
    if (errno || unit == text || *bytes < 0 || isspace((unsigned char)*text))
        return false;
    unit += strspn(unit, " \t");
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (strcasecmp(units[i].unit, unit) == 0) {
            *bytes = (int64_t)((uint64_t)*bytes << units[i].shift);
            return true;
        }
    return false;
}

int cli_bytes_parse(struct cli *c, const char *name, const char *text,
                    int64_t *bytes)
{
    if (bytes_parse(text, bytes))
        return 0;
    return cli_fail(c,
                    "Failed to parse field '%s': expecting an integer "
                    "(possibly with suffix KiB, MiB, GiB, TiB), got '%s'",
                    name, text);
}

struct value cli_map_params(struct cli *c, const char *name)
{
    size_t len = strlen(name);
    struct value map = value_map(NULL, 0);

    for (int i = 0; i < c->params_nr; i++) {
        const struct cli_param *p = &c->params[i];

        if (strncmp(p->name, name, len) == 0 && strlen(p->name) > len + 1 &&
            !value_find(&map, p->name + len + 1))
            map = value_map_with(cli_arena(c), &map, p->name + len + 1,
                                 value_string(p->value));
    }
    return map;
}

struct value cli_words(struct cli *c, const char *text, char separator)
{
    size_t nr = 1, at = 0;
    struct value *items;

    for (const char *s = text; *s; s++)
        nr += *s == separator;
    items = arena_alloc(cli_arena(c), nr * sizeof(*items));
    for (const char *s = text; at < nr; at++) {
        const char *stop = strchr(s, separator);
        size_t len = stop ? (size_t)(stop - s) : strlen(s);

        items[at] = value_string(arena_strndup(cli_arena(c), s, len));
        s += len + 1;
    }
    return value_set(items, nr);
}
