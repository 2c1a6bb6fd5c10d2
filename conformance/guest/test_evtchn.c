/* Event channels, two levels. Source: public/event_channel.h. */
#include "suites.h"

static long op(int nr, void *arg)
{
    return CALL2(__HYPERVISOR_event_channel_op, nr, arg);
}

static evtchn_port_t new_unbound(void)
{
    struct evtchn_alloc_unbound a = {.dom = DOMID_SELF,
                                     .remote_dom = DOMID_SELF};

    SAME(op(EVTCHNOP_alloc_unbound, &a), 0);
    CHECK(a.port > 0);
    return a.port;
}

static evtchn_port_t new_bound(evtchn_port_t remote)
{
    struct evtchn_bind_interdomain b = {.remote_dom = DOMID_SELF,
                                        .remote_port = remote};

    SAME(op(EVTCHNOP_bind_interdomain, &b), 0);
    return b.local_port;
}

static long close_port(evtchn_port_t port)
{
    struct evtchn_close c = {.port = port};

    return op(EVTCHNOP_close, &c);
}

static long send_to(evtchn_port_t port)
{
    struct evtchn_send s = {.port = port};

    return op(EVTCHNOP_send, &s);
}

static long status_of(evtchn_port_t port)
{
    struct evtchn_status s = {.dom = DOMID_SELF, .port = port};

    SAME(op(EVTCHNOP_status, &s), 0);
    return s.status;
}

static void alloc_unbound(void)
{
    struct evtchn_alloc_unbound a = {.dom = 0x7000, .remote_dom = DOMID_SELF};
    evtchn_port_t port = new_unbound();

    SAME(status_of(port), EVTCHNSTAT_unbound);
    SAME(close_port(port), 0);
    SAME(status_of(port), EVTCHNSTAT_closed);
    SAME(op(EVTCHNOP_alloc_unbound, &a), NEG_ESRCH);
    SAME(op(EVTCHNOP_alloc_unbound, UNMAPPED), NEG_EFAULT);
}

static void interdomain(void)
{
    evtchn_port_t a = new_unbound(), b = new_bound(a);

    SAME(status_of(a), EVTCHNSTAT_interdomain);
    SAME(status_of(b), EVTCHNSTAT_interdomain);
    event_clear(a);
    event_clear(b);
    SAME(send_to(b), 0);
    CHECK(event_pending(a));
    CHECK(!event_pending(b));
    event_clear(a);
    SAME(send_to(a), 0);
    CHECK(event_pending(b));
    event_clear(b);
    SAME(close_port(b), 0);
    SAME(status_of(a), EVTCHNSTAT_unbound);
    SAME(close_port(a), 0);
}

static void interdomain_refused(void)
{
    struct evtchn_bind_interdomain b = {.remote_dom = DOMID_SELF,
                                        .remote_port = 1000};
    evtchn_port_t a = new_unbound(), c = new_bound(a);

    SAME(op(EVTCHNOP_bind_interdomain, &b), NEG_EINVAL);
    b.remote_port = a; /* taken */
    SAME(op(EVTCHNOP_bind_interdomain, &b), NEG_EINVAL);
    b.remote_dom = 0x7000;
    SAME(op(EVTCHNOP_bind_interdomain, &b), NEG_ESRCH);
    SAME(op(EVTCHNOP_bind_interdomain, UNMAPPED), NEG_EFAULT);
    SAME(close_port(c), 0);
    SAME(close_port(a), 0);
}

static void send_refused(void)
{
    evtchn_port_t port = new_unbound();

    SAME(send_to(port), 0); /* nobody there: nothing happens */
    SAME(close_port(port), 0);
    SAME(send_to(port), NEG_EINVAL);
    SAME(send_to(0), NEG_EINVAL);
    SAME(send_to(~0u), NEG_EINVAL);
    SAME(op(EVTCHNOP_send, UNMAPPED), NEG_EFAULT);
}

static void close_refused(void)
{
    SAME(close_port(0), NEG_EINVAL);
    SAME(close_port(~0u), NEG_EINVAL);
    SAME(op(EVTCHNOP_close, UNMAPPED), NEG_EFAULT);
}

static void virq(void)
{
    struct evtchn_bind_virq b = {.virq = VIRQ_DEBUG, .vcpu = 0};

    SAME(op(EVTCHNOP_bind_virq, &b), 0);
    SAME(status_of(b.port), EVTCHNSTAT_virq);
    SAME(op(EVTCHNOP_bind_virq, &b), NEG_EEXIST);
    SAME(send_to(b.port), NEG_EINVAL);
    SAME(close_port(b.port), 0);
    SAME(op(EVTCHNOP_bind_virq, &b), 0);
    SAME(close_port(b.port), 0);
}

static void virq_refused(void)
{
    struct evtchn_bind_virq b = {.virq = NR_VIRQS, .vcpu = 0};

    SAME(op(EVTCHNOP_bind_virq, &b), NEG_EINVAL);
    b = (struct evtchn_bind_virq){.virq = VIRQ_TIMER, .vcpu = 4000};
    SAME(op(EVTCHNOP_bind_virq, &b), NEG_ENOENT);
    b = (struct evtchn_bind_virq){.virq = VIRQ_CONSOLE, .vcpu = 1};
    CHECK(op(EVTCHNOP_bind_virq, &b) < 0);
    SAME(op(EVTCHNOP_bind_virq, UNMAPPED), NEG_EFAULT);
}

