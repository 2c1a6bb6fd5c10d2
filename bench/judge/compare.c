/* Now against then, and why. */
#include "compare.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "show.h"

/* How near a count is to a time that it may explain. */
enum nearness {
    NEAR_NOT,
    NEAR_HYPERVISOR, /* a path of the hypervisor that all share */
    NEAR_DEVICE,     /* of the same device */
    NEAR_OWN,        /* counted during that very measure */
};

#define MICRO "micro."

static void reason_add(struct change *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void reason_add(struct change *c, const char *format, ...)
{
    va_list ap;

    if (c->reasons == REASONS_MAX)
        return;
    va_start(ap, format);
    (void)vsnprintf(c->reason[c->reasons], sizeof(*c->reason), format, ap);
    va_end(ap);
    c->reasons++;
}

/* --- Machines ---------------------------------------------------------------- */
static void machines_compare(struct comparison *c, const struct run *now)
{
    const struct {
        const char *what, *now, *then;
    } parts[] = {{"id", now->machine, c->then->machine},
                 {"accelerator", now->accelerator, c->then->accelerator},
                 {"QEMU", now->qemu, c->then->qemu}};

    c->same_machine = true;
    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
        if (strcmp(parts[i].now, parts[i].then) == 0)
            continue;
        c->same_machine = false;
        snprintf(c->difference, sizeof(c->difference),
                 "%s '%.48s', was '%.48s'", parts[i].what, parts[i].now,
                 parts[i].then);
        return;
    }
}

/* --- Judging ----------------------------------------------------------------- */
static const struct series none;

static const struct series *series_of(const struct run *r,
                                      const struct measure *m, const char *peer)
{
    int at = run_peer_find(r, peer);

    return at < 0 ? &none : &m->series[at];
}

static bool alike(const struct measure *a, const struct measure *b)
{
    return a->count == b->count && a->higher == b->higher &&
           strcmp(a->unit, b->unit) == 0;
}

static int change_measure(struct change *c, const struct comparison *all,
                          const struct run *now, const struct rules *rules)
{
    const char *peer = run_peer_find(now, PEER_OURS) < 0 && now->peers
                           ? now->peer[0]
                           : PEER_OURS;

    c->refused =
        !alike(c->now, c->then) || (!all->same_machine && !c->now->count);
    if (!alike(c->now, c->then))
        reason_add(c, "was measured otherwise: '%s'", c->then->unit);
    else if (c->refused)
        reason_add(c, "times of different machines are not compared");
    return judged_measure(&c->judged, c->now, series_of(now, c->now, peer),
                          series_of(all->then, c->then, peer), rules);
}

static int changes_measure(struct comparison *c, const struct run *now,
                           const struct rules *rules)
{
    int rc = 0;

    for (size_t i = 0; !rc && i < now->measures; i++) {
        const struct measure *then =
            run_measure_find(c->then, now->measure[i].name);

        if (!then) {
            c->fresh++;
            continue;
        }
        c->change[c->changes] =
            (struct change){.now = &now->measure[i], .then = then};
        rc = change_measure(&c->change[c->changes++], c, now, rules);
    }
    c->gone = c->then->measures - c->changes;
    return rc;
}

static int changes_decide(struct comparison *c, const struct rules *rules)
{
    struct judged **list = calloc(c->changes + 1, sizeof(struct judged *));
    size_t n = 0;
    int rc;

    if (!list)
        return -ENOMEM;
    for (size_t i = 0; i < c->changes; i++)
        if (!c->change[i].refused)
            list[n++] = &c->change[i].judged;
    rc = judged_decide(list, n, rules);
    free(list);
    return rc;
}

static bool moved(const struct change *c)
{
    return !c->refused && (c->judged.verdict == VERDICT_BETTER ||
                           c->judged.verdict == VERDICT_WORSE);
}

/* --- Reasons ----------------------------------------------------------------- */
/* The first of the preferred peers that was measured well both times. */
static const char *control_of(const struct change *c,
                              const struct comparison *all,
                              const struct run *now, const struct rules *rules)
{
    static const char *const preferred[] = {"xen", "none"};

    for (size_t i = 0; i < sizeof(preferred) / sizeof(*preferred); i++)
        if (series_of(now, c->now, preferred[i])->n >= rules->least &&
            series_of(all->then, c->then, preferred[i])->n >= rules->least)
            return preferred[i];
    return NULL;
}

static double half_width(const struct judged *j)
{
    return log(j->interval.high / j->interval.low) / 2;
}

/*
 * A peer that nobody changed says what the machine did meanwhile: ours has to
 * have moved clearly further, the same way.
 */
