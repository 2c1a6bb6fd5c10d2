/* What control reads about the machine. Source: public/sysctl.h. */
#include "guest.h"
#include "suites.h"

#include <xen/sysctl.h>

enum {
    CONSOLE_BYTES = 4096,
    CPUS_TOLD = 16,
    FEATURE_WORDS = 64,
    DOMAINS_TOLD = 16,
};

static long op(uint32_t cmd, struct xen_sysctl *s)
{
    s->cmd = cmd;
    s->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    return CALL1(__HYPERVISOR_sysctl, s);
}

static void version(void)
{
    struct xen_sysctl s = {.cmd = XEN_SYSCTL_physinfo, .interface_version = 3};

    SAME(CALL1(__HYPERVISOR_sysctl, &s), NEG_EACCES);
    SAME(CALL1(__HYPERVISOR_sysctl, UNMAPPED), NEG_EFAULT);
    SAME(CALL1(__HYPERVISOR_sysctl, NON_CANONICAL), NEG_EFAULT);
}

static void unknown(void)
{
    struct xen_sysctl s = {0};

    SAME(op(99, &s), NEG_ENOSYS);
    SAME(op(0, &s), NEG_ENOSYS);
    SAME(op(~0u, &s), NEG_ENOSYS);
}

static unsigned cpus_online(void)
{
    struct xen_sysctl s = {0};

    SAME(op(XEN_SYSCTL_physinfo, &s), 0);
    return s.u.physinfo.nr_cpus;
}

static void physinfo(void)
{
    struct xen_sysctl s = {0};
    const struct xen_sysctl_physinfo *p = &s.u.physinfo;

    SAME(op(XEN_SYSCTL_physinfo, &s), 0);
    CHECK(p->nr_cpus >= 1 && p->nr_cpus <= CPUS_TOLD);
    CHECK(p->max_cpu_id + 1 >= p->nr_cpus);
    SAME(p->nr_nodes, 1);
    CHECK(p->threads_per_core >= 1 && p->cores_per_socket >= 1);
    CHECK(p->cpu_khz > 1000);
    CHECK(p->total_pages > 100000 && p->free_pages < p->total_pages);
    CHECK(p->free_pages > 0 && p->max_mfn >= p->total_pages / 2);
    CHECK(p->capabilities & XEN_SYSCTL_PHYSCAP_hvm);
    CHECK(p->capabilities & XEN_SYSCTL_PHYSCAP_hap);
    SAME(p->outstanding_pages, 0);
}

static void physinfo_counts_pages(void)
{
    struct xen_sysctl before = {0}, after = {0};
    struct guest g;

    SAME(op(XEN_SYSCTL_physinfo, &before), 0);
    g = guest_new(1);
    SAME(op(XEN_SYSCTL_physinfo, &after), 0);
    CHECK(after.u.physinfo.free_pages + GUEST_PAGES <=
          before.u.physinfo.free_pages);
    guest_destroy(&g);
}

static void sched_id(void)
{
    struct xen_sysctl s = {0};

    SAME(op(XEN_SYSCTL_sched_id, &s), 0);
    CHECK(s.u.sched_id.sched_id > 0);
}

static void readconsole(void)
{
    static char text[CONSOLE_BYTES];
    struct xen_sysctl s = {.u.readconsole.count = sizeof(text)};

    set_xen_guest_handle(s.u.readconsole.buffer, text);
    SAME(op(XEN_SYSCTL_readconsole, &s), 0);
    CHECK(s.u.readconsole.count > 0 && s.u.readconsole.count <= sizeof(text));
}

static void readconsole_incremental(void)
{
    static char text[16];
    struct xen_sysctl s = {.u.readconsole.count = sizeof(text),
                           .u.readconsole.incremental = 1};

    set_xen_guest_handle(s.u.readconsole.buffer, text);
    SAME(op(XEN_SYSCTL_readconsole, &s), 0);
    SAME(s.u.readconsole.count, sizeof(text));
    CHECK(s.u.readconsole.index >= sizeof(text));
}

static void readconsole_refused(void)
{
    struct xen_sysctl s = {.u.readconsole.count = 100};

    set_xen_guest_handle(s.u.readconsole.buffer, UNMAPPED);
    SAME(op(XEN_SYSCTL_readconsole, &s), NEG_EFAULT);
}

