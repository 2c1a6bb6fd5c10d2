/* Event channels between two domains. Source: public/event_channel.h. */
#include "guest.h"
#include "ports.h"
#include "suites.h"

enum {
    ROUNDS = 50,
};

/* --- What the guest does --- */

static long there_unbound(void *arg)
{
    return port_unbound((domid_t)(((long *)arg)[0]));
}

/* Of domain 0, that port: our own, or the error. */
static long there_bind(void *arg)
{
    struct evtchn_bind_interdomain b = {
        .remote_dom = 0, .remote_port = (evtchn_port_t)((long *)arg)[0]};
    long rc = event_op(EVTCHNOP_bind_interdomain, &b);

    return rc ? rc : b.local_port;
}

static long there_send(void *arg)
{
    return port_send((evtchn_port_t)((long *)arg)[0]);
}

static long there_close(void *arg)
{
    return port_close((evtchn_port_t)((long *)arg)[0]);
}

static long there_status(void *arg)
{
    return port_status((evtchn_port_t)((long *)arg)[0]);
}

static long there_pending(void *arg)
{
    return event_pending((evtchn_port_t)((long *)arg)[0]);
}

/* Answers each event by one of its own. */
static long there_echo(void *arg)
{
    evtchn_port_t port = (evtchn_port_t)((long *)arg)[0];

    for (int i = 0; i < ROUNDS; i++) {
        AWAIT(event_pending(port));
        event_clear(port);
        SAME(port_send(port), 0);
    }
    return 0;
}

static long there_status_of_control(void *arg)
{
    struct evtchn_status s = {.dom = 0, .port = 1};

    (void)arg;
    return event_op(EVTCHNOP_status, &s);
}

static long there_alloc_for_control(void *arg)
{
    struct evtchn_alloc_unbound a = {.dom = 0, .remote_dom = DOMID_SELF};

    (void)arg;
    return event_op(EVTCHNOP_alloc_unbound, &a);
}

static long there_reset_control(void *arg)
{
    struct evtchn_reset r = {.dom = 0};

    (void)arg;
    return event_op(EVTCHNOP_reset, &r);
}

static long call1(long (*fn)(void *arg), long argument)
{
    long args[GUEST_ARGS] = {argument};

    return guest_call(guest_common(), fn, args);
}

/* --- What we see --- */

static void guest_offers(void)
{
    struct guest *g = guest_common();
    evtchn_port_t theirs = (evtchn_port_t)call1(there_unbound, 0);
    evtchn_port_t ours = port_bound(g->domid, theirs);
    struct evtchn_status s = {.dom = DOMID_SELF, .port = ours};

    SAME(call1(there_status, theirs), EVTCHNSTAT_interdomain);
    SAME(event_op(EVTCHNOP_status, &s), 0);
    SAME(s.u.interdomain.dom, g->domid);
    SAME(s.u.interdomain.port, theirs);
    SAME(port_close(ours), 0);
    SAME(call1(there_status, theirs), EVTCHNSTAT_unbound);
    SAME(call1(there_close, theirs), 0);
}

static void we_offer(void)
{
    struct guest *g = guest_common();
    evtchn_port_t ours = port_unbound(g->domid);
    long theirs = call1(there_bind, ours);

    CHECK(theirs > 0);
    SAME(port_status(ours), EVTCHNSTAT_interdomain);
    SAME(call1(there_close, theirs), 0);
    SAME(port_status(ours), EVTCHNSTAT_unbound);
    SAME(port_close(ours), 0);
}

static void both_ways(void)
{
    struct guest *g = guest_common();
    evtchn_port_t ours = port_unbound(g->domid);
    evtchn_port_t theirs = (evtchn_port_t)call1(there_bind, ours);

    event_clear(ours);
    SAME(call1(there_send, theirs), 0);
    CHECK(event_pending(ours));
    SAME(port_send(ours), 0);
    SAME(call1(there_pending, theirs), 1);
    event_clear(ours);
    SAME(port_close(ours), 0);
    SAME(call1(there_close, theirs), 0);
}

static void ping_pong(void)
{
    struct guest *g = guest_common();
    evtchn_port_t ours = port_unbound(g->domid);
    long args[GUEST_ARGS] = {call1(there_bind, ours)};

    event_clear(ours);
    guest_run(g, there_echo, args);
    for (int i = 0; i < ROUNDS; i++) {
        if (i) /* the first is pending because it was bound */
            SAME(port_send(ours), 0);
        AWAIT(event_pending(ours));
        event_clear(ours);
    }
    SAME(guest_wait(g, NULL), 0);
    SAME(port_close(ours), 0);
    SAME(call1(there_close, args[0]), 0);
}

