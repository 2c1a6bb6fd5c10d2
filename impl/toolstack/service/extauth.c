/* Hosts and pools in an external directory of users: joining and leaving it. */
#include <string.h>

#include "auth.h"
#include "handlers.h"
#include "net.h"

/* What a directory's refusal is called, behind AUTH_ENABLE_FAILED and so on. */
static const char *suffix(int rc)
{
    return rc == -EACCES   ? "_WRONG_CREDENTIALS"
           : rc == -ENOENT ? "_DOMAIN_LOOKUP_FAILED"
           : rc == -EPERM  ? "_PERMISSION_DENIED"
                           : "";
}

static const char *reason(int rc)
{
    return rc == -EACCES   ? "the user name or password is wrong"
           : rc == -ENOENT ? "there is no such service"
           : rc == -EPERM  ? "that user may not do this"
                           : "the directory does not answer";
}

/* Passwords are used once, and not kept. */
static struct value without_passwords(struct request *r,
                                      const struct value *config)
{
    struct value map = value_map_without(r->arena, config, "pass");

    return value_map_without(r->arena, &map, "password");
}

static int enable(struct request *r, struct object *host,
                  const struct value *config, const char *service,
                  const char *type)
{
    const struct auth_driver *d = r->ts->auth;
    int rc;

    if (*db_text(host, "external_auth_type"))
        return request_fail(r, "AUTH_ALREADY_ENABLED",
                            db_text(host, "external_auth_type"),
                            db_text(host, "external_auth_service_name"), NULL);
    if (!*type || (strcmp(type, "AD") != 0 && strcmp(type, "PAM") != 0))
        return request_fail(r, "AUTH_UNKNOWN_TYPE", type, NULL);
    if (feature_check(r, "ad"))
        return API_FAILED;
    rc = d ? d->join(d->ctx, db_text(host, "uuid"), type, service, config)
           : -ENOENT;
    if (rc)
        return request_fail(
            r, arena_printf(r->arena, "AUTH_ENABLE_FAILED%s", suffix(rc)),
            reason(rc), NULL);
    db_set_text(r->db, host, "external_auth_type", type);
    db_set_text(r->db, host, "external_auth_service_name", service);
    db_set(r->db, host, "external_auth_configuration",
           without_passwords(r, config));
    return 0;
}

int host_enable_external_auth(struct request *r)
{
    return enable(r, r->self, &r->args[1], arg_text(r, 2), arg_text(r, 3))
               ? API_FAILED
               : reply_void(r);
}

/* Who came by the directory goes with it. */
static void end_sessions(struct request *r)
{
    struct objects all = objects_all(r, "session");

    if (auth_enabled(r->ts))
        return;
    for (uint32_t i = 0; i < all.nr; i++)
        if (all.at[i] != r->session &&
            !db_bool(all.at[i], "is_local_superuser"))
            db_destroy(r->db, all.at[i]);
}

static int disable(struct request *r, struct object *host,
                   const struct value *config, bool force)
{
    const struct auth_driver *d = r->ts->auth;
    int rc = 0;

    if (*db_text(host, "external_auth_type") && d)
        rc = d->leave(d->ctx, db_text(host, "uuid"), config);
    if (rc && !force)
        return request_fail(
            r, arena_printf(r->arena, "AUTH_DISABLE_FAILED%s", suffix(rc)),
            reason(rc), NULL);
    db_set_text(r->db, host, "external_auth_type", "");
    db_set_text(r->db, host, "external_auth_service_name", "");
    db_set(r->db, host, "external_auth_configuration", value_map(NULL, 0));
    end_sessions(r);
    return 0;
}

int host_disable_external_auth(struct request *r)
{
    return disable(r, r->self, &r->args[1], arg_bool(r, 2)) ? API_FAILED
                                                            : reply_void(r);
}

/* The pool's errors are those of a host, with the host in front. */
static int as_pool_error(struct request *r, const struct object *host)
{
    const struct value *words = &r->error;

    if (strncmp(words->items[0].s, "AUTH_", 5) != 0 ||
        strcmp(words->items[0].s, "AUTH_UNKNOWN_TYPE") == 0)
        return API_FAILED;
    return request_fail(r, arena_printf(r->arena, "POOL_%s", words->items[0].s),
                        host->ref, words->nr > 1 ? words->items[1].s : "",
                        NULL);
}

/* All hosts, or none. */
int pool_enable_external_auth(struct request *r)
{
    struct objects hosts = objects_all(r, "host");
    struct value error;

    for (uint32_t i = 0; i < hosts.nr; i++)
        if (*db_text(hosts.at[i], "external_auth_type"))
            return request_fail(r, "POOL_AUTH_ALREADY_ENABLED",
                                hosts.at[i]->ref, NULL);
    for (uint32_t i = 0; i < hosts.nr; i++) {
        if (enable(r, hosts.at[i], &r->args[1], arg_text(r, 2),
                   arg_text(r, 3)) == 0)
            continue;
        (void)as_pool_error(r, hosts.at[i]);
        error = r->error;
        while (i-- > 0)
            (void)disable(r, hosts.at[i], &r->args[1], true); /* best effort */
        r->error = error;
        return API_FAILED;
    }
    return reply_void(r);
}

int pool_disable_external_auth(struct request *r)
{
    struct objects hosts = objects_all(r, "host");

    for (uint32_t i = 0; i < hosts.nr; i++)
        if (disable(r, hosts.at[i], &r->args[1], false))
            return as_pool_error(r, hosts.at[i]);
    return reply_void(r);
}

static int set_ldaps(struct request *r, struct object *host, bool on)
{
    if (!*db_text(host, "external_auth_type"))
        return request_fail(r, "AUTH_IS_DISABLED", NULL);
    db_map_put(r->db, host, "external_auth_configuration", "ldaps",
               on ? "true" : "false");
    return 0;
}

int host_external_auth_set_ldaps(struct request *r)
{
    return set_ldaps(r, r->self, arg_bool(r, 1)) ? API_FAILED : reply_void(r);
}

int pool_external_auth_set_ldaps(struct request *r)
{
    for (struct object *h = db_first(r->db, "host"); h; h = h->next)
        if (set_ldaps(r, h, arg_bool(r, 1)))
            return API_FAILED;
    return reply_void(r);
}

/* Hosts that differ from the master get an alert. */
int pool_detect_nonhomogeneous_external_auth(struct request *r)
{
    const struct object *master = toolstack_master(r->ts);
    static const char *const fields[] = {"external_auth_type",
                                         "external_auth_service_name"};

    for (struct object *h = db_first(r->db, "host"); h; h = h->next) {
        bool same = true;

        for (int i = 0; i < 2; i++)
            same = same && strcmp(db_text(h, fields[i]),
                                  db_text(master, fields[i])) == 0;
        if (!same)
            (void)alert(r, "AUTH_EXTERNAL_POOL_NON_HOMOGENEOUS", 2, "Host", h,
                        "The external authentication configuration of this "
                        "host differs from the pool's");
    }
    return reply_void(r);
}
