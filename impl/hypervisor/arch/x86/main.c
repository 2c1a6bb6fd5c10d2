/*
 * Start-up after boot.c: memory, CPUs, clocks, control domain, run.
 */
#include "x86/acpi.h"
#include "x86/boot.h"
#include "x86/dom0.h"
#include "x86/insn.h"
#include "x86/irq.h"
#include "x86/lapic.h"
#include "x86/machine_check.h"
#include "x86/paging.h"
#include "x86/panic.h"
#include "x86/percpu.h"
#include "x86/quirks.h"
#include "x86/reboot.h"
#include "x86/serial.h"
#include "x86/smp.h"
#include "x86/svm.h"
#include "x86/time.h"

#include "hv/arch.h"
#include "hv/console.h"
#include "hv/log.h"
#include "hv/option.h"
#include "hv/page.h"
#include "hv/version.h"

#define MEMORY_MIN (64UL << 20)
#define MIB        (1UL << 20)

static void memory_log(void)
{
    static const char *const names[] = {
        [MEMMAP_RAM] = "ram",         [MEMMAP_RESERVED] = "reserved",
        [MEMMAP_ACPI] = "acpi",       [MEMMAP_NVS] = "nvs",
        [MEMMAP_UNUSABLE] = "broken",
    };

    for (unsigned int i = 0; i < boot_info.map.nr; i++)
        log_debug("memory: %012lx-%012lx %s", boot_info.map.range[i].start,
                  boot_info.map.range[i].end - 1,
                  names[boot_info.map.range[i].type]);
}

/* What no later stage can make good, one line each. */
static void boot_check(void)
{
    uint64_t ram = memmap_bytes(&boot_info.map, MEMMAP_RAM, 0, ~0UL);
    const char *why = svm_probe();

    if (ram < MEMORY_MIN)
        boot_refuse("%lu MiB of memory are too little: at least %lu are needed",
                    ram / MIB, MEMORY_MIN / MIB);
    if (why)
        boot_refuse("cannot run guests on this CPU: %s", why);
    if (!boot_info.modules)
        boot_refuse("no dom0 kernel: give it to the loader as first module");
    for (unsigned int i = 0; i < boot_info.modules; i++) {
        if (!direct_mapped(boot_info.module[i].start,
                           boot_info.module[i].bytes))
            boot_refuse("module %u is not in memory: the loader put it at %lx",
                        i, boot_info.module[i].start);
    }
}

static void machine_init(void)
{
    quirks_find();
    acpi_init();
    quirks_find_devices();
    poweroff_init();
    boot_memory_done();
    irq_init();
    lapic_init();
    lapic_enable();
    percpu_boot.apic_id = lapic_self_id();
    ioapic_init();
    time_init(boot_info.tsc);
    time_cpu_init();
    machine_check_init();
    (void)arch_wallclock_ns(); /* read now: the CMOS clock is dom0's later */
}

void hv_main(void)
{
    log_info("Touchstone " HV_VERSION ", started by %s%s", boot_info.loader,
             boot_info.efi ? " on UEFI" : "");
    (void)console_set_levels_text(opt_loglvl, opt_guest_loglvl);
    serial_options();
    memory_log();
    boot_check();
    smp_reserve();
    machine_init();
    cpus[0].id = 0;
    cpus[0].online = true;
    cpu_count = 1;
    sched_init();
    svm_cpu_init();
    smp_start();
    dom0_build();
    smp_hand_over();
    serial_receive_init();
    cpu_loop(&cpus[0]);
}
