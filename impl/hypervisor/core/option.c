/*
 * The hypervisor's command line: a table from option.def.
 */
#include "hv/option.h"

#include "hv/log.h"

#include "base/string.h"

#define CMDLINE_MAX 1024

#define OPTION_BOOL(n, def, help)   bool opt_##n = (def);
#define OPTION_UINT(n, def, help)   unsigned long opt_##n = (def);
#define OPTION_STRING(n, def, help) char opt_##n[OPT_STRING_MAX] = def;
#define OPTION_LIST(n, help)        char opt_##n[OPT_LIST_MAX];
#include "hv/option.def"
#undef OPTION_BOOL
#undef OPTION_UINT
#undef OPTION_STRING
#undef OPTION_LIST

static const struct option options[] = {
#define OPTION_BOOL(n, def, help)   {#n, OPT_BOOL, &opt_##n},
#define OPTION_UINT(n, def, help)   {#n, OPT_UINT, &opt_##n},
#define OPTION_STRING(n, def, help) {#n, OPT_STRING, opt_##n},
#define OPTION_LIST(n, help)        {#n, OPT_LIST, opt_##n},
#include "hv/option.def"
#undef OPTION_BOOL
#undef OPTION_UINT
#undef OPTION_STRING
#undef OPTION_LIST
};

static char cmdline_text[CMDLINE_MAX];

static void wrong(const struct option *o, const char *text)
{
    if (o)
        log_warn("bad value '%s' of option '%s' ignored", text, o->name);
    else
        log_warn("unknown option '%s' ignored", text);
}

unsigned int option_parse(const char *cmdline)
{
    if (!str_copy(cmdline_text, sizeof(cmdline_text), cmdline))
        log_warn("command line kept to its first %u characters only",
                 (unsigned int)sizeof(cmdline_text) - 1);
    return options_read(options, ARRAY_SIZE(options), cmdline, wrong);
}

const char *option_cmdline(void)
{
    return cmdline_text;
}
