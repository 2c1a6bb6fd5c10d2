/*
 * A command line of options: "name", "name=value", "no-name", by a table.
 *
 * Text after " -- " and an image path before the first option are skipped. Pure:
 * values go where the table says, what is wrong is told to a function.
 */
#ifndef BASE_OPTION_H
#define BASE_OPTION_H

#include "base/types.h"

#define OPT_STRING_MAX 128 /* bytes of a string, its end included */
#define OPT_LIST_MAX   512 /* of a list: each time it is given, a word is added */

enum option_kind { OPT_BOOL, OPT_UINT, OPT_STRING, OPT_LIST };

struct option {
    const char *name;
    enum option_kind kind;
    void *
        value; /* bool, unsigned long, char[OPT_STRING_MAX], char[OPT_LIST_MAX] */
};

/* 'o' NULL: no option is called 'text'. Else 'text' is no value of it. */
typedef void option_wrong_fn(const struct option *o, const char *text);

/* Returns how many words were wrong; these change nothing. */
unsigned int options_read(const struct option *table, unsigned int nr,
                          const char *cmdline, option_wrong_fn *wrong);

#endif
