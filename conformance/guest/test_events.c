/* Event channels: masks, upcalls, vCPUs. Source: public/event_channel.h. */
#include "cpu.h"
#include "ports.h"
#include "suites.h"

enum {
    PORTS_MAX = 4096, /* of the two levels */
};

static void sent_once_pending_once(void)
{
    evtchn_port_t port = port_ipi(0);

    event_clear(port);
    upcall_clear(0);
    SAME(port_send(port), 0);
    CHECK(upcall_pending(0) && selected(0, port));
    upcall_clear(0);
    SAME(port_send(port), 0); /* still pending: no second upcall */
    CHECK(!upcall_pending(0) && !selected(0, port));
    event_clear(port);
    SAME(port_send(port), 0);
    CHECK(upcall_pending(0) && selected(0, port));
    event_clear(port);
    SAME(port_close(port), 0);
}

static void masked_no_upcall(void)
{
    evtchn_port_t port = port_ipi(0);

    event_clear(port);
    port_set_mask(port, true);
    upcall_clear(0);
    SAME(port_send(port), 0);
    CHECK(event_pending(port));
    CHECK(!upcall_pending(0) && !selected(0, port));
    event_clear(port);
    port_set_mask(port, false);
    SAME(port_close(port), 0);
}

static void unmask_not_pending(void)
{
    evtchn_port_t port = port_ipi(0);

    event_clear(port);
    port_set_mask(port, true);
    upcall_clear(0);
    SAME(port_unmask(port), 0);
    CHECK(!port_masked(port) && !upcall_pending(0));
    SAME(port_unmask(port), 0); /* it is not masked: nothing */
    SAME(port_close(port), 0);
}

static void unmask_pending(void)
{
    evtchn_port_t port = port_ipi(0);

    port_set_mask(port, true);
    SAME(port_send(port), 0);
    upcall_clear(0);
    SAME(port_unmask(port), 0);
    CHECK(upcall_pending(0) && selected(0, port));
    event_clear(port);
    SAME(port_close(port), 0);
}

static void unmask_refused(void)
{
    SAME(port_unmask(~0u), NEG_EINVAL);
    SAME(port_unmask(1u << 20), NEG_EINVAL);
    SAME(event_op(EVTCHNOP_unmask, UNMAPPED), NEG_EFAULT);
    SAME(event_op(EVTCHNOP_unmask, NON_CANONICAL), NEG_EFAULT);
}

static void close_clears_pending(void)
{
    evtchn_port_t port = port_ipi(0);

    SAME(port_send(port), 0);
    CHECK(event_pending(port));
    SAME(port_close(port), 0);
    CHECK(!event_pending(port));
}

static void close_sends_nothing(void)
{
    evtchn_port_t a = port_unbound(DOMID_SELF), b = port_bound(DOMID_SELF, a);

    event_clear(a);
    event_clear(b);
    SAME(port_close(a), 0);
    CHECK(!event_pending(b));
    SAME(port_status(b), EVTCHNSTAT_unbound);
    SAME(port_close(b), 0);
}

static void bound_is_pending(void)
{
    evtchn_port_t a = port_unbound(DOMID_SELF), b = port_bound(DOMID_SELF, a);

    CHECK(event_pending(b)); /* what was sent before may have been lost */
    CHECK(!event_pending(a));
    SAME(port_close(b), 0);
    SAME(port_close(a), 0);
}

static void status_tells_ends(void)
{
    evtchn_port_t a = port_unbound(DOMID_SELF), b;
    struct evtchn_status s = {.dom = DOMID_SELF, .port = a};

    SAME(event_op(EVTCHNOP_status, &s), 0);
    SAME(s.u.unbound.dom, own_domid());
    b = port_bound(DOMID_SELF, a);
    SAME(event_op(EVTCHNOP_status, &s), 0);
    SAME(s.u.interdomain.dom, own_domid());
    SAME(s.u.interdomain.port, b);
    SAME(port_close(a), 0);
    SAME(port_close(b), 0);
}

static void status_tells_virq(void)
{
    evtchn_port_t port = port_virq(VIRQ_DEBUG, 0);
    struct evtchn_status s = {.dom = DOMID_SELF, .port = port};

    SAME(event_op(EVTCHNOP_status, &s), 0);
    SAME(s.u.virq, VIRQ_DEBUG);
    SAME(s.vcpu, 0);
    SAME(port_close(port), 0);
}

static void status_of_none(void)
{
    SAME(port_status(0), EVTCHNSTAT_closed);
}

static void lowest_free_port(void)
{
    evtchn_port_t a = port_unbound(DOMID_SELF), b = port_unbound(DOMID_SELF);

    CHECK(a < b);
    SAME(port_close(a), 0);
    SAME(port_unbound(DOMID_SELF), a);
    SAME(port_close(a), 0);
    SAME(port_close(b), 0);
}

