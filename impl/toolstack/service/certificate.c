/* Certificates of authorities, and lists of revoked ones; those of hosts. */
#include "certificate.h"

#include <ctype.h>
#include <string.h>

#include "agent.h"
#include "handlers.h"
#include "net.h"

enum {
    HOST_CERTIFICATE_DAYS = 3650,
    INTERNAL_CERTIFICATE_DAYS = 3650,
};

#define FILE_HOST     "xapi-ssl.pem"
#define FILE_INTERNAL "xapi-pool-tls.pem"

struct object *certificate_make(struct request *r, const char *type,
                                const char *name, const struct object *host,
                                const struct x509_info *info)
{
    struct object *o = db_create(r->db, "Certificate");

    db_set_text(r->db, o, "name", name);
    db_set_text(r->db, o, "type", type);
    db_set_text(r->db, o, "host", host ? host->ref : REF_NULL);
    db_set_text(r->db, o, "not_before",
                date_text(r->arena, info->not_before_ms));
    db_set_text(r->db, o, "not_after", date_text(r->arena, info->not_after_ms));
    db_set_text(r->db, o, "fingerprint", info->sha256);
    db_set_text(r->db, o, "fingerprint_sha256", info->sha256);
    db_set_text(r->db, o, "fingerprint_sha1", info->sha1);
    return o;
}

/* 2026-01-31T12:34:56-00:00 */
static const char *date_long(struct request *r, int64_t ms)
{
    const char *d = date_text(r->arena, ms);

    return arena_printf(r->arena, "%.4s-%.2s-%.2sT%.8s-00:00", d, d + 4, d + 6,
                        d + 9);
}

int certificate_check(struct request *r, const char *prefix, const char *pem,
                      struct x509_info *info)
{
    int64_t now = r->ts->env.now_ms(r->ts->env.ctx);

    if (x509_parse(pem, info))
        return request_fail(r, arena_printf(r->arena, "%s_INVALID", prefix),
                            NULL);
    if (now < info->not_before_ms)
        return request_fail(
            r, arena_printf(r->arena, "%s_NOT_VALID_YET", prefix),
            date_long(r, now), date_long(r, info->not_before_ms), NULL);
    if (now > info->not_after_ms)
        return request_fail(r, arena_printf(r->arena, "%s_EXPIRED", prefix),
                            date_long(r, now), date_long(r, info->not_after_ms),
                            NULL);
    return 0;
}

int spread_file(struct request *r, const char *path, const char *text)
{
    for (struct object *h = db_first(r->db, "host"); h; h = h->next)
        if (agent_write(r, h, path, text)) {
            remove_file(r, path);
            return API_FAILED;
        }
    return 0;
}

void remove_file(struct request *r, const char *path)
{
    for (struct object *h = db_first(r->db, "host"); h; h = h->next)
        (void)agent_delete(r, h, path); /* where it is not, it need not go */
}

/* --- Authorities and revocation lists ------------------------------------------------- */

struct library {
    const char *folder;
    const char *invalid, *exists, *missing, *corrupt; /* codes */
};

static const struct library authorities = {
    FOLDER_CA, "CERTIFICATE_NAME_INVALID", "CERTIFICATE_ALREADY_EXISTS",
    "CERTIFICATE_DOES_NOT_EXIST", "CERTIFICATE_CORRUPT"};
static const struct library revoked = {FOLDER_CRL, "CRL_NAME_INVALID",
                                       "CRL_ALREADY_EXISTS",
                                       "CRL_DOES_NOT_EXIST", "CRL_CORRUPT"};

static bool name_safe(const char *name)
{
    size_t len = strlen(name);

    for (const char *c = name; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("._-", *c))
            return false;
    return len > 4 && name[0] != '.' && strcmp(name + len - 4, ".pem") == 0;
}

static const char *path_of(struct request *r, const struct library *l,
                           const char *name)
{
    return arena_printf(r->arena, "%s/%s", l->folder, name);
}

static bool in_library(struct request *r, const struct library *l,
                       const char *name)
{
    return agent_read(r, toolstack_master(r->ts), path_of(r, l, name)) != NULL;
}

/* The text goes to every host, once the name is one and is free. */
static int library_add(struct request *r, const struct library *l,
                       const char *name, const char *text)
{
    if (!name_safe(name))
        return request_fail(r, l->invalid, name, NULL);
    if (in_library(r, l, name))
        return request_fail(r, l->exists, name, NULL);
    return spread_file(r, path_of(r, l, name), text);
}

static int library_del(struct request *r, const struct library *l,
                       const char *name, bool force)
{
    if (!name_safe(name))
        return request_fail(r, l->invalid, name, NULL);
    if (!force && !in_library(r, l, name))
        return request_fail(r, l->missing, name, NULL);
    remove_file(r, path_of(r, l, name));
    return 0;
}

