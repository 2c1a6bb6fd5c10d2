/*
 * dom0's virtual IO-APICs: one for each of the machine's, pin bound to pin.
 *
 * A pin that dom0 unmasks gets a host vector and the real pin's trigger and
 * polarity. The machine's interrupt becomes the message that dom0's entry
 * describes; a level pin stays masked in the machine until dom0 ends it.
 * Follows: Intel 82093AA data sheet, chapter 3.
 *
 * Locking: one lock for all pins, a leaf but for the host's IO-APIC; messages
 * are sent after it was dropped.
 */
#include "x86/acpi.h"
#include "x86/dom0.h"
#include "x86/irq.h"
#include "x86/vlapic.h"

#include "hv/lock.h"
#include "hv/log.h"

#define GSIS_MAX    256
#define REG_SELECT  0x00
#define REG_WINDOW  0x10
#define REG_EOI     0x40
#define VERSION     0x20 /* has the EOI register */
#define ID_SHIFT    24
#define MSI_ADDRESS 0xfee00000UL
#define MSI_DEST    12
#define MSI_LOGICAL BIT(2)
#define MSI_ASSERT  BIT(14)
#define INDEX_ID    0
#define INDEX_VER   1
#define INDEX_ARB   2
#define INDEX_ENTRY 0x10

#define RTE_VECTOR   0xffUL
#define RTE_MODE     0x7ffUL /* vector and delivery mode */
#define RTE_LOGICAL  BIT(11)
#define RTE_PENDING  BIT(12) /* read only */
#define RTE_LOW      BIT(13)
#define RTE_IRR      BIT(14) /* read only */
#define RTE_LEVEL    BIT(15)
#define RTE_MASKED   BIT(16)
#define RTE_DEST     56
#define RTE_WRITABLE (0xff0000000001ffffUL & ~(RTE_PENDING | RTE_IRR))

struct vpin {
    uint64_t rte;
    uint8_t vector; /* host's, 0: never bound */
    bool line;      /* a virtual source holds it up */
    bool kept;      /* [I] the hypervisor's own: dom0's entry has no effect */
};

/* A message on its way; vector below 16 means none. */
struct message {
    uint64_t address;
    uint32_t data;
    bool level;
    bool valid;
};

static struct {
    struct spinlock lock;
    bool ready;
    struct vpin pin[GSIS_MAX];         /* by gsi */
    uint32_t select[ACPI_IOAPICS_MAX]; /* by IO-APIC */
} vioapic;

/* --- Delivery --- */

/* What the pin's entry says to send; level pins wait for the end after it. */
static struct message pin_message(struct vpin *p)
{
    struct message m = {
        .address = MSI_ADDRESS | p->rte >> RTE_DEST << MSI_DEST |
                   (p->rte & RTE_LOGICAL ? MSI_LOGICAL : 0),
        .data = (p->rte & RTE_MODE) | MSI_ASSERT | (p->rte & RTE_LEVEL),
        .level = p->rte & RTE_LEVEL,
        .valid = !(p->rte & (RTE_MASKED | RTE_IRR)),
    };

    if (m.valid && m.level)
        p->rte |= RTE_IRR;
    return m;
}

static void message_send(struct domain *d, const struct message *m)
{
    if (m->valid)
        vlapic_message(d, m->address, m->data, m->level);
}

/* The machine's pin fired; it is masked now if it is level triggered. */
static void pin_interrupt(unsigned int vector, void *arg)
{
    struct vpin *p = arg;
    struct message m;

    spin_lock(&vioapic.lock);
    m = pin_message(p);
    spin_unlock(&vioapic.lock);
    message_send(dom0, &m);
}

void vioapic_set_line(struct domain *d, unsigned int gsi, bool asserted)
{
    struct message m = {};
    struct vpin *p;

    if (d != dom0 || !vioapic.ready || gsi >= GSIS_MAX)
        return;
    p = &vioapic.pin[gsi];
    spin_lock(&vioapic.lock);
    if (asserted && (!p->line || p->rte & RTE_LEVEL))
        m = pin_message(p);
    p->line = asserted;
    spin_unlock(&vioapic.lock);
    message_send(d, &m);
}

/* End of one pin: a line still up fires again, here or in the machine. */
static void pin_end(struct domain *d, unsigned int gsi, uint8_t vector)
{
    struct vpin *p = &vioapic.pin[gsi];
    struct message m = {};

    spin_lock(&vioapic.lock);
    if ((p->rte & RTE_VECTOR) == vector && p->rte & RTE_IRR) {
        p->rte &= ~RTE_IRR;
        if (p->line)
            m = pin_message(p);
        else if (p->vector && !(p->rte & RTE_MASKED))
            ioapic_unmask(gsi);
    }
    spin_unlock(&vioapic.lock);
    message_send(d, &m);
}

