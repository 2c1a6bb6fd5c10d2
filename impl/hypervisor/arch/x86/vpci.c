/*
 * dom0's view of PCI configuration space: the machine's, but for MSI and MSI-X.
 *
 * Reads and writes go straight to the device unless they touch what vmsi.c
 * keeps, or may move an MSI-X table.
 *
 * Locking: one lock for the list of devices and everything in them. The host's
 * interrupt layer and the p2m are called with it held; dom0's interrupt handlers
 * (vmsi.c) do not take it.
 */
#include "x86/dom0.h"
#include "x86/insn.h"
#include "x86/pci.h"
#include "x86/quirks.h"

#include "hv/heap.h"
#include "hv/lock.h"
#include "hv/log.h"

#include "abi/xen.h"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_ENABLE  BIT(31)
#define CONFIG_SBDF    0x00ffff00U
#define BARS_END       0x28
#define STANDARD_BYTES 256
#define MSI_64         BIT(7)
#define MSIX_NR        0x7ffU
#define MSIX_TABLE     4
#define MSIX_BIR       7U

static struct spinlock lock;
static struct list devices = LIST_INIT(devices);

static struct pci_dev *dev_find_locked(uint32_t sbdf)
{
    list_for_each (l, &devices) {
        struct pci_dev *p = list_entry(l, struct pci_dev, link);

        if (p->sbdf == sbdf)
            return p;
    }
    return NULL;
}

static void dev_probe(struct pci_dev *p)
{
    uint32_t table;

    p->no_messages = quirk_acts(QUIRK_KIND_msi_off_all);
    p->msi = pci_capability(p->sbdf, PCI_CAP_MSI);
    if (p->msi)
        p->msi_64 = pci_read(p->sbdf, p->msi + 2, 2) & MSI_64;
    p->msix = pci_capability(p->sbdf, PCI_CAP_MSIX);
    if (!p->msix)
        return;
    p->msix_nr = (pci_read(p->sbdf, p->msix + 2, 2) & MSIX_NR) + 1;
    table = pci_read(p->sbdf, p->msix + MSIX_TABLE, 4);
    p->msix_bar = PCI_BAR0 + (table & MSIX_BIR) * 4;
    p->msix_table = table & ~MSIX_BIR;
    if (!p->no_messages)
        vmsix_locate(p);
}

int vpci_add(uint32_t sbdf)
{
    struct pci_dev *p;
    int rc = 0;

    if (pci_read(sbdf, PCI_VENDOR, 2) == 0xffff)
        return -XEN_ENODEV;
    spin_lock(&lock);
    if (!dev_find_locked(sbdf)) {
        p = heap_alloc(sizeof(*p));
        if (p) {
            p->sbdf = sbdf;
            dev_probe(p);
            list_add_before(&devices, &p->link);
        }
        rc = p ? 0 : -XEN_ENOMEM;
    }
    spin_unlock(&lock);
    return rc;
}

int vpci_remove(uint32_t sbdf)
{
    struct pci_dev *p;

    spin_lock(&lock);
    p = dev_find_locked(sbdf);
    if (p) {
        list_del(&p->link);
        vmsi_release(p);
    }
    spin_unlock(&lock);
    heap_free(p);
    return p ? 0 : -XEN_ENODEV;
}

static void scan_cb(uint32_t sbdf)
{
    if (vpci_add(sbdf))
        log_error("no memory for PCI device %06x", sbdf);
}

void pci_init(void)
{
    pci_scan(scan_cb);
}

/* --- Configuration space --- */

/* May a write to this register move the MSI-X table? */
static bool moves_table(const struct pci_dev *p, unsigned int reg)
{
    return p->msix && (reg == PCI_COMMAND || reg == p->msix ||
                       (reg >= PCI_BAR0 && reg < BARS_END));
}

