/* Questions to the external directory: the class `auth`. */
#include "auth.h"

#include "handlers.h"
#include "request.h"

bool auth_enabled(struct toolstack *ts)
{
    struct object *master = toolstack_master(ts);

    return ts->auth && master && *db_text(master, "external_auth_type");
}

/* Each border converts once: this is the directory's. */
static int fail(struct request *r, int rc)
{
    if (rc == -ENOENT)
        return request_fail(r, "SUBJECT_CANNOT_BE_RESOLVED", NULL);
    return request_fail(r, "AUTH_SERVICE_ERROR",
                        "the directory does not answer", NULL);
}

static int check_enabled(struct request *r)
{
    return auth_enabled(r->ts) ? 0 : request_fail(r, "AUTH_IS_DISABLED", NULL);
}

int auth_get_subject_identifier(struct request *r)
{
    const char *subject;
    int rc = check_enabled(r);

    if (rc)
        return rc;
    rc =
        r->ts->auth->find(r->ts->auth->ctx, r->arena, arg_text(r, 0), &subject);
    return rc ? fail(r, rc) : reply_text(r, subject);
}

int auth_get_subject_information_from_identifier(struct request *r)
{
    struct value map;
    int rc = check_enabled(r);

    if (rc)
        return rc;
    rc = r->ts->auth->information(r->ts->auth->ctx, r->arena, arg_text(r, 0),
                                  &map);
    return rc ? fail(r, rc) : reply(r, map);
}

int auth_get_group_membership(struct request *r)
{
    struct value set;
    int rc = check_enabled(r);

    if (rc)
        return rc;
    rc = r->ts->auth->groups(r->ts->auth->ctx, r->arena, arg_text(r, 0), &set);
    return rc ? fail(r, rc) : reply(r, set);
}