static int ca_install(struct request *r, const char *name, const char *pem)
{
    struct x509_info info;

    if (certificate_check(r, "CA_CERTIFICATE", pem, &info) ||
        library_add(r, &authorities, name, pem))
        return API_FAILED;
    (void)certificate_make(r, "ca", name, NULL, &info); /* found by its name */
    return 0;
}

int pool_install_ca_certificate(struct request *r)
{
    return ca_install(r, arg_text(r, 0), arg_text(r, 1)) ? API_FAILED
                                                         : reply_void(r);
}

static int ca_uninstall(struct request *r, const char *name, bool force)
{
    struct objects all = objects_all(r, "Certificate");
    bool found = false;

    if (library_del(r, &authorities, name, force))
        return API_FAILED;
    for (uint32_t i = 0; i < all.nr; i++)
        if (strcmp(db_text(all.at[i], "type"), "ca") == 0 &&
            strcmp(db_text(all.at[i], "name"), name) == 0) {
            db_destroy(r->db, all.at[i]);
            found = true;
        }
    if (!found)
        return request_fail(r, "INVALID_VALUE", "certificate:name", name, NULL);
    return reply_void(r);
}

int pool_uninstall_ca_certificate(struct request *r)
{
    return ca_uninstall(r, arg_text(r, 0), arg_bool(r, 1));
}

int pool_certificate_uninstall(struct request *r)
{
    return ca_uninstall(r, arg_text(r, 0), false);
}

int pool_certificate_list(struct request *r)
{
    struct objects all = objects_all(r, "Certificate");
    struct value names = value_set(NULL, 0);

    for (uint32_t i = 0; i < all.nr; i++)
        if (strcmp(db_text(all.at[i], "type"), "ca") == 0 &&
            *db_text(all.at[i], "name"))
            names =
                value_set_with(r->arena, &names, db_text(all.at[i], "name"));
    return reply(r, names);
}

static int crl_add(struct request *r, const char *name, const char *pem)
{
    if (!name_safe(name))
        return request_fail(r, "CRL_NAME_INVALID", name, NULL);
    if (!x509_crl_valid(pem))
        return request_fail(r, "CRL_CORRUPT", name, NULL);
    return library_add(r, &revoked, name, pem);
}

int pool_crl_install(struct request *r)
{
    return crl_add(r, arg_text(r, 0), arg_text(r, 1)) ? API_FAILED
                                                      : reply_void(r);
}

int pool_crl_uninstall(struct request *r)
{
    return library_del(r, &revoked, arg_text(r, 0), false) ? API_FAILED
                                                           : reply_void(r);
}

int pool_crl_list(struct request *r)
{
    return reply(r, agent_list(r, toolstack_master(r->ts), FOLDER_CRL));
}

/* The same on one host only: what a host is told by its master. */
int host_install_ca_certificate(struct request *r)
{
    const char *name = arg_text(r, 1);

    if (!name_safe(name))
        return request_fail(r, authorities.invalid, name, NULL);
    return agent_write(r, r->self, path_of(r, &authorities, name),
                       arg_text(r, 2))
               ? API_FAILED
               : reply_void(r);
}

int host_uninstall_ca_certificate(struct request *r)
{
    if (agent_delete(r, r->self, path_of(r, &authorities, arg_text(r, 1))) &&
        !arg_bool(r, 2))
        return request_fail(r, authorities.missing, arg_text(r, 1), NULL);
    return reply_void(r);
}

int host_certificate_list(struct request *r)
{
    return reply(r, agent_list(r, r->self, FOLDER_CA));
}

int host_crl_install(struct request *r)
{
    if (!name_safe(arg_text(r, 1)))
        return request_fail(r, revoked.invalid, arg_text(r, 1), NULL);
    return agent_write(r, r->self, path_of(r, &revoked, arg_text(r, 1)),
                       arg_text(r, 2))
               ? API_FAILED
               : reply_void(r);
}

int host_crl_uninstall(struct request *r)
{
    if (agent_delete(r, r->self, path_of(r, &revoked, arg_text(r, 1))))
        return request_fail(r, revoked.missing, arg_text(r, 1), NULL);
    return reply_void(r);
}

int host_crl_list(struct request *r)
{
    return reply(r, agent_list(r, r->self, FOLDER_CRL));
}

/* What the master has and the host has not. */
static int sync_folder(struct request *r, const struct object *host,
                       const char *folder)
{
    const struct object *master = toolstack_master(r->ts);
    struct value names = agent_list(r, master, folder);

    for (uint32_t i = 0; i < names.nr; i++) {
        const char *path =
            arena_printf(r->arena, "%s/%s", folder, names.items[i].s);
        const char *text = agent_read(r, master, path);

        if (text && agent_write(r, host, path, text))
            return API_FAILED;
    }
    return 0;
}

