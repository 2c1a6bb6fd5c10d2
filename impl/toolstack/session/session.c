/* Logging in and out. */
#include "session.h"

#include <string.h>

#include "handlers.h"
#include "pool.h"

enum {
    SESSIONS_MAX = 500, /* of one originator */
    IDLE_MAX_MS = 24 * 3600 * 1000,
    REFRESH_MS = 10 * 60 * 1000,
};

/* Written seldom: every write is an event. */
void session_touch(struct request *r)
{
    int64_t now = r->ts->env.now_ms(r->ts->env.ctx);
    const char *stale = date_text(r->arena, now - REFRESH_MS);

    if (strcmp(db_text(r->session, "last_active"), stale) < 0)
        db_set_text(r->db, r->session, "last_active", date_text(r->arena, now));
}

struct object *session_find(struct toolstack *ts, const char *ref)
{
    return db_find(&ts->db, "session", ref);
}

/* Only the local superuser can log in, and may do everything. */
int session_check_role(struct request *r)
{
    if (db_bool(r->session, "is_local_superuser"))
        return 0;
    return request_fail(r, "RBAC_PERMISSION_DENIED", r->message->name,
                        "No permission in user session.", NULL);
}

bool session_may(const struct request *r, const char *permission)
{
    return db_bool(r->session, "is_local_superuser") ||
           value_has(db_get(r->session, "rbac_permissions"), permission);
}

static bool password_right(const struct request *r, const char *given)
{
    const struct toolstack *ts = r->ts;

    if (r->caller && r->caller->local)
        return true;
    return ts->password ? strcmp(ts->password, given) == 0 : *given != '\0';
}

/* The oldest session of an originator makes way for one too many. */
static void make_room(struct request *r, const char *originator)
{
    struct object *oldest = NULL;
    int nr = 0;

    for (struct object *o = db_first(r->db, "session"); o; o = o->next) {
        if (strcmp(db_text(o, "originator"), originator) != 0)
            continue;
        nr++;
        if (!oldest)
            oldest = o;
    }
    if (nr >= SESSIONS_MAX)
        db_destroy(r->db, oldest);
}

int session_login(struct request *r)
{
    const char *user = arg_text(r, 0), *now = toolstack_now(r->ts, r->arena);
    struct object *o;

    if (pool_at_supporter(r))
        return pool_is_slave_error(r);
    if (strcmp(user, "root") != 0 || !password_right(r, arg_text(r, 1)))
        return request_fail(r, "SESSION_AUTHENTICATION_FAILED", user,
                            "Authentication failure", NULL);
    make_room(r, arg_text(r, 3));
    o = db_create(r->db, "session");
    db_set_text(r->db, o, "this_host", toolstack_master(r->ts)->ref);
    db_set_text(r->db, o, "last_active", now);
    db_set_text(r->db, o, "validation_time", now);
    db_set_bool(r->db, o, "is_local_superuser", true);
    db_set_text(r->db, o, "auth_user_name", user);
    db_set_text(r->db, o, "originator", arg_text(r, 3));
    return reply_ref(r, o);
}

int session_logout(struct request *r)
{
    db_destroy(r->db, r->session);
    return reply_void(r);
}

int session_get_all_subject_identifiers(struct request *r)
{
    return reply(r, value_set(NULL, 0));
}

int session_logout_subject_identifier(struct request *r)
{
    (void)arg_text(r, 0); /* nobody but the local superuser is logged in */
    return reply_void(r);
}

void sessions_expire(struct toolstack *ts)
{
    struct arena a;
    const char *limit;

    arena_init(&a);
    limit = date_text(&a, ts->env.now_ms(ts->env.ctx) - IDLE_MAX_MS);
    for (struct object *o = db_first(&ts->db, "session"), *next; o; o = next) {
        next = o->next;
        if (strcmp(db_text(o, "last_active"), limit) < 0)
            db_destroy(&ts->db, o);
    }
    arena_fini(&a);
}