static void not_for_it(void)
{
    evtchn_port_t ours = port_unbound(NOBODY);

    SAME(call1(there_bind, ours), NEG_EINVAL);
    SAME(call1(there_bind, 100000), NEG_EINVAL);
    SAME(call1(there_bind, 0), NEG_EINVAL);
    SAME(port_close(ours), 0);
}

static void not_for_us(void)
{
    struct guest *g = guest_common();
    evtchn_port_t theirs = (evtchn_port_t)call1(there_unbound, NOBODY);
    struct evtchn_bind_interdomain b = {.remote_dom = g->domid,
                                        .remote_port = theirs};

    SAME(event_op(EVTCHNOP_bind_interdomain, &b), NEG_EINVAL);
    SAME(call1(there_close, theirs), 0);
    SAME(event_op(EVTCHNOP_bind_interdomain, &b), NEG_EINVAL);
}

static void alloc_for_guest(void)
{
    struct guest *g = guest_common();
    struct evtchn_alloc_unbound a = {.dom = g->domid, .remote_dom = 0};
    evtchn_port_t ours;

    SAME(event_op(EVTCHNOP_alloc_unbound, &a), 0);
    SAME(call1(there_status, a.port), EVTCHNSTAT_unbound);
    ours = port_bound(g->domid, a.port);
    SAME(port_close(ours), 0);
    SAME(call1(there_close, a.port), 0);
}

static void status_of_guest(void)
{
    struct guest *g = guest_common();
    evtchn_port_t theirs = (evtchn_port_t)call1(there_unbound, 0);
    struct evtchn_status s = {.dom = g->domid, .port = theirs};

    SAME(event_op(EVTCHNOP_status, &s), 0);
    SAME(s.status, EVTCHNSTAT_unbound);
    SAME(s.u.unbound.dom, 0);
    SAME(call1(there_close, theirs), 0);
}

static void guest_may_not(void)
{
    SAME(call1(there_status_of_control, 0), NEG_EPERM);
    SAME(call1(there_alloc_for_control, 0), NEG_EPERM);
    SAME(call1(there_reset_control, 0), NEG_EPERM);
}

static void reset_running(void)
{
    struct evtchn_reset r = {.dom = guest_common()->domid};

    SAME(event_op(EVTCHNOP_reset, &r), NEG_EINVAL);
}

static void reset_paused(void)
{
    struct guest *g = guest_common();
    struct evtchn_reset r = {.dom = g->domid};
    struct xen_domctl d = {0};
    evtchn_port_t theirs = (evtchn_port_t)call1(there_unbound, 0);

    SAME(domctl(g->domid, XEN_DOMCTL_pausedomain, &d), 0);
    SAME(event_op(EVTCHNOP_reset, &r), 0);
    SAME(domctl(g->domid, XEN_DOMCTL_unpausedomain, &d), 0);
    SAME(call1(there_status, theirs), EVTCHNSTAT_closed);
}

static void peer_destroyed(void)
{
    struct guest g = guest_new(1);
    evtchn_port_t ours = port_unbound(g.domid);
    long args[GUEST_ARGS] = {ours};

    CHECK(guest_call(&g, there_bind, args) > 0);
    SAME(port_status(ours), EVTCHNSTAT_interdomain);
    guest_destroy(&g);
    SAME(port_status(ours), EVTCHNSTAT_unbound);
    SAME(port_send(ours), 0); /* nobody hears it */
    SAME(port_close(ours), 0);
}

const struct test pair_events_tests[] = {
    TEST(guest_offers, "We MUST bind what the guest offers us."),
    TEST(we_offer, "The guest MUST bind what we offer it."),
    TEST(both_ways, "What one sends MUST be pending at the other."),
    TEST(ping_pong, "No event MUST be lost."),
    TEST(not_for_it, "What is not offered to the guest MUST be refused."),
    TEST(not_for_us, "What is not offered to us MUST be refused."),
    TEST(alloc_for_guest, "Control MUST make ports for a guest."),
    TEST(status_of_guest, "Control MUST see the ports of a guest."),
    TEST(guest_may_not, "A guest MUST NOT see or change our ports."),
    TEST(reset_running, "A guest that runs MUST NOT be reset by another."),
    TEST(reset_paused, "A paused guest's ports MUST close in a reset."),
    TEST(peer_destroyed, "When the peer ends, the port MUST be unbound."),
    {0},
};
