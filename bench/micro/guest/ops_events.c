/* Event channels and IPIs: to oneself, to another vCPU, to another domain. */
#include "cpu.h"
#include "guest.h"
#include "micro.h"
#include "ports.h"

enum {
    SENDS = 200,
    TRIPS = 50,
    IPI_VECTOR = 0xf1,
    LOST_NS = 5000000, /* QEMU loses an interrupt now and then: look again */
    PORT_SLOT = 0,
    TRIPS_SLOT = 1,
};

static evtchn_port_t own_port, to_other, to_us;
static unsigned answered;

static void own_prepare(void)
{
    if (!own_port)
        own_port = port_ipi(0);
}

static void send_before(const struct op *op)
{
    (void)op;
    event_clear(own_port);
}

/* A port that is pending already is not notified again, so it is cleared. */
static void send_run(const struct op *op)
{
    struct evtchn_send s = {.port = own_port};

    for (unsigned i = 0; i < op->count; i++) {
        event_op(EVTCHNOP_send, &s);
        event_clear(own_port);
        upcall_clear(0);
    }
    event_op(EVTCHNOP_send, &s);
}

static void send_after(const struct op *op)
{
    (void)op;
    CHECK(event_pending(own_port));
    event_clear(own_port);
    upcall_clear(0);
}

/* Send, then wait for what is there already. */
static void trip_self_run(const struct op *op)
{
    for (unsigned i = 0; i < op->count; i++) {
        SAME(port_send(own_port), 0);
        SAME(port_poll(own_port, LOST_NS), 0);
        CHECK(event_pending(own_port));
        event_clear(own_port);
        upcall_clear(0);
    }
}

/* --- With its interrupt --- */

static unsigned upcalls;

static void upcall_prepare(void)
{
    own_prepare();
    set_callback_vector();
}

static void upcall_before(const struct op *op)
{
    (void)op;
    send_before(op);
    upcalls = this_cpu()->interrupts[CALLBACK_VECTOR];
}

static void upcall_run(const struct op *op)
{
    for (unsigned i = 0; i < op->count; i++) {
        SAME(port_send(own_port), 0);
        __asm__ volatile("sti; nop; nop; cli" ::: "memory");
        event_clear(own_port);
        shared_info->vcpu_info[0].evtchn_pending_sel = 0;
    }
}

static void upcall_after(const struct op *op)
{
    CHECK(this_cpu()->interrupts[CALLBACK_VECTOR] - upcalls >= op->count);
    upcall_clear(0);
}

static void upcall_finish(void)
{
    clear_callback_vector();
}

/* --- To and fro --- */

/* Waits for the port; whoever sends may find us blocked or still running. */
static void await_port(evtchn_port_t port)
{
    while (!event_pending(port))
        (void)port_poll(port, LOST_NS);
    event_clear(port);
    upcall_clear(this_cpu()->nr);
}

static long answer_here(void *arg)
{
    (void)arg;
    for (answered = 0; cpu_go_on();) {
        if (!event_pending(to_other)) {
            (void)port_poll(to_other, LOST_NS);
            continue;
        }
        event_clear(to_other);
        upcall_clear(OTHER_VCPU);
        answered++;
        SAME(port_send(to_us), 0);
    }
    return 0;
}

static void other_prepare(void)
{
    cpu_start(OTHER_VCPU);
    if (!to_other) {
        to_other = port_ipi(OTHER_VCPU);
        to_us = port_ipi(0);
    }
    cpu_run(OTHER_VCPU, answer_here, NULL);
}

static void other_before(const struct op *op)
{
    (void)op;
    answered = 0;
}

static void other_run(const struct op *op)
{
    for (unsigned i = 0; i < op->count; i++) {
        SAME(port_send(to_other), 0);
        await_port(to_us);
    }
}

static void other_after(const struct op *op)
{
    SAME(answered, op->count);
}

static void other_finish(void)
{
    cpu_wait(OTHER_VCPU);
}

