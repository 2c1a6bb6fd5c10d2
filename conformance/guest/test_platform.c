/* The machine below: platform and physical devices. Source: public/platform.h,
   physdev.h. */
#include "cpu.h"
#include "suites.h"

#include <xen/physdev.h>
#include <xen/platform.h>

static long op(uint32_t cmd, struct xen_platform_op *p)
{
    p->cmd = cmd;
    p->interface_version = XENPF_INTERFACE_VERSION;
    return CALL1(__HYPERVISOR_platform_op, p);
}

static void version(void)
{
    struct xen_platform_op p = {.cmd = XENPF_get_cpuinfo};

    SAME(CALL1(__HYPERVISOR_platform_op, &p), NEG_EACCES);
    SAME(CALL1(__HYPERVISOR_platform_op, UNMAPPED), NEG_EFAULT);
}

static void unknown(void)
{
    struct xen_platform_op p = {0};

    SAME(op(200, &p), NEG_ENOSYS);
}

static void cpu_info(void)
{
    struct xen_platform_op p = {0};

    SAME(op(XENPF_get_cpuinfo, &p), 0);
    CHECK(p.u.pcpu_info.max_present >= 1);
    CHECK(p.u.pcpu_info.flags & XEN_PCPU_FLAGS_ONLINE);
    p.u.pcpu_info.xen_cpuid = 1;
    SAME(op(XENPF_get_cpuinfo, &p), 0);
    CHECK(p.u.pcpu_info.flags & XEN_PCPU_FLAGS_ONLINE);
    p.u.pcpu_info.xen_cpuid = 100;
    SAME(op(XENPF_get_cpuinfo, &p), 0);
    CHECK(p.u.pcpu_info.flags & XEN_PCPU_FLAGS_INVALID);
}

static void cpu_version(void)
{
    struct xen_platform_op p = {0};

    SAME(op(XENPF_get_cpu_version, &p), 0);
    CHECK(p.u.pcpu_version.vendor_id[0] >= 'A');
    CHECK(p.u.pcpu_version.family >= 6);
    p.u.pcpu_version.xen_cpuid = 100;
    SAME(op(XENPF_get_cpu_version, &p), 0);
    SAME(p.u.pcpu_version.family, 0);
}

static void set_time(void)
{
    uint32_t before = shared_info->wc_sec;
    struct xen_platform_op p = {0};

    p.u.settime64.secs = before + 1000;
    p.u.settime64.system_time = clock_ns();
    SAME(op(XENPF_settime64, &p), 0);
    CHECK(shared_info->wc_sec > before + 500);
    p.u.settime64.secs = before;
    SAME(op(XENPF_settime64, &p), 0);
    p.u.settime64.mbz = 1;
    SAME(op(XENPF_settime64, &p), NEG_EINVAL);
}

static void idle_time(void)
{
    struct xen_platform_op p = {0};

    SAME(op(XENPF_getidletime, &p), NEG_ENOSYS); /* no frequency is ours */
    SAME(op(XENPF_change_freq, &p), NEG_ENOSYS);
}

static void symbol(void)
{
    static char name[128];
    struct xen_platform_op p = {0};

    p.u.symdata.namelen = sizeof(name);
    set_xen_guest_handle(p.u.symdata.name, name);
    SAME(op(XENPF_get_symbol, &p), 0);
    CHECK(p.u.symdata.address && name[0]);
}

static void firmware_refused(void)
{
    struct xen_platform_op p = {0};

    p.u.firmware_info.type = 77;
    SAME(op(XENPF_firmware_info, &p), NEG_EINVAL);
    p.u.firmware_info.type = XEN_FW_DISK_INFO;
    p.u.firmware_info.index = 255;
    SAME(op(XENPF_firmware_info, &p), NEG_ESRCH);
}

static void cpu_online_refused(void)
{
    struct xen_platform_op p = {0};

    p.u.cpu_ol.cpuid = 1000;
    SAME(op(XENPF_cpu_online, &p), NEG_EINVAL);
    p.u.cpu_ol.cpuid = 0;
    SAME(op(XENPF_cpu_offline, &p), NEG_EOPNOTSUPP);
    SAME(op(XENPF_cpu_online, &p), 0); /* it is */
}

static void sleep_refused(void)
{
    struct xen_platform_op p = {0};

    p.u.enter_acpi_sleep.sleep_state = 77;
    CHECK(op(XENPF_enter_acpi_sleep, &p) < 0);
}

