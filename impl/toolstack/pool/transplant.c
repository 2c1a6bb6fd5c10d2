/* Objects move from one pool's database to another. */
#include "transplant.h"

#include <string.h>

static const char *mapped(const struct transplant *t, const char *ref)
{
    for (size_t i = 0; i < t->mapped_nr; i++)
        if (strcmp(t->mapped[i].from, ref) == 0)
            return t->mapped[i].to;
    return db_find_any(t->to, ref) ? ref : REF_NULL;
}

static bool holds_refs(const struct field *f, enum type_shape shape)
{
    return f->type.shape == shape && f->type.elem.kind == BASE_REF;
}

/* The members of a set that are there, too. */
static struct value known_refs(const struct transplant *t,
                               const struct value *set)
{
    const char **refs = arena_alloc(t->arena, sizeof(*refs) * (set->nr + 1));
    size_t nr = 0;

    for (uint32_t i = 0; i < set->nr; i++) {
        const char *ref = mapped(t, set->items[i].s);

        if (strcmp(ref, REF_NULL) != 0)
            refs[nr++] = ref;
    }
    return value_strings(t->arena, refs, nr);
}

/* Everything but references, and references as sets of nothing. */
static void copy_plain(const struct transplant *t, const struct object *from)
{
    struct object *to = db_adopt(t->to, from->class->name, from->ref);

    for (int i = 0; i < from->class->fields_nr; i++) {
        const struct field *f = from->class->fields[i];

        if (!holds_refs(f, SHAPE_ONE) && !holds_refs(f, SHAPE_SET))
            db_restore(t->to, to, i, from->cells[i].value);
    }
}

/* In this order: the sets that mirror single references are full then. */
static void copy_refs(const struct transplant *t, const struct object *from,
                      enum type_shape shape)
{
    struct object *to = db_find_any(t->to, from->ref);

    for (int i = 0; i < from->class->fields_nr; i++) {
        const struct value *v = &from->cells[i].value;

        if (!holds_refs(from->class->fields[i], shape))
            continue;
        if (shape == SHAPE_ONE)
            db_set_at(t->to, to, i, value_string(mapped(t, v->s)));
        else if (!to->cells[i].value.nr)
            db_set_at(t->to, to, i, known_refs(t, v));
    }
}

void transplant(const struct transplant *t)
{
    for (size_t i = 0; i < t->moving_nr; i++)
        copy_plain(t, t->moving[i]);
    for (size_t i = 0; i < t->moving_nr; i++)
        copy_refs(t, t->moving[i], SHAPE_ONE);
    for (size_t i = 0; i < t->moving_nr; i++)
        copy_refs(t, t->moving[i], SHAPE_SET);
}
