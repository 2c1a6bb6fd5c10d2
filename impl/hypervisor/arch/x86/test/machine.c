/*
 * The doubles behind machine.h.
 */
#include <stdlib.h>
#include <string.h>

#include "abi/xen.h"
#include "double/double.h"
#include "machine.h"
#include "x86/acpi.h"
#include "x86/boot.h"
#include "x86/dom0.h"
#include "x86/irq.h"
#include "x86/paging.h"
#include "x86/panic.h"
#include "x86/pci.h"
#include "x86/reboot.h"
#include "x86/vlapic.h"

#define VECTOR_FIRST 0x30
#define VECTORS      32

struct machine machine;
struct boot_info boot_info;

static struct {
    irq_fn *fn;
    void *arg;
} handler[VECTORS];

static const struct ioapic_info ioapic = {
    .address = MACHINE_IOAPIC,
    .id = 3,
    .gsi_base = 0,
    .pins = MACHINE_PINS,
};

void machine_init(unsigned int vcpus)
{
    memset(&machine, 0, sizeof(machine));
    memset(handler, 0, sizeof(handler));
    for (unsigned int i = 0; i < MACHINE_PINS; i++)
        machine.pin[i].masked = true;
    double_init(16);
    dom0 = double_domain(0, vcpus);
}

void machine_interrupt(unsigned int vector)
{
    if (vector < VECTOR_FIRST || vector >= VECTOR_FIRST + VECTORS ||
        !handler[vector - VECTOR_FIRST].fn)
        abort();
    handler[vector - VECTOR_FIRST].fn(vector,
                                      handler[vector - VECTOR_FIRST].arg);
}

uint32_t machine_config(unsigned int reg, unsigned int bytes)
{
    uint32_t v = 0;

    memcpy(&v, machine.config + reg, bytes);
    return v;
}

void machine_set_config(unsigned int reg, uint32_t value, unsigned int bytes)
{
    memcpy(machine.config + reg, &value, bytes);
}

/* --- Interrupts --- */

int irq_vector_alloc(irq_fn *fn, void *arg)
{
    for (unsigned int i = 0; i < VECTORS && !machine.no_vectors; i++)
        if (!handler[i].fn) {
            handler[i].fn = fn;
            handler[i].arg = arg;
            machine.vectors++;
            return VECTOR_FIRST + (int)i;
        }
    return -XEN_ENOSPC;
}

void irq_vector_free(unsigned int vector)
{
    handler[vector - VECTOR_FIRST].fn = NULL;
    machine.vectors--;
}

void msi_compose(unsigned int vector, unsigned int cpu, uint64_t *address,
                 uint32_t *data)
{
    *address = 0xfee00000 | cpu << 12;
    *data = vector;
}

bool ioapic_gsi_valid(unsigned int gsi)
{
    return gsi < MACHINE_PINS;
}

bool ioapic_is_masked(unsigned int gsi)
{
    return gsi >= MACHINE_PINS || machine.pin[gsi].masked;
}

void ioapic_route(unsigned int gsi, unsigned int vector, unsigned int cpu,
                  bool level, bool active_low)
{
    (void)cpu;
    machine.pin[gsi] = (struct machine_pin){vector, true, level, active_low};
}

void ioapic_mask(unsigned int gsi)
{
    machine.pin[gsi].masked = true;
}

void ioapic_unmask(unsigned int gsi)
{
    machine.pin[gsi].masked = false;
}

unsigned int ioapic_count(void)
{
    return 1;
}

const struct ioapic_info *ioapic_get(unsigned int index)
{
    return index ? NULL : &ioapic;
}

void vlapic_message(struct domain *d, uint64_t address, uint32_t data,
                    bool level)
{
    if (d != dom0 || machine.messages == MACHINE_MESSAGES)
        abort();
    machine.message[machine.messages++] =
        (struct machine_message){address, data, level};
}

/* --- PCI and memory --- */

uint32_t pci_read(uint32_t sbdf, unsigned int reg, unsigned int size)
{
    (void)sbdf;
    return machine_config(reg, size);
}

void pci_write(uint32_t sbdf, unsigned int reg, unsigned int size,
               uint32_t value)
{
    (void)sbdf;
    machine_set_config(reg, value, size);
}

paddr_t pci_bar(uint32_t sbdf, unsigned int reg)
{
    return pci_read(sbdf, reg, 4) & ~0xfU;
}

void *mmio_map(paddr_t start, uint64_t bytes)
{
    machine.mapped = start;
    return bytes <= sizeof(machine.memory) ? machine.memory : NULL;
}

void dom0_trap_mmio(paddr_t start, paddr_t end)
{
    (void)end;
    machine.trapped = start;
}

/* --- Ports and ACPI --- */

const struct acpi_fadt *acpi_fadt(void)
{
    static const struct acpi_fadt fadt = {
        .pm1a_control = {ACPI_IO, 16, MACHINE_PM1},
        .smi_port = MACHINE_SMI,
    };

    return &fadt;
}

bool poweroff_sleep_type(uint8_t *a)
{
    *a = MACHINE_S5;
    return !machine.no_s5;
}

bool acpi_mode_enter(void)
{
    return !machine.no_acpi_mode;
}

uint32_t io_port_in(uint16_t port, unsigned int size)
{
    (void)size;
    return port;
}

void io_port_out(uint16_t port, uint32_t value, unsigned int size)
{
    (void)size;
    machine.out = value;
    machine.out_port = port;
}

void io_port_trap(struct domain *d, uint16_t first, uint16_t last)
{
    (void)d;
    (void)last;
    machine.trapped = first;
}

void boot_refuse(const char *fmt, ...)
{
    (void)fmt;
    abort();
}
