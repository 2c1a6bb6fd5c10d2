/*
 * Virtual local APIC: registers, priorities, EOI, timer (APM 2 chapter 16; x2APIC:
 * Intel SDM 3A 10.12). Messages between APICs are in vlapic_ipi.c.
 *
 * Registers are words indexed by offset / 16, which is the x2APIC MSR number too.
 * Other CPUs set bits of the IRR and TMR; all else belongs to the vCPU.
 */
#include "x86/vlapic.h"

#include "x86/time.h"
#include "x86/vcpu.h"
#include "x86/vlapic_regs.h"

#include "hv/sched.h"

#include "base/string.h"

#define VERSION      0x00050014 /* 6 LVT entries */
#define BUS_NS       10         /* the timer's input clock */
#define PERIOD_MIN   50000UL    /* ns: no timer storms */
#define SPURIOUS_ALL 0x1ff

/* Bits that a guest may set in each LVT entry, from the timer on. */
static const uint32_t lvt_mask[] = {
    0x000710ff, 0x000117ff, 0x000117ff, 0x0001f7ff, 0x0001f7ff, 0x000110ff,
};

/* --- Bitmaps of 256 vectors --- */

static unsigned long *vectors(struct vlapic *l, unsigned int reg)
{
    return (unsigned long *)&l->reg[reg];
}

static int highest(const struct vlapic *l, unsigned int reg)
{
    const unsigned long *w = (const unsigned long *)&l->reg[reg];
    unsigned long bits = 0;
    int i = 4;

    while (i && !bits)
        bits = __atomic_load_n(&w[--i], __ATOMIC_RELAXED);
    return bits ? i * 64 + 63 - __builtin_clzl(bits) : VLAPIC_NONE;
}

/* --- State --- */

bool vlapic_x2apic(const struct vlapic *l)
{
    return (l->base & (APIC_BASE_ENABLE | APIC_BASE_X2)) ==
           (APIC_BASE_ENABLE | APIC_BASE_X2);
}

bool vlapic_enabled(const struct vlapic *l)
{
    return l->base & APIC_BASE_ENABLE && l->reg[LAPIC_SVR] & SVR_ENABLE;
}

static void set_ids(struct vcpu *v)
{
    struct vlapic *l = &v->arch->lapic;
    uint32_t id = vlapic_id_of(v->id);

    l->reg[LAPIC_ID] = vlapic_x2apic(l) ? id : id << 24;
    if (vlapic_x2apic(l))
        l->reg[LAPIC_LDR] = id >> 4 << 16 | 1U << (id & 15);
}

static timer_fn timer_cb;

void vlapic_init(struct vcpu *v)
{
    timer_init(&v->arch->lapic.timer, timer_cb, v);
}

void vlapic_fini(struct vcpu *v)
{
    timer_kill(&v->arch->lapic.timer);
}

void vlapic_reset(struct vcpu *v)
{
    struct vlapic *l = &v->arch->lapic;

    timer_stop(&l->timer);
    memset(l->reg, 0, sizeof(l->reg));
    l->tsc_deadline = 0;
    l->timer_period_ns = 0;
    l->base =
        APIC_BASE_ADDRESS | APIC_BASE_ENABLE | (v->id == 0 ? APIC_BASE_BSP : 0);
    l->reg[LAPIC_VERSION] = VERSION;
    l->reg[LAPIC_DFR] = ~0U;
    l->reg[LAPIC_SVR] = 0xff;
    for (unsigned int i = 0; i < ARRAY_SIZE(lvt_mask); i++)
        l->reg[LAPIC_LVT_TIMER + i] = LVT_MASKED;
    set_ids(v);
}

uint8_t vlapic_tpr(const struct vcpu *v)
{
    return v->arch->lapic.reg[LAPIC_TPR];
}

void vlapic_set_tpr(struct vcpu *v, uint8_t tpr)
{
    v->arch->lapic.reg[LAPIC_TPR] = tpr;
}

static uint8_t processor_priority(const struct vlapic *l)
{
    int isr = highest(l, LAPIC_ISR);
    uint8_t tpr = l->reg[LAPIC_TPR];

    if (isr < 0 || tpr >> 4 >= isr >> 4)
        return tpr;
    return isr & 0xf0;
}

