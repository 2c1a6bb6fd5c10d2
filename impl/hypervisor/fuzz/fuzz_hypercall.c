/*
 * libFuzzer target of the hypercall border: a control domain and two guests on a
 * small machine, fed with calls, guest memory and faults taken from the input.
 * Nested page tables are the real ones. After each input every domain is killed
 * and memory must be what it was; ASSERTs of the hypervisor end the run.
 */
#include "double/double.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hv/evtchn.h"
#include "hv/gnttab.h"
#include "hv/guest.h"
#include "hv/heap.h"
#include "hv/hypercall.h"
#include "hv/p2m.h"

#define DOMAINS      3
#define VCPUS        2
#define GUEST_PAGES  48
#define STEPS_MAX    200
#define RESTARTS_MAX 2000
/* Where arguments lie in each guest. */
#define ARG_GFN   2
#define ARG       (ARG_GFN << PAGE_SHIFT)
#define ARG_BYTES 512

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* --- The input --- */

static const uint8_t *next_byte;
static const uint8_t *end_byte;

static uint8_t take(void)
{
    return next_byte < end_byte ? *next_byte++ : 0;
}

static uint64_t take_raw(unsigned int bytes)
{
    uint64_t v = 0;

    for (unsigned int i = 0; i < bytes; i++)
        v |= (uint64_t)take() << 8 * i;
    return v;
}

/* Numbers that mean something somewhere; others are small or raw. */
static uint64_t take_number(void)
{
    static const uint64_t special[] = {
        DOMID_SELF,
        DOMID_IO,
        0x7ff4,
        ~0ULL,
        1ULL << 31,
        1ULL << 32,
        1ULL << 63,
        PAGE_SIZE - 1,
        PAGE_SIZE,
        ARG,
        ARG + 64,
        ARG + 256,
        (ARG_GFN + 8) << PAGE_SHIFT,
        1ULL << 20,
        XEN_DOMCTL_INTERFACE_VERSION,
        XEN_SYSCTL_INTERFACE_VERSION,
        XENPF_INTERFACE_VERSION,
        DOUBLE_VA_END - 4,
    };
    uint8_t b = take();

    if (b < 0xd0)
        return b;
    if (b < 0xd0 + ARRAY_SIZE(special))
        return special[b - 0xd0];
    return take_raw(b & 1 ? 8 : 4);
}

/* --- The machine --- */

static struct {
    uint64_t heap;
    uint64_t free;
} before;

static struct domain *guest_get(unsigned int i)
{
    return domain_find_get((domid_t)(i % DOMAINS));
}

static uint64_t free_pages(void)
{
    struct page_stats s;

    page_stats(&s);
    return s.free;
}

static void machine_start(void)
{
    for (unsigned int i = 0; i < DOMAINS; i++) {
        struct domain *d = double_domain((domid_t)i, VCPUS);

        double_domain_ram(d, GUEST_PAGES);
    }
    /* Nobody's end is the machine's. */
    dom0 = NULL;
}

static void kill_all(void)
{
    struct domain *d;
    domid_t id = 0;

    while ((d = domain_next_get(id))) {
        id = (domid_t)(d->id + 1);
        while (domain_kill(d) == -XEN_ERESTART)
            continue;
        domain_put(d);
    }
}

static void machine_end(void)
{
    struct domain *d;

    double_walk_fails_at = ~0ULL;
    kill_all();
    d = domain_next_get(0);
    if (d || heap_used_bytes() != before.heap || free_pages() != before.free) {
        fprintf(stderr, "leak: domain %d, heap %lu of %lu, free %lu of %lu\n",
                d ? d->id : -1, (unsigned long)heap_used_bytes(),
                (unsigned long)before.heap, (unsigned long)free_pages(),
                (unsigned long)before.free);
        abort();
    }
}

/* --- Steps --- */

static void call_argument(struct domain *d, size_t offset, const void *bytes,
                          size_t n)
{
    (void)guest_phys_write(d, ARG + offset % ARG_BYTES, bytes, n);
}

/* One field of a structure. */
static void step_poke(struct domain *d)
{
    unsigned int width = 1U << (take() & 3);
    size_t offset = take() * 2U;
    uint64_t v = take_number();

    call_argument(d, offset, &v, width);
}

/* Bytes, and zeros behind them. */
static void step_fill(struct domain *d)
{
    uint8_t bytes[ARG_BYTES] = {0};
    size_t n = take();

    for (size_t i = 0; i < n; i++)
        bytes[i] = take();
    call_argument(d, 0, bytes, sizeof(bytes));
}

static uint32_t command_at(struct domain *d, uint64_t address)
{
    uint32_t cmd = 0;

    (void)guest_phys_read(d, &cmd, address, sizeof(cmd));
    return cmd;
}

/* The console operator's keys and the end of the machine are no border. */
static bool ends_the_machine(struct domain *d, unsigned int nr,
                             const unsigned long arg[5])
{
    return nr == __HYPERVISOR_sysctl &&
           command_at(d, arg[0]) == XEN_SYSCTL_debug_keys;
}

static void run_call(struct vcpu *v, unsigned int nr, unsigned long arg[5])
{
    if (ends_the_machine(v->domain, nr, arg))
        return;
    for (unsigned int i = 0; i < RESTARTS_MAX; i++)
        if (hypercall_run(v, nr, arg) != -XEN_ERESTART)
            return;
}

