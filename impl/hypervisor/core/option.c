/*
 * The hypervisor's command line: one table from option.def, one parser per kind.
 */
#include "hv/option.h"

#include "hv/log.h"

#include "base/string.h"

#define CMDLINE_MAX 1024
#define NAME_MAX    32

#define OPTION_BOOL(n, def, help)   bool opt_##n = (def);
#define OPTION_UINT(n, def, help)   unsigned long opt_##n = (def);
#define OPTION_STRING(n, def, help) char opt_##n[OPT_STRING_MAX] = def;
#include "hv/option.def"
#undef OPTION_BOOL
#undef OPTION_UINT
#undef OPTION_STRING

struct option {
    const char *name;
    enum option_kind kind;
    void *value;
};

static const struct option options[] = {
#define OPTION_BOOL(n, def, help)   {#n, OPT_BOOL, &opt_##n},
#define OPTION_UINT(n, def, help)   {#n, OPT_UINT, &opt_##n},
#define OPTION_STRING(n, def, help) {#n, OPT_STRING, opt_##n},
#include "hv/option.def"
#undef OPTION_BOOL
#undef OPTION_UINT
#undef OPTION_STRING
};

/* One word of the command line: name, and value or NULL. */
struct word {
    char text[OPT_STRING_MAX + NAME_MAX];
    const char *value;
};

static char cmdline_text[CMDLINE_MAX];

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

static bool (*const parse_value[])(void *out, const char *value) = {
    [OPT_BOOL] = parse_bool,
    [OPT_UINT] = parse_uint,
    [OPT_STRING] = parse_string,
};

static const struct option *option_find(const char *name)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(options); i++)
        if (str_equal(name, options[i].name))
            return &options[i];
    return NULL;
}

/* "no-name" is "name=false", for switches only. */
static const struct option *option_find_negated(struct word *w)
{
    const struct option *o = NULL;

    if (!w->value && str_starts(w->text, "no-"))
        o = option_find(w->text + 3);
    if (!o || o->kind != OPT_BOOL)
        return NULL;
    w->value = "0";
    return o;
}

static bool word_apply(struct word *w)
{
    const struct option *o = option_find(w->text);

    if (!o)
        o = option_find_negated(w);
    if (!o) {
        log_warn("unknown option '%s' ignored", w->text);
        return false;
    }
    if (!parse_value[o->kind](o->value, w->value)) {
        log_warn("bad value '%s' of option '%s' ignored",
                 w->value ? w->value : "", o->name);
        return false;
    }
    return true;
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
static bool word_is_image(const struct word *w)
{
    if (w->value || option_find(w->text))
        return false;
    for (const char *p = w->text; *p; p++)
        if (*p == '/' || *p == '.')
            return true;
    return false;
}

unsigned int option_parse(const char *cmdline)
{
    const char *at = cmdline;
    unsigned int bad = 0;
    struct word w;
    bool first = true;

    if (!str_copy(cmdline_text, sizeof(cmdline_text), cmdline))
        log_warn("command line kept to its first %u characters only",
                 (unsigned int)sizeof(cmdline_text) - 1);
    for (; word_next(&at, &w); first = false) {
        if (str_equal(w.text, "--"))
            break;
        if (first && word_is_image(&w))
            continue;
        if (!word_apply(&w))
            bad++;
    }
    return bad;
}

const char *option_cmdline(void)
{
    return cmdline_text;
}