int vlapic_pending(const struct vcpu *v)
{
    const struct vlapic *l = &v->arch->lapic;
    const uint64_t *w = (const uint64_t *)&l->reg[LAPIC_IRR];
    int irr;

    if (likely(!(READ_ONCE(w[0]) | READ_ONCE(w[1]) | READ_ONCE(w[2]) |
                 READ_ONCE(w[3])))) /* at nearly every exit */
        return VLAPIC_NONE;
    irr = highest(l, LAPIC_IRR);
    if (irr < 0 || !vlapic_enabled(l))
        return VLAPIC_NONE;
    return irr >> 4 > processor_priority(l) >> 4 ? irr : VLAPIC_NONE;
}

void vlapic_accept(struct vcpu *v, uint8_t vector)
{
    struct vlapic *l = &v->arch->lapic;

    bit_test_and_clear(vectors(l, LAPIC_IRR), vector);
    bit_test_and_set(vectors(l, LAPIC_ISR), vector);
}

void vlapic_set_irq(struct vcpu *v, uint8_t vector, bool level)
{
    struct vlapic *l = &v->arch->lapic;

    if (vector < 16) {
        l->reg[LAPIC_ESR] |= ESR_RECEIVED_ILLEGAL;
        return;
    }
    if (level)
        bit_test_and_set(vectors(l, LAPIC_TMR), vector);
    else
        bit_test_and_clear(vectors(l, LAPIC_TMR), vector);
    if (!bit_test_and_set(vectors(l, LAPIC_IRR), vector))
        vcpu_unblock(v);
}

static void eoi(struct vcpu *v)
{
    struct vlapic *l = &v->arch->lapic;
    int vector = highest(l, LAPIC_ISR);

    if (vector < 0)
        return;
    bit_test_and_clear(vectors(l, LAPIC_ISR), vector);
    if (bit_test(vectors(l, LAPIC_TMR), vector))
        vioapic_eoi(v->domain, vector);
}

/* --- Timer --- */

static unsigned int timer_mode(const struct vlapic *l)
{
    return l->reg[LAPIC_LVT_TIMER] >> 17 & 3;
}

static void timer_cb(struct timer *t, void *arg)
{
    struct vcpu *v = arg;
    struct vlapic *l = &v->arch->lapic;
    uint32_t lvt = READ_ONCE(l->reg[LAPIC_LVT_TIMER]);
    uint64_t now = arch_now_ns();

    if (timer_mode(l) == TIMER_DEADLINE)
        l->tsc_deadline = 0;
    if (timer_mode(l) == TIMER_PERIODIC && l->timer_period_ns) {
        l->timer_start_ns = now;
        timer_set(t, vcpu_cpu(v), now + MAX(l->timer_period_ns, PERIOD_MIN));
    }
    if (!(lvt & LVT_MASKED))
        vlapic_set_irq(v, lvt, false);
}

/* Divide configuration: bits 0, 1 and 3 are log2 of the divisor minus one. */
static uint64_t tick_ns(const struct vlapic *l)
{
    uint32_t d = l->reg[LAPIC_TDCR];
    uint32_t shift = ((d & 3) | (d >> 1 & 4)) + 1;

    return (uint64_t)BUS_NS << (shift & 7);
}

static void timer_start(struct vcpu *v)
{
    struct vlapic *l = &v->arch->lapic;
    uint64_t count = l->reg[LAPIC_TMICT];

    timer_stop(&l->timer);
    l->timer_period_ns = count * tick_ns(l);
    l->timer_start_ns = arch_now_ns();
    if (count && timer_mode(l) <= TIMER_PERIODIC)
        timer_set(&l->timer, vcpu_cpu(v),
                  l->timer_start_ns + l->timer_period_ns);
}

static uint32_t timer_count(const struct vlapic *l)
{
    uint64_t gone = arch_now_ns() - l->timer_start_ns;

    if (timer_mode(l) == TIMER_DEADLINE || gone >= l->timer_period_ns)
        return 0;
    return (l->timer_period_ns - gone) / tick_ns(l);
}

static void deadline_write(struct vcpu *v, uint64_t tsc)
{
    struct vlapic *l = &v->arch->lapic;
    uint64_t now = vcpu_guest_tsc(v);

    if (timer_mode(l) != TIMER_DEADLINE)
        return;
    timer_stop(&l->timer);
    l->tsc_deadline = tsc;
    if (tsc)
        timer_set(&l->timer, vcpu_cpu(v),
                  arch_now_ns() + (tsc > now ? tsc_delta_to_ns(tsc - now) : 0));
}

