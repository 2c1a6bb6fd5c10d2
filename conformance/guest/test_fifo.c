/* Event channels as FIFO queues, until a reset. Source: public/event_channel.h */
#include "cpu.h"
#include "ports.h"
#include "suites.h"

enum {
    WORDS_PER_PAGE = PAGE_BYTES / sizeof(event_word_t),
    ARRAY_PAGES = 4,
};

static event_word_t *words; /* of the first page of the array */
static evtchn_fifo_control_block_t *control[2];

static bool flag(evtchn_port_t port, unsigned bit)
{
    return __atomic_load_n(&words[port], __ATOMIC_ACQUIRE) >> bit & 1;
}

static void set_flag(evtchn_port_t port, unsigned bit, bool on)
{
    if (on)
        __atomic_or_fetch(&words[port], 1u << bit, __ATOMIC_ACQ_REL);
    else
        __atomic_and_fetch(&words[port], ~(1u << bit), __ATOMIC_ACQ_REL);
}

static uint32_t head(unsigned vcpu, unsigned priority)
{
    return __atomic_load_n(&control[vcpu]->head[priority], __ATOMIC_ACQUIRE);
}

static bool ready(unsigned vcpu, unsigned priority)
{
    return __atomic_load_n(&control[vcpu]->ready, __ATOMIC_ACQUIRE) >>
               priority &
           1;
}

/* Takes the first port of a queue, as a guest has to; 0: it is empty. */
static evtchn_port_t take(unsigned vcpu, unsigned priority)
{
    evtchn_port_t port = head(vcpu, priority);
    event_word_t word;

    if (!port) {
        __atomic_and_fetch(&control[vcpu]->ready, ~(1u << priority),
                           __ATOMIC_ACQ_REL);
        return 0;
    }
    word = __atomic_fetch_and(
        &words[port], ~(1u << EVTCHN_FIFO_LINKED | EVTCHN_FIFO_LINK_MASK),
        __ATOMIC_ACQ_REL);
    control[vcpu]->head[priority] = word & EVTCHN_FIFO_LINK_MASK;
    set_flag(port, EVTCHN_FIFO_PENDING, false);
    return port;
}

/* Empties every queue of a vCPU. */
static void drain(unsigned vcpu)
{
    for (unsigned p = 0; p < EVTCHN_FIFO_MAX_QUEUES; p++)
        while (take(vcpu, p))
            ;
    upcall_clear(vcpu);
}

static long control_at(unsigned vcpu, xen_pfn_t gfn, uint32_t offset)
{
    struct evtchn_init_control c = {
        .control_gfn = gfn, .offset = offset, .vcpu = vcpu};

    return event_op(EVTCHNOP_init_control, &c);
}

static long expand(xen_pfn_t gfn)
{
    struct evtchn_expand_array e = {.array_gfn = gfn};

    return event_op(EVTCHNOP_expand_array, &e);
}

static evtchn_port_t priority_port(unsigned priority)
{
    struct evtchn_set_priority p = {.port = port_ipi(0), .priority = priority};

    SAME(event_op(EVTCHNOP_set_priority, &p), 0);
    drain(0);
    return p.port;
}

static void need_fifo(void)
{
    if (!words)
        test_skip("there are no queues");
    drain(0);
}

/* --- Before there are queues --- */

static void expand_too_early(void)
{
    SAME(expand(gfn_of(page_new())), NEG_EOPNOTSUPP);
}

static void priority_too_early(void)
{
    struct evtchn_set_priority p = {.port = port_ipi(0), .priority = 3};

    SAME(event_op(EVTCHNOP_set_priority, &p), NEG_ENOSYS);
    SAME(port_close(p.port), 0);
}

static void init_misaligned(void)
{
    xen_pfn_t gfn = gfn_of(page_new());

    SAME(control_at(0, gfn, 3), NEG_EINVAL);
    SAME(control_at(0, gfn, 4), NEG_EINVAL);
}