static void limit(void)
{
    static evtchn_port_t ports[PORTS_MAX];
    struct evtchn_alloc_unbound a = {.dom = DOMID_SELF,
                                     .remote_dom = DOMID_SELF};
    unsigned count = 0;
    long rc;

    while (!(rc = event_op(EVTCHNOP_alloc_unbound, &a)) && count < PORTS_MAX)
        ports[count++] = a.port;
    SAME(rc, NEG_ENOSPC);
    CHECK(count > PORTS_MAX / 2 && count < PORTS_MAX);
    while (count)
        SAME(port_close(ports[--count]), 0);
}

static void virq_global_moves(void)
{
    evtchn_port_t port;

    cpu_start(1);
    port = port_virq(VIRQ_CON_RING, 0);
    SAME(port_move(port, 1), 0);
    SAME(port_vcpu(port), 1);
    SAME(port_close(port), 0);
}

static void virq_local_stays(void)
{
    evtchn_port_t port;

    cpu_start(1);
    port = port_virq(VIRQ_DEBUG, 1);
    SAME(port_vcpu(port), 1);
    SAME(port_move(port, 0), NEG_EINVAL);
    SAME(port_close(port), 0);
}

static void virq_global_needs_first(void)
{
    struct evtchn_bind_virq b = {.virq = VIRQ_CON_RING, .vcpu = 1};

    SAME(event_op(EVTCHNOP_bind_virq, &b), NEG_EINVAL);
    b.virq = VIRQ_DOM_EXC;
    SAME(event_op(EVTCHNOP_bind_virq, &b), NEG_EINVAL);
}

static void virq_out_of_range(void)
{
    struct evtchn_bind_virq b = {.virq = ~0u, .vcpu = 0};

    SAME(event_op(EVTCHNOP_bind_virq, &b), NEG_EINVAL);
    b.virq = NR_VIRQS + 1;
    SAME(event_op(EVTCHNOP_bind_virq, &b), NEG_EINVAL);
    b = (struct evtchn_bind_virq){.virq = VIRQ_DEBUG, .vcpu = ~0u};
    SAME(event_op(EVTCHNOP_bind_virq, &b), NEG_ENOENT);
}

static void pirq_refused(void)
{
    struct evtchn_bind_pirq b = {.pirq = ~0u};

    SAME(event_op(EVTCHNOP_bind_pirq, &b), NEG_EINVAL);
    SAME(event_op(EVTCHNOP_bind_pirq, UNMAPPED), NEG_EFAULT);
}

static void remote_not_there(void)
{
    evtchn_port_t port = port_unbound(NOBODY); /* it may come later */
    struct evtchn_status s = {.dom = DOMID_SELF, .port = port};
    struct evtchn_bind_interdomain b = {.remote_dom = DOMID_SELF,
                                        .remote_port = port};

    SAME(event_op(EVTCHNOP_status, &s), 0);
    SAME(s.u.unbound.dom, NOBODY);
    SAME(event_op(EVTCHNOP_bind_interdomain, &b), NEG_EINVAL); /* not for us */
    SAME(port_close(port), 0);
}

static void bind_to_itself(void)
{
    evtchn_port_t a = port_unbound(DOMID_SELF);
    struct evtchn_bind_interdomain b = {.remote_dom = DOMID_SELF,
                                        .remote_port = a};

    SAME(event_op(EVTCHNOP_bind_interdomain, &b), 0);
    CHECK(b.local_port != a);
    SAME(event_op(EVTCHNOP_bind_interdomain, &b), NEG_EINVAL);
    b.remote_port = b.local_port;
    SAME(event_op(EVTCHNOP_bind_interdomain, &b), NEG_EINVAL);
    SAME(port_close(b.remote_port), 0);
    SAME(port_close(a), 0);
}

/* --- Delivered --- */

static void callback_vector(void)
{
    evtchn_port_t port = port_ipi(0);
    volatile unsigned *count = &this_cpu()->interrupts[CALLBACK_VECTOR];

    *count = 0;
    event_clear(port);
    upcall_clear(0);
    set_callback_vector();
    SAME(port_send(port), 0);
    CHECK(cpu_await_interrupt(CALLBACK_VECTOR));
    upcall_clear(0);
    event_clear(port);
    *count = 0;
    cpu_idle_ns(1000000);
    SAME(*count, 0); /* no more once the flag is clear */
    clear_callback_vector();
    SAME(port_close(port), 0);
}

