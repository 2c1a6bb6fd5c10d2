/*
 * Builds guests from the image of this kernel, and gives them work.
 *
 * A guest has 64 KiB at 0 (start information, mailbox, the page where other
 * vCPUs begin) and 16 MiB at 16 MiB, where the image lies as it does here.
 * Source: public/domctl.h, public/memory.h, public/arch-x86/hvm/save.h.
 */
#include "guest.h"

#include <xen/arch-x86/hvm/start_info.h>
#include <xen/hvm/save.h>

enum {
    START_INFO_GFN = 1,
    MAP_BATCH = 32,
    LARGE_ORDER = 9,
    PAGING_POOL_BYTES = 8 << 20,
    HEADROOM_KIB = 4096,
    EVENT_PORTS_MAX = 4095,
    GRANT_FRAMES = 32,
    MAPTRACK_FRAMES = 64,
    CR0_PE_ET = 0x11,
    ATTR_CODE32 = 0xc9b, /* of the segments at a PVH entry */
    ATTR_DATA32 = 0xc93,
    ATTR_TSS32 = 0x8b,
    POLL_NS = 300000,
    ALIVE_MAX = 8,
};

extern char image_start[], image_end[], guest_end[];
void entry(void);

static char *image; /* as it was when this kernel began */
static size_t image_pages;
static struct guest common, alive[ALIVE_MAX];
static struct mailbox *own_box; /* of this guest */

void guest_keep_image(void)
{
    size_t bytes = (size_t)(image_end - image_start);

    image_pages = (bytes + PAGE_BYTES - 1) / PAGE_BYTES;
    image = pages_new(image_pages, 1);
    bytes_copy(image, image_start, bytes);
}

domid_t own_domid(void)
{
    return in_control ? 0 : own_box->domid;
}

long domctl(domid_t domid, uint32_t cmd, struct xen_domctl *d)
{
    d->cmd = cmd;
    d->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    d->domain = domid;
    return CALL1(__HYPERVISOR_domctl, d);
}

/* --- Memory of a guest --- */

/* Maps guest pages from `from` on at our `to`. */
static void map_foreign(domid_t domid, xen_pfn_t to, xen_pfn_t from,
                        unsigned count)
{
    xen_ulong_t idxs[MAP_BATCH];
    xen_pfn_t gpfns[MAP_BATCH];
    int errors[MAP_BATCH];
    struct xen_add_to_physmap_batch b = {.domid = DOMID_SELF,
                                         .space = XENMAPSPACE_gmfn_foreign,
                                         .size = (uint16_t)count,
                                         .u.foreign_domid = domid};

    for (unsigned i = 0; i < count; i++) {
        idxs[i] = from + i;
        gpfns[i] = to + i;
    }
    set_xen_guest_handle(b.idxs, idxs);
    set_xen_guest_handle(b.gpfns, gpfns);
    set_xen_guest_handle(b.errs, errors);
    SAME(CALL2(__HYPERVISOR_memory_op, XENMEM_add_to_physmap_batch, &b), 0);
    for (unsigned i = 0; i < count; i++)
        SAME(errors[i], 0);
}

long guest_unmap(void *page)
{
    struct xen_remove_from_physmap r = {.domid = DOMID_SELF,
                                        .gpfn = gfn_of(page)};

    return CALL2(__HYPERVISOR_memory_op, XENMEM_remove_from_physmap, &r);
}

void *guest_map(domid_t domid, xen_pfn_t gfn)
{
    xen_pfn_t at = gfn_free();

    map_foreign(domid, at, gfn, 1);
    return memory_at(at);
}

static void populate(domid_t domid, xen_pfn_t from, unsigned count,
                     unsigned order)
{
    xen_pfn_t gfns[GUEST_LOW_PAGES];
    struct xen_memory_reservation r = {
        .nr_extents = count, .extent_order = order, .domid = domid};

    for (unsigned i = 0; i < count; i++)
        gfns[i] = from + ((xen_pfn_t)i << order);
    set_xen_guest_handle(r.extent_start, gfns);
    SAME(CALL2(__HYPERVISOR_memory_op, XENMEM_populate_physmap, &r), count);
}

static void load_image(domid_t domid)
{
    static xen_pfn_t window;

    if (!window)
        window = gfns_free(MAP_BATCH);
    for (size_t done = 0; done < image_pages; done += MAP_BATCH) {
        size_t left = image_pages - done;
        unsigned count = left < MAP_BATCH ? (unsigned)left : MAP_BATCH;

        map_foreign(domid, window, GUEST_RAM_GFN + done, count);
        bytes_copy(memory_at(window), image + done * PAGE_BYTES,
                   count * PAGE_BYTES);
        for (unsigned i = 0; i < count; i++)
            SAME(guest_unmap(memory_at(window + i)), 0);
    }
}

