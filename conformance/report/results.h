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
    char *log;    /* calls and answers, owned; NULL: none */
    char *marks;  /* what it exercised, "MESSAGE:COLUMN ..."; owned; NULL */
    int calls;
    double seconds, waited; /* of it, for the endpoint */
};

struct results {
    struct result *rows;
    int nr, room;
};

/* Names are borrowed; detail, log and marks are copied. */
void results_add(struct results *r, struct result row);
void results_free(struct results *r);
int results_count(const struct results *r, enum outcome o);
const char *outcome_name(enum outcome o);

/* One line of JSON, without its end; to be freed. */
char *result_json(const struct result *row);
/* The outcome of that name; OUTCOME_NONE for any other. */
enum outcome outcome_find(const char *name);

/* Name and value pairs that end with NULL: target, seed, version, ... */
void junit_write(FILE *out, const struct results *r,
                 const char *const *properties);
void tap_write(FILE *out, const struct results *r);
void jsonl_write(FILE *out, const struct results *r);

#endif
