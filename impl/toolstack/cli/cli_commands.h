/* The functions that commands.def names. Each returns 0 or CLI_FAILED. */
#ifndef CLI_CLI_COMMANDS_H
#define CLI_CLI_COMMANDS_H

#include "cli_run.h"

#define COMMAND_CALL(name, required, optional, flags, call, help)
#define COMMAND_RUN(name, required, optional, flags, run, help) \
    int run(struct cli *c);
#include "commands.def"
#undef COMMAND_CALL
#undef COMMAND_RUN

#endif