static void callback_waits_for_flag(void)
{
    evtchn_port_t port = port_ipi(0);
    volatile unsigned *count = &this_cpu()->interrupts[CALLBACK_VECTOR];

    *count = 0;
    event_clear(port);
    upcall_clear(0);
    set_callback_vector();
    SAME(port_send(port), 0); /* interrupts are off: it waits */
    SAME(*count, 0);
    CHECK(cpu_await_interrupt(CALLBACK_VECTOR));
    upcall_clear(0);
    event_clear(port);
    clear_callback_vector();
    SAME(port_close(port), 0);
}

static long take_upcall(void *arg)
{
    struct xen_hvm_evtchn_upcall_vector v = {.vcpu = this_cpu()->nr,
                                             .vector = UPCALL_VECTOR};

    (void)arg;
    this_cpu()->interrupts[UPCALL_VECTOR] = 0;
    SAME(CALL2(__HYPERVISOR_hvm_op, HVMOP_set_evtchn_upcall_vector, &v), 0);
    return 0;
}

static long await_upcall(void *arg)
{
    evtchn_port_t port = (evtchn_port_t)(uintptr_t)arg;

    CHECK(cpu_await_interrupt(UPCALL_VECTOR));
    CHECK(event_pending(port));
    upcall_clear(this_cpu()->nr);
    event_clear(port);
    return this_cpu()->nr;
}

static void upcall_vector_of_vcpu(void)
{
    evtchn_port_t port;

    cpu_start(1);
    port = port_ipi(1);
    upcall_clear(1);
    event_clear(port);
    SAME(cpu_call(1, take_upcall, NULL), 0);
    cpu_run(1, await_upcall, (void *)(uintptr_t)port);
    SAME(port_send(port), 0);
    SAME(cpu_wait(1), 1);
    SAME(port_close(port), 0);
}

static void moved_notifies_there(void)
{
    evtchn_port_t a = port_unbound(DOMID_SELF), b = port_bound(DOMID_SELF, a);

    cpu_start(1);
    SAME(port_move(a, 1), 0);
    SAME(port_vcpu(a), 1);
    event_clear(a);
    event_clear(b);
    upcall_clear(0);
    upcall_clear(1);
    SAME(port_send(b), 0);
    CHECK(event_pending(a));
    CHECK(selected(1, a));
    CHECK(!selected(0, a));
    event_clear(a);
    upcall_clear(1);
    SAME(port_close(a), 0);
    SAME(port_close(b), 0);
}

static void reused_notifies_first(void)
{
    evtchn_port_t a = port_unbound(DOMID_SELF);

    cpu_start(1);
    SAME(port_move(a, 1), 0);
    SAME(port_close(a), 0);
    SAME(port_unbound(DOMID_SELF), a);
    SAME(port_vcpu(a), 0);
    SAME(port_close(a), 0);
}

const struct test events_tests[] = {
    TEST(sent_once_pending_once,
         "What is pending already MUST NOT raise another upcall."),
    TEST(masked_no_upcall, "A masked event MUST be pending and no more."),
    TEST(unmask_not_pending, "Unmasking MUST raise nothing by itself."),
    TEST(unmask_pending, "Unmasking what is pending MUST raise an upcall."),
    TEST(unmask_refused, "Ports and places that are not there."),
    TEST(close_clears_pending, "A closed port MUST NOT be pending."),
    TEST(close_sends_nothing,
         "When one end closes, the other MUST be unbound and not pending."),
    TEST(bound_is_pending, "A port that binds MUST be pending at once."),
    TEST(status_tells_ends, "The status MUST name the other end."),
    TEST(status_tells_virq, "The status MUST name the interrupt and vCPU."),
    TEST(status_of_none, "Port 0 MUST be closed."),
    TEST(lowest_free_port, "The lowest free port MUST be taken."),
    TEST(limit, "Ports MUST end at the limit, and be free again."),
    TEST_CONTROL(virq_global_moves,
                 "A global interrupt MUST move to another vCPU."),
    TEST(virq_local_stays, "A vCPU's interrupt MUST NOT move."),
    TEST(virq_global_needs_first,
         "A global interrupt MUST be bound to vCPU 0 first."),
    TEST(virq_out_of_range, "Interrupts and vCPUs at the limits."),
    TEST(pirq_refused, "Interrupts that are not mapped MUST be refused."),
    TEST(remote_not_there,
         "A port MAY wait for a domain, and MUST refuse all others."),
    TEST(bind_to_itself, "A port MUST be bound once, and to its own remote."),
    TEST(callback_vector,
         "The domain's vector MUST come while the flag is set, "
         "and not after."),
    TEST(callback_waits_for_flag,
         "The upcall MUST wait until interrupts are on."),
    TEST(upcall_vector_of_vcpu, "A vCPU's own vector MUST come there."),
    TEST(moved_notifies_there, "A port that moved MUST notify its new vCPU."),
    TEST(reused_notifies_first, "A new port MUST notify vCPU 0."),
    {0},
};
