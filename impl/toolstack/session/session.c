/* Logging in and out: as root, or as a user of the directory. */
#include "session.h"

#include <stdlib.h>
#include <string.h>

#include "auth.h"
#include "handlers.h"
#include "md5.h"
#include "pool.h"
#include "rbac.h"
#include "role.h"

enum {
    SESSIONS_MAX = 500,      /* of one originator, and of one user */
    SESSIONS_ALL_MAX = 5000, /* a user's holds 100 KiB of permissions */
    IDLE_MAX_MS = 24 * 3600 * 1000,
    REFRESH_MS = 10 * 60 * 1000,
    VALID_MS = 30 * 60 * 1000, /* then the directory is asked again */
};

/* Who logs in. */
struct identity {
    const char *user, *originator;
    const char *sid;              /* of the directory; "": root */
    const struct object *subject; /* the first that lets the user in; NULL */
    struct value permissions;
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

const char *session_trackid(struct request *r)
{
    return arena_printf(r->arena, "trackid=%s",
                        md5_text(r->arena, r->session->ref));
}

int session_check_role(struct request *r)
{
    return rbac_check(r);
}

/* Who comes by the unix socket of this machine is trusted. */
bool session_password_right(const struct request *r, const char *given)
{
    const struct toolstack *ts = r->ts;

    if (r->caller && r->caller->local)
        return true;
    return ts->password ? strcmp(ts->password, given) == 0 : *given != '\0';
}

/* The oldest session with that text in the field makes way for one too many. */
static void make_room(struct request *r, const char *field, const char *text,
                      int most)
{
    struct object *oldest = NULL;
    int nr = 0;

    for (struct object *o = db_first(r->db, "session"); o; o = o->next) {
        if (strcmp(db_text(o, field), text) != 0)
            continue;
        nr++;
        if (!oldest)
            oldest = o;
    }
    if (nr >= most)
        db_destroy(r->db, oldest);
}

static int session_make(struct request *r, const struct identity *who)
{
    const char *now = toolstack_now(r->ts, r->arena);
    struct object *o;

    make_room(r, "originator", who->originator, SESSIONS_MAX);
    if (*who->sid)
        make_room(r, "auth_user_sid", who->sid, SESSIONS_MAX);
    if (db_count(r->db, class_find("session")) >= SESSIONS_ALL_MAX)
        db_destroy(r->db, db_first(r->db, "session"));
    o = db_create(r->db, "session");
    db_set_text(r->db, o, "this_host", toolstack_master(r->ts)->ref);
    db_set_text(r->db, o, "last_active", now);
    db_set_text(r->db, o, "validation_time", now);
    db_set_bool(r->db, o, "is_local_superuser", !*who->sid);
    db_set_text(r->db, o, "auth_user_name", who->user);
    db_set_text(r->db, o, "auth_user_sid", who->sid);
    if (who->subject)
        db_set_text(r->db, o, "subject", who->subject->ref);
    db_set(r->db, o, "rbac_permissions", who->permissions);
    db_set_text(r->db, o, "originator", who->originator);
    return reply_ref(r, o);
}

int session_open_root(struct request *r, const char *user)
{
    struct identity who = {.user = user,
                           .originator = "",
                           .sid = "",
                           .permissions = value_set(NULL, 0)};

    return session_make(r, &who);
}

/* --- Users of the directory ---------------------------------------------- */

static int refuse(struct request *r, const char *user, const char *why)
{
    return request_fail(r, "SESSION_AUTHENTICATION_FAILED", user, why, NULL);
}

/* Whether the directory has closed the account; without a word it has. */
static bool is_suspended(struct toolstack *ts, struct arena *a, const char *sid)
{
    static const char *const reasons[] = {
        "subject-account-disabled", "subject-account-expired",
        "subject-account-locked", "subject-password-expired"};
    struct value map;

    if (ts->auth->information(ts->auth->ctx, a, sid, &map))
        return true;
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (strcmp(value_text(&map, reasons[i], "true"), "false") != 0)
            return true;
    return false;
}

/* All roles of the user's subject and of those of its groups. 0 or -EACCES. */
static int find_roles(struct toolstack *ts, struct arena *a, const char *sid,
                      const struct object **first, struct value *roles)
{
    struct value groups;

    *first = NULL;
    *roles = value_set(NULL, 0);
    if (ts->auth->groups(ts->auth->ctx, a, sid, &groups))
        return -EACCES;
    for (struct object *o = db_first(&ts->db, "subject"); o; o = o->next) {
        const char *identifier = db_text(o, "subject_identifier");
        const struct value *set = db_get(o, "roles");

        if (strcmp(identifier, sid) != 0 && !value_has(&groups, identifier))
            continue;
        *first = *first ? *first : o;
        for (uint32_t i = 0; i < set->nr; i++)
            *roles = value_set_with(a, roles, set->items[i].s);
    }
    return *first ? 0 : -EACCES;
}

static int login_subject(struct request *r, struct identity *who,
                         const char *password)
{
    const struct auth_driver *auth = r->ts->auth;
    const char *sid;
    struct value roles;
    int rc = auth->authenticate(auth->ctx, r->arena, who->user, password, &sid);

    if (rc)
        return refuse(r, who->user,
                      rc == -EACCES ? "Authentication failure"
                                    : "The directory does not answer");
    who->sid = sid;
    if (is_suspended(r->ts, r->arena, sid))
        return refuse(r, who->user,
                      arena_printf(r->arena,
                                   "User %s (subject_id %s) suspended in "
                                   "external directory",
                                   who->user, sid));
    if (find_roles(r->ts, r->arena, sid, &who->subject, &roles))
        return refuse(r, who->user,
                      arena_printf(r->arena,
                                   "Subject %s (identifier %s) has no access "
                                   "rights in this pool",
                                   who->user, sid));
    who->permissions = roles_permissions(r, &roles, true);
    if (!who->permissions.nr)
        return request_fail(
            r, "RBAC_PERMISSION_DENIED", "session.login_with_password",
            arena_printf(r->arena,
                         "Subject %s (identifier %s) has no roles in this pool",
                         who->user, sid),
            NULL);
    return session_make(r, who);
}

int session_login(struct request *r)
{
    struct identity who = {.user = arg_text(r, 0),
                           .originator = arg_text(r, 3),
                           .sid = "",
                           .permissions = value_set(NULL, 0)};
    bool root = strcmp(who.user, "root") == 0;

    if (pool_at_supporter(r))
        return pool_is_slave_error(r);
    if (root && session_password_right(r, arg_text(r, 1)))
        return session_make(r, &who);
    if (root || !auth_enabled(r->ts))
        return refuse(r, who.user, "Authentication failure");
    return login_subject(r, &who, arg_text(r, 1));
}

int session_logout(struct request *r)
{
    db_destroy(r->db, r->session);
    return reply_void(r);
}

int session_get_all_subject_identifiers(struct request *r)
{
    struct value all = value_set(NULL, 0);

    for (struct object *o = db_first(r->db, "session"); o; o = o->next)
        if (!db_bool(o, "is_local_superuser"))
            all = value_set_with(r->arena, &all, db_text(o, "auth_user_sid"));
    return reply(r, all);
}

int session_logout_subject_identifier(struct request *r)
{
    const char *sid = arg_text(r, 0);

    for (struct object *o = db_first(r->db, "session"), *next; o; o = next) {
        next = o->next;
        /* Not the caller's own: the answer is still to come. */
        if (o != r->session && !db_bool(o, "is_local_superuser") &&
            strcmp(db_text(o, "auth_user_sid"), sid) == 0)
            db_destroy(r->db, o);
    }
    return reply_void(r);
}

/* Root's password, for as long as this process lives. */
int session_change_password(struct request *r)
{
    struct toolstack *ts = r->ts;

    if (!db_bool(r->session, "is_local_superuser"))
        return request_fail(r, "USER_IS_NOT_LOCAL_SUPERUSER",
                            "Failed to change password for user root", NULL);
    if (!*arg_text(r, 1))
        return request_fail(r, "CHANGE_PASSWORD_REJECTED",
                            "No password supplied", NULL);
    free(ts->new_password);
    ts->new_password = strdup(arg_text(r, 1));
    if (!ts->new_password)
        abort();
    ts->password = ts->new_password;
    return reply_void(r);
}

/* --- As time goes by ------------------------------------------------------ */

/* Whether a user of the directory may stay; the subject may have changed. */
static bool revalidate(struct toolstack *ts, struct arena *a, struct object *o)
{
    const char *sid = db_text(o, "auth_user_sid");
    const struct object *subject;
    struct value roles;

    if (!auth_enabled(ts) || is_suspended(ts, a, sid) ||
        find_roles(ts, a, sid, &subject, &roles))
        return false;
    db_set_text(&ts->db, o, "subject", subject->ref);
    db_set_text(&ts->db, o, "validation_time", toolstack_now(ts, a));
    return true;
}

void sessions_expire(struct toolstack *ts)
{
    int64_t now = ts->env.now_ms(ts->env.ctx);
    const char *idle, *valid;
    struct arena a;

    arena_init(&a);
    idle = date_text(&a, now - IDLE_MAX_MS);
    valid = date_text(&a, now - VALID_MS);
    for (struct object *o = db_first(&ts->db, "session"), *next; o; o = next) {
        bool root = db_bool(o, "is_local_superuser");

        next = o->next;
        if (strcmp(db_text(o, "last_active"), idle) < 0 ||
            (!root && !auth_enabled(ts)) ||
            (!root && strcmp(db_text(o, "validation_time"), valid) < 0 &&
             !revalidate(ts, &a, o)))
            db_destroy(&ts->db, o);
    }
    arena_fini(&a);
}
