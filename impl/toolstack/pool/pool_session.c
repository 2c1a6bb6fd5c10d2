/* Sessions of hosts: by the pool's secret, and without a master. */
#include <string.h>

#include "handlers.h"
#include "pool.h"
#include "session.h"

const char *pool_secret(struct toolstack *ts)
{
    char uuid[UUID_BYTES];

    if (*ts->secret)
        return ts->secret;
    for (int i = 0; i < 3; i++) {
        db_uuid(&ts->db, uuid);
        memcpy(ts->secret + i * UUID_BYTES, uuid, UUID_BYTES - 1);
        ts->secret[(i + 1) * UUID_BYTES - 1] = i < 2 ? '/' : '\0';
    }
    return ts->secret;
}

const char *pool_secret_renew(struct toolstack *ts)
{
    *ts->secret = '\0';
    return pool_secret(ts);
}

static int check_secret(struct request *r, const char *who, const char *given)
{
    if (strcmp(pool_secret(r->ts), given) == 0)
        return 0;
    return request_fail(r, "SESSION_AUTHENTICATION_FAILED", who,
                        "Pool credentials invalid", NULL);
}

static int open_session(struct request *r, const char *user, bool pool)
{
    struct object *o;

    (void)session_open_root(r, user); /* cannot fail */
    o = db_find(r->db, "session", r->result.s);
    db_set_bool(r->db, o, "pool", pool);
    if (pool_here(r))
        db_set_text(r->db, o, "this_host", pool_here(r)->ref);
    return 0;
}

int session_slave_login(struct request *r)
{
    if (check_secret(r, arg_text(r, 0), arg_text(r, 1)))
        return API_FAILED;
    return open_session(r, arg_text(r, 0), true);
}

int session_slave_local_login(struct request *r)
{
    if (check_secret(r, "localhost", arg_text(r, 0)))
        return API_FAILED;
    return open_session(r, "localhost", true);
}

int session_slave_local_login_with_password(struct request *r)
{
    const char *user = arg_text(r, 0);

    if (strcmp(user, "root") != 0 || !session_password_right(r, arg_text(r, 1)))
        return request_fail(r, "SESSION_AUTHENTICATION_FAILED", user,
                            "Authentication failure", NULL);
    return open_session(r, user, false);
}

int session_local_logout(struct request *r)
{
    db_destroy(r->db, r->session);
    return reply_void(r);
}

/* Handed to a host that joins: with it, it can log in as one of the pool. */
int pool_initial_auth(struct request *r)
{
    return reply_text(r, pool_secret(r->ts));
}