static void microcode_refused(void)
{
    static char nothing[16];
    struct xen_platform_op p = {0};

    p.u.microcode.length = 16;
    set_xen_guest_handle(p.u.microcode.data, nothing);
    CHECK(op(XENPF_microcode_update, &p) < 0);
}

static void for_control_alone(void)
{
    static const uint32_t ops[] = {XENPF_settime64, XENPF_get_cpuinfo,
                                   XENPF_getidletime, XENPF_firmware_info};

    for (size_t i = 0; i < sizeof(ops) / sizeof(*ops); i++) {
        struct xen_platform_op p = {0};

        SAME(op(ops[i], &p), NEG_EPERM);
    }
}

/* --- Physical devices --- */

static long physdev(int cmd, void *arg)
{
    return CALL2(__HYPERVISOR_physdev_op, cmd, arg);
}

static void no_pirqs(void)
{
    static const int ops[] = {PHYSDEVOP_eoi, PHYSDEVOP_irq_status_query,
                              PHYSDEVOP_map_pirq, PHYSDEVOP_unmap_pirq,
                              PHYSDEVOP_get_free_pirq};
    static char argument[64];

    for (size_t i = 0; i < sizeof(ops) / sizeof(*ops); i++)
        SAME(physdev(ops[i], argument), NEG_ENOSYS);
}

static void not_translated(void)
{
    static const int ops[] = {PHYSDEVOP_set_iopl,
                              PHYSDEVOP_set_iobitmap,
                              PHYSDEVOP_apic_read,
                              PHYSDEVOP_apic_write,
                              PHYSDEVOP_setup_gsi,
                              PHYSDEVOP_prepare_msix,
                              PHYSDEVOP_release_msix,
                              99,
                              -1};
    static char argument[64];

    for (size_t i = 0; i < sizeof(ops) / sizeof(*ops); i++)
        SAME(physdev(ops[i], argument), NEG_ENOSYS);
}

static void pci_not_for_guest(void)
{
    static const int ops[] = {PHYSDEVOP_pci_mmcfg_reserved,
                              PHYSDEVOP_pci_device_add,
                              PHYSDEVOP_pci_device_remove, PHYSDEVOP_dbgp_op};
    static char argument[64];

    for (size_t i = 0; i < sizeof(ops) / sizeof(*ops); i++)
        SAME(physdev(ops[i], argument), NEG_ENOSYS);
}

static void pci_bad_place(void)
{
    SAME(physdev(PHYSDEVOP_pci_mmcfg_reserved, UNMAPPED), NEG_EFAULT);
    SAME(physdev(PHYSDEVOP_pci_device_add, UNMAPPED), NEG_EFAULT);
    SAME(physdev(PHYSDEVOP_pci_device_remove, UNMAPPED), NEG_EFAULT);
}

static void pci_remove_none(void)
{
    struct physdev_pci_device d = {.seg = 7, .bus = 200, .devfn = 3};

    SAME(physdev(PHYSDEVOP_pci_device_remove, &d), NEG_ENODEV);
}

const struct test platform_tests[] = {
    TEST_CONTROL(version, "Another version MUST be refused."),
    TEST_CONTROL(unknown, "Other operations MUST answer -ENOSYS."),
    TEST_CONTROL(cpu_info, "Each CPU MUST be told, others invalid."),
    TEST_CONTROL(cpu_version, "Maker and model MUST be told."),
    TEST_CONTROL(set_time, "The wall clock MUST be set."),
    TEST_CONTROL(idle_time, "Without control of frequencies: -ENOSYS."),
    TEST_CONTROL(symbol, "The first symbol MUST be told."),
    TEST_CONTROL(firmware_refused, "Kinds and disks that are not there."),
    TEST_CONTROL(cpu_online_refused, "CPUs that are not there, or the first."),
    TEST_CONTROL(sleep_refused, "States that are not there."),
    TEST_CONTROL(microcode_refused, "What is no microcode."),
    TEST_GUEST(for_control_alone, "A guest MUST be refused."),
    TEST(no_pirqs, "A domain without physical interrupts MUST be told so."),
    TEST(not_translated, "What is not for translated domains: -ENOSYS."),
    TEST_GUEST(pci_not_for_guest, "Devices are not a guest's."),
    TEST_CONTROL(pci_bad_place, "Places that are not there."),
    TEST_CONTROL(pci_remove_none, "A device that is not there."),
    {0},
};
