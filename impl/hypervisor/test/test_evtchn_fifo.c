/*
 * Event channels, FIFO ABI: set-up, order, priorities, a guest that takes events
 * off as an honest one does, and guests that do not.
 */
#include "guests.h"

#include <string.h>
#include <threads.h>

#include "hv/evtchn.h"
#include "hv/p2m.h"

#define NR            __HYPERVISOR_event_channel_op
#define CONTROL_GFN   10
#define ARRAY_GFN     11
#define CONTROL_BYTES sizeof(struct evtchn_fifo_control_block)

#define PENDING (1U << EVTCHN_FIFO_PENDING)
#define MASKED  (1U << EVTCHN_FIFO_MASKED)
#define LINKED  (1U << EVTCHN_FIFO_LINKED)
#define BUSY    (1U << EVTCHN_FIFO_BUSY)

/* --- Calls --- */

static int init_control_at(unsigned int vcpu, uint64_t gfn, uint32_t offset)
{
    struct evtchn_init_control c = {
        .control_gfn = gfn, .offset = offset, .vcpu = vcpu};
    int rc =
        (int)guest_call_arg(d1, NR, EVTCHNOP_init_control, &c, sizeof(c), 0);

    if (!rc)
        ck_assert_uint_eq(c.link_bits, 17);
    return rc;
}

static int expand(uint64_t gfn)
{
    struct evtchn_expand_array e = {.array_gfn = gfn};

    return (int)guest_call_arg(d1, NR, EVTCHNOP_expand_array, &e, sizeof(e), 0);
}

static int set_priority(evtchn_port_t port, uint32_t priority)
{
    struct evtchn_set_priority p = {.port = port, .priority = priority};

    return (int)guest_call_arg(d1, NR, EVTCHNOP_set_priority, &p, sizeof(p), 0);
}

static evtchn_port_t ipi(unsigned int vcpu)
{
    struct evtchn_bind_ipi b = {.vcpu = vcpu};

    ck_assert_int_eq(
        guest_call_arg(d1, NR, EVTCHNOP_bind_ipi, &b, sizeof(b), 0), 0);
    return b.port;
}

static evtchn_port_t unbound(void)
{
    struct evtchn_alloc_unbound u = {.dom = DOMID_SELF};

    ck_assert_int_eq(
        guest_call_arg(d1, NR, EVTCHNOP_alloc_unbound, &u, sizeof(u), 0), 0);
    return u.port;
}

/* send, unmask, close: all take a port alone. */
static int port_op(struct domain *d, unsigned int cmd, evtchn_port_t port)
{
    return (int)guest_call_arg(d, NR, cmd, &port, sizeof(port), 0);
}

static void send(evtchn_port_t port)
{
    ck_assert_int_eq(port_op(d1, EVTCHNOP_send, port), 0);
}

static void move(evtchn_port_t port, unsigned int vcpu)
{
    struct evtchn_bind_vcpu b = {.port = port, .vcpu = vcpu};

    ck_assert_int_eq(
        guest_call_arg(d1, NR, EVTCHNOP_bind_vcpu, &b, sizeof(b), 0), 0);
}

/* --- The guest's side --- */

static struct evtchn_fifo_control_block *control(unsigned int vcpu)
{
    return (void *)((char *)guest_mem(d1, CONTROL_GFN) + 512 * vcpu);
}

static event_word_t *word(evtchn_port_t port)
{
    return (event_word_t *)guest_mem(d1, ARRAY_GFN) + port;
}

static void fifo_on(void)
{
    for (unsigned int i = 0; i < 2; i++)
        ck_assert_int_eq(init_control_at(i, CONTROL_GFN, 512 * i), 0);
    ck_assert_int_eq(expand(ARRAY_GFN), 0);
}

static evtchn_port_t heads[2][EVTCHN_FIFO_MAX_QUEUES];
static evtchn_port_t got[64];
static unsigned int got_nr;