static void step_call(struct domain *d)
{
    static const uint8_t number[] = {
        __HYPERVISOR_platform_op, __HYPERVISOR_memory_op,
        __HYPERVISOR_multicall,   __HYPERVISOR_xen_version,
        __HYPERVISOR_console_io,  __HYPERVISOR_grant_table_op,
        __HYPERVISOR_vm_assist,   __HYPERVISOR_vcpu_op,
        __HYPERVISOR_sched_op,    __HYPERVISOR_event_channel_op,
        __HYPERVISOR_physdev_op,  __HYPERVISOR_hvm_op,
        __HYPERVISOR_sysctl,      __HYPERVISOR_domctl,
    };
    uint8_t b = take();
    unsigned int nr = b < 0xe0 ? number[b % ARRAY_SIZE(number)] : b;
    struct vcpu *v = d->vcpu[take() % VCPUS];
    unsigned long arg[5];

    for (unsigned int i = 0; i < ARRAY_SIZE(arg); i++)
        arg[i] = ARG;
    /* How many arguments are not just the address of the structure. */
    for (unsigned int n = take() % 6, i = 0; i < n; i++)
        arg[i] = take_number();
    if (v)
        run_call(v, nr, arg);
}

/* A structure of 32-bit fields and its call, for the two calls that have most
   state behind them. */
static void fields_call(struct domain *d, unsigned int nr, unsigned int cmds)
{
    uint32_t field[12] = {0};
    unsigned int cmd = take() % cmds;
    unsigned long arg[5] = {cmd, ARG, take() % 3U};

    for (unsigned int n = take() % ARRAY_SIZE(field), i = 0; i < n; i++)
        field[i] = (uint32_t)take_number();
    call_argument(d, 0, field, sizeof(field));
    if (d->vcpu[0])
        run_call(d->vcpu[0], nr, arg);
}

static void step_evtchn(struct domain *d)
{
    fields_call(d, __HYPERVISOR_event_channel_op, 15);
}

static void step_gnttab(struct domain *d)
{
    fields_call(d, __HYPERVISOR_grant_table_op, 13);
}

static void step_map(struct domain *d)
{
    struct gnttab_map_grant_ref m = {
        .host_addr = (uint64_t)take() << PAGE_SHIFT,
        .flags = GNTMAP_host_map | (take() & GNTMAP_readonly),
        .ref = take() % 16,
        .dom = take() % DOMAINS,
    };
    unsigned long arg[5] = {GNTTABOP_map_grant_ref, ARG, 1};

    call_argument(d, 0, &m, sizeof(m));
    if (d->vcpu[0])
        run_call(d->vcpu[0], __HYPERVISOR_grant_table_op, arg);
}

static void step_unmap(struct domain *d)
{
    struct gnttab_unmap_grant_ref u = {
        .host_addr = (uint64_t)take() << PAGE_SHIFT,
        .handle = take() % 8,
    };
    unsigned long arg[5] = {GNTTABOP_unmap_grant_ref, ARG, 1};

    call_argument(d, 0, &u, sizeof(u));
    if (d->vcpu[0])
        run_call(d->vcpu[0], __HYPERVISOR_grant_table_op, arg);
}

/* What the guest writes into its grant table. */
static void step_grant(struct domain *d)
{
    unsigned int at = take() % 64;
    uint32_t v = (uint32_t)take_number();
    mfn_t m;

    if (d->gnttab && !d->dying && !gnttab_frame(d, take() & 1, false, &m))
        memcpy((uint32_t *)mfn_to_virt(m) + at, &v, sizeof(v));
}

static void step_offer(struct domain *d)
{
    unsigned int ref = take() % 16;
    grant_entry_v1_t e = {
        .domid = take() % DOMAINS,
        .frame = take() % (GUEST_PAGES + 2),
        .flags = (uint16_t)(GTF_permit_access | (take() & GTF_readonly)),
    };
    mfn_t m;

    if (d->gnttab && !d->dying && !gnttab_frame(d, 0, false, &m))
        memcpy((grant_entry_v1_t *)mfn_to_virt(m) + ref, &e, sizeof(e));
}

/* What the guest writes into any of its pages, event words for one. */
static void step_scribble(struct domain *d)
{
    uint64_t gpa = (uint64_t)(take() % GUEST_PAGES) << PAGE_SHIFT;
    uint32_t v = (uint32_t)take_raw(4);

    gpa += take() * 4U;
    (void)guest_phys_write(d, gpa, &v, sizeof(v));
}

static void step_time(struct domain *d)
{
    (void)d;
    double_now_ns += take() * 100000ULL;
    timer_run(0);
}

static void step_faults(struct domain *d)
{
    uint8_t b = take();

    if (d->vcpu[0])
        d->vcpu[0]->arch->pending = b & 1;
    double_walk_fails_at = b & 2 ? (uint64_t)(b >> 2) << PAGE_SHIFT : ~0ULL;
}

static void step_kill(struct domain *d)
{
    for (unsigned int i = take() % 8; i--;)
        if (domain_kill(d) != -XEN_ERESTART)
            break;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const step[])(struct domain * d) = {
        step_poke,   step_fill,   step_call,     step_call,
        step_evtchn, step_gnttab, step_map,      step_unmap,
        step_grant,  step_offer,  step_scribble, step_time,
        step_faults, step_kill,   step_evtchn,   step_call,
    };

    next_byte = data;
    end_byte = data + size;
    machine_start();
    for (unsigned int i = 0; i < STEPS_MAX && next_byte < end_byte; i++) {
        uint8_t b = take();
        struct domain *d = guest_get(b >> 4);

        if (!d)
            continue;
        step[b & 15](d);
        domain_put(d);
    }
    machine_end();
    return 0;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    double_init(16);
    /* What is made once and stays is made now. */
    machine_start();
    kill_all();
    before.heap = heap_used_bytes();
    before.free = free_pages();
    return 0;
}