void vioapic_eoi(struct domain *d, uint8_t vector)
{
    if (d != dom0 || !vioapic.ready)
        return;
    for (unsigned int gsi = 0; gsi < GSIS_MAX; gsi++)
        if (READ_ONCE(vioapic.pin[gsi].rte) & RTE_IRR)
            pin_end(d, gsi, vector);
}

/* --- Programming --- */

/* Bring the machine's pin in line with the entry. */
static void pin_bind(unsigned int gsi, struct vpin *p)
{
    int vector;

    if (p->kept || !ioapic_gsi_valid(gsi))
        return;
    if (p->rte & RTE_MASKED) {
        if (p->vector)
            ioapic_mask(gsi);
        return;
    }
    if (!p->vector) {
        vector = irq_vector_alloc(pin_interrupt, p);
        if (vector < 0) {
            log_error("no vector for gsi %u of dom0", gsi);
            return;
        }
        p->vector = vector;
    }
    ioapic_route(gsi, p->vector, 0, p->rte & RTE_LEVEL, p->rte & RTE_LOW);
    if (!(p->rte & RTE_IRR))
        ioapic_unmask(gsi);
}

static void entry_write(struct domain *d, unsigned int gsi, uint64_t value)
{
    struct vpin *p = &vioapic.pin[gsi];
    uint64_t shown = RTE_MASKED | RTE_LEVEL | RTE_LOW;
    struct message m = {};
    uint64_t old;

    spin_lock(&vioapic.lock);
    old = p->rte;
    p->rte = (value & RTE_WRITABLE) | (old & RTE_IRR);
    if (!(value & RTE_LEVEL))
        p->rte &= ~RTE_IRR; /* how old Linux ends a level interrupt */
    if ((old ^ p->rte) & shown)
        pin_bind(gsi, p);
    if (p->line && p->rte & RTE_LEVEL)
        m = pin_message(p);
    spin_unlock(&vioapic.lock);
    message_send(d, &m);
}

static uint32_t register_read(const struct ioapic_info *io, uint32_t index)
{
    uint32_t entry = index - INDEX_ENTRY;

    if (index == INDEX_ID || index == INDEX_ARB)
        return (uint32_t)io->id << ID_SHIFT;
    if (index == INDEX_VER)
        return (io->pins - 1) << 16 | VERSION;
    if (index < INDEX_ENTRY || entry / 2 >= io->pins ||
        io->gsi_base + entry / 2 >= GSIS_MAX)
        return UINT32_MAX;
    return vioapic.pin[io->gsi_base + entry / 2].rte >> (entry % 2 * 32);
}

static void register_write(struct domain *d, const struct ioapic_info *io,
                           uint32_t index, uint32_t value)
{
    uint32_t entry = index - INDEX_ENTRY;
    unsigned int gsi = io->gsi_base + entry / 2;
    uint64_t rte;

    if (index < INDEX_ENTRY || entry / 2 >= io->pins || gsi >= GSIS_MAX)
        return;
    rte = vioapic.pin[gsi].rte;
    if (entry % 2)
        rte = (uint32_t)rte | (uint64_t)value << 32;
    else
        rte = (rte & ~(uint64_t)UINT32_MAX) | value;
    entry_write(d, gsi, rte);
}

bool vioapic_owns(paddr_t start, paddr_t end)
{
    for (unsigned int i = 0; i < ioapic_count(); i++) {
        paddr_t page = ALIGN_DOWN(ioapic_get(i)->address, PAGE_SIZE);

        if (page >= start && page < end)
            return true;
    }
    return false;
}

bool vioapic_access(struct io_access *io)
{
    for (unsigned int i = 0; i < ioapic_count(); i++) {
        const struct ioapic_info *info = ioapic_get(i);
        uint64_t offset = io->address - info->address;

        if (offset >= PAGE_SIZE || i >= ACPI_IOAPICS_MAX)
            continue;
        if (offset == REG_SELECT && io->write)
            vioapic.select[i] = io->value & 0xff;
        else if (offset == REG_SELECT)
            io->value = vioapic.select[i];
        else if (offset == REG_WINDOW && io->write)
            register_write(dom0, info, vioapic.select[i], io->value);
        else if (offset == REG_WINDOW)
            io->value = register_read(info, vioapic.select[i]);
        else if (offset == REG_EOI && io->write)
            vioapic_eoi(dom0, io->value);
        else
            io->value = 0;
        return true;
    }
    return false;
}

void vioapic_init(struct domain *d)
{
    ASSERT(d == dom0);
    for (unsigned int gsi = 0; gsi < GSIS_MAX; gsi++) {
        vioapic.pin[gsi].rte = RTE_MASKED;
        vioapic.pin[gsi].kept = !ioapic_is_masked(gsi);
    }
    vioapic.ready = true;
}
