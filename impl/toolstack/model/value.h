/*
 * Values of the API: what parameters, results, fields and records are made of.
 *
 * A value is 16 bytes and borrows what it points to: an arena's memory, a
 * packed block (value_pack) or a constant. Strings hold no NUL. References,
 * enumeration members and map keys are strings; integers that are keys are
 * written in decimal.
 */
#ifndef MODEL_VALUE_H
#define MODEL_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"

#define REF_NULL "OpaqueRef:NULL"
#define DATE_0   "19700101T00:00:00Z"

enum {
    VALUE_DEPTH_MAX = 64,
};

enum value_kind {
    VALUE_VOID, /* no result; an empty string on the wire */
    VALUE_NIL,  /* an absent optional */
    VALUE_STRING,
    VALUE_INT,
    VALUE_BOOL,
    VALUE_FLOAT,
    VALUE_DATE, /* 20260131T12:34:56Z */
    VALUE_SET,
    VALUE_MAP,      /* and records */
    VALUE_RENDERED, /* to be written only; see rendering.h */
};

struct rendering;

struct value {
    enum value_kind kind;
    uint32_t nr; /* bytes of a string or date, items of a set or map */
    union {
        const char *s;
        int64_t i;
        double f;
        bool b;
        const struct value *items;
        const struct member *members;
        struct rendering *rendering;
    };
};

struct member {
    const char *key;
    struct value value;
};

struct value value_void(void);
struct value value_string(const char *s);
struct value value_date(const char *s);
struct value value_int(int64_t i);
struct value value_bool(bool b);
struct value value_float(double f);
struct value value_set(const struct value *items, size_t nr);
struct value value_map(const struct member *members, size_t nr);

/* A set of `nr` strings in the arena. */
struct value value_strings(struct arena *a, const char *const *strings,
                           size_t nr);

/* The member's value; NULL when there is none. */
const struct value *value_find(const struct value *map, const char *key);
/* The member's text, or `otherwise`. */
const char *value_text(const struct value *map, const char *key,
                       const char *otherwise);
bool value_has(const struct value *set, const char *string);
bool value_equal(const struct value *a, const struct value *b);

/* Copies of a set or a map with one item more (or replaced), or one less. */
struct value value_set_with(struct arena *a, const struct value *set,
                            const char *string);
struct value value_set_without(struct arena *a, const struct value *set,
                               const char *string);
struct value value_map_with(struct arena *a, const struct value *map,
                            const char *key, struct value v);
struct value value_map_without(struct arena *a, const struct value *map,
                               const char *key);
/* The same as _with, but what is new comes first, as in the API's answers. */
struct value value_set_front(struct arena *a, const struct value *set,
                             const char *string);
struct value value_map_front(struct arena *a, const struct value *map,
                             const char *key, struct value v);

/*
 * Copies all of *v into one block. The copy points into *block, which the
 * caller frees; it is NULL when the value needs no memory of its own.
 */
struct value value_pack(const struct value *v, void **block);

/* A copy with everything in it. */
struct value value_copy(struct arena *a, const struct value *v);

/*
 * Visits a value in order, without recursion. Every callback may be NULL except
 * `scalar`. `key` precedes each member's value; `next` is called between items.
 */
struct value_visitor {
    void (*begin)(void *ctx, const struct value *v);
    void (*end)(void *ctx, const struct value *v);
    void (*key)(void *ctx, const char *key);
    void (*key_end)(void *ctx);
    void (*item)(void *ctx);
    void (*item_end)(void *ctx);
    void (*next)(void *ctx);
    void (*scalar)(void *ctx, const struct value *v);
};

void value_walk(const struct value *v, const struct value_visitor *visitor,
                void *ctx);

#endif