static int sync_host(struct request *r, const struct object *host)
{
    static const char *const folders[] = {FOLDER_CA, FOLDER_CRL,
                                          FOLDER_TRUSTED};

    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
        if (host != toolstack_master(r->ts) && sync_folder(r, host, folders[i]))
            return API_FAILED;
    return 0;
}

int host_certificate_sync(struct request *r)
{
    return sync_host(r, r->self) ? API_FAILED : reply_void(r);
}

int pool_certificate_sync(struct request *r)
{
    for (struct object *h = db_first(r->db, "host"); h; h = h->next)
        if (sync_host(r, h))
            return API_FAILED;
    return reply_void(r);
}

/* --- Certificates of hosts ------------------------------------------------------------------- */

/* The one before goes with its object. */
static int host_certificate_set(struct request *r, const struct object *host,
                                const char *type, const char *path,
                                const char *text, const struct x509_info *info)
{
    struct objects old = objects_of(r, host, "certificates");

    if (agent_write(r, host, path, text))
        return API_FAILED;
    for (uint32_t i = 0; i < old.nr; i++)
        if (strcmp(db_text(old.at[i], "type"), type) == 0)
            db_destroy(r->db, old.at[i]);
    (void)certificate_make(r, type, "", host, info); /* the host lists it */
    return 0;
}

static int generate(struct request *r, const struct object *host,
                    const char *type, const char *path, int days)
{
    const char *key, *pem;
    struct x509_info info;
    int rc = x509_generate(r->arena, db_text(host, "hostname"),
                           db_text(host, "address"),
                           r->db->random(r->db->random_ctx),
                           r->ts->env.now_ms(r->ts->env.ctx), days, &key, &pem);

    if (rc || x509_parse(pem, &info))
        return request_internal(r, "cannot generate a certificate");
    return host_certificate_set(
        r, host, type, path, arena_printf(r->arena, "%s\n%s", key, pem), &info);
}

static int check_server_key(struct request *r, const char *key)
{
    unsigned bits;

    switch (x509_check_key(key, &bits)) {
    case X509_KEY_OK:
        return 0;
    case X509_KEY_NOT_RSA:
        return request_fail(r, "SERVER_CERTIFICATE_KEY_ALGORITHM_NOT_SUPPORTED",
                            "not RSA", NULL);
    case X509_KEY_LENGTH:
        return request_fail(r,
                            "SERVER_CERTIFICATE_KEY_RSA_LENGTH_NOT_SUPPORTED",
                            arena_printf(r->arena, "%u", bits), NULL);
    case X509_KEY_INVALID:
        break;
    }
    return request_fail(r, "SERVER_CERTIFICATE_KEY_INVALID", NULL);
}

int host_install_server_certificate(struct request *r)
{
    const char *pem = arg_text(r, 1), *key = arg_text(r, 2);
    const char *chain = arg_text(r, 3);
    struct x509_info info;

    if (check_server_key(r, key) ||
        certificate_check(r, "SERVER_CERTIFICATE", pem, &info))
        return API_FAILED;
    if (!x509_key_matches(key, pem))
        return request_fail(r, "SERVER_CERTIFICATE_KEY_MISMATCH", NULL);
    if (!info.strong)
        return request_fail(r, "SERVER_CERTIFICATE_SIGNATURE_NOT_SUPPORTED",
                            NULL);
    if (*chain && x509_count(chain) < 1)
        return request_fail(r, "SERVER_CERTIFICATE_CHAIN_INVALID", NULL);
    if (host_certificate_set(r, r->self, "host", FILE_HOST,
                             arena_printf(r->arena, "%s\n%s\n%s", key,
                                          x509_normal(r->arena, pem), chain),
                             &info))
        return API_FAILED;
    return reply_void(r);
}

int host_reset_server_certificate(struct request *r)
{
    return generate(r, r->self, "host", FILE_HOST, HOST_CERTIFICATE_DAYS)
               ? API_FAILED
               : reply_void(r);
}

int host_emergency_reset_server_certificate(struct request *r)
{
    return generate(r, toolstack_master(r->ts), "host", FILE_HOST,
                    HOST_CERTIFICATE_DAYS)
               ? API_FAILED
               : reply_void(r);
}

/* The one that hosts of a pool know each other by. */
int host_refresh_server_certificate(struct request *r)
{
    return generate(r, r->self, "host_internal", FILE_INTERNAL,
                    INTERNAL_CERTIFICATE_DAYS)
               ? API_FAILED
               : reply_void(r);
}

