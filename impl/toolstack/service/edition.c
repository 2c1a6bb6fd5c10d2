/* Editions and licences: what hosts are entitled to, and what pools lack. */
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "handlers.h"
#include "host.h"
#include "net.h"

enum {
    LICENCE_BYTES_MAX = 1 << 16,
    LINE_BYTES = 128,
};

#define EXPIRY_FAR "21" /* a date from 2100 on is never */

static const char *const editions[] = {
#define EDITION(name) name,
#include "editions.def"
};

static const struct {
    const char *key, *name, *without;
} features[] = {
#define FEATURE(key, name, without) {"restrict_" key, name, without},
#include "editions.def"
};

#define FEATURES_NR (sizeof(features) / sizeof(features[0]))

/* Whether some host was entitled to something that is over. */
static bool has_ended(struct request *r)
{
    const char *now = toolstack_now(r->ts, r->arena);

    for (struct object *h = db_first(r->db, "host"); h; h = h->next)
        if (strcmp(value_text(db_get(h, "license_params"), "expiry", "never"),
                   now) < 0)
            return true;
    return false;
}

int feature_check_start(struct request *r)
{
    if (has_ended(r))
        return request_fail(r, "LICENCE_RESTRICTION", "VM_start", NULL);
    return feature_check(r, "vm_start");
}

int feature_check(struct request *r, const char *feature)
{
    const struct value *restrictions =
        db_get(toolstack_pool(r->ts), "restrictions");

    if (!restrictions->nr)
        return 0;
    for (size_t i = 0; i < FEATURES_NR; i++)
        if (strcmp(features[i].key + strlen("restrict_"), feature) == 0 &&
            strcmp(value_text(restrictions, features[i].key, "false"),
                   "true") == 0)
            return request_fail(r, "LICENCE_RESTRICTION", features[i].name,
                                NULL);
    return 0;
}

static int check_online(struct request *r, const struct object *host)
{
    if (host_answers(r, host))
        return 0;
    return request_fail(r, "HOST_OFFLINE", host->ref, NULL);
}

static bool edition_known(const char *name)
{
    for (size_t i = 0; i < sizeof(editions) / sizeof(editions[0]); i++)
        if (strcmp(editions[i], name) == 0)
            return true;
    return false;
}

static bool leaves_out(const char *without, const char *edition)
{
    size_t len = strcspn(edition, "-"); /* with or without "-per-socket" */

    for (const char *w = without; *w; w += strspn(w, " ")) {
        size_t n = strcspn(w, " ");

        if (n == len && strncmp(w, edition, len) == 0)
            return true;
        w += n;
    }
    return false;
}

/* A pool lacks what any of its hosts lacks. */
static void restrict_pool(struct request *r)
{
    struct member *m = arena_alloc(r->arena, sizeof(*m) * FEATURES_NR);

    for (size_t i = 0; i < FEATURES_NR; i++) {
        bool lacks = false;

        for (struct object *h = db_first(r->db, "host"); h; h = h->next)
            lacks =
                lacks || leaves_out(features[i].without, db_text(h, "edition"));
        m[i] = (struct member){features[i].key,
                               value_string(lacks ? "true" : "false")};
    }
    db_set(r->db, toolstack_pool(r->ts), "restrictions",
           value_map(m, FEATURES_NR));
}

/* `expiry` NULL: it does not end. */
static int entitle(struct request *r, struct object *host, const char *edition,
                   const char *expiry)
{
    if (!*edition)
        edition = "free";
    if (check_online(r, host))
        return API_FAILED;
    if (!edition_known(edition))
        return request_fail(r, "INVALID_EDITION", edition, NULL);
    db_set_text(r->db, host, "edition", edition);
    db_set(r->db, host, "editions",
           value_strings(r->arena, editions,
                         sizeof(editions) / sizeof(editions[0])));
    db_map_put(r->db, host, "license_params", "license_type", edition);
    db_map_put(r->db, host, "license_params", "expiry",
               expiry ? expiry : "never");
    for (size_t i = 0; i < FEATURES_NR; i++)
        db_map_put(r->db, host, "license_params", features[i].key,
                   leaves_out(features[i].without, edition) ? "true" : "false");
    restrict_pool(r);
    return 0;
}

int host_apply_edition(struct request *r)
{
    return entitle(r, r->self, arg_text(r, 1), NULL) ? API_FAILED
                                                     : reply_void(r);
}

int pool_apply_edition(struct request *r)
{
    if (*arg_text(r, 1) && !edition_known(arg_text(r, 1)))
        return request_fail(r, "INVALID_EDITION", arg_text(r, 1), NULL);
    for (struct object *h = db_first(r->db, "host"); h; h = h->next)
        if (entitle(r, h, arg_text(r, 1), NULL))
            return API_FAILED;
    return reply_void(r);
}

/* The value of a line "key=value"; NULL: there is none. */
static const char *line_of(struct request *r, const char *text, const char *key)
{
    size_t len = strlen(key);

    for (const char *c = text; *c; c += *c == '\n') {
        size_t n = strcspn(c, "\n");

        if (n > len && n < LINE_BYTES && c[len] == '=' &&
            strncmp(c, key, len) == 0)
            return arena_strndup(r->arena, c + len + 1, n - len - 1);
        c += n;
    }
    return NULL;
}

/* Lines "edition=NAME" and "expiry=DATE", in base64. */
int host_license_add(struct request *r)
{
    const char *in = arg_text(r, 1), *edition, *expiry;
    const char *text =
        strlen(in) > LICENCE_BYTES_MAX ? NULL : base64_decode(r->arena, in);

    if (!text)
        return request_fail(r, "LICENSE_PROCESSING_ERROR", NULL);
    edition = line_of(r, text, "edition");
    expiry = line_of(r, text, "expiry");
    if (!edition || !edition_known(edition))
        return request_fail(r, "LICENSE_PROCESSING_ERROR", NULL);
    if (expiry && strcmp(expiry, toolstack_now(r->ts, r->arena)) < 0)
        return request_fail(r, "LICENSE_EXPIRED", NULL);
    return entitle(r, r->self, edition, expiry) ? API_FAILED : reply_void(r);
}

int host_license_remove(struct request *r)
{
    return entitle(r, r->self, "free", NULL) ? API_FAILED : reply_void(r);
}

/* The least edition of the hosts, and the first end. */
int pool_get_license_state(struct request *r)
{
    size_t least = sizeof(editions) / sizeof(editions[0]);
    const char *expiry = "never";
    struct member *m = arena_alloc(r->arena, sizeof(*m) * 2);

    for (struct object *h = db_first(r->db, "host"); h; h = h->next) {
        const char *ends =
            value_text(db_get(h, "license_params"), "expiry", "never");

        for (size_t i = 0; i < least; i++)
            if (strcmp(db_text(h, "edition"), editions[i]) == 0)
                least = i;
        if (strcmp(ends, EXPIRY_FAR) < 0 && strcmp(ends, expiry) < 0)
            expiry = ends;
    }
    m[0] = (struct member){
        "edition", value_string(least < sizeof(editions) / sizeof(editions[0])
                                    ? editions[least]
                                    : "free")};
    m[1] = (struct member){"expiry", value_string(expiry)};
    return reply(r, value_map(m, 2));
}