static void init_over_the_end(void)
{
    xen_pfn_t gfn = gfn_of(page_new());

    SAME(control_at(0, gfn, PAGE_BYTES), NEG_EINVAL);
    SAME(control_at(0, gfn, PAGE_BYTES - 64), NEG_EINVAL);
    SAME(control_at(0, gfn, ~0u), NEG_EINVAL);
}

static void init_no_vcpu(void)
{
    SAME(control_at(NO_VCPU, gfn_of(page_new()), 0), NEG_ENOENT);
    SAME(control_at(~0u, gfn_of(page_new()), 0), NEG_ENOENT);
}

static void init_no_page(void)
{
    SAME(control_at(0, gfn_free(), 0), NEG_EINVAL);
    SAME(control_at(0, ~0ul, 0), NEG_EINVAL);
    SAME(event_op(EVTCHNOP_init_control, UNMAPPED), NEG_EFAULT);
}

/* --- The switch --- */

static void init(void)
{
    char *page = page_new();
    struct evtchn_init_control c = {
        .control_gfn = gfn_of(page), .offset = PAGE_BYTES - 72, .vcpu = 0};

    SAME(event_op(EVTCHNOP_init_control, &c), 0); /* the last place that fits */
    SAME(c.link_bits, EVTCHN_FIFO_LINK_BITS);
    control[0] = (void *)(page + c.offset);
    words = page_new();
    SAME(expand(gfn_of(words)), 0);
}

static void init_twice(void)
{
    need_fifo();
    SAME(control_at(0, gfn_of(page_new()), 0), NEG_EINVAL);
}

static void init_other_vcpu(void)
{
    need_fifo();
    control[1] = page_new();
    SAME(control_at(1, gfn_of(control[1]), 0), 0);
}

static void expand_no_page(void)
{
    need_fifo();
    SAME(expand(gfn_free()), NEG_EINVAL);
    SAME(expand(~0ul), NEG_EINVAL);
    SAME(event_op(EVTCHNOP_expand_array, UNMAPPED), NEG_EFAULT);
}

/* --- Queues --- */

static void pending(void)
{
    evtchn_port_t port;

    need_fifo();
    port = port_ipi(0);
    SAME(port_send(port), 0);
    CHECK(flag(port, EVTCHN_FIFO_PENDING) && flag(port, EVTCHN_FIFO_LINKED));
    CHECK(ready(0, EVTCHN_FIFO_PRIORITY_DEFAULT));
    CHECK(upcall_pending(0));
    SAME(take(0, EVTCHN_FIFO_PRIORITY_DEFAULT), port);
    SAME(port_close(port), 0);
}

static void in_order(void)
{
    evtchn_port_t ports[4];

    need_fifo();
    for (int i = 0; i < 4; i++)
        ports[i] = port_ipi(0);
    for (int i = 3; i >= 0; i--)
        SAME(port_send(ports[i]), 0);
    for (int i = 3; i >= 0; i--)
        SAME(take(0, EVTCHN_FIFO_PRIORITY_DEFAULT), ports[i]);
    SAME(take(0, EVTCHN_FIFO_PRIORITY_DEFAULT), 0);
    for (int i = 0; i < 4; i++)
        SAME(port_close(ports[i]), 0);
}

static void again_behind(void)
{
    evtchn_port_t a, b;

    need_fifo();
    a = port_ipi(0);
    b = port_ipi(0);
    SAME(port_send(a), 0);
    SAME(port_send(b), 0);
    SAME(take(0, EVTCHN_FIFO_PRIORITY_DEFAULT), a);
    SAME(port_send(a), 0);
    SAME(take(0, EVTCHN_FIFO_PRIORITY_DEFAULT), b);
    SAME(take(0, EVTCHN_FIFO_PRIORITY_DEFAULT), a);
    SAME(port_close(a), 0);
    SAME(port_close(b), 0);
}

