/*
 * The text of a value in each dialect, made when it is first asked for and kept
 * until the value changes.
 *
 * A VALUE_RENDERED stands for such a value where a result only has to be
 * written. It is borrowed from its owner, and gone with the next change.
 */
#ifndef MODEL_RENDERING_H
#define MODEL_RENDERING_H

#include "buf.h"
#include "value.h"

enum {
    RENDERED_BYTES_MAX = 32 << 20, /* kept by one owner; more is made again */
};

enum dialect {
    DIALECT_JSON,
    DIALECT_XML,
    DIALECTS,
};

struct rendering {
    struct value (*value)(struct arena *a, const void *of);
    const void *of;
    size_t *kept; /* bytes, of all renderings of the owner */
    struct buf text[DIALECTS];
};

typedef void (*render_fn)(struct buf *out, const struct value *v);

struct value value_rendered(struct rendering *r);

/* Adds the text to `out`; `fn` makes it when it is not kept. */
void rendering_write(struct rendering *r, enum dialect d, render_fn fn,
                     struct buf *out);

/* Forgets the texts. */
void rendering_drop(struct rendering *r);

#endif
