/*
 * Interrupt vectors: who handles which, EOI and dispatch.
 */
#include "x86/irq.h"

#include "x86/insn.h"
#include "x86/irq_vectors.h"
#include "x86/lapic.h"
#include "x86/percpu.h"

#include "abi/xen.h"
#include "hv/arch.h"
#include "hv/lock.h"
#include "hv/log.h"

#define PIC1_COMMAND    0x20
#define PIC1_DATA       0x21
#define PIC2_COMMAND    0xa0
#define PIC2_DATA       0xa1
#define ICW1_INIT       0x11 /* cascaded, ICW4 follows */
#define ICW3_SLAVE_AT_2 0x04
#define ICW3_SLAVE_ID   0x02
#define ICW4_8086       0x01
#define MSI_ADDRESS     0xfee00000UL
#define SPURIOUS_LOG    16 /* lines, then silence */

struct irq_row {
    irq_fn *fn; /* [a] NULL: free */
    void *arg;  /* set before fn */
    unsigned int level_gsi;
    bool no_eoi;
};

static void timer_irq(unsigned int vector, void *arg)
{
    struct cpu *c = &cpus[arch_cpu_self()];

    WRITE_ONCE(c->timer_fired, true);
    WRITE_ONCE(c->work, true);
}

static void kick_irq(unsigned int vector, void *arg)
{
}

static void error_irq(unsigned int vector, void *arg)
{
    log_warn("lapic error on cpu%u", arch_cpu_self());
}

static struct irq_row rows[VECTOR_LIMIT] = {
    [VECTOR_TIMER] = {timer_irq, NULL, NO_GSI, false},
    [VECTOR_KICK] = {kick_irq, NULL, NO_GSI, false},
    [VECTOR_ERROR] = {error_irq, NULL, NO_GSI, false},
    [VECTOR_SPURIOUS] = {kick_irq, NULL, NO_GSI, true},
};
static struct spinlock rows_lock;

/* Masked, and moved off the exceptions: a spurious IRQ 7 comes even so. */
static void pics_mask(void)
{
    static const struct {
        uint16_t port;
        uint8_t value;
    } writes[] = {
        {PIC1_COMMAND, ICW1_INIT},
        {PIC2_COMMAND, ICW1_INIT},
        {PIC1_DATA, VECTOR_PIC_FIRST},
        {PIC2_DATA, VECTOR_PIC_FIRST + 8},
        {PIC1_DATA, ICW3_SLAVE_AT_2},
        {PIC2_DATA, ICW3_SLAVE_ID},
        {PIC1_DATA, ICW4_8086},
        {PIC2_DATA, ICW4_8086},
        {PIC1_DATA, 0xff},
        {PIC2_DATA, 0xff},
    };

    for (unsigned int i = 0; i < ARRAY_SIZE(writes); i++)
        outb(writes[i].port, writes[i].value);
}

void irq_init(void)
{
    pics_mask();
    for (unsigned int v = 0; v < VECTOR_LIMIT; v++)
        rows[v].level_gsi = NO_GSI;
    /* What a masked 8259 still delivers must not get an EOI. */
    for (unsigned int v = VECTOR_PIC_FIRST; v <= VECTOR_PIC_LAST; v++)
        rows[v].no_eoi = true;
}

int irq_vector_alloc(irq_fn *fn, void *arg)
{
    int found = -XEN_ENOSPC;

    spin_lock(&rows_lock);
    for (unsigned int v = VECTOR_DEVICE_FIRST; v <= VECTOR_DEVICE_LAST; v++) {
        if (!rows[v].fn) {
            rows[v].arg = arg;
            rows[v].level_gsi = NO_GSI;
            __atomic_store_n(&rows[v].fn, fn, __ATOMIC_RELEASE);
            found = (int)v;
            break;
        }
    }
    spin_unlock(&rows_lock);
    return found;
}

void irq_vector_free(unsigned int vector)
{
    ASSERT(vector >= VECTOR_DEVICE_FIRST);
    ASSERT(vector <= VECTOR_DEVICE_LAST);
    __atomic_store_n(&rows[vector].fn, NULL, __ATOMIC_RELEASE);
}

void irq_vector_set_level(unsigned int vector, unsigned int gsi)
{
    ASSERT(vector < VECTOR_LIMIT);
    rows[vector].level_gsi = gsi;
}

static void irq_unexpected(unsigned int vector)
{
    static unsigned int seen; /* [a] */

    if (__atomic_fetch_add(&seen, 1, __ATOMIC_RELAXED) < SPURIOUS_LOG)
        log_warn("interrupt vector %x on cpu%u has no handler", vector,
                 arch_cpu_self());
}

void irq_dispatch(unsigned int vector)
{
    const struct irq_row *r = &rows[vector];
    irq_fn *fn = __atomic_load_n(&r->fn, __ATOMIC_ACQUIRE);

    if (r->level_gsi != NO_GSI)
        ioapic_mask(r->level_gsi);
    if (!r->no_eoi)
        lapic_eoi();
    if (fn)
        fn(vector, r->arg);
    else
        irq_unexpected(vector);
}

void msi_compose(unsigned int vector, unsigned int cpu, uint64_t *address,
                 uint32_t *data)
{
    *address = MSI_ADDRESS | (uint64_t)percpu_of(cpu)->apic_id << 12;
    *data = vector; /* fixed, edge */
}

/* Both sides write their flag before they read the other's. */
void arch_cpu_kick(unsigned int cpu)
{
    struct percpu *p = percpu_of(cpu);

    (void)__atomic_exchange_n(&p->kicked, true, __ATOMIC_SEQ_CST);
    if (READ_ONCE(p->away))
        lapic_send(p->apic_id, VECTOR_KICK);
}

void cpu_away_begin(void)
{
    struct percpu *p = percpu_self();

    (void)__atomic_exchange_n(&p->away, true, __ATOMIC_SEQ_CST);
    if (unlikely(READ_ONCE(p->kicked)))
        lapic_send(p->apic_id, VECTOR_KICK);
}