static void ipi(void)
{
    struct evtchn_bind_ipi b = {.vcpu = 0};

    SAME(op(EVTCHNOP_bind_ipi, &b), 0);
    SAME(status_of(b.port), EVTCHNSTAT_ipi);
    event_clear(b.port);
    SAME(send_to(b.port), 0);
    CHECK(event_pending(b.port));
    event_clear(b.port);
    SAME(close_port(b.port), 0);
    b.vcpu = 4000;
    SAME(op(EVTCHNOP_bind_ipi, &b), NEG_ENOENT);
    SAME(op(EVTCHNOP_bind_ipi, UNMAPPED), NEG_EFAULT);
}

static void bind_vcpu(void)
{
    evtchn_port_t port = new_unbound();
    struct evtchn_bind_vcpu b = {.port = port, .vcpu = 0};
    struct evtchn_bind_ipi i = {.vcpu = 0};

    SAME(op(EVTCHNOP_bind_vcpu, &b), 0);
    b.vcpu = 4000;
    SAME(op(EVTCHNOP_bind_vcpu, &b), NEG_ENOENT);
    SAME(close_port(port), 0);
    b.vcpu = 0;
    SAME(op(EVTCHNOP_bind_vcpu, &b), NEG_EINVAL);
    SAME(op(EVTCHNOP_bind_ipi, &i), 0);
    b.port = i.port;
    SAME(op(EVTCHNOP_bind_vcpu, &b), NEG_EINVAL);
    SAME(close_port(i.port), 0);
}

static void unmask(void)
{
    evtchn_port_t a = new_unbound(), b = new_bound(a);
    struct evtchn_unmask u = {.port = a};

    shared_info->evtchn_mask[a / 64] |= 1ul << a % 64;
    SAME(send_to(b), 0);
    CHECK(event_pending(a));
    shared_info->vcpu_info[0].evtchn_upcall_pending = 0;
    shared_info->vcpu_info[0].evtchn_pending_sel = 0;
    SAME(op(EVTCHNOP_unmask, &u), 0);
    CHECK(!(shared_info->evtchn_mask[a / 64] >> a % 64 & 1));
    CHECK(shared_info->vcpu_info[0].evtchn_upcall_pending);
    event_clear(a);
    SAME(close_port(b), 0);
    SAME(close_port(a), 0);
    u.port = ~0u;
    SAME(op(EVTCHNOP_unmask, &u), NEG_EINVAL);
}

static void status_refused(void)
{
    struct evtchn_status s = {.dom = DOMID_SELF, .port = ~0u};

    SAME(op(EVTCHNOP_status, &s), NEG_EINVAL);
    s.dom = 0x7000;
    SAME(op(EVTCHNOP_status, &s), NEG_ESRCH);
    SAME(op(EVTCHNOP_status, UNMAPPED), NEG_EFAULT);
    SAME(op(EVTCHNOP_status, READ_ONLY), NEG_EFAULT);
}

static void many(void)
{
    static evtchn_port_t ports[1000];

    for (int i = 0; i < 1000; i++)
        ports[i] = new_unbound();
    for (int i = 0; i < 1000; i++)
        for (int j = i + 1; j < i + 3 && j < 1000; j++)
            CHECK(ports[i] != ports[j]);
    for (int i = 0; i < 1000; i++)
        SAME(close_port(ports[i]), 0);
}

static void reset(void)
{
    struct evtchn_reset r = {.dom = DOMID_SELF};
    evtchn_port_t port = new_unbound();

    SAME(op(EVTCHNOP_reset, &r), 0);
    SAME(status_of(port), EVTCHNSTAT_closed);
    r.dom = 0x7000;
    SAME(op(EVTCHNOP_reset, &r), NEG_ESRCH);
}

static void unknown(void)
{
    struct evtchn_close c = {.port = 0};

    SAME(op(99, &c), NEG_ENOSYS);
    SAME(op(-1, &c), NEG_ENOSYS);
}

const struct test evtchn_tests[] = {
    TEST(alloc_unbound, "A port MUST be unbound until somebody binds it."),
    TEST(interdomain, "What one end sends MUST be pending at the other."),
    TEST(interdomain_refused, "Ports that are not offered MUST be refused."),
    TEST(send_refused, "Closed and unknown ports MUST be refused."),
    TEST(close_refused, "Ports that are not open MUST be refused."),
    TEST(virq, "A virtual interrupt MUST be bound once per vCPU."),
    TEST(virq_refused, "Interrupts and vCPUs that are not there."),
    TEST(ipi, "An IPI MUST be pending once it was sent."),
    TEST(bind_vcpu, "Ports MUST move where their kind allows."),
    TEST(unmask, "Unmasking what is pending MUST raise an upcall."),
    TEST(status_refused, "Ports and domains that are not there."),
    TEST(many, "A thousand ports MUST be there and be different."),
    TEST(reset, "A reset MUST close every port."),
    TEST(unknown, "Other operations MUST answer -ENOSYS."),
    {0},
};
