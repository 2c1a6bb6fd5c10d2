/* event-wait: until an object of a class is as the arguments say. */
#include <string.h>

#include "cli_commands.h"
#include "cli_record.h"

enum {
    LOOK_MS = 5000, /* at the latest, when nothing is told */
};

/* Classes that can be waited for. */
static const char classes[] = "vm vdi sr host network vif pif vbd pbd pool "
                              "task subject role secret vmss";

static int row_matches(struct cli *c, const struct cli_row *row, bool *yes)
{
    *yes = true;
    for (int i = 0; i < c->params_nr && *yes; i++) {
        const struct cli_param *p = &c->params[i];
        const struct cli_field *f = cli_field_find(row->record, p->name);
        bool differs = strncmp(p->value, "/=", 2) == 0;
        const char *text;

        if (strcmp(p->name, "class") == 0 || cli_is_common_param(p->name))
            continue;
        if (!f)
            return cli_fail(c, "key missing: %s", p->name);
        if (cli_field_text(c, row, f, &text))
            return CLI_FAILED;
        *yes = (strcmp(text, p->value + (differs ? 2 : 0)) == 0) != differs;
    }
    return 0;
}

/* What is waited for, and whether it was there at the last look. */
struct look {
    const struct cli_record *record;
    bool yes;
};

static int look(struct cli *c, void *ctx)
{
    struct look *l = ctx;
    struct cli_row *rows;
    int nr;

    l->yes = false;
    if (cli_rows(c, l->record, "true", &rows, &nr))
        return CLI_FAILED;
    for (int i = 0; i < nr && !l->yes; i++)
        if (row_matches(c, &rows[i], &l->yes))
            return CLI_FAILED;
    return 0;
}

int cmd_event_wait(struct cli *c)
{
    const char *class = cli_param_or(c, "class", "");
    struct look l = {0};

    if (!cli_names_have(classes, class))
        return cli_fail(c,
                        "Cli listening for class '%s' not currently "
                        "implemented",
                        class);
    l.record = cli_record_find(class);
    for (;;) {
        uint64_t generation;

        if (cli_scratch(c, look, &l))
            return CLI_FAILED;
        if (l.yes)
            return 0;
        generation = c->ts->db.generation;
        while (generation == c->ts->db.generation)
            if (cli_pause(c, LOOK_MS))
                return CLI_FAILED;
    }
}
