/*
 * Building the control domain out of the boot modules.
 *
 * Order matters: the kernel is unpacked first, then RAM, kernel, initrd, start
 * info and tables go in.
 * Follows: docs of public/arch-x86/hvm/start_info.h.
 */
#include "x86/dom0.h"

#include "hv/heap.h"
#include "hv/log.h"
#include "hv/memory.h"
#include "hv/option.h"
#include "hv/sched.h"

#include "abi/xen.h"
#include "base/elf.h"
#include "base/string.h"
#include "x86/boot.h"
#include "x86/kernel_image.h"
#include "x86/panic.h"
#include "x86/pci.h"
#include "x86/quirks.h"
#include "x86/serial.h"

#define MIB           (1UL << 20)
#define SMALLEST_DOM0 (64 * MIB)
#define KEPT_FREE     (8 * MIB) /* for page tables and the like */
#define COMMAND_EXTRA " swiotlb=force"
#define SERIAL_PORTS  8
#define PORT_POST     0x80

/* Linux reads the start info through its boot page tables, which map 1 GiB. */
#define START_INFO_LIMIT (1UL << 30)

/* One page: the info itself, modules, memory map and command line. */
struct start_page {
    struct hvm_start_info info;
    struct hvm_modlist_entry initrd;
    char command[BOOT_CMDLINE_MAX + sizeof(COMMAND_EXTRA)];
    struct hvm_memmap_table_entry map[MEMORY_MAP_MAX];
};

struct dom0_parts {
    struct image kernel_file;
    struct image initrd_file;
    struct elf_kernel kernel;
    paddr_t initrd;
    paddr_t start;
    paddr_t acpi;
};

/* Everything else is the machine's, and dom0's to use. */
static const struct {
    uint16_t first;
    uint16_t last;
} trapped_ports[] = {
    {0x20, 0x21}, {0xa0, 0xa1}, {0x4d0, 0x4d1},
    {0x40, 0x43}, {0x61, 0x61}, {0xcfc, 0xcff},
};

static void modules_take(struct dom0_parts *p)
{
    const struct boot_module *m = boot_info.module;

    if (!boot_info.modules)
        boot_refuse("no dom0 kernel: the loader passed no module");
    image_take(&p->kernel_file, m[0].start, m[0].bytes, "dom0 kernel");
    if (boot_info.modules > 1)
        image_take(&p->initrd_file, m[1].start, m[1].bytes, "dom0 initrd");
    image_kernel(&p->kernel_file, &p->kernel);
    if (p->initrd_file.data)
        image_check_initrd(&p->initrd_file);
}

static struct domain *domain_make(void)
{
    unsigned int vcpus = opt_dom0_max_vcpus ? opt_dom0_max_vcpus : cpu_count;
    struct domain_config c = {
        .privileged = true,
        .abi =
            {
                .flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap,
                .max_vcpus = MIN(vcpus, (unsigned int)DOMAIN_MAX_VCPUS),
                .max_evtchn_port = ~0U,
                .max_grant_frames = -1,
                .max_maptrack_frames = -1,
                .grant_opts = XEN_DOMCTL_GRANT_version(2),
                .arch.emulation_flags =
                    XEN_X86_EMU_LAPIC | XEN_X86_EMU_IOAPIC | XEN_X86_EMU_VPCI,
            },
    };
    struct domain *d;
    struct vcpu *v;
    int rc = domain_create(0, &c, &d);

    if (rc)
        boot_refuse("cannot create dom0: rc=%d", rc);
    for (unsigned int i = 0; i < d->max_vcpus; i++) {
        rc = vcpu_create(d, i, &v);
        if (rc)
            boot_refuse("cannot create vcpu %u of dom0: rc=%d", i, rc);
    }
    return d;
}

/* RAM for dom0, without what the copies of its modules still hold. */
static void memory_give(struct domain *d, const struct dom0_parts *p)
{
    uint64_t need = p->kernel.end - p->kernel.start + p->initrd_file.bytes;
    uint64_t bytes, max, there;
    struct page_stats s;

    page_stats(&s);
    there = s.free << PAGE_SHIFT;
    there -= MIN(there, KEPT_FREE);
    if (!dom0_memory_size(opt_dom0_mem, there, &bytes, &max))
        boot_refuse("dom0_mem=%s is no size", opt_dom0_mem);
    if (bytes < SMALLEST_DOM0 || bytes < need + need / 2)
        boot_refuse(
            "too little memory for dom0: %lu MiB, kernel and initrd take %lu",
            bytes / MIB, need / MIB);
    if (bytes > there)
        boot_refuse("dom0_mem: %lu MiB asked for, %lu MiB are there",
                    bytes / MIB, there / MIB);
    d->max_pages = max == ~0ULL ? UINT32_MAX : max >> PAGE_SHIFT;
    dom0_memory_build(d, bytes);
    if (!dom0_memory_owns(p->kernel.start, p->kernel.end))
        boot_refuse("dom0 kernel wants memory %lx-%lx, which is not all there",
                    p->kernel.start, p->kernel.end);
    log_info("dom0: %lu MiB of memory, %u vCPUs", bytes / MIB, d->max_vcpus);
}

