/*
 * The machine's PCI configuration space, by MMCFG where the firmware has it.
 *
 * Without MMCFG the ports are used and CONFIG_ADDRESS is put back, for dom0 owns
 * it: right before dom0 runs and while dom0, inside its own lock, waits for a
 * trapped access. Follows: PCI 3.0 3.2.2.3 and 6.1, PCI Firmware 3.2 4.1.
 */
#include "x86/pci.h"

#include "x86/acpi.h"
#include "x86/insn.h"
#include "x86/paging.h"

#include "hv/lock.h"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA    0xcfc
#define CONFIG_ENABLE  BIT(31)
#define BUS_BYTES      (1UL << 20)
#define FUNCTION_SHIFT 12
#define WINDOWS_MAX    64 /* buses in use that MMCFG reaches */
#define BUSES          256
#define DEVICES        32
#define FUNCTIONS      8
#define CAPS_FIRST     0x40
#define CAPS_MAX       48
#define BAR_IO         BIT(0)
#define BAR_TYPE       6U
#define BAR_64         4U
#define BAR_FLAGS      0xfU

/* MMCFG memory of one bus, mapped at first use and never undone. */
struct window {
    uint32_t bus; /* segment and bus: sbdf >> 8 */
    volatile uint8_t *at;
};

static struct {
    struct spinlock lock;
    struct window window[WINDOWS_MAX];
    unsigned int windows;
    unsigned int last_bus; /* [I] after the scan */
} pci;

static paddr_t ecam_start(const struct acpi_mcfg_entry *e)
{
    return e->base + e->bus_first * BUS_BYTES;
}

static paddr_t ecam_end(const struct acpi_mcfg_entry *e)
{
    return e->base + (e->bus_last + 1) * BUS_BYTES;
}

/* Area with 'a' in it, or the one that overlaps [a, end). */
static const struct acpi_mcfg_entry *ecam_find(paddr_t a, paddr_t end)
{
    const struct acpi_mcfg *m = acpi_mcfg();

    for (unsigned int i = 0; m && i < m->entries; i++)
        if (a < ecam_end(&m->entry[i]) && ecam_start(&m->entry[i]) < end)
            return &m->entry[i];
    return NULL;
}

bool pci_ecam_overlaps(paddr_t start, paddr_t end)
{
    return ecam_find(start, end) != NULL;
}

bool pci_ecam_decode(paddr_t a, uint32_t *sbdf, unsigned int *reg)
{
    const struct acpi_mcfg_entry *e = ecam_find(a, a + 1);

    if (!e)
        return false;
    *sbdf = PCI_SBDF(e->segment, 0, 0) | (a - e->base) >> FUNCTION_SHIFT;
    *reg = a & (PAGE_SIZE - 1);
    return true;
}

bool pci_ecam_matches(paddr_t base, uint16_t segment, uint8_t first,
                      uint8_t last)
{
    const struct acpi_mcfg *m = acpi_mcfg();

    for (unsigned int i = 0; m && i < m->entries; i++) {
        const struct acpi_mcfg_entry *e = &m->entry[i];

        if (e->base == base && e->segment == segment && first <= last &&
            e->bus_first <= first && last <= e->bus_last)
            return true;
    }
    return false;
}

/* MMCFG address of bus 'bus' (with its segment), or 0. */
static paddr_t bus_address(uint32_t bus)
{
    const struct acpi_mcfg *m = acpi_mcfg();

    for (unsigned int i = 0; m && i < m->entries; i++) {
        const struct acpi_mcfg_entry *e = &m->entry[i];

        if (bus >> 8 == e->segment && (bus & 0xff) >= e->bus_first &&
            (bus & 0xff) <= e->bus_last)
            return e->base + (bus & 0xff) * BUS_BYTES;
    }
    return 0;
}

static volatile uint8_t *window_locked(uint32_t bus)
{
    struct window *w;
    paddr_t a;

    for (unsigned int i = 0; i < pci.windows; i++)
        if (pci.window[i].bus == bus)
            return pci.window[i].at;
    a = bus_address(bus);
    if (!a || pci.windows == WINDOWS_MAX)
        return NULL;
    w = &pci.window[pci.windows++];
    w->bus = bus;
    w->at = mmio_map(a, BUS_BYTES); /* NULL is remembered too */
    return w->at;
}

