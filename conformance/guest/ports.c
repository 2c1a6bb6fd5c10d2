/* Event channels by their ports. Source: public/event_channel.h. */
#include "ports.h"
#include "cpu.h"

enum {
    CALLBACK_BY_VECTOR = 2, /* kind of HVM_PARAM_CALLBACK_IRQ, in byte 7 */
};

long event_op(int nr, void *arg)
{
    return CALL2(__HYPERVISOR_event_channel_op, nr, arg);
}

evtchn_port_t port_unbound(domid_t remote)
{
    struct evtchn_alloc_unbound a = {.dom = DOMID_SELF, .remote_dom = remote};

    SAME(event_op(EVTCHNOP_alloc_unbound, &a), 0);
    CHECK(a.port > 0);
    return a.port;
}

evtchn_port_t port_bound(domid_t remote, evtchn_port_t remote_port)
{
    struct evtchn_bind_interdomain b = {.remote_dom = remote,
                                        .remote_port = remote_port};

    SAME(event_op(EVTCHNOP_bind_interdomain, &b), 0);
    return b.local_port;
}

evtchn_port_t port_ipi(unsigned vcpu)
{
    struct evtchn_bind_ipi b = {.vcpu = vcpu};

    SAME(event_op(EVTCHNOP_bind_ipi, &b), 0);
    return b.port;
}

evtchn_port_t port_virq(unsigned virq, unsigned vcpu)
{
    struct evtchn_bind_virq b = {.virq = virq, .vcpu = vcpu};

    SAME(event_op(EVTCHNOP_bind_virq, &b), 0);
    return b.port;
}

long port_close(evtchn_port_t port)
{
    struct evtchn_close c = {.port = port};

    return event_op(EVTCHNOP_close, &c);
}

long port_send(evtchn_port_t port)
{
    struct evtchn_send s = {.port = port};

    return event_op(EVTCHNOP_send, &s);
}

long port_move(evtchn_port_t port, unsigned vcpu)
{
    struct evtchn_bind_vcpu b = {.port = port, .vcpu = vcpu};

    return event_op(EVTCHNOP_bind_vcpu, &b);
}

long port_unmask(evtchn_port_t port)
{
    struct evtchn_unmask u = {.port = port};

    return event_op(EVTCHNOP_unmask, &u);
}

static struct evtchn_status status_of(evtchn_port_t port)
{
    struct evtchn_status s = {.dom = DOMID_SELF, .port = port};

    SAME(event_op(EVTCHNOP_status, &s), 0);
    return s;
}

long port_status(evtchn_port_t port)
{
    return status_of(port).status;
}

unsigned port_vcpu(evtchn_port_t port)
{
    return status_of(port).vcpu;
}

void port_set_mask(evtchn_port_t port, bool masked)
{
    xen_ulong_t *word = &shared_info->evtchn_mask[port / 64];

    if (masked)
        __atomic_or_fetch(word, 1ul << port % 64, __ATOMIC_ACQ_REL);
    else
        __atomic_and_fetch(word, ~(1ul << port % 64), __ATOMIC_ACQ_REL);
}

bool port_masked(evtchn_port_t port)
{
    return __atomic_load_n(&shared_info->evtchn_mask[port / 64],
                           __ATOMIC_ACQUIRE) >>
               port % 64 &
           1;
}

void upcall_clear(unsigned vcpu)
{
    __atomic_store_n(&shared_info->vcpu_info[vcpu].evtchn_upcall_pending, 0,
                     __ATOMIC_RELEASE);
    __atomic_store_n(&shared_info->vcpu_info[vcpu].evtchn_pending_sel, 0,
                     __ATOMIC_RELEASE);
}

bool upcall_pending(unsigned vcpu)
{
    return __atomic_load_n(&shared_info->vcpu_info[vcpu].evtchn_upcall_pending,
                           __ATOMIC_ACQUIRE);
}

bool selected(unsigned vcpu, evtchn_port_t port)
{
    return __atomic_load_n(&shared_info->vcpu_info[vcpu].evtchn_pending_sel,
                           __ATOMIC_ACQUIRE) >>
               port / 64 &
           1;
}

long port_poll(evtchn_port_t port, uint64_t ns)
{
    struct sched_poll p = {.nr_ports = 1, .timeout = clock_ns() + ns};

    set_xen_guest_handle(p.ports, &port);
    return CALL2(__HYPERVISOR_sched_op, SCHEDOP_poll, &p);
}

static void set_callback(uint64_t value)
{
    struct xen_hvm_param p = {
        .domid = DOMID_SELF, .index = HVM_PARAM_CALLBACK_IRQ, .value = value};

    SAME(CALL2(__HYPERVISOR_hvm_op, HVMOP_set_param, &p), 0);
}

void set_callback_vector(void)
{
    set_callback((uint64_t)CALLBACK_BY_VECTOR << 56 | CALLBACK_VECTOR);
}

void clear_callback_vector(void)
{
    set_callback(0);
}
