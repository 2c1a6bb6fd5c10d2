/*
 * MSI and MSI-X of dom0's devices: dom0's messages are kept, the devices send ours.
 *
 * An interrupt handler needs the message only, which stays where it is as long
 * as its vector is allocated; a torn read of one being changed is what hardware
 * would send as well. Follows: PCI 3.0 6.8.1 (MSI), 6.8.2 (MSI-X).
 */
#include "x86/dom0.h"
#include "x86/irq.h"
#include "x86/paging.h"
#include "x86/pci.h"
#include "x86/vlapic.h"

#include "hv/heap.h"
#include "hv/log.h"
#include "hv/sched.h"

#include "base/string.h"

#define MSI_ENABLE       BIT(16) /* of the capability's first dword */
#define MSI_CAPABLE      (7U << 17)
#define MSI_GRANTED      (7U << 20)
#define MSI_DATA_MASK    0xffffU
#define MSI_ADDRESS_LOW  4U
#define MSI_ADDRESS_HIGH 8U
#define MSG_DEST(a)      ((a) >> 12 & 0xff)

#define ENTRY_BYTES   16
#define ENTRY_LOW     0
#define ENTRY_HIGH    4
#define ENTRY_DATA    8
#define ENTRY_CONTROL 12
#define CONTROL_MASK  1U

/* The device raised our vector: send what dom0 had programmed. */
static void message_interrupt(unsigned int vector, void *arg)
{
    const struct vmsg *m = arg;

    vlapic_message(dom0, READ_ONCE(m->address), READ_ONCE(m->data), false);
}

/* Where the vCPU is that the message goes to, to spare a hop. */
static unsigned int message_cpu(const struct vmsg *m)
{
    unsigned int id = MSG_DEST(m->address) / vlapic_id_of(1);

    if (id >= dom0->max_vcpus || !dom0->vcpu[id])
        return 0;
    return vcpu_cpu(dom0->vcpu[id]);
}

/* The message that makes the device raise our vector; false: no vector. */
static bool message_host(struct vmsg *m, uint64_t *address, uint32_t *data)
{
    if (!m->vector) {
        int vector = irq_vector_alloc(message_interrupt, m);

        if (vector < 0) {
            log_error("no vector left for an interrupt of dom0");
            return false;
        }
        m->vector = vector;
    }
    msi_compose(m->vector, message_cpu(m), address, data);
    return true;
}

static void message_release(struct vmsg *m)
{
    if (m->vector)
        irq_vector_free(m->vector);
    m->vector = 0;
}

static void address_write(struct vmsg *m, bool high, uint32_t value)
{
    unsigned int shift = high ? 32 : 0;

    m->address &= ~((uint64_t)UINT32_MAX << shift);
    m->address |= (uint64_t)value << shift;
}

/* --- MSI: one message, whatever the device could do --- */

static unsigned int msi_data_reg(const struct pci_dev *p)
{
    return p->msi + (p->msi_64 ? 12 : 8);
}

bool vmsi_filters(const struct pci_dev *p, unsigned int reg)
{
    return p->msi && reg >= p->msi && reg <= msi_data_reg(p);
}

uint32_t vmsi_read(struct pci_dev *p, unsigned int reg)
{
    uint32_t value = pci_read(p->sbdf, reg, 4);

    if (reg == p->msi)
        return value & ~(MSI_CAPABLE | MSI_GRANTED);
    if (reg == p->msi + MSI_ADDRESS_LOW)
        return (uint32_t)p->message.address;
    if (reg == msi_data_reg(p))
        return (value & ~MSI_DATA_MASK) | p->message.data;
    return p->message.address >> 32;
}

static void msi_control_write(struct pci_dev *p, uint32_t value)
{
    uint64_t address;
    uint32_t data;

    value &= ~MSI_GRANTED;
    if (value & MSI_ENABLE) {
        if (!message_host(&p->message, &address, &data))
            value &= ~MSI_ENABLE;
        else {
            pci_write(p->sbdf, p->msi + MSI_ADDRESS_LOW, 4, (uint32_t)address);
            if (p->msi_64)
                pci_write(p->sbdf, p->msi + MSI_ADDRESS_HIGH, 4, address >> 32);
            pci_write(p->sbdf, msi_data_reg(p), 2, data);
        }
    }
    pci_write(p->sbdf, p->msi + 2, 2, value >> 16);
}

void vmsi_write(struct pci_dev *p, unsigned int reg, uint32_t value)
{
    if (reg == p->msi)
        msi_control_write(p, value);
    else if (reg == msi_data_reg(p))
        p->message.data = value & MSI_DATA_MASK;
    else
        address_write(&p->message, reg != p->msi + MSI_ADDRESS_LOW, value);
}