static void linked_once(void)
{
    evtchn_port_t port;

    need_fifo();
    port = port_ipi(0);
    for (int i = 0; i < 3; i++)
        SAME(port_send(port), 0);
    SAME(take(0, EVTCHN_FIFO_PRIORITY_DEFAULT), port);
    SAME(take(0, EVTCHN_FIFO_PRIORITY_DEFAULT), 0);
    SAME(port_close(port), 0);
}

static void masked_not_linked(void)
{
    evtchn_port_t port;

    need_fifo();
    port = port_ipi(0);
    set_flag(port, EVTCHN_FIFO_MASKED, true);
    SAME(port_send(port), 0);
    CHECK(flag(port, EVTCHN_FIFO_PENDING));
    CHECK(!flag(port, EVTCHN_FIFO_LINKED));
    CHECK(!upcall_pending(0));
    SAME(port_unmask(port), 0);
    CHECK(!flag(port, EVTCHN_FIFO_MASKED));
    CHECK(flag(port, EVTCHN_FIFO_LINKED));
    SAME(take(0, EVTCHN_FIFO_PRIORITY_DEFAULT), port);
    SAME(port_close(port), 0);
}

static void priority(void)
{
    evtchn_port_t low, high;

    need_fifo();
    low = priority_port(EVTCHN_FIFO_PRIORITY_MIN);
    high = priority_port(EVTCHN_FIFO_PRIORITY_MAX);
    SAME(port_send(low), 0);
    SAME(port_send(high), 0);
    CHECK(ready(0, EVTCHN_FIFO_PRIORITY_MIN));
    CHECK(ready(0, EVTCHN_FIFO_PRIORITY_MAX));
    SAME(head(0, EVTCHN_FIFO_PRIORITY_DEFAULT), 0);
    SAME(take(0, EVTCHN_FIFO_PRIORITY_MAX), high);
    SAME(take(0, EVTCHN_FIFO_PRIORITY_MIN), low);
    SAME(port_close(low), 0);
    SAME(port_close(high), 0);
}

static void priority_of_new(void)
{
    evtchn_port_t port;

    need_fifo();
    port = priority_port(2);
    SAME(port_close(port), 0);
    SAME(port_ipi(0), port);
    drain(0);
    SAME(port_send(port), 0);
    SAME(take(0, EVTCHN_FIFO_PRIORITY_DEFAULT), port);
    SAME(port_close(port), 0);
}

static void priority_refused(void)
{
    struct evtchn_set_priority p = {.priority = EVTCHN_FIFO_PRIORITY_MIN + 1};

    need_fifo();
    p.port = port_ipi(0);
    SAME(event_op(EVTCHNOP_set_priority, &p), NEG_EINVAL);
    p.priority = ~0u;
    SAME(event_op(EVTCHNOP_set_priority, &p), NEG_EINVAL);
    SAME(port_close(p.port), 0);
    p.priority = EVTCHN_FIFO_PRIORITY_DEFAULT;
    p.port = ~0u;
    SAME(event_op(EVTCHNOP_set_priority, &p), NEG_EINVAL);
    SAME(event_op(EVTCHNOP_set_priority, UNMAPPED), NEG_EFAULT);
}

static void queue_of_vcpu(void)
{
    evtchn_port_t port;

    need_fifo();
    CHECK(control[1]);
    drain(1);
    port = port_ipi(1);
    SAME(port_send(port), 0);
    CHECK(ready(1, EVTCHN_FIFO_PRIORITY_DEFAULT));
    SAME(take(1, EVTCHN_FIFO_PRIORITY_DEFAULT), port);
    SAME(head(0, EVTCHN_FIFO_PRIORITY_DEFAULT), 0);
    SAME(port_close(port), 0);
}

static void poll_sees(void)
{
    evtchn_port_t port;

    need_fifo();
    port = port_ipi(0);
    SAME(port_send(port), 0);
    SAME(port_poll(port, 60000000000ul), 0);
    drain(0);
    SAME(port_close(port), 0);
}