static volatile uint8_t *function_map(uint32_t sbdf)
{
    volatile uint8_t *bus;

    spin_lock(&pci.lock);
    bus = window_locked(sbdf >> 8);
    spin_unlock(&pci.lock);
    return bus ? bus + ((uint64_t)(sbdf & 0xff) << FUNCTION_SHIFT) : NULL;
}

/* By port: segment 0 and the first 256 bytes only. */
static uint32_t port_access(uint32_t sbdf, unsigned int reg, unsigned int size,
                            bool write, uint32_t value)
{
    uint16_t port = CONFIG_DATA + (reg & 3);
    uint32_t saved;

    if (sbdf >> 16 || reg > 0xff)
        return UINT32_MAX;
    spin_lock(&pci.lock);
    saved = inl(CONFIG_ADDRESS);
    outl(CONFIG_ADDRESS, CONFIG_ENABLE | sbdf << 8 | (reg & 0xfc));
    if (write)
        io_port_out(port, value, size);
    else
        value = io_port_in(port, size);
    outl(CONFIG_ADDRESS, saved);
    spin_unlock(&pci.lock);
    return value;
}

uint32_t pci_read(uint32_t sbdf, unsigned int reg, unsigned int size)
{
    volatile uint8_t *p = function_map(sbdf);

    if (!p)
        return port_access(sbdf, reg, size, false, 0);
    if (size == 1)
        return p[reg];
    if (size == 2)
        return *(volatile uint16_t *)(p + reg);
    return *(volatile uint32_t *)(p + reg);
}

void pci_write(uint32_t sbdf, unsigned int reg, unsigned int size,
               uint32_t value)
{
    volatile uint8_t *p = function_map(sbdf);

    if (!p)
        (void)port_access(sbdf, reg, size, true, value);
    else if (size == 1)
        p[reg] = value;
    else if (size == 2)
        *(volatile uint16_t *)(p + reg) = value;
    else
        *(volatile uint32_t *)(p + reg) = value;
}

unsigned int pci_capability(uint32_t sbdf, uint8_t id)
{
    unsigned int at;

    if (!(pci_read(sbdf, PCI_STATUS, 2) & PCI_STATUS_CAPS))
        return 0;
    at = pci_read(sbdf, PCI_CAPABILITIES, 1) & 0xfc;
    for (unsigned int i = 0; at >= CAPS_FIRST && i < CAPS_MAX; i++) {
        uint32_t head = pci_read(sbdf, at, 2);

        if ((head & 0xff) == id)
            return at;
        at = head >> 8 & 0xfc;
    }
    return 0;
}

paddr_t pci_bar(uint32_t sbdf, unsigned int reg)
{
    uint32_t low = pci_read(sbdf, reg, 4);
    paddr_t a = low & ~BAR_FLAGS;

    if (low & BAR_IO)
        return 0;
    if ((low & BAR_TYPE) == BAR_64)
        a |= (paddr_t)pci_read(sbdf, reg + 4, 4) << 32;
    return a;
}

/* A bridge's buses join those to be looked at. */
static void bridge_note(uint32_t sbdf, unsigned long *buses)
{
    uint32_t numbers = pci_read(sbdf, PCI_BRIDGE_BUSES, 4);
    unsigned int last = numbers >> 16 & 0xff;

    for (unsigned int b = numbers >> 8 & 0xff; b && b <= last; b++)
        (void)bit_test_and_set(buses, b);
}

static void device_scan(uint32_t sbdf, void (*fn)(uint32_t),
                        unsigned long *buses)
{
    unsigned int functions = 1;

    for (unsigned int f = 0; f < functions; f++) {
        uint8_t type;

        if (pci_read(sbdf + f, PCI_VENDOR, 2) == 0xffff)
            continue;
        type = pci_read(sbdf + f, PCI_HEADER_TYPE, 1);
        if (type & PCI_HEADER_MULTI)
            functions = FUNCTIONS;
        if ((type & ~PCI_HEADER_MULTI) == PCI_HEADER_BRIDGE)
            bridge_note(sbdf + f, buses);
        fn(sbdf + f);
    }
}

void pci_scan(void (*fn)(uint32_t sbdf))
{
    unsigned long buses[BUSES / 64] = {1};

    for (unsigned int b = 0; b < BUSES; b++) {
        if (!bit_test(buses, b))
            continue;
        pci.last_bus = b;
        for (unsigned int d = 0; d < DEVICES; d++)
            device_scan(PCI_SBDF(0, b, d * FUNCTIONS), fn, buses);
    }
}

unsigned int pci_last_bus(void)
{
    return pci.last_bus;
}
