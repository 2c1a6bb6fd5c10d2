/* What speaks against a bundle: a list that grows and names places. */
#ifndef CERTIFY_FINDINGS_H
#define CERTIFY_FINDINGS_H

#include <stdbool.h>
#include <stdio.h>

#include "bytes.h"

enum {
    FINDINGS_MAX = 100000, /* kept; more are only counted */
};

struct place {
    struct bytes file, test; /* empty: none in particular */
    long long offset;        /* of the byte, where `has_offset` */
    bool has_offset;
};

struct finding {
    const char *check; /* which one found it; borrowed for good */
    char *file, *test, *text;
    long long offset;
    bool has_offset;
};

struct findings {
    struct finding *rows;
    int nr, room, dropped;
};

#define IN_FILE(name) ((struct place){.file = bytes_of(name)})
#define AT_BYTE(name, where)                      \
    ((struct place){.file = bytes_of(name),       \
                    .offset = (long long)(where), \
                    .has_offset = true})

__attribute__((format(printf, 4, 5))) void
findings_add(struct findings *f, const char *check, struct place at,
             const char *format, ...);
void findings_fini(struct findings *f);
/* One line: the check, the place and the text. */
void finding_print(FILE *out, const struct finding *row);

#endif
