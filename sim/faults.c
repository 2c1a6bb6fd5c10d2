/* Faults as a list, and the dice of each. */
#include "faults.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "dice.h"
#include "faults_spec.h"

enum {
    WATCHERS_MAX = 16,
};

struct faults {
    struct sim_clock *clock;
    uint64_t seed;
    int64_t last_id;
    struct fault *first;
    uint64_t changes; /* faults that came or went */
    struct {
        fault_fn fn;
        void *ctx;
    } watchers[WATCHERS_MAX];
    int watchers_nr;
};

struct faults *faults_create(struct sim_clock *clock, uint64_t seed)
{
    struct faults *f = must_alloc(sizeof(*f));

    *f = (struct faults){.clock = clock, .seed = seed};
    return f;
}

void faults_destroy(struct faults *f)
{
    while (f->first) {
        struct fault *next = f->first->next;

        free(f->first);
        f->first = next;
    }
    free(f);
}

void faults_watch(struct faults *f, fault_fn fn, void *ctx)
{
    if (f->watchers_nr == WATCHERS_MAX)
        abort(); /* each is a line of our own */
    f->watchers[f->watchers_nr].fn = fn;
    f->watchers[f->watchers_nr++].ctx = ctx;
}

/* --- Coming and going -------------------------------------------------- */

/* From 0 up to 1. Each fault throws its own dice. */
static double dice(struct fault *fault)
{
    return (double)(dice_throw(&fault->dice) >> 11) * 0x1p-53;
}

static void tell(struct faults *f, struct fault *fault, bool begins)
{
    fault->on = begins;
    for (int i = 0; i < f->watchers_nr; i++)
        f->watchers[i].fn(f->watchers[i].ctx, fault->kind, fault->target,
                          begins);
}

static void end_state(struct faults *f, struct fault *fault)
{
    if (fault->on)
        tell(f, fault, false);
}

int faults_add(struct faults *f, struct arena *a, const struct value *spec,
               int64_t *id, const char **why)
{
    struct fault *fault, **slot = &f->first;
    int nr = 0, rc;

    for (; *slot; slot = &(*slot)->next)
        nr++;
    if (nr == FAULTS_MAX) {
        *why = "too many faults";
        return -EINVAL;
    }
    f->changes++;
    fault = must_alloc(sizeof(*fault));
    rc = fault_parse(fault, a, spec, sim_clock_now_ms(f->clock), why);
    if (rc) {
        free(fault);
        return rc;
    }
    fault->id = *id = ++f->last_id;
    fault->dice = f->seed ^ (uint64_t)fault->id * 0xd1342543de82ef95u;
    *slot = fault;
    return 0;
}

int faults_add_all(struct faults *f, struct arena *a, const struct value *specs,
                   const char **why)
{
    const struct value *list =
        specs->kind == VALUE_MAP ? value_find(specs, "faults") : specs;
    int64_t id;

    if (!list || list->kind != VALUE_SET) {
        *why = "there is no list of faults";
        return -EINVAL;
    }
    for (uint32_t i = 0; i < list->nr; i++)
        if (faults_add(f, a, &list->items[i], &id, why))
            return -EINVAL;
    return 0;
}

int faults_del(struct faults *f, int64_t id)
{
    for (struct fault **slot = &f->first; *slot; slot = &(*slot)->next) {
        struct fault *fault = *slot;

        if (fault->id != id)
            continue;
        f->changes++;
        *slot = fault->next;
        end_state(f, fault);
        free(fault);
        return 0;
    }
    return -ENOENT;
}

void faults_clear(struct faults *f)
{
    while (f->first)
        (void)faults_del(f, f->first->id); /* it is there */
}

uint64_t faults_changes(const struct faults *f)
{
    return f->changes;
}

struct value faults_list(const struct faults *f, struct arena *a)
{
    struct value *items;
    size_t nr = 0;

    for (const struct fault *fault = f->first; fault; fault = fault->next)
        nr++;
    items = arena_alloc(a, sizeof(*items) * (nr + 1));
    nr = 0;
    for (const struct fault *fault = f->first; fault; fault = fault->next)
        items[nr++] = fault_value(fault, a);
    return value_set(items, nr);
}