/* --- Registers --- */

static uint32_t reg_read(struct vcpu *v, unsigned int reg)
{
    struct vlapic *l = &v->arch->lapic;

    if (reg == LAPIC_PPR)
        return processor_priority(l);
    if (reg == LAPIC_TMCCT)
        return timer_count(l);
    return l->reg[reg];
}

static void lvt_write(struct vcpu *v, unsigned int reg, uint32_t value)
{
    struct vlapic *l = &v->arch->lapic;
    unsigned int old_mode = timer_mode(l);

    value &= lvt_mask[reg - LAPIC_LVT_TIMER];
    if (!(l->reg[LAPIC_SVR] & SVR_ENABLE))
        value |= LVT_MASKED;
    l->reg[reg] = value;
    if (reg == LAPIC_LVT_TIMER && timer_mode(l) != old_mode) {
        timer_stop(&l->timer);
        l->timer_period_ns = 0;
        l->tsc_deadline = 0;
    }
}

static void svr_write(struct vlapic *l, uint32_t value)
{
    l->reg[LAPIC_SVR] = value & SPURIOUS_ALL;
    if (value & SVR_ENABLE)
        return;
    for (unsigned int i = 0; i < ARRAY_SIZE(lvt_mask); i++)
        l->reg[LAPIC_LVT_TIMER + i] |= LVT_MASKED;
}

/* Registers of both modes; false: not writable. */
static bool reg_write(struct vcpu *v, unsigned int reg, uint32_t value)
{
    struct vlapic *l = &v->arch->lapic;

    switch (reg) {
    case LAPIC_TPR:
        vlapic_set_tpr(v, value);
        return true;
    case LAPIC_EOI:
        eoi(v);
        return true;
    case LAPIC_SVR:
        svr_write(l, value);
        return true;
    case LAPIC_ESR:
        l->reg[reg] = 0;
        return true;
    case LAPIC_LVT_TIMER ... LAPIC_LVT_ERROR:
        lvt_write(v, reg, value);
        return true;
    case LAPIC_TMICT:
        l->reg[reg] = value;
        timer_start(v);
        return true;
    case LAPIC_TDCR:
        l->reg[reg] = value & 0xb;
        return true;
    }
    return false;
}

/* --- xAPIC: memory mapped --- */

static void xapic_write(struct vcpu *v, unsigned int reg, uint32_t value)
{
    struct vlapic *l = &v->arch->lapic;

    switch (reg) {
    case LAPIC_LDR:
        l->reg[reg] = value & 0xff000000;
        return;
    case LAPIC_DFR:
        l->reg[reg] = value | 0x0fffffff;
        return;
    case LAPIC_ICR2:
        l->reg[reg] = value & 0xff000000;
        return;
    case LAPIC_ICR:
        l->reg[reg] = value & ~ICR_BUSY;
        vlapic_ipi(v, value, l->reg[LAPIC_ICR2] >> 24);
        return;
    }
    (void)reg_write(v, reg, value); /* others are ignored, as by hardware */
}

bool vlapic_mmio(struct vcpu *v, struct io_access *io)
{
    struct vlapic *l = &v->arch->lapic;
    unsigned int offset = io->address & ~PAGE_MASK;
    unsigned int reg = offset / 16;
    unsigned int shift = (offset & 3) * 8;

    if (!(l->base & APIC_BASE_ENABLE) || vlapic_x2apic(l) || reg >= VLAPIC_REGS)
        return false;
    if (io->write) {
        if (io->size == 4 && !(offset & 15))
            xapic_write(v, reg, io->value);
        return true;
    }
    io->value = (offset & 15) < 4 ? reg_read(v, reg) >> shift : 0;
    return true;
}

/* --- x2APIC: MSRs --- */

#define B(r) (1UL << (r))
#define READABLE                                                               \
    (B(LAPIC_ID) | B(LAPIC_VERSION) | B(LAPIC_TPR) | B(LAPIC_PPR) |            \
     B(LAPIC_LDR) | B(LAPIC_SVR) | 0xffUL << LAPIC_ISR | 0xffUL << LAPIC_TMR | \
     0xffUL << LAPIC_IRR | B(LAPIC_ESR) | B(LAPIC_ICR) |                       \
     0x3fUL << LAPIC_LVT_TIMER | B(LAPIC_TMICT) | B(LAPIC_TMCCT) |             \
     B(LAPIC_TDCR))