/* Take all events off one queue. */
static void consume_queue(unsigned int vcpu, unsigned int q)
{
    evtchn_port_t port =
        heads[vcpu][q] ? heads[vcpu][q] : control(vcpu)->head[q];

    while (port) {
        event_word_t was = __atomic_fetch_and(
            word(port), ~(LINKED | EVTCHN_FIFO_LINK_MASK), __ATOMIC_SEQ_CST);

        ck_assert(was & LINKED);
        if ((was & (PENDING | MASKED)) == PENDING) {
            __atomic_fetch_and(word(port), ~PENDING, __ATOMIC_SEQ_CST);
            ck_assert_uint_lt(got_nr, ARRAY_SIZE(got));
            got[got_nr++] = port;
        }
        port = was & EVTCHN_FIFO_LINK_MASK;
    }
    heads[vcpu][q] = 0;
}

/* Handle an upcall: events in 'got', in order. */
static void consume(unsigned int vcpu)
{
    struct vcpu_info *info = d1->vcpu[vcpu]->info;
    uint32_t ready;

    got_nr = 0;
    info->evtchn_upcall_pending = 0;
    ready = __atomic_exchange_n(&control(vcpu)->ready, 0, __ATOMIC_SEQ_CST);
    for (unsigned int q = 0; q < EVTCHN_FIFO_MAX_QUEUES; q++)
        if (ready >> q & 1)
            consume_queue(vcpu, q);
}

static bool upcall(unsigned int vcpu)
{
    return evtchn_upcall_wanted(d1->vcpu[vcpu]);
}

/* --- Set-up --- */

START_TEST(bad_control_blocks_are_einval)
{
    static const struct {
        uint64_t gfn;
        uint32_t offset;
    } row[] = {
        {CONTROL_GFN, PAGE_SIZE - CONTROL_BYTES + 8},
        {CONTROL_GFN, PAGE_SIZE},
        {CONTROL_GFN, ~0U},
        {CONTROL_GFN, 4},
        {CONTROL_GFN, 1},
        {GUEST_PAGES, 0},
        {1ULL << 40, 0},
        {~0ULL, 0},
    };

    for (unsigned int i = 0; i < ARRAY_SIZE(row); i++)
        ck_assert_int_eq(init_control_at(0, row[i].gfn, row[i].offset),
                         -XEN_EINVAL);
    /* The failures did not switch the ABI. */
    ck_assert_int_eq(expand(ARRAY_GFN), -XEN_EOPNOTSUPP);
    ck_assert_int_eq(init_control_at(0, CONTROL_GFN, PAGE_SIZE - CONTROL_BYTES),
                     0);
}
END_TEST

START_TEST(a_control_block_is_set_once)
{
    fifo_on();
    ck_assert_int_eq(init_control_at(0, CONTROL_GFN + 5, 0), -XEN_EINVAL);
    ck_assert_uint_eq(page_refs(guest_mfn(d1, CONTROL_GFN + 5)), 1);
    ck_assert_uint_eq(page_refs(guest_mfn(d1, CONTROL_GFN)), 3);
}
END_TEST

START_TEST(array_pages_must_be_ram_and_end_at_128)
{
    fifo_on();
    ck_assert_int_eq(expand(GUEST_PAGES), -XEN_EINVAL);
    ck_assert_int_eq(expand(~0ULL), -XEN_EINVAL);
    for (unsigned int i = 1; i < 128; i++)
        ck_assert_int_eq(expand(ARRAY_GFN + i % 8), 0);
    ck_assert_int_eq(expand(ARRAY_GFN), -XEN_ENOSPC);
    guests_gone_without_leak();
}
END_TEST

START_TEST(priorities_are_checked)
{
    evtchn_port_t port = ipi(0);

    fifo_on();
    ck_assert_int_eq(set_priority(port, EVTCHN_FIFO_PRIORITY_MIN), 0);
    ck_assert_int_eq(set_priority(port, EVTCHN_FIFO_PRIORITY_MIN + 1),
                     -XEN_EINVAL);
    ck_assert_int_eq(set_priority(port, ~0U), -XEN_EINVAL);
    ck_assert_int_eq(set_priority(port + 1, 0), -XEN_EACCES);
    ck_assert_int_eq(set_priority(0, 0), -XEN_EACCES);
    ck_assert_int_eq(set_priority(1000000, 0), -XEN_EINVAL);
}
END_TEST

