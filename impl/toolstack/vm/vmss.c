/* Snapshot schedules: their settings. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "generic.h"
#include "handlers.h"

enum {
    SNAPSHOTS_RETAINED_MAX = 10,
};

int vmss_set_retained_snapshots(struct request *r)
{
    int64_t nr = arg_int(r, 1);

    if (nr < 1 || nr > SNAPSHOTS_RETAINED_MAX)
        return request_fail(r, "INVALID_VALUE", "retained_snapshots",
                            arena_printf(r->arena, "%lld", (long long)nr),
                            NULL);
    db_set_int(r->db, r->self, "retained_snapshots", nr);
    return reply_void(r);
}

static bool in_range(const char *text, int max)
{
    int n = 0;

    if (!*text || strlen(text) > 2 ||
        strspn(text, "0123456789") != strlen(text))
        return false;
    for (; *text; text++)
        n = n * 10 + (*text - '0');
    return n <= max;
}

static bool schedule_valid(const char *key, const char *value)
{
    if (strcmp(key, "hour") == 0)
        return in_range(value, 23);
    if (strcmp(key, "min") == 0)
        return in_range(value, 45) && atoi(value) % 15 == 0;
    return strcmp(key, "days") == 0;
}

/* "monday,friday" with capitals; numbers stay as they are. */
static const char *spelled(struct request *r, const char *text)
{
    char *copy = arena_strdup(r->arena, text);

    for (char *p = copy; *p; p++)
        *p = (char)(p == copy || p[-1] == ',' ? toupper((unsigned char)*p)
                                              : tolower((unsigned char)*p));
    return copy;
}

/* Keys that are not given keep what they were. */
int vmss_set_schedule(struct request *r)
{
    const struct value *map = &r->args[1];

    for (uint32_t i = 0; i < map->nr; i++) {
        const char *key = map->members[i].key, *v = map->members[i].value.s;

        if (schedule_valid(key, v))
            continue;
        return request_fail(r, "INVALID_VALUE",
                            *key ? arena_printf(r->arena, "schedule:%s", key)
                                 : "schedule",
                            v, NULL);
    }
    for (uint32_t i = 0; i < map->nr; i++)
        db_map_put(r->db, r->self, "schedule", map->members[i].key,
                   spelled(r, map->members[i].value.s));
    return reply_void(r);
}

/* The keys that a frequency needs, with what they start from. */
static const struct {
    const char *frequency, *key, *initial;
} schedule_keys[] = {
    {"hourly", "min", "0"}, {"daily", "hour", "0"},
    {"daily", "min", "0"},  {"weekly", "hour", "0"},
    {"weekly", "min", "0"}, {"weekly", "days", "Monday"},
};

/* Keeps what the frequency needs, adds what it lacks. */
static void schedule_fit(struct request *r, struct object *o)
{
    const char *frequency = db_text(o, "frequency");
    struct value old = *db_get(o, "schedule"), new = value_map(NULL, 0);

    for (size_t i = 0; i < sizeof(schedule_keys) / sizeof(schedule_keys[0]);
         i++) {
        const char *key = schedule_keys[i].key;

        if (strcmp(schedule_keys[i].frequency, frequency) == 0)
            new = value_map_with(
                r->arena, &new, key,
                value_string(spelled(
                    r, value_text(&old, key, schedule_keys[i].initial))));
    }
    db_set(r->db, o, "schedule", new);
}

int vmss_set_frequency(struct request *r)
{
    db_set_text(r->db, r->self, "frequency", arg_text(r, 1));
    schedule_fit(r, r->self);
    return reply_void(r);
}

int vmss_create(struct request *r)
{
    struct object *o = generic_create(r, &r->args[0]);

    schedule_fit(r, o);
    return reply_ref(r, o);
}

int vmss_destroy(struct request *r)
{
    if (db_get(r->self, "VMs")->nr)
        return request_fail(r, "VMSS_HAS_VM", NULL);
    db_destroy(r->db, r->self);
    return reply_void(r);
}

/* A value that cannot be is answered by what looks for the one before it. */
int vmss_add_to_schedule(struct request *r)
{
    const char *key = arg_text(r, 1), *v = arg_text(r, 2);

    if (!schedule_valid(key, v) || value_find(db_get(r->self, "schedule"), key))
        return request_internal(r, "Not_found");
    db_map_put(r->db, r->self, "schedule", key, spelled(r, v));
    return reply_void(r);
}

int vmss_remove_from_schedule(struct request *r)
{
    db_map_del(r->db, r->self, "schedule", arg_text(r, 1));
    return reply_void(r);
}
