/*
 * Calls that wait, in groups that the same can wake: thousands may wait, and
 * most changes concern few of them. A group is one endpoint's, since its agent
 * started, and has one set of classes; its last call takes it away.
 */
#include <stdlib.h>
#include <string.h>

#include "server.h"
#include "wait.h"
#include "wire_rpc.h"

struct lounge {
    const struct endpoint *at;
    uint32_t epoch; /* of the endpoint when the calls came */
    uint64_t classes[2];
    struct exchange *first;
    struct lounge *next;
};

static struct http_server *server_of(const struct exchange *x)
{
    return x->conn->door->server;
}

static bool belongs(const struct lounge *l, const struct exchange *x)
{
    const struct wait *w = x->rpc->answer.request->wait;

    return l->at == x->call.at && l->epoch == x->epoch &&
           memcmp(l->classes, w->classes, sizeof(l->classes)) == 0;
}

static struct lounge *lounge_for(struct exchange *x)
{
    struct http_server *s = server_of(x);
    struct lounge *l = s->lounges;

    while (l && !belongs(l, x))
        l = l->next;
    if (l)
        return l;
    l = must_alloc(sizeof(*l));
    *l = (struct lounge){
        .at = x->call.at, .epoch = x->epoch, .next = s->lounges};
    memcpy(l->classes, x->rpc->answer.request->wait->classes,
           sizeof(l->classes));
    s->lounges = l;
    return l;
}

static void push(struct exchange **first, struct exchange *x)
{
    x->previous = NULL;
    x->next = *first;
    if (*first)
        (*first)->previous = x;
    *first = x;
}

void lounge_enter(struct exchange *x)
{
    x->lounge = lounge_for(x);
    push(&x->lounge->first, x);
}

static void close_lounge(struct http_server *s, struct lounge *l)
{
    struct lounge **slot = &s->lounges;

    while (*slot != l)
        slot = &(*slot)->next;
    *slot = l->next;
    free(l);
}

void lounge_leave(struct exchange *x)
{
    struct http_server *s = server_of(x);
    struct exchange **first = x->lounge ? &x->lounge->first : &s->due;

    *(x->previous ? &x->previous->next : first) = x->next;
    if (x->next)
        x->next->previous = x->previous;
    if (x->lounge && !x->lounge->first)
        close_lounge(s, x->lounge);
    x->lounge = NULL;
}

void lounge_call(struct exchange *x)
{
    lounge_leave(x);
    push(&server_of(x)->due, x);
}

static bool is_stirred(const struct lounge *l)
{
    const uint64_t *changed = l->at->ts->stirred.classes;

    return !(l->classes[0] | l->classes[1]) || (l->classes[0] & changed[0]) ||
           (l->classes[1] & changed[1]);
}

void lounges_look(struct http_server *s)
{
    for (struct lounge *l = s->lounges, *next; l; l = next) {
        bool gone = l->epoch != l->at->epoch || l->at->down;

        next = l->next;
        if (!gone && !is_stirred(l))
            continue;
        /* The last one to be called takes the lounge with it. */
        for (struct exchange *x = l->first, *after; x; x = after) {
            after = x->next;
            if (gone)
                conn_abort(x->conn);
            else if (wait_ready(x->rpc->answer.request))
                lounge_call(x);
        }
    }
}

static bool is_of(const struct exchange *x, const char *session)
{
    for (; x; x = x->next) {
        const char *ref = x->rpc->answer.request->session_ref;

        if (ref && strcmp(ref, session) == 0)
            return true;
    }
    return false;
}

bool lounges_have(const struct http_server *s, const char *session)
{
    for (const struct lounge *l = s->lounges; l; l = l->next)
        if (is_of(l->first, session))
            return true;
    return false;
}

struct exchange *lounges_first(const struct http_server *s)
{
    return s->lounges ? s->lounges->first : s->due;
}
