/* Long options by getopt_long(). */
#include "options/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { HELP = OPTIONS_MAX, VERSION, FIRST = 256 };

/* A whole number within an int, or a real one; false: neither. */
static bool number_take(const char *text, bool whole, void *at)
{
    char *end;
    double value = strtod(text, &end);

    if (end == text || *end ||
        !(value > -2147483649.0 && value < 2147483648.0) ||
        (whole && value != (double)(int)value))
        return false;
    if (whole)
        *(int *)at = (int)value;
    else
        *(double *)at = value;
    return true;
}

static int value_take(const struct option_set *set, const struct option_row *r,
                      void *values, const char *text)
{
    void *at = (char *)values + r->offset;

    switch (r->kind) {
    case OPTION_FLAG:
        *(bool *)at = true;
        return 0;
    case OPTION_TEXT:
        *(const char **)at = text;
        return 0;
    case OPTION_TAKE:
        return r->take(values, text);
    default:
        if (number_take(text, r->kind == OPTION_INT, at))
            return 0;
        fprintf(stderr, "%s: --%s: '%s' is no number\n", set->program, r->name,
                text);
        return -EINVAL;
    }
}

static void table_make(const struct option_set *set, struct option *known)
{
    for (size_t i = 0; i < set->rows; i++)
        known[i] = (struct option){
            set->row[i].name,
            set->row[i].kind == OPTION_FLAG ? no_argument : required_argument,
            NULL, FIRST + (int)i};
    known[set->rows] = (struct option){"help", no_argument, NULL, FIRST + HELP};
    known[set->rows + 1] =
        (struct option){"version", no_argument, NULL, FIRST + VERSION};
    known[set->rows + 2] = (struct option){0};
}

int options_read(const struct option_set *set, void *values, int argc,
                 char **argv)
{
    struct option known[OPTIONS_MAX + 3];
    int c;

    table_make(set, known);
    optind = 0; /* from the start, also for a second time */
    while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (c == FIRST + HELP || c == FIRST + VERSION) {
            const char *text = c == FIRST + HELP ? set->usage : set->version;

            exit(puts(text) < 0 ? 2 : EXIT_SUCCESS);
        }
        if (c < FIRST)
            fprintf(stderr, "try: %s --help\n", set->program);
        if (c < FIRST || value_take(set, &set->row[c - FIRST], values, optarg))
            return -EINVAL;
    }
    return optind;
}