START_TEST(fifo_has_more_ports_than_two_level)
{
    fifo_on();
    for (evtchn_port_t p = 1; p <= EVTCHN_2L_NR_CHANNELS + 100; p++)
        ck_assert_uint_eq(ipi(0), p);
    send(EVTCHN_2L_NR_CHANNELS + 1); /* has no word yet */
    guests_gone_without_leak();
}
END_TEST

START_TEST(events_of_two_level_are_carried_over)
{
    evtchn_port_t port = ipi(0), quiet = ipi(0);

    send(port);
    fifo_on();
    consume(0);
    ck_assert_uint_eq(got_nr, 1);
    ck_assert_uint_eq(got[0], port);
    send(quiet);
    consume(0);
    ck_assert_uint_eq(got[0], quiet);
}
END_TEST

START_TEST(events_wait_for_their_array_page)
{
    evtchn_port_t a = ipi(0), b = ipi(0);

    ck_assert_int_eq(init_control_at(0, CONTROL_GFN, 0), 0);
    send(a);
    send(b);
    ck_assert_int_eq(port_op(d1, EVTCHNOP_close, b), 0);
    ck_assert_int_eq(port_op(d1, EVTCHNOP_unmask, a), 0);
    ck_assert(!upcall(0));
    ck_assert_int_eq(expand(ARRAY_GFN), 0);
    ck_assert(upcall(0));
    consume(0);
    ck_assert_uint_eq(got_nr, 1);
    ck_assert_uint_eq(got[0], a);
}
END_TEST

START_TEST(a_vcpu_without_control_block_loses_events)
{
    evtchn_port_t port = ipi(1);

    ck_assert_int_eq(init_control_at(0, CONTROL_GFN, 0), 0);
    ck_assert_int_eq(expand(ARRAY_GFN), 0);
    send(port);
    ck_assert_uint_eq(*word(port), 0);
    ck_assert(!upcall(1));
}
END_TEST

/* --- Delivery to an honest guest --- */

START_TEST(events_come_in_the_order_of_sends)
{
    evtchn_port_t port[10];

    fifo_on();
    for (unsigned int i = 0; i < ARRAY_SIZE(port); i++)
        port[i] = ipi(0);
    for (unsigned int i = 0; i < ARRAY_SIZE(port); i++)
        send(port[(i * 7 + 3) % ARRAY_SIZE(port)]);
    ck_assert(upcall(0));
    consume(0);
    ck_assert_uint_eq(got_nr, ARRAY_SIZE(port));
    for (unsigned int i = 0; i < ARRAY_SIZE(port); i++)
        ck_assert_uint_eq(got[i], port[(i * 7 + 3) % ARRAY_SIZE(port)]);
    consume(0);
    ck_assert_uint_eq(got_nr, 0);
}
END_TEST

START_TEST(urgent_events_come_first)
{
    evtchn_port_t slow, normal, urgent;

    fifo_on();
    slow = ipi(0);
    normal = ipi(0);
    urgent = ipi(0);
    ck_assert_int_eq(set_priority(slow, EVTCHN_FIFO_PRIORITY_MIN), 0);
    ck_assert_int_eq(set_priority(urgent, EVTCHN_FIFO_PRIORITY_MAX), 0);
    send(slow);
    send(normal);
    send(urgent);
    ck_assert_uint_eq(control(0)->ready, 1U << 0 | 1U << 7 | 1U << 15);
    consume(0);
    ck_assert_uint_eq(got_nr, 3);
    ck_assert_uint_eq(got[0], urgent);
    ck_assert_uint_eq(got[1], normal);
    ck_assert_uint_eq(got[2], slow);
}
END_TEST

START_TEST(one_upcall_serves_many_events)
{
    fifo_on();
    for (int i = 0; i < 5; i++)
        send(ipi(0));
    ck_assert_uint_eq(d1->vcpu[0]->arch->events, 1);
    send(1);
    ck_assert_uint_eq(d1->vcpu[0]->arch->events, 1);
}
END_TEST

START_TEST(a_masked_event_is_not_linked)
{
    evtchn_port_t port;

    fifo_on();
    port = ipi(0);
    *word(port) = MASKED;
    send(port);
    ck_assert_uint_eq(*word(port), MASKED | PENDING);
    ck_assert(!upcall(0));
    ck_assert_int_eq(port_op(d1, EVTCHNOP_unmask, port), 0);
    ck_assert_uint_eq(*word(port), LINKED | PENDING);
    ck_assert(upcall(0));
    consume(0);
    ck_assert_uint_eq(got[0], port);
    ck_assert_int_eq(port_op(d1, EVTCHNOP_unmask, port), 0);
    ck_assert_uint_eq(*word(port), 0);
}
END_TEST

