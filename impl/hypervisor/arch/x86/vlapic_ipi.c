/*
 * Messages to virtual local APICs: IPIs, MSIs and IO-APIC messages, INIT and
 * SIPI.
 *
 * INIT of another vCPU is a request that the target serves before its next
 * entry: waiting for it here could dead-lock two vCPUs that do it to each other.
 */
#include "x86/vcpu.h"
#include "x86/vlapic.h"
#include "x86/vlapic_regs.h"
#include "x86/vt.h"

#include "hv/log.h"
#include "hv/sched.h"

enum delivery {
    DELIVER_FIXED = 0,
    DELIVER_LOWEST = 1,
    DELIVER_NMI = 4,
    DELIVER_INIT = 5,
    DELIVER_STARTUP = 6,
    DELIVER_EXTINT = 7,
};

#define ICR_VECTOR(i)    ((uint8_t)(i))
#define ICR_DELIVERY(i)  ((i) >> 8 & 7)
#define ICR_LOGICAL      BIT(11)
#define ICR_ASSERT       BIT(14)
#define ICR_LEVEL        BIT(15)
#define ICR_SHORTHAND(i) ((i) >> 18 & 3)

enum shorthand { SH_NONE, SH_SELF, SH_ALL, SH_OTHERS };

struct message {
    uint32_t destination;
    uint32_t broadcast; /* the physical destination that means all */
    uint8_t delivery;
    uint8_t vector;
    bool logical;
    bool level;
};

static bool match_logical(const struct vlapic *l, uint32_t destination)
{
    uint32_t ldr = l->reg[LAPIC_LDR];
    uint8_t id = ldr >> 24;

    if (vlapic_x2apic(l))
        return destination >> 16 == ldr >> 16 && destination & ldr & 0xffff;
    if (l->reg[LAPIC_DFR] >> 28 == 0xf)
        return id & destination;
    return id >> 4 == destination >> 4 && id & destination & 0xf;
}

static bool match(const struct vcpu *v, const struct message *m)
{
    const struct vlapic *l = &v->arch->lapic;

    if (!(l->base & APIC_BASE_ENABLE))
        return false;
    if (m->logical)
        return match_logical(l, m->destination);
    return m->destination == m->broadcast ||
           m->destination == vlapic_id_of(v->id);
}

/* --- INIT and SIPI --- */

static void send_init(struct vcpu *v)
{
    struct arch_vcpu *a = v->arch;

    __atomic_store_n(&a->sipi_vector, 0, __ATOMIC_SEQ_CST);
    __atomic_store_n(&a->init_pending, true, __ATOMIC_SEQ_CST);
    vcpu_unblock(v);
}

static void send_sipi(struct vcpu *v, uint8_t vector)
{
    struct arch_vcpu *a = v->arch;

    if (!READ_ONCE(a->init_pending) && !READ_ONCE(a->wait_sipi))
        return;
    __atomic_store_n(&a->sipi_vector, SIPI_VALID | vector, __ATOMIC_SEQ_CST);
    if (bit_test_and_clear(&v->pause_flags, VPF_DOWN))
        vcpu_wake(v);
}

static void deliver(struct vcpu *v, const struct message *m)
{
    switch (m->delivery) {
    case DELIVER_FIXED:
    case DELIVER_LOWEST:
        if (vlapic_enabled(&v->arch->lapic))
            vlapic_set_irq(v, m->vector, m->level);
        break;
    case DELIVER_NMI:
        arch_vcpu_nmi(v);
        break;
    case DELIVER_INIT:
        send_init(v);
        break;
    case DELIVER_STARTUP:
        send_sipi(v, m->vector);
        break;
    default:
        log_guest(v->domain, "APIC message of unknown kind %u", m->delivery);
        break;
    }
}

/* To all that match, 'except' left out; lowest priority: to the first. */
static void send(struct domain *d, const struct message *m,
                 const struct vcpu *except)
{
    for (unsigned int i = 0; i < d->max_vcpus; i++) {
        struct vcpu *v = READ_ONCE(d->vcpu[i]);

        if (!v || v == except || !match(v, m))
            continue;
        deliver(v, m);
        if (m->delivery == DELIVER_LOWEST)
            return;
    }
}

void vlapic_ipi(struct vcpu *v, uint32_t icr, uint32_t destination)
{
    struct message m = {
        .destination = destination,
        .broadcast = vlapic_x2apic(&v->arch->lapic) ? 0xffffffff : 0xff,
        .delivery = ICR_DELIVERY(icr),
        .vector = ICR_VECTOR(icr),
        .logical = icr & ICR_LOGICAL,
    };

    /* The level de-assert of INIT did something on the 486 only. */
    if (m.delivery == DELIVER_INIT && icr & ICR_LEVEL && !(icr & ICR_ASSERT))
        return;
    switch (ICR_SHORTHAND(icr)) {
    case SH_NONE:
        send(v->domain, &m, NULL);
        return;
    case SH_SELF:
        deliver(v, &m);
        return;
    }
    m.logical = false;
    m.destination = m.broadcast;
    send(v->domain, &m, ICR_SHORTHAND(icr) == SH_OTHERS ? v : NULL);
}

void vlapic_message(struct domain *d, uint64_t address, uint32_t data,
                    bool level)
{
    const struct message m = {
        .destination = address >> 12 & 0xff,
        .broadcast = 0xff,
        .delivery = data >> 8 & 7,
        .vector = data,
        .logical = address & BIT(2),
        .level = level,
    };

    send(d, &m, NULL);
}
