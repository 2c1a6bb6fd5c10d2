/* Faults from values and back. */
#include "faults_spec.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

/* Numbers that a fault may have; times in seconds. */
#define SECONDS_MAX 1e9

enum {
    STARS_MAX = 4,
};

enum fault_effect {
    EFFECT_CALL,
    EFFECT_STATE,
};

static const struct {
    const char *name;
    enum fault_effect effect;
} kinds[FAULT_KINDS] = {
#define FAULT(name, kind, effect) [FAULT_##kind] = {name, effect},
#include "faults.def"
#undef FAULT
};

static const char *const keys[] = {"what",  "target", "probability", "count",
                                   "start", "delay",  "duration",    "period"};

bool fault_is_state(const struct fault *fault)
{
    return kinds[fault->kind].effect == EFFECT_STATE;
}

static bool known_key(const char *key)
{
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (strcmp(keys[i], key) == 0)
            return true;
    return false;
}

/* 0, or -EINVAL. */
static int number(const struct value *spec, const char *key, double least,
                  double most, double *f)
{
    const struct value *v = value_find(spec, key);

    if (!v)
        return 0;
    if (v->kind == VALUE_INT)
        *f = (double)v->i;
    else if (v->kind == VALUE_FLOAT)
        *f = v->f;
    else
        return -EINVAL;
    return *f >= least && *f <= most ? 0 : -EINVAL;
}

static int parse_kind(const char *name, enum fault_kind *kind)
{
    for (int i = 0; i < FAULT_KINDS; i++)
        if (strcmp(kinds[i].name, name) == 0) {
            *kind = (enum fault_kind)i;
            return 0;
        }
    return -EINVAL;
}

/* 0, or -EINVAL with the key that is wrong. */
static int parse_numbers(struct fault *fault, const struct value *spec,
                         int64_t now_ms, const char **key)
{
    double start = 0, duration = SECONDS_MAX, delay = 1, period = 1;
    double count = SECONDS_MAX, least = -SECONDS_MAX;
    const struct {
        const char *key;
        double least, most, *f;
    } rows[] = {
        {"probability", 0, 1, &fault->probability},
        {"count", 1, SECONDS_MAX, &count},
        {"start", 0, SECONDS_MAX, &start},
        {"duration", 0, SECONDS_MAX, &duration},
        {"delay", fault->kind == FAULT_CLOCK_JUMP ? least : 0, SECONDS_MAX,
         &delay},
        {"period", 0.001, SECONDS_MAX, &period},
    };

    fault->probability = 1;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        *key = rows[i].key;
        if (number(spec, rows[i].key, rows[i].least, rows[i].most, rows[i].f))
            return -EINVAL;
    }
    fault->count = (int64_t)count;
    fault->start_ms = now_ms + (int64_t)(start * 1000);
    fault->end_ms = fault->start_ms + (int64_t)(duration * 1000);
    fault->delay_ms = (int64_t)(delay * 1000);
    fault->period_ms = (int64_t)(period * 1000);
    return 0;
}

int fault_parse(struct fault *fault, struct arena *a, const struct value *spec,
                int64_t now_ms, const char **why)
{
    const char *target, *key;
    int stars = 0;

    *fault = (struct fault){0};
    *why = "a fault is a map with 'what'";
    if (spec->kind != VALUE_MAP ||
        parse_kind(value_text(spec, "what", ""), &fault->kind))
        return -EINVAL;
    for (uint32_t i = 0; i < spec->nr; i++)
        if (!known_key(spec->members[i].key)) {
            *why =
                arena_printf(a, "a fault has no '%.40s'", spec->members[i].key);
            return -EINVAL;
        }
    target = value_text(spec, "target", "*");
    for (const char *p = strchr(target, '*'); p; p = strchr(p + 1, '*'))
        stars++; /* each multiplies the time that a match may take */
    if (strlen(target) >= sizeof(fault->target) || stars > STARS_MAX) {
        *why = "the target is too long, or has too many stars";
        return -EINVAL;
    }
    memcpy(fault->target, target, strlen(target) + 1);
    if (parse_numbers(fault, spec, now_ms, &key)) {
        *why = arena_printf(a, "'%s' makes no sense", key);
        return -EINVAL;
    }
    return 0;
}

struct value fault_value(const struct fault *fault, struct arena *a)
{
    const struct member members[] = {
        {"id", value_int(fault->id)},
        {"what", value_string(kinds[fault->kind].name)},
        {"target", value_string(arena_strdup(a, fault->target))},
        {"probability", value_float(fault->probability)},
        {"count", value_int(fault->count)},
        {"hits", value_int(fault->hits)},
        {"from_ms", value_int(fault->start_ms)},
        {"to_ms", value_int(fault->end_ms)},
        {"delay", value_float((double)fault->delay_ms / 1000)},
        {"period", value_float((double)fault->period_ms / 1000)},
        {"on", value_bool(fault->on)},
    };
    struct member *copy = arena_alloc(a, sizeof(members));

    memcpy(copy, members, sizeof(members));
    return value_map(copy, sizeof(members) / sizeof(members[0]));
}
