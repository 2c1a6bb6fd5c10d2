/* Texts of values, kept. */
#include "rendering.h"

struct value value_rendered(struct rendering *r)
{
    return (struct value){.kind = VALUE_RENDERED, .rendering = r};
}

static void make(struct rendering *r, render_fn fn, struct buf *out)
{
    struct value v;
    struct arena a;

    arena_init(&a);
    v = r->value(&a, r->of);
    fn(out, &v);
    arena_fini(&a);
}

void rendering_write(struct rendering *r, enum dialect d, render_fn fn,
                     struct buf *out)
{
    struct buf *text = &r->text[d];

    if (!text->data) {
        if (*r->kept > RENDERED_BYTES_MAX) {
            make(r, fn, out);
            return;
        }
        make(r, fn, text);
        text->data = must_realloc(text->data, text->len);
        text->room = text->len;
        *r->kept += text->len;
    }
    buf_add(out, text->data, text->len);
}

void rendering_drop(struct rendering *r)
{
    for (int i = 0; i < DIALECTS; i++) {
        *r->kept -= r->text[i].len;
        buf_fini(&r->text[i]);
    }
}
