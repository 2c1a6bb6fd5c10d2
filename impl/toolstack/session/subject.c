/* Subjects: users and groups of the directory that may log in, by their roles. */
#include <string.h>

#include "auth.h"
#include "handlers.h"
#include "request.h"
#include "role.h"

static struct object *find_subject(struct request *r, const char *identifier)
{
    struct object *o = db_first(r->db, "subject");

    while (o && strcmp(db_text(o, "subject_identifier"), identifier) != 0)
        o = o->next;
    return o;
}

/* What the client says of the subject is replaced by what the directory does. */
int subject_create(struct request *r)
{
    const char *identifier = value_text(&r->args[0], "subject_identifier", "");
    const struct auth_driver *auth = r->ts->auth;
    struct value information;
    struct object *o;
    int rc;

    if (find_subject(r, identifier))
        return request_fail(r, "SUBJECT_ALREADY_EXISTS", NULL);
    if (!auth_enabled(r->ts))
        return request_fail(r, "AUTH_IS_DISABLED", NULL);
    rc = auth->information(auth->ctx, r->arena, identifier, &information);
    if (rc == -ENOENT)
        return request_fail(r, "SUBJECT_CANNOT_BE_RESOLVED", NULL);
    if (rc)
        return request_fail(r, "AUTH_SERVICE_ERROR",
                            "the directory does not answer", NULL);
    o = db_create(r->db, "subject");
    db_set_text(r->db, o, "subject_identifier", identifier);
    db_set(r->db, o, "other_config", information);
    db_set(r->db, o, "roles", value_set(NULL, 0));
    return reply_ref(r, o);
}

static struct object *arg_subject(struct request *r)
{
    return arg_object(r, 0, "subject");
}

int subject_add_to_roles(struct request *r)
{
    const char *role = arg_text(r, 1);
    struct object *o;

    if (!role_is_assignable(db_find(r->db, "role", role)))
        return request_fail(r, "ROLE_NOT_FOUND", NULL);
    o = arg_subject(r);
    if (!o)
        return API_FAILED;
    if (value_has(db_get(o, "roles"), role))
        return request_fail(r, "ROLE_ALREADY_EXISTS", NULL);
    db_set(r->db, o, "roles",
           value_set_with(r->arena, db_get(o, "roles"), role));
    return reply_void(r);
}

int subject_remove_from_roles(struct request *r)
{
    const struct value *roles = db_get(r->self, "roles");

    if (!value_has(roles, arg_text(r, 1)))
        return request_fail(r, "ROLE_NOT_FOUND", NULL);
    db_set(r->db, r->self, "roles",
           value_set_without(r->arena, roles, arg_text(r, 1)));
    return reply_void(r);
}

int subject_get_permissions_name_label(struct request *r)
{
    return reply(r, roles_permissions(r, db_get(r->self, "roles"), false));
}
