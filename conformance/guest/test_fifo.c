/* Event channels as FIFO queues; after this there is no way back. */
#include "suites.h"

static event_word_t *words;

static long op(int nr, void *arg)
{
    return CALL2(__HYPERVISOR_event_channel_op, nr, arg);
}

static void expand_too_early(void)
{
    struct evtchn_expand_array e = {.array_gfn = gfn_of(page_new())};

    SAME(op(EVTCHNOP_expand_array, &e), NEG_EOPNOTSUPP);
}

static void init_refused(void)
{
    struct evtchn_init_control c = {
        .control_gfn = gfn_of(page_new()), .offset = 3, .vcpu = 0};

    SAME(op(EVTCHNOP_init_control, &c), NEG_EINVAL);
    c.offset = PAGE_BYTES;
    SAME(op(EVTCHNOP_init_control, &c), NEG_EINVAL);
    c.offset = 0;
    c.vcpu = 4000;
    SAME(op(EVTCHNOP_init_control, &c), NEG_ENOENT);
    c.vcpu = 0;
    c.control_gfn = gfn_free();
    SAME(op(EVTCHNOP_init_control, &c), NEG_EINVAL);
    SAME(op(EVTCHNOP_init_control, UNMAPPED), NEG_EFAULT);
}

static void init(void)
{
    struct evtchn_init_control c = {.control_gfn = gfn_of(page_new()),
                                    .vcpu = 0};
    struct evtchn_expand_array e = {0};

    SAME(op(EVTCHNOP_init_control, &c), 0);
    SAME(c.link_bits, EVTCHN_FIFO_LINK_BITS);
    SAME(op(EVTCHNOP_init_control, &c), NEG_EINVAL);
    words = page_new();
    e.array_gfn = gfn_of(words);
    SAME(op(EVTCHNOP_expand_array, &e), 0);
    e.array_gfn = gfn_free();
    SAME(op(EVTCHNOP_expand_array, &e), NEG_EINVAL);
}

static void pending(void)
{
    struct evtchn_bind_ipi b = {.vcpu = 0};
    struct evtchn_send s;
    struct evtchn_close c;

    CHECK(words);
    SAME(op(EVTCHNOP_bind_ipi, &b), 0);
    s.port = b.port;
    SAME(op(EVTCHNOP_send, &s), 0);
    CHECK(words[b.port] >> EVTCHN_FIFO_PENDING & 1);
    c.port = b.port;
    SAME(op(EVTCHNOP_close, &c), 0);
}

static void priority(void)
{
    struct evtchn_bind_ipi b = {.vcpu = 0};
    struct evtchn_set_priority p = {.priority = EVTCHN_FIFO_PRIORITY_MAX};

    CHECK(words);
    SAME(op(EVTCHNOP_bind_ipi, &b), 0);
    p.port = b.port;
    SAME(op(EVTCHNOP_set_priority, &p), 0);
    p.priority = EVTCHN_FIFO_PRIORITY_MIN + 1;
    SAME(op(EVTCHNOP_set_priority, &p), NEG_EINVAL);
    p.priority = EVTCHN_FIFO_PRIORITY_DEFAULT;
    p.port = ~0u;
    SAME(op(EVTCHNOP_set_priority, &p), NEG_EINVAL);
}

const struct test fifo_tests[] = {
    {"expand_too_early", "No array MUST come before the control block.",
     expand_too_early},
    {"init_refused", "Places that cannot hold the control block.",
     init_refused},
    {"init", "The control block and the first array MUST be taken.", init},
    {"pending", "An event MUST be marked in its word.", pending},
    {"priority", "Priorities MUST be from 0 to 15.", priority},
    {0},
};
