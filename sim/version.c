/* What hosts say of their release while an older one is played back. */
#include "version.h"

#include <string.h>

#include "release.h"

static void put(struct toolstack *ts, struct object *host, const char *key,
                const char *text)
{
    db_map_put(&ts->db, host, "software_version", key, text);
}

void version_apply(struct toolstack *ts, const char *name)
{
    struct release release;
    char text[16];
    size_t len;

    if (release_find(name, &release))
        return; /* model_play_back said so before */
    len = strcspn(release.product, ".");
    len += strcspn(release.product + len + 1, ".") + 1;
    memcpy(text, release.product, len);
    text[len] = '\0';
    for (struct object *o = db_first(&ts->db, "host"); o; o = o->next) {
        db_set_int(&ts->db, o, "API_version_major", release.api_major);
        db_set_int(&ts->db, o, "API_version_minor", release.api_minor);
        put(ts, o, "product_version", release.product);
        put(ts, o, "product_version_text", text);
        put(ts, o, "product_version_text_short", text);
        if (!*release.xapi)
            continue;
        put(ts, o, "xapi_build", release.xapi);
        put(ts, o, "xapi", release.xapi);
    }
}
