/*
 * Builds a value from a stream of events, as parsers meet them.
 *
 * Everything lives in the arena. Depth and item counts are bounded; the first
 * event that cannot be taken makes the builder fail for good.
 */
#ifndef MODEL_BUILDER_H
#define MODEL_BUILDER_H

#include "value.h"

struct builder_item;

struct builder {
    struct arena *arena;
    struct value root;
    bool done;   /* the root is complete */
    bool failed; /* misuse: too deep, or more than one root */
    int depth;
    struct {
        bool map;
        const char *key; /* of the next member */
        struct builder_item *newest;
        uint32_t nr;
    } open[VALUE_DEPTH_MAX];
};

void builder_init(struct builder *b, struct arena *arena);
void builder_begin(struct builder *b, bool map);
void builder_end(struct builder *b);
/* `key` is borrowed and must live as long as the arena. */
void builder_key(struct builder *b, const char *key);
void builder_put(struct builder *b, struct value v);

#endif
