/* What the command line asked for. */
#ifndef API_OPTIONS_H
#define API_OPTIONS_H

#include <stdbool.h>

struct options {
    const char *target, *profile, *filter;
    const char *junit, *tap, *json, *jsonl, *html;
    const char *users; /* ROLE=NAME:PASSWORD,... */
    unsigned long long seed;
    bool destructive, list, help, version;
};

/* 0; or -EINVAL, after a line on stderr that says why. */
int options_parse(struct options *o, int argc, char **argv);
void options_help(void);

#endif
