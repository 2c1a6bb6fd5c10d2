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

static int any_matches(struct cli *c, const struct cli_record *r, bool *yes)
{
    struct cli_row *rows;
    int nr;

    *yes = false;
    if (cli_rows(c, r, "true", &rows, &nr))
        return CLI_FAILED;
    for (int i = 0; i < nr && !*yes; i++)
        if (row_matches(c, &rows[i], yes))
            return CLI_FAILED;
    return 0;
}

/* Each look has memory of its own: waiting may take long. */
static int look(struct cli *c, const struct cli_record *r, bool *yes)
{
    struct cli_memory *kept = c->memory, scratch;
    int rc;

    cli_memory_init(&scratch);
    c->memory = &scratch;
    rc = any_matches(c, r, yes);
    c->memory = kept;
    if (rc && c->failure == FAILURE_API)
        c->words = cli_keep(c, &c->words);
    if (rc && c->text)
        c->text = arena_strdup(cli_arena(c), c->text);
    cli_memory_fini(&scratch);
    return rc;
}

int cmd_event_wait(struct cli *c)
{
    const char *class = cli_param_or(c, "class", "");
    bool yes = false;

    if (!cli_names_have(classes, class))
        return cli_fail(c,
                        "Cli listening for class '%s' not currently "
                        "implemented",
                        class);
    for (;;) {
        uint64_t generation;

        if (look(c, cli_record_find(class), &yes) || yes)
            return yes ? 0 : CLI_FAILED;
        generation = c->ts->db.generation;
        while (generation == c->ts->db.generation)
            if (cli_pause(c, LOOK_MS))
                return CLI_FAILED;
    }
}