static void domains(void)
{
    static struct xen_domctl_getdomaininfo list[DOMAINS_TOLD];
    struct guest *g = guest_common();
    struct xen_sysctl s = {.u.getdomaininfolist.max_domains = DOMAINS_TOLD};

    set_xen_guest_handle(s.u.getdomaininfolist.buffer, list);
    SAME(op(XEN_SYSCTL_getdomaininfolist, &s), 0);
    CHECK(s.u.getdomaininfolist.num_domains >= 2);
    SAME(list[0].domain, 0);
    s.u.getdomaininfolist.first_domain = g->domid;
    SAME(op(XEN_SYSCTL_getdomaininfolist, &s), 0);
    SAME(list[0].domain, g->domid);
}

static void domains_few(void)
{
    static struct xen_domctl_getdomaininfo one;
    struct xen_sysctl s = {.u.getdomaininfolist.max_domains = 1};

    (void)guest_common();
    set_xen_guest_handle(s.u.getdomaininfolist.buffer, &one);
    SAME(op(XEN_SYSCTL_getdomaininfolist, &s), 0);
    SAME(s.u.getdomaininfolist.num_domains, 1);
    s.u.getdomaininfolist.max_domains = 0;
    SAME(op(XEN_SYSCTL_getdomaininfolist, &s), 0);
    SAME(s.u.getdomaininfolist.num_domains, 0);
    s.u.getdomaininfolist.max_domains = 1;
    set_xen_guest_handle(s.u.getdomaininfolist.buffer, UNMAPPED);
    SAME(op(XEN_SYSCTL_getdomaininfolist, &s), NEG_EFAULT);
}

static void debug_keys(void)
{
    static char none[1];
    struct xen_sysctl s = {.u.debug_keys.nr_keys = 0};

    set_xen_guest_handle(s.u.debug_keys.keys, none);
    SAME(op(XEN_SYSCTL_debug_keys, &s), 0);
    s.u.debug_keys.nr_keys = 1;
    set_xen_guest_handle(s.u.debug_keys.keys, UNMAPPED);
    SAME(op(XEN_SYSCTL_debug_keys, &s), NEG_EFAULT);
}

static void cpus(void)
{
    static struct xen_sysctl_cpuinfo info[CPUS_TOLD];
    struct xen_sysctl s = {.u.getcpuinfo.max_cpus = CPUS_TOLD};

    set_xen_guest_handle(s.u.getcpuinfo.info, info);
    SAME(op(XEN_SYSCTL_getcpuinfo, &s), 0);
    CHECK(s.u.getcpuinfo.nr_cpus >= cpus_online());
    set_xen_guest_handle(s.u.getcpuinfo.info, UNMAPPED);
    SAME(op(XEN_SYSCTL_getcpuinfo, &s), NEG_EFAULT);
}

static void heap(void)
{
    struct xen_sysctl s = {.u.availheap.node = -1}, p = {0};

    SAME(op(XEN_SYSCTL_availheap, &s), 0);
    SAME(op(XEN_SYSCTL_physinfo, &p), 0);
    SAME(s.u.availheap.avail_bytes / PAGE_BYTES, p.u.physinfo.free_pages);
}

static void cpu_topology(void)
{
    static struct xen_sysctl_cputopo topo[CPUS_TOLD];
    struct xen_sysctl s = {0};

    SAME(op(XEN_SYSCTL_cputopoinfo, &s), 0);
    CHECK(s.u.cputopoinfo.num_cpus >= cpus_online()); /* how many there are */
    s.u.cputopoinfo.num_cpus = CPUS_TOLD;
    set_xen_guest_handle(s.u.cputopoinfo.cputopo, topo);
    SAME(op(XEN_SYSCTL_cputopoinfo, &s), 0);
    CHECK(s.u.cputopoinfo.num_cpus >= cpus_online());
    SAME(topo[0].node, 0);
    set_xen_guest_handle(s.u.cputopoinfo.cputopo, UNMAPPED);
    SAME(op(XEN_SYSCTL_cputopoinfo, &s), NEG_EFAULT);
}

static void nodes(void)
{
    static struct xen_sysctl_meminfo memory[4];
    static uint32_t distance[16];
    struct xen_sysctl s = {0};

    SAME(op(XEN_SYSCTL_numainfo, &s), 0);
    SAME(s.u.numainfo.num_nodes, 1);
    set_xen_guest_handle(s.u.numainfo.meminfo, memory);
    set_xen_guest_handle(s.u.numainfo.distance, distance);
    SAME(op(XEN_SYSCTL_numainfo, &s), 0);
    CHECK(memory[0].memsize > memory[0].memfree && memory[0].memfree > 0);
    CHECK(distance[0] == 10 || distance[0] == XEN_INVALID_NODE_DIST);
    set_xen_guest_handle(s.u.numainfo.meminfo, UNMAPPED);
    SAME(op(XEN_SYSCTL_numainfo, &s), NEG_EFAULT);
}

