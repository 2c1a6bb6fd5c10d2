/* Groups of machines: appliances, snapshot schedules, observers, callers. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "generic.h"
#include "handlers.h"
#include "request.h"
#include "vm.h"

enum {
    SNAPSHOTS_RETAINED_MAX = 10,
};

/* Every machine in the order that it asks for; `each` fails or returns 0. */
static int in_order(struct request *r, bool reverse,
                    int (*each)(struct request *r, struct object *vm))
{
    const struct value *vms = db_get(r->self, "VMs");
    bool *done = arena_alloc(r->arena, vms->nr);

    for (uint32_t n = 0; n < vms->nr; n++) {
        struct object *best = NULL;
        uint32_t best_nr = 0;

        for (uint32_t i = 0; i < vms->nr; i++) {
            struct object *vm = db_find_any(r->db, vms->items[i].s);
            int64_t a = db_int(vm, "order"),
                    b = best ? db_int(best, "order") : 0;

            if (done[i] || (best && (reverse ? a <= b : a >= b)))
                continue;
            best = vm;
            best_nr = i;
        }
        done[best_nr] = true;
        if (each(r, best))
            return API_FAILED;
    }
    return reply_void(r);
}

static int check_members(struct request *r)
{
    if (db_get(r->self, "VMs")->nr)
        return 0;
    return request_fail(r, "OPERATION_NOT_ALLOWED", "Appliance has no VMs.",
                        NULL);
}

static int start_one(struct request *r, struct object *vm)
{
    return db_text(vm, "power_state")[0] == 'H'
               ? vm_boot(r, vm, "start", arg_bool(r, 1))
               : 0;
}

static int stop_one(struct request *r, struct object *vm)
{
    return db_text(vm, "power_state")[0] == 'H' ? 0 : vm_halt(r, vm);
}

int appliance_start(struct request *r)
{
    return check_members(r) ? API_FAILED : in_order(r, false, start_one);
}

int appliance_shutdown(struct request *r)
{
    return check_members(r) ? API_FAILED : in_order(r, true, stop_one);
}

int appliance_clean_shutdown(struct request *r)
{
    const struct value *vms = db_get(r->self, "VMs");

    for (uint32_t i = 0; i < vms->nr; i++) {
        struct object *vm = db_find_any(r->db, vms->items[i].s);

        if (db_text(vm, "power_state")[0] == 'R')
            return vm_check(r, vm, "clean_shutdown")
                       ? API_FAILED
                       : in_order(r, true, stop_one);
    }
    return request_fail(r, "OPERATION_NOT_ALLOWED",
                        "There are no running VMs in this appliance.", NULL);
}

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

/* Schedules are only ever set as a whole. */
int vmss_add_to_schedule(struct request *r)
{
    return request_internal(r, "Not_found");
}

int rate_limit_create(struct request *r)
{
    static const char *const names[] = {"fill_rate", "burst_size"};

    for (int i = 0; i < 2; i++) {
        double f = value_find(&r->args[0], names[i])->f;

        if (!(f > 0))
            return request_fail(r, "INVALID_VALUE", names[i],
                                arena_printf(r->arena, "%.12g.", f), NULL);
    }
    return reply_ref(r, generic_create(r, &r->args[0]));
}

int observer_set_attributes(struct request *r)
{
    const struct value *map = &r->args[1];

    for (uint32_t i = 0; i < map->nr; i++)
        if (!strchr(map->members[i].key, '.'))
            return request_fail(r, "INVALID_VALUE", "attributes",
                                arena_printf(r->arena, "%s:%s",
                                             map->members[i].key,
                                             map->members[i].value.s),
                                NULL);
    db_set(r->db, r->self, "attributes", *map);
    return reply_void(r);
}

int observer_set_endpoints(struct request *r)
{
    const struct value *set = &r->args[1];

    for (uint32_t i = 0; i < set->nr; i++)
        if (strncmp(set->items[i].s, "http", 4) != 0 &&
            strcmp(set->items[i].s, "bugtool") != 0)
            return request_fail(r, "INVALID_VALUE", "endpoint", set->items[i].s,
                                NULL);
    db_set(r->db, r->self, "endpoints", *set);
    return reply_void(r);
}

int caller_create(struct request *r)
{
    const struct value *args = &r->args[0];

    if (!*value_text(args, "user_agent", "") &&
        !*value_text(args, "client_ip", ""))
        return request_fail(r, "INVALID_VALUE", "user_agent/client_ip",
                            "at least one of user_agent or client_ip must be "
                            "set",
                            NULL);
    return reply_ref(r, generic_create(r, args));
}