/* --- MSI-X: a table in the device's memory --- */

void vmsix_locate(struct pci_dev *p)
{
    bool on = pci_read(p->sbdf, PCI_COMMAND, 2) & PCI_COMMAND_MEM;
    paddr_t bar = on ? pci_bar(p->sbdf, p->msix_bar) : 0;
    paddr_t table = bar ? bar + p->msix_table : 0;
    paddr_t first = ALIGN_DOWN(table, PAGE_SIZE);
    paddr_t end = ALIGN_UP(table + vmsix_bytes(p), PAGE_SIZE);

    if (!table || table == p->table)
        return;
    p->table_map = mmio_map(first, end - first);
    if (!p->table_map) {
        log_error("cannot map the MSI-X table of PCI device %06x", p->sbdf);
        table = 0;
    }
    p->table = table;
    if (dom0)
        dom0_trap_mmio(first, end);
}

static volatile uint32_t *table_word(struct pci_dev *p, uint64_t offset)
{
    return (volatile uint32_t *)(p->table_map + (p->table & (PAGE_SIZE - 1)) +
                                 offset);
}

/* The table in the device follows dom0's when an entry is unmasked. */
static void entry_control(struct pci_dev *p, unsigned int n, uint32_t value)
{
    struct vmsg *m = &p->entry[n];
    uint64_t at = (uint64_t)n * ENTRY_BYTES;
    uint64_t address;
    uint32_t data;

    m->masked = value & CONTROL_MASK;
    if (!m->masked) {
        if (!message_host(m, &address, &data))
            return;
        *table_word(p, at + ENTRY_LOW) = (uint32_t)address;
        *table_word(p, at + ENTRY_HIGH) = address >> 32;
        *table_word(p, at + ENTRY_DATA) = data;
    }
    *table_word(p, at + ENTRY_CONTROL) = value;
}

static void entry_write(struct pci_dev *p, uint64_t offset, uint32_t value)
{
    unsigned int n = offset / ENTRY_BYTES;
    unsigned int at = offset % ENTRY_BYTES;

    if (at == ENTRY_DATA)
        p->entry[n].data = value;
    else if (at == ENTRY_CONTROL)
        entry_control(p, n, value);
    else
        address_write(&p->entry[n], at == ENTRY_HIGH, value);
}

static uint32_t entry_read(const struct pci_dev *p, uint64_t offset)
{
    const struct vmsg *m = &p->entry[offset / ENTRY_BYTES];

    if (offset % ENTRY_BYTES == ENTRY_LOW)
        return (uint32_t)m->address;
    if (offset % ENTRY_BYTES == ENTRY_HIGH)
        return m->address >> 32;
    if (offset % ENTRY_BYTES == ENTRY_DATA)
        return m->data;
    return m->masked ? CONTROL_MASK : 0;
}

static bool entries_ready(struct pci_dev *p)
{
    if (p->entry)
        return true;
    p->entry = heap_alloc(p->msix_nr * sizeof(*p->entry));
    for (unsigned int i = 0; p->entry && i < p->msix_nr; i++)
        p->entry[i].masked = true;
    return p->entry != NULL;
}

/* What shares the table's pages, as the pending bits may, is the device's. */
static void beside_table(struct pci_dev *p, struct io_access *io)
{
    uint64_t at = io->address - ALIGN_DOWN(p->table, PAGE_SIZE);
    volatile uint8_t *q = p->table_map + at;

    for (unsigned int i = 0; i < io->size; i += 4) {
        volatile uint32_t *word = (volatile uint32_t *)(q + i);

        if (io->write)
            *word = (uint32_t)(io->value >> i * 8);
        else
            io->value |= (uint64_t)*word << i * 8;
    }
}

void vmsix_access(struct pci_dev *p, struct io_access *io)
{
    uint64_t at = io->address - p->table;

    if (!io->write)
        io->value = 0;
    if (io->size < 4 || (io->address & 3))
        return; /* PCI 3.0 6.8.2: undefined */
    if (at >= vmsix_bytes(p)) {
        beside_table(p, io);
        return;
    }
    for (unsigned int i = 0; i < io->size && entries_ready(p); i += 4) {
        if (io->write)
            entry_write(p, at + i, (uint32_t)(io->value >> i * 8));
        else
            io->value |= (uint64_t)entry_read(p, at + i) << i * 8;
    }
}

void vmsi_release(struct pci_dev *p)
{
    message_release(&p->message);
    for (unsigned int i = 0; p->entry && i < p->msix_nr; i++)
        message_release(&p->entry[i]);
    heap_free(p->entry);
    p->entry = NULL;
}
