/* Why a machine cannot start somewhere, in words. */
#ifndef CLI_CLI_REPORT_H
#define CLI_CLI_REPORT_H

#include "cli_run.h"

/* The failure that is noted, as a reason. */
const char *cli_reason(struct cli *c);
/* A line for each host: whether the machine can start there. */
int cli_print_hosts_for(struct cli *c, const char *vm);

/* Asks, unless --force, and destroys machines with the disks they own. */
int cli_uninstall(struct cli *c, const char *const *vms, int nr);
/* The snapshot that the arguments name; fails when it is none. */
int cli_snapshot_param(struct cli *c, const char **vm);
/* The uuid of the pool's default repository; NULL when there is none. */
int cli_default_sr(struct cli *c, const char **uuid);
/* Keys NAME:key; a key ending in ":file" is the name of a client's file. */
int cli_plugin_args(struct cli *c, struct value *args);

#endif