/* --- What calls ask ---------------------------------------------------- */

bool faults_none(const struct faults *f)
{
    return !f->first;
}

bool fault_matches(const char *target, const char *const *names)
{
    for (; *names; names++)
        if (fnmatch(target, *names, 0) == 0)
            return true;
    return false;
}

static bool is_due(const struct faults *f, const struct fault *fault)
{
    int64_t now = sim_clock_now_ms(f->clock);

    return now >= fault->start_ms && now < fault->end_ms;
}

/* Throws the dice; a hit is counted. */
static bool hits(const struct faults *f, struct fault *fault)
{
    if (!is_due(f, fault) || fault->hits >= fault->count ||
        dice(fault) >= fault->probability)
        return false;
    fault->hits++;
    return true;
}

int faults_error(struct faults *f, const char *const *names, bool grows)
{
    static const int codes[FAULT_KINDS] = {
        [FAULT_EIO] = -EIO,         [FAULT_ENOSPC] = -ENOSPC,
        [FAULT_LOST_PATH] = -ENXIO, [FAULT_DETACHED] = -ENODEV,
        [FAULT_GONE] = -ENOENT,     [FAULT_UNIMPLEMENTED] = -ENOTSUP};

    for (struct fault *fault = f->first; fault; fault = fault->next)
        if (codes[fault->kind] && (grows || fault->kind != FAULT_ENOSPC) &&
            fault_matches(fault->target, names) && hits(f, fault))
            return codes[fault->kind];
    return 0;
}

int64_t faults_delay_ms(struct faults *f, const char *const *names,
                        bool on_master)
{
    int64_t sum = 0;

    for (struct fault *fault = f->first; fault; fault = fault->next) {
        bool slow = fault->kind == FAULT_SLOW_MASTER && on_master;

        if ((slow || (fault->kind == FAULT_LATENCY &&
                      fault_matches(fault->target, names))) &&
            hits(f, fault))
            sum += fault->delay_ms;
    }
    return sum;
}

bool faults_active(const struct faults *f, enum fault_kind kind,
                   const char *const *names)
{
    for (const struct fault *fault = f->first; fault; fault = fault->next) {
        enum fault_kind is =
            fault->kind == FAULT_LINK_FLAP ? FAULT_LINK_DOWN : fault->kind;

        if (fault->on && is == kind && fault_matches(fault->target, names))
            return true;
    }
    return false;
}

/* --- States over time -------------------------------------------------- */

static bool flap_is_down(const struct fault *fault, int64_t now)
{
    return (now - fault->start_ms) / fault->period_ms % 2 == 0;
}

static void step_one(struct faults *f, struct fault *fault, int64_t now)
{
    bool on = is_due(f, fault);

    if (on && !fault->tossed) {
        fault->tossed = true;
        fault->lucky = !hits(f, fault);
    }
    on &= fault->tossed && !fault->lucky;
    if (on && fault->kind == FAULT_LINK_FLAP)
        on = flap_is_down(fault, now);
    if (on == fault->on)
        return;
    if (on && fault->kind == FAULT_CLOCK_JUMP)
        sim_clock_move(f->clock, fault->delay_ms);
    tell(f, fault, on);
}

/* When it may change next. */
static int64_t next_change(const struct fault *fault, int64_t now)
{
    int64_t next = now < fault->start_ms ? fault->start_ms : fault->end_ms;

    if (now >= fault->end_ms || !fault_is_state(fault))
        return INT64_MAX;
    if (now >= fault->start_ms && fault->kind == FAULT_LINK_FLAP) {
        int64_t flap =
            now + fault->period_ms - (now - fault->start_ms) % fault->period_ms;

        next = flap < next ? flap : next;
    }
    return next;
}

int64_t faults_step(struct faults *f)
{
    int64_t earliest = INT64_MAX, now;

    for (struct fault *fault = f->first; fault; fault = fault->next)
        if (fault_is_state(fault))
            step_one(f, fault, sim_clock_now_ms(f->clock));
    now = sim_clock_now_ms(f->clock);
    for (struct fault *fault = f->first; fault; fault = fault->next) {
        int64_t next = next_change(fault, now);

        earliest = next < earliest ? next : earliest;
    }
    return earliest;
}
