/* The commands: their arguments, their help, and what carries them out. */
#ifndef CLI_CLI_COMMAND_H
#define CLI_CLI_COMMAND_H

#include "cli_generic.h"

enum {
    CMD_VMS = 1 << 0,   /* takes filters on machines */
    CMD_HOSTS = 1 << 1, /* ... on hosts */
    CMD_SRS = 1 << 2,
    CMD_COMMON = 1 << 3, /* in the short list of `help` */
    CMD_HIDDEN = 1 << 4, /* in no list */
    CMD_HERE = 1 << 5,   /* by the host that was asked, master or not */
    CMD_LOCAL = 1 << 6,  /* with a session that needs no master */
};

struct cli_command {
    const char *name;
    const char *required, *optional; /* separated by blanks */
    unsigned flags;
    const char *call; /* a line for cli_recipe.h; or NULL */
    int (*run)(struct cli *c);
    const char *help;
    const struct cli_record *record; /* of a generic command; or NULL */
    enum cli_verb verb;
};

/* False: there is no such command. */
bool cli_command_find(struct cli *c, const char *name,
                      struct cli_command *command);
int cli_command_run(struct cli *c, const struct cli_command *command);

/* All names in order, and their number. */
const char *const *cli_command_names(struct cli *c, int *nr);

/* Whether the command has something to call; for counting what is missing. */
bool cli_command_works(struct cli *c, const struct cli_command *command);

/* `help`, `help NAME` and `help --all`. */
void cli_help(struct cli *c);

#endif