/* A guest's own nonsense in a head MUST NOT reach beyond its array. */
static void nonsense_in_words(void)
{
    evtchn_port_t a, b;

    need_fifo();
    a = port_ipi(0);
    b = port_ipi(0);
    SAME(port_send(a), 0);
    words[a] |= EVTCHN_FIFO_LINK_MASK;
    control[0]->head[EVTCHN_FIFO_PRIORITY_DEFAULT] = 0x1ffff;
    SAME(port_send(b), 0);
    words[a] = words[b] = 0;
    control[0]->head[EVTCHN_FIFO_PRIORITY_DEFAULT] = 0;
    drain(0);
    SAME(port_close(a), 0);
    SAME(port_close(b), 0);
}

static void expand_more(void)
{
    need_fifo();
    for (int i = 1; i < ARRAY_PAGES; i++)
        SAME(expand(gfn_of(page_new())), 0);
}

static void many_ports(void)
{
    static evtchn_port_t ports[WORDS_PER_PAGE + 8];
    event_word_t *page;

    need_fifo();
    page = page_new();
    for (size_t i = 0; i < sizeof(ports) / sizeof(*ports); i++)
        ports[i] = port_unbound(DOMID_SELF);
    CHECK(ports[WORDS_PER_PAGE + 7] >= WORDS_PER_PAGE);
    for (size_t i = 0; i < sizeof(ports) / sizeof(*ports); i++)
        SAME(port_close(ports[i]), 0);
    SAME(page[0], 0);
}

/* --- Back again --- */

static void reset_ends_queues(void)
{
    struct evtchn_reset r = {.dom = DOMID_SELF};

    need_fifo();
    SAME(event_op(EVTCHNOP_reset, &r), 0);
    words = NULL;
    SAME(expand(gfn_of(page_new())), NEG_EOPNOTSUPP);
    evtchn_port_t port = port_ipi(0);
    event_clear(port);
    SAME(port_send(port), 0);
    CHECK(event_pending(port));
    SAME(port_close(port), 0);
}

const struct test fifo_tests[] = {
    TEST(expand_too_early, "No array MUST come before the control block."),
    TEST(priority_too_early, "Without queues there are no priorities."),
    TEST(init_misaligned, "The control block MUST be aligned to 8 bytes."),
    TEST(init_over_the_end, "The control block MUST lie in one page."),
    TEST(init_no_vcpu, "vCPUs that are not there."),
    TEST(init_no_page, "Pages that are not there."),
    TEST(init, "The control block and the first array MUST be taken."),
    TEST(init_twice, "A vCPU MUST have one control block."),
    TEST(init_other_vcpu, "Each vCPU MUST have its own control block."),
    TEST(expand_no_page, "Pages that are not there."),
    TEST(pending, "An event MUST be marked, linked and announced."),
    TEST(in_order, "Events MUST come in the order they were sent in."),
    TEST(again_behind, "An event sent again MUST come behind the others."),
    TEST(linked_once, "An event MUST be in its queue once."),
    TEST(masked_not_linked,
         "A masked event MUST NOT be linked before it is unmasked."),
    TEST(priority, "Each priority MUST have its own queue."),
    TEST(priority_of_new, "A new port MUST have the default priority."),
    TEST(priority_refused, "Priorities MUST be from 0 to 15."),
    TEST(queue_of_vcpu, "An event MUST be in the queue of its vCPU."),
    TEST(poll_sees, "A poll of what is pending MUST end at once."),
    TEST(nonsense_in_words, "Wrong links MUST harm nobody else."),
    TEST(expand_more, "The array MUST grow by pages."),
    TEST(many_ports, "More ports than a page of words holds MUST be there."),
    TEST(reset_ends_queues, "A reset MUST bring the two levels back."),
    {0},
};