/* The certificate without its key. */
static const char *public_part(struct request *r, const char *text)
{
    const char *begin = text ? strstr(text, "-----BEGIN CERTIFICATE") : NULL;

    return begin ? x509_normal(r->arena, begin) : NULL;
}

const char *host_certificate(struct request *r, const struct object *host)
{
    return public_part(r, agent_read(r, host, FILE_HOST));
}

int host_get_server_certificate(struct request *r)
{
    const char *pem = host_certificate(r, r->self);

    if (!pem)
        return request_fail(r, "CERTIFICATE_LIBRARY_CORRUPT", NULL);
    return reply_text(r, pem);
}

int host_copy_primary_host_certs(struct request *r)
{
    return sync_host(r, r->self) ? API_FAILED : reply_void(r);
}

/* --- Verification between hosts ------------------------------------------------------------ */

int pool_enable_tls_verification(struct request *r)
{
    for (struct object *h = db_first(r->db, "host"); h; h = h->next) {
        struct object *metrics = db_ref(r->db, h, "metrics");

        if (metrics && !db_bool(metrics, "live"))
            return request_fail(r, "CANNOT_CONTACT_HOST", h->ref, NULL);
    }
    for (struct object *h = db_first(r->db, "host"); h; h = h->next)
        db_set_bool(r->db, h, "tls_verification_enabled", true);
    db_set_bool(r->db, toolstack_pool(r->ts), "tls_verification_enabled", true);
    return reply_void(r);
}

int host_emergency_disable_tls_verification(struct request *r)
{
    db_set_bool(r->db, toolstack_master(r->ts), "tls_verification_enabled",
                false);
    return reply_void(r);
}

int host_emergency_reenable_tls_verification(struct request *r)
{
    if (!db_bool(toolstack_pool(r->ts), "tls_verification_enabled"))
        return request_fail(r, "TLS_VERIFICATION_NOT_ENABLED_IN_POOL", NULL);
    db_set_bool(r->db, toolstack_master(r->ts), "tls_verification_enabled",
                true);
    return reply_void(r);
}

/* --- With hosts that join --------------------------------------------------------------------- */

/* "The joiner's certificate for those of all members": uuid to PEM. */
int pool_exchange_certificates_on_join(struct request *r)
{
    struct value map = value_map(NULL, 0);

    if (x509_count(arg_text(r, 1)) < 1)
        return request_fail(r, "INVALID_VALUE", "certificate", "<omitted>",
                            NULL);
    if (spread_file(r,
                    arena_printf(r->arena, "certs-pool/%s.pem", arg_text(r, 0)),
                    arg_text(r, 1)))
        return API_FAILED;
    for (struct object *h = db_first(r->db, "host"); h; h = h->next) {
        const char *pem = public_part(r, agent_read(r, h, FILE_INTERNAL));

        if (pem)
            map = value_map_with(r->arena, &map,
                                 arena_strdup(r->arena, db_text(h, "uuid")),
                                 value_string(pem));
    }
    return reply(r, map);
}

static struct value texts_of(struct request *r, const char *folder,
                             const struct value *names)
{
    struct value map = value_map(NULL, 0);

    for (uint32_t i = 0; i < names->nr; i++) {
        const char *text = agent_read(
            r, toolstack_master(r->ts),
            arena_printf(r->arena, "%s/%s", folder, names->items[i].s));

        if (text)
            map = value_map_with(r->arena, &map, names->items[i].s,
                                 value_string(text));
    }
    return map;
}

int pool_exchange_ca_certificates_on_join(struct request *r)
{
    const struct value *import = &r->args[0], *export = &r->args[1];
    struct value names = value_set(NULL, 0);

    for (uint32_t i = 0; i < import->nr; i++)
        if (!in_library(r, &authorities, import->members[i].key) &&
            ca_install(r, import->members[i].key, import->members[i].value.s))
            return API_FAILED;
    for (uint32_t i = 0; i < export->nr; i++) {
        struct object *o = db_find(r->db, "Certificate", export->items[i].s);

        if (!o)
            return request_bad_handle(r, "Certificate", export->items[i].s);
        names = value_set_with(r->arena, &names, db_text(o, "name"));
    }
    return reply(r, texts_of(r, FOLDER_CA, &names));
}

int pool_exchange_crls_on_join(struct request *r)
{
    const struct value *import = &r->args[1];

    for (uint32_t i = 0; i < import->nr; i++)
        if (!in_library(r, &revoked, import->members[i].key) &&
            crl_add(r, import->members[i].key, import->members[i].value.s))
            return API_FAILED;
    return reply(r, texts_of(r, FOLDER_CRL, &r->args[2]));
}
