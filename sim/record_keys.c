/* What the keys for records make that nothing in a simulation leads to. */
#include <errno.h>

#include "pool_keys.h"

enum {
    RECORDS_MAX = 64,
};

/* features: [name, ...]; each of them on. */
int host_features(struct making *m, const struct value *v)
{
    if (v->kind != VALUE_SET || v->nr > RECORDS_MAX)
        return making_fail(m, "features are a list of up to %d names",
                           RECORDS_MAX);
    for (uint32_t i = 0; i < v->nr; i++) {
        const char *name = making_text(m, &v->items[i]);
        struct object *o;

        if (!name)
            return -EINVAL;
        o = db_create(m->db, "Feature");
        db_set_text(m->db, o, "name_label", name);
        db_set_text(m->db, o, "host", m->self->ref);
        db_set_text(m->db, o, "version", "1.0");
        db_set_bool(m->db, o, "enabled", true);
    }
    return 0;
}

/* That many of the class, which refer to what is being made. */
static int records(struct making *m, const struct value *v, const char *class,
                   const char *field)
{
    int64_t nr;

    if (making_number(m, v, &nr))
        return -EINVAL;
    if (nr < 0 || nr > RECORDS_MAX)
        return making_fail(m, "there can be 0 to %d of them", RECORDS_MAX);
    for (int64_t i = 0; i < nr; i++)
        db_set_text(m->db, db_create(m->db, class), field, m->self->ref);
    return 0;
}

/* crashdumps: 1; of the hypervisor, from before this start. */
int host_crashdumps(struct making *m, const struct value *v)
{
    return records(m, v, "host_crashdump", "host");
}

/* crashdumps: 1; as releases made them that could. */
int vm_crashdumps(struct making *m, const struct value *v)
{
    return records(m, v, "crashdump", "VM");
}
