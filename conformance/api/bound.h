/*
 * Values by name, and texts that refer to them.
 *
 * A text is a list of JSON values with ' for " and ` for \". In it "$name" stands for a value that is bound,
 * "$name.field.0" for a part of one, and "..${name}.." for its text inside a
 * longer one. Values belong to this table. One thread.
 */
#ifndef API_BOUND_H
#define API_BOUND_H

#include <cjson/cJSON.h>

enum {
    BOUND_MAX = 256,
    BOUND_NAME_BYTES = 64,
};

/* Takes over `value`; a second value of a name hides the first. */
void bound_add(const char *name, cJSON *value);
/* The latest value of that name or part; NULL: none. */
cJSON *bound_find(const char *path);
/* How many there are; what came later than that many is forgotten. */
int bound_count(void);
void bound_cut(int nr);
/* Names bound before that many are out of sight, until it is set back. */
int bound_hide(int nr);

/*
 * The tree that a text means, kept until the check ends; fails the check when
 * it is no JSON. NULL: a name is not bound, and copied to `missing`.
 */
cJSON *bound_parse(const char *text, char missing[BOUND_NAME_BYTES]);

#endif
