/*
 * Commands on machines, hosts or storage repositories that their arguments
 * select: any field as a filter, and a name or uuid.
 */
#ifndef CLI_CLI_SELECT_H
#define CLI_CLI_SELECT_H

#include "cli_record.h"

enum cli_selects {
    SELECT_VM,
    SELECT_HOST,
    SELECT_SR,
};

enum {
    SELECT_CONTROL = 1 << 0,   /* control domains too */
    SELECT_TEMPLATES = 1 << 1, /* templates too */
    SELECT_ONE = 1 << 2,       /* never more than one at a time */
};

struct cli_selection {
    enum cli_selects what;
    unsigned flags;
    const char *others; /* arguments that are no filters, separated by blanks */
};

int cli_select(struct cli *c, const struct cli_selection *s,
               struct cli_row **rows, int *nr);

/*
 * Carries out `op` on what is selected. More than one needs --multiple; then
 * all are tried, and those that failed are listed.
 */
typedef int (*cli_op)(struct cli *c, const struct cli_row *row, void *ctx);
int cli_each(struct cli *c, const struct cli_selection *s, cli_op op,
             void *ctx);

/* A host by name or uuid; fails when there is none. */
int cli_host_named(struct cli *c, const char *name, const char **ref);

#endif
