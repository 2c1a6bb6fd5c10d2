/* What the command line asked for. */
#ifndef API_OPTIONS_H
#define API_OPTIONS_H

#include <stdbool.h>

enum {
    FILTERS_MAX = 64,
};

struct options {
    const char *target, *profile;
    const char *filters[FILTERS_MAX]; /* any of them; NULL at the end */
    const char *junit, *tap, *json, *jsonl, *html;
    const char *users;   /* ROLE=NAME:PASSWORD,... */
    const char *ca_file; /* certificates to trust; NULL: the system's */
    const char *state;   /* file of the journal; NULL: by the target */
    const char *failed;  /* results to take failures from; "": the journal */
    const char *abi;     /* results of the other suite, for the page */
    const char *replay;  /* script of a property test */
    const char *scripts; /* where scripts of failures go */
    unsigned long long seed, jobs, timeout, steps, seeds; /* timeout in s */
    bool destructive, insecure, list, help, version;
    bool resume, keep, cleanup, timings;
};

/* 0; or -EINVAL, after a line on stderr that says why. The password in argv is
 * overwritten when the target is an address. */
int options_parse(struct options *o, int argc, char **argv);
void options_help(void);
/* A line on stderr. Returns -EINVAL. */
int options_refuse(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

#endif