bool vlapic_msr_read(struct vcpu *v, uint32_t msr, uint64_t *value)
{
    struct vlapic *l = &v->arch->lapic;
    unsigned int reg = msr - MSR_X2APIC;

    if (msr == MSR_TSC_DEADLINE) {
        *value = timer_mode(l) == TIMER_DEADLINE ? l->tsc_deadline : 0;
        return true;
    }
    if (!vlapic_x2apic(l) || reg >= VLAPIC_REGS || !(READABLE >> reg & 1))
        return false;
    *value = reg_read(v, reg);
    if (reg == LAPIC_ICR)
        *value |= (uint64_t)l->reg[LAPIC_ICR2] << 32;
    return true;
}

bool vlapic_msr_write(struct vcpu *v, uint32_t msr, uint64_t value)
{
    struct vlapic *l = &v->arch->lapic;
    unsigned int reg = msr - MSR_X2APIC;

    if (msr == MSR_TSC_DEADLINE) {
        deadline_write(v, value);
        return true;
    }
    if (!vlapic_x2apic(l))
        return false;
    if (reg == LAPIC_ICR) {
        l->reg[LAPIC_ICR] = value;
        l->reg[LAPIC_ICR2] = value >> 32;
        vlapic_ipi(v, value, value >> 32);
        return true;
    }
    if (value >> 32)
        return false;
    if (reg == LAPIC_SELF_IPI) {
        vlapic_set_irq(v, value, false);
        return true;
    }
    return reg < VLAPIC_REGS && reg_write(v, reg, value);
}

/* APIC_BASE: off, xAPIC, x2APIC; from x2APIC only back to off. */
bool vlapic_base_write(struct vcpu *v, uint64_t value)
{
    struct vlapic *l = &v->arch->lapic;
    uint64_t changed = value ^ l->base;
    bool was_x2 = vlapic_x2apic(l);

    if (changed & ~(APIC_BASE_ENABLE | APIC_BASE_X2))
        return false;
    if (value & APIC_BASE_X2 && !(value & APIC_BASE_ENABLE))
        return false;
    if (was_x2 &&
        (value & (APIC_BASE_ENABLE | APIC_BASE_X2)) == APIC_BASE_ENABLE)
        return false;
    if (!(l->base & APIC_BASE_ENABLE) && value & APIC_BASE_ENABLE)
        vlapic_reset(v);
    l->base = value;
    set_ids(v);
    return true;
}

/* --- Saved state --- */

uint32_t vlapic_divisor(const struct vlapic *l)
{
    return tick_ns(l) / BUS_NS;
}

bool vlapic_load_base(struct vcpu *v, uint64_t base)
{
    struct vlapic *l = &v->arch->lapic;
    const uint64_t modes = APIC_BASE_ENABLE | APIC_BASE_X2;

    if (base & ~(modes | APIC_BASE_BSP | APIC_BASE_ADDRESS) ||
        (base & modes) == APIC_BASE_X2)
        return false;
    l->base = (l->base & ~modes) | (base & modes);
    set_ids(v);
    return true;
}

void vlapic_load_regs(struct vcpu *v, const uint32_t reg[VLAPIC_REGS])
{
    struct vlapic *l = &v->arch->lapic;

    memcpy(l->reg, reg, sizeof(l->reg));
    l->reg[LAPIC_VERSION] = VERSION;
    l->reg[LAPIC_SVR] &= SPURIOUS_ALL;
    l->reg[LAPIC_TPR] &= 0xff;
    for (unsigned int i = 0; i < ARRAY_SIZE(lvt_mask); i++)
        l->reg[LAPIC_LVT_TIMER + i] &= lvt_mask[i];
    l->reg[LAPIC_ISR] &= ~0xffffU; /* vectors below 16 do not exist */
    l->reg[LAPIC_IRR] &= ~0xffffU;
    l->reg[LAPIC_TMR] &= ~0xffffU;
    set_ids(v);
    if (timer_mode(l) == TIMER_DEADLINE)
        deadline_write(v, l->tsc_deadline);
    else
        timer_start(v);
}