static void set_memory_map(domid_t domid)
{
    static struct {
        uint64_t addr, size;
        uint32_t type;
    } __attribute__((packed)) map[] = {
        {0, GUEST_LOW_PAGES * PAGE_BYTES, 1},
        {(uint64_t)GUEST_RAM_GFN * PAGE_BYTES,
         (uint64_t)GUEST_PAGES * PAGE_BYTES, 1},
    };
    struct xen_foreign_memory_map f = {.domid = domid, .map.nr_entries = 2};

    set_xen_guest_handle(f.map.buffer, map);
    SAME(CALL2(__HYPERVISOR_memory_op, XENMEM_set_memory_map, &f), 0);
}

static void add_memory(domid_t domid)
{
    struct xen_domctl d = {0};
    struct hvm_start_info *info;

    d.u.max_mem.max_memkb = (GUEST_PAGES + GUEST_LOW_PAGES) * 4 + HEADROOM_KIB;
    SAME(domctl(domid, XEN_DOMCTL_max_mem, &d), 0);
    d = (struct xen_domctl){.u.paging_mempool.size = PAGING_POOL_BYTES};
    SAME(domctl(domid, XEN_DOMCTL_set_paging_mempool_size, &d), 0);
    populate(domid, 0, GUEST_LOW_PAGES, 0);
    populate(domid, GUEST_RAM_GFN, GUEST_PAGES >> LARGE_ORDER, LARGE_ORDER);
    load_image(domid);
    set_memory_map(domid);
    info = guest_map(domid, START_INFO_GFN);
    *info = (struct hvm_start_info){.magic = XEN_HVM_START_MAGIC_VALUE,
                                    .version = 1};
    SAME(guest_unmap(info), 0);
}

/* --- The first vCPU --- */

/* A record of a saved machine: what, then so many bytes. */
struct cpu_context {
    struct hvm_save_descriptor header_is;
    HVM_SAVE_TYPE(HEADER) header;
    struct hvm_save_descriptor cpu_is;
    HVM_SAVE_TYPE(CPU) cpu;
    struct hvm_save_descriptor end_is;
    HVM_SAVE_TYPE(END) end;
} __attribute__((packed));

static void set_first_vcpu(domid_t domid)
{
    static uint8_t saved[8 * PAGE_BYTES];
    static struct cpu_context c __attribute__((aligned(8)));
    struct xen_domctl d = {.u.hvmcontext.size = sizeof(saved)};

    set_xen_guest_handle(d.u.hvmcontext.buffer, saved);
    SAME(domctl(domid, XEN_DOMCTL_gethvmcontext, &d), 0);
    bytes_set(&c, 0, sizeof(c));
    bytes_copy(&c, saved, sizeof(c.header_is) + sizeof(c.header));
    c.cpu_is = (struct hvm_save_descriptor){HVM_SAVE_CODE(CPU), 0,
                                            HVM_SAVE_LENGTH(CPU)};
    c.cpu.cr0 = CR0_PE_ET;
    c.cpu.rip = (uintptr_t)entry;
    c.cpu.rbx = START_INFO_GFN * PAGE_BYTES;
    c.cpu.rflags = 2;
    c.cpu.cs_limit = c.cpu.ds_limit = c.cpu.es_limit = c.cpu.ss_limit = ~0u;
    c.cpu.tr_limit = 0x67;
    c.cpu.cs_arbytes = ATTR_CODE32;
    c.cpu.ds_arbytes = c.cpu.es_arbytes = c.cpu.ss_arbytes = ATTR_DATA32;
    c.cpu.tr_arbytes = ATTR_TSS32;
    c.end_is = (struct hvm_save_descriptor){HVM_SAVE_CODE(END), 0,
                                            HVM_SAVE_LENGTH(END)};
    d = (struct xen_domctl){.u.hvmcontext.size = sizeof(c)};
    set_xen_guest_handle(d.u.hvmcontext.buffer, (void *)&c);
    SAME(domctl(domid, XEN_DOMCTL_sethvmcontext, &d), 0);
}

/* --- Lives of guests --- */

domid_t guest_create(unsigned vcpus)
{
    struct xen_domctl d = {0};
    struct xen_domctl_createdomain *c = &d.u.createdomain;

    c->flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap;
    c->max_vcpus = vcpus;
    c->max_evtchn_port = EVENT_PORTS_MAX;
    c->max_grant_frames = GRANT_FRAMES;
    c->max_maptrack_frames = MAPTRACK_FRAMES;
    c->grant_opts = XEN_DOMCTL_GRANT_version(2);
    c->arch.emulation_flags = XEN_X86_EMU_LAPIC;
    SAME(domctl(0, XEN_DOMCTL_createdomain, &d), 0);
    CHECK(d.domain > 0 && d.domain < DOMID_FIRST_RESERVED);
    return d.domain;
}