static void kernel_load(const struct dom0_parts *p)
{
    for (unsigned int i = 0; i < p->kernel.segments; i++) {
        const struct elf_segment *s = &p->kernel.segment[i];
        uint8_t *to = maddr_to_virt(s->start);

        memcpy(to, p->kernel_file.data + s->offset, s->file_bytes);
        memset(to + s->file_bytes, 0, s->mem_bytes - s->file_bytes);
    }
}

static paddr_t place(const struct dom0_parts *p, uint64_t bytes, paddr_t under,
                     const char *what)
{
    paddr_t at =
        dom0_memory_place(bytes, p->kernel.start, p->kernel.end, under);

    if (!at)
        boot_refuse("too little memory for dom0: no room for its %s", what);
    return at;
}

/* From the top down: tables, start page, initrd. */
static void parts_place(struct domain *d, struct dom0_parts *p)
{
    p->acpi = place(p, DOM0_ACPI_BYTES, UINT32_MAX, "ACPI tables");
    p->start = place(p, sizeof(struct start_page),
                     MIN(p->acpi, START_INFO_LIMIT), "start info");
    p->initrd = p->start;
    if (p->initrd_file.bytes) {
        p->initrd = place(p, p->initrd_file.bytes, p->start, "initrd");
        memcpy(maddr_to_virt(p->initrd), p->initrd_file.data,
               p->initrd_file.bytes);
    }
    memset(maddr_to_virt(p->acpi), 0, DOM0_ACPI_BYTES);
    dom0_memory_publish(d, p->acpi, p->acpi + DOM0_ACPI_BYTES);
}

/* The module's own command line, and what this platform needs: devices can
   reach only memory with gfn == mfn, which foreign and granted pages are not. */
static void command_write(char *to, size_t size)
{
    size_t n;

    (void)str_copy(to, size, boot_info.module[0].cmdline); /* it is as large */
    n = str_length(to, size);
    (void)str_copy(to + n, size - n, COMMAND_EXTRA);
}

static void start_write(const struct domain *d, const struct dom0_parts *p)
{
    struct start_page *s = maddr_to_virt(p->start);
    const struct memory_map *map = d->memory_map;

    memset(s, 0, sizeof(*s));
    s->info = (struct hvm_start_info){
        .magic = XEN_HVM_START_MAGIC_VALUE,
        .version = 1,
        .flags = SIF_PRIVILEGED | SIF_INITDOMAIN,
        .nr_modules = p->initrd_file.bytes ? 1 : 0,
        .modlist_paddr = p->start + offsetof(struct start_page, initrd),
        .cmdline_paddr = p->start + offsetof(struct start_page, command),
        .rsdp_paddr = dom0_acpi_build(p->acpi, d->max_vcpus),
        .memmap_paddr = p->start + offsetof(struct start_page, map),
        .memmap_entries = map->nr,
    };
    s->initrd.paddr = p->initrd;
    s->initrd.size = p->initrd_file.bytes;
    command_write(s->command, sizeof(s->command));
    for (unsigned int i = 0; i < map->nr; i++) {
        s->map[i].addr = map->entry[i].start;
        s->map[i].size = map->entry[i].bytes;
        s->map[i].type = map->entry[i].type;
    }
}

static void ports_trap(struct domain *d)
{
    uint16_t serial = serial_port();

    for (unsigned int i = 0; i < ARRAY_SIZE(trapped_ports); i++)
        io_port_trap(d, trapped_ports[i].first, trapped_ports[i].last);
    if (quirk_acts(QUIRK_KIND_port_80))
        io_port_trap(d, PORT_POST, PORT_POST);
    pm1_trap(d);
    if (serial)
        io_port_trap(d, serial, serial + SERIAL_PORTS - 1);
}

void dom0_build(void)
{
    struct dom0_parts p = {};
    struct domain *d;
    struct vcpu *v;

    modules_take(&p);
    d = domain_make();
    dom0 = d;
    pci_init();
    memory_give(d, &p);
    kernel_load(&p);
    image_free(&p.kernel_file);
    parts_place(d, &p);
    start_write(d, &p);
    image_free(&p.initrd_file);

    ports_trap(d);
    vioapic_init(d);
    v = d->vcpu[0];
    arch_vcpu_set_pvh_entry(v, p.kernel.entry, (uint32_t)p.start);
    v->initialised = true;
    (void)bit_test_and_clear(&v->pause_flags, VPF_DOWN);
    d->creation_finished = true;
    d->ctl_pause_count = 0;
    domain_unpause(d);
}