/* --- The other domain --- */

static evtchn_port_t domain_port;

static long open_there(void *arg)
{
    return (long)port_unbound((domid_t) * (long *)arg);
}

static long answer_there(void *arg)
{
    const long *args = arg;
    evtchn_port_t port = (evtchn_port_t)args[PORT_SLOT];

    for (long i = 0; i < args[TRIPS_SLOT]; i++) {
        await_port(port);
        SAME(port_send(port), 0);
    }
    return args[TRIPS_SLOT];
}

static evtchn_port_t far_port;

static void domain_prepare(void)
{
    long args[GUEST_ARGS] = {0};

    if (!far_port) {
        far_port = (evtchn_port_t)peer_call(open_there, args);
        domain_port = port_bound(peer()->domid, far_port);
    }
}

/* Both sides have a first trip behind them when it counts. */
static void domain_before(const struct op *op)
{
    long args[GUEST_ARGS] = {
        [PORT_SLOT] = far_port, [TRIPS_SLOT] = op->count + 1};

    event_clear(domain_port);
    upcall_clear(0);
    peer_run(answer_there, args);
    SAME(port_send(domain_port), 0);
    await_port(domain_port);
}

static void domain_run(const struct op *op)
{
    for (unsigned i = 0; i < op->count; i++) {
        SAME(port_send(domain_port), 0);
        await_port(domain_port);
    }
}

static void domain_after(const struct op *op)
{
    SAME(peer_wait(NULL), op->count + 1);
}

/* --- IPIs to a vCPU that halts --- */

static long take_interrupts(void *arg)
{
    (void)arg;
    while (cpu_go_on())
        __asm__ volatile("sti; hlt; cli" ::: "memory");
    return 0;
}

static void ipi_prepare(void)
{
    cpu_start(OTHER_VCPU);
    cpu_run(OTHER_VCPU, take_interrupts, NULL);
}

static unsigned ipis(void)
{
    return cpu_of(OTHER_VCPU)->interrupts[IPI_VECTOR];
}

static void ipi_run(const struct op *op)
{
    for (unsigned i = 0; i < op->count; i++) {
        unsigned before = ipis();
        uint64_t again = clock_ns() + LOST_NS;

        lapic_send(OTHER_VCPU, IPI_VECTOR);
        while (ipis() == before)
            if (clock_ns() > again) {
                lapic_send(OTHER_VCPU, IPI_VECTOR);
                again = clock_ns() + LOST_NS;
            }
    }
}

const struct op event_ops[] = {
    {.name = "event-send",
     .unit = "send",
     .count = SENDS,
     .each = 1,
     .prepare = own_prepare,
     .before = send_before,
     .run = send_run,
     .after = send_after},
    {.name = "event-round-trip-self",
     .unit = "trip",
     .count = SENDS,
     .each = 1,
     .prepare = own_prepare,
     .before = send_before,
     .run = trip_self_run},
    {.name = "event-upcall",
     .unit = "upcall",
     .count = SENDS,
     .each = 1,
     .prepare = upcall_prepare,
     .before = upcall_before,
     .run = upcall_run,
     .after = upcall_after,
     .finish = upcall_finish},
    {.name = "event-round-trip-vcpu",
     .unit = "trip",
     .count = TRIPS,
     .each = 1,
     .many_cpus = true,
     .prepare = other_prepare,
     .before = other_before,
     .run = other_run,
     .after = other_after,
     .finish = other_finish},
    {.name = "event-round-trip-domain",
     .unit = "trip",
     .count = TRIPS,
     .each = 1,
     .many_cpus = true,
     .prepare = domain_prepare,
     .before = domain_before,
     .run = domain_run,
     .after = domain_after},
    {.name = "ipi-vcpu",
     .unit = "interrupt",
     .count = TRIPS,
     .each = 1,
     .many_cpus = true,
     .prepare = ipi_prepare,
     .run = ipi_run,
     .finish = other_finish},
    OPS_END,
};
