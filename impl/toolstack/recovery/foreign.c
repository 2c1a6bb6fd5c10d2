/* Databases of other pools that are open beside the own one. */
#include "foreign.h"

#include <stdlib.h>
#include <string.h>

#include "role.h"
#include "session.h"

struct foreign {
    struct toolstack ts;
    char session[REF_BYTES];
    struct foreign *next;
};

static struct object *open_session(struct request *r, struct toolstack *ts)
{
    struct object *o = db_create(&ts->db, "session");
    const char *now = toolstack_now(r->ts, r->arena);
    struct value reader = value_set(NULL, 0);

    for (struct object *role = db_first(r->db, "role"); role; role = role->next)
        if (strcmp(db_text(role, "name_label"), "read-only") == 0)
            reader = value_set_with(r->arena, &reader, role->ref);
    db_set_text(&ts->db, o, "last_active", now);
    db_set_text(&ts->db, o, "validation_time", now);
    db_set_text(&ts->db, o, "auth_user_name", "metadata");
    db_set(&ts->db, o, "rbac_permissions", roles_permissions(r, &reader, true));
    return o;
}

static void end(struct foreign *f)
{
    struct object *session = session_find(&f->ts, f->session);

    if (session)
        db_destroy(&f->ts.db, session);
}

struct toolstack *foreign_open(struct request *r, struct object **session)
{
    struct toolstack *owner = foreign_owner(r->ts);
    struct foreign *f;
    int nr = 0;

    for (f = owner->foreigns; f; f = f->next)
        if (++nr >= FOREIGNS_MAX && !f->next)
            end(f);
    foreigns_expire(owner);
    f = must_alloc(sizeof(*f));
    toolstack_init(&f->ts, &owner->env, &owner->domains);
    f->ts.owner = owner;
    f->next = owner->foreigns;
    owner->foreigns = f;
    *session = open_session(r, &f->ts);
    memcpy(f->session, (*session)->ref, REF_BYTES);
    return &f->ts;
}

struct toolstack *foreign_find(struct toolstack *owner, const char *session)
{
    for (struct foreign *f = owner->foreigns; f; f = f->next)
        if (strcmp(f->session, session) == 0 && session_find(&f->ts, session))
            return &f->ts;
    return NULL;
}

struct toolstack *foreign_owner(struct toolstack *ts)
{
    return ts->owner ? ts->owner : ts;
}

static void close_some(struct toolstack *owner, bool all)
{
    struct foreign **slot = &owner->foreigns;

    while (*slot) {
        struct foreign *f = *slot;

        if (!all && session_find(&f->ts, f->session)) {
            slot = &f->next;
            continue;
        }
        *slot = f->next;
        toolstack_fini(&f->ts);
        free(f);
    }
}

void foreigns_expire(struct toolstack *owner)
{
    close_some(owner, false);
}

void foreigns_fini(struct toolstack *owner)
{
    close_some(owner, true);
}
