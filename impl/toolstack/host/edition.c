/* Editions: what a host is licensed as. No licence server is asked. */
#include <string.h>

#include "handlers.h"
#include "host.h"
#include "placement.h"

static const char *const known[] = {"free", "xcp-ng", "standard-per-socket",
                                    "enterprise-per-socket"};

static bool known_edition(const char *edition)
{
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strcmp(known[i], edition) == 0)
            return true;
    return false;
}

/* An empty name stands for the one without a licence. */
static int apply(struct request *r, struct object *host, const char *edition)
{
    const char *name = *edition ? edition : "free";

    if (!known_edition(name))
        return request_fail(r, "INVALID_EDITION", edition, NULL);
    db_set_text(r->db, host, "edition", name);
    return 0;
}

static struct object *online_host(struct request *r)
{
    struct object *host = arg_object(r, 0, "host");

    if (host && host_answers(r, host))
        return host;
    if (host)
        (void)request_fail(r, "HOST_OFFLINE", host->ref, NULL);
    return NULL;
}

int host_apply_edition(struct request *r)
{
    struct object *host = online_host(r);

    return host && !apply(r, host, arg_text(r, 1)) ? reply_void(r) : API_FAILED;
}

int pool_apply_edition(struct request *r)
{
    for (struct object *h = db_first(r->db, "host"); h; h = h->next)
        if (!host_answers(r, h))
            return request_fail(r, "HOST_OFFLINE", h->ref, NULL);
    for (struct object *h = db_first(r->db, "host"); h; h = h->next)
        if (apply(r, h, arg_text(r, 1)))
            return API_FAILED;
    return reply_void(r);
}

/* Licence files belong to releases before this one: none is valid. */
int host_license_add(struct request *r)
{
    if (!online_host(r))
        return API_FAILED;
    return request_fail(r, "LICENSE_PROCESSING_ERROR", NULL);
}

int host_license_remove(struct request *r)
{
    struct object *host = online_host(r);

    return host && !apply(r, host, "") ? reply_void(r) : API_FAILED;
}
