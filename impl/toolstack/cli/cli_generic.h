/* The commands that every class has: NAME-list, NAME-param-get and so on. */
#ifndef CLI_CLI_GENERIC_H
#define CLI_CLI_GENERIC_H

#include "cli_run.h"

struct cli_record;

enum cli_verb {
    VERB_LIST,
    VERB_PARAM_LIST,
    VERB_PARAM_GET,
    VERB_PARAM_SET,
    VERB_PARAM_ADD,
    VERB_PARAM_REMOVE,
    VERB_PARAM_CLEAR,
    VERBS,
};

const char *cli_verb_name(enum cli_verb verb);
int cli_generic_run(struct cli *c, const struct cli_record *r,
                    enum cli_verb verb);

#endif
