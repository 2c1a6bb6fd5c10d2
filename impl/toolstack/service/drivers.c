/*
 * Drivers of hosts in several variants, of which the next boot takes the one
 * that was selected. A host lists them, a line for each variant:
 * "NAME TYPE VARIANT VERSION PRIORITY HARDWARE STATUS".
 */
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "handlers.h"
#include "net.h"

enum {
    WORDS = 7,
};

enum {
    WORD_NAME,
    WORD_TYPE,
    WORD_VARIANT,
    WORD_VERSION,
    WORD_PRIORITY,
    WORD_HARDWARE,
    WORD_STATUS,
};

/* Whether the line has them all. */
static bool split(struct request *r, const char *line, const char **words)
{
    int nr = 0;

    while (*line && nr < WORDS) {
        size_t len = strcspn(line, " ");

        words[nr++] = arena_strndup(r->arena, line, len);
        line += len + (line[len] == ' ');
    }
    return nr == WORDS;
}

static struct object *driver_of(struct request *r, const struct object *host,
                                const char **words)
{
    struct object *o;

    for (o = db_first(r->db, "Host_driver"); o; o = o->next)
        if (strcmp(db_text(o, "host"), host->ref) == 0 &&
            strcmp(db_text(o, "name"), words[WORD_NAME]) == 0)
            return o;
    o = db_create(r->db, "Host_driver");
    db_set_text(r->db, o, "host", host->ref);
    db_set_text(r->db, o, "name", words[WORD_NAME]);
    db_set_text(r->db, o, "friendly_name", words[WORD_NAME]);
    db_set_text(r->db, o, "type", words[WORD_TYPE]);
    db_set_text(r->db, o, "active_variant", REF_NULL);
    db_set_text(r->db, o, "selected_variant", REF_NULL);
    return o;
}

static void variant_put(struct request *r, struct object *driver,
                        const char **words)
{
    struct objects known = objects_of(r, driver, "variants");
    struct object *o = NULL;

    for (uint32_t i = 0; i < known.nr; i++)
        if (strcmp(db_text(known.at[i], "name"), words[WORD_VARIANT]) == 0)
            o = known.at[i];
    if (!o) {
        o = db_create(r->db, "Driver_variant");
        db_set_text(r->db, o, "driver", driver->ref);
        db_set_text(r->db, o, "name", words[WORD_VARIANT]);
    }
    db_set_text(r->db, o, "version", words[WORD_VERSION]);
    db_set_text(r->db, o, "status", words[WORD_STATUS]);
    db_set(r->db, o, "priority",
           value_float(strtod(words[WORD_PRIORITY], NULL)));
    db_set_bool(r->db, o, "hardware_present",
                strcmp(words[WORD_HARDWARE], "yes") == 0);
}

static void driver_forget(struct request *r, struct object *driver)
{
    struct objects variants = objects_of(r, driver, "variants");

    for (uint32_t i = 0; i < variants.nr; i++)
        db_destroy(r->db, variants.at[i]);
    db_destroy(r->db, driver);
}

static int rescan(struct request *r, struct object *host)
{
    struct value lines = text_lines(r, agent_ask(r, host, "drivers"));
    struct objects old = objects_all(r, "Host_driver");
    struct value kept = value_set(NULL, 0);

    for (uint32_t i = 0; i < lines.nr; i++) {
        const char *words[WORDS];
        struct object *driver;

        if (!split(r, lines.items[i].s, words))
            continue;
        driver = driver_of(r, host, words);
        variant_put(r, driver, words);
        kept = value_set_with(r->arena, &kept, driver->ref);
    }
    for (uint32_t i = 0; i < old.nr; i++)
        if (strcmp(db_text(old.at[i], "host"), host->ref) == 0 &&
            !value_has(&kept, old.at[i]->ref))
            driver_forget(r, old.at[i]);
    return reply_void(r);
}

int host_rescan_drivers(struct request *r)
{
    return rescan(r, r->self);
}

static int select_variant(struct request *r, struct object *driver,
                          struct object *variant)
{
    const struct object *host = db_ref(r->db, driver, "host");

    if (!db_bool(variant, "hardware_present"))
        return request_fail(r, "HOST_DRIVER_NO_HARDWARE",
                            db_text(driver, "name"), db_text(variant, "name"),
                            NULL);
    if (agent_apply(
            r, host,
            arena_printf(r->arena, "driver %s", db_text(driver, "name")),
            db_text(variant, "name")))
        return API_FAILED;
    db_set_text(r->db, driver, "selected_variant", variant->ref);
    return reply_void(r);
}

int host_driver_select(struct request *r)
{
    struct object *variant = arg_object(r, 1, "Driver_variant");

    if (!variant)
        return API_FAILED;
    if (db_ref(r->db, variant, "driver") != r->self)
        return request_fail(r, "INVALID_VALUE", "variant", variant->ref, NULL);
    return select_variant(r, r->self, variant);
}

int driver_variant_select(struct request *r)
{
    struct object *driver = db_ref(r->db, r->self, "driver");

    if (!driver)
        return request_bad_handle(r, "Host_driver", db_text(r->self, "driver"));
    return select_variant(r, driver, r->self);
}

int host_driver_deselect(struct request *r)
{
    const struct object *host = db_ref(r->db, r->self, "host");

    if (agent_apply(
            r, host,
            arena_printf(r->arena, "driver %s", db_text(r->self, "name")), ""))
        return API_FAILED;
    db_set_text(r->db, r->self, "selected_variant", REF_NULL);
    db_set_text(r->db, r->self, "active_variant", REF_NULL);
    return reply_void(r);
}