static long pool_op(uint32_t what, uint32_t id, struct xen_sysctl *s)
{
    s->u.cpupool_op.op = what;
    s->u.cpupool_op.cpupool_id = id;
    return op(XEN_SYSCTL_cpupool_op, s);
}

static void pool(void)
{
    uint8_t map = 0;
    unsigned cpus = 0;
    struct xen_sysctl s = {.u.cpupool_op.cpumap.nr_bits = 8};

    set_xen_guest_handle(s.u.cpupool_op.cpumap.bitmap, &map);
    SAME(pool_op(XEN_SYSCTL_CPUPOOL_OP_INFO, 0, &s), 0);
    SAME(s.u.cpupool_op.cpupool_id, 0);
    for (; map; map &= (uint8_t)(map - 1))
        cpus++;
    SAME(cpus, cpus_online());
    CHECK(s.u.cpupool_op.n_dom >= 1);
}

static void pool_refused(void)
{
    uint8_t map = 0;
    struct xen_sysctl s = {.u.cpupool_op.cpumap.nr_bits = 8};

    set_xen_guest_handle(s.u.cpupool_op.cpumap.bitmap, &map);
    SAME(pool_op(XEN_SYSCTL_CPUPOOL_OP_INFO, 77, &s), NEG_ENOENT);
    SAME(pool_op(99, 0, &s), NEG_ENOSYS);
    SAME(pool_op(XEN_SYSCTL_CPUPOOL_OP_DESTROY, 77, &s), NEG_ENOENT);
    SAME(pool_op(XEN_SYSCTL_CPUPOOL_OP_DESTROY, 0, &s), NEG_EBUSY);
}

static void pool_free_cpus(void)
{
    uint8_t map = 0xff;
    struct xen_sysctl s = {.u.cpupool_op.cpumap.nr_bits = 8};

    set_xen_guest_handle(s.u.cpupool_op.cpumap.bitmap, &map);
    SAME(pool_op(XEN_SYSCTL_CPUPOOL_OP_FREEINFO, 0, &s), 0);
    SAME(map, 0);
}

static void featureset(void)
{
    static uint32_t words[FEATURE_WORDS];
    struct xen_sysctl s = {.u.cpu_featureset.index =
                               XEN_SYSCTL_cpu_featureset_host};

    SAME(op(XEN_SYSCTL_get_cpu_featureset, &s), 0);
    CHECK(s.u.cpu_featureset.nr_features >= 10);
    s.u.cpu_featureset.nr_features = FEATURE_WORDS;
    set_xen_guest_handle(s.u.cpu_featureset.features, words);
    SAME(op(XEN_SYSCTL_get_cpu_featureset, &s), 0);
    CHECK(words[0] & 1 << 9); /* an APIC, in leaf 1 EDX */
}

static void featureset_refused(void)
{
    static uint32_t words[FEATURE_WORDS];
    struct xen_sysctl s = {.u.cpu_featureset.index = 77};

    s.u.cpu_featureset.nr_features = 1;
    set_xen_guest_handle(s.u.cpu_featureset.features, words);
    SAME(op(XEN_SYSCTL_get_cpu_featureset, &s), NEG_EINVAL);
    s.u.cpu_featureset.index = XEN_SYSCTL_cpu_featureset_host;
    SAME(op(XEN_SYSCTL_get_cpu_featureset, &s), NEG_ENOBUFS);
    s.u.cpu_featureset.nr_features = FEATURE_WORDS;
    set_xen_guest_handle(s.u.cpu_featureset.features, UNMAPPED);
    SAME(op(XEN_SYSCTL_get_cpu_featureset, &s), NEG_EFAULT);
}

static void cpu_policy(void)
{
    static xen_cpuid_leaf_t leaves[256];
    static xen_msr_entry_t msrs[64];
    struct xen_sysctl s = {.u.cpu_policy.index = XEN_SYSCTL_cpu_policy_host};

    SAME(op(XEN_SYSCTL_get_cpu_policy, &s), 0);
    CHECK(s.u.cpu_policy.nr_leaves > 10 && s.u.cpu_policy.nr_leaves <= 256);
    set_xen_guest_handle(s.u.cpu_policy.leaves, leaves);
    set_xen_guest_handle(s.u.cpu_policy.msrs, msrs);
    SAME(op(XEN_SYSCTL_get_cpu_policy, &s), 0);
    SAME(leaves[0].leaf, 0);
    CHECK(leaves[0].a >= 1);
}

