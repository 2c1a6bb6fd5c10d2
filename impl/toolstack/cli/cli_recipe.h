/*
 * Commands that are one call of the API, written as a line of commands.def.
 *
 *   [?flag LINE | LINE]  the first line when the argument is true
 *   [!] [~]              needs --force: checked first, or after the arguments
 *   [vm:OPTIONS]         for what is selected (vm, host, sr); c control domains,
 *                        t templates, 1 one at a time, l arguments afterwards
 *   [Async.]Class.message, and an argument of the command for each parameter
 *   [>OUTPUT]            message, table, raw, none; otherwise by the result type
 *
 * An argument is read as the parameter's type says: a reference is a uuid (or
 * null when it is absent), a set is separated by commas, a map NAME:key=value.
 *   name=text   when it is absent        name!    demanded
 *   name:z      bytes with a unit        name:safe  a number, with a complaint
 *   name:n      a number or 0            name:TABLE words of conversions.def
 *   name:anycase  whatever its case      ^name    read before the others
 *   *           what is selected         -        empty
 *   'text       just that
 *   @pool[:name], @host[:name]  the one named, or the only one, or ours
 *   field<name  a field of a record that a constructor takes
 */
#ifndef CLI_CLI_RECIPE_H
#define CLI_CLI_RECIPE_H

#include "cli_run.h"

int cli_recipe_run(struct cli *c, const char *line);

/* 0, or -EINVAL: it names a message or parameters that do not exist. */
int cli_recipe_check(struct cli *c, const char *line);

/* Whether what it calls is there to be called. */
bool cli_recipe_works(struct cli *c, const char *line);

/* Fails unless --force is given. */
int cli_need_force(struct cli *c);

/* Prints a result: a reference as its uuid, a list one per line. */
void cli_print_result(struct cli *c, const struct type *type,
                      const struct value *v, const char *how);

#endif