static int peer_weigh(struct change *c, const struct comparison *all,
                      const struct run *now, const struct rules *rules)
{
    const char *peer = control_of(c, all, now, rules);
    char change[SHOW_BYTES];
    struct judged j;
    double beyond;

    if (!peer)
        return 0;
    if (judged_measure(&j, c->now, series_of(now, c->now, peer),
                       series_of(all->then, c->then, peer), rules))
        return -ENOMEM;
    beyond = log(c->judged.ratio / j.ratio);
    if (c->judged.ratio < 1)
        beyond = -beyond;
    if (!isfinite(beyond))
        return 0;
    if (beyond > log1p(rules->margin) &&
        beyond > hypot(half_width(&c->judged), half_width(&j)))
        return 0;
    c->judged.verdict = VERDICT_UNKNOWN;
    reason_add(c,
               "'%s' did not change and moved as well (%s): that was the "
               "machine",
               peer, show_change(j.ratio, change));
    return 0;
}

static enum nearness nearness_of(const char *time, const char *count)
{
    size_t group = show_group(time), len = strlen(time);

    if (strncmp(count, time, len) == 0 && count[len] == '.')
        return NEAR_OWN;
    if (group == show_group(count) && strncmp(count, time, group) == 0)
        return NEAR_DEVICE;
    return strncmp(count, MICRO, strlen(MICRO)) == 0 ? NEAR_HYPERVISOR
                                                     : NEAR_NOT;
}

static double size_of(const struct change *c)
{
    return fabs(log(c->judged.ratio));
}

/* The nearest count that moved the same way and is not told yet; of as near
   ones the one that moved most. `least`: how near it has to be. */
static const struct change *
explanation(const struct comparison *all, const struct change *time,
            enum nearness least, const struct change *const *told, size_t n)
{
    const struct change *best = NULL;
    enum nearness best_near = least;

    for (size_t i = 0; i < all->changes; i++) {
        const struct change *c = &all->change[i];
        enum nearness near = nearness_of(time->now->name, c->now->name);
        bool known = false;

        for (size_t k = 0; k < n; k++)
            known |= told[k] == c;
        if (known || !c->now->count || !moved(c) || near == NEAR_NOT ||
            near < least || c->judged.verdict != time->judged.verdict)
            continue;
        if (!best || near > best_near ||
            (near == best_near && size_of(c) > size_of(best))) {
            best = c;
            best_near = near;
        }
    }
    return best;
}

static bool counts_there(const struct comparison *all)
{
    for (size_t i = 0; i < all->changes; i++)
        if (all->change[i].now->count && !all->change[i].refused)
            return true;
    return false;
}

static void counts_explain(const struct comparison *all, struct change *time)
{
    const struct change *told[REASONS_MAX];
    enum nearness least = NEAR_NOT;
    char change[SHOW_BYTES], x[SHOW_BYTES], y[SHOW_BYTES];
    size_t n = 0;

    while (n < REASONS_MAX) {
        const struct change *c = explanation(all, time, least, told, n);

        if (!c)
            break;
        /* What lies further off explains nothing more. */
        least = nearness_of(time->now->name, c->now->name);
        reason_add(time, "%s%.70s: %s, was %s (%s)",
                   least == NEAR_OWN ? "" : "maybe ", c->now->name,
                   show_number(c->judged.x, x), show_number(c->judged.y, y),
                   show_change(c->judged.ratio, change));
        told[n++] = c;
    }
    if (!n)
        reason_add(time, "%s",
                   counts_there(all)
                       ? "no count moved with it: look for what is not "
                         "counted (caches, locks, the host)"
                       : "no counts were taken that could say why");
}

static int changes_explain(struct comparison *c, const struct run *now,
                           const struct rules *rules)
{
    for (size_t i = 0; i < c->changes; i++) {
        struct change *x = &c->change[i];

        if (*x->judged.reason && !x->refused)
            reason_add(x, "%s", x->judged.reason);
        if (!moved(x) || x->now->count)
            continue;
        if (peer_weigh(x, c, now, rules))
            return -ENOMEM;
        if (moved(x))
            counts_explain(c, x);
    }
    return 0;
}

int comparison_init(struct comparison *c, const struct run *now,
                    const struct run *then, const char *baseline,
                    const struct rules *rules)
{
    int rc;

    *c = (struct comparison){.then = then, .baseline = baseline};
    c->change = calloc(now->measures + 1, sizeof(*c->change));
    if (!c->change)
        return -ENOMEM;
    machines_compare(c, now);
    rc = changes_measure(c, now, rules);
    if (!rc)
        rc = changes_decide(c, rules);
    if (!rc)
        rc = changes_explain(c, now, rules);
    if (rc)
        comparison_fini(c);
    for (size_t i = 0; i < c->changes; i++)
        if (!c->change[i].refused)
            c->count[c->change[i].judged.verdict]++;
    return rc;
}

void comparison_fini(struct comparison *c)
{
    free(c->change);
    *c = (struct comparison){0};
}

enum verdict comparison_verdict(const struct comparison *c)
{
    static const enum verdict order[] = {VERDICT_WORSE, VERDICT_BETTER,
                                         VERDICT_SAME};

    for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++)
        if (c->count[order[i]])
            return order[i];
    return VERDICT_UNKNOWN;
}
