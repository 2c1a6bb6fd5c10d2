/*
 * Watchers wait in event.from for one machine; its description counts up, at
 * times that are set before. A watcher that is told of the fifth change has been
 * told of the fourth as well: each of them counts from the time it was meant to
 * be made, so that a server which bundles changes is charged for the wait.
 */
#define _GNU_SOURCE /* memmem, ppoll */
#include "watchers.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PARAMS_BYTES = 640,
    TOKEN_BYTES = 256,
    GRACE_S = 5, /* after the last change */
};

static const char marker[] = "touchstone-change-";

struct watcher {
    struct client client;
    char token[TOKEN_BYTES];
    uint64_t seen; /* changes it knows of */
};

struct watch {
    struct target *t;
    struct watcher *watcher;
    struct pollfd *polls;
    unsigned int nr;
    struct client changer;
    bool changing;
    uint64_t start, made, all;
    double gap_ns;
    struct watch_result *r;
};

/* The text behind `key` in an answer, up to the quote. */
static bool text_after(const struct client *c, const char *key, char *text,
                       size_t size)
{
    size_t len;
    const char *body = client_body(c, &len), *at;

    at = memmem(body, len, key, strlen(key));
    if (!at)
        return false;
    at += strlen(key);
    (void)snprintf(text, size, "%.*s",
                   (int)strnlen(at, (size_t)(body + len - at)), at);
    text[strcspn(text, "\"")] = '\0';
    return true;
}

static void watcher_arm(struct watch *w, struct watcher *one)
{
    char params[PARAMS_BYTES];
    struct buf r = {0};

    (void)snprintf(params, sizeof(params), "[\"%s\",[\"vm/%s\"],\"%s\",60.0]",
                   w->t->session, w->t->vm, one->token);
    request_json(&r, "event.from", params);
    client_send(&one->client, &r);
    buf_fini(&r);
}

static uint64_t meant_at(const struct watch *w, uint64_t change)
{
    return w->start + (uint64_t)((double)change * w->gap_ns);
}

/* It was told something: which changes it knows of now. */
static void watcher_told(struct watch *w, struct watcher *one)
{
    uint64_t now = now_ns(), known = one->seen;
    char text[32];

    if (text_after(&one->client, marker, text, sizeof(text)))
        known = strtoull(text, NULL, 10);
    for (; one->seen < known && one->seen < w->made; one->seen++)
        hist_add(&w->r->wake, now - meant_at(w, one->seen));
    if (!text_after(&one->client, "\"token\":\"", one->token, TOKEN_BYTES) &&
        !text_after(&one->client, "\"token\": \"", one->token, TOKEN_BYTES))
        die("event.from gave no token");
    watcher_arm(w, one);
}

/* Change `n` says that there were n + 1. */
static void change_send(struct watch *w)
{
    char params[PARAMS_BYTES];
    struct buf r = {0};

    (void)snprintf(params, sizeof(params), "[\"%s\",\"%s\",\"%s%llu\"]",
                   w->t->session, w->t->vm, marker,
                   (unsigned long long)++w->made);
    request_json(&r, "VM.set_name_description", params);
    client_send(&w->changer, &r);
    w->changing = true;
    buf_fini(&r);
}

static bool all_told(const struct watch *w)
{
    for (unsigned int i = 0; i < w->nr; i++)
        if (w->watcher[i].seen < w->all)
            return false;
    return true;
}

static void open_all(struct watch *w)
{
    char token[TOKEN_BYTES];
    struct value v =
        client_call(&w->t->client, &w->t->arena, "event.from",
                    "[\"%s\",[\"vm/%s\"],\"\",0.0]", w->t->session, w->t->vm);

    (void)snprintf(token, sizeof(token), "%s", value_text(&v, "token", ""));
    client_open(&w->changer, &w->t->url);
    for (unsigned int i = 0; i < w->nr; i++) {
        client_open(&w->watcher[i].client, &w->t->url);
        memcpy(w->watcher[i].token, token, sizeof(token));
        watcher_arm(w, &w->watcher[i]);
    }
    /* Those came before. */
    (void)client_call(&w->t->client, &w->t->arena, "pool.get_all", "[\"%s\"]",
                      w->t->session);
}

static void poll_all(struct watch *w, uint64_t until)
{
    uint64_t now = now_ns(), wait = until > now ? until - now : 0;
    struct timespec time = {.tv_sec = (time_t)(wait / 1000000000u),
                            .tv_nsec = (long)(wait % 1000000000u)};

    for (unsigned int i = 0; i < w->nr; i++)
        w->polls[i] =
            (struct pollfd){.fd = w->watcher[i].client.fd, .events = POLLIN};
    w->polls[w->nr] = (struct pollfd){.fd = w->changing ? w->changer.fd : -1,
                                      .events = POLLIN};
    if (ppoll(w->polls, w->nr + 1, &time, NULL) < 0)
        die("cannot wait for events");
    if (w->polls[w->nr].revents)
        w->changing = !client_receive(&w->changer);
    for (unsigned int i = 0; i < w->nr; i++)
        if (w->polls[i].revents && client_receive(&w->watcher[i].client))
            watcher_told(w, &w->watcher[i]);
}

static void watch_loop(struct watch *w)
{
    uint64_t last = meant_at(w, w->all) + GRACE_S * 1000000000ull;

    while (now_ns() < last && !(w->made == w->all && all_told(w))) {
        uint64_t next =
            w->made < w->all && !w->changing ? meant_at(w, w->made) : last;

        if (next <= now_ns())
            change_send(w);
        else
            poll_all(w, next);
    }
    for (unsigned int i = 0; i < w->nr; i++) {
        for (uint64_t n = w->watcher[i].seen; n < w->all; n++) {
            hist_add(&w->r->wake, now_ns() - meant_at(w, n));
            w->r->missed++;
        }
    }
}

void watchers_run(struct target *t, unsigned int watchers, double rate,
                  uint64_t ns, struct watch_result *r)
{
    struct watch w = {.t = t, .nr = watchers, .r = r, .gap_ns = 1e9 / rate};
    struct value before =
        client_call(&t->client, &t->arena, "VM.get_name_description",
                    "[\"%s\",\"%s\"]", t->session, t->vm);

    *r = (struct watch_result){0};
    w.watcher = calloc(watchers, sizeof(*w.watcher));
    w.polls = calloc(watchers + 1, sizeof(*w.polls));
    if (!w.watcher || !w.polls)
        die("no memory for %u watchers", watchers);
    w.all = (uint64_t)((double)ns / w.gap_ns) + 1;
    open_all(&w);
    w.start = now_ns();
    watch_loop(&w);
    r->changes = w.made;
    for (unsigned int i = 0; i < watchers; i++)
        client_close(&w.watcher[i].client);
    client_close(&w.changer);
    (void)client_call(&t->client, &t->arena, "VM.set_name_description",
                      "[\"%s\",\"%s\",\"%.200s\"]", t->session, t->vm,
                      before.kind == VALUE_STRING ? before.s : "");
    free(w.watcher);
    free(w.polls);
}
