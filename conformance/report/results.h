/* What became of every check, and how it is written down. */
#ifndef REPORT_RESULTS_H
#define REPORT_RESULTS_H

#include <stdio.h>

enum outcome {
    OUTCOME_NONE, /* not run */
    OUTCOME_PASSED,
    OUTCOME_FAILED,
    OUTCOME_SKIPPED,
    OUTCOME_ERROR, /* it could not be judged */
    OUTCOMES_NR,
};

struct result {
    const char *group, *item; /* item: "" for a check of its own */
    const char *claim;
    enum outcome outcome;
    char *detail; /* owned; NULL: none */
    double seconds;
};

struct results {
    struct result *rows;
    int nr, room;
};

/* Takes over nothing: names are borrowed, the detail is copied. */
void results_add(struct results *r, struct result row);
void results_free(struct results *r);
int results_count(const struct results *r, enum outcome o);
const char *outcome_name(enum outcome o);

/* Name and value pairs that end with NULL: target, seed, version, ... */
void junit_write(FILE *out, const struct results *r,
                 const char *const *properties);
void tap_write(FILE *out, const struct results *r);
void jsonl_write(FILE *out, const struct results *r);

#endif
