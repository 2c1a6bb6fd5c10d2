/*
 * The expressions of get_all_where: field "name__label" = "x", and, or, not,
 * true, false, parentheses. `and` and `or` bind alike, from left to right.
 */
#ifndef CORE_FILTER_H
#define CORE_FILTER_H

#include "request.h"

enum {
    FILTER_STEPS_MAX = 256,
};

enum filter_op {
    FILTER_TRUE,
    FILTER_FALSE,
    FILTER_EQUAL,
    FILTER_NOT,
    FILTER_AND,
    FILTER_OR,
    FILTER_OPEN, /* while parsing only */
};

/* In postfix order, so that matching needs only a stack. */
struct filter {
    int nr;
    struct {
        enum filter_op op;
        bool literal[2];     /* the operand is a text, not a field */
        const char *text[2]; /* operands of FILTER_EQUAL */
    } steps[FILTER_STEPS_MAX];
};

/* 0, or API_FAILED with INVALID_VALUE set. */
int filter_parse(struct request *r, const char *text, struct filter *f);

/* 0 and *match, or API_FAILED: a field does not exist. */
int filter_match(struct request *r, const struct filter *f,
                 const struct object *o, bool *match);

/* A field as the database would store it: what expressions compare with. */
const char *filter_text(struct arena *a, const struct value *v);

#endif
