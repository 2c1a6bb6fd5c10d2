/*
 * A message needs the permission of its name in lower case. Where the data
 * model gives keys of a map roles of their own, adding or removing such a key
 * needs "message/key:NAME" instead.
 */
#include "rbac.h"

#include <ctype.h>
#include <string.h>

#include "role.h"

bool session_may(const struct request *r, const char *permission)
{
    const struct value *set = db_get(r->session, "rbac_permissions");
    uint32_t low = 0, high = set->nr;

    if (db_bool(r->session, "is_local_superuser"))
        return true;
    while (low < high) { /* the set is in the order of strcmp */
        uint32_t middle = low + (high - low) / 2;
        int order = strcmp(permission, set->items[middle].s);

        if (order == 0)
            return true;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}

int rbac_require(struct request *r, const char *permission)
{
    if (session_may(r, permission))
        return 0;
    return request_fail(
        r, "RBAC_PERMISSION_DENIED", permission,
        arena_printf(r->arena,
                     "No permission in user session. (Roles with this "
                     "permission: %s)",
                     roles_holding(r, permission)),
        NULL);
}

static const char *lower_text(struct request *r, const char *text)
{
    char *copy = arena_strdup(r->arena, text);

    for (char *p = copy; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    return copy;
}

/* "NAME" or "PREFIX*". */
static bool key_matches(const char *pattern, size_t len, const char *key)
{
    if (len && pattern[len - 1] == '*')
        return strncmp(pattern, key, len - 1) == 0;
    return strlen(key) == len && strncmp(pattern, key, len) == 0;
}

/* The pattern among "NAME=role ..." that the key falls under; NULL: none. */
static const char *guarded_key(struct request *r, const char *rows,
                               const char *key)
{
    while (*(rows += strspn(rows, " "))) {
        size_t len = strcspn(rows, "=");

        if (key_matches(rows, len, key))
            return arena_strndup(r->arena, rows, len);
        rows += strcspn(rows, " ");
    }
    return NULL;
}

int rbac_check(struct request *r)
{
    const struct message *m = r->message;
    const char *name, *key = NULL;

    if (db_bool(r->session, "is_local_superuser"))
        return 0;
    name = lower_text(r, m->name);
    if (m->field && m->field->key_roles && r->args_nr > 1 &&
        (strstr(m->name, ".add_to_") || strstr(m->name, ".remove_from_")))
        key = guarded_key(r, m->field->key_roles, arg_text(r, 1));
    if (key)
        name = arena_printf(r->arena, "%s/key:%s", name, lower_text(r, key));
    return rbac_require(r, name);
}