START_TEST(an_event_follows_its_port_to_another_vcpu)
{
    evtchn_port_t port, other;

    fifo_on();
    port = unbound();
    other = ipi(0);
    ck_assert_int_eq(guest_call_arg(d0, NR, EVTCHNOP_bind_interdomain,
                                    &(struct evtchn_bind_interdomain){
                                        .remote_dom = 1, .remote_port = port},
                                    sizeof(struct evtchn_bind_interdomain), 0),
                     0);
    ck_assert_int_eq(port_op(d0, EVTCHNOP_send, 1), 0);
    consume(0);
    ck_assert_uint_eq(got[0], port);
    /* It was the tail of vCPU 0's queue. */
    move(port, 1);
    ck_assert_int_eq(port_op(d0, EVTCHNOP_send, 1), 0);
    send(other);
    consume(0);
    ck_assert_uint_eq(got_nr, 1);
    ck_assert_uint_eq(got[0], other);
    consume(1);
    ck_assert_uint_eq(got_nr, 1);
    ck_assert_uint_eq(got[0], port);
}
END_TEST

START_TEST(a_new_priority_counts_from_the_next_event)
{
    evtchn_port_t port, other;

    fifo_on();
    port = ipi(0);
    other = ipi(0);
    send(port);
    ck_assert_int_eq(set_priority(port, 2), 0);
    send(port);
    send(other);
    ck_assert_uint_eq(control(0)->ready, 1U << 7);
    consume(0);
    ck_assert_uint_eq(got_nr, 2);
    send(port);
    ck_assert_uint_eq(control(0)->ready, 1U << 2);
    send(other);
    consume(0);
    ck_assert_uint_eq(got_nr, 2);
    ck_assert_uint_eq(got[0], port);
    ck_assert_uint_eq(got[1], other);
}
END_TEST

START_TEST(a_closed_port_on_a_queue_is_not_given_out)
{
    evtchn_port_t port;

    fifo_on();
    port = ipi(0);
    send(port);
    ck_assert_int_eq(port_op(d1, EVTCHNOP_close, port), 0);
    ck_assert_uint_eq(*word(port), LINKED);
    ck_assert_uint_eq(ipi(0), port + 1);
    consume(0);
    ck_assert_uint_eq(got_nr, 0);
    ck_assert_uint_eq(ipi(0), port);
}
END_TEST

START_TEST(poll_sees_fifo_words)
{
    evtchn_port_t port;
    bool is;

    fifo_on();
    port = ipi(0);
    ck_assert_int_eq(evtchn_poll_any_pending(d1, &port, 1, &is), 0);
    ck_assert(!is);
    send(port);
    ck_assert_int_eq(evtchn_poll_any_pending(d1, &port, 1, &is), 0);
    ck_assert(is);
}
END_TEST

START_TEST(the_pages_stay_when_the_guest_gives_them_up)
{
    mfn_t control_mfn, array_mfn;
    evtchn_port_t port;

    fifo_on();
    port = ipi(0);
    control_mfn = guest_mfn(d1, CONTROL_GFN);
    array_mfn = guest_mfn(d1, ARRAY_GFN);
    ck_assert_int_eq(p2m_clear(d1, _gfn(CONTROL_GFN), 0), 0);
    ck_assert_int_eq(p2m_clear(d1, _gfn(ARRAY_GFN), 0), 0);
    page_put(control_mfn);
    page_put(array_mfn);
    send(port);
    ck_assert_uint_eq(page_owner(array_mfn), 1);
    ck_assert_uint_eq(((event_word_t *)mfn_to_virt(array_mfn))[port],
                      PENDING | LINKED);
    guests_gone_without_leak();
}
END_TEST

START_TEST(domains_end_without_leak)
{
    fifo_on();
    for (int i = 0; i < 40; i++)
        send(ipi((unsigned int)i % 2));
    guests_gone_without_leak();
}
END_TEST

