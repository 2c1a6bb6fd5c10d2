/* Where clients reach disks by NBD: on networks that have the purpose. */
#include <string.h>

#include "certificate.h"
#include "handlers.h"
#include "net.h"

enum {
    NBD_PORT = 10809,
    FIELDS = 5,
};

static bool serves_nbd(const struct object *network)
{
    const struct value *purpose = db_get(network, "purpose");

    return value_has(purpose, "nbd") || value_has(purpose, "insecure_nbd");
}

/* The addresses of a host on such networks. */
static struct value addresses(struct request *r, const struct object *host)
{
    struct objects pifs = objects_of(r, host, "PIFs");
    struct value set = value_set(NULL, 0);

    for (uint32_t i = 0; i < pifs.nr; i++) {
        const struct object *network = db_ref(r->db, pifs.at[i], "network");
        const struct value *v6 = db_get(pifs.at[i], "IPv6");

        if (!network || !serves_nbd(network) ||
            !db_bool(pifs.at[i], "currently_attached"))
            continue;
        if (*db_text(pifs.at[i], "IP"))
            set = value_set_with(r->arena, &set, db_text(pifs.at[i], "IP"));
        for (uint32_t k = 0; k < v6->nr; k++)
            if (*v6->items[k].s)
                set = value_set_with(r->arena, &set, v6->items[k].s);
    }
    return set;
}

static struct value record(struct request *r, const char *export,
                           const char *address, const char *certificate,
                           const char *subject)
{
    struct member *m = arena_alloc(r->arena, sizeof(*m) * FIELDS);

    m[0] = (struct member){"exportname", value_string(export)};
    m[1] = (struct member){"address", value_string(address)};
    m[2] = (struct member){
        "port", value_int(r->ts->nbd_port ? r->ts->nbd_port : NBD_PORT)};
    m[3] = (struct member){"cert", value_string(certificate)};
    m[4] = (struct member){"subject", value_string(subject)};
    return value_map(m, FIELDS);
}

/* One for each address of each host that has the disk's repository. */
int vdi_get_nbd_info(struct request *r)
{
    const struct object *sr = db_ref(r->db, r->self, "SR");
    struct objects pbds = {0};
    const char *export =
        arena_printf(r->arena, "/%s?session_id=%s", db_text(r->self, "uuid"),
                     r->session->ref);
    struct value *rows = arena_alloc(r->arena, sizeof(*rows) * NICS_MAX);
    size_t nr = 0;

    if (strcmp(db_text(r->self, "type"), "cbt_metadata") == 0)
        return request_fail(r, "VDI_INCOMPATIBLE_TYPE", r->self->ref,
                            "cbt_metadata", NULL);
    if (sr)
        pbds = objects_of(r, sr, "PBDs");
    for (uint32_t i = 0; i < pbds.nr; i++) {
        const struct object *host = db_ref(r->db, pbds.at[i], "host");
        struct value set = value_set(NULL, 0);
        const char *pem;

        if (host && db_bool(pbds.at[i], "currently_attached"))
            set = addresses(r, host);
        if (!set.nr)
            continue;
        pem = host_certificate(r, host);
        if (!pem)
            return request_fail(r, "CERTIFICATE_LIBRARY_CORRUPT", NULL);
        for (uint32_t k = 0; k < set.nr && nr < NICS_MAX; k++)
            rows[nr++] = record(r, export, set.items[k].s, pem,
                                db_text(host, "hostname"));
    }
    return reply(r, value_set(rows, nr));
}