/* A part of a dword that vmsi.c keeps. */
static void filtered_access(struct pci_dev *p, unsigned int reg,
                            struct io_access *io)
{
    unsigned int shift = (reg & 3) * 8;
    uint32_t mask = (uint32_t)((1ULL << io->size * 8) - 1);
    uint32_t value = vmsi_read(p, reg & ~3U);

    if (!io->write) {
        io->value = value >> shift & mask;
        return;
    }
    value &= ~(mask << shift);
    value |= ((uint32_t)io->value & mask) << shift;
    vmsi_write(p, reg & ~3U, value);
}

/* A capability without a number takes the place of those for messages. */
static bool hidden_access(struct pci_dev *p, unsigned int reg,
                          struct io_access *io)
{
    unsigned int dword = reg & ~3U;

    if (!p->no_messages || (!vmsi_filters(p, dword) && dword != p->msix))
        return false;
    if (!io->write)
        io->value = dword == reg ? pci_read(p->sbdf, reg, io->size) & ~0xffU
                                 : pci_read(p->sbdf, reg, io->size);
    return true;
}

/* True: done. False: nothing to filter, the caller does the plain access. */
static bool config_access(uint32_t sbdf, unsigned int reg, struct io_access *io)
{
    struct pci_dev *p;
    bool done = false;

    if (reg >= STANDARD_BYTES)
        return false;
    spin_lock(&lock);
    p = dev_find_locked(sbdf);
    if (p && hidden_access(p, reg, io)) {
        done = true;
    } else if (p && vmsi_filters(p, reg & ~3U)) {
        filtered_access(p, reg, io);
        done = true;
    } else if (p && io->write && moves_table(p, reg & ~3U)) {
        pci_write(sbdf, reg, io->size, io->value);
        vmsix_locate(p);
        done = true;
    }
    spin_unlock(&lock);
    return done;
}

bool vpci_port_access(struct vcpu *v, struct io_access *io)
{
    uint32_t address = inl(CONFIG_ADDRESS);
    uint32_t sbdf = (address & CONFIG_SBDF) >> 8;
    unsigned int reg = (address & 0xfc) | (io->address & 3);

    if (!(address & CONFIG_ENABLE) || (reg & 3) + io->size > 4)
        return false;
    if (config_access(sbdf, reg, io))
        return true;
    if (io->write)
        io_port_out(io->address, io->value, io->size);
    else
        io->value = io_port_in(io->address, io->size);
    return true;
}

/* --- Memory mapped: MMCFG and MSI-X tables --- */

static struct pci_dev *table_find_locked(paddr_t start, paddr_t end)
{
    list_for_each (l, &devices) {
        struct pci_dev *p = list_entry(l, struct pci_dev, link);

        if (p->table &&
            start < ALIGN_UP(p->table + vmsix_bytes(p), PAGE_SIZE) &&
            ALIGN_DOWN(p->table, PAGE_SIZE) < end)
            return p;
    }
    return NULL;
}

bool vpci_owns(paddr_t start, paddr_t end)
{
    bool owns;

    if (pci_ecam_overlaps(start, end))
        return true;
    spin_lock(&lock);
    owns = table_find_locked(start, end) != NULL;
    spin_unlock(&lock);
    return owns;
}

bool vpci_mmio_access(struct io_access *io)
{
    struct pci_dev *p;
    uint32_t sbdf;
    unsigned int reg;

    if (pci_ecam_decode(io->address, &sbdf, &reg)) {
        if (io->size > 4 || (reg & 3) + io->size > 4)
            return false;
        if (config_access(sbdf, reg, io))
            return true;
        if (io->write)
            pci_write(sbdf, reg, io->size, io->value);
        else
            io->value = pci_read(sbdf, reg, io->size);
        return true;
    }
    spin_lock(&lock);
    p = table_find_locked(io->address, io->address + 1);
    if (p)
        vmsix_access(p, io);
    spin_unlock(&lock);
    return p != NULL;
}
