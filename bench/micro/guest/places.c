/* Which vCPU runs on which CPU. Source: public/domctl.h. */
#include "guest.h"
#include "micro.h"
#include "ports.h"

enum {
    MAP_BITS = 8,
    ALL_CPUS = 0xff,
    PARKED_NS = 1000000000, /* and again: QEMU may lose what ends it */
};

unsigned first_cpu, other_cpu;
static evtchn_port_t unpark_port;

void vcpu_pin(domid_t domid, unsigned vcpu, unsigned cpu)
{
    uint8_t hard = (uint8_t)(1 << cpu), soft = ALL_CPUS;
    struct xen_domctl d = {.u.vcpuaffinity.vcpu = vcpu,
                           .u.vcpuaffinity.flags = XEN_VCPUAFFINITY_HARD};

    d.u.vcpuaffinity.cpumap_hard.nr_bits = MAP_BITS;
    d.u.vcpuaffinity.cpumap_soft.nr_bits = MAP_BITS;
    set_xen_guest_handle(d.u.vcpuaffinity.cpumap_hard.bitmap, &hard);
    set_xen_guest_handle(d.u.vcpuaffinity.cpumap_soft.bitmap, &soft);
    SAME(domctl(domid, XEN_DOMCTL_setvcpuaffinity, &d), 0);
}

static unsigned runs_on(unsigned vcpu)
{
    struct xen_domctl d = {.u.getvcpuinfo.vcpu = vcpu};

    SAME(domctl(0, XEN_DOMCTL_getvcpuinfo, &d), 0);
    return d.u.getvcpuinfo.cpu;
}

void places_take(void)
{
    first_cpu = runs_on(0);
    vcpu_pin(0, 0, first_cpu);
    AWAIT((other_cpu = runs_on(OTHER_VCPU)) != first_cpu);
    vcpu_pin(0, OTHER_VCPU, other_cpu);
    unpark_port = port_ipi(OTHER_VCPU);
}

static long park(void *arg)
{
    (void)arg;
    while (cpu_go_on())
        (void)port_poll(unpark_port, PARKED_NS);
    event_clear(unpark_port);
    upcall_clear(OTHER_VCPU);
    return 0;
}

void other_park(void)
{
    cpu_run(OTHER_VCPU, park, NULL);
}

void other_unpark(void)
{
    SAME(port_send(unpark_port), 0);
    cpu_wait(OTHER_VCPU);
}
