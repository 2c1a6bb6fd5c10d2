/* Options of the command line, from the rows of options.def. */
#ifndef SIM_OPTIONS_H
#define SIM_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum {
    POOLS_MAX = 64,
    POOL_HOSTS_MAX = 250,
};

struct options {
#define OPTION_NUMBER(name, field, ...) uint64_t field;
#define OPTION_TEXT(name, field, ...)   const char *field;
#define OPTION_FLAG(name, field, ...)   bool field;
#include "options.def"
#undef OPTION_NUMBER
#undef OPTION_TEXT
#undef OPTION_FLAG
};

/*
 * Fills *o from the command line and the rows' defaults; texts are borrowed
 * from `argv`. 0, or -EINVAL with the reason said on stderr.
 */
int options_parse(struct options *o, int argc, char **argv);

/* The page of --help. */
void options_usage(FILE *out);

/* The command line that gives the same options, seed included, to `out`. */
void options_print(const struct options *o, FILE *out);

#endif
