/*
 * PCI configuration space: the machine's (pci.c), and dom0's view of it, which
 * differs only in message signalled interrupts (vpci.c, vmsi.c).
 *
 * dom0 writes CONFIG_ADDRESS itself; its data port and the memory mapped
 * configuration space are filtered. Interrupt messages that dom0 programs are
 * kept; the device gets one that raises a host vector instead, and when that
 * comes dom0's message is delivered. Locking: vpci lock, see vpci.c.
 */
#ifndef X86_PCI_H
#define X86_PCI_H

#include "x86/io.h"

#include "base/list.h"

/* Segment, bus, device and function as one number. */
#define PCI_SBDF(segment, bus, devfn) \
    ((uint32_t)(segment) << 16 | (uint32_t)(bus) << 8 | (devfn))

#define PCI_VENDOR        0x00
#define PCI_COMMAND       0x04
#define PCI_STATUS        0x06
#define PCI_REVISION      0x08
#define PCI_HEADER_TYPE   0x0e
#define PCI_BAR0          0x10
#define PCI_BRIDGE_BUSES  0x18
#define PCI_CAPABILITIES  0x34
#define PCI_COMMAND_MEM   BIT(1)
#define PCI_STATUS_CAPS   BIT(4)
#define PCI_HEADER_MULTI  0x80
#define PCI_HEADER_BRIDGE 1
#define PCI_CAP_MSI       0x05
#define PCI_CAP_MSIX      0x11

/* An interrupt message of dom0's and the host vector that stands for it. */
struct vmsg {
    uint64_t address; /* dom0's */
    uint32_t data;
    uint8_t vector; /* host's, 0: none yet */
    bool masked;    /* MSI-X entry */
};

struct pci_dev {
    struct list link;
    uint32_t sbdf;       /* [I] */
    bool no_messages;    /* [I] capabilities below are hidden */
    uint8_t msi;         /* [I] capability, 0: none */
    bool msi_64;         /* [I] */
    uint8_t msix;        /* [I] capability, 0: none */
    uint8_t msix_bar;    /* [I] register of the BAR that holds the table */
    uint32_t msix_table; /* [I] offset in that BAR */
    uint16_t msix_nr;    /* [I] entries */
    struct vmsg message; /* MSI's */
    struct vmsg *entry;  /* MSI-X's, by number; NULL: not used yet */
    paddr_t table;       /* machine address of the MSI-X table, 0: off */
    volatile uint8_t *table_map; /* its pages from ALIGN_DOWN(table) on */
};

/* --- pci.c: the machine --- */

/* Register access of 1, 2 or 4 bytes, aligned; absent: all ones. */
uint32_t pci_read(uint32_t sbdf, unsigned int reg, unsigned int size);
void pci_write(uint32_t sbdf, unsigned int reg, unsigned int size,
               uint32_t value);
/* Capability 'id' in the first 256 bytes, or 0. */
unsigned int pci_capability(uint32_t sbdf, uint8_t id);
/* Address in the memory BAR at 'reg', or 0. */
paddr_t pci_bar(uint32_t sbdf, unsigned int reg);
/* Call fn for each function that is there; buses are found through bridges. */
void pci_scan(void (*fn)(uint32_t sbdf));
/* Highest bus of segment 0 that the scan knew of. */
unsigned int pci_last_bus(void);
/* Function and register that a memory mapped access means; false: it is none. */
bool pci_ecam_decode(paddr_t a, uint32_t *sbdf, unsigned int *reg);
bool pci_ecam_overlaps(paddr_t start, paddr_t end);
/* Is this an MMCFG area that firmware tables name? */
bool pci_ecam_matches(paddr_t base, uint16_t segment, uint8_t first,
                      uint8_t last);

/* --- vpci.c: dom0's view --- */

/* Find the machine's devices; before dom0 runs. */
void pci_init(void);
/* PHYSDEVOP_pci_device_add and _remove: -XEN_ENODEV, -XEN_ENOMEM. */
int vpci_add(uint32_t sbdf);
int vpci_remove(uint32_t sbdf);
io_fn vpci_port_access; /* CONFIG_DATA */
bool vpci_mmio_access(struct io_access *io);
/* Is any of [start, end) emulated? */
bool vpci_owns(paddr_t start, paddr_t end);

/* --- vmsi.c: messages; the vpci lock is held --- */

uint32_t vmsi_read(struct pci_dev *p, unsigned int reg);
void vmsi_write(struct pci_dev *p, unsigned int reg, uint32_t value);
/* Registers of the MSI capability that are not the device's own. */
bool vmsi_filters(const struct pci_dev *p, unsigned int reg);
/* The BAR or the decoding may have changed: trap the table where it is now. */
void vmsix_locate(struct pci_dev *p);
void vmsix_access(struct pci_dev *p, struct io_access *io);
/* Bytes of the table. */
static inline uint64_t vmsix_bytes(const struct pci_dev *p)
{
    return (uint64_t)p->msix_nr * 16;
}
/* The device is gone: give back vectors and memory. */
void vmsi_release(struct pci_dev *p);

#endif
