/*
 * Options of a command line (base/option.h): words, and one parser per kind.
 */
#include "base/option.h"

#include "base/string.h"

#define NAME_MAX 32

/* One word of the command line: name, and value or NULL. */
struct word {
    char text[OPT_STRING_MAX + NAME_MAX];
    const char *value;
};

static bool parse_bool(void *out, const char *value)
{
    static const char *const yes[] = {"1", "on", "yes", "true", "enable"};
    static const char *const no[] = {"0", "off", "no", "false", "disable"};

    if (!value) {
        *(bool *)out = true;
        return true;
    }
    for (unsigned int i = 0; i < ARRAY_SIZE(yes); i++)
        if (str_equal(value, yes[i]) || str_equal(value, no[i])) {
            *(bool *)out = str_equal(value, yes[i]);
            return true;
        }
    return false;
}

static bool parse_uint(void *out, const char *value)
{
    const char *end;
    uint64_t n;

    if (!value || !str_number(value, &end, &n) || *end)
        return false;
    *(unsigned long *)out = n;
    return true;
}

static bool parse_string(void *out, const char *value)
{
    char text[OPT_STRING_MAX];

    if (!value || !str_copy(text, sizeof(text), value))
        return false;
    memcpy(out, text, sizeof(text));
    return true;
}

/* Goes to the end of what was given before. */
static bool parse_list(void *out, const char *value)
{
    char *to = out;
    size_t n = str_length(to, OPT_LIST_MAX), comma = n ? 1 : 0;

    if (!value || n + comma + str_length(value, OPT_LIST_MAX) >= OPT_LIST_MAX)
        return false;
    to[n] = ',';
    return str_copy(to + n + comma, OPT_LIST_MAX - n - comma, value);
}

static bool (*const parse_value[])(void *out, const char *value) = {
    [OPT_BOOL] = parse_bool,
    [OPT_UINT] = parse_uint,
    [OPT_STRING] = parse_string,
    [OPT_LIST] = parse_list,
};

struct table {
    const struct option *row;
    unsigned int nr;
};

static const struct option *option_find(const struct table *t, const char *name)
{
    for (unsigned int i = 0; i < t->nr; i++)
        if (str_equal(name, t->row[i].name))
            return &t->row[i];
    return NULL;
}

/* "no-name" is "name=false", for switches only. */
static const struct option *option_find_negated(const struct table *t,
                                                struct word *w)
{
    const struct option *o = NULL;

    if (!w->value && str_starts(w->text, "no-"))
        o = option_find(t, w->text + 3);
    if (!o || o->kind != OPT_BOOL)
        return NULL;
    w->value = "0";
    return o;
}

static bool word_apply(const struct table *t, struct word *w,
                       option_wrong_fn *wrong)
{
    const struct option *o = option_find(t, w->text);

    if (!o)
        o = option_find_negated(t, w);
    if (o && parse_value[o->kind](o->value, w->value))
        return true;
    wrong(o, !o ? w->text : w->value ? w->value : "");
    return false;
}

/* Take the next word off '*at'; false at the end. Too long a word is cut. */
static bool word_next(const char **at, struct word *w)
{
    const char *p = *at;
    size_t n = 0;

    w->value = NULL;
    while (*p == ' ' || *p == '\t')
        p++;
    for (; *p && *p != ' ' && *p != '\t'; p++) {
        if (n == sizeof(w->text) - 1)
            continue;
        w->text[n] = *p;
        if (*p == '=' && !w->value) {
            w->text[n] = '\0';
            w->value = &w->text[n + 1];
        }
        n++;
    }
    w->text[n] = '\0';
    *at = p;
    return n > 0;
}

/* Some loaders put the path of the image first. */
static bool word_is_image(const struct table *t, const struct word *w)
{
    if (w->value || option_find(t, w->text))
        return false;
    for (const char *p = w->text; *p; p++)
        if (*p == '/' || *p == '.')
            return true;
    return false;
}

unsigned int options_read(const struct option *table, unsigned int nr,
                          const char *cmdline, option_wrong_fn *wrong)
{
    const struct table t = {table, nr};
    const char *at = cmdline;
    unsigned int bad = 0;
    struct word w;
    bool first = true;

    for (; word_next(&at, &w); first = false) {
        if (str_equal(w.text, "--"))
            break;
        if (first && word_is_image(&t, &w))
            continue;
        if (!word_apply(&t, &w, wrong))
            bad++;
    }
    return bad;
}
