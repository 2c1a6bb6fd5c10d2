/*
 * IO-APICs (82093AA; the remote IRR and masking rules of APM 2 16.4).
 *
 * Every register access is a select and a data access, so one lock covers both.
 */
#include "x86/irq.h"

#include "x86/acpi.h"
#include "x86/paging.h"
#include "x86/percpu.h"

#include "hv/lock.h"
#include "hv/log.h"

enum ioapic_reg {
    IOAPIC_VERSION = 0x01,
    IOAPIC_PIN = 0x10, /* two registers per pin */
};

#define IOAPIC_SELECT     0x00
#define IOAPIC_DATA       0x10
#define IOAPIC_BYTES      0x20
#define IOAPIC_PINS_MAX   240
#define IOAPIC_GSI_MAX    4096
#define PIN_ACTIVE_LOW    BIT(13)
#define PIN_LEVEL         BIT(15)
#define PIN_MASKED        BIT(16)
#define OVERRIDE_LOW      3
#define OVERRIDE_LEVEL    (3 << 2)
#define OVERRIDE_POLARITY 3
#define OVERRIDE_TRIGGER  (3 << 2)

static struct ioapic {
    struct ioapic_info info;       /* [I] */
    volatile uint8_t *regs;        /* [I] */
    uint32_t low[IOAPIC_PINS_MAX]; /* [ioapic_lock] what the pins hold */
} ioapics[ACPI_IOAPICS_MAX];
static unsigned int ioapics_nr;
static struct spinlock ioapic_lock;

static uint32_t ioapic_read(const struct ioapic *io, unsigned int reg)
{
    *(volatile uint32_t *)(io->regs + IOAPIC_SELECT) = reg;
    return *(volatile uint32_t *)(io->regs + IOAPIC_DATA);
}

static void ioapic_write(const struct ioapic *io, unsigned int reg, uint32_t v)
{
    *(volatile uint32_t *)(io->regs + IOAPIC_SELECT) = reg;
    *(volatile uint32_t *)(io->regs + IOAPIC_DATA) = v;
}

static void pin_write_low(struct ioapic *io, unsigned int pin, uint32_t v)
{
    io->low[pin] = v;
    ioapic_write(io, IOAPIC_PIN + pin * 2, v);
}

static void ioapic_add(const struct acpi_ioapic *a)
{
    struct ioapic *io = &ioapics[ioapics_nr];
    uint32_t version;

    if (a->gsi_base > IOAPIC_GSI_MAX) {
        log_warn("ioapic %u: gsi base %x is out of range", a->id, a->gsi_base);
        return;
    }
    /* Firmware may say what it likes: nobody writes to memory for it. */
    io->regs = direct_mapped(a->address, IOAPIC_BYTES)
                   ? NULL
                   : mmio_map(a->address, IOAPIC_BYTES);
    version = io->regs ? ioapic_read(io, IOAPIC_VERSION) : ~0U;
    if (version == ~0U) {
        log_warn("ioapic %u at %x does not answer", a->id, a->address);
        return;
    }
    io->info = (struct ioapic_info){
        .address = a->address,
        .id = a->id,
        .gsi_base = a->gsi_base,
        .pins = MIN((version >> 16 & 0xff) + 1, IOAPIC_PINS_MAX),
    };
    for (unsigned int pin = 0; pin < io->info.pins; pin++)
        pin_write_low(io, pin, PIN_MASKED);
    ioapics_nr++;
    log_info("ioapic %u: gsi %u-%u at %x", a->id, a->gsi_base,
             a->gsi_base + io->info.pins - 1, a->address);
}

void ioapic_init(void)
{
    const struct acpi_madt *madt = acpi_madt();

    for (unsigned int i = 0; madt && i < madt->ioapics; i++)
        ioapic_add(&madt->ioapic[i]);
}

static struct ioapic *ioapic_find(unsigned int gsi, unsigned int *pin)
{
    for (unsigned int i = 0; i < ioapics_nr; i++) {
        *pin = gsi - ioapics[i].info.gsi_base;
        if (gsi >= ioapics[i].info.gsi_base && *pin < ioapics[i].info.pins)
            return &ioapics[i];
    }
    return NULL;
}

bool ioapic_gsi_valid(unsigned int gsi)
{
    unsigned int pin;

    return ioapic_find(gsi, &pin);
}

void ioapic_route(unsigned int gsi, unsigned int vector, unsigned int cpu,
                  bool level, bool active_low)
{
    unsigned int pin;
    struct ioapic *io = ioapic_find(gsi, &pin);

    ASSERT(io);
    irq_vector_set_level(vector, level ? gsi : NO_GSI);
    spin_lock(&ioapic_lock);
    pin_write_low(io, pin,
                  (uint32_t)(vector | PIN_MASKED | (level ? PIN_LEVEL : 0) |
                             (active_low ? PIN_ACTIVE_LOW : 0)));
    ioapic_write(io, IOAPIC_PIN + pin * 2 + 1, percpu_of(cpu)->apic_id << 24);
    spin_unlock(&ioapic_lock);
}

static void pin_set_mask(unsigned int gsi, bool masked)
{
    unsigned int pin;
    struct ioapic *io = ioapic_find(gsi, &pin);

    ASSERT(io);
    spin_lock(&ioapic_lock);
    if (!(io->low[pin] & PIN_MASKED) == masked)
        pin_write_low(io, pin, io->low[pin] ^ (uint32_t)PIN_MASKED);
    /* Posted: the pin must be quiet before the EOI that follows. */
    if (masked)
        (void)ioapic_read(io, IOAPIC_PIN + pin * 2);
    spin_unlock(&ioapic_lock);
}

void ioapic_mask(unsigned int gsi)
{
    pin_set_mask(gsi, true);
}

void ioapic_unmask(unsigned int gsi)
{
    pin_set_mask(gsi, false);
}

bool ioapic_is_masked(unsigned int gsi)
{
    unsigned int pin;
    struct ioapic *io = ioapic_find(gsi, &pin);

    return !io || io->low[pin] & PIN_MASKED;
}

unsigned int ioapic_count(void)
{
    return ioapics_nr;
}

const struct ioapic_info *ioapic_get(unsigned int index)
{
    return index < ioapics_nr ? &ioapics[index].info : NULL;
}

/* ACPI 5.2.12.5: "conforms to the bus" is edge, active high for ISA. */
void isa_irq_to_gsi(unsigned int isa_irq, unsigned int *gsi, bool *level,
                    bool *active_low)
{
    const struct acpi_madt *madt = acpi_madt();

    *gsi = isa_irq;
    *level = false;
    *active_low = false;
    for (unsigned int i = 0; madt && i < madt->overrides; i++) {
        const struct acpi_override *o = &madt->override[i];

        if (o->irq != isa_irq)
            continue;
        *gsi = o->gsi;
        *level = (o->flags & OVERRIDE_TRIGGER) == OVERRIDE_LEVEL;
        *active_low = (o->flags & OVERRIDE_POLARITY) == OVERRIDE_LOW;
    }
}