/* Its place among those that are there; domain 0: a free one. */
static struct guest *find_alive(domid_t domid)
{
    for (int i = 0; i < ALIVE_MAX; i++)
        if (alive[i].domid == domid)
            return &alive[i];
    test_fail(__FILE_NAME__, __LINE__, "no such guest", domid);
}

struct guest guest_new_paused(unsigned vcpus)
{
    struct guest g = {.domid = guest_create(vcpus)};
    struct xen_domctl d = {.u.max_vcpus.max = vcpus};

    *find_alive(0) = g;
    SAME(domctl(g.domid, XEN_DOMCTL_max_vcpus, &d), 0);
    add_memory(g.domid);
    set_first_vcpu(g.domid);
    g.box = guest_map(g.domid, MAILBOX_GFN);
    g.box->domid = g.domid;
    *find_alive(g.domid) = g;
    return g;
}

struct guest guest_new(unsigned vcpus)
{
    struct guest g = guest_new_paused(vcpus);
    struct xen_domctl d = {0};

    SAME(domctl(g.domid, XEN_DOMCTL_unpausedomain, &d), 0);
    AWAIT(g.box->up);
    return g;
}

void guest_destroy(struct guest *g)
{
    struct xen_domctl d = {0};
    domid_t domid = g->domid;
    long rc;

    g->domid = 0;
    find_alive(domid)->domid = 0;
    if (g->box)
        (void)guest_unmap(g->box); /* a test may have done it */
    rc = domctl(domid, XEN_DOMCTL_destroydomain, &d);
    CHECK(rc == 0 || rc == NEG_ESRCH); /* a test may have done that too */
    AWAIT(domctl(domid, XEN_DOMCTL_getdomaininfo, &d) == NEG_ESRCH ||
          d.domain != domid);
}

struct guest *guest_common(void)
{
    if (!common.domid)
        common = guest_new(4);
    return &common;
}

static long end_guest(void *arg)
{
    struct guest g = *(struct guest *)arg;

    guest_destroy(&g);
    return 0;
}

void guests_end(bool all)
{
    long result;

    for (int i = 0; i < ALIVE_MAX; i++)
        if (alive[i].domid && (all || alive[i].domid != common.domid))
            (void)test_guard(end_guest, &alive[i], &result); /* best effort */
    if (all)
        common.domid = 0;
}

void guest_info(struct guest *g, struct xen_domctl_getdomaininfo *info)
{
    struct xen_domctl d = {0};

    SAME(domctl(g->domid, XEN_DOMCTL_getdomaininfo, &d), 0);
    *info = d.u.getdomaininfo;
}

/* --- Work --- */

void guest_run(struct guest *g, long (*fn)(void *arg), const long *args)
{
    CHECK(!g->box->job);
    bytes_set(g->box->args, 0, sizeof(g->box->args));
    if (args)
        bytes_copy(g->box->args, args, sizeof(g->box->args));
    __atomic_store_n(&g->box->job, fn, __ATOMIC_RELEASE);
}

static bool ended(struct guest *g)
{
    struct xen_domctl_getdomaininfo info;

    guest_info(g, &info);
    return info.flags & XEN_DOMINF_shutdown;
}

bool guest_done(struct guest *g)
{
    return !__atomic_load_n(&g->box->job, __ATOMIC_ACQUIRE) ||
           g->box->trapped || ended(g);
}

struct outcome guest_outcome(struct guest *g)
{
    if (!g->box->trapped && g->box->job)
        return (struct outcome){"fail", "guest", "the hypervisor ended it", 0,
                                0};
    if (!g->box->trapped)
        return g->box->outcome;
    return (struct outcome){"fail", "trap: vector and rip are line and found",
                            "the guest ended itself", (long)g->box->trap.vector,
                            (long)g->box->trap.rip};
}

long guest_wait(struct guest *g, long *args)
{
    struct outcome o;

    AWAIT(guest_done(g));
    o = guest_outcome(g);
    test_follow(&o);
    if (args)
        bytes_copy(args, g->box->args, sizeof(g->box->args));
    return g->box->result;
}

long guest_call(struct guest *g, long (*fn)(void *arg), long *args)
{
    guest_run(g, fn, args);
    return guest_wait(g, args);
}

void guest_report_trap(const struct trap_frame *frame)
{
    own_box->trap = *frame;
    own_box->trap_address = this_cpu()->trap_address;
    own_box->trapped = true;
}

void guest_serve(void)
{
    own_box = memory_at(MAILBOX_GFN);
    own_box->up = true;
    for (;;) {
        long (*job)(void *arg) =
            __atomic_load_n(&own_box->job, __ATOMIC_ACQUIRE);
        struct sched_poll nap = {.timeout = clock_ns() + POLL_NS};

        if (!job) {
            CALL2(__HYPERVISOR_sched_op, SCHEDOP_poll, &nap);
            continue;
        }
        own_box->outcome = test_guard(job, own_box->args, &own_box->result);
        __atomic_store_n(&own_box->job, NULL, __ATOMIC_RELEASE);
    }
}
