/*
 * Command lines of hosted programs: long options as rows that say where a value
 * goes. --help and --version print and end the program; what is wrong is told on
 * stderr.
 */
#ifndef OPTIONS_OPTIONS_H
#define OPTIONS_OPTIONS_H

#include <stddef.h>

enum option_kind {
    OPTION_FLAG, /* bool */
    OPTION_TEXT, /* const char *: borrowed from argv */
    OPTION_INT,  /* int */
    OPTION_REAL, /* double */
    OPTION_TAKE, /* take(values, text) */
};

enum { OPTIONS_MAX = 48 };

struct option_row {
    const char *name;
    enum option_kind kind;
    size_t offset; /* in the values */
    /* 0, or negative, and then it has told what is wrong. */
    int (*take)(void *values, const char *text);
};

struct option_set {
    const char *program; /* "touchstone level" */
    const char *version; /* of --version */
    const char *usage;   /* of --help */
    const struct option_row *row;
    size_t rows; /* at most OPTIONS_MAX */
};

/* Reads argv into `values`. Returns where the operands begin in argv, which is
   put into order; negative: wrong usage. */
int options_read(const struct option_set *set, void *values, int argc,
                 char **argv);

#endif
