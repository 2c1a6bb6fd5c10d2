/*
 * From a record to a machine: every part handed to its decoder.
 */
#include "parse/machine.h"

#include <stdlib.h>

static struct bytes from_record(struct record_bytes b)
{
    return (struct bytes){b.data, b.size};
}

static void load_tables(struct machine *m, const struct record *r)
{
    for (size_t i = 0; i < record_tables(r); i++) {
        const struct record_table *t = record_table(r, i);

        if (!t->dynamic)
            machine_add_table(m, t->file, from_record(t->bytes), t->address);
    }
    m->acpi.partial = record_missing(r, RECORD_PART_ACPI) != NULL;
    m->acpi.rsdp = from_record(record_rsdp(r, &m->acpi.rsdp_address));
    machine_decode_acpi(m);
}

/* EFI_MEMORY_TYPE as a loader reports it (UEFI 2.10 7.2, ACPI 6.5 15.3). */
static const uint32_t efi_types[] = {
    MEMORY_RESERVED, MEMORY_RAM,      MEMORY_RAM,      MEMORY_RAM,
    MEMORY_RAM,      MEMORY_RESERVED, MEMORY_RESERVED, MEMORY_RAM,
    MEMORY_UNUSABLE, MEMORY_ACPI,     MEMORY_NVS,      MEMORY_RESERVED,
    MEMORY_RESERVED, MEMORY_RESERVED, MEMORY_PMEM,
};

static uint32_t e820_type(const struct record_range *r)
{
    if (r->kind != RECORD_EFI)
        return r->type;
    return r->type < sizeof(efi_types) / sizeof(*efi_types) ? efi_types[r->type]
                                                            : MEMORY_RESERVED;
}

/* The firmware's own map: E820 when there is one, else EFI's. */
static void load_memory(struct machine *m, const struct record *r)
{
    bool has_e820 = false;

    for (size_t i = 0; i < record_ranges(r); i++)
        has_e820 |= record_range(r, i)->kind == RECORD_E820;
    for (size_t i = 0; i < record_ranges(r); i++) {
        const struct record_range *g = record_range(r, i);
        bool efi = g->kind == RECORD_EFI;

        if (efi == has_e820 || g->kind == RECORD_XEN)
            continue;
        if (m->memory.ranges == RANGES_MAX) {
            machine_flaw(m, FLAW_TOO_MANY, "memory map", "memory.json", 0, 0,
                         RANGES_MAX);
            break;
        }
        m->memory.range[m->memory.ranges++] =
            (struct range){g->start, g->start + g->size, e820_type(g), efi,
                           g->type,  g->attributes};
    }
}

static bool load_cpus(struct machine *m, const struct record *r)
{
    m->cpu = calloc(record_cpus(r) + 1, sizeof(*m->cpu));
    if (!m->cpu)
        return false;
    for (size_t i = 0; i < record_cpus(r); i++) {
        const struct record_cpu *from = record_cpu(r, i);
        struct cpu *c = &m->cpu[m->cpus++];

        c->number = from->number;
        c->leaf = from->leaf;
        c->leaves = from->leaves;
        c->msr = from->msr;
        c->msrs = from->msrs;
        c->microcode = from->has_microcode ? from->microcode : 0;
        cpu_decode(c);
        if (from->apic_id != UINT32_MAX)
            c->apic_id = from->apic_id;
    }
    return true;
}

static bool load_pci(struct machine *m, const struct record *r)
{
    m->pci = calloc(record_pcis(r) + 1, sizeof(*m->pci));
    if (!m->pci)
        return false;
    for (size_t i = 0; i < record_pcis(r); i++) {
        const struct record_pci *from = record_pci(r, i);
        struct bytes b = from_record(from->config);

        m->pci[m->pcis++] = (struct pci_device){
            .segment = (uint16_t)from->segment,
            .bus = from->bus,
            .slot = from->device,
            .function = from->function,
            .vendor = bytes_u16(b, 0),
            .device = bytes_u16(b, 2),
            .revision = bytes_u8(b, 8),
            .class = {bytes_u8(b, 11), bytes_u8(b, 10), bytes_u8(b, 9)},
            .subvendor = bytes_u16(b, 0x2c),
            .subdevice = bytes_u16(b, 0x2e),
            .config = b,
        };
    }
    return true;
}

struct machine *machine_from_record(const struct record *r)
{
    struct machine *m = machine_create();

    if (!m)
        return NULL;
    load_tables(m, r);
    load_memory(m, r);
    if (record_smbios(r).size)
        machine_decode_smbios(m, "smbios/table.bin",
                              from_record(record_smbios_entry(r)),
                              from_record(record_smbios(r)));
    m->kernel_log = from_record(record_file(r, "logs/kernel.txt"));
    m->hypervisor_log = from_record(record_file(r, "logs/hypervisor.txt"));
    if (load_cpus(m, r) && load_pci(m, r))
        return m;
    machine_destroy(m);
    return NULL;
}
