/* Certificates that the pool trusts for a purpose: of authorities, or pinned. */
#include <string.h>

#include "agent.h"
#include "certificate.h"
#include "dispatch.h"
#include "handlers.h"
#include "net.h"

static const char *path_of(struct request *r, const struct object *o)
{
    return arena_printf(r->arena, FOLDER_TRUSTED "/%s.pem", db_text(o, "uuid"));
}

static bool purposes_meet(const struct value *a, const struct value *b)
{
    for (uint32_t i = 0; i < a->nr; i++)
        if (value_has(b, a->items[i].s))
            return true;
    return !a->nr && !b->nr;
}

/* The same certificate, of the type, for one of the purposes. */
static struct object *trusted_find(struct request *r, const char *type,
                                   const char *sha256,
                                   const struct value *purpose)
{
    struct objects all = objects_all(r, "Certificate");

    for (uint32_t i = 0; i < all.nr; i++)
        if (strcmp(db_text(all.at[i], "type"), type) == 0 &&
            !*db_text(all.at[i], "name") &&
            strcmp(db_text(all.at[i], "fingerprint_sha256"), sha256) == 0 &&
            purposes_meet(db_get(all.at[i], "purpose"), purpose))
            return all.at[i];
    return NULL;
}

/* NULL: the error says why. */
static struct object *install(struct request *r, bool ca, const char *pem,
                              struct value purpose)
{
    const char *type = ca ? "ca" : "pinned";
    struct x509_info info;
    struct object *o;

    if (certificate_check(r, "TRUSTED_CERTIFICATE", pem, &info))
        return NULL;
    if (!ca && !purpose.nr) {
        (void)request_fail(r, "CERTIFICATE_LACKS_PURPOSE", NULL);
        return NULL;
    }
    if (trusted_find(r, type, info.sha256, &purpose)) {
        (void)request_fail(r, "TRUSTED_CERTIFICATE_ALREADY_EXISTS", info.sha256,
                           NULL);
        return NULL;
    }
    o = certificate_make(r, type, "", NULL, &info);
    db_set(r->db, o, "purpose", purpose);
    if (spread_file(r, path_of(r, o), pem) == 0)
        return o;
    db_destroy(r->db, o);
    return NULL;
}

int pool_install_trusted_certificate(struct request *r)
{
    return install(r, arg_bool(r, 1), arg_text(r, 2), r->args[3])
               ? reply_void(r)
               : API_FAILED;
}

static bool is_trusted(const struct object *o)
{
    return !*db_text(o, "name") && (strcmp(db_text(o, "type"), "ca") == 0 ||
                                    strcmp(db_text(o, "type"), "pinned") == 0);
}

int pool_uninstall_trusted_certificate(struct request *r)
{
    struct object *o = arg_object(r, 1, "Certificate");

    if (!o)
        return API_FAILED;
    if (!is_trusted(o))
        return request_fail(r, "NOT_TRUSTED_CERTIFICATE", o->ref, NULL);
    remove_file(r, path_of(r, o));
    db_destroy(r->db, o);
    return reply_void(r);
}

/* Each certificate with its purposes; what is there already stays. */
static int install_all(struct request *r, bool ca, const struct value *map,
                       struct value *made)
{
    for (uint32_t i = 0; i < map->nr; i++) {
        struct object *o =
            install(r, ca, map->members[i].key, map->members[i].value);

        if (o)
            *made = value_set_with(r->arena, made, o->ref);
        else if (strcmp(r->error.items[0].s,
                        "TRUSTED_CERTIFICATE_ALREADY_EXISTS") != 0)
            return API_FAILED;
    }
    return 0;
}

int pool_exchange_trusted_certificates_on_join(struct request *r)
{
    const struct value *export = &r->args[3];
    struct value map = value_map(NULL, 0), made = value_set(NULL, 0);

    if (install_all(r, arg_bool(r, 1), &r->args[2], &made))
        return API_FAILED;
    for (uint32_t i = 0; i < export->nr; i++) {
        struct object *o = db_find(r->db, "Certificate", export->items[i].s);
        const char *pem;

        if (!o)
            return request_bad_handle(r, "Certificate", export->items[i].s);
        pem = agent_read(r, toolstack_master(r->ts), path_of(r, o));
        if (pem && is_trusted(o))
            map = value_map_with(r->arena, &map, pem, *db_get(o, "purpose"));
    }
    return reply(r, map);
}

/* --- From another pool --------------------------------------------------------------- */

/* 0 with the result, or API_FAILED. */
static int ask_remote(struct request *r, const char *address,
                      const char *method, const struct value *items, size_t nr,
                      struct value *result)
{
    const struct peer_driver *d = &r->ts->peers;
    struct value params = value_set(items, nr);
    struct answer answer = {0};

    if (!d->call || d->call(d->ctx, db_text(toolstack_master(r->ts), "uuid"),
                            address, r->arena, method, &params, &answer))
        return request_fail(r, "CONNECTION_FAILED", NULL);
    if (!answer.ok) {
        r->error = answer.value;
        return API_FAILED;
    }
    *result = answer.value;
    return 0;
}

int pool_sync_trusted_certificates_from(struct request *r)
{
    const char *address = arg_text(r, 1);
    bool ca = arg_bool(r, 4);
    struct value made = value_set(NULL, 0), refs, pools, map;
    struct value items[] = {
        r->args[2],
        value_string(arena_printf(
            r->arena, "field \"type\"=\"%s\" and field \"name\"=\"\"",
            ca ? "ca" : "pinned")),
        value_bool(ca),
        value_map(NULL, 0),
        {0}};

    if (ask_remote(r, address, "Certificate.get_all_where", items, 2, &refs) ||
        ask_remote(r, address, "pool.get_all", items, 1, &pools))
        return API_FAILED;
    if (!pools.nr)
        return request_internal(r, "the other side has no pool");
    items[1] = pools.items[0];
    items[4] = refs;
    if (ask_remote(r, address, "pool.exchange_trusted_certificates_on_join",
                   items, 5, &map) ||
        install_all(r, ca, &map, &made))
        return API_FAILED;
    return reply(r, made);
}
