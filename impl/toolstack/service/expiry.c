/* Certificates that end. */
#include "expiry.h"

#include <string.h>

#include "net.h"

enum {
    DAY_MS = 24 * 3600 * 1000,
};

/* What a certificate is called in alerts, and of whom they are. */
static const struct {
    const char *type, *name, *cls;
} kinds[] = {
    {"host", "HOST_SERVER_CERTIFICATE", "Host"},
    {"host_internal", "HOST_INTERNAL_CERTIFICATE", "Host"},
    {"ca", "POOL_CA_CERTIFICATE", "Certificate"},
    {"pinned", "POOL_PINNED_CERTIFICATE", "Certificate"},
};

/* The nearest end first. */
static const struct {
    const char *suffix;
    int64_t days;
    int priority;
} stages[] = {
    {"EXPIRED", 0, 1},
    {"EXPIRING_07", 7, 1},
    {"EXPIRING_14", 14, 2},
    {"EXPIRING_30", 30, 3},
};

static bool alerted(const struct request *r, const char *name,
                    const char *fingerprint, const char *uuid)
{
    for (struct object *m = db_first(r->db, "message"); m; m = m->next)
        if (strcmp(db_text(m, "name"), name) == 0 &&
            strcmp(db_text(m, "obj_uuid"), uuid) == 0 &&
            strstr(db_text(m, "body"), fingerprint))
            return true;
    return false;
}

/* The dates of the API compare as text. */
static void look_at(struct request *r, const struct object *o, size_t kind,
                    int64_t now)
{
    const struct object *host = db_ref(r->db, o, "host");
    const struct object *about = host ? host : o;
    const char *end = db_text(o, "not_after"), *name;

    for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++) {
        int64_t then = now + stages[i].days * DAY_MS;

        if (strcmp(end, date_text(r->arena, then)) > 0)
            continue;
        name =
            arena_printf(r->arena, "%s_%s", kinds[kind].name, stages[i].suffix);
        if (!alerted(r, name, db_text(o, "fingerprint_sha256"),
                     db_text(about, "uuid")))
            (void)alert(r, name, stages[i].priority, kinds[kind].cls, about,
                        arena_printf(r->arena,
                                     "<body><message>The certificate ends."
                                     "</message><date>%s</date><fingerprint>%s"
                                     "</fingerprint></body>",
                                     end, db_text(o, "fingerprint_sha256")));
        return;
    }
}

void certificates_watch(struct toolstack *ts)
{
    struct request r = {.ts = ts, .db = &ts->db};
    int64_t now = ts->env.now_ms(ts->env.ctx);
    struct arena a;

    if (!db_first(&ts->db, "Certificate"))
        return;
    arena_init(&a);
    r.arena = &a;
    for (struct object *o = db_first(&ts->db, "Certificate"); o; o = o->next)
        for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
            if (strcmp(db_text(o, "type"), kinds[k].type) == 0)
                look_at(&r, o, k, now);
    arena_fini(&a);
}