static void cpu_policy_refused(void)
{
    static xen_cpuid_leaf_t leaves[256];
    struct xen_sysctl s = {.u.cpu_policy.index = 77};

    CHECK(op(XEN_SYSCTL_get_cpu_policy, &s) < 0);
    s.u.cpu_policy.index = XEN_SYSCTL_cpu_policy_host;
    s.u.cpu_policy.nr_leaves = 1;
    set_xen_guest_handle(s.u.cpu_policy.leaves, leaves);
    SAME(op(XEN_SYSCTL_get_cpu_policy, &s), NEG_ENOBUFS);
    s.u.cpu_policy._rsvd = 1;
    SAME(op(XEN_SYSCTL_get_cpu_policy, &s), NEG_EINVAL);
}

static void levelling(void)
{
    struct xen_sysctl s = {0};

    SAME(op(XEN_SYSCTL_get_cpu_levelling_caps, &s), 0);
}

static void pci_topology_none(void)
{
    physdev_pci_device_t device = {.seg = 0xffff};
    uint32_t node = 0;
    struct xen_sysctl s = {.u.pcitopoinfo.num_devs = 1};

    set_xen_guest_handle(s.u.pcitopoinfo.devs, &device);
    set_xen_guest_handle(s.u.pcitopoinfo.nodes, &node);
    SAME(op(XEN_SYSCTL_pcitopoinfo, &s), 0);
    SAME(node, XEN_INVALID_DEV);
}

static void not_built_in(void)
{
    struct xen_sysctl s = {0};

    SAME(op(XEN_SYSCTL_perfc_op, &s), NEG_ENOSYS);
    SAME(op(XEN_SYSCTL_lockprof_op, &s), NEG_ENOSYS);
}

static void for_control_alone(void)
{
    static const uint32_t ops[] = {
        XEN_SYSCTL_readconsole,      XEN_SYSCTL_physinfo,
        XEN_SYSCTL_sched_id,         XEN_SYSCTL_debug_keys,
        XEN_SYSCTL_getcpuinfo,       XEN_SYSCTL_availheap,
        XEN_SYSCTL_cputopoinfo,      XEN_SYSCTL_cpupool_op,
        XEN_SYSCTL_getdomaininfolist};

    for (size_t i = 0; i < sizeof(ops) / sizeof(*ops); i++) {
        struct xen_sysctl s = {0};

        SAME(op(ops[i], &s), NEG_EPERM);
    }
}

const struct test sysctl_tests[] = {
    TEST_CONTROL(version, "Another version MUST be refused."),
    TEST_CONTROL(unknown, "Other operations MUST answer -ENOSYS."),
    TEST_CONTROL(physinfo, "The machine MUST be told."),
    TEST_CONTROL(physinfo_counts_pages, "A guest's pages MUST NOT be free."),
    TEST_CONTROL(sched_id, "The scheduler MUST be told."),
    TEST_CONTROL(readconsole, "What was written MUST be read."),
    TEST_CONTROL(readconsole_incremental, "A reader MUST go on where it was."),
    TEST_CONTROL(readconsole_refused, "A place that is not there."),
    TEST_CONTROL(domains, "Domains MUST be told from one on."),
    TEST_CONTROL(domains_few, "As many as fit, or none; a bad place."),
    TEST_CONTROL(debug_keys, "No keys do nothing; a bad place."),
    TEST_CONTROL(cpus, "The idle time of each CPU MUST be told."),
    TEST_CONTROL(heap, "Free memory MUST be told."),
    TEST_CONTROL(cpu_topology, "Core, socket, node of each CPU."),
    TEST_CONTROL(nodes, "Memory of each node MUST be told."),
    TEST_CONTROL(pool, "The pool of all CPUs MUST be told."),
    TEST_CONTROL(pool_refused, "Pools that are not there, or in use."),
    TEST_CONTROL(pool_free_cpus, "No CPU is without a pool."),
    TEST_CONTROL(featureset, "Features of the CPU MUST be told."),
    TEST_CONTROL(featureset_refused, "Sets not there, too short, bad places."),
    TEST_CONTROL(cpu_policy, "Leaves of the CPU MUST be told."),
    TEST_CONTROL(cpu_policy_refused, "Policies not there, too short."),
    TEST_CONTROL(levelling, "What can be hidden MUST be told."),
    TEST_CONTROL(pci_topology_none, "A device that is not there."),
    TEST_CONTROL(not_built_in, "What is not built in MUST answer -ENOSYS."),
    TEST_GUEST(for_control_alone, "A guest MUST be refused."),
    {0},
};
