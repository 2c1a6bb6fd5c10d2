/* The engine of open-loop load: one thread, many connections. */
#define _GNU_SOURCE /* memmem, ppoll */
#include "load.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void load_open(struct load *l, struct target *t, const struct load_kind *kind,
               unsigned int lanes)
{
    if (lanes > kind->lanes_max)
        lanes = kind->lanes_max;
    *l = (struct load){.kind = kind, .lanes = lanes};
    l->lane = calloc(lanes, sizeof(*l->lane));
    if (!l->lane)
        die("no memory");
    for (unsigned int i = 0; i < lanes; i++) {
        client_open(&l->lane[i].client, &t->url);
        if (kind->machines)
            target_machine(t, l->lane[i].ref, sizeof(l->lane[i].ref));
    }
}

void load_close(struct load *l)
{
    for (unsigned int i = 0; i < l->lanes; i++) {
        client_close(&l->lane[i].client);
        buf_fini(&l->lane[i].request);
    }
    free(l->lane);
}

/* --- One operation ---------------------------------------------------------- */
static void lane_ask(struct load *l, struct target *t, struct lane *lane)
{
    l->kind->ask(t, lane);
    client_send(&lane->client, &lane->request);
}

static void lane_begin(struct load *l, struct target *t, struct lane *lane,
                       uint64_t meant)
{
    lane->meant = meant;
    lane->sent = now_ns();
    lane->step = 0;
    lane->busy = true;
    lane_ask(l, t, lane);
}

static bool answer_good(struct load *l, const struct lane *lane)
{
    size_t len;
    const char *body = client_body(&lane->client, &len);

    if (memmem(body, len, "\"result\"", 8))
        return true;
    if (!l->failed)
        (void)snprintf(l->failure, sizeof(l->failure), "%.*s",
                       (int)(len < 150 ? len : 150), body);
    return false;
}

/* A whole answer is there. */
static void lane_answered(struct load *l, struct target *t, struct lane *lane)
{
    bool good = answer_good(l, lane);
    uint64_t now;

    if (good && ++lane->step < l->kind->steps) {
        lane_ask(l, t, lane);
        return;
    }
    now = now_ns();
    lane->busy = false;
    l->failed += !good;
    l->done++;
    hist_add(&l->from_meant, now - lane->meant);
    hist_add(&l->from_sent, now - lane->sent);
}

/* --- The run ---------------------------------------------------------------- */
struct schedule {
    uint64_t start, end, last; /* last: when nobody waits any more */
    uint64_t issued;
    double gap_ns; /* 0: as soon as there is a lane */
};

static uint64_t meant_at(const struct schedule *s)
{
    return s->start + (uint64_t)((double)s->issued * s->gap_ns);
}

static void begin_due(struct load *l, struct target *t, struct schedule *s)
{
    for (unsigned int i = 0; i < l->lanes; i++) {
        uint64_t now = now_ns(), meant = s->gap_ns > 0 ? meant_at(s) : now;

        if (meant > now || meant >= s->end)
            return;
        if (l->lane[i].busy)
            continue;
        s->issued++;
        lane_begin(l, t, &l->lane[i], meant);
    }
}

/* Until something may happen, at most. */
static struct timespec wait_time(const struct load *l, const struct schedule *s)
{
    uint64_t now = now_ns(), until = s->last, meant = meant_at(s);
    bool idle = false;

    for (unsigned int i = 0; i < l->lanes; i++)
        idle |= !l->lane[i].busy;
    if (idle && s->gap_ns > 0 && meant < s->end)
        until = meant;
    until = until > now ? until - now : 0;
    return (struct timespec){.tv_sec = (time_t)(until / 1000000000u),
                             .tv_nsec = (long)(until % 1000000000u)};
}

static unsigned int busy_lanes(const struct load *l)
{
    unsigned int nr = 0;

    for (unsigned int i = 0; i < l->lanes; i++)
        nr += l->lane[i].busy;
    return nr;
}

/* A request under way would be answered to the next operation. */
static void lane_give_up(struct load *l, struct target *t, struct lane *lane)
{
    hist_add(&l->from_meant, now_ns() - lane->meant);
    l->unanswered++;
    lane->busy = false;
    client_close(&lane->client);
    client_open(&lane->client, &t->url);
}

/* What was meant to begin and never did has waited until now. */
static void charge_rest(struct load *l, struct target *t, struct schedule *s)
{
    for (unsigned int i = 0; i < l->lanes; i++)
        if (l->lane[i].busy)
            lane_give_up(l, t, &l->lane[i]);
    for (; s->gap_ns > 0 && meant_at(s) < s->end; s->issued++) {
        uint64_t now = now_ns(), meant = meant_at(s);

        hist_add(&l->from_meant, now > meant ? now - meant : 0);
        l->unanswered++;
    }
}

void load_run(struct load *l, struct target *t, double rate, uint64_t ns)
{
    struct pollfd polls[LOAD_CONNECTIONS_MAX];
    struct schedule s = {.start = now_ns(),
                         .gap_ns = rate > 0 ? 1e9 / rate : 0};

    l->rate = rate;
    l->ns = ns;
    l->done = l->failed = l->unanswered = 0;
    l->from_meant = l->from_sent = (struct hist){0};
    s.end = s.start + ns;
    s.last = s.end + LOAD_OVERTIME * ns + 1000000000u;
    for (uint64_t now = s.start; now < s.last; now = now_ns()) {
        struct timespec wait;

        begin_due(l, t, &s);
        if (now >= s.end && !busy_lanes(l) &&
            (s.gap_ns <= 0 || meant_at(&s) >= s.end))
            break;
        for (unsigned int i = 0; i < l->lanes; i++)
            polls[i] = (struct pollfd){
                .fd = l->lane[i].busy ? l->lane[i].client.fd : -1,
                .events = POLLIN};
        wait = wait_time(l, &s);
        if (ppoll(polls, l->lanes, &wait, NULL) < 0)
            die("cannot wait for answers");
        for (unsigned int i = 0; i < l->lanes; i++)
            if (polls[i].revents && client_receive(&l->lane[i].client))
                lane_answered(l, t, &l->lane[i]);
    }
    l->took_ns = now_ns() - s.start;
    charge_rest(l, t, &s);
}