START_TEST(dump_tells_the_abi)
{
    fifo_on();
    send(ipi(0));
    double_serial_clear();
    evtchn_dump(d1);
    ck_assert_ptr_nonnull(strstr(double_serial(), "1 event channels, fifo"));
    ck_assert_ptr_nonnull(strstr(double_serial(), "pending=1 masked=0"));
}
END_TEST

/* --- Hostile guests --- */

/* The word of the tail in each state: the send must end, and the event of the
   sent port itself is pending whatever the tail says. */
START_TEST(any_state_of_the_tail_is_survived)
{
    evtchn_port_t tail, port;

    fifo_on();
    tail = ipi(0);
    port = ipi(0);
    for (uint32_t flags = 0; flags < 16; flags++) {
        for (uint32_t link = 0; link <= EVTCHN_FIFO_LINK_MASK;
             link += EVTCHN_FIFO_LINK_MASK / 3) {
            *word(tail) = 0;
            *word(port) = 0;
            control(0)->ready = 0;
            send(tail);
            *word(tail) = flags << 28 | link;
            control(0)->ready = 0;
            control(0)->head[7] = ~0U;
            send(port);
            ck_assert_uint_eq(*word(port), PENDING | LINKED);
            if (flags << 28 & LINKED)
                ck_assert_uint_eq(*word(tail) & EVTCHN_FIFO_LINK_MASK, port);
            else
                ck_assert_uint_eq(control(0)->head[7], port);
        }
    }
}
END_TEST

START_TEST(any_state_of_the_own_word_is_survived)
{
    evtchn_port_t port;

    fifo_on();
    port = ipi(0);
    for (uint32_t flags = 0; flags < 16; flags++) {
        *word(port) = flags << 28 | EVTCHN_FIFO_LINK_MASK;
        send(port);
        ck_assert(*word(port) & PENDING);
        ck_assert_int_eq(port_op(d1, EVTCHNOP_unmask, port), 0);
        ck_assert(!(*word(port) & MASKED));
    }
}
END_TEST

static int stop;

/* Writes all words of the first ports and the control block without end. */
static int scribble(void *arg)
{
    event_word_t *first = arg;
    uint32_t x = 1;

    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        for (unsigned int i = 1; i < 9; i++) {
            x = x * 1664525 + 1013904223;
            __atomic_store_n(&first[i], x, __ATOMIC_RELAXED);
        }
        __atomic_store_n(&control(0)->head[7], x, __ATOMIC_RELAXED);
    }
    return 0;
}

START_TEST(a_guest_that_scribbles_all_the_time_hurts_itself_only)
{
    thrd_t t;

    fifo_on();
    for (int i = 0; i < 8; i++)
        (void)ipi((unsigned int)i % 2);
    ck_assert_int_eq(thrd_create(&t, scribble, word(0)), thrd_success);
    for (unsigned int i = 0; i < 50000; i++) {
        send(i % 8 + 1);
        ck_assert_int_eq(port_op(d1, EVTCHNOP_unmask, i % 8 + 1), 0);
        ck_assert_int_eq(set_priority(i % 8 + 1, i % 16), 0);
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    ck_assert_int_eq(thrd_join(t, NULL), thrd_success);
    guests_gone_without_leak();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        bad_control_blocks_are_einval,
        a_control_block_is_set_once,
        array_pages_must_be_ram_and_end_at_128,
        priorities_are_checked,
        fifo_has_more_ports_than_two_level,
        events_of_two_level_are_carried_over,
        events_wait_for_their_array_page,
        a_vcpu_without_control_block_loses_events,
        events_come_in_the_order_of_sends,
        urgent_events_come_first,
        one_upcall_serves_many_events,
        a_masked_event_is_not_linked,
        an_event_follows_its_port_to_another_vcpu,
        a_new_priority_counts_from_the_next_event,
        a_closed_port_on_a_queue_is_not_given_out,
        poll_sees_fifo_words,
        the_pages_stay_when_the_guest_gives_them_up,
        domains_end_without_leak,
        dump_tells_the_abi,
        any_state_of_the_tail_is_survived,
        any_state_of_the_own_word_is_survived,
        a_guest_that_scribbles_all_the_time_hurts_itself_only,
    };

    return guests_run_tests("evtchn_fifo", tests, ARRAY_SIZE(tests));
}
