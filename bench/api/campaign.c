/* Each call in turn: what is answered at most, then at a rate below it. */
#include "campaign.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "load.h"
#include "transfer.h"
#include "watchers.h"

enum {
    CALLS_MAX = 16,
    CHANGES_PER_S = 10,
};

static const double part_of_capacity = 0.5;

static const struct {
    const char *call;
    double (*transfer)(struct transfer *x, struct target *t);
    const char *note;
} transfers[] = {
    {"import-raw", transfer_raw, "PUT of a disk, until its task is done"},
    {"export", transfer_export, "GET of a machine with a full disk"},
    {"import", transfer_import, "PUT of that image, until its task is done"},
};

enum { TRANSFERS = sizeof(transfers) / sizeof(*transfers) };

static bool wanted(const struct campaign *c, const char *call)
{
    return !c->only || strcmp(c->only, call) == 0;
}

bool campaign_knows(const char *call)
{
    bool known = strcmp(call, "wake") == 0;

    for (unsigned int i = 0; i < load_kinds_nr; i++)
        known |= strcmp(call, load_kinds[i].name) == 0;
    for (int i = 0; i < TRANSFERS; i++)
        known |= strcmp(call, transfers[i].call) == 0;
    return known;
}

static void progress(const struct campaign *c, const char *call,
                     unsigned int round)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[K%s, round %u of %u", call, round + 1,
                c->rounds);
}

/* --- Calls ------------------------------------------------------------------ */
static void failures_note(struct call_samples *s, const struct load *l)
{
    if (l->failed && !s->failed)
        fprintf(stderr, "\n%s failed: %s\n", l->kind->name, l->failure);
    s->failed += l->failed;
    s->unanswered += l->unanswered;
}

/* As many calls as are answered. */
static void capacity_run(const struct campaign *c, struct load *const load[],
                         struct call_samples *s)
{
    for (unsigned int round = 0; round < c->rounds; round++) {
        progress(c, s->call, round);
        for (int p = 0; p < SAMPLE_PEERS && load[p]; p++) {
            load_run(load[p], c->target[p], 0, c->ns);
            sample_add(s, p, CAPACITY,
                       (double)load[p]->done * 1e9 / (double)load[p]->took_ns);
            failures_note(s, load[p]);
        }
    }
}

/* One rate for both, that each can keep up with by its median. */
static double rate_of(const struct campaign *c, const struct call_samples *s)
{
    double least = sample_median(s, 0, CAPACITY);

    if (c->target[1] && sample_median(s, 1, CAPACITY) < least)
        least = sample_median(s, 1, CAPACITY);
    return c->rate > 0 ? c->rate : least * part_of_capacity;
}

static void latency_run(const struct campaign *c, struct load *const load[],
                        struct call_samples *s)
{
    for (unsigned int round = 0; round < c->rounds; round++) {
        progress(c, s->call, round);
        for (int p = 0; p < SAMPLE_PEERS && load[p]; p++) {
            load_run(load[p], c->target[p], s->rate, c->ns);
            sample_hist(s, p, &load[p]->from_meant, &load[p]->from_sent);
            failures_note(s, load[p]);
        }
    }
}

static void call_run(const struct campaign *c, const struct load_kind *kind,
                     struct call_samples *s)
{
    struct load *load[SAMPLE_PEERS] = {NULL};

    for (int p = 0; p < SAMPLE_PEERS && c->target[p]; p++) {
        load[p] = malloc(sizeof(*load[p]));
        if (!load[p])
            die("no memory");
        load_open(load[p], c->target[p], kind, c->connections);
    }
    capacity_run(c, load, s);
    s->rate = rate_of(c, s);
    latency_run(c, load, s);
    for (int p = 0; p < SAMPLE_PEERS && load[p]; p++) {
        load_close(load[p]);
        free(load[p]);
    }
}

static void wake_run(const struct campaign *c, struct call_samples *s)
{
    struct watch_result *r = malloc(sizeof(*r));

    if (!r)
        die("no memory");
    s->rate = CHANGES_PER_S;
    for (unsigned int round = 0; round < c->rounds; round++) {
        progress(c, s->call, round);
        for (int p = 0; p < SAMPLE_PEERS && c->target[p]; p++) {
            watchers_run(c->target[p], c->watchers, CHANGES_PER_S, c->ns, r);
            sample_hist(s, p, &r->wake, NULL);
            s->unanswered += r->missed;
        }
    }
    free(r);
}

static void transfers_run(const struct campaign *c, struct call_samples *s)
{
    struct transfer *x[SAMPLE_PEERS] = {NULL};

    for (int p = 0; p < SAMPLE_PEERS && c->target[p]; p++)
        x[p] = transfer_open(c->target[p]);
    for (unsigned int round = 0; round < c->rounds; round++) {
        for (int i = 0; i < TRANSFERS; i++) {
            progress(c, transfers[i].call, round);
            for (int p = 0; p < SAMPLE_PEERS && x[p]; p++)
                sample_add(&s[i], p, CAPACITY,
                           transfers[i].transfer(x[p], c->target[p]));
        }
    }
    for (int p = 0; p < SAMPLE_PEERS && x[p]; p++)
        transfer_close(x[p], c->target[p]);
}

/* --- All -------------------------------------------------------------------- */
static void all_run(const struct campaign *c, struct samples *all)
{
    struct call_samples *s = all->call;
    bool any = false;

    for (unsigned int i = 0; i < load_kinds_nr; i++, s++) {
        *s = (struct call_samples){.call = load_kinds[i].name,
                                   .unit = "1/s",
                                   .note = "open loop at half of the rate"};
        if (wanted(c, s->call))
            call_run(c, &load_kinds[i], s);
    }
    *s = (struct call_samples){
        .call = "wake", .unit = "1/s", .note = "event.from, all watchers"};
    if (wanted(c, s->call))
        wake_run(c, s);
    s++;
    for (int i = 0; i < TRANSFERS; i++) {
        s[i] = (struct call_samples){.call = transfers[i].call,
                                     .unit = "MB/s",
                                     .note = transfers[i].note};
        any |= wanted(c, s[i].call);
    }
    if (any)
        transfers_run(c, s);
    all->calls = load_kinds_nr + 1 + TRANSFERS;
}

void campaign_run(const struct campaign *c, FILE *json)
{
    struct samples all = {.url = {c->url[0], c->url[1]},
                          .rounds = c->rounds,
                          .connections = c->connections,
                          .watchers = c->watchers,
                          .seconds = (double)c->ns / 1e9};

    all.call = calloc(CALLS_MAX, sizeof(*all.call));
    if (!all.call)
        die("no memory");
    all_run(c, &all);
    if (isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
    samples_print(&all, stdout);
    if (json)
        samples_write(&all, json);
    free(all.call);
}
